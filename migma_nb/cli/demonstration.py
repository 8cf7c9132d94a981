"""`migma-nb demo`: the main job on a sample list, shown from the file to the account."""

from pathlib import Path

import typer

from migma_nb.cli.exits import Exit
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.samples import sample_path
from migma_nb.surface.plan import plan
from migma_nb.surface.sandbox import Sandbox


def demo(out: Path) -> Exit:
    """Read, plan, check, send to a sandbox, and send again."""
    out.mkdir(parents=True, exist_ok=True)
    people = read_recipients(sample_path("people.csv"))
    _head("1  The plan: what would happen, and what is wrong with the list")
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
    typer.echo(repr(made))
    _head("2  The send, to a sandbox on this machine")
    with Sandbox() as sandbox:
        run = made.send(sandbox.client(), skip_invalid=True)
        typer.echo(run.summary())
        result = run.to_csv(out / "sent.csv")
        typer.echo(f"The account of all {len(run.frame)} rows: {result}")
        _head("3  The same mailing again")
        again = made.send(sandbox.client(), skip_invalid=True)
        typer.echo(again.summary())
        twice = int(sandbox.outbox["to"].duplicated().sum())
        typer.echo(f"The outbox holds {len(sandbox.outbox)} mails; {twice} people were mailed twice.")
    _head("Next: open notebooks/01_quickstart.ipynb, or `migma-nb check YOUR.csv --help`")
    return Exit.FAULT if twice else Exit.FINE


def _head(words: str) -> None:
    typer.echo("")
    typer.secho(words, bold=True)
    typer.echo("")
