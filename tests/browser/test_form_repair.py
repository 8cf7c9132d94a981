"""A messy file in the form of a real JupyterLab: its header asked for, repaired where certain, mailed."""

from pathlib import Path

import pytest

from tests.browser.form_screen import FormScreen
from tests.browser.keyboard import assert_reached_by_tab
from tests.browser.lab import Lab, errors_of
from tests.browser.screens import inspect

pytestmark = pytest.mark.browser
CELL = """
import migma_nb as mg
form = mg.form(mailing="2026-11 renewal", sender="Acme Billing <billing@acme.example>",
               subject="Hi {{first_name}}", template="<p>Hello {{first_name}}</p>", project_id="p",
               transactional=True, defaults={"first_name": "there"})
form
"""
MESSY = (
    "Customer list 2026\n\nEmail;First name\n ann@acme.org ;Ann\nbo@@gmail.com;<b>Bo</b>\n"
    "cy@gmial.com;J\u00c3\u00bcrgen\nmailto:eve@acme.org;nan\nfred;Fred\n"
)


def test_a_messy_file_is_read_repaired_and_mailed(lab: Lab, tmp_path: Path) -> None:
    """Everybody can use what asks and what offers; what is mailed is the repaired list."""
    path = tmp_path / "messy.csv"
    path.write_text(MESSY, encoding="utf-8")
    lab.write("messy.ipynb", [CELL, "print(sorted(form.sandbox.outbox['to']))"])
    lab.open("messy.ipynb")
    assert [] == errors_of(lab.run(0))
    form = FormScreen(lab, 0)
    form.upload("upload-list", path)
    form.read("Header line: 3", "section-list")
    inspect(lab, 0, "form", "asks", only=".mnb-form")
    form.type("read-header", "3")
    form.part("read-header").locator("input").press("Enter")
    form.read("2 people of 5 rows", "verdict")
    form.press("Repair what is certain")
    form.read("nothing has changed yet", "repair")
    inspect(lab, 0, "form", "repair", only=".mnb-form")
    assert_reached_by_tab(lab.page, form.selector)
    assert 0 == form.whole.get_by_text("eve@acme.org").count()
    form.press("Use the repaired list")
    form.read("4 people of 5 rows", "verdict")
    form.part("skip-invalid").get_by_role("checkbox").check()
    form.type("confirm", "4")
    form.whole.locator("button.mnb-send:not([disabled])").click()
    form.read("4 of 4 people mailed", "form-run")
    assert [] == errors_of(lab.run(1))
    assert "['ann@acme.org', 'bo@gmail.com', 'cy@gmail.com', 'eve@acme.org']\n" == lab.text(1)
