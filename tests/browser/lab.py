"""A real JupyterLab as a person has it in front of them: a page, and what can be seen and done in it."""

import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.browser.kernels import NEWEST, Kernel
from tests.browser.server import PATIENCE_MS, LabServer

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Request, ViewportSize, WebSocket

#: At less than 1280 pixels Lab's status bar leaves out what the kernel does.
VIEWPORT: "ViewportSize" = {"width": 1440, "height": 900}
_LOOK_EVERY_MS = 100
#: How often a page is loaded before its widgets are given up, and how long each load waits for them.
_MOST_LOADS, _WIDGETS_MS = 5, 30_000
_WIDGETS = """() => {
    const outputs = [...document.querySelectorAll(".jp-Notebook .jp-OutputArea-output")];
    if (!outputs.length || outputs.some(one => one.textContent === "Loading widget...")) { return "loading"; }
    return outputs.some(one => one.classList.contains("jupyter-widgets")) ? "lost" : "there";
}"""
_CELL = "jupyterapp.shell.currentWidget.content.widgets[{}]"


class Lab:
    """One page of JupyterLab with one notebook at a time.

    Args:
        page: the browser's page.
        server: whose Lab it shows.
        kernel: what its notebooks run on.
    """

    def __init__(self, page: "Page", server: LabServer, kernel: Kernel = NEWEST) -> None:
        self.page = page
        self.server = server
        self.kernel = kernel
        self.elsewhere: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.context.on("requestfinished", self._note)
        page.context.on("requestfailed", self._note_unless_forbidden)
        page.on("websocket", self._note)
        # Whether to leave a page with unsaved changes: yes.
        page.on("dialog", lambda dialog: dialog.accept())

    def write(self, name: str, cells: Sequence[str]) -> "Path":
        """Write a notebook of code cells into the server's folder."""
        return self.server.write(name, cells, self.kernel)

    def copy(self, notebook: "Path") -> "Path":
        """Copy a notebook into the server's folder."""
        return self.server.copy(notebook, self.kernel)

    def open(self, name: str) -> None:
        """Open a notebook of the server's folder in a workspace of its own, and wait for its kernel."""
        workspace = secrets.token_hex(4)
        self.page.goto(f"{self.server.url}/lab/workspaces/{workspace}/tree/{name}?token={self.server.token}")
        self.page.get_by_text("| Idle").wait_for()
        self.page.evaluate("jupyterapp.shell.collapseLeft()")

    def reload(self, *, lost: bool = False) -> None:
        """Load the page anew, as it was saved, and wait until it has found its kernel and its widgets again.

        Lab gives a kernel four seconds to tell of its widgets, which on a busy machine may not do: then the
        page is loaded once more, as a person would.

        Args:
            lost: whether the kernel has no widgets to tell of.
        """
        self.save()
        for _ in range(_MOST_LOADS):
            self.page.reload()
            self.page.get_by_text("| Idle").wait_for()
            if lost or self._has_its_widgets():
                return
        raise AssertionError("the page does not find its widgets")

    def _has_its_widgets(self) -> bool:
        """Wait for the page's widgets, and say whether all of them came."""
        for _ in range(_WIDGETS_MS // _LOOK_EVERY_MS):
            stand = self.page.evaluate(_WIDGETS)
            if stand != "loading":
                return bool(stand == "there")
            self.page.wait_for_timeout(_LOOK_EVERY_MS)
        return False

    def restart_kernel(self, *, run_all: bool = False) -> None:
        """Restart the kernel as the menu does, the question answered; all that it had in mind is gone.

        Args:
            run_all: also run every cell, and wait for the last one's end.
        """
        name = "notebook:restart-run-all" if run_all else "notebook:restart-kernel"
        self.page.evaluate("name => { window.asked = jupyterapp.commands.execute(name); }", name)
        self.page.get_by_role("dialog").locator("button.jp-mod-accept").click()
        self.page.evaluate("() => window.asked.then(() => null)")
        self.page.get_by_text("| Idle").wait_for()

    def command(self, name: str, **args: Any) -> None:
        """Carry out a command of Lab, and wait until Lab says that it is done."""
        self.page.evaluate("([name, args]) => jupyterapp.commands.execute(name, args)", [name, args])

    def run_all(self) -> None:
        """Run every cell, and wait for the last one's end."""
        self.command("notebook:run-all-cells")
        self.page.get_by_text("| Idle").wait_for()

    def add(self, source: str) -> int:
        """Add a code cell at the end, and return its position."""
        script = """source => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.model.sharedModel.addCell({cell_type: "code", source});
            return notebook.widgets.length - 1;
        }"""
        return int(self.page.evaluate(script, source))

    def begin(self, cell: int) -> None:
        """Set a cell (from 0) going, and return at once."""
        # The number of an earlier run is taken away, so that nobody takes that one's end for this one's.
        script = """index => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = index;
            notebook.widgets[index].model.executionCount = null;
            void jupyterapp.commands.execute('notebook:run-cell');
        }"""
        self.page.evaluate(script, cell)

    def await_end(self, cell: int) -> None:
        """Wait until a cell that was begun has ended."""
        model = f"{_CELL.format(cell)}.model"
        script = f"() => {model}.executionState === 'idle' && {model}.executionCount !== null"
        self.page.wait_for_function(script)

    def run(self, cell: int) -> list[dict[str, Any]]:
        """Run a cell to its end, and return its outputs."""
        self.begin(cell)
        self.await_end(cell)
        return self.outputs(cell)

    def interrupt(self) -> None:
        """Press the toolbar's ■."""
        self.page.locator("[data-command='notebook:interrupt-kernel']").first.click()

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """Return a cell's outputs as a saved notebook has them."""
        found: list[dict[str, Any]] = self.page.evaluate(f"{_CELL.format(cell)}.model.outputs.toJSON()")
        return found

    def text(self, cell: int) -> str:
        """Return what a cell printed."""
        return "".join(_joined(out["text"]) for out in self.outputs(cell) if out["output_type"] == "stream")

    def seen(self, cell: int) -> "Locator":
        """Return a cell's outputs as they stand on the screen, those left out that are not to be seen."""
        whole = self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputWrapper")
        return whole.locator(".jp-OutputArea-child:visible")

    def until(self, happens: Callable[[], object], what: str) -> None:
        """Look again and again until something has happened, while the page goes on.

        Raises:
            AssertionError: it has not; `what` says what is wrong then.
        """
        for _ in range(PATIENCE_MS // _LOOK_EVERY_MS):
            if happens():
                return
            self.page.wait_for_timeout(_LOOK_EVERY_MS)
        raise AssertionError(what)

    def upload(self, button: "Locator", path: "Path") -> None:
        """Press a button that asks for a file, and choose one."""
        with self.page.expect_file_chooser() as asked:
            button.click()
        asked.value.set_files(path)

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def _note(self, what: "Request | WebSocket") -> None:
        parts = urlsplit(what.url)
        if parts.hostname is not None and f"http://{parts.netloc}" != self.server.url:
            self.elsewhere.append(what.url)

    def _note_unless_forbidden(self, request: "Request") -> None:
        """Leave out what the frame's own policy kept from leaving: Chromium reports that as failed, too."""
        if request.failure != "csp":
            self._note(request)


def errors_of(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the outputs that are errors."""
    return [out for out in outputs if out["output_type"] == "error"]


def counts_in(label: str) -> dict[str, int]:
    """Return the counts by state that the label of a panel's bar tells, such as "1,204 accepted"."""
    pairs = (part.split(" ") for part in label.split(", ") if part)
    return {state: int(count.replace(",", "")) for count, state in pairs}


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
