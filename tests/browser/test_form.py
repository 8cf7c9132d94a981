"""The form in a real JupyterLab: from an empty page to mailed people, whatever happens to page and kernel."""

from pathlib import Path

import pytest

from tests.browser.account import Account
from tests.browser.form_screen import FormScreen
from tests.browser.kernels import on_both_in_proof
from tests.browser.keyboard import assert_reached_by_tab
from tests.browser.lab import Lab, errors_of
from tests.browser.screens import inspect

pytestmark = pytest.mark.browser
#: So many people are on the list, one of them with a broken address.
PEOPLE = 240
MAIL = "<h1>Hello {{first_name}},</h1><p>your {{seats}} seats renew on 1 December.</p>"
MAILING = "2026-12 renewal"
MINE = "me@acme.example"
PERSON = "person{}@customer.example"
REST = """
mg.plan(
    {path!r}, mailing={mailing!r}, sender="Acme Billing <billing@acme.example>",
    subject="{{{{first_name}}}}, your plan renews", template={template!r},
    project_id=client.projects()["id"].iloc[0], transactional=True,
    defaults={{"first_name": "there"}},
).send(client, confirm={people}, skip_invalid=True)
"""


@pytest.fixture
def list_of_people(tmp_path: Path) -> Path:
    """Write a list as somebody keeps it, with one broken address and one missing name."""
    rows = [f"{PERSON.format(n)},Person {n},{n % 7 + 1}" for n in range(PEOPLE + 1)]
    rows[3] = "person3 at customer.example,Person 3,2"
    rows[5] = f"{PERSON.format(5)},,2"
    path = tmp_path / "customers.csv"
    path.write_text("\n".join(["email,first_name,seats", *rows, ""]), encoding="utf-8")
    return path


@on_both_in_proof
def test_a_mailing_is_composed_tested_and_sent_by_hand(
    lab: Lab, account: Account, list_of_people: Path
) -> None:
    """Each step mails whom it says and nobody else; page, kernel and cells may come and go meanwhile."""
    lab.write("form.ipynb", [account.cell("3/second"), "form = mg.form(client=client)\nform"])
    lab.open("form.ipynb")
    lab.run_all()
    assert [] == errors_of([*lab.outputs(0), *lab.outputs(1)])
    form = FormScreen(lab, 1)
    form.read("LIVE", "server")
    assert form.send.is_disabled()
    inspect(lab, 1, "form", "empty", only=".mnb-form")
    assert_reached_by_tab(lab.page, form.selector)

    _compose(form, list_of_people)
    assert [] == account.mailed
    _preview(form)
    _test_to_me(form, account)
    _send(form, account)
    _restart(lab, account, list_of_people)
    _assert_keeps_to_itself(lab, account)


def _compose(form: FormScreen, path: Path) -> None:
    """Fill in the form, make mistakes, and mend them."""
    form.type("mailing", MAILING)
    form.upload("upload-list", path)
    form.read("customers.csv, 241 rows", "section-list")
    form.read('column "email"', "section-list")
    form.type("subject", "{{firstname}}, your plan renews on {{day}}")
    form.type("template", MAIL)
    form.type("sender-name", "Acme Billing")
    form.type("sender-address", "billing@acme")
    form.read("⚠", "section-sender")
    form.type("sender-address", "billing@acme.example")
    form.press("Transactional")
    form.read("day", "section-content")
    inspect(form.lab, 1, "form", "mistakes", only=".mnb-form")
    form.type("subject", "{{first_name}}, your plan renews")
    form.read(f"{PEOPLE - 1} people", "verdict")


def _preview(form: FormScreen) -> None:
    """See rows as their recipients will, mend what is missing, and leave out what cannot be mended."""
    pane = form.part("preview")
    form.mail.get_by_text("Hello Person 0,").wait_for()
    form.press("Next", "preview")
    form.mail.get_by_text("Hello Person 1,").wait_for()
    form.press("Next with a problem", "preview")
    pane.get_by_text("is no valid email address").wait_for()
    pane.get_by_label("Find", exact=True).fill("Person 100")
    pane.get_by_label("Find", exact=True).press("Enter")
    form.mail.get_by_text("Hello Person 100,").wait_for()
    pane.get_by_label("Phone").check()
    form.await_mail_as_wide_as(375)
    form.mail.get_by_text("Hello Person 100,").wait_for()
    pane.get_by_label("Text", exact=True).check()
    pane.get_by_text("your 3 seats renew").wait_for()
    pane.get_by_label("Desktop").check()
    assert 0 == form.whole.get_by_text(PERSON.format(100)).count()

    problems = form.part("section-check")
    problems.get_by_label("Problem", exact=True).select_option(label="missing_variable (1)")
    problems.get_by_text("1–1 of 1").wait_for()
    inspect(form.lab, 1, "form", "problems", only=".mnb-form")
    form.part("placeholder").filter(has_text="{{first_name}}").get_by_placeholder("a stand-in").fill("there")
    form.read(f"{PEOPLE} people", "verdict")
    form.part("skip-invalid").get_by_role("checkbox").check()

    form.press("As Python")
    lines = form.part("lines").inner_text()
    assert "customers.csv" in lines
    assert f"confirm={PEOPLE}" in lines
    assert "sk_" not in lines


def _test_to_me(form: FormScreen, account: Account) -> None:
    """Send a test, twice: a few mails, to one's own address, once."""
    form.type("test-to", MINE)
    form.press("Send a test")
    form.read("m…@acme.example", "section-send")
    form.whole.locator("button.mnb-test:not([disabled])").wait_for()
    tested = account.mailed
    assert {MINE} == set(tested)
    assert len(tested) in range(1, 6)
    inspect(form.lab, 1, "form", "tested", only=".mnb-form")
    form.press("Send a test")
    form.read("Nothing was mailed now", "section-send")
    assert tested == account.mailed


def _send(form: FormScreen, account: Account) -> None:
    """Type the number, send, pause, resume, reload the page, stop; the screen says what the ledger says."""
    tests = len(account.mailed)
    form.type("confirm", str(PEOPLE - 1))
    assert form.send.is_disabled()
    form.type("confirm", str(PEOPLE))
    form.whole.locator("button.mnb-send:not([disabled])").wait_for()
    inspect(form.lab, 1, "form", "ready", only=".mnb-form")
    form.send.dblclick()
    form.run_says("running")
    form.lab.until(lambda: len(account.mailed) > tests, "it does not begin")
    panel = form.part("form-run")
    panel.get_by_role("button", name="Pause", exact=True).click()
    panel.get_by_role("button", name="Resume", exact=True).wait_for()
    (run_id,) = account.runs(MAILING)
    held = form.await_counts(lambda: account.counts(run_id))
    inspect(form.lab, 1, "form", "paused", only=".mnb-form")
    assert held["accepted"] + tests == len(account.mailed)
    panel.get_by_role("button", name="Resume", exact=True).click()
    panel.get_by_role("button", name="Pause", exact=True).wait_for()
    form.lab.until(lambda: len(account.mailed) > held["accepted"] + tests, "it does not go on")
    form.lab.reload()
    panel.get_by_role("button", name="Stop", exact=True).click()
    form.read("Stopped by you", "form-run")
    form.whole.locator(".mnb-run-end").wait_for()
    stopped = form.await_counts(lambda: account.counts(run_id))
    assert held["accepted"] < stopped["accepted"] < PEOPLE
    assert stopped["accepted"] + tests == len(account.mailed)
    inspect(form.lab, 1, "form", "stopped", only=".mnb-form")
    assert_reached_by_tab(form.lab.page, form.selector)


def _restart(lab: Lab, account: Account, path: Path) -> None:
    """Restart and run all: nobody is mailed by it; the mailing goes on, and a lost kernel loses nobody."""
    before = account.mailed
    lab.restart_kernel(run_all=True)
    form = FormScreen(lab, 1)
    form.read("Still needed", "section-check")
    assert before == account.mailed

    _compose(form, path)
    form.read("This mailing exists", "section-list")
    form.part("skip-invalid").get_by_role("checkbox").check()
    people = PEOPLE - 1
    form.type("confirm", str(people))
    form.whole.locator("button.mnb-send:not([disabled])").click()
    form.run_says("running")
    lab.until(lambda: len(account.mailed) > len(before), "it does not go on")
    lab.restart_kernel()
    run_id = account.runs(MAILING)[0]
    rest = REST.format(path=str(path), mailing=MAILING, template=MAIL, people=PEOPLE)
    lab.write("again.ipynb", [account.cell("500/second"), f"mg.open_run({run_id!r})", rest])
    lab.open("again.ipynb")
    lab.run_all()
    assert [] == errors_of([out for cell in range(3) for out in lab.outputs(cell)])
    lab.seen(1).locator(".mnb-run-end").wait_for()
    # What was in flight when the kernel died may or may not have arrived: nobody is mailed twice for it.
    perhaps = account.counts(run_id).get("unknown", 0)
    mailed = [to for to in account.mailed if to != MINE]
    assert len(mailed) == len(set(mailed))
    assert PEOPLE - perhaps <= len(mailed) <= PEOPLE


def _assert_keeps_to_itself(lab: Lab, account: Account) -> None:
    """Opened anew and saved, a notebook mails nobody, and holds no key and nobody's address."""
    before = account.mailed
    for name in ("form.ipynb", "again.ipynb"):
        lab.open(name)
        lab.save()
        saved = (lab.server.work / name).read_text()
        assert "sk_" not in saved
        assert "@customer.example" not in saved
    assert before == account.mailed
