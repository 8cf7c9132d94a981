"""The form's third part: who says it, by which way, and whether as transactional mail or as marketing."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from migma_nb.api.errors import MigmaError
from migma_nb.api.models import ProviderType
from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_checks import Checked
from migma_nb.notebook.form_desk import Choice
from migma_nb.notebook.form_fields import NOTHING, Field, buttons, dropdown, line, section, shown, text
from migma_nb.planning.addresses import split_sender

#: The kinds by what the API calls transactional, with one sentence each (S4, S5, S20, S21).
_KINDS = {True: "Transactional", False: "Marketing"}
_MEANINGS = {
    True: "Receipts and notices reach the unsubscribed too; no unsubscribe header.",
    False: "News and offers skip the unsubscribed, and carry an unsubscribe header.",
}
#: S5.
_DEFAULT = "Nothing chosen: to a tag or segment it is marketing."
_NAMES = {
    "ses": "Amazon SES",
    "resend": "Resend",
    "sendgrid": "SendGrid",
    "mailgun": "Mailgun",
    "migma": "Migma",
}


class SenderSection:
    """Who says it.

    Args:
        bench: the draft, and whom to ask.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._domains: tuple[str, ...] = ()
        self._no_list = ""
        guard = bench.notices.guard
        given = bench.draft.arguments
        name, address = split_sender(given.get("sender") or "")
        self._name = text("From", name, guard(lambda _: self._sender()), hint="a name, such as: Acme Billing")
        self._name.add_class("mnb-sender-name")
        self._address = widgets.Combobox(
            value=address,
            description="Address",
            placeholder="such as: billing@acme.example",
            ensure_option=False,
        )
        self._address.add_class("mnb-sender-address")
        self._address.observe(guard(lambda _: self._sender()), "value")
        self._sender_field = Field(widgets.VBox([self._name, self._address]), "sender")
        self._reply = Field(
            text(
                "Reply to",
                given.get("reply_to") or "",
                guard(lambda value: bench.give("reply_to", value)),
                hint="the sender, if left empty",
            ),
            "reply-to",
        )
        providers = [
            ("Migma decides", NOTHING),
            *((_NAMES.get(one.value, one.value), one.value) for one in ProviderType),
        ]
        self._provider = dropdown(
            "Provider", providers, given.get("provider"), guard(lambda value: bench.give("provider", value))
        )
        self._provider.add_class("mnb-provider")
        self._topic = dropdown(
            "Topic", _topics([], given.get("topic_id")), given.get("topic_id"), guard(self._topic_chosen)
        )
        self._topic.add_class("mnb-topic")
        shown(self._topic, "topic_id" in given)
        self._quiet = False
        self._kind = buttons(
            "Kind",
            [(name, value) for value, name in _KINDS.items()],
            given.get("transactional"),
            guard(self._kind_chosen),
        )
        self._kind.add_class("mnb-kind")
        self._meaning = widgets.HTML()
        self._meaning.add_class("mnb-note")
        self._say_kinds("")
        self.widget = section(
            3,
            "Sender",
            self._sender_field.widget,
            line(self._kind, self._meaning),
            self._reply.widget,
            line(self._provider),
            line(self._topic),
            name="sender",
        )
        bench.in_background(
            lambda: bench.desk.choices("domains", None), self._offer_domains, self._no_domains
        )
        bench.in_background(
            lambda: bench.desk.choices("topics", bench.draft.arguments.get("project_id")),
            self._offer_topics,
            lambda _: None,  # there is no topic to choose then, and none is needed
        )

    def show(self, checked: Checked) -> None:
        """Show what was found out about the sender."""
        wrong = checked.wrong.get("sender")
        # A half is missing, not wrong; the line on what is still needed says so.
        halves = bool(self._name.value.strip()) != bool(self._address.value.strip())
        self._sender_field.wrong(None if halves else wrong)
        if wrong is None or halves:
            self._sender_field.note(self._of_domain())
        self._reply.wrong(checked.wrong.get("reply_to"))
        recipients = checked.draft.recipients
        batch = recipients is not None and recipients.target is not None
        self._say_kinds(_DEFAULT if batch else "")

    def _kind_chosen(self, value: bool) -> None:
        self._say_kinds("")
        self._bench.give("transactional", value)

    def _say_kinds(self, default: str) -> None:
        """Say what the chosen kind does; while none is chosen, what each does, and which it is by itself."""
        lines = [f"{_KINDS[kind]}: {words[0].lower()}{words[1:]}" for kind, words in _MEANINGS.items()]
        lines.append(default)
        if self._kind.value is not None:
            lines = [_MEANINGS[self._kind.value]]
        value = "".join(f"<div><span>{one}</span></div>" for one in lines if one)
        if self._meaning.value != value:
            self._meaning.value = value

    def _sender(self) -> None:
        name, address = self._name.value.strip(), self._address.value.strip()
        self._bench.give("sender", f"{name} <{address}>" if address else name)
        self._offer_addresses()

    def _offer_domains(self, found: Sequence[Choice]) -> None:
        self._domains = tuple(one.name for one in found)
        self._offer_addresses()
        self._sender_field.note(self._of_domain())

    def _no_domains(self, error: MigmaError) -> None:
        self._no_list = f"The verified domains could not be listed: {error.message}"
        self._sender_field.note(self._no_list)

    def _offer_addresses(self) -> None:
        local = self._address.value.strip().partition("@")[0] or "hello"
        offered = tuple(f"{local}@{domain}" for domain in self._domains)
        if self._address.options != offered:
            self._address.options = offered

    def _of_domain(self) -> str:
        domain = self._address.value.strip().rpartition("@")[2].casefold()
        if not self._domains:
            return self._no_list
        known = {one.casefold() for one in self._domains}
        if domain and "@" in self._address.value and domain not in known:
            return f"{domain} is no verified domain of this account. Verified: {', '.join(self._domains[:5])}"
        return f"Verified: {', '.join(self._domains[:5])}"

    def _offer_topics(self, found: Sequence[Choice]) -> None:
        given = self._bench.draft.arguments.get("topic_id")
        self._quiet = True
        try:
            self._topic.options = _topics(found, given)
            self._topic.value = NOTHING if given is None else given
        finally:
            self._quiet = False
        shown(self._topic, bool(found) or given is not None)

    def _topic_chosen(self, value: str | None) -> None:
        if not self._quiet:
            self._bench.give("topic_id", value)


def _topics(found: Sequence[Choice], given: Any) -> list[tuple[str, Any]]:
    options: list[tuple[str, Any]] = [("none", NOTHING), *((one.label, one.id) for one in found)]
    if given is not None and given not in {value for _, value in options}:
        options.append((str(given), given))
    return options
