"""The Data room at a glance: what each source has delivered, and which batches somebody should look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, and_, case, false, func, or_, select

from kalends.base.work import Work
from kalends.marketing import batches, orders
from kalends.marketing.applied import ALL, newest_applied
from kalends.marketing.models import Batch
from kalends.marketing.schemas import Batches, BatchOut

Show = Literal["all", "attention", "loaded", "running", "failed", "taken_back"]
SHOWS: tuple[str, ...] = get_args(Show)

IS_FILE = Batch.kind.in_(batches.FILES)
STANDS = and_(IS_FILE, Batch.retracted_by_seq.is_(None), Batch.replayed_by_seq.is_(None))
NEEDS_LOOK = and_(
    STANDS,
    Batch.looked_at.is_(None),
    or_(Batch.state == "failed", and_(Batch.state == "published", Batch.quarantined > 0)),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One data source. `days`: days with rows, of `first` to `last`; `good` of `received` rows could be used."""

    name: str
    first: date | None
    last: date | None
    days: int
    rows: int
    accounts: int
    loaded_at: datetime | None
    received: int
    quarantined: int
    waiting: int
    """Batches that somebody should look at."""

    @property
    def share_good(self) -> float | None:
        """0 to 1; None before the first row."""
        return (self.received - self.quarantined) / self.received if self.received else None


def list_sources(work: Work) -> list[Source]:
    """Every source that ever sent a file, by name."""
    spans = _spans(work)
    query = select(
        Batch.data_source,
        func.max(Batch.published_at).label("loaded_at"),
        func.coalesce(func.sum(case((STANDS, Batch.received))), 0).label("received"),
        func.coalesce(func.sum(case((STANDS, Batch.quarantined))), 0).label("quarantined"),
        func.count(case((NEEDS_LOOK, 1))).label("waiting"),
    ).where(IS_FILE)
    found = work.session.execute(query.group_by(Batch.data_source).order_by(Batch.data_source)).mappings().all()
    return [_source(dict(row), spans.get(row["data_source"])) for row in found]


def _source(row: dict[str, Any], span: dict[str, Any] | None) -> Source:
    covered = span or {"first": None, "last": None, "days": 0, "rows": 0, "accounts": 0}
    return Source(
        name=row["data_source"],
        loaded_at=row["loaded_at"],
        received=int(row["received"]),
        quarantined=int(row["quarantined"]),
        waiting=row["waiting"],
        **covered,
    )


def _spans(work: Work) -> dict[str, dict[str, Any]]:
    """Span, days, rows and accounts of each source: looked up once per state of the data, and kept."""
    version = batches.data_version(work)
    kept = work.house.cache.get_or_make(
        lambda: orjson.dumps(_all_spans(work)),
        tenant_id=work.scope.tenant_id,
        scope="data.read",
        version=str(version),
        question="spans of sources",
        keep=lambda: newest_applied(work.warehouse, held=work.warehouse.list_tables(), tables=ALL) <= version,
    )
    spans: dict[str, dict[str, Any]] = orjson.loads(kept)
    return {
        name: span | {edge: date.fromisoformat(span[edge]) for edge in ("first", "last")}
        for name, span in spans.items()
    }


def _all_spans(work: Work) -> dict[str, dict[str, Any]]:
    """Of facts, series and orders together: files of one source may hold some of each."""
    spans: dict[str, dict[str, Any]] = {}
    kinds = (_facts(work), _of_batches(work, "series", "date_from", "date_to"), _of_batches(work, orders.TABLE))
    for name, span in (pair for kind in kinds for pair in kind.items()):
        spans[name] = _joined(spans[name], span) if name in spans else span
    return spans


def _facts(work: Work) -> dict[str, dict[str, Any]]:
    """Span, days, rows and accounts of each source's facts."""
    if not work.warehouse.exists("facts"):
        return {}
    found = work.warehouse.execute(
        "SELECT data_source, min(date_from) AS first, max(date_to) AS last, count(DISTINCT date_from) AS days,"
        ' count(*) AS "rows", count(DISTINCT account_id) AS accounts FROM facts GROUP BY data_source'
    ).to_pylist()
    return {row.pop("data_source"): row for row in found}


def _of_batches(work: Work, table: str, first: str = "date", last: str = "date") -> dict[str, dict[str, Any]]:
    """The same of sources that brought series or orders, which belong to the source of the batch that they came with.
    What was taken back is left out.
    """
    if not work.warehouse.exists(table):
        return {}
    standing = "batch_seq NOT IN (SELECT retracted_seq FROM retractions)"
    seqs = work.warehouse.execute(f"SELECT DISTINCT batch_seq AS seq FROM {table} WHERE {standing}").to_pylist()  # noqa: S608
    query = select(Batch.data_source, Batch.seq).where(Batch.seq.in_([row["seq"] for row in seqs]))
    sent: dict[str, list[int]] = {}
    for name, seq in work.session.execute(query.order_by(Batch.seq)).all():
        sent.setdefault(name, []).append(seq)
    if not sent:
        return {}
    owners = ", ".join(f"({seq}, {place})" for place, own in enumerate(sent.values()) for seq in own)
    found = work.warehouse.execute(
        f"SELECT place, min({first}) AS first, max({last}) AS last, count(DISTINCT {first}) AS days,"  # noqa: S608
        f' count(*) AS "rows", 0 AS accounts FROM {table} JOIN (VALUES {owners}) AS o (seq, place) ON seq = batch_seq'
        " GROUP BY place ORDER BY place"
    ).to_pylist()
    names = list(sent)
    return {names[row.pop("place")]: row for row in found}


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two kinds of words as one source: they are usually of the same days, so the longer run counts."""
    return {
        "first": min(one["first"], other["first"]),
        "last": max(one["last"], other["last"]),
        "days": max(one["days"], other["days"]),
        "rows": one["rows"] + other["rows"],
        "accounts": max(one["accounts"], other["accounts"]),
    }


def list_some(work: Work, *, show: str = "all", data_source: str | None = None, limit: int, offset: int) -> Batches:
    """Batches of one kind (`Show`), newest first, and how many there are."""
    query = batches.listing(data_source=data_source).where(_condition(show))
    total = work.session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    found = work.session.execute(query.limit(limit).offset(offset)).scalars()
    return Batches(batches=[BatchOut.of(batch) for batch in found], total=total)


def _condition(show: str) -> ColumnElement[bool]:
    conditions: dict[str, ColumnElement[bool]] = {
        "all": Batch.seq > 0,
        "attention": NEEDS_LOOK,
        "loaded": and_(STANDS, Batch.state == "published"),
        "running": Batch.state.in_(("landed", "applying")),
        "failed": Batch.state == "failed",
        "taken_back": or_(Batch.kind == "take_back", Batch.retracted_by_seq.is_not(None)),
    }
    return conditions.get(show, false())


def count_each(work: Work, *, data_source: str | None = None) -> dict[str, int]:
    """How many batches each filter would show."""
    counts = [func.count(case((_condition(show), 1))).label(show) for show in SHOWS]
    query: Any = select(*counts)
    if data_source:
        query = query.where(Batch.data_source == data_source)
    return dict(work.session.execute(query).mappings().one())


def count_waiting(work: Work) -> int:
    """Batches that failed or have rows set aside, and that nobody has looked at."""
    return work.session.execute(select(func.count()).select_from(Batch).where(NEEDS_LOOK)).scalar_one()


def mark_seen(work: Work, *, batch_id: UUID) -> None:
    """Somebody has seen what went wrong: it no longer waits for anybody."""
    batches.get(work, batch_id).looked_at = work.now


def neighbour(work: Work, *, seq: int | None) -> Batch | None:
    """The batch with this number: the one that took another back, or that was taken back."""
    return work.session.execute(select(Batch).where(Batch.seq == seq)).scalar_one_or_none() if seq else None
