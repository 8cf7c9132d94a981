"""What was imported: who is on record under which tag with which content, and each request that carried them.

Every function runs inside a transaction of its caller. No table holds a contact's fields, only their hash.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from migma_nb.ledger.dialects import insert
from migma_nb.ledger.schema import metadata
from migma_nb.ledger.told import Told

imported = sa.Table(
    "imported",
    metadata,
    sa.Column("scope", sa.String, primary_key=True),
    sa.Column("project_id", sa.String, primary_key=True),
    sa.Column("tag", sa.String, primary_key=True),
    sa.Column("person", sa.String, primary_key=True),
    sa.Column("content_sha256", sa.String, nullable=False),
    sa.Column("import_id", sa.String, nullable=False),
    sa.Column("imported_at", sa.Float, nullable=False),
)

import_chunks = sa.Table(
    "import_chunks",
    metadata,
    sa.Column("chunk_id", sa.Integer, primary_key=True),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("project_id", sa.String, nullable=False),
    sa.Column("tag", sa.String, nullable=False),
    sa.Column("import_id", sa.String, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("body_sha256", sa.String, nullable=False),
    sa.Column("idempotency_key", sa.String, nullable=False),
    sa.Column("key_fingerprint", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("job_id", Told),
    sa.Column("reason", sa.String),
    sa.Column("http_status", sa.Integer),
    sa.Column("request_id", Told),
    sa.Column("intent_at", sa.Float, nullable=False),
    sa.Column("finished_at", sa.Float),
    sa.Index("import_chunks_alike", "scope", "project_id", "tag", "body_sha256"),
)

#: So many people are looked up or written by one statement: databases limit what one may carry.
_AT_ONCE = 500


class ChunkState(StrEnum):
    """How a request stands: on its way, given to a job, certainly answered, or left without an answer."""

    OPEN = "open"
    JOB = "job"
    ANSWERED = "answered"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Whose:
    """What an import belongs to: the account's scope, the project, and the tag by its name."""

    scope: str
    project_id: str
    tag: str


@dataclass(frozen=True, slots=True)
class Known:
    """A person who was imported before: with which content, by which import, and when (seconds, UTC)."""

    content_sha256: str
    import_id: str
    imported_at: float


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that is on record; `job` is the job that an earlier one of the same bytes was given to."""

    chunk_id: int
    idempotency_key: str
    job: str | None = None


def known_people(conn: sa.Connection, whose: Whose) -> dict[str, Known]:
    """Return everybody who was imported under a tag."""
    columns = (imported.c.person, imported.c.content_sha256, imported.c.import_id, imported.c.imported_at)
    found = conn.execute(sa.select(*columns).where(*_of(imported, whose)))
    return {person: Known(content, import_id, at) for person, content, import_id, at in found}


def is_import(conn: sa.Connection, import_id: str) -> bool:
    """Return whether an import of this id has sent a request."""
    query = sa.select(import_chunks.c.chunk_id).where(import_chunks.c.import_id == import_id)
    return conn.execute(query.limit(1)).first() is not None


def all_imports(conn: sa.Connection) -> list[dict[str, Any]]:
    """Return every import that has sent a request, newest first, with its requests and people counted.

    An import that found everybody in already has sent none, and is not on record.
    """
    chunk = import_chunks.c
    found = conn.execute(
        sa.select(
            chunk.import_id,
            chunk.tag,
            chunk.project_id,
            chunk.scope,
            sa.func.min(chunk.intent_at).label("started_at"),
            sa.func.max(chunk.finished_at).label("finished_at"),
            sa.func.count().label("requests"),
            *(sa.func.count().filter(chunk.state == state).label(str(state)) for state in ChunkState),
        )
        .group_by(chunk.import_id, chunk.tag, chunk.project_id, chunk.scope)
        .order_by(sa.func.min(chunk.intent_at).desc())
    )
    people = sa.select(imported.c.import_id, sa.func.count()).group_by(imported.c.import_id)
    counts: dict[str, int] = {import_id: int(count) for import_id, count in conn.execute(people)}
    return [{**one, "people": counts.get(one["import_id"], 0)} for one in found.mappings()]


def begin_chunk(
    conn: sa.Connection,
    whose: Whose,
    import_id: str,
    body: bytes,
    *,
    rows: int,
    key_fingerprint: str,
    now: float,
) -> Begun:
    """Put a request on record before it leaves, or return the job that has its rows already.

    The key hangs on the exact bytes, so that an import that goes on after a kill asks under the same one.
    What the server answered for certain stays stored there for a day, so that after such an answer the same
    bytes go out under a new key.
    """
    digest = hashlib.sha256(body).hexdigest()
    alike = (*_of(import_chunks, whose), import_chunks.c.body_sha256 == digest)
    at_work = conn.execute(
        sa.select(import_chunks.c.chunk_id, import_chunks.c.idempotency_key, import_chunks.c.job_id)
        .where(*alike, import_chunks.c.state == ChunkState.JOB)
        .order_by(import_chunks.c.chunk_id.desc())
        .limit(1)
    ).one_or_none()
    if at_work is not None:
        return Begun(at_work.chunk_id, at_work.idempotency_key, at_work.job_id)
    answered = sa.select(sa.func.count()).where(*alike, import_chunks.c.state == ChunkState.ANSWERED)
    key = _key(whose, digest, int(conn.execute(answered).scalar_one()))
    made = conn.execute(
        import_chunks.insert().values(
            scope=whose.scope,
            project_id=whose.project_id,
            tag=whose.tag,
            import_id=import_id,
            rows=rows,
            body_sha256=digest,
            idempotency_key=key,
            key_fingerprint=key_fingerprint,
            state=ChunkState.OPEN,
            intent_at=now,
        )
    )
    return Begun(int((made.inserted_primary_key or (0,))[0]), key)


def end_chunk(
    conn: sa.Connection,
    chunk_id: int,
    state: ChunkState,
    *,
    now: float,
    reason: str | None = None,
    job: str | None = None,
    http_status: int | None = None,
    request_id: str | None = None,
) -> None:
    """Write what became of a request."""
    values = {"state": state, "finished_at": now, "reason": reason}
    told = {"job_id": job, "http_status": http_status, "request_id": request_id}
    conn.execute(
        import_chunks.update()
        .where(import_chunks.c.chunk_id == chunk_id)
        .values(values | {name: value for name, value in told.items() if value is not None})
    )


def note_people(
    conn: sa.Connection, whose: Whose, import_id: str, people: Iterable[tuple[str, str]], now: float
) -> None:
    """Write who is in, each with the hash of the content; who was in before has the new one now."""
    values = [
        {
            "scope": whose.scope,
            "project_id": whose.project_id,
            "tag": whose.tag,
            "person": person,
            "content_sha256": content,
            "import_id": import_id,
            "imported_at": now,
        }
        for person, content in people
    ]
    for start in range(0, len(values), _AT_ONCE):
        made = insert(conn, imported).values(values[start : start + _AT_ONCE])
        changed = {name: made.excluded[name] for name in ("content_sha256", "import_id", "imported_at")}
        conn.execute(
            made.on_conflict_do_update(index_elements=["scope", "project_id", "tag", "person"], set_=changed)
        )


def forget_people(conn: sa.Connection, whose: Whose, people: Sequence[str]) -> None:
    """Take people off the record of whom it is not known any more with which content they are in."""
    for start in range(0, len(people), _AT_ONCE):
        some = people[start : start + _AT_ONCE]
        conn.execute(imported.delete().where(*_of(imported, whose), imported.c.person.in_(some)))


def _of(table: sa.Table, whose: Whose) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.scope == whose.scope,
        table.c.project_id == whose.project_id,
        table.c.tag == whose.tag,
    )


def _key(whose: Whose, digest: str, answered: int) -> str:
    parts = "\n".join(f"{len(part)}:{part}" for part in (whose.scope, whose.tag, digest, str(answered)))
    return "mnb-i-" + hashlib.sha256(parts.encode()).hexdigest()
