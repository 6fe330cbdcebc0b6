"""Every version of every day in the warehouse: only days that changed are written, nothing is overwritten.

A row holds from `version_from` until just before `version_to` (null: still). Rows of a version that Postgres has not
published are invisible to readers, who ask for a published version; a build that died is swept by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, cast
from uuid import UUID

import ibis
import polars as pl
import pyarrow as pa

from kalends.base.warehouse import TenantWarehouse
from kalends.calendar.days import CALENDAR_DAYS, DAY_SCHEMA
from kalends.calendar.fiscaldays import CALENDAR_FISCAL_DAYS, FISCAL_DAYS_SCHEMA


@dataclass(frozen=True, slots=True)
class VersionedDays:
    """A table of days with versions; `keys` are unique among a calendar's current rows."""

    name: str
    schema: ibis.Schema
    keys: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in the schema's order."""
        return tuple(self.schema.names)

    @property
    def values(self) -> tuple[str, ...]:
        """What is compared to see whether a row changed."""
        return tuple(name for name in self.columns if name not in {*self.keys, "version_from", "version_to"})


DAYS: Final = VersionedDays(CALENDAR_DAYS, DAY_SCHEMA, ("date",))
FISCAL_DAYS: Final = VersionedDays(CALENDAR_FISCAL_DAYS, FISCAL_DAYS_SCHEMA, ("scheme", "date"))


def write_version(
    warehouse: TenantWarehouse,
    table: VersionedDays,
    *,
    calendar_id: UUID,
    frame: pl.DataFrame,
    first: date,
    last: date,
    version: int,
    published: int,
) -> int:
    """Make `frame` the calendar's days from `first` to `last` as of `version`; gives how many rows changed.

    `published`: the newest published version; whatever a dead build left beyond it is removed first. Repeatable: the
    same call again gives the same table.
    """
    with warehouse.write():
        warehouse.create(table.name, table.schema)
        _sweep(warehouse, table, calendar_id, published)
        current = _current(warehouse, table, calendar_id, first, last)
        changed = _changed(table, current, frame)
        if changed.is_empty():
            return 0
        low, high = cast("date", changed["date"].min()), cast("date", changed["date"].max())
        slice_ = current.filter(pl.col("date").is_between(low, high))
        ended = slice_.join(changed, on=table.keys, how="semi").with_columns(_version(version, "version_to"))
        kept = slice_.join(changed, on=table.keys, how="anti")
        fresh = frame.join(changed, on=table.keys, how="semi").with_columns(
            _version(version, "version_from"), _version(None, "version_to")
        )
        parts = [part.select(table.columns) for part in (ended, kept, fresh)]
        warehouse.replace_slice(
            table.name,
            lambda days: (
                (days.calendar_id == str(calendar_id)) & days.version_to.isnull() & days.date.between(low, high)
            ),
            _arrow(pl.concat(parts).sort(*reversed(table.keys), "version_from")),
        )
        return changed.height


def _version(number: int | None, name: str) -> pl.Expr:
    return pl.lit(number, dtype=pl.Int64).alias(name)


def read_days(warehouse: TenantWarehouse, *, calendar_id: UUID, first: date, last: date, version: int) -> pl.DataFrame:
    """The days from `first` to `last` as they were at `version`, sorted, all columns of DAY_SCHEMA."""
    days = warehouse.table(CALENDAR_DAYS)
    rows = days.filter(
        days.calendar_id == str(calendar_id),
        days.date.between(first, last),
        days.version_from <= version,
        days.version_to.isnull() | (days.version_to > version),
    )
    return _frame(warehouse, DAYS, rows).sort("date")


def _sweep(warehouse: TenantWarehouse, table: VersionedDays, calendar_id: UUID, published: int) -> None:
    """Take back what builds wrote beyond the published version: their rows, and the ends they gave to older rows."""
    days = warehouse.table(table.name)

    def is_beyond(rows: ibis.Table) -> ibis.expr.types.BooleanValue:
        beyond = (rows.version_from > published) | (rows.version_to.notnull() & (rows.version_to > published))
        return (rows.calendar_id == str(calendar_id)) & beyond

    found = _frame(warehouse, table, days.filter(is_beyond(days)))
    if not found.is_empty():
        reopened = found.filter(pl.col("version_from") <= published)
        reopened = reopened.with_columns(pl.lit(None, dtype=pl.Int64).alias("version_to"))
        warehouse.replace_slice(table.name, is_beyond, _arrow(reopened.select(table.columns)))


def _current(
    warehouse: TenantWarehouse, table: VersionedDays, calendar_id: UUID, first: date, last: date
) -> pl.DataFrame:
    """The rows that hold now."""
    days = warehouse.table(table.name)
    rows = days.filter(days.calendar_id == str(calendar_id), days.date.between(first, last), days.version_to.isnull())
    return _frame(warehouse, table, rows)


def _changed(table: VersionedDays, current: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The keys of rows whose values differ, that are new, or that are gone."""
    compared = [*table.keys, *table.values]
    joined = current.select(compared).join(
        frame.select(compared), on=table.keys, how="full", suffix="_new", coalesce=True
    )
    differs = pl.any_horizontal(*(pl.col(name).ne_missing(pl.col(f"{name}_new")) for name in table.values))
    return joined.filter(differs).select(table.keys)


def _frame(warehouse: TenantWarehouse, table: VersionedDays, rows: ibis.Table) -> pl.DataFrame:
    """The rows of an expression, columns in the schema's order."""
    return cast("pl.DataFrame", pl.from_arrow(warehouse.to_arrow(rows.select(*table.columns))))


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """The frame as the warehouse takes it."""
    return frame.to_arrow()
