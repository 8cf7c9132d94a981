"""An import in this process: who is in already stays out of it, the others go in request by request."""

import hashlib
import secrets
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from migma_nb.api import loop
from migma_nb.api.connection import Connection
from migma_nb.api.contacts import find_tag
from migma_nb.api.errors import LedgerError
from migma_nb.api.projects import project_for
from migma_nb.api.resources import TagInfo
from migma_nb.api.settings import Settings
from migma_nb.api.states import LIVE_STATES, Reason, RunState, State
from migma_nb.ledger import clock, imports
from migma_nb.ledger.imports import Known, Whose
from migma_nb.ledger.places import Setting
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.planning.contacts import ContactList
from migma_nb.sending import import_gate
from migma_nb.sending.agenda import Agenda
from migma_nb.sending.halting import Halt
from migma_nb.sending.import_consent import Consent
from migma_nb.sending.import_fates import Fate, not_seen, seen
from migma_nb.sending.import_gate import ImportOptions
from migma_nb.sending.import_members import Members, note_on_others, read_members
from migma_nb.sending.import_parts import Parts
from migma_nb.sending.import_requests import Office, Reply, Request
from migma_nb.sending.pace import SharedPace

#: How often it is looked whether another import under the same tag has ended (seconds).
LOOK_AGAIN_S = 0.3
_MEND = {
    Reason.BAD_KEY: "Check the API key (Settings → API Integration), and import again with a client of it.",
    Reason.NO_PERMISSION: "Give the API key the permission audience:write, and import again.",
    Reason.QUOTA: "Raise the quota or wait until it is renewed, and import again.",
    Reason.NOT_THE_API: "Check base_url or MIGMA_BASE_URL, and import again.",
    Reason.NOT_FOUND: "Check project_id, and import again.",
}


def start(
    contacts: ContactList, settings: Settings, options: ImportOptions, *, ledger: Setting = None
) -> "LiveImport":
    """Check an import, and set it going in the background.

    Args:
        contacts: the list.
        settings: the client's settings.
        options: account, skip_invalid, confirm.
        ledger: the ledger's place; None takes the client's own, `MIGMA_LEDGER`, or the user's.

    Raises:
        InputError: the list has errors, a question is open, or the project is not clear; nothing was sent.
        ConfirmationError: unsubscribed people would be subscribed again, and that was not confirmed.
        LedgerError: the ledger cannot be read or written; nothing was sent.
        CallError: the account's projects could not be read.
    """
    import_gate.check(contacts, settings, options)
    opened = open_ledger(ledger or settings.ledger)
    project_id = loop.call(_project(settings, contacts.project_id))
    return LiveImport(contacts, settings, options, opened, project_id)


class LiveImport:
    """An import that this process drives.

    `fates` has one entry a row; `state` and `detail` tell how it stands; `ended` is set at its end. `tag` is
    the tag as the API has it, None where it could not be read; `notes` say what a person should know.
    """

    def __init__(
        self,
        contacts: ContactList,
        settings: Settings,
        options: ImportOptions,
        ledger: Ledger,
        project_id: str,
    ) -> None:
        now = ledger.reading(clock.now)
        self.import_id = f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        self.contacts = contacts
        self.settings = settings
        self.ledger = ledger
        self.project_id = project_id
        self.account = options.account
        self.state = RunState.RUNNING
        self.detail = ""
        self.tag: TagInfo | None = None
        self.notes: list[str] = []
        self.posts = self.reads = 0
        self.earlier_at: tuple[float, float] | None = None
        self.ended = threading.Event()
        self.fates = [_before(contacts, row) for row in range(contacts.size)]
        self.in_hand = 0
        self._agenda = Agenda()
        self._scribe = Scribe(ledger)
        self._whose = Whose(settings.scope, project_id, contacts.tag)
        self._halt: Halt | None = None
        self._tag_trouble = "the import did not come to its end"
        self.future = loop.submit(self._drive())

    @property
    def counts(self) -> dict[State, int]:
        """How many rows are in which state."""
        found = Counter(fate.state for fate in list(self.fates))
        return {state: found[state] for state in State if found[state]}

    @property
    def tag_trouble(self) -> str:
        """Why the tag's ID is not known, "" where it is."""
        return "" if self.tag is not None else self._tag_trouble or "the API knows no tag of this name"

    def stop(self) -> None:
        """Begin no further request; the one in flight is finished and recorded. Returns at once."""
        loop.background_loop().call_soon_threadsafe(self._agenda.stop)

    async def _drive(self) -> None:
        lock = self.ledger.life_lock(f"import-{_short(self._whose)}")
        held = False
        try:
            # Not for safety, since an upsert made twice does no harm: who waits finds everybody in, and posts
            # nothing.
            while not self._agenda.stopped and lock.elsewhere() is None:
                held = await self._scribe.aside(lock.take)
                if held:
                    break
                await self._agenda.rest(LOOK_AGAIN_S)
            await self._work()
        except LedgerError as error:
            self._end(RunState.HALTED, str(error), Reason.LEDGER)
        except BaseException as error:
            self._end(RunState.HALTED, f"{type(error).__name__}: {error}", Reason.HALTED)
            raise
        finally:
            if held:
                await self._scribe.aside(lambda: lock.release(for_good=True))
            self._scribe.close()
            self.ended.set()

    async def _work(self) -> None:
        office = Office(
            import_id=self.import_id,
            contacts=self.contacts,
            project_id=self.project_id,
            whose=self._whose,
            settings=self.settings,
            scribe=self._scribe,
            agenda=self._agenda,
            pace=SharedPace(self.settings, self._scribe, self._agenda, self.import_id),
            in_hand=self._count_in_hand,
        )
        known = await self._scribe.aside(
            lambda: self.ledger.reading(lambda conn: imports.known_people(conn, self._whose))
        )
        # Aside, since a long list takes a moment and others send through this loop.
        todo = await self._scribe.aside(lambda: self._sort_out(known))
        async with Connection(self.settings) as connection:
            going = bool(todo) and not self._agenda.stopped
            before = await self._find_tag(office, connection) if going else None
            consent = Consent(office, connection)
            if going and not self.contacts.resubscribe:
                await consent.look()
            parts = Parts(self.contacts.chunks(todo))
            while not self._agenda.stopped and self._halt is None and (rows := parts.next()) is not None:
                reply = await self._request(office, connection, rows)
                self._tell(parts.heard(rows, reply.fates))
                self._halt = self._halt_for(reply) or await consent.check()
            self.reads += consent.reads
            if self._halt is None and not self._agenda.stopped:
                self.tag = await self._find_tag(office, connection)
                members = await self._read_back(office, connection)
                own = {self.contacts.person(row) for row in self.contacts.ready}
                held = before.subscriber_count if before is not None else None
                note = note_on_others(self.contacts.tag, held, len(own & known.keys()), members)
                self.notes += [note] if note else []
        if self._halt is not None:
            self._end(RunState.HALTED, self._halt.detail, self._halt.reason)
        elif self._agenda.stopped:
            self._end(RunState.STOPPED, "stopped; import again to go on", Reason.STOPPED)
        else:
            self._end(RunState.FINISHED, "", Reason.STOPPED)

    def _sort_out(self, known: Mapping[str, Known]) -> list[int]:
        """Settle the rows that are in with this very content; return the others."""
        todo = []
        for row in self.contacts.ready:
            earlier = known.get(self.contacts.person(row))
            if earlier is None or earlier.content_sha256 != self.contacts.digest(row):
                todo.append(row)
                continue
            words = f"imported on {datetime.fromtimestamp(earlier.imported_at, UTC):%Y-%m-%d %H:%M} UTC"
            times = (*(self.earlier_at or ()), earlier.imported_at)
            self.earlier_at = min(times), max(times)
            self.fates[row] = Fate(
                State.ALREADY_SENT,
                Reason.EARLIER_IMPORT,
                f"{words} by import {earlier.import_id}",
                finished_at=earlier.imported_at,
            )
        return todo

    async def _request(self, office: Office, connection: Connection, rows: Sequence[int]) -> Reply:
        self._tell(dict.fromkeys(rows, Fate(State.SENDING)))
        self.in_hand = 0
        self.posts += 1
        reply = await Request(office, connection, rows).carry()
        self.in_hand = 0
        return reply

    def _halt_for(self, reply: Reply) -> Halt | None:
        if reply.halt is None:
            return None
        mend = _MEND.get(reply.halt.reason, "Import again to go on.")
        return Halt(reply.halt.reason, f"{self.settings.origin}: {reply.halt.detail}. {mend}")

    async def _find_tag(self, office: Office, connection: Connection) -> TagInfo | None:
        tag, found = await find_tag(connection, self.project_id, self.contacts.tag)
        office.pace.posted_beside(1)
        self.reads += 1
        self._tag_trouble = found.trouble.detail if found.trouble is not None else ""
        return tag

    async def _read_back(self, office: Office, connection: Connection) -> Members | None:
        """Settle each row by what the API holds under the tag, where that was asked for."""
        if self.account != "rows":
            return None
        if self.tag is None:
            self.notes.append(f"The rows could not be read back: {self.tag_trouble}.")
            return None
        rows = {self.contacts.person(row): row for row in self.contacts.ready}
        members = await read_members(office, connection, self.tag, rows.keys())
        self.reads += members.reads
        changed = {
            row: seen(self.fates[row], contact, self.contacts.text(row))
            for person, contact in members.found.items()
            for row in [rows[person]]
        }
        missing = {row: self.fates[row] for person, row in rows.items() if person not in members.found}
        if members.whole:
            changed |= not_seen(missing)
        else:
            self.notes.append(
                f"Not all rows could be read back, so {len(missing):,} stay as the API's counts have them: "
                f"{members.trouble}."
            )
        await self._keep(changed)
        return members

    async def _keep(self, changed: Mapping[int, Fate]) -> None:
        """Write who turned out to be in, and who not, and only then tell it."""
        contacts = self.contacts
        ins = [row for row, fate in changed.items() if fate.state is State.ACCEPTED]
        outs = [row for row, fate in changed.items() if fate.reason is Reason.NOT_THERE]
        people = [(contacts.person(row), contacts.digest(row)) for row in ins]

        def write(conn: sa.Connection) -> None:
            imports.note_people(conn, self._whose, self.import_id, people, clock.now(conn))
            imports.forget_people(conn, self._whose, [contacts.person(row) for row in outs])

        await self._scribe.write_stubbornly(write)
        self._tell(changed)

    def _count_in_hand(self, processed: int) -> None:
        self.in_hand = processed

    def _tell(self, fates: Mapping[int, Fate]) -> None:
        for row, fate in fates.items():
            self.fates[row] = fate

    def _end(self, state: RunState, detail: str, reason: Reason) -> None:
        """Leave no row open; those whose turn did not come say why."""
        if self.state not in LIVE_STATES:
            return
        for row, fate in enumerate(self.fates):
            if fate.state is State.WAITING:
                self.fates[row] = Fate(State.NOT_SENT, reason, "its turn did not come")
            elif fate.state is State.SENDING:
                self.fates[row] = Fate(State.UNKNOWN, reason, "no outcome is on record")
        self.state, self.detail = state, detail


def _before(contacts: ContactList, row: int) -> Fate:
    preset = contacts.preset(row)
    return Fate(State.WAITING) if preset is None else Fate(*preset)


async def _project(settings: Settings, project_id: str | None) -> str:
    async with Connection(settings) as connection:
        return await project_for(connection, project_id)


def _short(whose: Whose) -> str:
    return hashlib.sha256(f"{whose.scope}\n{whose.project_id}\n{whose.tag}".encode()).hexdigest()[:16]
