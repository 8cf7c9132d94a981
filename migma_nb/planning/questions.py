"""What a plan asks rather than guesses: transactional or not, doubles that differ, batches that overlap."""

from collections.abc import Collection

from migma_nb.api.errors import InputError
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.sources import Target

#: So many batches are named in the question; the rest is counted.
_MOST_NAMED = 3


def transactional_of(options: PlanOptions, *, singles: int, rows: int) -> bool:
    """Return whether a mailing is transactional; batches alone are marketing (S5), one person's mail is not.

    Args:
        options: the plan's arguments.
        singles: how many rows are for one person each.
        rows: how many rows there are.

    Raises:
        InputError: it has to be said, since single sends are among several rows.
    """
    if options.transactional is not None:
        return options.transactional
    if singles and rows > 1:
        raise InputError(
            "Say whether this mailing is transactional. Single sends are transactional by default (S4), "
            "which bypasses unsubscribes and leaves out the List-Unsubscribe header (S20).",
            hint="Write transactional=False for marketing and news, transactional=True for receipts, notices "
            "and the like.",
        )
    return bool(singles)


def duplicates_question(differing: int, options: PlanOptions, *, key_helps: bool = True) -> str:
    """Return what to decide about rows that say different things to the same recipient, "" for nothing."""
    if not differing or options.duplicates == "first":
        return ""
    rows = "1 row goes" if differing == 1 else f"{differing:,} rows go"
    others = 'key="column" to send each' if key_helps else "give the others a mailing of their own"
    return (
        f"{rows} to somebody who is in the list already, but with other content (see duplicate_differs in "
        f'plan.issues). Write duplicates="first" to send only the first row of each person, or {others}.'
    )


def overlap_question(overlap: str | None, batches: Collection[Target], singles: int) -> str:
    """Return what to decide where somebody may be reached twice in one mailing, "" for nothing.

    Args:
        overlap: "allowed" where it is decided.
        batches: the different targets that are mailed.
        singles: how many single recipients are mailed.
    """
    if overlap == "allowed" or len(batches) + min(singles, 1) <= 1:
        return ""
    named = ", ".join(str(target) for target in list(batches)[:_MOST_NAMED])
    more = f" and {len(batches) - _MOST_NAMED:,} more" if len(batches) > _MOST_NAMED else ""
    whom = f"1 batch ({named})" if len(batches) == 1 else f"{len(batches):,} batches ({named}{more})"
    if singles:
        whom += f" and {singles:,} single recipient{'' if singles == 1 else 's'}"
    return (
        f"This mails {whom}: somebody may be in more than one and would be mailed twice, since only the "
        'server knows who is in a tag or segment. Write overlap="allowed" if that is meant, or plan each as '
        "a mailing of its own."
    )
