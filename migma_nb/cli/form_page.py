"""`migma-nb form`: the form alone as a web page of this machine, for somebody who does not program."""

import contextlib
import importlib.util
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migma_nb.api.errors import ConfigurationError, InputError
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.lists import list_of, reading_of
from migma_nb.cli.screen import say
from migma_nb.ledger.places import place_of
from migma_nb.notebook.form_expressions import expression
from migma_nb.planning.content import template_text
from migma_nb.planning.paths import current_folder
from migma_nb.surface.client import Migma

#: What the form may begin with: the command's parameters that are arguments of `mg.plan`.
_ARGUMENTS = ("mailing", "sender", "subject", "template", "project_id", "transactional")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page is to be.

    `file` is the list, None where the page asks for it, and `reading` how it is read; `given` are arguments
    of `mg.plan` to begin with; `client` those of `mg.Migma`, None for a rehearsal; `port` 0 takes any free
    one.
    """

    file: Path | None
    given: Mapping[str, Any]
    client: Mapping[str, Any] | None
    ledger: str | None
    port: int
    reading: Mapping[str, Any] = field(default_factory=dict)


def page_of(typed: Mapping[str, Any]) -> Page:
    """Return what was typed, checked as far as it can be before anybody opens the page.

    Raises:
        InputError: an option has no meaning here, or a file cannot be read.
        ConfigurationError: no API key was found for a live page.
    """
    file: Path | None = typed["file"]
    if typed["base_url"] and not typed["live"]:
        raise InputError(
            "A rehearsal brings its own server, so --base-url has no meaning in it.",
            hint="Add --live to send there, or leave --base-url out.",
        )
    given = {name: typed[name] for name in _ARGUMENTS if typed[name] is not None}
    reading = reading_of(typed)
    if file is not None:
        list_of(file, reading)
    if "template" in given:
        template_text(given["template"])
    client = None
    if typed["live"]:
        client = {name: typed[name] for name in ("base_url", "account", "rate") if typed[name] is not None}
        Migma(**client)
    if typed["ledger"] is not None:
        place_of(typed["ledger"])
    return Page(
        file=file,
        given=given,
        client=client,
        ledger=typed["ledger"],
        port=typed["port"],
        reading=reading,
    )


@answered
def serve(typed: Mapping[str, Any]) -> Exit:
    """Serve the form until SIGINT or SIGTERM.

    Args:
        typed: the command's parameters by name.
    """
    if any(importlib.util.find_spec(name) is None for name in ("voila", "ipywidgets")):
        raise ConfigurationError("The page needs voila.", hint="Run: pip install 'migma-nb[form]'")
    page = page_of(typed)
    from migma_nb.cli import page_end, voila_page  # noqa: PLC0415 - voila is an extra

    here = current_folder()
    if here is None:
        raise InputError("The current folder is not there any more.", hint="Go to one that is: cd.")
    token, port = secrets.token_urlsafe(24), _free_port(page.port)
    with _ledger(page.ledger), tempfile.TemporaryDirectory(prefix="migma_nb-form-") as folder:
        notebook, runs = Path(folder) / "form.ipynb", Path(folder) / "runs"
        notebook.write_text(json.dumps(notebook_of(page, here)), encoding="utf-8")
        runs.mkdir()

        def ready() -> None:
            rehearsal = "REHEARSAL on a sandbox of this machine: nobody real is mailed; --live mails people."
            live = "LIVE: whoever has this address can mail real people."
            say(rehearsal if page.client is None else live, bold=True)
            say(f"http://127.0.0.1:{port}/?token={token}", whole=True)
            say("Open that address in a browser of this machine. Ctrl-C ends the page, and what it sends.")

        voila_page.run(
            notebook, port=port, token=token, runs=runs, ready=ready, drain=lambda: page_end.drain(runs)
        )
    say("Ended.")
    return Exit.FINE


def notebook_of(page: Page, folder: Path) -> dict[str, Any]:
    """Return a notebook that shows the form and nothing else; no key is in it.

    Args:
        page: what the form is to begin with.
        folder: where the files are looked for.
    """
    parts = [expression(page.file)]
    if page.client is not None:
        client = ", ".join(f"{name}={expression(value)}" for name, value in page.client.items())
        parts.append(f"mg.Migma({client})")
    parts += [f"reading={expression(page.reading)}"] if page.reading else []
    parts += [f"{name}={expression(value)}" for name, value in page.given.items()]
    lines = (
        "import os",
        "from pathlib import Path",
        "import migma_nb as mg",
        "from migma_nb.surface.form import page_form",
        f"os.chdir({expression(os.fspath(folder))})",
        f"page_form({', '.join(parts)})",
    )
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "form",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": "\n".join(lines),
    }
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": [cell]}


@contextlib.contextmanager
def _ledger(place: str | None) -> Iterator[None]:
    """Let the page's kernels use a ledger: by the environment, since its address may hold a password."""
    before = os.environ.get("MIGMA_LEDGER")
    if place is not None:
        os.environ["MIGMA_LEDGER"] = place
    try:
        yield
    finally:
        if place is not None:
            del os.environ["MIGMA_LEDGER"]
            if before is not None:
                os.environ["MIGMA_LEDGER"] = before


def _free_port(wanted: int) -> int:
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise InputError(
                f"The page cannot be served at port {wanted}: {error.strerror}.",
                hint="Leave --port out for a free one.",
            ) from None
        return int(found.getsockname()[1])
