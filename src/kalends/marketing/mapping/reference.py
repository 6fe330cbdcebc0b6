"""Writes docs/reference/platforms.md out of the mappings: `python -m kalends.marketing.mapping.reference`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from kalends.marketing import mapping as mappings
from kalends.marketing.mapping.fields import Field, Mapping
from kalends.marketing.words import PLATFORM_NAMES

HEAD: Final = """# How each platform is read

Seventeen platforms, each by one file of rules (`src/kalends/marketing/mapping/`). Names of raw columns are in
snake_case, with a dot where the platform nests: `metrics.costMicros` is `metrics.cost_micros`. The first column that
has a value gives the record's; "sum" adds all that have one. What is neither named here nor left out is kept as it
came, in `extra`. Rows are told apart by the platform, the report (its level and its breakdowns), the ids, the
breakdowns' values, the attribution setting and the days; reports repeat each other's money and are never added up.
The attribution setting is read from the column named here, else from `attribution_setting`, `attribution_window`,
`attribution_model`, or the windows in days (`click_window_days`, `view_window_days` ...); one thing that comes under
several settings counts once. Rows that a connection asked for under a window are called after it, `asked_1d_click`.
This page is written by `python -m kalends.marketing.mapping.reference`.
"""
KINDS: Final = {
    "account": "id, without 'act_'",
    "customer": "id out of a resource name",
    "tail": "id out of a resource name",
    "urn": "id out of a URN",
    "upper": "text in capitals",
    "month": "first day of the month",
    "month_end": "last day of the month",
    "first_day": "first day of a span",
    "last_day": "last day of a span",
    "count": "whole number",
    "micros": "money, / 1,000,000",
    "percent": "share, / 100",
    "rounded": "whole number, rounded",
    "given": "id, unless it is '(not set)'",
}
"""What the kinds of a field are called where the kind's own name does not say it."""


def reference() -> str:
    """The whole page."""
    return HEAD + "".join(_platform(code) for code in PLATFORM_NAMES)


def _platform(code: str) -> str:
    mapping = mappings.MAPPINGS[code]
    told = inspect.getdoc(getattr(mappings, code)) or ""
    lines = [f"\n## {PLATFORM_NAMES[code]}\n\n`{code}`. {told}\n\n", _fields(mapping.fields), *_rules(mapping)]
    return "".join(lines)


def _fields(fields: Iterable[Field]) -> str:
    rows = (
        f"| `{target}` | {'<br>'.join(map(_sources, each))} |\n"
        for target, each in groupby(sorted(fields, key=lambda field: field.target), key=lambda field: field.target)
    )
    return "| record | read from |\n| --- | --- |\n" + "".join(rows)


def _sources(field: Field) -> str:
    how = ", ".join(filter(None, ("sum" if field.is_sum else "", KINDS.get(field.kind, field.kind))))
    return f"{_listed(field.sources)} ({how})"


def _rules(mapping: Mapping) -> Iterator[str]:
    """What else the mapping says, a paragraph each."""
    yield f"\nReports, the first whose column has a value: {', '.join(level for level, _ in mapping.levels)}.\n"
    cuts = sorted({name for name in mapping.breakdowns.values() if name})
    cuts += [f"{prefix}*" for prefix in mapping.breakdown_prefixes] + (["hour"] if mapping.hours else [])
    if cuts:
        yield f"\nBreakdowns: {_listed(cuts)}.\n"
    if mapping.actions:
        yield f"\nConversions, the first type that a row has: {_listed(mapping.actions.conversions)}.\n"
    if mapping.events and mapping.events.conversions:
        yield f"\nEvents that count as conversions: {_listed(sorted(mapping.events.conversions))}.\n"
    if mapping.typed:
        types = [*sorted(typed.type for typed in mapping.typed), *mapping.typed_like]
        yield f"\nKept by type of conversion: {_listed(types)}.\n"
    if not (mapping.typed or mapping.actions or mapping.events):
        yield "\nIts reports tell no types of conversions: there is no rule to make of them.\n"
    above = {(entity.level, column): sources for entity in mapping.entities for column, sources in entity.above.items()}
    if above:
        said = "; ".join(f"{level}: {_listed(sources)} is its `{column}`" for (level, column), sources in above.items())
        yield f"\nLists of names say what things are in, which rows with figures do not: {said}.\n"
    if mapping.ignored:
        yield f"\nLeft out, for it is derived when asked or is no news: {_listed(sorted(mapping.ignored))}.\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(reference())
