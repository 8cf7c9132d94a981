"""A notebook saved from JupyterLab with its widgets' state: nobody's full address, and no key."""

import json
from typing import Any

import pytest

from tests.browser.account import Account
from tests.browser.lab import Lab, errors_of
from tests.sweeping import files_with_a_sandbox_key

pytestmark = pytest.mark.browser
FORM = """
people = [{"email": f"person{n}@x.example", "first_name": f"N{n}"} for n in range(30)]
mg.form(people, client, mailing="m", sender="A <a@b.example>", subject="Hi {{first_name}} {{email}}",
        template="<p>{{email}}</p>", project_id="p", transactional=True)
"""
SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"


def test_a_form_that_was_used_and_saved_keeps_no_address_and_no_key(lab: Lab, account: Account) -> None:
    """Its preview, the address that a test went to, and the run with its rows."""
    path = lab.write("saved.ipynb", [account.cell("60/second"), FORM])
    lab.open(path.name)
    for cell in range(2):
        assert [] == errors_of(lab.run(cell))
    form = lab.seen(1)
    form.get_by_role("button", name="Next", exact=True).first.click()
    form.locator(".mnb-test-to input").fill("colleague@home.example")
    form.get_by_role("button", name="Send a test").click()
    form.get_by_text("tests of 'm' sent").first.wait_for()
    form.locator(".mnb-confirm input").fill("30")
    form.get_by_role("button", name="Send to 30 people").click()
    form.locator(".mnb-form-run").get_by_text("30 of 30 people mailed").first.wait_for()
    lab.command(SAVE_STATE)
    lab.save()
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    state = json.dumps(notebook["metadata"]["widgets"], ensure_ascii=False)
    assert "p…@x.example" in state
    assert "person" not in state
    assert "colleague" not in state
    assert [] == files_with_a_sandbox_key(path.parent)
