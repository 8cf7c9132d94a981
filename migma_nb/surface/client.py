"""`Migma`: a client of the API, for plans and for direct calls."""

import secrets
from typing import Any, Self

import pandas as pd

from migma_nb.api import calls, loop
from migma_nb.api.errors import InputError
from migma_nb.api.models import BatchStatus, SendAnswer, checked_request
from migma_nb.api.resources import Contact
from migma_nb.api.secret import ApiKey
from migma_nb.api.settings import Settings, make_settings
from migma_nb.planning.stored import Conversation, StoredEmail
from migma_nb.planning.targets import Segment, Tag
from migma_nb.sending.headless import check_headless
from migma_nb.surface import exploring
from migma_nb.surface.keys import find_key

#: The API's own limit (migma-api.md, section 2).
_LONGEST_KEY = 100


class Migma:
    """A client of the Migma email API.

    Making one opens nothing and calls nobody. Every worker of a send gets a connection of its own.

    Args:
        api_key: the key (str); None takes `MIGMA_API_KEY`, the OS keyring where it is installed, or asks
            in a notebook without showing it.
        base_url: the server's address, with or without `/v1`; None takes `MIGMA_BASE_URL`, else Migma's own.
        account: a name for the account; stands in place of the server as what a mailing's people are
            remembered under. The key never is. None takes `MIGMA_ACCOUNT`; "" is the server all the same.
        rate: "N/second", "N/minute", "N/day", or "auto", which learns the limit; None takes `MIGMA_RATE`,
            else "auto".
        timeout: seconds for each step of a request, as in httpx.
        workers: how many requests may be in flight (1 to 64).

    Raises:
        ConfigurationError: no key was found, or an argument is wrong. Nothing was sent.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        account: str | None = None,
        rate: str | None = None,
        timeout: float = 30.0,
        workers: int = 8,
    ) -> None:
        try:
            key = ApiKey(api_key) if api_key is not None else find_key()
        finally:
            # From here on no local variable of any frame holds the key as text, also where it is no key.
            api_key = None
        self._settings = make_settings(
            key, base_url=base_url, account=account, rate=rate, timeout=timeout, workers=workers
        )

    @classmethod
    def _of(cls, settings: Settings) -> Self:
        client = cls.__new__(cls)
        client._settings = settings  # noqa: SLF001 - its own class
        return client

    @property
    def settings(self) -> Settings:
        """The client's settings; the key in it shows itself to nobody."""
        return self._settings

    @property
    def is_sandbox(self) -> bool:
        """Whether a sandbox made this client, so that no real person can be mailed."""
        return self._settings.sandbox

    def send(self, *, idempotency_key: str | None = None, **fields: Any) -> SendAnswer:
        """Make one call to `POST /v1/sending`, to one recipient, an audience, a segment or a tag.

        The call is made once and never repeated. It is no part of any mailing: nothing remembers it, and
        calling again mails again. Plans (`mg.plan`) are for lists and for whatever must not happen twice.

        Args:
            idempotency_key: at most 100 characters (migma-api.md, section 2); None makes a fresh one.
            fields: the fields of the API in snake_case (`recipient_type`, `from_`, …) or as on the wire.

        Returns:
            What the API said: queued, not delivered (S2). Unknown fields are kept.

        Raises:
            InputError: a field is missing or wrong; names it and the rule (S1 to S21). Nothing was sent.
            ConfigurationError: a live send from a notebook that nobody watches. Nothing was sent.
            NotSentError, RefusedError: it certainly was not sent.
            UnknownError: it may have been sent; look before you call again.
        """
        check_headless(self._settings.origin, sandbox=self._settings.sandbox)
        request = checked_request(fields)
        key = f"mnb-direct-{secrets.token_hex(16)}" if idempotency_key is None else idempotency_key
        if not (key.strip() and len(key) <= _LONGEST_KEY) or not (key.isascii() and key.isprintable()):
            raise InputError(
                f"idempotency_key must be 1 to {_LONGEST_KEY} plain ASCII characters without line breaks.",
                hint="Nothing was sent; leave it out to get a fresh one.",
            )
        return loop.call(calls.send_once(self._settings, request, idempotency_key=key))

    def batch(self, batch_id: str) -> BatchStatus:
        """Return how far a batch is (`GET /v1/sending/batches/{id}`).

        Args:
            batch_id: what the send to an audience, segment or tag returned.

        Raises:
            InputError: the account has no such batch.
            CallError: no clear answer came.
        """
        return loop.call(calls.fetch_batch(self._settings, batch_id))

    def projects(self) -> pd.DataFrame:
        """Return the account's projects, one line each (`GET /v1/projects`).

        Raises:
            AccountError: the key is not valid or lacks the permission.
            CallError: no clear answer came. Nothing is changed by reading.
        """
        return exploring.projects(self._settings)

    def tags(self, *, search: str | None = None, project_id: str | None = None) -> pd.DataFrame:
        """Return the tags of a project, one line each, all pages (`GET /v1/tags`; needs `audience:read`).

        Args:
            search: what to look for in their names.
            project_id: None takes `MIGMA_PROJECT_ID`, else the account's only project; so everywhere below.

        Returns:
            Tags × (`id`, `name`, `subscriber_count`, …, what else the API tells).

        Raises:
            InputError: the account has several projects, and none was named.
            AccountError, CallError: as for `projects`.
        """
        return exploring.tags(self._settings, search, project_id)

    def segments(self, *, project_id: str | None = None) -> pd.DataFrame:
        """Return the segments of a project, one line each, with `count`; arguments and errors as `tags`."""
        return exploring.segments(self._settings, project_id)

    def topics(self, *, include_inactive: bool | None = None, project_id: str | None = None) -> pd.DataFrame:
        """Return the topics of a project, one line each; arguments and errors as for `tags`."""
        return exploring.topics(self._settings, include_inactive, project_id)

    def contacts(
        self,
        *,
        tag: "str | Tag | None" = None,
        status: str | None = None,
        search: str | None = None,
        limit: int | None = None,
        project_id: str | None = None,
    ) -> pd.DataFrame:
        """Return the contacts of a project, one line each, all pages (`GET /v1/contacts`).

        A page has 100 contacts, so that 12,000 take 120 calls; `limit` ends sooner. The status `active` of
        the older generation is shown as `subscribed`, other words stay as they are.

        Args:
            tag: only who has it: its name, its ID, or an `mg.Tag`.
            status: only this status, such as "subscribed" or "bounced".
            search: what to look for; the API does not document where it looks.
            limit: at most so many.
            project_id: as for `tags`.

        Returns:
            Contacts × (`id`, `email`, `status`, …, `tags` as a list of names, …, and each custom field in a
            column `custom_` and its name).

        Raises:
            InputError: there is no such tag, or a project has to be named.
            AccountError, CallError: as for `projects`.
        """
        return exploring.contacts(
            self._settings, tag=tag, status=status, search=search, limit=limit, project_id=project_id
        )

    def domains(self) -> pd.DataFrame:
        """Return the sending domains, one line each, with `verified` (S10; needs `domain:read`)."""
        return exploring.domains(self._settings)

    def emails(
        self, *, status: str | None = None, search: str | None = None, project_id: str | None = None
    ) -> pd.DataFrame:
        """Return the generated emails of a project, one line for each conversation (needs `email:read`).

        Args:
            status: only this status, such as "completed".
            search: what to look for.
            project_id: as for `tags`.
        """
        return exploring.emails(self._settings, status, search, project_id)

    def campaigns(self, *, status: str | None = None, project_id: str | None = None) -> pd.DataFrame:
        """Return Migma's campaigns of a project, one line each; a plan's `campaign` makes one.

        Args:
            status: only this status, such as "draft" or "sent".
            project_id: as for `tags`.
        """
        return exploring.campaigns(self._settings, status, project_id)

    def contact(self, who: str, *, project_id: str | None = None) -> Contact:
        """Return one contact, by address or ID, with its fields as attributes.

        Raises:
            InputError: there is none, or a project has to be named.
            AccountError, CallError: as for `projects`.
        """
        return exploring.contact(self._settings, who, project_id)

    def email(self, email_id: str) -> StoredEmail:
        """Return a stored email with its HTML, for a plan: `mg.plan(…, email_id=client.email("…"))`.

        Its placeholders are then checked like a template's. The key needs `email:read`.

        Raises:
            InputError: the account has no such email.
            AccountError, CallError: as for `projects`.
        """
        return exploring.email(self._settings, email_id)

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation with its emails, for a plan's `conversation_id`; errors as for `email`."""
        return exploring.conversation(self._settings, conversation_id)

    def tag(self, name: str, *, project_id: str | None = None) -> Tag:
        """Return the tag of a name or ID, as a plan takes it: `mg.plan(client.tag("VIP"), …)`.

        Raises:
            InputError: no tag is called so, or several are; near ones are named.
            AccountError, CallError: as for `projects`.
        """
        return exploring.tag(self._settings, name, project_id)

    def segment(self, name: str, *, project_id: str | None = None) -> Segment:
        """Return the segment of a name or ID, as a plan takes it; errors as for `tag`."""
        return exploring.segment(self._settings, name, project_id)

    def __repr__(self) -> str:
        if "_settings" not in vars(self):
            # Shown by tools that print a traceback's locals while the client is being made.
            return "Migma(not made)"
        kind = "sandbox" if self.is_sandbox else "LIVE"
        return f"Migma({self._settings.origin}, {kind}, key hidden)"


def settings_of(client: object) -> Settings:
    """Return a client's settings.

    Raises:
        InputError: it is no client.
    """
    if not isinstance(client, Migma):
        raise InputError("The client is no mg.Migma.", hint="Pass mg.Migma() or mg.Sandbox().client().")
    return client.settings
