"""Rows as they are read for one period: of one report per account and day, before any summing."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.insight import conversiontypes
from kalends.insight.dimensions import Dimension, Kind, dimension
from kalends.insight.filters import keeping
from kalends.insight.metrics import columns_of, metric
from kalends.insight.once import COLUMNS, place_of
from kalends.insight.shape import Reading, Shape
from kalends.insight.spans import SEPARATOR
from kalends.insight.statements import Bind
from kalends.insight.tables import Tables
from kalends.marketing import entities, records, renames
from kalends.marketing.records import MONEY

_RATE = "decimal(18, 9)"
"""Nine places keep the yen and the rupiah; with an amount's six they fit the 38 digits that engines have."""


_READ: Final = {
    Kind.BREAKDOWN: ("breakdowns",),
    Kind.GROUP: ("data_source", "channel", "campaign_type", "campaign_name"),
    Kind.PART: ("data_source", "campaign_name"),
    Kind.TYPE: (conversiontypes.COLUMN,),
}
THEN: Final = "_then"
"""How a name's dimension ends that says what a row said."""
"""The columns that dimensions are read from which are no columns themselves."""


def read_rows(shape: Shape, reading: Reading, tables: Tables, bind: Bind, period: int) -> ir.Table:
    """The columns that the shape needs and `_own_day`, of the rows that count towards a period."""
    rows = _daily(shape, reading, tables, bind, period)
    if reading.spans[period]:
        rows = rows.union(_over_many_days(shape, reading, tables, bind, period))
    return _with_rates(rows, tables, bind) if shape.money == "converted" else rows


def columns_read(entry: Dimension) -> tuple[str, ...]:
    """The columns of rows that a dimension which knows no day is read from."""
    if entry.kind is Kind.THEN:
        return (entry.name.removesuffix(THEN),)
    return () if entry.is_dated else _READ.get(entry.kind, (entry.name,))


def _columns(shape: Shape, reading: Reading) -> tuple[str, ...]:
    """The columns that filters, dimensions and measures read."""
    entries = [metric(name) for name in shape.metrics]
    measured = columns_of(m for m in entries if m.needs_one_row == (reading is shape.singles))
    named = [dimension(name) for name in (*shape.dimensions, *(f.dimension for f in shape.filters))]
    plain = [column for d in named for column in columns_read(d)]
    plain += [name for column in reading.renamed for name in renames.IDS[column]]
    money = ["currency"] if shape.money != "single" and any(c in MONEY for c in measured) else []
    return tuple(dict.fromkeys((*plain, *money, *measured, *reading.also)))


def _daily(shape: Shape, reading: Reading, tables: Tables, bind: Bind, period: int) -> ir.Table:
    """The rows of one day each."""
    columns = _columns(shape, reading)
    if reading.table == "daily":
        rows = tables.get("daily", ("date", "report", "data_source", *columns))
        rows = rows.filter(_within(rows.date, bind, period))
        own_day = "date"
    else:
        rows = _facts(reading, tables, columns)
        rows = rows.filter(_within(rows.date_from, bind, period), rows.date_to == rows.date_from)
        rows = _told_once(rows, shape, reading, bind)
        own_day = "date_from"
    listed = _of_reports(rows, reading, bind)
    rows = rows.filter(*listed) if listed else rows
    rows = _called(rows, reading, tables) if reading.table == "facts" else rows
    rows = _by_type(_named(rows, shape, reading, tables), shape)
    kept = keeping(rows, shape, bind, dated=False)
    rows = rows.filter(*kept) if kept else rows
    if reading.rule == "ranked":
        rows = _of_first_report(rows, reading, tables, bind, period)
    return rows.select(*columns, *_then(shape), _own_day=rows[own_day])


def _facts(reading: Reading, tables: Tables, columns: tuple[str, ...]) -> ir.Table:
    """The facts with what it takes to tell which of them count, and `columns`."""
    own = ("date_from", "date_to", "report", "data_source", "account_id")
    ids = [entities.LEVELS[column][1] for column in reading.called]
    ids += [column for level in reading.placed for column in entities.PARENTS[level]]
    return tables.get("facts", (*own, *columns, *ids, *(COLUMNS if reading.once else ())))


def _told_once(rows: ir.Table, shape: Shape, reading: Reading, bind: Bind) -> ir.Table:
    """Keep one row of each thing that is told under several of the attribution windows that are asked for."""
    if not reading.once:
        return rows
    asked = keeping(rows, shape, bind, dated=False, only="attribution")
    rows = rows.filter(*asked) if asked else rows
    placed = rows.mutate(_told=place_of(rows))
    return placed.filter(placed["_told"] == 0)


def _of_reports(rows: ir.Table, reading: Reading, bind: Bind) -> list[ir.BooleanValue]:
    """Keep the reports that the reading names."""
    if reading.rule == "listed":
        return [rows.report.isin([bind(f"report{n}", "string") for n in range(reading.places)])]
    if reading.rule == "pairs":
        pairs = [
            (rows.data_source == bind(f"source{n}", "string")) & (rows.report == bind(f"report{n}", "string"))
            for n in range(reading.places)
        ]
        return [reduce(or_, pairs)]
    return [rows.report.isin(reading.candidates)] if reading.rule == "ranked" else []


def _within(day: ir.DateColumn, bind: Bind, period: int) -> ir.BooleanValue:
    return day.between(bind(f"start{period}", "date"), bind(f"end{period}", "date"))


def _of_first_report(rows: ir.Table, reading: Reading, tables: Tables, bind: Bind, period: int) -> ir.Table:
    """Keep, per account and day, the rows of the first candidate that covers it."""
    days = tables.get("report_days", ("date", "data_source", "account_id", "report", "is_covering"))
    days = days.filter(_within(days.date, bind, period), days.is_covering, days.report.isin(reading.candidates))
    ranked = ((report, place) for place, report in enumerate(reading.candidates))
    rank = days.report.cases(*ranked, else_=len(reading.candidates)) if reading.candidates else ibis.literal(0)
    by_account_day = ibis.window(group_by=["data_source", "account_id", "date"], order_by=rank)
    first = days.mutate(_place=ibis.row_number().over(by_account_day))
    first = first.filter(first["_place"] == 0)
    return rows.semi_join(
        first,
        [
            rows.data_source == first.data_source,
            rows.account_id == first.account_id,
            rows.date_from == first.date,
            rows.report == first.report,
        ],
    )


def _over_many_days(shape: Shape, reading: Reading, tables: Tables, bind: Bind, period: int) -> ir.Table:
    """The rows over many days that were found to count; each stands at its first day."""
    columns = _columns(shape, reading)
    rows = _facts(reading, tables, columns)
    inside = (
        rows.date_from >= bind(f"start{period}", "date"),
        rows.date_to <= bind(f"end{period}", "date"),
        rows.date_to > rows.date_from,
    )
    prefix = "single_span" if reading is shape.singles else "span"
    keys = [bind(f"{prefix}{period}_{n}", "string") for n in range(reading.spans[period])]
    rows = _told_once(rows.filter(*inside), shape, reading, bind)
    rows = _called(rows.filter(span_key(rows).isin(keys)), reading, tables)
    rows = _by_type(_named(rows, shape, reading, tables), shape)
    kept = keeping(rows, shape, bind, dated=False)
    rows = rows.filter(*kept) if kept else rows
    return rows.select(*columns, *_then(shape), _own_day=rows.date_from)


def _then(shape: Shape) -> list[str]:
    """The names as rows said them that the shape asks for."""
    named = [dimension(name) for name in (*shape.dimensions, *(f.dimension for f in shape.filters))]
    return list(dict.fromkeys(entry.name for entry in named if entry.kind is Kind.THEN))


def _called(rows: ir.Table, reading: Reading, tables: Tables) -> ir.Table:
    """Give facts without names of their own what rows of names call them, and say they are in."""
    if not (reading.called or reading.placed):
        return rows
    spans = tables.get(entities.CALLED, records.CALLED_SCHEMA)
    rows = entities.placed(rows, spans, levels=reading.placed, day="date_from")
    return entities.filled(rows, spans, columns=reading.called, day="date_from")


def _named(rows: ir.Table, shape: Shape, reading: Reading, tables: Tables) -> ir.Table:
    """Give rows the names of now; what they said themselves stays as the name of then."""
    for column in reading.renamed:
        rows = renames.named_now(rows, column, tables.get(renames.TABLE, renames.SCHEMA))
    plain = [name for name in _then(shape) if name.removesuffix(THEN) not in reading.renamed]
    return rows.mutate(**{name: rows[name.removesuffix(THEN)] for name in plain}) if plain else rows


def _by_type(rows: ir.Table, shape: Shape) -> ir.Table:
    """A row for each type of conversion, where the shape asks for them."""
    names = (*shape.dimensions, *(f.dimension for f in shape.filters))
    is_asked = any(dimension(name).kind is Kind.TYPE for name in names)
    return conversiontypes.by_type(rows) if is_asked else rows


def span_key(rows: ir.Table) -> ir.StringValue:
    """The text that `Span.key` is, of each row."""
    parts = (rows.data_source, rows.account_id, rows.report, rows.date_from.cast("string"), rows.date_to.cast("string"))
    return ibis.literal(SEPARATOR).join(parts)


def _with_rates(rows: ir.Table, tables: Tables, bind: Bind) -> ir.Table:
    """Give each row `_rate`: units of the asked currency for one of its own on its day; null where none is known."""
    asked, one = bind("currency", "string"), ibis.literal(1).cast(_RATE)
    rates = tables.get("rates", ("date", "base", "quote", "rate", "source", "batch_seq"))
    rates = rates.filter(rates.quote == asked, rates.batch_seq <= bind("data_version", "int64"))
    # Several sources may give a rate for one day: the first by name, its newest word; so no row is counted twice.
    by_day = ibis.window(group_by=["date", "base"], order_by=[rates.source, rates.batch_seq.desc()])
    rates = rates.mutate(_place=ibis.row_number().over(by_day))
    rates = rates.filter(rates["_place"] == 0).select(_rate_date="date", _base="base", _quoted=rates.rate.cast(_RATE))
    joined = rows.left_join(rates, [rows["_own_day"] == rates["_rate_date"], rows.currency == rates["_base"]])
    return joined.mutate(_rate=ibis.ifelse(joined.currency == asked, one, joined["_quoted"]))
