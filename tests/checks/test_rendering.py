"""The search of all mails finds what making each of them and reading it finds, no more and no less."""

import html
import re

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.checks.lists import plan

#: What must not stand in a mail, written down here once more.
NEVER = re.compile(
    r"\{\{|\}\}|%7b%7b|%7d%7d|#ref!|#n/a|#value!|#name\?|#div/0!|#num!|#null!|\[object object\]|\ufffd",
    re.IGNORECASE,
)
STAND_INS = {"nan", "None", "#N/A", "#REF!", "[object Object]"}
UNREAD = re.compile(r"<style>.*?</style>|<!--.*?-->", re.DOTALL)

#: Made of what such texts are made of, so that they come about in every way: inside, across and between.
PIECES = [
    "{",
    "}",
    "#",
    "N/A",
    "REF",
    "!",
    "[object",
    " ",
    "Object]",
    "x",
    "%7B",
    "%7D",
    "%",
    "\ufffd",
    "nan",
    "é",
]
values = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join).filter(str.strip)
#: No text for all has what must not be read in it: that is told once, and of no row.
literals = st.lists(
    st.sampled_from(["{", "}", "#", "N", "/A", " ", "[object", "%7", "%7B", "p"]), max_size=2
).map("".join)
slots = st.sampled_from(["{{a}}", "{{b}}", "%7B%7Ba%7D%7D", "{{c}}"])


@st.composite
def texts(draw: st.DrawFn, *, unread: bool) -> str:
    """Return a text of slots and literal text, in a template with some that is unread."""
    pieces = [draw(literals)]
    for _ in range(draw(st.integers(1, 4))):
        pieces += [draw(slots), draw(literals)]
    if unread and draw(st.booleans()):
        pieces.insert(draw(st.integers(0, len(pieces))), "<style>.a{b:{{a}}}}</style>")
    return "".join(pieces)


def constant(template: str) -> str:
    """Return a text with its slots as something that no such text goes across."""
    return re.sub(r"\{\{[abc]\}\}|%7B%7B[abc]%7D%7D", "\n", UNREAD.sub(" ", template))


def reads_badly(made: object, row: int) -> bool:
    """Make a row's mail by the public preview and read it."""
    preview = made.preview(row)  # type: ignore[attr-defined]  # a plan
    body = html.unescape(UNREAD.sub(" ", preview.html or ""))
    return bool(NEVER.search(preview.subject) or NEVER.search(body))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(values, values, values), min_size=1, max_size=5),
    texts(unread=False),
    texts(unread=True),
)
@example([("{", "{", "x")], "{{a}}{{b}}", "p{{a}}")
@example([("#", "N", "/A")], "{{a}}{{b}}{{c}}", "p{{a}}")
@example([("N", "x", "x")], "#{{a}}/A", "p{{b}}")
@example([("{", "x", "x")], "p{{b}}", "%7B%7Ba%7D%7D%7B%7Ba%7D%7D")
@example([("[object", "Object]", "x")], "{{a}} {{b}}", "p{{a}}")
def test_the_search_finds_what_reading_every_mail_finds(
    rows: list[tuple[str, str, str]], subject: str, template: str
) -> None:
    """Row by row, over values and texts that are made to collide."""
    if NEVER.search(constant(subject)) or NEVER.search(constant(template)) or not subject.strip():
        return
    people = pd.DataFrame(rows, columns=["a", "b", "c"], dtype=object)
    people.insert(0, "email", [f"p{at}@acme.org" for at in range(len(rows))])
    made = plan(people, subject=subject, template=template, variables=["a", "b", "c"])
    named = {int(row) for row in made.issues.query("code == 'suspicious_text'")["row"].dropna()}
    alone = {
        at
        for at, cells in enumerate(rows)
        if any(
            cell.strip() in STAND_INS or "{{" in cell or "}}" in cell or "\ufffd" in cell for cell in cells
        )
    }
    read = {row for row in range(len(rows)) if reads_badly(made, row)}
    assert read | alone == named | alone
    assert alone <= named
    lines = made.issues.query("code == 'suspicious_text'")[["row", "column"]]
    assert not lines.duplicated().any()
