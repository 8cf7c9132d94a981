"""`migma-nb preview`: messages as their recipients will see them, and a page that is safe to open."""

import json
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from migma_nb.cli.exits import Exit

Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def look(send: list[str], folder: Path) -> list[str]:
    """Return the beginning of a preview, of a list with a slip in it and a broken address."""
    (folder / "people.csv").write_text(
        "email,name\nann@acme.org,Ann\nbob@gmial.com,Bob\nbroken@,Cy\nann@acme.org,Ann\n"
    )
    return ["preview", *send[1:], "--project=p"]


def test_the_first_message_is_shown_with_its_sender_and_text(here: Here, look: list[str]) -> None:
    """Nothing is sent and nothing has to be confirmed."""
    found = here(*look)
    assert (Exit.FINE, "") == (found.returncode, found.stderr)
    for words in ("Acme <billing@acme.example>", "ann@acme.org", "Hello Ann"):
        assert words in found.stdout
    assert "Bob" not in found.stdout


@pytest.mark.parametrize(
    ("option", "rows"),
    [
        (["--row=1"], [1]),
        (["--rows=2,0"], [2, 0]),
        (["--find=BOB"], [1]),
        (["--problems"], [0, 1, 2, 3]),
        (["--problems", "--most=1"], [0]),
    ],
)
def test_rows_are_chosen_by_number_by_text_and_by_problem(
    here: Here, look: list[str], option: list[str], rows: list[int]
) -> None:
    """In the order asked for; a row that will not be mailed says so."""
    told = json.loads(here(*look, *option, "--json").stdout)
    assert rows == [one["row"] for one in told["messages"]]
    states = {0: None, 1: None, 2: "invalid", 3: "duplicate"}
    assert [states[row] for row in rows] == [one["state"] for one in told["messages"]]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--row=9"], "no row 9"),
        (["--rows=1,x"], "no list of rows"),
        (["--find=nobody at all"], "No row has"),
        (["--row=0", "--problems"], "both say which rows"),
    ],
)
def test_rows_that_are_not_there_are_said(here: Here, look: list[str], option: list[str], words: str) -> None:
    """In one sentence."""
    found = here(*look, *option)
    assert (Exit.BAD_INPUT, True) == (found.returncode, words in found.stderr)


def test_a_list_alone_has_no_message(here: Here) -> None:
    """What is missing is named."""
    found = here("preview", "people.csv")
    assert Exit.BAD_INPUT == found.returncode
    assert "--template" in found.stderr


class Page(HTMLParser):
    """Collects a page's tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))


def test_the_page_is_safe_to_open(here: Here, look: list[str], folder: Path) -> None:
    """Mails stand in frames without any right, under a policy that comes first; the page runs nothing."""
    (folder / "mail.html").write_text(
        "<p>Hello {{name}}</p><script>steal()</script><img src='https://spy.example/x'>"
        "<iframe src='//e.x'></iframe>"
    )
    (folder / "people.csv").write_text('email,name\nann@acme.org,"</iframe><script>go()</script>"\n')
    assert Exit.FINE == here(*look, "--html=out.html").returncode
    page = Page((folder / "out.html").read_text(encoding="utf-8"))
    names = [tag for tag, _ in page.tags]
    assert {"script", "img", "link", "form", "object", "embed"}.isdisjoint(names)
    policy = next(attributes for tag, attributes in page.tags if "http-equiv" in attributes)
    assert "default-src 'none'" in (policy["content"] or "")
    assert names.index("meta") < names.index("iframe")
    frames = [attributes for tag, attributes in page.tags if tag == "iframe"]
    assert [("", True)] == [(one["sandbox"] or "", "src" not in one) for one in frames]
    inside = Page(frames[0]["srcdoc"] or "")
    assert "Content-Security-Policy" == inside.tags[0][1]["http-equiv"]
    assert "iframe" not in [tag for tag, _ in inside.tags]
