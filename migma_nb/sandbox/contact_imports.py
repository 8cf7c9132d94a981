"""Taking rows in as contacts, at once or in the background, where an import can be made to stop half-way."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.contact_fields import row_of
from migma_nb.sandbox.records import ImportJob
from migma_nb.sandbox.timetable import Act

_TICK_S = 0.05
Row = Mapping[str, Any]


def take_rows(account: Account, job: ImportJob, rows: Sequence[Row]) -> None:
    """Take the next rows of an import; a row at fault is counted and said. The caller holds ``change()``.

    Args:
        account: Where the contacts go.
        job: Counts them.
        rows: Those that follow the rows that were processed.
    """
    audience = account.audience
    for given in rows:
        job.processed += 1
        row = row_of(given, job.processed)
        if isinstance(row, str):
            job.failed += 1
            job.errors.append(row)
            continue
        known = audience.find_contact(row.email, job.project_id, any_project=False)
        if known and job.skips_known:
            job.skipped += 1
            continue
        audience.take_contact(row.email, job.project_id, row.given())
        job.updated += known is not None
        job.created += known is None


class ContactImports:
    """Imports in the background, in even steps of one commit each. The account's lock guards it.

    Args:
        account: Holds the imports, their rows and the contacts.
        put: Has something happen at a moment, in seconds since the epoch by the sandbox's clock.
        seconds: How long an import takes, whatever its size.

    Attributes:
        fail_after: Imports stop after so many rows; None lets them come to their end.
    """

    def __init__(self, account: Account, put: Callable[[float, Act], None], *, seconds: float) -> None:
        self._account = account
        self._put = put
        self._steps = max(1, round(seconds / _TICK_S))
        self._pause_s = seconds / self._steps
        self.fail_after: int | None = None
        for job in account.imports:
            if not job.finished:
                self._go_on_later(job)

    def start(self, job: ImportJob, rows: list[dict[str, Any]]) -> None:
        """Take up an import; nothing is imported before the caller's ``change()`` has ended."""
        self._account.import_rows.put(job.id, rows)
        self._account.imports.put(job.id, job)
        self._go_on_later(job)

    def _go_on_later(self, job: ImportJob) -> None:
        self._put(self._account.clock.now() + self._pause_s, lambda _: self._go_on(job))

    def _go_on(self, job: ImportJob) -> None:
        rows = self._account.import_rows.get(job.id) or []
        job.status = "processing"
        end = min(job.processed + max(1, math.ceil(job.total / self._steps)), job.total)
        if self.fail_after is not None:
            end = min(end, max(self.fail_after, job.processed))
        take_rows(self._account, job, rows[job.processed : end])
        if job.processed == job.total:
            job.status = "completed"
        elif self.fail_after is not None and job.processed >= self.fail_after:
            job.status = "failed"
            job.error = (
                f"The import stopped after {job.processed} of {job.total} contacts. "
                "Those have been imported, the others have not."
            )
        if job.finished:
            job.completed_at = self._account.clock.timestamp()
            self._account.import_rows.delete(job.id)
        else:
            self._go_on_later(job)
        self._account.imports.put(job.id, job)
