"""What is asked of a company's table: as Ibis expressions, which are the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo

import ibis
from ibis.expr import types as ir

from kalends.messages.intake.fields import NAMES, layout
from kalends.messages.source.mapping import Part, Scalar

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "history": ("page", "sent_at"), "captions": ("text",), "pages": ("name",),
}  # fmt: skip
SORTED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "history": ("sent_at", "message_id", "page"), "captions": ("caption_no", "text"), "pages": ("name",),
}  # fmt: skip
"""So that the same rows give the same bytes."""


def columns_of(part: Part, table: ir.Table) -> dict[str, str]:
    """Our field -> the table's column: what was said, and the rest by their names. Raises BadMappingError."""
    names = tuple(table.columns)
    for field, column in part.columns.items():
        if column is not None and column not in names:
            raise part.fault(field, f"the table has no column “{column}” for {field}{_near(column, names)}.")
    told = {column: field for field, column in part.columns.items() if column is not None}
    absent = {field for field, column in part.columns.items() if column is None}
    # A column may be said for two fields, which `layout` cannot hold: what was said goes over it.
    guessed = layout(part.kind, names, dict.fromkeys(told))
    said = {field: column for field, column in part.columns.items() if column is not None}
    found = {field: column for field, column in (guessed | said).items() if field not in absent}
    for field in NEEDED[part.kind]:
        if field not in found:
            raise part.fault(
                "table",
                f"no column is known as {field}: say which it is under columns, as “{field}: its_name”."
                f" The table has {_listed(names)}.",
            )
    return {field: found[field] for field in NAMES[part.kind] if field in found}


def rows_of(part: Part, table: ir.Table) -> ir.Table:
    """The rows that count, under our names, in an order that stays. Raises BadMappingError."""
    columns = columns_of(part, table)
    chosen = [_is_among(part, table, name, values) for name, values in part.where.items()]
    rows = table.filter(chosen) if chosen else table
    return rows.select(**{field: rows[column] for field, column in columns.items()})


def ordered(part: Part, rows: ir.Table) -> ir.Table:
    """In an order that stays the same."""
    return rows.order_by([name for name in SORTED_BY[part.kind] if name in rows.columns])


def has_instants(rows: ir.Table) -> bool:
    """Whether messages can be asked for by their time: text in whatever notation cannot be compared."""
    return bool(rows["sent_at"].type().is_timestamp())


def since(rows: ir.Table, moment: datetime, *, zone: str) -> ir.Table:
    """Messages that were sent at `moment` or later. Times without a zone are on the wall of `zone`."""
    kind = rows["sent_at"].type()
    if kind.timezone is None:
        wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return rows.filter(rows["sent_at"] >= ibis.literal(wall, type="timestamp"))
    return rows.filter(rows["sent_at"] >= ibis.literal(moment.astimezone(UTC), type="timestamp('UTC')"))


def _is_among(part: Part, table: ir.Table, name: str, values: tuple[Scalar, ...]) -> ir.BooleanValue:
    if name not in table.columns:
        raise part.fault(f"where {name}", f"the table has no column “{name}”{_near(name, tuple(table.columns))}.")
    kind = table[name].type()
    return table[name].isin([_literal(part, name, value, kind) for value in values])


def _literal(part: Part, name: str, value: Scalar, kind: Any) -> ir.Value:
    """A value as the column holds it: 'yes' is no number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = (
        (kind.is_string() and not isinstance(value, bool))
        or (kind.is_boolean() and isinstance(value, bool))
        or (kind.is_integer() and isinstance(value, int) and not isinstance(value, bool))
        or ((kind.is_floating() or kind.is_decimal()) and is_number)
        or (kind.is_date() and isinstance(value, date) and not isinstance(value, datetime))
        or (kind.is_uuid() and isinstance(value, str))
    )
    if not fits:
        raise part.fault(f"where {name}", f"“{name}” holds {kind}, and {value!r} is none.")
    return ibis.literal(str(value) if kind.is_string() else value, type=kind)


def _near(name: str, names: tuple[str, ...]) -> str:
    near = get_close_matches(name, names, n=1)
    return f" (did you mean “{near[0]}”?)" if near else f"; it has {_listed(names)}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return ", ".join(names[:30]) + more


def text_cells(rows: ir.Table) -> ir.Table:
    """Every cell as text, as in a file, but for instants: engines' own types of numbers need not be known then."""
    is_kept = {name for name in rows.columns if name == "sent_at" and has_instants(rows)}
    return rows.select(**{name: rows[name] if name in is_kept else rows[name].cast("string") for name in rows.columns})
