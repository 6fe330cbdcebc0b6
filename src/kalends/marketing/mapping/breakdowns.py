"""Which report a row is of, and what it is split by: the level that its ids show, and the breakdowns of its key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from kalends.base.reading.documents import snake
from kalends.marketing.mapping.cells import TEXT_KINDS
from kalends.marketing.mapping.columns import Columns
from kalends.marketing.reading import literal

CUT_COLUMNS = ("country", "region", "device")
"""The record's columns that are breakdowns, too."""
_HOUR = r"^\d{4}-\d{2}-\d{2}[T |](\d{1,2})"


@dataclass(frozen=True)
class _Cut:
    """A breakdown as SQL: its name, its key in the JSON object, whether a row has it, and its value."""

    name: str
    key: str
    there: str
    text: str


def shape_of(columns: Columns) -> dict[str, str]:
    """`report` and `breakdowns`: per row where fields may be absent, the same for all rows of a table."""
    cuts: dict[str, list[str]] = {}
    for name, column in sorted((name, column) for column in columns.cells if (name := _breakdown(columns, column))):
        cuts.setdefault(name, []).append(column)
        columns.used.setdefault(column, "breakdowns")
    parts = [
        (name, _is_any_there(columns, told), f"coalesce({_last_told(columns, told)}, '')")
        for name, told in cuts.items()
    ]
    if columns.table.stream not in columns.mapping.streams | {""}:
        parts.append(("stream", "true", literal(columns.table.stream)))
    parts += _hours(columns)
    known = [_Cut(literal(name), literal(json.dumps(name) + ":"), there, text) for name, there, text in sorted(parts)]
    found = [*known, *_named_cuts(columns)]
    return {"report": _report(columns, found), "breakdowns": _object(found)}


def _hours(columns: Columns) -> list[tuple[str, str, str]]:
    """The hour that a moment says, '9' on every platform, with its offset: when clocks go back, an hour comes twice."""
    for column in columns.present(columns.mapping.hours)[:1]:
        cell = columns.cells[column]
        hour = f"CAST(TRY_CAST(regexp_extract({cell}, '{_HOUR}', 1) AS INTEGER) AS VARCHAR)"
        offset = rf"regexp_extract({cell}, ':\d{{2}}[.\d]*([+-]\d{{2}}:?\d{{2}})$', 1)"
        return [("hour", f"{hour} IS NOT NULL", f"{hour} || {offset}")]
    return []


def _named_cuts(columns: Columns) -> Iterator[_Cut]:
    for name, value in columns.mapping.named_cuts:
        if name in columns.by_name and value in columns.by_name:
            named, valued = columns.by_name[name], columns.by_name[value]
            columns.used |= {named: "breakdowns", valued: "breakdowns"}
            lower, there = _cut_name(columns, named), f"nullif({columns.cells[named]}, '') IS NOT NULL"
            key = f"CAST(to_json({lower}) AS VARCHAR) || ':'"
            yield _Cut(lower, key, there, f"coalesce({columns.cells[valued]}, '')")


def _cut_name(columns: Columns, named: str) -> str:
    lower = f"lower({columns.cells[named]})"
    whens = [f"WHEN {literal(cut)} THEN {literal(name)}" for cut, name in columns.mapping.cut_names.items()]
    return f"CASE {lower} {' '.join(whens)} ELSE {lower} END" if whens else lower


def told_by_cuts(columns: Columns) -> Iterator[tuple[str, str]]:
    """The record's columns that a breakdown fills which is named in the row, as SQL."""
    for cut in _named_cuts(columns):
        for column in CUT_COLUMNS:
            yield column, f"CASE WHEN {cut.name} = {literal(column)} THEN nullif({cut.text}, '') END"


def _breakdown(columns: Columns, column: str) -> str | None:
    name = columns.mapping.breakdown_of(snake(column)) or columns.mapping.breakdown_of(column)
    return name if name and not columns.mapping.is_ignored(snake(column)) else None


def _last_told(columns: Columns, told: list[str]) -> str:
    """Of several columns that are one breakdown, the last that has a value."""
    *others, last = (_told_apart(columns, column) for column in told)
    return ", ".join(f"nullif({text}, '')" for text in (last, *reversed(others)))


def _is_any_there(columns: Columns, told: list[str]) -> str:
    tests = [_is_there(columns, column) for column in told]
    return tests[0] if len(tests) == 1 or columns.table.is_table else f"({' OR '.join(tests)})"


def _told_apart(columns: Columns, column: str) -> str:
    """A breakdown's cell in the one notation that its kind has."""
    kind = columns.mapping.breakdown_kinds.get(snake(column), "text")
    return columns.cells[column] if kind == "text" else TEXT_KINDS[kind].format(columns.cells[column])


def _is_there(columns: Columns, column: str) -> str:
    return "true" if columns.table.is_table else f"{columns.cells[column]} IS NOT NULL"


def _report(columns: Columns, cuts: list[_Cut]) -> str:
    levels = [(level, columns.present(names)) for level, names in columns.mapping.levels]
    for column in (column for _, present in levels for column in present):
        columns.used.setdefault(column, "report")
    tests = [
        (level, " OR ".join(f"nullif({columns.cells[column]}, '') IS NOT NULL" for column in present))
        for level, present in levels
        if present
    ]
    whens = " ".join(f"WHEN {test} THEN {literal(level)}" for level, test in tests)
    level = f"CASE {whens} ELSE 'account' END" if tests else "'account'"
    if not cuts:
        return level
    names = ", ".join(_when(cut.there, cut.name) for cut in cuts)
    return f"concat_ws('/', {level}, nullif(concat_ws('+', {names}), ''))"


def _object(cuts: list[_Cut]) -> str:
    if not cuts:
        return "'{}'"
    parts = (_when(cut.there, f"{cut.key} || CAST(to_json({cut.text}) AS VARCHAR)") for cut in cuts)
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"


def _when(test: str, text: str) -> str:
    return text if test == "true" else f"CASE WHEN {test} THEN {text} END"
