"""Who of a list the account knows as unsubscribed or bounced: read with as few calls as it takes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from migma_nb.api import account
from migma_nb.api.connection import Connection
from migma_nb.api.reads import PAGE, Read
from migma_nb.api.states import Reason, State
from migma_nb.planning.addresses import identity
from migma_nb.planning.frozen import Plan
from migma_nb.planning.presets import Preset

_REASONS = {
    "bounced": (Reason.BOUNCED, "bounced; the API never mails it (S21)"),
    "unsubscribed": (Reason.UNSUBSCRIBED, "unsubscribed"),
    "non-subscribed": (Reason.NOT_SUBSCRIBED, "a contact that never subscribed"),
    "complained": (Reason.COMPLAINED, "complained about earlier mail"),
}


@dataclass(slots=True)
class LeftOut:
    """Who is left out.

    `presets` has state, reason and words by row; `words` sums them up; `unclear` says why it could not be
    found out ("" where it could), `fix` what to do about it; `heard` is every read that was made.
    """

    presets: dict[int, Preset] = field(default_factory=dict)
    words: str = ""
    unclear: str = ""
    fix: str = ""
    heard: list[Read] = field(default_factory=list)


async def left_out(
    connection: Connection, plan: Plan, project_id: str, due: Sequence[int], calls: int
) -> LeftOut:
    """Return which of the rows the account's contacts say are not to be mailed.

    Either all contacts of the statuses in question are read, or each person is looked up, whichever takes
    fewer calls.

    Args:
        connection: to the API.
        plan: a list of people.
        project_id: whose contacts count.
        due: the rows in question.
        calls: so many reads are made at most.
    """
    found = LeftOut()
    statuses: tuple[str, ...] = account.NEVER_MAILED
    if not plan.constants.get("transactional"):
        statuses += account.NO_MARKETING
    reads = [await _page(connection, project_id, found, status=status) for status in statuses]
    pages = [_pages(read) for read in reads]
    more = sum(number - 1 for number in pages)
    needed = min(more, len(due))
    if needed > calls:
        found.unclear = f"To learn who is unsubscribed takes {needed:,} calls or more; {calls:,} are allowed."
        found.fix = f"Allow for them: plan.preflight(client, calls={needed}), or preflight={needed} in send."
    elif more <= len(due):
        for status, number in zip(statuses, pages, strict=True):
            reads += [
                await _page(connection, project_id, found, at, status=status) for at in range(2, number + 1)
            ]
    else:
        reads += [await _page(connection, project_id, found, search=plan.address(row)) for row in due]
    broken = next((read.trouble for read in reads if read.trouble is not None), None)
    untold = any(read.trouble is None and read.count is None and len(read.data) >= PAGE for read in reads)
    if broken is not None:
        found.unclear = f"Who is unsubscribed is not known, or in part only: {broken.detail}."
    elif untold and not found.unclear:
        found.unclear = "The API does not tell how many are unsubscribed, so not all of them were read."
    # Who is known is left out all the same.
    _settle(found, plan, due, _statuses((read for read in reads if read.trouble is None), statuses))
    return found


def _pages(read: Read) -> int:
    return 1 if read.trouble is not None else max(1, -(-(read.count or len(read.data)) // PAGE))


async def _page(
    connection: Connection, project_id: str, found: LeftOut, page: int = 1, **filters: str
) -> Read:
    read = await account.read_contacts(connection, project_id, page, **filters)
    found.heard.append(read)
    return read


def _statuses(reads: Iterable[Read], statuses: Sequence[str]) -> dict[str, str]:
    """Return the status of each person who must not be mailed; an ignored filter does no harm."""
    known: dict[str, str] = {}
    for read in reads:
        for contact in read.data:
            if contact.email and contact.status in statuses:
                known.setdefault(identity(contact.email), contact.status)
    return known


def _settle(found: LeftOut, plan: Plan, due: Sequence[int], known: dict[str, str]) -> None:
    for row in due if known else ():
        status = known.get(identity(plan.address(row)))
        if status is not None:
            reason, words = _REASONS[status]
            found.presets[row] = State.EXCLUDED, reason, f"the account knows this person as {words}"
    counts = Counter(reason for _, reason, _ in found.presets.values())
    found.words = ", ".join(f"{count:,} {str(reason).replace('_', ' ')}" for reason, count in counts.items())
