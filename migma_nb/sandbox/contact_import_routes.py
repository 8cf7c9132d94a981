"""The routes that import contacts, as JSON rows or as a CSV file (migma-api.md section 5).

What an import does to a contact that is known is said in ``Audience.take_contact``. Where the sheet is
silent: ``success`` counts all rows that were taken and ``updated`` those of them that were known before, so
that ``success`` and ``failed`` are all rows; an import that stops half-way has no ``result``.
"""

from typing import Any

from pydantic import Field

from migma_nb.sandbox.asked import body_of
from migma_nb.sandbox.contact_imports import take_rows
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.csv_rows import CsvForm, form_of, rows_of
from migma_nb.sandbox.envelope import Answer, Refusal
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.multipart import parts_of
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.records import ImportJob
from migma_nb.sandbox.scope import InProject, answer, project_of
from migma_nb.sandbox.shown import Shown

#: So many rows are imported while the caller waits; more go to the background.
MOST_AT_ONCE = 5000


class BulkImport(InProject):
    """Contacts to import; a row that is none fails by itself, so that rows are looked at one by one."""

    subscribers: list[dict[str, Any]] = Field(min_length=1)


class BulkResult(Shown):
    """What an import came to, in rows."""

    success: int
    failed: int
    updated: int
    errors: list[str] | None = None


class BulkStarted(Shown):
    """An import that goes on in the background."""

    job_id: str
    status: str
    total_contacts: int
    message: str


class BulkJob(Shown):
    """How far an import in the background has come."""

    job_id: str
    status: str
    total_contacts: int
    processed: int
    result: BulkResult | None = None
    error: str | None = None
    created_at: str
    completed_at: str | None = None


class CsvStarted(Shown):
    """A CSV import that goes on in the background."""

    object: str
    id: str
    status: str


class CsvCounts(Shown):
    """What became of the rows of a file."""

    total: int
    created: int
    updated: int
    skipped: int
    failed: int


class CsvImport(Shown):
    """How far a CSV import has come."""

    id: str
    status: str
    counts: CsvCounts
    error: str | None = None
    created_at: str = Field(alias="created_at")
    completed_at: str | None = Field(default=None, alias="completed_at")


def _post_bulk(call: Call, context: Context) -> Answer:
    asked = body_of(call, BulkImport)
    rows = asked.subscribers
    job = _job("bulk", project_of(context, asked.project_id), len(rows), context)
    mode = context.policy.import_mode
    if mode == "async" or (mode == "auto" and len(rows) > MOST_AT_ONCE):
        context.contact_imports.start(job, rows)
        message = f"{len(rows)} contacts are being imported in the background."
        started = {"jobId": job.id, "status": "processing", "totalContacts": job.total, "message": message}
        return answer(call, started)
    take_rows(context.account, job, rows)
    return answer(call, _result(job))


def _job(kind: str, project_id: str, total: int, context: Context) -> ImportJob:
    return ImportJob(new_id(), kind, project_id, total, context.account.clock.timestamp())


def _result(job: ImportJob) -> dict[str, Any]:
    result = {"success": job.created + job.updated, "failed": job.failed, "updated": job.updated}
    return {**result, "errors": job.errors} if job.errors else result


def _get_bulk(call: Call, context: Context) -> Answer:
    job = _known("bulk", call.params["job_id"], context)
    return answer(call, bulk_job_as_json(job))


def bulk_job_as_json(job: ImportJob) -> dict[str, Any]:
    """An import in the background as the API shows it."""
    record = {"jobId": job.id, "status": job.status, "totalContacts": job.total, "processed": job.processed}
    record |= {"error": job.error, "createdAt": job.created_at, "completedAt": job.completed_at}
    return BulkJob.of(record, result=_result(job) if job.status == "completed" else None)


def _known(kind: str, job_id: str, context: Context) -> ImportJob:
    job = context.account.imports.get(job_id)
    if job is None or job.kind != kind:
        raise Refusal(404, "NOT_FOUND", f"There is no import '{job_id}'.")
    return job


def _post_csv(call: Call, context: Context) -> Answer:
    form = form_of(parts_of(call))
    project_id, rows = project_of(context, form.project_id), rows_of(form)
    job = _job("csv", project_id, len(rows), context)
    job.skips_known = form.on_conflict == "skip"
    context.contact_imports.start(job, rows)
    return answer(call, {"object": "contact_import", "id": job.id, "status": "processing"}, status=202)


def _get_csv(call: Call, context: Context) -> Answer:
    job = _known("csv", call.params["id"], context)
    counts = {"total": job.total, "created": job.created, "updated": job.updated}
    counts |= {"skipped": job.skipped, "failed": job.failed}
    record = {"id": job.id, "status": job.status, "counts": counts, "error": job.error}
    return answer(call, CsvImport.of(record, created_at=job.created_at, completed_at=job.completed_at))


OPERATIONS = [
    Operation(
        method="POST",
        path="/contacts/bulk",
        action=_post_bulk,
        summary="Import contacts, up to 5,000 at once and more in the background",
        source="section 5",
        permission="audience:write",
        body=BulkImport,
        data=BulkResult | BulkStarted,
        refusals=(400, 404, 409),
        idempotent=True,
    ),
    Operation(
        method="GET",
        path="/contacts/bulk/{job_id}",
        action=_get_bulk,
        summary="How far an import in the background has come",
        source="section 5",
        permission="audience:read",
        data=BulkJob,
        refusals=(404,),
    ),
    Operation(
        method="POST",
        path="/contacts/imports",
        action=_post_csv,
        summary="Import the contacts of a CSV file in the background",
        source="section 5",
        permission="audience:write",
        body=CsvForm,
        body_type="multipart/form-data",
        data=CsvStarted,
        status=202,
        refusals=(400, 404, 409),
        idempotent=True,
    ),
    Operation(
        method="GET",
        path="/contacts/imports/{id}",
        action=_get_csv,
        summary="How far a CSV import has come",
        source="section 5",
        permission="audience:read",
        data=CsvImport,
        refusals=(404,),
    ),
]
