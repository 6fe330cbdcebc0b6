"""Meta's action lists as SQL: the chosen conversion, and all types as one canonical text.

The types that a file's first rows show are looked up one by one by position, which is ten times as fast as taking every
list apart; a row with another type, or with one type twice (a breakdown of actions), takes the general way. Both ways
write the same text, so the sample decides the speed and never the result.

`value` is under the account's own setting; beside it an entry may say the same under other attribution windows
("1d_click": "2"). These are types of their own, `purchase_1d_click`: kept, and in no sum with the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from kalends.marketing.reading import literal, quoted

FAST_TYPES = 24  # beyond this many types, looking up each costs more than taking the lists apart
WINDOW: Final = r"\d+d_\w+|dda|inline|incrementality|skan_\w+"
"""What an entry calls its windows (developers.facebook.com/docs/marketing-api/reference/ads-action-stats)."""


def parsed(text: str, *, window: str = "") -> str:
    """The list of a JSON text; null where it is no list of {action_type, value}. See `of_maps`."""
    list_of = f"CASE WHEN starts_with({text}, '[') THEN {text} END"
    return of_maps(f"TRY(from_json({list_of}, '[\"MAP(VARCHAR, VARCHAR)\"]'))", window=window)


def of_maps(entries: str, *, window: str = "") -> str:
    """A list of {action_type, value} out of a list of entries that are maps. `window`: the one that was asked for,
    whose number stands for all then.
    """
    if window:
        under = _entry("a['action_type']", f"a[{literal(window)}]")
        return f"list_transform({entries}, lambda a: {under})"
    own = _entry("a['action_type']", "a['value']")
    under = _entry("a['action_type'] || '_' || e.key", "e.value")
    told = f"list_filter(map_entries(a), lambda e: regexp_full_match(e.key, {literal(WINDOW)}) AND e.value IS NOT NULL)"
    return (
        f"flatten(list_transform({entries}, lambda a: list_concat([{own}], list_transform({told}, lambda e: {under}))))"
    )


def of_structs(entries: str, keys: Iterable[str], *, window: str = "") -> str:
    """The same out of a list of entries that are structures with `keys`, which is faster."""
    if window:
        under = _entry("a.action_type", f"a.{quoted(window)}" if window in keys else "NULL::VARCHAR")
        return f"list_transform({entries}, lambda a: {under})"
    windows = [key for key in keys if re.fullmatch(WINDOW, key)]
    if not windows:
        return entries
    each = ", ".join(_entry(f"a.action_type || '_{key}'", f"a.{quoted(key)}") for key in windows)
    own, told = _entry("a.action_type", "a.value"), f"list_filter([{each}], lambda e: e.value IS NOT NULL)"
    return f"flatten(list_transform({entries}, lambda a: list_concat([{own}], {told})))"


def _entry(kind: str, value: str) -> str:
    return f"{{'action_type': {kind}, 'value': {value}}}"


def layers(names: list[str], known: list[str]) -> list[list[str]]:
    """Columns to add, layer by layer, over columns of parsed lists called `names`: the lists' types and values; the
    place of each known type; whether these are all that the row has.
    """
    lists = [
        column
        for name in names
        for column in (
            f"list_transform({name}, lambda a: a.action_type) AS {name}_types",
            f"list_transform({name}, lambda a: TRY_CAST(a.value AS DOUBLE)) AS {name}_values",
        )
    ]
    looked_up = known if _are_few(known) else []
    places = [
        f"list_position({name}_types, {literal(kind)}) AS {name}_at{index}"
        for name in names
        for index, kind in enumerate(looked_up)
    ]
    complete = [f"{_found(name, len(looked_up))} = coalesce(len({name}_types), 0) AS {name}_complete" for name in names]
    return [lists, places, complete]


def _are_few(known: list[str]) -> bool:
    """Whether to look up each. An entry has most of its windows, so that these count as the one type."""
    return sum(re.search(f"_(?:{WINDOW})$", kind) is None for kind in known) <= FAST_TYPES


def _found(name: str, count: int) -> str:
    hits = (f"CASE WHEN {name}_at{index} IS NULL THEN 0 ELSE 1 END" for index in range(count))
    return f"({' + '.join(hits)})" if count else "-1"


def sampled_types(samples: Iterable[str | None], *, window: str = "") -> list[str]:
    """The distinct action types in some cells, sorted."""
    found = set()
    for sample in samples:
        for entry in _entries(sample):
            kind = entry.get("action_type")
            if isinstance(kind, str):
                found.add(kind)
                found |= {f"{kind}_{key}" for key in entry if not window and re.fullmatch(WINDOW, key)}
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


def chosen(name: str, priority: tuple[str, ...], known: list[str]) -> str:
    """The value of the first type in `priority` that the list has."""
    whens = " ".join(f"WHEN list_contains({name}_types, {literal(kind)}) THEN {literal(kind)}" for kind in priority)
    general = _amount(name, f"(CASE {whens} END)")
    places = [f"{name}_at{known.index(kind)}" for kind in priority if kind in known]
    if not _are_few(known):
        return general
    fast = f"{name}_values[coalesce({', '.join(places)})]" if places else "NULL"
    return f"CASE WHEN {name}_complete THEN {fast} ELSE {general} END"


def by_type(counts: str, values: str | None, known: list[str]) -> str:
    """All types as {"type":[count,value]}, sorted by type; null where there are none."""
    general = _general(counts, values)
    if not known or not _are_few(known):
        return f"nullif({general}, '{{}}')"
    complete = f"{counts}_complete" + (f" AND {values}_complete" if values else "")
    return f"nullif(CASE WHEN {complete} THEN {_looked_up(counts, values, known)} ELSE {general} END, '{{}}')"


def _looked_up(counts: str, values: str | None, known: list[str]) -> str:
    parts = [
        part(f"CAST(to_json({literal(kind)}) AS VARCHAR)", _at(counts, index), _at(values, index) if values else None)
        for index, kind in enumerate(known)
    ]
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"


def _at(name: str, index: int) -> str:
    return f"{name}_values[{name}_at{index}]"


def part(kind: str, count: str, value: str | None) -> str:
    """One entry of `by_type`, as SQL; `kind` is SQL for the JSON text of the type."""
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
    entry = part("CAST(to_json(k) AS VARCHAR)", _amount(counts, "k"), value)
    parts = f"list_filter(list_transform({types}, lambda k: {entry}), lambda p: p IS NOT NULL)"
    return f"'{{' || array_to_string({parts}, ',') || '}}'"
