"""Which series a company has, and their values as known now or at a version."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from kalends.base.errors import NotFoundError
from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import series

ABOUT: Final = ("name", "role", "metric", "channel", "geo", "unit")
VALUES: Final = ("date_from", "date_to", "geo", "metric", "value", "unit", "batch_seq", "source_row")


class NoSuchSeriesError(NotFoundError):
    """There is no series of this name."""

    code = "no_such_series"


def list_series(warehouse: TenantWarehouse, *, version: int | None = None) -> list[dict[str, Any]]:
    """Each series: what it is, its first and last day, and how many values it has."""
    if not warehouse.exists("series"):
        return []
    rows = series.current(warehouse, version=version)
    found = rows.group_by(list(ABOUT)).aggregate(
        first=rows.date_from.min(), last=rows.date_to.max(), values=rows.value.count()
    )
    held: list[dict[str, Any]] = warehouse.to_arrow(found.order_by("name", "metric", "geo")).to_pylist()
    return held


def values_of(
    warehouse: TenantWarehouse,
    *,
    name: str,
    first: date | None = None,
    last: date | None = None,
    version: int | None = None,
) -> list[dict[str, Any]]:
    """The values of a series in the order of their days; a period counts where it lies inside. Raises
    NoSuchSeriesError.
    """
    if not warehouse.exists("series"):
        raise NoSuchSeriesError(name=name)
    rows = series.current(warehouse, version=version)
    rows = rows.filter(rows.name == name)
    if not rows.count().execute():
        raise NoSuchSeriesError(name=name)
    if first is not None:
        rows = rows.filter(rows.date_from >= first)
    if last is not None:
        rows = rows.filter(rows.date_to <= last)
    found: list[dict[str, Any]] = warehouse.to_arrow(
        rows.select(*VALUES).order_by("date_from", "date_to", "geo", "metric")
    ).to_pylist()
    return found
