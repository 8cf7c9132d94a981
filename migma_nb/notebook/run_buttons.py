"""A run's buttons: there only where somebody hears them, saying what they asked for until it is so."""

from collections.abc import Callable
from typing import Any, Protocol

import ipywidgets as widgets

from migma_nb.api.states import LIVE_STATES, RunState
from migma_nb.ledger.control import Wish
from migma_nb.notebook.cells import CellWatch
from migma_nb.notebook.lines import safe
from migma_nb.notebook.looks import on_press, row
from migma_nb.notebook.notices import Notices
from migma_nb.sending.glance import Glance

#: A cell that has been running for so long (seconds) keeps buttons from being heard.
LONG_CELL_S = 0.5
_BUSY = "A cell is running; the buttons can be pressed once it has ended."
_ASKED = {Wish.STOP: "Stopping …", Wish.PAUSE: "Pausing …", Wish.RUN: "Going on …"}
_STOP = "Stop", "Begin no new row; what is in flight is finished"
#: Once every call is made; nobody can call back a batch.
_LOOK_AWAY = "Stop following", "The server goes on with the batch that it took"
_DONE = {Wish.PAUSE: RunState.PAUSED, Wish.RUN: RunState.RUNNING}


class Steered(Protocol):
    """What the buttons do: the same that a person would type."""

    def pause(self) -> None:
        """Begin no new row until `resume`."""

    def resume(self) -> None:
        """Go on after a pause."""

    def stop(self) -> None:
        """Begin no new row."""


class RunButtons:
    """Pause or resume, and stop; `widget` is their row.

    Args:
        steered: what they do; None where nothing can be asked of the run.
        notices: shows what goes wrong in them.
    """

    def __init__(self, steered: Steered | None, notices: Notices) -> None:
        #: What is said in place of the buttons while a cell waits for the run; "" while none does.
        self.stopping = ""
        self._steered = steered
        self._cells = CellWatch()
        self._asked: Wish | None = None
        self._paused = False
        # Two buttons, of which one is there: a second click on Pause, on its way while the first one is
        # heard, must never be taken for Resume.
        self._pause = _button("Pause", "mnb-run-pause", notices.guard(self._pressed_pause))
        self._pause.tooltip = "Begin no new row until you resume"
        self._resume = _button("Resume", "mnb-run-resume", notices.guard(self._pressed_resume))
        self._resume.tooltip = "Go on with what is left"
        self._stop = _button("Stop", "mnb-run-stop", notices.guard(self._pressed_stop))
        self._hint = widgets.HTML()
        self._hint.add_class("mnb-run-hint")
        self.widget = row(self._pause, self._resume, self._stop, self._hint)

    def show(self, found: Glance) -> None:
        """Show what can be done now.

        Args:
            found: how the run stands.
        """
        self._paused = found.state is RunState.PAUSED
        if self._asked is not None and _DONE.get(self._asked) is found.state:
            self._asked = None
        heard = self._steered is not None and not self.stopping
        busy = self._cells.running_s() > LONG_CELL_S
        ending = Wish.STOP in (self._asked, found.pacing.wanted)
        going = found.state in LIVE_STATES
        self._stop.description, self._stop.tooltip = _STOP if going else _LOOK_AWAY
        self._pause.layout.display = None if heard and going and not self._paused else "none"
        self._resume.layout.display = None if heard and going and self._paused else "none"
        self._stop.layout.display = None if heard else "none"
        self._pause.disabled = self._resume.disabled = busy or ending or self._asked is not None
        self._stop.disabled = busy or ending
        self._say(self.stopping or (_BUSY if heard and busy else ""))

    def _pressed_pause(self) -> None:
        if self._steered is not None:
            self._steered.pause()
            self._await(Wish.PAUSE)

    def _pressed_resume(self) -> None:
        if self._steered is not None:
            self._steered.resume()
            self._await(Wish.RUN)

    def _pressed_stop(self) -> None:
        if self._steered is None:
            return
        self._steered.stop()
        self._await(Wish.STOP)

    def _await(self, wish: Wish) -> None:
        self._asked = wish
        self._pause.disabled = self._resume.disabled = True
        self._stop.disabled = self._stop.disabled or wish is Wish.STOP
        self._say("")

    def _say(self, words: str) -> None:
        said = words or ("" if self._asked is None else _ASKED[self._asked])
        html = f'<span role="status">{safe(said, 200)}</span>'
        if self._hint.value != html:
            self._hint.value = html


def _button(name: str, css: str, pressed: Callable[[], Any]) -> Any:
    made = widgets.Button(description=name, layout=widgets.Layout(width="auto", min_width="7em"))
    made.add_class(css)
    on_press(made, pressed)
    return made
