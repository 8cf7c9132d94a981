"""A run's progress bars: tqdm in terminal or notebook, driven by whoever waits, never by the sender."""

from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tqdm.std import tqdm as text_bar

from migma_nb.api.models import BatchStatus
from migma_nb.api.states import RunState, State
from migma_nb.sending.batches import resume_words
from migma_nb.sending.live import LiveRun
from migma_nb.surface.whereabouts import has_widgets

_OPEN = (State.WAITING, State.SENDING)
_SHOWN = (State.ACCEPTED, State.ALREADY_SENT, State.REFUSED, State.UNKNOWN, State.NOT_SENT)


class BatchBar:
    """A bar over the people of all batches of a run together, as their own counts have it.

    Args:
        shown: whether anything is shown at all.
    """

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def update(self, batches: Mapping[int, BatchStatus]) -> None:
        """Draw how the batches stand now, by their rows; the first one that tells its size begins the bar."""
        statuses = list(batches.values())
        total = sum(status.total_count or 0 for status in statuses)
        if not self._shown or not total:
            return
        if self._bar is None:
            self._bar = made_bar(total=total, desc="batch" if len(statuses) == 1 else "batches")
        sent, failed, queued = (
            sum(getattr(status, f"{part}_count") or 0 for status in statuses)
            for part in ("sent", "failed", "queued")
        )
        self._bar.total = total
        if len(statuses) > 1:
            self._bar.set_description_str(f"{len(statuses):,} batches", refresh=False)
        words: dict[str, Any] = {"queued": queued, "sent": sent, "failed": failed, "status": _stand(statuses)}
        self._bar.set_postfix(words, refresh=False)
        _draw(self._bar, sent + failed)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()


class Progress:
    """A bar over the rows of a run, and one over its batches' own counts once they report them.

    Args:
        run: the run to watch.
        shown: whether anything is shown at all.
    """

    def __init__(self, run: LiveRun, *, shown: bool) -> None:
        self._run = run
        self._shown = shown
        self._total = sum(run.tally.counts.get(state, 0) for state in _OPEN)
        self._bar: Any = None
        self._batches = BatchBar(shown=shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.update()
        if self._bar is not None:
            self._bar.close()
        self._batches.close()

    def update(self) -> None:
        """Draw how the run stands now."""
        if not self._shown:
            return
        if self._total:
            self._update_rows()
        self._batches.update(self._run.tally.batches)

    def _update_rows(self) -> None:
        if self._bar is None:
            # Not before the first look: importing the widgets takes a moment, in which an interrupt must
            # find somebody who stops the run.
            self._bar = made_bar(total=self._total, desc=short(self._run.plan.mailing))
        counts = self._run.tally.counts
        left = sum(counts.get(state, 0) for state in _OPEN)
        # A run that was cut short must not look as if it had come to its end.
        if self._run.state is not RunState.FINISHED:
            left += counts.get(State.NOT_SENT, 0)
        words = {str(state): counts[state] for state in _SHOWN if counts.get(state)}
        held = [f"{one.rows:,} held by run {one.run_id} ({one.state})" for one in self._run.held]
        self._bar.set_postfix(words | ({"waiting": ", ".join(held)} if held else {}), refresh=False)
        _draw(self._bar, self._total - left)


def _stand(statuses: list[BatchStatus]) -> str:
    """Return the batches' statuses in a few words; one that is throttled says until when."""
    if len(statuses) == 1 and not statuses[0].throttled:
        return short(statuses[0].status)
    words = Counter(
        f"{short(status.status)} {resume_words(status)}".strip() if status.throttled else short(status.status)
        for status in statuses
    )
    return ", ".join(word if len(statuses) == 1 else f"{count:,} × {word}" for word, count in words.items())


def _draw(bar: Any, done: int) -> None:
    bar.n = done
    bar.refresh()


def made_bar(*, total: int, desc: str, unit: str = "mail") -> Any:
    """Return tqdm's notebook bar where its widgets are there, else its text bar."""
    if not has_widgets():
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
