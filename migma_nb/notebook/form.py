"""The form: a mailing without code, a view over a draft.

Its parts are found by their style classes. `mnb-form` is the whole; `mnb-section-list`, `-content`,
`-sender`, `-check` and `-send` are its sections. Controls: `mnb-mailing`, `mnb-people-kind`,
`mnb-upload-list`, `mnb-search-tags`, `mnb-search-segments`, `mnb-address`, `mnb-subject`, `mnb-content-kind`,
`mnb-template`, `mnb-upload-template`, `mnb-search-emails`, `mnb-project`, `mnb-placeholder` (one a line),
`mnb-sender-name`, `mnb-sender-address`, `mnb-reply-to`, `mnb-provider`, `mnb-topic`, `mnb-kind`,
`mnb-several`, `mnb-skip-invalid`, `mnb-test-to`, `mnb-test`, `mnb-test-again`, `mnb-confirm`, `mnb-send`,
`mnb-full-addresses`, `mnb-as-python`. What is said stands in `mnb-note`, `mnb-wrong` and `mnb-verdict`, the
server in `mnb-server`, the lines in `mnb-lines`, a run in `mnb-form-run`. Labels are those on the screen,
such as "Mailing", "Subject", "From", "Address" and "People".
"""

import threading
from contextvars import copy_context
from html import escape
from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_check import CheckSection
from migma_nb.notebook.form_checks import Checked, Checker
from migma_nb.notebook.form_content import ContentSection
from migma_nb.notebook.form_desk import Before, Desk
from migma_nb.notebook.form_draft import Draft
from migma_nb.notebook.form_fields import shown
from migma_nb.notebook.form_fixes import with_own_fixes
from migma_nb.notebook.form_lines import python_lines
from migma_nb.notebook.form_list import ListSection
from migma_nb.notebook.form_looks import SHEET
from migma_nb.notebook.form_repair import RepairOffer
from migma_nb.notebook.form_send import SendSection
from migma_nb.notebook.form_sender import SenderSection
from migma_nb.notebook.lines import safe
from migma_nb.notebook.looks import framed, row
from migma_nb.notebook.lost import LOST, lost, put
from migma_nb.notebook.masking import masked
from migma_nb.notebook.newest import Newest
from migma_nb.notebook.preview_pane import PlanPreviews, PreviewPane
from migma_nb.planning.frozen import Plan

#: Checking more rows than this takes long enough to say so.
_MANY = 5_000
_GONE = f"{LOST} Run the cell again for a new form: that mails nobody."
_SENT = "What was sent from this one is on record:"
_TEXT = "The form of migma_nb: run the cell in a notebook with widgets to see it."


class Form:
    """A mailing that is composed, checked, tested and sent by hand. `mg.form` makes it.

    Args:
        desk: what can be done with the account.
        draft: what to begin with.
    """

    def __init__(self, desk: Desk, draft: Draft) -> None:
        self.desk = desk
        self.run: Any = None
        self._checked: Checked | None = None
        #: The calls that open what was sent from here, and the outputs that hold them.
        self._openings: list[str] = []
        self._below: list[str] = []
        self._checker = Checker(desk.plan)
        self._bench = Bench(desk, draft, self._changed)
        self._newest: Newest[Draft, tuple[Checked, Before | None] | None] = Newest(
            self._bench.notices.guard(self._look), self._bench.notices.guard(self._show)
        )
        self._make()
        # Here, and in no thread: a thread of a cell takes it to run for ever, and its buttons would rest.
        self._bench.notices.guard(self._show_going)()
        self._newest.ask(draft, now=True)
        self._bench.begin()

    @property
    def errors(self) -> list[BaseException]:
        """The errors that the form has shown."""
        return self._bench.notices.errors

    @property
    def draft(self) -> Draft:
        """What was chosen so far."""
        return self._bench.draft

    @property
    def frozen(self) -> Plan | None:
        """The plan of what was chosen, None where it is incomplete or still being checked."""
        checked = self._checked
        return None if checked is None or checked.draft is not self.draft else checked.plan

    @property
    def plan(self) -> Any:
        """What was chosen as `mg.plan` returns it, None where it is incomplete or still being checked."""
        return None if self.frozen is None else self.desk.sendable(self.frozen)

    @property
    def lines(self) -> str:
        """The lines of Python that do what was chosen."""
        return self._lines_of(self._checked)

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until everything that was typed is checked, and what was begun in the background has ended."""
        self._bench.settle(timeout_s)
        self._newest.settle(timeout_s)

    def _make(self) -> None:
        bench = self._bench
        self.list = ListSection(bench)
        self.content = ContentSection(bench)
        self.sender = SenderSection(bench)
        repair = RepairOffer(bench, self._is_current, self.list.put)
        self.check = CheckSection(bench, self._skip, repair)
        self.send = SendSection(
            bench, lambda: bool(self.check.skip.value), self._is_current, self._began, self._failed
        )
        self.preview = PreviewPane(notices=bench.notices)
        self.full = widgets.Checkbox(value=False, description="Show full addresses", indent=False)
        self.full.add_class("mnb-full-addresses")
        self.full.observe(bench.notices.guard(self._full), "value")
        self._code_button = widgets.ToggleButton(value=False, description="As Python", icon="")
        self._code_button.add_class("mnb-as-python")
        self._code = widgets.HTML()
        self._code_button.observe(bench.notices.guard(self._show_code), "value")
        shown(self._code, visible=False)
        head = row(widgets.HTML(_server(self.desk)), self.full, name="mnb-form-top")
        fields = widgets.VBox([self.list.widget, self.content.widget, self.sender.widget])
        fields.add_class("mnb-form-fields")
        aside_head = widgets.HTML('<h3 class="mnb-form-head">Preview</h3>')
        aside = widgets.VBox([aside_head, self.preview.widget, self.check.widget, self.send.widget])
        aside.add_class("mnb-form-aside")
        body = widgets.HBox([fields, aside])
        body.add_class("mnb-form-body")
        self.widget = framed(
            widgets.HTML(SHEET, layout=widgets.Layout(display="none")),
            head,
            self.send.going,
            body,
            self.send.place,
            self._code_button,
            self._code,
            bench.notices.widget,
            name="mnb-form",
        )

    def _show_going(self) -> None:
        self.send.show_going(self.desk.going(), lambda: self._newest.ask(self.draft, now=True))

    def _changed(self) -> None:
        """Take the plan away that is not the newest any more, and have the newest made."""
        self.send.offer(None)
        self.check.list_changed(self.draft.recipients)
        self._say_checking()
        self._newest.ask(self.draft)

    def _say_checking(self) -> None:
        recipients = self.draft.recipients
        frame = None if recipients is None else recipients.frame
        if frame is not None and len(frame) > _MANY:
            self.check.checking(len(frame))

    def _look(self, draft: Draft) -> tuple[Checked, Before | None]:
        checked = self._checker.check(draft)
        mailing = draft.arguments.get("mailing")
        if not isinstance(mailing, str) or "mailing" in checked.wrong:
            return checked, None
        return checked, self.desk.before(mailing)

    def _show(self, found: tuple[Checked, Before | None] | None) -> None:
        if found is None:
            return
        checked, before = found
        self._checked = checked
        self.list.show(checked, before)
        self.content.show(checked)
        self.sender.show(checked)
        previews: PlanPreviews | None = checked.sketch
        if checked.plan is not None:
            previews = PlanPreviews(checked.plan, with_own_fixes(checked.plan.issues))
        self.check.show(checked, None if previews is None else previews.issues)
        if checked.plan is not None or "content" not in checked.missing:
            self.preview.source = previews
        self._code.value = _code(self._lines_of(checked))
        if checked.draft is self.draft and not self._bench.reading:
            self.send.offer(checked.plan)
        if before is not None and before.going is not None:
            self.send.take_up(before.going)

    def _skip(self) -> None:
        self.send.offer(self.frozen)
        self._code.value = _code(self.lines)

    def _is_current(self, plan: Plan) -> bool:
        """Say whether a plan is what the form shows, also where a change has just overtaken the check."""
        return plan is self.frozen and not self._bench.reading

    def _failed(self) -> None:
        """Look anew after a send that was refused: the account is not what it was, such as a tag's count."""
        self.send.offer(None)
        self._newest.ask(self.draft, now=True)

    def _began(self, run: Any, panel: Any) -> None:
        """Take up a run; at its end the form says how many people its mailing has mailed."""
        self.run = run
        if panel.opening and panel.opening not in self._openings:
            self._openings.append(panel.opening)
            for name in self._below:
                put(self._lost(), name)

        def look_again() -> None:
            panel.ended.wait()
            self._newest.ask(self.draft, now=True)

        threading.Thread(
            target=copy_context().run, args=(look_again,), name="mnb-run-end", daemon=True
        ).start()

    @property
    def sandbox(self) -> Any:
        """The sandbox that the form rehearses in, with its `outbox`; None where a client was given."""
        return self.desk.account

    def _show_code(self, change: Any) -> None:
        shown(self._code, bool(change["new"]))

    def _full(self, change: Any) -> None:
        self.preview.show_full_addresses = bool(change["new"])
        self.check.show_full_addresses(bool(change["new"]))

    def _lines_of(self, checked: Checked | None) -> str:
        draft = self.draft if checked is None else checked.draft
        plan = None if checked is None else checked.plan
        return python_lines(
            draft,
            () if checked is None else checked.placeholders,
            client=self.desk.client_lines,
            ask=draft.recipients is not None and self.desk.asks(draft.recipients.value),
            confirm=None if plan is None else plan.id if plan.people is None else plan.people,
            skip_invalid=plan is not None and plan.has_errors and bool(self.check.skip.value),
            plan_id=None if plan is None else plan.id,
        )

    def _ipython_display_(self) -> None:
        """Show the form, and what takes its place once its kernel has gone."""
        put(self._repr_mimebundle_())
        self._below.append(put(self._lost()))

    def _lost(self) -> dict[str, Any]:
        """Return the output that takes the form's place on a page once its kernel has gone."""
        mailing = self.draft.arguments.get("mailing")
        title = masked(str(mailing)) if mailing else "A mailing, composed by hand"
        if not self._openings:
            return lost("Form", title, _GONE)
        return lost("Form", title, f"{_GONE} {_SENT}", ["import migma_nb as mg", *self._openings])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the widget, and on pages without widgets what was chosen."""
        bundle = self.widget._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": _TEXT, "text/html": f"<p>{escape(_TEXT)}</p>"}

    def __repr__(self) -> str:
        return f"Form({self.draft.arguments.get('mailing', '')!r}, {self.desk.where})"


def _server(desk: Desk) -> str:
    """Return where mails go, as HTML that nobody overlooks."""
    if not desk.sandbox:
        return (
            f'<div class="mnb-server mnb-live"><b>LIVE</b> {safe(desk.where)} · real people are mailed</div>'
        )
    how = f" · for real mail: <code>{escape(desk.for_real)}</code>" if desk.own else ""
    return f'<div class="mnb-server"><b>SANDBOX</b> nobody real is mailed{how}</div>'


def _code(lines: str) -> str:
    return f'<pre class="mnb-lines" tabindex="0" role="region" aria-label="As Python">{escape(lines)}</pre>'
