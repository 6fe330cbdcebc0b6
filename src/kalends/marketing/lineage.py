"""The way from a number back to the line of the file that said it: fact versions, their batches, the raw row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

import duckdb
from sqlalchemy import select

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.reading import Payload
from kalends.base.reading.rows import rows_of
from kalends.base.reading.sniff import Sniffed, sniff
from kalends.base.reading.text import Lines
from kalends.base.work import Work
from kalends.marketing.mapping import unwrap_of
from kalends.marketing.models import Batch
from kalends.marketing.reading import ROW, open_raw, quoted
from kalends.marketing.records import ATTRIBUTES, DATES, KEY, LOG, METRICS

MOST_SHOWN = 64 << 10
"""Characters of a line that are shown as it came."""
FILTERS = frozenset({*KEY, *ATTRIBUTES} - set(DATES))


class UnknownFilterError(BadInputError):
    """Facts cannot be filtered by this column, or have no such metric."""

    code = "unknown_filter"


class NoSuchRowError(NotFoundError):
    """The file has no such row."""

    code = "no_such_row"


@dataclass(frozen=True, slots=True)
class FactVersion:
    """What one batch said about one fact. `is_current`: it counts now; `is_retracted`: its batch was taken back."""

    key: Mapping[str, Any]
    names: Mapping[str, str]
    value: Any
    is_deleted: bool
    is_current: bool
    is_retracted: bool
    reported_at: datetime
    recorded_at: datetime
    source_row: int
    batch_id: UUID
    batch_seq: int
    file_name: str


@dataclass(frozen=True, slots=True)
class RawLine:
    """One row of a payload as it came: `text` where the format has lines, and its cells by name."""

    row: int
    text: str | None
    cells: Mapping[str, str | None]


def lineage_of(
    work: Work,
    *,
    metric: str,
    first: date,
    last: date,
    filters: Mapping[str, str | None] | None = None,
    limit: int = 500,
    offset: int = 0,
) -> list[FactVersion]:
    """Every version of the facts between the days `first` and `last` that match, newest statement of each key first.

    `filters`: key or attribute column -> value (None: not delivered). Published batches only. Ordered by day and key,
    so that one fact's versions stand together. Raises UnknownFilterError.
    """
    wanted = dict(filters or {})
    unknown = wanted.keys() - FILTERS
    if metric not in METRICS or unknown:
        raise UnknownFilterError(
            f"{', '.join(sorted(unknown)) or metric} is not known here.", known=sorted(FILTERS), metrics=list(METRICS)
        )
    if not work.warehouse.exists("facts_past"):
        return []
    conditions = [f"l.{name} IS NULL" if value is None else f"l.{name} = ${name}" for name, value in wanted.items()]
    found = work.warehouse.execute(
        _versions_sql(metric, ["true", *conditions]),
        {name: value for name, value in wanted.items() if value is not None}
        | {"first": first, "last": last, "most": limit, "after": offset},
    ).to_pylist()
    sent = _batches(work, {row["batch_seq"] for row in found})
    return [_version(row, sent[row["batch_seq"]]) for row in found if row["batch_seq"] in sent]


NAMES = ("account_name", "campaign_name", "ad_group_name", "ad_name")


def _versions_sql(metric: str, conditions: list[str]) -> str:
    columns = ", ".join(f"l.{name}" for name in (*KEY, *NAMES))
    return (
        f"SELECT {columns}, l.{metric} AS value, l.is_deleted, l.reported_at, l.recorded_at, l.source_row, l.batch_seq,"  # noqa: S608 - declared column names
        f" f.key_hash IS NOT NULL AS is_current FROM {LOG} AS l LEFT JOIN facts AS f ON f.key_hash = l.key_hash"
        " AND f.batch_seq = l.batch_seq AND f.reported_at = l.reported_at"
        f" WHERE l.date_from >= $first AND l.date_to <= $last AND {' AND '.join(conditions)}"
        " ORDER BY l.date_from, l.report, l.key_hash, l.reported_at DESC, l.batch_seq DESC LIMIT $most OFFSET $after"
    )


def _batches(work: Work, numbers: set[int]) -> dict[int, Batch]:
    query = select(Batch).where(Batch.seq.in_(numbers), Batch.state == "published")
    return {batch.seq: batch for batch in work.session.execute(query).scalars()}


def _version(row: dict[str, Any], batch: Batch) -> FactVersion:
    return FactVersion(
        key={name: row[name] for name in KEY},
        names={name: row[name] for name in NAMES if row[name]},
        value=row["value"],
        is_deleted=row["is_deleted"],
        is_current=row["is_current"],
        is_retracted=batch.retracted_by_seq is not None,
        reported_at=row["reported_at"],
        recorded_at=row["recorded_at"],
        source_row=row["source_row"],
        batch_id=batch.id,
        batch_seq=batch.seq,
        file_name=batch.file_name,
    )


def raw_line(work: Work, *, batch: Batch, source_row: int) -> RawLine:
    """The row as it came, read back out of the encrypted payload. Raises NoSuchRowError, FileMissingError."""
    if batch.file_id is None or source_row < 1:
        raise NoSuchRowError(row=source_row)
    payload = partial(work.house.files.open, batch.tenant_id, batch.file_id)
    found = read_row(payload, row=source_row, data_source=batch.data_source)
    if found is None:
        raise NoSuchRowError(f"{batch.file_name or 'The file'} has no row {source_row}.", row=source_row)
    return found


def read_row(payload: Payload, *, row: int, data_source: str = "") -> RawLine | None:
    """Row `row` (counted from 1, as `source_row` counts) of any payload; None if it has fewer."""
    sniffed = sniff(payload)
    if sniffed.format == "parquet":
        return _parquet_row(payload, row)
    text, cells = None, dict[str, str | None]()
    for one in rows_of(payload, sniffed, unwrap_of(data_source)):
        if one.number > row:
            break
        if one.number == row:
            cells |= one.cells
            text = _line(payload, sniffed, one.line) if one.line else one.raw
    return RawLine(row, text, cells) if cells or text else None


def _line(payload: Payload, sniffed: Sniffed, place: int) -> str | None:
    """The filled line at this place; None where it is a whole page of rows, which nobody could read."""
    filled = (line for line in Lines(payload, sniffed.encoding) if line.strip())
    text = next(islice(filled, place - 1, None), "").strip()
    return text if len(text) <= MOST_SHOWN else None


def _parquet_row(payload: Payload, row: int) -> RawLine | None:
    with duckdb.connect() as con, open_raw(con, payload) as raw:
        table = raw.tables[0]
        names = ", ".join(map(quoted, table.columns))
        found = con.execute(f"SELECT {names} FROM {table.relation} WHERE {ROW} = ?", [row]).fetchone()  # noqa: S608
        return RawLine(row, None, dict(zip(table.columns, found, strict=True))) if found else None
