"""The form's last part: a test to oneself, the number typed in, the send, and the run that it began."""

import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_desk import Tested
from migma_nb.notebook.form_fields import line, section, shown
from migma_nb.notebook.lines import counted, safe
from migma_nb.notebook.looks import on_press, row
from migma_nb.notebook.masking import masked
from migma_nb.planning.frozen import Plan

_LEFT_OUT = "Whoever was mailed in it already is left out."
#: Who is in a batch only Migma knows: who was mailed by another way is not left out of it.
_BATCH_ONCE = "A batch that was sent in it already is not sent again."
_TEST = "Mails a few well-chosen rows to you, and to nobody on the list."


class SendSection:
    """Test and send; both begin only with a person's click.

    Args:
        bench: whom to ask.
        skip_invalid: whether rows with errors are left out.
        is_current: whether a plan is what the form shows.
        sent: called with each run that was begun, and its panel.
        failed: called where nothing was sent.
    """

    def __init__(
        self,
        bench: Bench,
        skip_invalid: Callable[[], bool],
        is_current: Callable[[Plan], bool],
        sent: Callable[[Any, Any], None],
        failed: Callable[[], None],
    ) -> None:
        self._bench = bench
        self._skip_invalid = skip_invalid
        self._is_current = is_current
        self._sent = sent
        self._failed = failed
        self._plan: Plan | None = None
        self._to = ""
        self._busy = False
        self._panel: Any = None
        guard = bench.notices.guard
        self._mine = widgets.Text(description="Test to me", placeholder="such as me@acme.example")
        self._mine.add_class("mnb-test-to")
        self.test = widgets.Button(description="Send a test", disabled=True)
        self.test.add_class("mnb-test")
        self.again = widgets.Button(description="Send again", tooltip="Send the same tests once more")
        self.again.add_class("mnb-test-again")
        shown(self.again, visible=False)
        self._tested = widgets.HTML(f"<span>{_TEST}</span>")
        self._tested.add_class("mnb-note")
        self._number = widgets.Text(description="People", placeholder="type their number")
        self._number.add_class("mnb-confirm")
        self._number.observe(guard(lambda _: self._draw()), "value")
        self._mine.observe(guard(self._typed), "value")
        self.send = widgets.Button(description="Send", button_style="primary", disabled=True)
        self.send.add_class("mnb-send")
        self._why = widgets.HTML()
        self._why.add_class("mnb-note")
        #: Where the run is shown: below everything, as wide as the form.
        self.place = widgets.VBox([])
        self.place.add_class("mnb-form-run")
        #: Where a page that is opened again shows what goes on: above everything.
        self.going = widgets.VBox([])
        self.going.add_class("mnb-going")
        self._others: list[Any] = []
        shown(self.going, visible=False)
        on_press(self.test, guard(lambda: self._test(again=False)))
        on_press(self.again, guard(lambda: self._test(again=True)))
        on_press(self.send, guard(self._send))
        self.widget = section(
            5,
            "Send",
            line(row(self._mine, self.test, self.again), self._tested),
            line(row(self._number, self.send), self._why),
            name="send",
        )
        self._draw()

    def offer(self, plan: Plan | None) -> None:
        """Offer a plan to be sent; None while there is none, or while a newer one is being made."""
        if plan is not None and (self._plan is None or plan.id != self._plan.id) and self._number.value:
            self._number.value = ""
        if plan is not None and (self._plan is None or plan.id != self._plan.id):
            shown(self.again, visible=False)
        self._plan = plan
        self._draw()

    def show_going(self, run_ids: Sequence[str], ended: Callable[[], None]) -> None:
        """Show, above everything, the runs that other openings of this page began and that go on.

        Args:
            run_ids: the runs.
            ended: called once all of them have ended.
        """
        if not run_ids:
            return
        self._others = [self._bench.desk.screen(self._bench.desk.open(one)) for one in run_ids]
        words = "This page is sending already" if self._bench.desk.sandbox else "This page is mailing already"
        said = widgets.HTML(
            f'<div role="status"><b>{words}</b>: what was begun before it was opened here goes on.</div>'
        )
        self.going.children = [said, *(one.widget for one in self._others)]
        shown(self.going, visible=True)

        def wait() -> None:
            for one in self._others:
                one.ended.wait()
            said.value = '<div role="status">What was going on when this page was opened has ended.</div>'
            ended()

        threading.Thread(target=copy_context().run, args=(wait,), name="mnb-form-going", daemon=True).start()

    def take_up(self, run_id: str) -> None:
        """Show a run that goes on, begun by whatever page or process, to be paused or stopped here."""
        if run_id in {one.run_id for one in self._others}:
            return
        if self._panel is None or (self._panel.run_id != run_id and self._panel.ended.is_set()):
            self._began(self._bench.desk.open(run_id))

    def _typed(self, change: Any) -> None:
        if change["new"]:
            shown(self.again, visible=False)
        self._draw()

    def _draw(self) -> None:
        plan = self._plan
        ready = plan is not None and bool(plan.ready) and not self._busy
        self.test.disabled = not (ready and (self._mine.value.strip() or self._to))
        self.again.disabled = self.test.disabled
        wanted = None if plan is None else _wanted(plan)
        held_up = None if plan is None else self._held_up(plan)
        self.send.disabled = not (ready and not held_up and self._number.value.strip() in _forms(wanted))
        whom = (
            "" if plan is None or plan.people is None else f" to {counted(plan.people, 'person', 'people')}"
        )
        where = "in the sandbox" if self._bench.desk.sandbox else f"LIVE at {self._bench.desk.where}"
        self.send.description = f"Send{whom}" if plan is not None else "Send"
        if plan is None:
            words = "Ready once the check above has a plan."
        elif held_up:
            words = held_up
        else:
            words = f"Type {wanted:,}" if isinstance(wanted, int) else f"Type {wanted}"
            words += f" to send {where}. {_LEFT_OUT if not plan.batches else _BATCH_ONCE}"
        self._why.value = f"<span>{safe(words, 300)}</span>"

    def _held_up(self, plan: Plan) -> str:
        if plan.question:
            return "First decide on the question above."
        if plan.has_errors and not self._skip_invalid():
            return "First mend the rows with errors, or leave them out above."
        return "" if plan.ready else "Nobody is left to mail."

    def _test(self, *, again: bool) -> None:
        plan, to = self._plan, self._mine.value.strip() or self._to
        if plan is None or not to or self._busy or not self._is_current(plan):
            return
        # The address is remembered here, and not kept with the notebook.
        self._to, self._mine.value = to, ""
        self._mine.placeholder = f"again to {masked(to)}"
        self._tested.value = f"<span>Sending a test to {safe(masked(to))} …</span>"
        shown(self.again, visible=False)
        self._work(lambda: self._bench.desk.test(plan, to, again=again), self._test_done)

    def _test_done(self, tested: Tested) -> None:
        self._tested.value = f'<span role="status">{safe(masked(tested.words), 400)}</span>'
        shown(self.again, tested.were_sent)

    def _send(self) -> None:
        plan = self._plan
        if plan is None or self._busy or self.send.disabled or not self._is_current(plan):
            return
        wanted = _wanted(plan)
        skip = self._skip_invalid() and plan.has_errors
        self._number.value = ""

        def start() -> Any:
            try:
                return self._bench.desk.start(plan, wanted, skip_invalid=skip)
            except BaseException:
                self._failed()
                raise

        self._work(start, self._began)

    def _began(self, run: Any) -> None:
        # Kept, since a panel that nobody holds looks no more.
        self._panel = self._bench.desk.screen(run)
        self.place.children = [self._panel.widget]
        self._sent(run, self._panel)

    def _work(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do one thing at a time: a second click meanwhile does nothing."""
        self._busy = True
        self._draw()

        def whole() -> Any:
            try:
                return work()
            except BaseException:
                self._tested.value = f"<span>{_TEST}</span>"
                raise
            finally:
                self._busy = False
                self._draw()

        self._bench.in_background(whole, done)


def _wanted(plan: Plan) -> int | str:
    return plan.id if plan.people is None else plan.people


def _forms(wanted: int | str | None) -> set[str]:
    """Return the ways of typing a number, with and without separators."""
    if wanted is None:
        return set()
    return {str(wanted), f"{wanted:,}"} if isinstance(wanted, int) else {wanted}
