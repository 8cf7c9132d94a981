"""A notebook as a page of the loopback, by voila: with a token, and with nothing fetched from elsewhere."""

import logging
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from jupyter_core.utils import run_sync
from tornado import ioloop, web
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from migma_nb.cli.page_kernels import PageKernels

#: What the page may load and call: itself. voila's own page asks a CDN for icons, which this forbids.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
#: A socket's path may have 107 characters, of which a kernel's own name takes most.
_LONGEST_FOLDER = 32
#: A kernel lets what is in flight come back before it ends; nobody waits for it longer than this (seconds),
#: and half as long before it is told again.
_PATIENCE_S = 80.0
#: The dark theme over the light one, on a dark system; what else goes by the theme follows at once.
_DARK = """<link rel="stylesheet" type="text/css" href="{css}" media="(prefers-color-scheme: dark)">
<meta name="color-scheme" content="light dark">
<script>
(() => {{
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {{
    const data = document.body.dataset;
    data.jpThemeLight = String(!dark.matches);
    data.jpThemeName = dark.matches ? "JupyterLab Dark" : "JupyterLab Light";
    document.body.classList.toggle("theme-dark", dark.matches);
    document.body.classList.toggle("theme-light", !dark.matches);
  }};
  dark.addEventListener("change", follow);
  document.addEventListener("DOMContentLoaded", follow);
}})();
</script>
</head>"""


class _OnlyByToken(TornadoVoilaHandler):  # type: ignore[misc]  # voila has no types
    """The page itself, which asks nobody to log in: who has no token is refused."""

    def get_login_url(self) -> str:
        raise web.HTTPError(403, reason="Forbidden: open the address with its token")

    async def get_generator(self, *args: Any, **kwargs: Any) -> AsyncIterator[str]:
        """Yield the page's pieces; it follows the system's theme, where its address asks for none."""
        dark = _DARK.format(css=f"{self.base_url}voila/static/theme-dark.css")
        async for piece in super().get_generator(*args, **kwargs):
            yield piece if self.get_argument("theme", None) else piece.replace("</head>", dark, 1)


class _FormPage(Voila):  # type: ignore[misc]  # voila has no types
    """voila with our page in it; other people's settings of voila do not count."""

    ready: Callable[[], None]
    drain: Callable[[], None]

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Read no configuration: a template or an extension of somebody else's may fetch anything."""
        del args, kwargs

    def init_handlers(self) -> list[Any]:
        """Return voila's handlers without its own page, its form to log in, and its way to end kernels."""
        handlers = []
        for pattern, handler, *rest in super().init_handlers():
            if not any(one in pattern for one in ("/login", "/logout", "/api/shutdown/")):
                handlers.append((pattern, _OnlyByToken if handler is TornadoVoilaHandler else handler, *rest))
        return handlers

    def listen(self) -> None:
        """Serve; say so once the socket listens."""
        ioloop.IOLoop.current().add_callback(self.ready)
        super().listen()

    def stop(self) -> None:
        """Let what is being sent come back, then end the kernels."""
        try:
            self.drain()
            # They are reached through files of this folder, which voila would take away first.
            run_sync(self.kernel_manager.shutdown_all)()
        finally:
            shutil.rmtree(self.connection_dir, ignore_errors=True)


def run(
    notebook: Path,
    *,
    port: int,
    token: str,
    runs: Path,
    ready: Callable[[], None],
    drain: Callable[[], None],
) -> None:
    """Serve a notebook on the loopback until SIGINT or SIGTERM; each opening is a kernel of its own.

    Args:
        notebook: the notebook's file.
        port: a port that is free.
        token: what a browser must show.
        runs: a folder, in which each kernel notes what it sends.
        ready: called once the page can be opened.
        drain: called before the kernels end; it waits until nothing is being sent.
    """
    logging.getLogger("tornado").setLevel(logging.ERROR)
    # Without ports of their own the kernels are out of other users' reach; a socket's path has little room.
    by_file = sys.platform == "linux" and len(tempfile.gettempdir()) <= _LONGEST_FOLDER
    settings = {
        "KernelManager": {
            "transport": "ipc" if by_file else "tcp",
            "shutdown_wait_time": _PATIENCE_S,
        },
        "PageKernels": {"runs": str(runs)},
        "Voila": {
            "ip": "127.0.0.1",
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "token": token,
            "root_dir": str(notebook.parent),
            "tornado_settings": {"headers": {"Content-Security-Policy": _POLICY}},
            "log_level": logging.ERROR,
        },
        "VoilaConfiguration": {
            "show_tracebacks": False,
            "preheat_kernel": False,
            "multi_kernel_manager_class": PageKernels,
        },
    }
    app = _FormPage(config=Config(settings))
    app.ready, app.drain = ready, drain
    app.initialize([str(notebook)])
    app.start()
