"""A run's progress bar: tqdm in terminal or notebook, driven by whoever waits, never by the sender."""

import importlib.util
from types import TracebackType
from typing import Any, Self

from tqdm.std import tqdm as text_bar

from migma_nb.api.states import RunState, State
from migma_nb.sending.live import LiveRun
from migma_nb.surface.whereabouts import in_notebook

_OPEN = (State.WAITING, State.SENDING)
_SHOWN = (State.ACCEPTED, State.ALREADY_SENT, State.REFUSED, State.UNKNOWN, State.NOT_SENT)


class Progress:
    """A bar over the rows of a run, or over a batch's own counts once the batch reports them.

    Args:
        run: the run to watch.
        shown: whether anything is shown at all.
    """

    def __init__(self, run: LiveRun, *, shown: bool) -> None:
        self._run = run
        self._shown = shown
        self._total = sum(run.tally.counts.get(state, 0) for state in _OPEN)
        self._bar: Any = None
        self._batch_bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.update()
        for bar in (self._bar, self._batch_bar):
            if bar is not None:
                bar.close()

    def update(self) -> None:
        """Draw how the run stands now."""
        if not self._shown or not self._total:
            return
        if self._bar is None:
            # Not before the first look: importing the widgets takes a moment, in which an interrupt must
            # find somebody who stops the run.
            self._bar = made_bar(total=self._total, desc=short(self._run.plan.mailing))
        counts = self._run.tally.counts
        left = sum(counts.get(state, 0) for state in _OPEN)
        # A run that was cut short must not look as if it had come to its end.
        if self._run.state is not RunState.FINISHED:
            left += counts.get(State.NOT_SENT, 0)
        self._draw(self._bar, self._total - left)
        words = {str(state): counts[state] for state in _SHOWN if counts.get(state)}
        held = [f"{one.rows:,} held by run {one.run_id} ({one.state})" for one in self._run.held]
        self._bar.set_postfix(words | ({"waiting": ", ".join(held)} if held else {}), refresh=False)
        self._update_batch()

    def _update_batch(self) -> None:
        batch = self._run.tally.batch
        if batch is None or not batch.total_count:
            return
        if self._batch_bar is None:
            self._batch_bar = made_bar(total=batch.total_count, desc="batch")
        sent, failed = batch.sent_count or 0, batch.failed_count or 0
        self._batch_bar.set_postfix({"sent": sent, "failed": failed, "status": batch.status}, refresh=False)
        self._draw(self._batch_bar, sent + failed)

    @staticmethod
    def _draw(bar: Any, done: int) -> None:
        bar.n = done
        bar.refresh()


def made_bar(*, total: int, desc: str, unit: str = "mail") -> Any:
    """Return tqdm's notebook bar where its widgets are there, else its text bar."""
    if not in_notebook() or importlib.util.find_spec("ipywidgets") is None:
        return text_bar(total=total, unit=unit, desc=desc)
    from tqdm.notebook import tqdm as notebook_bar  # noqa: PLC0415 - needs ipywidgets

    made: Any = notebook_bar(total=total, unit=unit, desc=desc)
    name, bar, _ = made.container.children
    # In a narrow page the numbers go below, and neither the name breaks nor the bar shrinks to a dot.
    made.container.layout.flex_flow = "row wrap"
    name.layout.flex, bar.layout.min_width = "0 0 auto", "10em"
    return made


def short(mailing: str) -> str:
    """Return a name as a bar has room for it."""
    return mailing if len(mailing) <= 30 else mailing[:29] + "…"  # noqa: PLR2004 - the bar needs room
