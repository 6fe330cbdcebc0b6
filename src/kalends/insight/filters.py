"""A row's value of a dimension, and whether a filter keeps it, as Ibis expressions."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.base.countries import name_of
from kalends.insight import conversiontypes
from kalends.insight.dimensions import Dimension, Kind, dimension
from kalends.insight.shape import FilterShape, Shape, kind_of
from kalends.insight.statements import Bind
from kalends.marketing.records import KEY
from kalends.marketing.service import group_of, part_of

_TRUNCATED: Final = {"week": "W", "month": "M", "quarter": "Q", "year": "Y"}


def dimension_value(rows: ir.Table, entry: Dimension, shape: Shape) -> ir.Value:
    """The value of the dimension; those of time are the first day of the week, month ... that `_day` is in."""
    if entry.kind is Kind.GROUP:
        return group_of(rows, shape.rules.groups)
    if entry.kind is Kind.PART:
        return part_of(rows, shape.rules.names, entry.name.partition(":")[2])
    if entry.kind is Kind.COUNTRY:
        return _country(rows, shape)
    if entry.kind is Kind.TIME:
        day = rows["_day"]
        return day if entry.name == "date" else as_date(day.truncate(_TRUNCATED[entry.name]))
    if entry.kind is Kind.BREAKDOWN:
        # Canonical JSON text: '"age":"25-34"'. A pattern is what every engine can do with a text.
        found = rows["breakdowns"].re_extract(rf'"{entry.needs}":"(([^"\\]|\\.)*)"', 1)
        return found.replace('\\"', '"').replace("\\\\", "\\").nullif("")
    # A type stands where the text was that told of all.
    return rows[conversiontypes.COLUMN if entry.kind is Kind.TYPE else entry.name]


def _country(rows: ir.Table, shape: Shape, *, is_named: bool = False) -> ir.StringValue:
    """The code of a row's country, with its name where asked; what names no country stays as it came."""
    known = [(code, f"{code} {name_of(code)}" if is_named else code, raw) for code, raw in shape.countries]
    # All rows of most platforms have the code already: they need no look.
    cases = [(rows["country"].isin(raw), told) for code, told, raw in known if raw != (told,)]
    return ibis.cases(*cases, else_=rows["country"]) if cases else rows["country"]


def as_date(day: ir.DateValue) -> ir.DateValue:
    """A day that was computed. To DuckDB it is an instant, though a day to Ibis, which would leave out a plain cast."""
    return day.cast("timestamp").cast("date")


def keeping(rows: ir.Table, shape: Shape, bind: Bind, *, dated: bool, only: str | None = None) -> list[ir.BooleanValue]:
    """The filters that need to know the day, or those that do not and so come before any join; or `only` one's."""
    return [
        _keeps(_compared(rows, kept, shape), kept, number, bind)
        for number, kept in enumerate(shape.filters)
        if dimension(kept.dimension).is_dated == dated and only in (None, kept.dimension)
    ]


def _compared(rows: ir.Table, kept: FilterShape, shape: Shape) -> ir.Value:
    """What a filter's values are compared with: of a country its name as well, where a part of it is looked for."""
    entry = dimension(kept.dimension)
    if entry.kind is Kind.COUNTRY and kept.operator == "contains":
        return _country(rows, shape, is_named=True)
    return dimension_value(rows, entry, shape)


def _keeps(value: ir.Value, shape: FilterShape, number: int, bind: Bind) -> ir.BooleanValue:
    """An unknown value is in no list, and so it is "not in" each."""
    kind = kind_of(dimension(shape.dimension))
    given = [bind(f"filter{number}_{n}", kind) for n in range(shape.places)]
    if shape.operator == "contains":
        return reduce(or_, [value.lower().contains(text.lower()) for text in given])
    if shape.operator == "in":
        found = [value.isin(given)] * bool(given) + [value.isnull()] * shape.with_null
        return reduce(or_, found)
    # A condition on plain columns lets the store skip blocks; what is never null needs no more.
    others = value.notin(given) if given else value.notnull()
    if shape.with_null:
        return others & value.notnull()
    return others if shape.dimension in KEY else others | value.isnull()
