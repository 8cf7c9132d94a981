"""Cards on a page that keeps only sanitized HTML, or only the text: what charts show is there in words."""

import re
from html import unescape
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.api.states import RunState, State
from migma_nb.ledger.timeline import Timeline
from migma_nb.notebook.lost import lost
from migma_nb.notebook.run_card import run_html
from migma_nb.sending.fates import Fates
from migma_nb.sending.summary import RunFacts

#: What the strictest keep of a notebook's HTML: no block, no table, no style, no picture of our own making.
_KEPT = ("b", "br", "code", "p", "pre")
NOW = 1_789_996_800.0


def stripped(html: str) -> str:
    """Return a card as such a page has it."""
    bleach = pytest.importorskip("bleach")
    return str(bleach.clean(html, tags=frozenset(_KEPT), attributes={}, strip=True))


def read(html: str) -> str:
    """Return what somebody reads there."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_a_plan_is_read_without_its_charts() -> None:
    """Numbers, states and problems stand in words, and no two run into one another."""
    people = pd.DataFrame({"email": ["ann@acme.org", "no address", "ann@acme.org"]})
    plan = mg.plan(
        people,
        mailing="m",
        sender="A <a@b.example>",
        subject="Hi",
        template="<p>x</p>",
        project_id="p",
        transactional=True,
    )
    shown = read(stripped(plan._repr_html_()))
    assert "1 person of 3 rows 1 ready, 1 invalid, 1 duplicate" in shown
    assert "Problems: 1 error in 1 row, 2 warnings in 2 rows" in shown
    assert "error 1 × invalid_email Row 1:" in shown
    assert "warning 2 × duplicate_recipient Row 0:" in shown


def test_a_run_is_read_without_its_charts() -> None:
    """What became of the rows, when, and how far the mails came."""
    fields: dict[str, Any] = {
        "run_id": "r",
        "mailing": "m",
        "server": "https://api.example",
        "sandbox": False,
        "state": RunState.FINISHED,
        "detail": "",
        "ledger": "l",
        "batches": 0,
        "counts": {State.ACCEPTED: 1_510, State.REFUSED: 4},
    }
    timeline = Timeline(NOW, 60.0, {State.ACCEPTED: (10, 1_000, 0, 500), State.REFUSED: (0, 4, 0, 0)})
    fates = Fates(NOW, mails=1_510, words={"delivered": 1_500}, delivered=1_500, opened=9, clicked=1)
    shown = read(stripped(run_html(RunFacts(**fields, timeline=timeline, fates=fates))))
    assert "1,510 accepted the API took it 4 refused the API said no" in shown
    assert "Mails over time 2026-09-21, UTC 13:20 at most 1,004 in a minute 13:24" in shown
    assert "1,510 accepted, 4 refused" in shown
    for stage in ("planned 1,514", "delivered 1,500 99 % of accepted", "opened 9 <1 % of delivered"):
        assert stage in shown.replace("&lt;", "<")


def test_what_is_left_without_a_kernel_is_read_as_words_alone() -> None:
    """It is hidden by styles, which such a page has none of; no style is read in their place."""
    html = lost("Run <code>r-1</code>", "'m' was running", "These lines:", ["mg.open_run('r-1')"])[
        "text/html"
    ]
    shown = read(stripped(html))
    assert "Run r-1 'm' was running These lines: mg.open_run('r-1')" == unescape(shown)


def test_nothing_is_lost_where_only_text_is_kept() -> None:
    """The text of the same output has the same numbers."""
    with mg.Sandbox() as sandbox:
        people = [f"p{n}@acme.org" for n in range(5)]
        run = mg.plan(
            [{"email": one} for one in people],
            mailing="m",
            sender="A <a@b.example>",
            subject="Hi",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        ).send(sandbox.client(), progress=False)
    assert "5 of 5 people mailed" in read(stripped(run._repr_html_()))
    assert "5 of 5 people mailed" in repr(run)
