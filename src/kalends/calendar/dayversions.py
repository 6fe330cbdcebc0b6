"""Every version of every day in the warehouse: only days that changed are written, nothing is overwritten.

A row holds from `version_from` until just before `version_to` (null: still). Rows of a version that Postgres has not
published are invisible to readers, who ask for a published version; a build that died is swept by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final, cast
from uuid import UUID

import ibis
import polars as pl

from kalends.base.warehouse import TenantWarehouse
from kalends.calendar.days import CALENDAR_DAYS, DAY_SCHEMA
from kalends.calendar.fiscaldays import CALENDAR_FISCAL_DAYS, FISCAL_DAYS_SCHEMA

Params = Mapping[str, Any]

# Conditions as plain SQL, which both engines read alike: to have Ibis write them takes longer than to run them.
MINE: Final = "calendar_id = $calendar"
CURRENT: Final = "version_to IS NULL AND date BETWEEN $first AND $last"
BEYOND: Final = "(version_from > $published OR version_to > $published)"


@dataclass(frozen=True)
class VersionedDays:
    """A table of days with versions; `keys` are unique among a calendar's current rows."""

    name: str
    schema: ibis.Schema
    keys: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in the schema's order."""
        return tuple(self.schema.names)

    @cached_property
    def types(self) -> pl.Schema:
        """The columns as Polars holds them."""
        return pl.Schema(self.schema.to_polars())

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

    The table is there (`dimension.prepare`). `published`: the newest published version; whatever a dead build left
    beyond it is removed first. Repeatable: the same call again gives the same table.
    """
    mine = {"calendar": str(calendar_id)}
    with warehouse.write():
        span = mine | {"first": first, "last": last}
        beyond, there = _counts(warehouse, table, span | {"published": published})
        if beyond:
            _sweep(warehouse, table, mine | {"published": published})
        elif not there:
            fresh = frame.with_columns(_version(version, "version_from"), _version(None, "version_to"))
            return warehouse.append(table.name, fresh.to_arrow())
        current = _rows(warehouse, table, f"{MINE} AND {CURRENT}", span)
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
        if not slice_.is_empty():
            _delete(warehouse, table, f"{MINE} AND {CURRENT}", mine | {"first": low, "last": high})
        warehouse.append(table.name, pl.concat(parts).sort(*reversed(table.keys), "version_from").to_arrow())
        return changed.height


def _version(number: int | None, name: str) -> pl.Expr:
    return pl.lit(number, dtype=pl.Int64).alias(name)


def read_days(warehouse: TenantWarehouse, *, calendar_id: UUID, first: date, last: date, version: int) -> pl.DataFrame:
    """The days from `first` to `last` as they were at `version`, sorted, all columns of DAY_SCHEMA."""
    known = "version_from <= $version AND (version_to IS NULL OR version_to > $version)"
    wanted = {"calendar": str(calendar_id), "first": first, "last": last, "version": version}
    return _rows(warehouse, DAYS, f"{MINE} AND date BETWEEN $first AND $last AND {known}", wanted).sort("date")


def _counts(warehouse: TenantWarehouse, table: VersionedDays, which: Params) -> tuple[int, int]:
    """How many rows a build that died has touched, and how many are there for the span."""
    counts = f"count(CASE WHEN {BEYOND} THEN 1 END) AS beyond, count(CASE WHEN {CURRENT} THEN 1 END) AS there"
    found = warehouse.execute(f"SELECT {counts} FROM {table.name} WHERE {MINE}", which)  # noqa: S608 (our names)
    return found.column("beyond")[0].as_py(), found.column("there")[0].as_py()


def _sweep(warehouse: TenantWarehouse, table: VersionedDays, which: Params) -> None:
    """Take back what builds wrote beyond the published version: their rows, and the ends they gave to older rows."""
    found = _rows(warehouse, table, f"{MINE} AND {BEYOND}", which)
    reopened = found.filter(pl.col("version_from") <= which["published"])
    reopened = reopened.with_columns(_version(None, "version_to"))
    _delete(warehouse, table, f"{MINE} AND {BEYOND}", which)
    warehouse.append(table.name, reopened.select(table.columns).to_arrow())


def _changed(table: VersionedDays, current: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The keys of rows whose values differ, that are new, or that are gone."""
    compared = [*table.keys, *table.values]
    joined = current.select(compared).join(
        frame.select(compared), on=table.keys, how="full", suffix="_new", coalesce=True
    )
    differs = pl.any_horizontal(*(pl.col(name).ne_missing(pl.col(f"{name}_new")) for name in table.values))
    return joined.filter(differs).select(table.keys)


def _rows(warehouse: TenantWarehouse, table: VersionedDays, where: str, params: Params) -> pl.DataFrame:
    """The rows for which a condition holds, as the schema says."""
    columns = ", ".join(table.columns)
    found = warehouse.execute(f"SELECT {columns} FROM {table.name} WHERE {where}", params)  # noqa: S608 (our names)
    return cast("pl.DataFrame", pl.from_arrow(found)).cast(table.types)


def _delete(warehouse: TenantWarehouse, table: VersionedDays, where: str, params: Params) -> None:
    warehouse.run(f"DELETE FROM {table.name} WHERE {where}", params)  # noqa: S608 (our names)
