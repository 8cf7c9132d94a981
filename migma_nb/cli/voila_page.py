"""A notebook as a page of the loopback, by voila: with a token, and with nothing fetched from elsewhere."""

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado import ioloop, web
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

#: What the page may load and call: itself. voila's own page asks a CDN for icons, which this forbids.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
#: A socket's path may have 107 characters, of which a kernel's own name takes most.
_LONGEST_FOLDER = 32


class _OnlyByToken(TornadoVoilaHandler):  # type: ignore[misc]  # voila has no types
    """The page itself, which asks nobody to log in: who has no token is refused."""

    def get_login_url(self) -> str:
        raise web.HTTPError(403, reason="Forbidden: open the address with its token")


class _FormPage(Voila):  # type: ignore[misc]  # voila has no types
    """voila with our page in it; other people's settings of voila do not count."""

    ready: Callable[[], None]

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Read no configuration: a template or an extension of somebody else's may fetch anything."""
        del args, kwargs

    def init_handlers(self) -> list[Any]:
        """Return voila's handlers without its own page and its form to log in."""
        handlers = []
        for pattern, handler, *rest in super().init_handlers():
            if "/login" not in pattern and "/logout" not in pattern:
                handlers.append((pattern, _OnlyByToken if handler is TornadoVoilaHandler else handler, *rest))
        return handlers

    def listen(self) -> None:
        """Serve; say so once the socket listens."""
        ioloop.IOLoop.current().add_callback(self.ready)
        super().listen()


def run(notebook: Path, *, port: int, token: str, ready: Callable[[], None]) -> None:
    """Serve a notebook on the loopback until SIGINT or SIGTERM; each opening is a kernel of its own.

    Args:
        notebook: the notebook's file.
        port: a port that is free.
        token: what a browser must show.
        ready: called once the page can be opened.
    """
    logging.getLogger("tornado").setLevel(logging.ERROR)
    # Without ports of their own the kernels are out of other users' reach; a socket's path has little room.
    by_file = sys.platform == "linux" and len(tempfile.gettempdir()) <= _LONGEST_FOLDER
    settings = {
        "KernelManager": {"transport": "ipc" if by_file else "tcp"},
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
        "VoilaConfiguration": {"show_tracebacks": False, "preheat_kernel": False},
    }
    app = _FormPage(config=Config(settings))
    app.ready = ready
    app.initialize([str(notebook)])
    app.start()
