"""Meta's action lists as SQL: the chosen conversion, and all types as one canonical text.

The types that a file's first rows show are looked up one by one by position, which is ten times as fast as taking every
list apart; a row with another type, or with one type twice (a breakdown of actions), takes the general way. Both ways
write the same text, so the sample decides the speed and never the result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from kalends.marketing.reading import literal

_SHAPE = '[{"action_type":"VARCHAR","value":"VARCHAR"}]'
FAST_TYPES = 24  # beyond this many types, looking up each costs more than taking the lists apart


def parsed(text: str) -> str:
    """The list of a JSON text; null where it is no list of {action_type, value}."""
    return f"from_json({text}, '{_SHAPE}')"


def types_of(actions: str) -> str:
    """The action types of a parsed list."""
    return f"list_transform({actions}, lambda a: a.action_type)"


def sampled_types(samples: Iterable[str | None]) -> list[str]:
    """The distinct action types in some cells, sorted."""
    found = set()
    for sample in samples:
        for entry in _entries(sample):
            kind = entry.get("action_type")
            if isinstance(kind, str):
                found.add(kind)
    return sorted(found)


def _entries(sample: str | None) -> list[dict[str, object]]:
    try:
        items = json.loads(sample or "[]")
    except ValueError:
        return []
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _amount(actions: str, kind: str) -> str:
    """The value of one type, summed over its entries; null where the list has none. `kind` is an SQL expression."""
    return (
        f"list_sum(list_transform(list_filter({actions}, lambda a: a.action_type = {kind}), "
        "lambda a: TRY_CAST(a.value AS DOUBLE)))"
    )


def _placed(actions: str, types: str, kind: str) -> str:
    """The value of one type where no type comes twice."""
    return f"TRY_CAST({actions}[list_position({types}, {kind})].value AS DOUBLE)"


def chosen(actions: str, types: str, priority: tuple[str, ...]) -> str:
    """The value of the first type in `priority` that the list has."""
    whens = " ".join(f"WHEN list_contains({types}, {literal(kind)}) THEN {literal(kind)}" for kind in priority)
    places = ", ".join(f"list_position({types}, {literal(kind)})" for kind in priority)
    return (
        f"CASE WHEN list_unique({types}) < len({types}) THEN {_amount(actions, f'(CASE {whens} END)')} "
        f"ELSE TRY_CAST({actions}[coalesce({places})].value AS DOUBLE) END"
    )


def by_type(counts: str, values: str | None, known: list[str]) -> str:
    """All types as {"type":[count,value]}, sorted by type; null where there are none.

    `counts` and `values` name columns of parsed lists whose types stand in columns of the same name with '_types'.
    `known` are types to look up by position.
    """
    general = _general(counts, values)
    if not known or len(known) > FAST_TYPES:
        return f"nullif({general}, '{{}}')"
    lists = [name for name in (counts, values) if name]
    complete = " AND ".join(f"{_matched(name, known)} = coalesce(len({name}_types), 0)" for name in lists)
    return f"nullif(CASE WHEN {complete} THEN {_looked_up(counts, values, known)} ELSE {general} END, '{{}}')"


def _matched(name: str, known: list[str]) -> str:
    hits = (f"coalesce(CAST(list_contains({name}_types, {literal(kind)}) AS INTEGER), 0)" for kind in known)
    return f"({' + '.join(hits)})"


def _looked_up(counts: str, values: str | None, known: list[str]) -> str:
    parts = [
        _part(literal(json.dumps(kind)), _place(counts, kind), _place(values, kind) if values else None)
        for kind in known
    ]
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"


def _place(name: str, kind: str) -> str:
    return _placed(name, f"{name}_types", literal(kind))


def _part(kind: str, count: str, value: str | None) -> str:
    if value is None:
        return f"{kind} || ':[' || CAST({count} AS VARCHAR) || ',null]'"
    return (
        f"CASE WHEN coalesce({count}, {value}) IS NOT NULL THEN {kind} || ':[' || coalesce(CAST({count} AS VARCHAR), "
        f"'null') || ',' || coalesce(CAST({value} AS VARCHAR), 'null') || ']' END"
    )


def _general(counts: str, values: str | None) -> str:
    value_types = f"coalesce({values}_types, [])" if values else "[]"
    types = f"list_sort(list_distinct(list_concat(coalesce({counts}_types, []), {value_types})))"
    value = _amount(values, "k") if values else None
    part = _part("CAST(to_json(k) AS VARCHAR)", _amount(counts, "k"), value)
    parts = f"list_filter(list_transform({types}, lambda k: {part}), lambda p: p IS NOT NULL)"
    return f"'{{' || array_to_string({parts}, ',') || '}}'"
