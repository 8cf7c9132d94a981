"""How a `Run` shows itself: as the live panel where widgets are, else as card and text; once under a cell."""

import warnings
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import pandas as pd

from migma_nb.ledger.places import place_of
from migma_nb.ledger.store import Ledger
from migma_nb.notebook.cells import current_cell
from migma_nb.notebook.lines import safe
from migma_nb.notebook.run_card import run_html, run_text
from migma_nb.sending import facts
from migma_nb.sending.glance import LiveWatch, RecordWatch, Watch
from migma_nb.sending.live import LiveRun
from migma_nb.surface.interrupts import explain
from migma_nb.surface.progress import Progress
from migma_nb.surface.sandbox import ends_with_us
from migma_nb.surface.whereabouts import has_widgets

if TYPE_CHECKING:
    from migma_nb.notebook.run_panel import RunPanel
    from migma_nb.surface.run import Run

_STOPS = "The kernel's ■ stops it; what is in flight is finished first."
_ENDS_THE_WAIT = "The kernel's ■ ends the waiting; the run goes on."

#: The panels of this process, to let them know when a cell waits for their run.
_panels: "weakref.WeakSet[RunPanel]" = weakref.WeakSet()
#: Which runs the cell that runs now, or ran last, shows already.
_under: dict[str, Any] = {"cell": None, "runs": set()}


class Shown:
    """How a `Run` shows itself; `Run` is the only one of its kind."""

    _ledger: Ledger
    _run_id: str
    _live: LiveRun | None
    _index: pd.Index | None

    def _text(self) -> str:
        return run_text(facts.facts_of(self._ledger, self._run_id))

    def __repr__(self) -> str:
        return self._text()

    def _repr_html_(self) -> str:
        return run_html(facts.facts_of(self._ledger, self._run_id))

    def _ipython_display_(self) -> None:
        """Show a run as a panel, whose words for a page without widgets follow it to its end.

        Raises:
            NotImplementedError: IPython then shows it as `_repr_mimebundle_` has it.
        """
        if not has_widgets() or _is_under_this_cell(self):
            raise NotImplementedError
        show(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any] | None:
        """Return a run as a panel, with its card and its text; None where no widgets are."""
        del include, exclude
        if not has_widgets():
            return None
        if _is_under_this_cell(self):
            words = f"Run {self._run_id}: see above."
            return {"text/plain": words, "text/html": f"<div>{safe(words)}</div>"}
        _note_under_this_cell(self)
        return panel_of(self).bundle()


class Watched(Protocol):
    """What is on the screen while a cell waits for a run."""

    def __enter__(self) -> Self:
        """Show it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it as it is."""

    def update(self) -> None:
        """Bring it up to date."""


def watched(run: Shown, *, shown: bool) -> Watched:
    """Return what is shown while a cell waits for a run: its panel, a bar in text, or nothing.

    Args:
        run: the run.
        shown: whether anything is shown at all.
    """
    if (shown and has_widgets()) or run._live is None:  # noqa: SLF001 - a `Run` shows itself through this module
        return _Panelled(run, shown=shown and has_widgets())
    return Progress(run._live, shown=shown)  # noqa: SLF001 - as above


class _Panelled:
    """The panel below a cell that waits: it moves by itself, and has no buttons, which nobody would hear."""

    def __init__(self, run: Shown, *, shown: bool) -> None:
        self._run = run
        self._shown = shown
        self._begun = False
        self._stopping = _ENDS_THE_WAIT if run._live is None else _STOPS  # noqa: SLF001 - as above

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.update()
        bring_up_to_date(self._run)

    def update(self) -> None:
        """Show the panel, which then moves by itself."""
        if self._begun:
            return
        # Not before the first look: importing the widgets takes a moment, in which an interrupt must find
        # somebody who stops the run.
        self._begun = True
        if self._shown and not _is_under_this_cell(self._run):
            show_safely(self._run, stopping=self._stopping)
        for panel in _panels_of(self._run):
            panel.waited_for(self._stopping)


def show_safely(run: Shown, *, stopping: str = "") -> None:
    """Show a run's panel; where that fails, the run goes on all the same, and a warning says why."""
    try:
        show(run, stopping=stopping)
    except Exception as error:  # noqa: BLE001 - the mails go out, and the caller must get hold of the run
        words = (
            f"The panel cannot be shown ({type(error).__name__}: {error}). The run goes on: {opening(run)}"
        )
        warnings.warn(words, RuntimeWarning, stacklevel=3)


def show_begun(run: "Run") -> None:
    """Show the panel of a run that has just begun; an interrupt meanwhile stops the run.

    Raises:
        KeyboardInterrupt: it was interrupted; what was in flight is put on record.
    """
    if not has_widgets():
        return
    try:
        show_safely(run)
    except KeyboardInterrupt as interrupt:
        run.stop()
        explain(interrupt, f"Stopped by you; what is in flight is put on record. Look at it: {opening(run)}")
        raise


def show(run: Shown, *, stopping: str = "") -> "RunPanel":
    """Show a run's panel below the cell; what a page without widgets shows there is renewed at its end.

    Args:
        run: the run.
        stopping: what stops it, where a cell waits for it and buttons would not be heard.
    """
    from migma_nb.notebook.lost import put  # noqa: PLC0415 - as below

    names: list[str] = []

    def renew(panel: "RunPanel") -> None:
        for name, output in zip(names, (panel.bundle(), panel.lost()), strict=False):
            put(output, name)

    panel = panel_of(run, stopping=stopping, finished=renew)
    had_ended = panel.ended.is_set()
    # One by one: the run may end meanwhile.
    names.append(put(panel.bundle()))
    names.append(put(panel.lost()))
    if panel.ended.is_set() and not had_ended:
        renew(panel)
    _note_under_this_cell(run)
    return panel


def panel_of(run: Shown, *, stopping: str = "", finished: Any = None) -> "RunPanel":
    """Return a new panel of a run, not yet shown; `.widget` is what to embed elsewhere.

    Args:
        run: the run.
        stopping: as in `show`.
        finished: called with the panel once it shows the run's end.
    """
    from migma_nb.notebook.run_panel import RunPanel  # noqa: PLC0415 - needs ipywidgets

    live = run._live  # noqa: SLF001 - as above
    watch = watch_of(run)
    steered: Any = run  # a `Run` can be paused, resumed and stopped
    panel = RunPanel(
        watch,
        steered,
        index=run._index,  # noqa: SLF001 - as above
        stopping=stopping,
        opening=opening(run),
        kept=not ends_with_us(run._ledger.name),  # noqa: SLF001 - as above
        finished=finished,
        blank_out=str if live is None else live.settings.key.blank_out,
    )
    _panels.add(panel)
    return panel


def watch_of(run: Shown) -> Watch:
    """Return where a screen looks at a run: in this process where it drives the run, else in the ledger."""
    live = run._live  # noqa: SLF001 - as above
    return RecordWatch(*_key(run)) if live is None else LiveWatch(live)


def bring_up_to_date(run: Shown) -> None:
    """Let this run's panels show at once how it stands, no cell waiting for it any more.

    A notebook that is run without a screen hears only what belongs to the cell at work: of an end that was
    shown between two cells it would keep the words of the beginning.
    """
    for panel in _panels_of(run):
        panel.waited_for("")
        panel.refresh(again=True)


def opening(run: Shown) -> str:
    """Return the call that opens a run again, in any process."""
    ledger, run_id = _key(run)
    place = f", ledger={ledger.name!r}" if ledger.name != place_of().name else ""
    return f"mg.open_run({run_id!r}{place})"


def _key(run: Shown) -> tuple[Ledger, str]:
    return run._ledger, run._run_id  # noqa: SLF001 - as above


def _panels_of(run: Shown) -> list["RunPanel"]:
    ledger, run_id = _key(run)
    return [one for one in list(_panels) if (one.ledger.name, one.run_id) == (ledger.name, run_id)]


def _is_under_this_cell(run: Shown) -> bool:
    cell = current_cell()
    ledger, run_id = _key(run)
    return cell is not None and _under["cell"] == cell and (ledger.name, run_id) in _under["runs"]


def _note_under_this_cell(run: Shown) -> None:
    cell = current_cell()
    if _under["cell"] != cell:
        _under.update(cell=cell, runs=set())
    ledger, run_id = _key(run)
    _under["runs"].add((ledger.name, run_id))
