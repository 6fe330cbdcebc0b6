"""Every version of every day in the warehouse: only days that changed are written, nothing is overwritten.

A row holds from `version_from` until just before `version_to` (null: still). Rows of a version that Postgres has not
published are invisible to readers, who ask for a published version; a build that died is swept by the next one.
"""

from __future__ import annotations

from datetime import date
from typing import Final, cast
from uuid import UUID

import ibis
import polars as pl
import pyarrow as pa

from kalends.base.warehouse import TenantWarehouse
from kalends.calendar.days import CALENDAR_DAYS, DAY_SCHEMA, VALUES

COLUMNS: Final = tuple(DAY_SCHEMA.names)


def write_version(
    warehouse: TenantWarehouse,
    *,
    calendar_id: UUID,
    frame: pl.DataFrame,
    first: date,
    last: date,
    version: int,
    published: int,
) -> int:
    """Make `frame` the calendar's days from `first` to `last` as of `version`; gives how many days changed.

    `published`: the newest published version; whatever a dead build left beyond it is removed first. Repeatable: the
    same call again gives the same table.
    """
    with warehouse.write():
        warehouse.create(CALENDAR_DAYS, DAY_SCHEMA)
        _sweep(warehouse, calendar_id, published)
        current = _current(warehouse, calendar_id, first, last)
        changed = _changed(current, frame)
        if not changed:
            return 0
        low, high = min(changed), max(changed)
        slice_ = current.filter(pl.col("date").is_between(low, high))
        is_changed = pl.col("date").is_in(pl.Series(sorted(changed), dtype=pl.Date).implode())
        kept = slice_.with_columns(pl.when(is_changed).then(version).otherwise(None).cast(pl.Int64).alias("version_to"))
        fresh = frame.filter(is_changed).with_columns(
            pl.lit(version, dtype=pl.Int64).alias("version_from"), pl.lit(None, dtype=pl.Int64).alias("version_to")
        )
        rows = pl.concat([kept.select(COLUMNS), fresh.select(COLUMNS)]).sort("date", "version_from")
        warehouse.replace_slice(
            CALENDAR_DAYS,
            lambda days: (
                (days.calendar_id == str(calendar_id)) & days.version_to.isnull() & days.date.between(low, high)
            ),
            _arrow(rows),
        )
        return len(changed)


def read_days(warehouse: TenantWarehouse, *, calendar_id: UUID, first: date, last: date, version: int) -> pl.DataFrame:
    """The days from `first` to `last` as they were at `version`, sorted, all columns of DAY_SCHEMA."""
    days = warehouse.table(CALENDAR_DAYS)
    rows = days.filter(
        days.calendar_id == str(calendar_id),
        days.date.between(first, last),
        days.version_from <= version,
        days.version_to.isnull() | (days.version_to > version),
    )
    return _frame(warehouse, rows).sort("date")


def _sweep(warehouse: TenantWarehouse, calendar_id: UUID, published: int) -> None:
    """Take back what builds wrote beyond the published version: their rows, and the ends they gave to older rows."""
    days = warehouse.table(CALENDAR_DAYS)

    def is_beyond(rows: ibis.Table) -> ibis.expr.types.BooleanValue:
        beyond = (rows.version_from > published) | (rows.version_to.notnull() & (rows.version_to > published))
        return (rows.calendar_id == str(calendar_id)) & beyond

    found = _frame(warehouse, days.filter(is_beyond(days)))
    if not found.is_empty():
        reopened = found.filter(pl.col("version_from") <= published)
        reopened = reopened.with_columns(pl.lit(None, dtype=pl.Int64).alias("version_to"))
        warehouse.replace_slice(CALENDAR_DAYS, is_beyond, _arrow(reopened.select(COLUMNS)))


def _current(warehouse: TenantWarehouse, calendar_id: UUID, first: date, last: date) -> pl.DataFrame:
    """The rows that hold now."""
    days = warehouse.table(CALENDAR_DAYS)
    rows = days.filter(days.calendar_id == str(calendar_id), days.date.between(first, last), days.version_to.isnull())
    return _frame(warehouse, rows)


def _changed(current: pl.DataFrame, frame: pl.DataFrame) -> set[date]:
    """The days whose values differ, that are new, or that are gone."""
    joined = current.select(VALUES).join(frame.select(VALUES), on="date", how="full", suffix="_new", coalesce=True)
    others = [name for name in VALUES if name != "date"]
    differs = pl.any_horizontal(*(pl.col(name).ne_missing(pl.col(f"{name}_new")) for name in others))
    return set(joined.filter(differs)["date"])


def _frame(warehouse: TenantWarehouse, rows: ibis.Table) -> pl.DataFrame:
    """The rows of an expression, columns in the schema's order."""
    return cast("pl.DataFrame", pl.from_arrow(warehouse.to_arrow(rows.select(*COLUMNS))))


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """The frame as the warehouse takes it."""
    return frame.to_arrow()
