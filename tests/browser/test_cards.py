"""Cards on pages without Lab: what nbconvert makes of a notebook, and a host that strips most of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.api.states import RunState, State
from migma_nb.ledger.timeline import Timeline
from migma_nb.notebook.run_card import run_html, run_text
from migma_nb.planning.samples import sample_path
from migma_nb.sending.fates import Fates
from migma_nb.sending.summary import RunFacts
from tests.browser.accessible import assert_accessible
from tests.browser.screens import ARTEFACTS, WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NOW = 1_789_996_800.0
_ACCEPTED = tuple(0 if 20 < at < 24 else 900 + at % 7 * 15 for at in range(52))
_REFUSED = tuple(0 if 20 < at < 24 else at % 5 * 9 for at in range(52))
_WORDS = {"delivered": 25_390, "opened": 13_798, "clicked": 2_512, "bounced": 488, "suppressed": 90}
#: Everything that can stand on a run's card at once.
FULL: dict[str, Any] = {
    "run_id": "20261124-160111-70bb2a",
    "mailing": "2026-11 renewal notice",
    "server": "https://api.example",
    "sandbox": False,
    "state": RunState.HALTED,
    "detail": "The API key is not valid any more. Make a new one in the dashboard.",
    "ledger": "/home/ann/.local/share/migma_nb/ledger.sqlite3",
    "batches": 0,
    "has_log": True,
    "counts": {State.ACCEPTED: sum(_ACCEPTED), State.REFUSED: sum(_REFUSED), State.NOT_SENT: 1_200},
    "rows": [{"state": State.REFUSED, "reason": "refused", "detail": "suppressed"}] * sum(_REFUSED),
    "timeline": Timeline(NOW, 60.0, {State.ACCEPTED: _ACCEPTED, State.REFUSED: _REFUSED}),
    "fates": Fates(
        NOW, mails=sum(_ACCEPTED), words=_WORDS, delivered=43_000, opened=16_310, clicked=2_512, pending=9
    ),
}
_CARDS = "[...document.querySelectorAll('.jp-OutputArea-output > div')]"
#: Of each card: how far anything in it sticks out, and the height of its tallest picture.
_MEASURED = f"""() => {_CARDS}.map(card => {{
    const right = card.getBoundingClientRect().right;
    const parts = [...card.querySelectorAll('*')].filter(part => !part.closest('svg *'));
    const pictures = [...card.querySelectorAll('svg')].map(one => one.getBoundingClientRect());
    return [
        Math.max(...parts.map(part => part.getBoundingClientRect().right - right)),
        Math.max(...pictures.map(one => one.height)),
        Math.min(...pictures.map(one => one.width)),
    ];
}})"""


@pytest.fixture(scope="module")
def cards() -> list[tuple[str, str, str]]:
    """Return the name, the HTML and the text of a card of each kind."""
    people = mg.read_recipients(sample_path("people.csv"))
    plan = mg.plan(
        people,
        mailing="2026-11 renewal notice",
        sender="Acme Billing <billing@acme.example>",
        subject="{{first_name}}, your plan renews on {{renews_on}}",
        template=sample_path("renewal.html"),
        project_id="demo",
        transactional=True,
        defaults={"first_name": "there"},
    )
    imported = mg.plan_import(pd.DataFrame(people), tag="2026-12 offer")
    full = RunFacts(**FULL)
    with mg.Sandbox() as sandbox:
        run = plan.send(sandbox.client(), skip_invalid=True, progress=False)
        shown: list[tuple[str, Any]] = [("plan", plan), ("run", run), ("import", imported)]
        made = [(name, one._repr_html_(), repr(one)) for name, one in shown]
    return [*made, ("full", run_html(full), run_text(full))]


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """Open an empty page."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_can_be_read_on_a_page_of_nbconvert(
    page: "Page", cards: list[tuple[str, str, str]], theme: str, tmp_path: Path
) -> None:
    """In both themes and at both widths nothing sticks out, and no chart is stretched or lost."""
    path = tmp_path / "page.html"
    path.write_text(converted(cards, theme=theme), encoding="utf-8")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path.as_uri())
        measured = page.evaluate(_MEASURED)
        assert len(cards) == len(measured)
        for sticks_out, tallest, narrowest in measured:
            assert sticks_out <= 0
            assert 8 <= tallest <= 50
            assert narrowest >= 40
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"cards-nbconvert-{theme}-{width}.png", full_page=True)
    assert_accessible(page, ".jp-OutputArea-output")


def test_where_styles_and_pictures_are_stripped_the_words_remain(
    page: "Page", cards: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    """As many code hosts show a notebook: no picture is left, and what it showed is read beside it."""
    path = tmp_path / "page.html"
    path.write_text(converted(cards, stripped=True), encoding="utf-8")
    page.set_viewport_size({"width": 600, "height": 900})
    page.goto(path.as_uri())
    assert 0 == page.locator(".jp-OutputArea-output svg").count()
    shown = " ".join(page.locator("body").inner_text().split())
    for words in ("481 ready, 8 invalid, 11 duplicate", "7 × invalid_email", "at most 1,026 in a minute"):
        assert words in shown
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "cards-stripped-light-600.png", full_page=True)


def converted(cards: list[tuple[str, str, str]], theme: str = "light", *, stripped: bool = False) -> str:
    """Return the page that nbconvert makes of a notebook with these outputs."""
    nbformat, nbconvert = pytest.importorskip("nbformat"), pytest.importorskip("nbconvert")
    made = nbformat.v4
    cells = [
        made.new_code_cell(
            name,
            execution_count=1,
            outputs=[
                made.new_output("execute_result", {"text/html": html, "text/plain": text}, execution_count=1)
            ],
        )
        for name, html, text in cards
    ]
    notebook = made.new_notebook(cells=cells)
    if stripped:
        sanitize = pytest.importorskip("nbconvert.preprocessors.sanitize")
        notebook, _ = sanitize.SanitizeHTML(enabled=True, strip=True).preprocess(notebook, {})
    page, _ = nbconvert.HTMLExporter(theme=theme).from_notebook_node(notebook)
    return str(page)
