"""What the marketing room does: load, show, take back; and tell which version of the data is published."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import duckdb
import orjson
from sqlalchemy import func, select, text

from kalends.base.clock import system_clock
from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.identity.service import Door
from kalends.marketing import batches, orders
from kalends.marketing.applied import newest_applied
from kalends.marketing.batches import NotKnownYetError, data_version, refuse_forgotten, version_at
from kalends.marketing.batchreport import describe as describe_staging
from kalends.marketing.intake import contracts, replays, totals
from kalends.marketing.intake.replays import replay
from kalends.marketing.lineage import FactVersion, RawLine, lineage_of, raw_line
from kalends.marketing.mapping import canonical_source
from kalends.marketing.models import Batch
from kalends.marketing.names import find_campaigns
from kalends.marketing.overview import Source, count_waiting, list_sources
from kalends.marketing.pipeline import declared_days, stage_options
from kalends.marketing.quality import forgetting as _quality_forgetting  # noqa: F401 - goes with days that go
from kalends.marketing.quality import standing
from kalends.marketing.reconciliation import counted as _counted
from kalends.marketing.reconciliation import evidence  # noqa: F401 - offers what was decided
from kalends.marketing.reconciliation import forgetting as _reconciliation_forgetting  # noqa: F401 - goes with days
from kalends.marketing.reconciliation.counted import Counted
from kalends.marketing.reconciliation.reading import Retold, retold
from kalends.marketing.reconciliation.schemas import Orders
from kalends.marketing.reconciliation.service import aggregate, conflicts
from kalends.marketing.reconciliation.sources import COUNTERS
from kalends.marketing.schemas import (
    Batches,
    BatchOut,
    BatchRef,
    DayTotal,
    Entries,
    IngestAnswer,
    Progress,
    QualitySummary,
    Quarantine,
    QuarantinedRow,
    Rates,
    ReplayState,
    Totals,
    Transformed,
)
from kalends.marketing.settling import BY_RULE, Settling
from kalends.marketing.staging import stage
from kalends.marketing.stewardship import counting
from kalends.marketing.stewardship.drawing import Drawing, draw
from kalends.marketing.stewardship.evidence import Evidence, Slice, offers_evidence
from kalends.marketing.stewardship.graph import Graph, Node, batch_node
from kalends.marketing.stewardship.graph import of_batches as graph_of_batches
from kalends.marketing.stewardship.namevalues import group_of, part_of
from kalends.marketing.stewardship.naming import Rules
from kalends.marketing.stewardship.rules import conversion_rules, rules_at
from kalends.marketing.stewardship.rules import version_of as rules_version
from kalends.marketing.stewardship.schemas import GraphOut
from kalends.marketing.stewardship.settled import settling_at
from kalends.marketing.stewardship.usage import write_down_usage
from kalends.marketing.versions import warm_up as warm_up_data

__all__ = [
    "BY_RULE",
    "COUNTERS",
    "Counted",
    "Drawing",
    "Evidence",
    "FactVersion",
    "Graph",
    "GraphOut",
    "Node",
    "NotKnownYetError",
    "RawLine",
    "Rules",
    "Settling",
    "Slice",
    "Source",
    "aggregate",
    "batch_node",
    "cancel_replays",
    "canonical_source",
    "conflicts",
    "control_totals",
    "control_totals_csv",
    "count_waiting",
    "counted_sales",
    "data_version",
    "describe",
    "draw",
    "find_campaigns",
    "get_batch",
    "graph_of_batches",
    "group_of",
    "land_file",
    "land_orders",
    "land_rates",
    "land_rows",
    "lineage_of",
    "list_batches",
    "list_contracts",
    "list_sources",
    "newest_applied",
    "offers_evidence",
    "open_local",
    "order_days",
    "part_of",
    "quarantine",
    "quarantine_csv",
    "raw_line",
    "refuse_forgotten",
    "replay",
    "replay_older",
    "replay_state",
    "rules_at",
    "rules_version",
    "said_again",
    "set_contract",
    "settling_at",
    "take_back",
    "transform",
    "version_at",
    "wait_for",
    "warm_up_data",
    "write_down_usage",
]

FIRST_POLL_SECONDS, POLL_SECONDS, POLL_SHARE = 0.01, 0.25, 0.02
"""How often somebody who waits for a batch is looked after: a fiftieth of the time waited so far, within bounds."""
DANGEROUS_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet (OWASP: CSV injection); a leading apostrophe makes it text."""


class NoSuchFileError(BadInputError):
    """There is no such file on the server, or it cannot be read."""

    code = "no_such_file"


@contextmanager
def open_local(path: Path) -> Iterator[BinaryIO]:
    """A file of the server's own disk, or NoSuchFileError."""
    try:
        with path.open("rb") as source:
            yield source
    except OSError as error:
        raise NoSuchFileError(f"{path}: {error.strerror or error}.") from error


def land_file(
    door: Door,
    source: BinaryIO,
    *,
    data_source: str,
    file_name: str = "",
    reported_at: datetime | None = None,
    options: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Store a file and acknowledge it; gives the batch's id. Its application goes on in the background."""
    with door.work() as work:
        batch = batches.land(
            work,
            source,
            data_source=canonical_source(data_source),
            file_name=file_name,
            reported_at=reported_at,
            options=options,
            idempotency_key=idempotency_key,
        )
        return batch.id


def land_rows(door: Door, raw: bytes, *, envelope: Entries, idempotency_key: str | None = None) -> UUID:
    """Store rows that came in a JSON envelope, as the bytes that came; gives the batch's id."""
    return land_file(
        door,
        io.BytesIO(raw),
        data_source=envelope.data_source,
        file_name="request.json",
        options=envelope.options(),
        idempotency_key=idempotency_key,
    )


def land_rates(door: Door, rates: Rates) -> UUID:
    """Store exchange rates; gives the batch's id."""
    raw = orjson.dumps(rates.model_dump(mode="json")["rates"])
    with door.work() as work:
        return batches.land(work, io.BytesIO(raw), data_source="rates", file_name="rates.json", kind="rates").id


def land_orders(door: Door, told: Orders, *, idempotency_key: str | None = None) -> UUID:
    """Store a shop's orders; gives the batch's id."""
    # Not orjson: an order's number may have more than 64 bits.
    raw = json.dumps(told.orders).encode()
    return land_file(
        door,
        io.BytesIO(raw),
        data_source="orders",
        file_name="orders.json",
        options={"currency": told.currency} if told.currency else {},
        idempotency_key=idempotency_key,
    )


def order_days(work: Work, *, first: date, last: date, version: int | None = None) -> list[dict[str, Any]]:
    """The shop's orders by day, market, channel and currency, both days included: orders, new_customers,
    returning_customers, gross, net, refunds; as known now or at a data version.
    """
    return orders.by_day(work.warehouse, first=first, last=last, version=version)


def counted_sales(
    work: Work, *, first: date, last: date, currency: str, counters: Collection[str], version: int | None = None
) -> dict[str, Counted]:
    """What was sold by day, each sale once; see kalends.marketing.reconciliation.counted."""
    return _counted.counted(
        work.warehouse, first=first, last=last, currency=currency, counters=counters, version=version
    )


def said_again(work: Work, *, accounts: Collection[tuple[str, str]]) -> Retold:
    """What only says again what platforms deliver; see kalends.marketing.reconciliation.reading."""
    return retold(work.warehouse, accounts=accounts)


def wait_for(door: Door, *, batch_id: UUID, seconds: float) -> IngestAnswer:
    """The batch as it is when it is published or failed, or as it is after `seconds`."""
    await_done(door, batch_id=batch_id, seconds=seconds)
    with door.work() as work:
        score = standing.quick_score(work, batches.get(work, batch_id))
        return summarise(describe(work, batch_id=batch_id), score=score)


def await_done(door: Door, *, batch_id: UUID, seconds: float) -> None:
    """Return when the batch is published or failed, or after `seconds`. Raises NoSuchBatchError."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        with door.work() as work:
            if batches.get(work, batch_id).is_done:
                return
        time.sleep(min(max(FIRST_POLL_SECONDS, POLL_SHARE * waited), POLL_SECONDS, seconds - waited))


def summarise(batch: BatchOut, *, score: float | None = None) -> IngestAnswer:
    """The batch, with what it brought in a few words."""
    received, quarantined = batch.received or 0, batch.quarantined or 0
    good = received - quarantined
    report = batch.report or {}
    return IngestAnswer(
        **batch.model_dump(),
        batch=BatchRef(id=batch.id, seq=batch.seq, state=batch.state),
        ingested_count=batch.loaded or 0,
        insights=[sentence(total) for total in report.get("reports", [])],
        quality_summary=QualitySummary(
            received=received,
            good=good,
            quarantined=quarantined,
            share_good=good / received if received else None,
            score=score,
            warnings=report.get("warnings", []),
        ),
    )


def sentence(total: dict[str, Any]) -> str:
    """One report's control totals in words."""
    amounts = [
        f"{name} {total[name]}"
        for name in ("spend", "impressions", "clicks", "conversions", "revenue")
        if total.get(name) is not None
    ]
    return f"{total['report']}: {total['rows']} rows" + (f", {', '.join(amounts)}" if amounts else "")


def transform(work: Work, envelope: Entries, *, columns: dict[str, str | None]) -> Transformed:
    """What an ingest of these rows would store, without storing it."""
    # Not orjson: a platform's number may have more than 64 bits.
    raw = json.dumps(envelope.model_dump(mode="json")).encode()
    options = envelope.options() | {"columns": columns}
    counted = counting.choice(counting.of_source(conversion_rules(work)[1], envelope.data_source))
    with duckdb.connect(config={"autoinstall_known_extensions": False, "temp_directory": ""}) as con:
        report = stage(
            con,
            lambda: io.BytesIO(raw),
            data_source=envelope.data_source,
            now=system_clock(),
            date_range=declared_days(options),
            options=replace(stage_options(options), **counted),
        )
        rows = con.execute("FROM staged ORDER BY source_row LIMIT 1000").to_arrow_table().to_pylist()
        aside = con.execute("FROM quarantined ORDER BY source_row").to_arrow_table().to_pylist()
    return Transformed(
        rows=[{name: value for name, value in row.items() if value is not None} for row in rows],
        mapping=describe_staging(report),
        warnings=report.warnings,
        quarantined=[QuarantinedRow(**row) for row in aside],
    )


def list_batches(work: Work, *, data_source: str | None = None, limit: int, offset: int) -> Batches:
    """Batches, newest first, and how many there are."""
    query = batches.listing(data_source=canonical_source(data_source) if data_source else None)
    total = work.session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    found = work.session.execute(query.limit(limit).offset(offset)).scalars()
    return Batches(batches=[BatchOut.of(batch) for batch in found], total=total)


PROGRESS = text("SELECT done, total, message FROM tasks WHERE subject_id = :batch ORDER BY id DESC LIMIT 1")


def describe(work: Work, *, batch_id: UUID) -> BatchOut:
    """One batch; while it runs, with how far it is."""
    batch = batches.get(work, batch_id)
    if batch.is_done:
        return BatchOut.of(batch)
    row = work.session.execute(PROGRESS, {"batch": batch_id}).one_or_none()
    return BatchOut.of(batch, progress=Progress(done=row.done, total=row.total, message=row.message) if row else None)


def get_batch(work: Work, *, batch_id: UUID) -> Batch:
    """The batch as it is stored. Raises NoSuchBatchError."""
    return batches.get(work, batch_id)


def take_back(work: Work, *, batch_id: UUID) -> Batch:
    """Retract a published batch; gives the batch that does it."""
    return batches.take_back(work, batch_id=batch_id)


def cancel_replays(work: Work) -> bool:
    """Stop reading again after the file that is being read; whether anything was running."""
    return replays.cancel(work)


def replay_older(work: Work, *, data_source: str | None = None, is_all: bool = False) -> ReplayState:
    """Read again, in the background, every file that an older mapping has read."""
    source = canonical_source(data_source) if data_source else None
    count = replays.start(work, data_source=source, is_all=is_all)
    return ReplayState(batches=count, state="queued" if count else None, total=count)


def replay_state(work: Work) -> ReplayState:
    """How many files an older mapping has read, and how far reading them again is."""
    found, older = replays.progress(work), len(replays.to_replay(work))
    if found is None:
        return ReplayState(batches=older)
    return ReplayState(batches=older, state=found.state, done=found.done, total=found.total, message=found.message)


def control_totals(work: Work, *, batch_id: UUID, limit: int, offset: int = 0) -> Totals:
    """What a batch says in all, per report, account and day."""
    rows = totals.of_batch(work, batch=batches.get(work, batch_id), limit=limit, offset=offset)
    return Totals(totals=[DayTotal(**row) for row in rows])


def control_totals_csv(work: Work, *, batch_id: UUID) -> str:
    """The same as CSV, all of it."""
    rows = totals.of_batch(work, batch=batches.get(work, batch_id))
    return totals.as_csv([{name: harmless(value) for name, value in row.items()} for row in rows])


def list_contracts(work: Work) -> list[dict[str, Any]]:
    """The contract of every source, and its columns by report."""
    sources = [one.name for one in list_sources(work)]
    return [
        {
            "data_source": one.data_source,
            "mode": one.mode,
            "updated_at": one.updated_at,
            "columns": {known.report: dict(known.columns) for known in one.known},
        }
        for one in contracts.standing(work, sources=sources)
    ]


def set_contract(work: Work, *, data_source: str, mode: str) -> None:
    """Say what is done when the source's files change their shape."""
    contracts.settle(work, data_source=data_source, mode=mode)


def quarantine(work: Work, *, batch_id: UUID, limit: int, offset: int) -> Quarantine:
    """Rows of the batch that were set aside, in the order of the file."""
    batch = batches.get(work, batch_id)
    if not work.warehouse.exists("quarantine"):
        return Quarantine(rows=[], total=0)
    table = work.warehouse.table("quarantine")
    rows = table.filter(table.batch_seq == batch.seq).order_by("source_row", "column_name")
    found = work.warehouse.to_arrow(rows.limit(limit, offset=offset)).to_pylist()
    return Quarantine(
        rows=[QuarantinedRow(**{name: row[name] for name in QuarantinedRow.model_fields}) for row in found],
        total=int(rows.count().execute()),
    )


def quarantine_csv(work: Work, *, batch_id: UUID) -> str:
    """All rows that were set aside, as CSV whose cells no spreadsheet takes for formulas."""
    rows = quarantine(work, batch_id=batch_id, limit=1_000_000, offset=0).rows
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(QuarantinedRow.model_fields))
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.model_dump().items()} for row in rows)
    return out.getvalue()


def harmless(value: object) -> object:
    """A cell that a spreadsheet shows and does not run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS_STARTS) else value
