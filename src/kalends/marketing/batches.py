"""Batches: landing a payload, acknowledging it, publishing what came of it.

Postgres decides, the warehouse follows. A payload is on disk before its row is committed; the row, its number and the
apply task are one transaction; readers see a batch from the moment `publish` commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.marketing.models import Batch, DataState
from kalends.marketing.records import EARLIEST
from kalends.notify import service as notify

APPLY = "marketing.apply_batches"
FILES = ("upload", "replay")
"""The kinds of batch that bring a payload of rows."""
WORDS = ("named", "series", "orders")
"""How a batch's report counts what it brought besides facts."""
ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
INGEST_LOCK = "ingest"
"""One tenant's batches are applied one after the other."""


class NoSuchBatchError(NotFoundError):
    """There is no such batch."""

    code = "no_such_batch"


class EmptyPayloadError(BadInputError):
    """The file is empty: there was nothing to read."""

    code = "empty_payload"


class ReportedTooEarlyError(BadInputError):
    """No platform said anything then."""

    code = "reported_too_early"


class NotKnownYetError(NotFoundError):
    """Nothing was known then: the first data came later."""

    code = "not_known_yet"


class CannotTakeBackError(ConflictError):
    """Only a published upload that has not been taken back yet can be taken back."""

    code = "cannot_take_back"


def land(
    work: Work,
    source: BinaryIO,
    *,
    data_source: str,
    file_name: str,
    reported_at: datetime | None = None,
    options: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
    kind: str = "upload",
) -> Batch:
    """Store the payload, number the batch and start its application; acknowledged when the transaction commits.

    `reported_at`: when the platform said it; without it, now. The same `idempotency_key` again gives the batch that
    it made the first time and stores nothing.
    """
    if idempotency_key:
        # Whoever sends the same key at the same time waits here, and then finds the batch.
        work.session.execute(ONE_BY_ONE, {"key": f"{work.scope.tenant_id} {idempotency_key}"})
        if known := find_by_key(work, idempotency_key):
            return known
    file_id = new_id()
    stored = work.house.files.write(work.scope.tenant_id, file_id, source)
    if not stored.size:
        work.house.files.delete(work.scope.tenant_id, file_id)
        raise EmptyPayloadError(f"{file_name or 'The payload'} is empty: there was nothing to read.")
    return record(
        work,
        kind=kind,
        data_source=data_source,
        file_name=file_name,
        file_id=file_id,
        size=stored.size,
        sha256=stored.sha256,
        options=options or {},
        idempotency_key=idempotency_key or None,
        reported_at=when_reported(reported_at, now=work.now),
    )


def when_reported(told: datetime | None, *, now: datetime) -> datetime:
    """When the platform said it: as told, never later than now. Raises ReportedTooEarlyError."""
    if told is None:
        return now
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    if aware.date() < EARLIEST:
        raise ReportedTooEarlyError(f"reported_at {told.isoformat()} is before {EARLIEST}: give the real moment.")
    return min(aware, now)


def file_time(seconds: float) -> datetime | None:
    """When a file was last changed, out of seconds since 1970; None where that cannot be: archives lose it."""
    found = datetime.fromtimestamp(seconds, UTC)
    return found if found.date() >= EARLIEST else None


def take_back(work: Work, *, batch_id: UUID) -> Batch:
    """Retract the batch: from the moment this is published, all is as if its file had never come, however often it was
    read. History is kept.
    """
    batch = get(work, batch_id)
    if batch.kind not in FILES or batch.state != "published" or batch.retracted_by_seq is not None:
        raise CannotTakeBackError(state=batch.state, taken_back=batch.retracted_by_seq is not None)
    root = batch.replays_seq or batch.seq
    if since := kept_since(work, root=root):
        raise CannotTakeBackError(f"What this file replaced was removed: versions are kept since {since:%Y-%m-%d}.")
    made = record(
        work,
        kind="take_back",
        data_source=batch.data_source,
        file_name=batch.file_name,
        reported_at=work.now,
        retracts_seq=root,
    )
    readings = update(Batch).where(or_(Batch.seq == root, Batch.replays_seq == root), Batch.seq < made.seq)
    work.session.execute(readings.where(Batch.retracted_by_seq.is_(None)).values(retracted_by_seq=made.seq))
    work.audit("take_back", subject_kind="batch", subject_id=batch.id, after={"seq": batch.seq, "by": made.seq})
    return made


def record(work: Work, **columns: Any) -> Batch:
    """Give the batch the next number and defer the task that applies it."""
    batch = Batch(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        seq=next_seq(work),
        state="landed",
        person_id=work.scope.person_id,
        received_at=work.now,
        **columns,
    )
    work.session.add(batch)
    work.session.flush()
    work.defer(APPLY, subject_id=batch.id, lock=INGEST_LOCK)
    return batch


def next_seq(work: Work) -> int:
    """The next number; holds the tenant's row until commit, so that numbers are acknowledged in their order."""
    state = {"tenant_id": work.scope.tenant_id, "id": new_id(), "next_seq": 2, "data_version": 0, "known_since_seq": 0}
    taken = work.session.execute(
        insert(DataState)
        .values(state)
        .on_conflict_do_update(index_elements=["tenant_id"], set_={"next_seq": DataState.next_seq + 1})
        .returning(DataState.next_seq)
    ).scalar_one()
    return taken - 1


def data_version(work: Work) -> int:
    """The newest published version; 0 before the first load."""
    return work.session.execute(select(DataState.data_version)).scalar() or 0


def known_since(work: Work) -> tuple[datetime | None, int]:
    """From which instant and version on versions are kept; (None, 0) where retention has removed none."""
    row = work.session.execute(select(DataState.known_since, DataState.known_since_seq)).one_or_none()
    return (row.known_since, row.known_since_seq) if row else (None, 0)


def kept_since(work: Work, *, root: int) -> datetime | None:
    """Since when versions are kept, where a reading of the payload that batch `root` brought spoke before: nobody knows
    any more what would be so without it.
    """
    since, horizon = known_since(work)
    spoke = or_(Batch.seq == root, Batch.replays_seq == root), Batch.seq <= horizon, Batch.state == "published"
    return since if since and work.session.scalar(select(Batch.seq).where(*spoke).limit(1)) else None


def refuse_forgotten(work: Work, *, version: int) -> None:
    """Raise NotKnownYetError for a version before those that are kept."""
    since, horizon = known_since(work)
    if since is not None and version < horizon:
        raise NotKnownYetError(
            f"Known only since {since:%Y-%m-%d}: what was known before was removed by your retention rules.",
            known_since=since.isoformat(),
        )


def version_at(work: Work, *, instant: datetime) -> int:
    """The version that was published at `instant`; 0 when nothing was known yet."""
    newest = select(func.max(Batch.seq)).where(Batch.published_at <= instant)
    return work.session.execute(newest).scalar() or 0


def get(work: Work, batch_id: UUID) -> Batch:
    """The batch, or NoSuchBatchError."""
    batch = work.session.execute(select(Batch).where(Batch.id == batch_id)).scalar_one_or_none()
    if batch is None:
        raise NoSuchBatchError
    return batch


def find_by_key(work: Work, idempotency_key: str) -> Batch | None:
    """The batch that an earlier call with this key made."""
    return work.session.execute(select(Batch).where(Batch.idempotency_key == idempotency_key)).scalar_one_or_none()


def listing(*, data_source: str | None = None) -> Select[Batch]:
    """Batches, newest first."""
    query = select(Batch).order_by(Batch.seq.desc())
    return query.where(Batch.data_source == data_source) if data_source else query


def oldest_pending(work: Work) -> Batch | None:
    """The batch to apply next. One that was begun and cut off comes before any later one."""
    pending = select(Batch).where(Batch.state.in_(("landed", "applying"))).order_by(Batch.seq).limit(1)
    batch = work.session.execute(pending).scalar_one_or_none()
    if batch is not None:
        batch.state = "applying"
    return batch


def is_any_pending(work: Work) -> bool:
    """Whether a batch waits to be applied."""
    return work.session.scalar(select(Batch.seq).where(Batch.state.in_(("landed", "applying"))).limit(1)) is not None


def published_since(work: Work, *, after: int) -> datetime | None:
    """When the first batch behind the version `after` was published; None where there is none."""
    return work.session.scalar(select(func.min(Batch.published_at)).where(Batch.seq > after))


def published_with(work: Work, *, rows: int) -> datetime | None:
    """When the last batch of so many rows was published; None where there is none."""
    return work.session.scalar(select(func.max(Batch.published_at)).where(Batch.received >= rows))


def changed_between(work: Work, *, after: int, until: int) -> list[int]:
    """The numbers of all batches whose rows came, went or were read again behind the version `after`."""
    news = select(Batch.seq, Batch.retracts_seq, Batch.replays_seq).where(
        Batch.seq > after, Batch.seq <= until, Batch.state == "published"
    )
    found = work.session.execute(news).all()
    roots = {root for row in found for root in (row.retracts_seq, row.replays_seq) if root is not None}
    readings = select(Batch.seq).where(or_(Batch.seq.in_(roots), Batch.replays_seq.in_(roots)))
    return sorted({row.seq for row in found} | set(work.session.scalars(readings)))


def publish(work: Work, *, batch_id: UUID, outcome: dict[str, Any]) -> None:
    """Let readers see the batch. `outcome` has its counts and report; the announcement is in the same transaction."""
    batch = get(work, batch_id)
    batch.state, batch.published_at = "published", work.now
    for name, value in outcome.items():
        setattr(batch, name, storable(value))
    work.session.execute(
        update(DataState).values(data_version=func.greatest(DataState.data_version, batch.seq), published_at=work.now)
    )
    work.announce("marketing.batch_published", batch_id=str(batch.id))


def fail(work: Work, *, batch_id: UUID, problem: dict[str, Any]) -> None:
    """Write down why the batch could not be read at all, and tell who sent it and who manages the workspace. Its
    payload stays and can be replayed. What it should have taken back counts as before.
    """
    batch = get(work, batch_id)
    batch.state, batch.error = "failed", storable(problem)
    work.session.execute(update(Batch).where(Batch.retracted_by_seq == batch.seq).values(retracted_by_seq=None))
    notify.tell_admins(
        work,
        kind="batch.failed",
        title=f"{batch.file_name or f'Batch {batch.seq}'} could not be loaded",
        body=str(batch.error.get("detail", "")),
        href=f"/data/batches/{batch.id}",
        also=batch.person_id,
    )


def storable(value: Any) -> Any:
    """A value as PostgreSQL's JSON can hold it: files may have NUL in their texts, halves of a character, and sums that
    no number can be.
    """
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    return None if isinstance(value, float) and not isfinite(value) else value


def brings_words(batch: type[Batch]) -> ColumnElement[bool]:
    """Whether it brought words besides facts: of those that it only repeated, the payload alone knows."""
    return or_(*(func.coalesce(batch.report[kind].as_integer(), 0) > 0 for kind in WORDS))


def keeping_words(work: Work, *, after: int, version: int) -> list[Batch]:
    """Files after number `after`, standing at `version`, that brought words besides facts, in the order of places."""
    is_standing = or_(Batch.retracted_by_seq.is_(None), Batch.retracted_by_seq > version)
    query = (
        select(Batch)
        .where(Batch.seq > after, Batch.state == "published", Batch.kind.in_(FILES), brings_words(Batch))
        .where(is_standing, Batch.replayed_by_seq.is_(None))
        .order_by(func.coalesce(Batch.replays_seq, Batch.seq), Batch.seq)
    )
    return list(work.session.execute(query).scalars())


def naming(work: Work, *, like: int) -> list[Batch]:
    """Published, standing uploads after number `like` that name something, of its platform; none where it names
    nothing itself.
    """
    root, named = aliased(Batch), Batch.report["named"].as_integer()
    query = (
        select(Batch)
        .join(root, and_(root.seq == like, root.data_source == Batch.data_source))
        .where(root.report["named"].as_integer() > 0, named > 0, Batch.seq > like)
        .where(Batch.state == "published", Batch.kind.in_(FILES), Batch.retracted_by_seq.is_(None))
        .order_by(Batch.seq)
    )
    return list(work.session.execute(query).scalars())


def numbered(work: Work, numbers: Sequence[int]) -> list[Batch]:
    """The batches with these numbers."""
    return list(work.session.execute(select(Batch).where(Batch.seq.in_(numbers)).order_by(Batch.seq)).scalars())
