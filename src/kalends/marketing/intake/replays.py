"""Replays: a stored payload read once more by today's mapping.

A replay is a batch of its own, at the place in time of the first reading, and takes the place of all earlier readings
of the same payload: from its version on all is as if the platform's words had been understood so from the start. What a
mapping reads as it was read before writes nothing. A payload that could not be read, or was taken back, is loaded again
in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text, update

from kalends.base.errors import ConflictError
from kalends.base.jobs import JobRun
from kalends.base.work import Work
from kalends.marketing import batches
from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.models import Batch
from kalends.marketing.stewardship import counting
from kalends.marketing.stewardship.counting import ConversionRule
from kalends.marketing.stewardship.rules import conversion_rules

KIND: Final = "marketing.replay_batches"
NEWEST = text(
    "SELECT id, state, done, total, message FROM tasks WHERE kind = 'marketing.replay_batches' ORDER BY id DESC LIMIT 1"
)
CANCEL = text(
    "UPDATE tasks SET cancel_requested = true"
    " WHERE kind = 'marketing.replay_batches' AND state IN ('queued', 'running') RETURNING id"
)


class CannotReplayError(ConflictError):
    """Only a batch that brought a file, and is not being loaded right now, can be read again. Exchange rates only where
    they could not be loaded: the rates that are read last count.
    """

    code = "cannot_replay"


class AlreadyReplayingError(ConflictError):
    """Files are being read again already; wait for that, or cancel it."""

    code = "already_replaying"


def replay(work: Work, *, batch_id: UUID) -> Batch:
    """Read the batch's stored payload by today's mapping, as it was told to be read then. Raises CannotReplayError."""
    batch = batches.get(work, batch_id)
    is_read = batch.state == "failed" or (batch.state == "published" and batch.kind in batches.FILES)
    if batch.file_id is None or not is_read:
        raise CannotReplayError(state=batch.state)
    if since := batches.kept_since(work, root=batch.replays_seq or batch.seq):
        raise CannotReplayError(f"What this file replaced was removed: versions are kept since {since:%Y-%m-%d}.")
    made = batches.record(
        work,
        kind="replay" if batch.kind in batches.FILES else batch.kind,
        data_source=batch.data_source,
        file_name=batch.file_name,
        file_id=batch.file_id,
        size=batch.size,
        sha256=batch.sha256,
        options=batch.options,
        reported_at=batch.reported_at,
        replays_seq=(batch.replays_seq or batch.seq) if batch.kind in batches.FILES else None,
    )
    work.audit("replay", subject_kind="batch", subject_id=made.id, after={"seq": made.seq, "of": batch.seq})
    return made


def readings(work: Work, *, root: int) -> list[Batch]:
    """Every reading of the payload that batch `root` brought, the first one first."""
    query = select(Batch).where(or_(Batch.seq == root, Batch.replays_seq == root)).order_by(Batch.seq)
    return list(work.session.execute(query).scalars())


def earlier_readings(work: Work, batch: Batch) -> list[int]:
    """The numbers of the earlier readings of the payload that `batch` reads again or takes back, the first one first:
    it tells the payload's place.
    """
    root = batch.replays_seq or batch.retracts_seq
    assert root is not None
    return [one.seq for one in readings(work, root=root) if one.seq < batch.seq]


def note_replaced(work: Work, batch: Batch, *, only_failed: bool = False) -> None:
    """A published replay stands for its payload from now on; one that failed, only for those that failed before."""
    earlier = update(Batch).where(Batch.seq < batch.seq)
    if only_failed:
        earlier = earlier.where(Batch.state == "failed")
    earlier = earlier.where(or_(Batch.seq == batch.replays_seq, Batch.replays_seq == batch.replays_seq))
    work.session.execute(earlier.values(replayed_by_seq=batch.seq))


def is_older(batch: Batch, rules: Iterable[ConversionRule] = ()) -> bool:
    """Whether the platform's mapping, or which conversions count, has changed since it read this batch."""
    if counting.told_of(batch.report) != counting.plain(counting.of_source(rules, batch.data_source)):
        return True
    told = (batch.report or {}).get("mapping", "")
    source, _, version = told.partition("@")
    now = MAPPINGS.get(source)
    return now is not None and version.isdigit() and int(version) < now.version


def standing(data_source: str | None = None) -> Select[Batch]:
    """The batches whose files count now, oldest first."""
    query = select(Batch).where(
        Batch.kind.in_(batches.FILES),
        Batch.state == "published",
        Batch.retracted_by_seq.is_(None),
        Batch.replayed_by_seq.is_(None),
    )
    return (query.where(Batch.data_source == data_source) if data_source else query).order_by(Batch.seq)


def to_replay(work: Work, *, data_source: str | None = None, is_all: bool = False) -> list[Batch]:
    """The standing batches that older rules read, and whose payload and versions are kept; with `is_all` every one."""
    _, horizon = batches.known_since(work)
    is_kept = func.coalesce(Batch.replays_seq, Batch.seq) > horizon
    found = work.session.execute(standing(data_source).where(Batch.file_id.is_not(None), is_kept)).scalars()
    _, rules = conversion_rules(work)
    return [batch for batch in found if is_all or is_older(batch, rules)]


@dataclass(frozen=True, slots=True)
class Replaying:
    """How far reading again is: `done` of `total` batches."""

    state: str
    done: int
    total: int | None
    message: str


def progress(work: Work) -> Replaying | None:
    """The last or the running round; None before the first."""
    row = work.session.execute(NEWEST).one_or_none()
    return Replaying(row.state, row.done, row.total, row.message) if row else None


def start(work: Work, *, data_source: str | None = None, is_all: bool = False) -> int:
    """Read many batches again in the background; gives how many. Raises AlreadyReplayingError."""
    running = progress(work)
    if running is not None and running.state in {"queued", "running"}:
        raise AlreadyReplayingError
    found = to_replay(work, data_source=data_source, is_all=is_all)
    if found:
        told: dict[str, Any] = {"last_seq": found[-1].seq, "data_source": data_source or "", "is_all": is_all}
        work.defer(KIND, lock=batches.INGEST_LOCK, **told)
    return len(found)


def cancel(work: Work) -> bool:
    """Stop after the batch that is being read; whether anything was running."""
    return bool(work.session.execute(CANCEL).all())


class Quiet(JobRun):
    """The run of a round: a batch's own steps do not show, the round's do, and a wish to cancel is heard at each."""

    def __init__(self, run: JobRun, *, done: int, total: int) -> None:
        """The run at batch `done` of `total`."""
        super().__init__(run.house, run.scope, run.task_id, run.attempt, run.args, run.is_last)
        self._place = (done, total)

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Tell how far the round is."""
        del done, total
        super().progress(*self._place, message)
