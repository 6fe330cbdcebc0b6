"""A query in words, so that whoever reads an answer can see what was asked."""

from __future__ import annotations

from kalends.insight.dimensions import Dimension, dimension
from kalends.insight.metrics import metric
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing.words import source_name

_JOIN = {"in": "is", "not_in": "is not", "contains": "contains"}


def in_words(query: Query, /) -> str:
    """One sentence: metrics, dimensions, period, comparison, filters, order and limit."""
    parts = [listed([metric(name).label for name in query.metrics])]
    if query.dimensions:
        parts.append("by " + listed([_lower(dimension(name)) for name in query.dimensions]))
    parts.append(_span(query.period))
    if query.compare_to is not None:
        compared = query.compare_to.period
        parts.append(f"compared with {compared.label} ({compared.start} to {compared.end})")
    if query.filters:
        parts.append("where " + " and ".join(map(_filter, query.filters)))
    if query.limit is not None:
        parts.append(f"the first {query.limit}" + (f" by {_order(query.order[0])}" if query.order else ""))
    return ", ".join(parts) + "."


def listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _lower(entry: Dimension) -> str:
    return entry.label[0].lower() + entry.label[1:]


def _span(period: Period) -> str:
    dates = f"{period.start} to {period.end}"
    return dates if period.label in ("", dates) else f"{period.label} ({dates})"


def _filter(kept: Filter) -> str:
    values = " or ".join("unknown" if value is None else _value(kept, str(value)) for value in kept.values)
    return f"{_lower(dimension(kept.dimension))} {_JOIN[kept.operator]} {values}"


def _value(kept: Filter, value: str) -> str:
    """A platform by what people call it; anything else, and a part of a code, as it is."""
    is_source = dimension(kept.dimension).name == "data_source" and kept.operator != "contains"
    return source_name(value) if is_source else value


def _order(key: str) -> str:
    return key.removeprefix("-").replace("_", " ")
