"""Which series a company has, what they are measured in, and their values as known now or at a version.

A unit is what people said of the name, else what the file says in its column's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final

import ibis
from ibis.expr import types as ir
from pydantic import StringConstraints
from sqlalchemy import delete, select

from kalends.base.errors import NotFoundError
from kalends.base.ids import new_id
from kalends.base.warehouse import TenantWarehouse
from kalends.base.work import Work
from kalends.marketing import series
from kalends.marketing.models import SeriesUnit

ONE: Final = ("name", "metric", "geo")
"""What tells one series from another."""
VALUES: Final = ("date_from", "date_to", "geo", "metric", "value", "unit", "batch_seq", "source_row")
DRAWN: Final = 60
"""Values in a small chart: more have no room in it."""
SeriesName = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]+$")]
LONGEST_UNIT: Final = 20
Unit = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_UNIT, pattern=r"^[^\x00-\x1f]*$")]
"""'EUR', '%', 'index'; '' for what is no longer said."""
Key = tuple[str, str | None, str]
"""A series by its name, metric and geo."""


class NoSuchSeriesError(NotFoundError):
    """There is no series of this name."""

    code = "no_such_series"


def list_series(work: Work, *, version: int | None = None) -> list[dict[str, Any]]:
    """Each series by name, metric and geo: its role, channel and unit, its first and last day, how many values it has,
    the last of them, and the newest batch that brought some.
    """
    if not work.warehouse.exists("series"):
        return []
    rows = series.current(work.warehouse, version=version)
    found = rows.group_by(list(ONE)).aggregate(
        role=rows.role.argmax(rows.batch_seq),
        channel=rows.channel.max(),
        unit=rows.unit.max(),
        first=rows.date_from.min(),
        last=rows.date_to.max(),
        values=rows.value.count(),
        latest=rows.value.argmax(rows.date_to),
        batch_seq=rows.batch_seq.max(),
    )
    told = units_of(work)
    held = work.warehouse.to_arrow(found.order_by("name", "metric", "geo")).to_pylist()
    return [row | {"unit": told.get(row["name"], row["unit"])} for row in held]


def values_of(
    work: Work,
    *,
    name: str,
    first: date | None = None,
    last: date | None = None,
    version: int | None = None,
) -> list[dict[str, Any]]:
    """The values of a series in the order of their days; a period counts where it lies inside. Raises
    NoSuchSeriesError.
    """
    rows = _named(work.warehouse, [name], version=version)
    if rows is None or not rows.count().execute():
        raise NoSuchSeriesError(name=name)
    if first is not None:
        rows = rows.filter(rows.date_from >= first)
    if last is not None:
        rows = rows.filter(rows.date_to <= last)
    told = units_of(work)
    ordered = rows.select(*VALUES).order_by("date_from", "date_to", "geo", "metric")
    found: list[dict[str, Any]] = work.warehouse.to_arrow(ordered).to_pylist()
    return [row | {"unit": told.get(name, row["unit"])} for row in found]


def values_by_series(
    warehouse: TenantWarehouse, keys: Sequence[Key], *, most: int | None = None
) -> dict[Key, list[dict[str, Any]]]:
    """The values (date_from, date_to, value) of several series in the order of their days, the last `most` of each."""
    rows = _named(warehouse, sorted({name for name, _, _ in keys}))
    if rows is None:
        return {}
    rows = rows.select(*ONE, "date_from", "date_to", "value")
    if most is not None:
        newest = ibis.window(group_by=list(ONE), order_by=ibis.desc("date_to"))
        rows = rows.mutate(place=ibis.row_number().over(newest))
        rows = rows.filter(rows.place < most).drop("place")
    found: dict[Key, list[dict[str, Any]]] = {key: [] for key in keys}
    for row in warehouse.to_arrow(rows.order_by("date_from", "date_to")).to_pylist():
        if (key := (row["name"], row["metric"], row["geo"])) in found:
            found[key].append(row)
    return found


def _named(warehouse: TenantWarehouse, names: Sequence[str], *, version: int | None = None) -> ir.Table | None:
    """The current rows of series of these names; None where there has been no series yet."""
    if not warehouse.exists("series"):
        return None
    rows = series.current(warehouse, version=version)
    return rows.filter(rows.name.isin(list(names)))


def units_of(work: Work) -> dict[str, str]:
    """What people said that series are measured in, by name."""
    return {row.name: row.unit for row in work.session.execute(select(SeriesUnit)).scalars()}


def set_units(work: Work, units: Mapping[str, str]) -> None:
    """Say what series are measured in, by name; '' takes back what was said, and the file's own word holds again."""
    known = units_of(work)
    changed = {name: unit for name, unit in units.items() if unit != known.get(name, "")}
    if not changed:
        return
    work.session.execute(delete(SeriesUnit).where(SeriesUnit.name.in_(changed)))
    work.session.add_all(
        SeriesUnit(tenant_id=work.scope.tenant_id, id=new_id(), name=name, unit=unit)
        for name, unit in changed.items()
        if unit
    )
    work.session.flush()
    work.audit(
        "series.units",
        subject_kind="tenant",
        subject_id=work.scope.tenant_id,
        before={name: known.get(name) for name in changed},
        after=changed,
    )
