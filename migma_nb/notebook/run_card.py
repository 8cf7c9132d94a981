"""A run at a glance: what it came to, how its rows stand, and the next sensible step."""

from migma_nb.notebook.theme import MUTED, bar, card, facts, safe
from migma_nb.sending.summary import RunFacts, headline, next_step, summarise, trouble_of


def run_text(found: RunFacts) -> str:
    """Return a run as text for a terminal."""
    return summarise(found)


def run_html(found: RunFacts) -> str:
    """Return a run as a card."""
    counts = {str(state): count for state, count in found.counts.items()}
    trouble = "".join(f"<div>{safe(line, 200)}</div>" for line in trouble_of(found))
    where = "sandbox" if found.sandbox else "LIVE"
    pairs = [
        ("run", safe(found.run_id)),
        ("server", safe(f"{found.server} ({where})")),
        ("ledger", safe(found.ledger, 160)),
    ]
    step = f'<div style="{MUTED}">{safe(next_step(found), 300)}</div>'
    return card(safe(headline(found), 400), bar(counts), trouble, facts(pairs), step)
