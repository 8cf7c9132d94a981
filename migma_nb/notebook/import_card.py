"""A planned import and a made one at a glance: as text for a terminal and as a card."""

import textwrap
from collections.abc import Mapping, Sequence

from migma_nb.api.states import State
from migma_nb.notebook.lines import counted, one_line, padded, quoted, safe, visible, width_of
from migma_nb.notebook.plan_card import kind_lines, kinds_html
from migma_nb.notebook.plan_view import read_facts
from migma_nb.notebook.problems import kinds_of, verdict_of
from migma_nb.notebook.theme import MUTED, badge, bar, card, dot, facts, head, named, panel, section, typed
from migma_nb.planning.contacts import ContactList
from migma_nb.sending.import_summary import (
    IMPORT_MEANINGS,
    ImportFacts,
    import_headline,
    import_lines,
    import_next,
    summarise_import,
)

_WIDTH = 100
_MOST_NAMES = 8
_NOBODY = "Nobody is left to import: every row is invalid, a duplicate or excluded."
_MEANINGS = {str(state): words for state, words in IMPORT_MEANINGS.items()}


def forecast(contacts: ContactList) -> Mapping[str, tuple[int, int]]:
    """Return how many requests and reads each kind of account takes, if all is new and the tag empty."""
    posts = len(contacts.chunks())
    # The tag before and after, and how many are unsubscribed, before and after.
    reads = 2 if contacts.resubscribe else 4
    return {"counts": (posts, reads), "rows": (posts, reads + contacts.pages())}


def import_plan_text(contacts: ContactList) -> str:
    """Return a planned import as text, at most 100 columns wide."""
    lines = [f"Import under the tag {quoted(contacts.tag, 50)}: {_whom(contacts)}"]
    pairs = _facts(contacts)
    stand = _stand(contacts)
    if len(stand) > 1:
        pairs.insert(0, ("Rows", ", ".join(f"{count:,} {name}" for name, count in stand.items())))
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        start = f"  {name:<{width}}  "
        lines += textwrap.wrap(
            one_line(value, 3 * _WIDTH),
            _WIDTH,
            initial_indent=start,
            subsequent_indent=" " * len(start),
            max_lines=3,
            placeholder=" …",
        )
    issues = contacts.issues
    if len(issues):
        lines += ["", f"Problems: {verdict_of(issues)}", *kind_lines(*kinds_of(issues))]
    if not contacts.ready:
        lines += ["", _NOBODY]
    if contacts.duplicates_question:
        lines += ["", *textwrap.wrap(f"To decide: {contacts.duplicates_question}", _WIDTH)]
    steps = _steps(contacts)
    wide = max((width_of(line) for line, _ in steps), default=0)
    return "\n".join(
        [*lines, "", "Next", *(f"  {padded(line, wide)}  {words}" for line, words in steps)]
        if steps
        else lines
    )


def import_plan_html(contacts: ContactList) -> str:
    """Return a planned import as a card: inline styles only, no scripts, nothing from elsewhere."""
    issues = contacts.issues
    stand = _stand(contacts)
    return card(
        head(
            "Import",
            f"under the tag {safe(contacts.tag, 100)}",
            f'<span style="{MUTED}">list id {named(contacts.id)}</span>',
        ),
        f'<div style="font-size:1.08em"><b>{safe(_whom(contacts), 120)}</b></div>',
        bar(stand) if len(stand) > 1 else "",
        facts((name, safe(value, 300)) for name, value in _facts(contacts)),
        panel(f"<b>{_NOBODY}</b>", "error") if not contacts.ready else "",
        section(f"Problems: {verdict_of(issues)}", kinds_html(*kinds_of(issues))) if len(issues) else "",
        panel(f"<b>To decide:</b> {safe(contacts.duplicates_question, 400)}", "warning")
        if contacts.duplicates_question
        else "",
        section("Next", typed(steps)) if (steps := _steps(contacts)) else "",
    )


def import_text(found: ImportFacts) -> str:
    """Return an import as text, without characters that could steer the terminal."""
    return "\n".join(visible(line) for line in summarise_import(found).splitlines())


def import_html(found: ImportFacts) -> str:
    """Return an import as a card: inline styles only, no scripts, nothing from elsewhere."""
    counts = {str(state): found.counts[state] for state in IMPORT_MEANINGS if found.counts.get(state)}
    lines = "".join(
        f'<div style="padding:1px 0">{dot(line.partition(":")[0])} {safe(line, 260)}</div>'
        for line in import_lines(found)
    )
    step = import_next(found)
    where = f'<span style="{MUTED}">sandbox</span>' if found.sandbox else badge("LIVE")
    tag = f"tag {named(found.tag_id)} · " if found.tag_id else ""
    return card(
        head(f"Import {named(found.import_id)} · {found.state}", safe(import_headline(found), 400), where),
        bar(counts, _MEANINGS),
        section("To know", lines) if lines else "",
        panel(f"<b>Next:</b> {safe(step, 300)}") if step else "",
        f'<div style="{MUTED};font-size:.88em;margin-top:12px">{tag}{safe(found.server, 120)} · '
        f"{counted(found.posts, 'request', 'requests')}, {counted(found.reads, 'read', 'reads')}; "
        "nobody was mailed · "
        f"ledger {safe(found.ledger, 200)}</div>",
    )


def _whom(contacts: ContactList) -> str:
    people = counted(len(contacts.ready), "person", "people")
    return f"{people} of {counted(contacts.size, 'row', 'rows')}; importing mails nobody"


def _stand(contacts: ContactList) -> dict[str, int]:
    states = contacts.stand
    return {"ready": len(contacts.ready)} | {
        str(state): states[state] for state in State if states.get(state)
    }


def _facts(contacts: ContactList) -> list[tuple[str, str]]:
    pairs = [
        *read_facts(contacts.reading),
        ("Addresses", contacts.address_note if contacts.size > 1 else ""),
        ("Fields", _mapped(contacts.fields)),
        ("Custom fields", _mapped(contacts.custom)),
        ("Status", _status(contacts)),
        ("Project", contacts.project_id or ""),
        ("Calls", _calls(contacts)),
        (
            "Tag",
            "made where there is none; whoever has it already is mailed too, so take a new one each time",
        ),
    ]
    return [(name, value) for name, value in pairs if value]


def _mapped(columns: Mapping[str, str]) -> str:
    parts = [
        one_line(name, 30) if name == column else f"{one_line(name, 30)} ← {one_line(column, 30)}"
        for name, column in columns.items()
    ]
    rest = len(parts) - _MOST_NAMES
    return ", ".join([*parts[:_MOST_NAMES], f"{rest} more"] if rest > 0 else parts)


def _status(contacts: ContactList) -> str:
    if contacts.resubscribe:
        return (
            "subscribes also those who have unsubscribed, for which you need a new consent that you can prove"
        )
    others = ", ".join(
        f"{count:,} {word}" for word, count in contacts.statuses.items() if word != "subscribed"
    )
    kept = "nobody is subscribed again who has unsubscribed or bounced; new contacts are subscribed"
    return f"{others} go in as such; {kept}" if others else kept


def _calls(contacts: ContactList) -> str:
    if not contacts.ready:
        return ""
    (posts, reads), (_, more) = forecast(contacts).values()
    requests = counted(posts, "request", "requests")
    return (
        f'{requests} and {reads} reads (account="counts"); account="rows" says of each row whether it is in, '
        f"and takes {counted(more, 'read', 'reads')} or more"
    )


def _steps(contacts: ContactList) -> Sequence[tuple[str, str]]:
    steps = [("plan.issues", "every problem")] if len(contacts.issues) else []
    if not contacts.ready or contacts.duplicates_question:
        return steps
    skip = ", skip_invalid=True" if contacts.has_errors else ""
    confirm = f", confirm={len(contacts.ready)}" if contacts.resubscribe else ""
    return [
        *steps,
        (f"plan.send(mg.Sandbox().client(){skip})", "rehearsal: no real account is changed"),
        (f"plan.send(mg.Migma(){confirm}{skip})", "live: changes the account's contacts"),
    ]
