"""The form on what an account holds, and the notebook about it, as a stranger to both follows it."""

import ast

import pytest

from tests.browser.form_screen import FormScreen
from tests.browser.kernels import ROOT
from tests.browser.lab import Lab, errors_of
from tests.browser.screens import inspect

pytestmark = pytest.mark.browser
MAILED = "print([len(form.sandbox.outbox), form.sandbox.outbox['to'].nunique()])"
ACCOUNT = """
import migma_nb as mg
sandbox = mg.Sandbox()
for n in range(30):
    sandbox.server.add_contact(
        f"reader{n}@mail.example", first_name=f"Reader {n}", tags=["newsletter", "pro" if n % 3 else "free"]
    )
sandbox.server.add_email("News of December", "<h1>December</h1><p>What is new.</p>")
form = mg.form(client=sandbox.client())
form
"""


def test_the_notebook_about_the_form_can_be_followed(lab: Lab) -> None:
    """Run from top to bottom it mails nobody; then, by hand, each person once."""
    lab.copy(ROOT / "notebooks" / "06_form.ipynb")
    lab.open("06_form.ipynb")
    lab.run_all()
    assert [] == errors_of([out for cell in (1, 4, 6) for out in lab.outputs(cell)])
    asked = lab.add(MAILED)
    assert [0, 0] == _mailed(lab, asked)

    form = FormScreen(lab, 1)
    form.read("SANDBOX", "server")
    form.type("mailing", "2026-12 renewal")
    form.press("Transactional")
    form.read("people of 500 rows", "verdict")
    form.part("placeholder").filter(has_text="{{first_name}}").get_by_placeholder("a stand-in").fill("there")
    form.read("481 people of 500 rows", "verdict")
    form.part("skip-invalid").get_by_role("checkbox").check()
    inspect(lab, 1, "notebook-06", "ready", only=".mnb-form")
    form.type("confirm", "481")
    form.whole.locator("button.mnb-send:not([disabled])").click()
    form.read("481 of 481 people mailed", "form-run")
    assert [481, 481] == _mailed(lab, asked)

    form.type("confirm", "481")
    form.whole.locator("button.mnb-send:not([disabled])").click()
    form.read("Nobody was mailed", "form-run")
    assert [481, 481] == _mailed(lab, asked)


def test_a_tag_is_searched_chosen_and_mailed(lab: Lab) -> None:
    """The account's own lists; without a click nothing is mailed, and with one each of them once."""
    lab.write("tag.ipynb", [ACCOUNT, MAILED.replace("form.sandbox", "sandbox")])
    lab.open("tag.ipynb")
    lab.run_all()
    assert [] == errors_of([*lab.outputs(0), *lab.outputs(1)])
    form = FormScreen(lab, 0)
    form.type("mailing", "2026-12 news")
    form.press("Tag", "people-kind")
    form.read("3", "search-tags")
    form.type("search-tags", "news")
    form.read("1 of 3", "search-tags")
    form.part("search-tags").locator("select").select_option(index=0)
    form.press("Generated email")
    form.part("search-emails").locator("select").select_option(index=0)
    form.type("sender-name", "Acme News")
    form.type("sender-address", "news@acme.example")
    form.press("Marketing")
    form.read("30 people", "verdict")
    inspect(lab, 0, "form", "tag", only=".mnb-form")
    assert [0, 0] == _mailed(lab, 1)
    form.type("confirm", "30")
    form.whole.locator("button.mnb-send:not([disabled])").click()
    form.whole.locator(".mnb-run-end").wait_for()
    assert [30, 30] == _mailed(lab, 1)


def _mailed(lab: Lab, cell: int) -> list[int]:
    """Return how many mails the sandbox delivered, and to how many people."""
    assert [] == errors_of(lab.run(cell))
    found: list[int] = ast.literal_eval(lab.text(cell))
    return found
