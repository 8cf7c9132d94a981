"""`migma-nb demo`: the main job on a sample list, shown from the file to the account."""

import shutil
import sys
from pathlib import Path

from migma_nb.api.errors import InputError
from migma_nb.api.states import State
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.problems import show_kinds, tally
from migma_nb.cli.records import show_run
from migma_nb.cli.screen import cut, heading, say, width
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.samples import sample_path
from migma_nb.surface.make import plan
from migma_nb.surface.plan import SendPlan
from migma_nb.surface.sandbox import Sandbox

#: So much of the message is shown.
_MOST_LINES = 7


@answered
def demo(out: Path) -> Exit:
    """Read, plan, check, send to a sandbox, and send again."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {out} cannot be made: {error.strerror}.", hint="Give --out another one."
        ) from None
    people = read_recipients(sample_path("people.csv"))
    say(f"{len(people):,} people from a CSV file, mailed to a sandbox. Nothing leaves this machine.")
    made = plan(
        people,
        mailing="2026-11 renewal notice",
        sender="Acme Billing <billing@acme.example>",
        subject="{{first_name}}, your plan renews on {{renews_on}}",
        template=sample_path("renewal.html"),
        project_id="demo",
        transactional=True,
        defaults={"first_name": "there"},
    )
    heading("1  The plan")
    for line in repr(made).partition("\n\n")[0].split("\n"):
        say(cut(line, width()))
    heading(f"2  Checked before anything is sent: {tally(made.issues)}")
    show_kinds(made.issues)
    say("  Errors keep their rows from being sent; warnings are worth a look.")
    _show_message(made)
    return _send_twice(made, out / "sent.csv")


def _show_message(made: SendPlan) -> None:
    shown = made.preview(3)
    heading("3  One message, as its reader will see it")
    say(f"  To       {shown.recipient}\n  Subject  {shown.subject}\n")
    lines = [line for line in (shown.text or "").split("\n") if line.strip()]
    for line in [*lines[:_MOST_LINES], "…"]:
        say(cut(f"  │ {line}", width()))


def _send_twice(made: SendPlan, result: Path) -> Exit:
    with Sandbox() as sandbox:
        heading("4  Sent over HTTP to the sandbox")
        run = made.send(sandbox.client(), skip_invalid=True, progress=sys.stderr.isatty())
        show_run(run, kept=False)
        run.to_csv(result)
        say(f"\nWhat became of all {sum(run.counts.values()):,} rows: {result}")
        heading("5  The same mailing again")
        again = made.send(sandbox.client(), skip_invalid=True, progress=False)
        show_run(again, kept=False)
        outbox = sandbox.outbox
    mailed = outbox["to"].nunique()
    verdict = "one to each" if mailed == len(outbox) else "SOME GOT TWO, please report it"
    say(f"\nThe sandbox delivered {len(outbox):,} messages to {mailed:,} people: {verdict}.")
    say()
    say("Next: open notebooks/01_quickstart.ipynb, or look at a list of your own:", bold=True)
    say(f"  {_command()} check people.csv", bold=True)
    as_promised = mailed == len(outbox) == made.people == run.counts.get(State.ACCEPTED)
    return Exit.FINE if as_promised else Exit.FAULT


def _command() -> str:
    """Return how the command can be typed here: after `make demo` it is not on the path."""
    typed = Path(sys.argv[0])
    return str(typed) if typed.name == "migma-nb" and shutil.which("migma-nb") is None else "migma-nb"
