"""Conversions by type: a row for each type that a fact tells, out of its canonical JSON text."""

from __future__ import annotations

from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.insight.statements import Bind
from kalends.insight.tables import Tables

COLUMN: Final = "conversion_types"
"""'{"purchase":[2.0,40.0],"lead":[3.0,null]}': how many, and what they were worth."""
TOLD: Final = ("conversions", "revenue")
"""The columns that a type has an amount of its own for, in the order of the text."""
_BETWEEN, _BEFORE, _END = '],"', '":[', "]}"
"""What parts two types, what stands between a name and its amounts, and what ends the text. None of them is in a name,
where a quotation mark has a backslash before it, but for the second; and that is in no amount."""
_FIRST: Final = '{"'
_NOTHING: Final = ("null", "nan")


def by_type(rows: ir.Table) -> ir.Table:
    """A row for each type, whose name takes the place of the text and whose amounts those of the fact. A fact that
    tells no types stays one row of no type (null), where it has any amount.
    """
    told, columns = rows[COLUMN].notnull(), [name for name in TOLD if name in rows.columns]
    parts = rows[COLUMN].substr(len(_FIRST), rows[COLUMN].length() - len(_FIRST + _END)).fill_null(" ").split(_BETWEEN)
    parted = rows.mutate(_is_told=told, _part=parts.unnest())
    parted = parted.mutate(_cut=parted["_part"].split(_BEFORE))
    parted = parted.mutate(_amounts=parted["_cut"][-1].split(","))
    amounts = {
        name: ibis.ifelse(parted["_is_told"], _amount(parted, place).cast(parted[name].type()), parted[name])
        for place, name in enumerate(TOLD)
        if name in columns
    }
    found = parted.mutate(**{COLUMN: ibis.ifelse(parted["_is_told"], _name(parted), ibis.null("string"))}, **amounts)
    has_any = ibis.or_(found["_is_told"], *(found[name].notnull() for name in columns))
    return found.filter(has_any).drop("_is_told", "_part", "_cut", "_amounts")


def _name(rows: ir.Table) -> ir.StringValue:
    """What stands before the amounts. Engines are quick at splitting; a name that is split itself is rare, and so is
    one with a sign that is written with a backslash.
    """
    part, cut = rows["_part"], rows["_cut"]
    whole = part.substr(0, part.length() - cut[-1].length() - len(_BEFORE))
    name = ibis.ifelse(cut.length() > 2, whole, cut[0])
    plain = name.replace('\\"', '"').replace("\\\\", "\\")
    return ibis.ifelse(part.contains("\\"), plain, name)


def _amount(rows: ir.Table, place: int) -> ir.FloatingValue:
    text = rows["_amounts"][place]
    for nothing in _NOTHING:
        text = text.nullif(nothing)
    return text.cast("float64")


def untyped(tables: Tables, bind: Bind) -> ir.Table:
    """The platforms that tell conversions of the asked days, and none of them by type."""
    rows = tables.get("facts", ("data_source", "date_from", "conversions", COLUMN))
    rows = rows.filter(rows.date_from.between(bind("start0", "date"), bind("end0", "date")))
    found = rows.group_by("data_source").aggregate(told=rows[COLUMN].count(), counted=rows.conversions.count())
    return found.filter(found.told == 0, found.counted > 0).select("data_source")
