"""The checks of a preflight, each by what the API says, with an honest outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from migma_nb.api import account
from migma_nb.api.connection import Connection
from migma_nb.api.crowds import Crowd, CrowdReader
from migma_nb.api.errors import CallError, InputError
from migma_nb.api.projects import project_for
from migma_nb.api.reads import Read
from migma_nb.api.resources import DomainInfo
from migma_nb.planning.frozen import Plan
from migma_nb.planning.settling import Presets
from migma_nb.planning.sources import Target
from migma_nb.sending.headcount import key_of
from migma_nb.sending.subscriptions import left_out

_UNAUTHORIZED = 401
#: So many targets are named; the rest is counted.
_MOST_NAMED = 5


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    UNCLEAR = "could not be checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its outcome in words, what to do, and which rows it leaves out of the send."""

    name: str
    outcome: Outcome
    detail: str
    fix: str = ""
    rows: tuple[int, ...] = ()


class Checks:
    """The checks of one plan over one connection.

    Args:
        connection: to the API.
        plan: what is to be sent.
        due: the rows that the send would mail.
        calls: so many reads are made at most to learn who is unsubscribed.
        counted: the plan's targets as they were counted right now; None asks for them.
        limit: so many of the rows will be mailed at most.
    """

    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        due: Sequence[int],
        calls: int,
        *,
        counted: Sequence[Target] | None = None,
        limit: int | None = None,
    ) -> None:
        #: State, reason and words of the rows that will not be mailed.
        self.presets = Presets()
        self._connection = connection
        self._plan = plan
        self._due = due
        self._calls = calls
        self._counted = counted
        self._limit = limit
        self._sizes: dict[str, int | None] = {}
        self._heard: list[Read] = []

    async def key(self) -> Check:
        """Whether the key is valid, by what the other checks heard; whether it may send only a send tells."""
        name, heard = "key", self._heard
        if any(read.trouble is None for read in heard):
            words = "The API knows the key. Whether it may send (EMAIL_SEND, S7) shows before the first mail."
            return Check(name, Outcome.PASSED, words)
        if any(read.trouble and read.trouble.status == _UNAUTHORIZED for read in heard):
            words = "The API answers 401 to what is read, so it seems not to know the key (S8)."
            fix = "Check the key in the dashboard, Settings → API Integration."
            return Check(name, Outcome.UNCLEAR, words, fix)
        return Check(name, Outcome.UNCLEAR, f"No read of the account was answered: {_why(heard)}")

    async def sender_domain(self) -> Check:
        """Whether the sender's domain is verified (S10)."""
        name, domain = "sender_domain", str(self._plan.constants.get("from", "")).rpartition("@")[2]
        # By its name first: an account may send from a domain that its list does not name.
        one = await account.read_domain(self._connection, domain)
        if one.trouble is None and DomainInfo.of(one.data).verified:
            self._heard.append(one)
            return Check(name, Outcome.PASSED, f"{domain} is verified.")
        found = await account.read_domains(self._connection)
        self._heard.append(found)
        listed = [] if found.trouble else [DomainInfo.of(one) for one in found.data]
        if not any(one.domain for one in listed):
            why = _why([found]) if found.trouble else "the API lists no domain."
            return Check(name, Outcome.UNCLEAR, f"Whether {domain} is verified (S10) is not known: {why}")
        theirs = account.related(domain, listed)
        if any(one.verified for one in theirs):
            return Check(name, Outcome.PASSED, f"{domain} is verified.")
        fix = "Verify it in the dashboard, or plan with a sender of a verified domain."
        if not theirs:
            words = f"{domain} is none of the account's sending domains (S10)."
            return Check(name, Outcome.FAILED, words, fix)
        if theirs[0].verified is False:
            return Check(name, Outcome.FAILED, f"{domain} is not verified yet (S10).", fix)
        words = f"The API calls {domain} {theirs[0].status!r}, which may or may not mean verified (S10)."
        return Check(name, Outcome.UNCLEAR, words, "If mails are refused, verify it in the dashboard.")

    async def provider(self) -> Check:
        """Whether the provider is connected (S16); no document names a read that would tell."""
        name, provider = "provider", self._plan.constants.get("providerType")
        if provider in {None, "migma"}:
            return Check(name, Outcome.PASSED, "Migma's own sending needs no connecting (S16).")
        words = f"Whether {provider} is connected (S16) no documented read tells; the send will."
        return Check(name, Outcome.UNCLEAR, words, "See Settings → Integrations → Email Providers.")

    async def targets(self) -> Check:
        """Whether the targets exist and hold anybody (S12); asked for unless they were counted right now."""
        due = {self._plan.recipient(row) for row in self._due}
        name, targets = "targets", [one for one in self._plan.targets if one.recipient in due]
        if self._counted is None:
            reader = CrowdReader(self._connection, self._plan.constants.get("projectId"))
            await reader.read([key_of(target) for target in targets])
            crowds = {target: reader.found.get(key_of(target), Crowd()) for target in targets}
        else:
            crowds = {
                target: Crowd(count=target.count) for target in self._counted if target.recipient in due
            }
        self._sizes = {target.recipient: crowd.count for target, crowd in crowds.items()}
        wrong = [f"{crowd.problem}." for crowd in crowds.values() if crowd.problem]
        wrong += [f"Nobody is in {target}." for target, crowd in crowds.items() if crowd.count == 0]
        if wrong:
            fix = next(
                (crowd.hint for crowd in crowds.values() if crowd.hint), "Add people, or leave it out."
            )
            return Check(name, Outcome.FAILED, " ".join(wrong), fix)
        unknown = [(target, crowd) for target, crowd in crowds.items() if crowd.count is None]
        if unknown:
            target, crowd = unknown[0]
            words = f"How many people are in {target} is not known: {crowd.unclear or 'it is not told'}."
            return Check(name, Outcome.UNCLEAR, words)
        counts = [f"{target}: {crowd.count:,}" for target, crowd in list(crowds.items())[:_MOST_NAMED]]
        more = len(crowds) - len(counts)
        return Check(name, Outcome.PASSED, f"{', '.join(counts)}{f', and {more} more' if more else ''}.")

    async def quota(self) -> Check:
        """Whether the account may still send so many."""
        name, due = "quota", self._mails()
        quota, found = await account.read_quota(self._connection)
        self._heard.append(found)
        least = quota.least
        if least is None and quota.told:
            return Check(name, Outcome.PASSED, "The API names no limit for the account.")
        if least is None:
            why = _why([found]) if found.trouble else "the API does not tell it."
            words = f"How many mails the account may still send is not known: {why}"
            return Check(name, Outcome.UNCLEAR, words)
        left = f"{least:,} mails are left {'today' if least == quota.today else 'this month'}"
        if least < due:
            fix = f"Send a part with limit={least}, and the rest later." if least > 0 else ""
            return Check(name, Outcome.FAILED, f"{left}, and {due:,} are to be sent.", fix)
        return Check(name, Outcome.PASSED, f"{left}.")

    def _mails(self) -> int:
        """How many mails are due, as far as the batches' sizes are known."""
        batches = [row for row in self._due if self._plan.is_batch(row)]
        sizes = (self._sizes.get(self._plan.recipient(row)) or 0 for row in batches)
        singles = len(self._due) - len(batches)
        return singles + sum(sizes) if self._limit is None else min(self._limit, singles) + sum(sizes)

    async def recipients(self) -> Check:
        """Who of the list is unsubscribed, bounced or the like, as far as the API tells (S20, S21)."""
        name = "recipients"
        try:
            project = await project_for(self._connection, self._plan.constants.get("projectId"))
        except (InputError, CallError) as error:
            return Check(name, Outcome.UNCLEAR, f"Whose contacts to look at is not known: {error}")
        due = [row for row in self._due if not self._plan.is_batch(row)]
        found = await left_out(self._connection, self._plan, project, due, self._calls)
        self._heard += found.heard
        self.presets = found.presets
        if found.unclear:
            return Check(name, Outcome.UNCLEAR, found.unclear, found.fix, tuple(sorted(found.presets)))
        if not found.presets:
            kind = "bounced" if self._plan.constants.get("transactional") else "unsubscribed or bounced"
            words = f"The account knows nobody of the list as {kind}; its suppression list cannot be read."
            return Check(name, Outcome.PASSED, words)
        words = f"{len(found.presets):,} of the rows will be excluded: {found.words}."
        return Check(name, Outcome.PASSED, words, rows=tuple(sorted(found.presets)))


def _why(reads: Sequence[Read]) -> str:
    troubles = [read.trouble.detail for read in reads if read.trouble is not None]
    return f"{troubles[0]}." if troubles else "nothing was asked."
