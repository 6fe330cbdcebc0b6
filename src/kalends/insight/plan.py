"""How a query is answered: from the rollup or the facts, of which reports, with which spans, in which currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kalends.insight.comparisons import Comparison
from kalends.insight.dimensions import Kind, UnknownDimensionError
from kalends.insight.metrics import metric
from kalends.insight.query import Query, Snapshot
from kalends.insight.reading import columns_read
from kalends.insight.reports import able, coarsest_first
from kalends.insight.shape import (
    NO_RULES,
    Money,
    Reading,
    Shape,
    filter_shape,
    padded,
    power_of_two,
    span_values,
    values_of,
)
from kalends.insight.spans import Span, counted
from kalends.insight.survey import Catalogue, Survey
from kalends.marketing import entities
from kalends.marketing.service import Rules


@dataclass(frozen=True, slots=True)
class Plan:
    """A shape, its values, the reports that can answer and the spans that count in the asked period."""

    shape: Shape
    values: Mapping[str, Any]
    able: tuple[str, ...]
    spans: tuple[Span, ...]


def plan(
    query: Query, snapshot: Snapshot, catalogue: Catalogue, look: Callable[[], Survey], rules: Rules = NO_RULES
) -> Plan:
    """Plan a query. `look` surveys all days between the asked and the compared period; it is called where needed."""
    needs = query.needs()
    answering = able(catalogue.reports, needs=needs)
    entries = [metric(name) for name in query.metrics]
    spans = _spans(query, catalogue)
    in_daily = all(d.in_daily for d in query.dimension_entries(filtered=True))
    reading, named = _of_daily(catalogue, answering) if in_daily else _of_facts(answering, look())
    singles = any(m.needs_one_row for m in entries)
    coarse = tuple(sorted(answering, key=coarsest_first)) if singles else ()
    values = values_of(query, snapshot) | named
    for n, chosen in enumerate(spans):
        values |= span_values(f"span{n}_", chosen) | (span_values(f"single_span{n}_", chosen) if singles else {})
    once = bool(catalogue.attributions)
    renamed, called = (_read(query, columns) for columns in (catalogue.renamed, catalogue.called))
    placed = entities.placing(read_by(query), held=catalogue.placed)
    sizes = (power_of_two(len(spans[0])), power_of_two(len(spans[1])))
    shape = Shape(
        metrics=query.metrics,
        dimensions=query.dimensions,
        filters=tuple(map(filter_shape, query.filters)),
        comparison=_comparison(query.compare_to),
        order=query.order,
        limit=query.limit,
        money=_money(query, catalogue),
        sums=Reading(
            reading.table, reading.rule, reading.places, reading.candidates, sizes, once, renamed, called, placed
        ),
        singles=Reading("facts", "ranked", 0, coarse, sizes, once, renamed, called, placed) if singles else None,
        rules=_rules(query, rules),
        countries=catalogue.countries if _asks_of_countries(query) else (),
    )
    return Plan(shape, values, answering, spans[0])


def _read(query: Query, columns: Iterable[str]) -> tuple[str, ...]:
    """Those columns that the query reads."""
    return tuple(column for column in columns if column in read_by(query))


def read_by(query: Query) -> frozenset[str]:
    """The columns of facts that the query's dimensions and filters read."""
    return frozenset(name for entry in query.dimension_entries(filtered=True) for name in columns_read(entry))


def _asks_of_countries(query: Query) -> bool:
    return any(entry.kind is Kind.COUNTRY for entry in query.dimension_entries(filtered=True))


def _rules(query: Query, rules: Rules) -> Rules:
    """Those rules that the query uses, so that others do not make it another statement."""
    entries = query.dimension_entries(filtered=True)
    parts = {entry.name.partition(":")[2] for entry in entries if entry.kind is Kind.PART}
    unknown = sorted(parts - set(rules.attributes))
    if unknown:
        known = ", ".join(f"own:{name}" for name in rules.attributes) or "none yet"
        raise UnknownDimensionError(f"No rule about campaign names gives {unknown[0]!r}. There are: {known}.")
    groups = rules.groups if any(entry.kind is Kind.GROUP for entry in entries) else ()
    return Rules(groups=groups, names=tuple(rule for rule in rules.names if parts & set(rule.attributes)))


def _comparison(compared: Comparison | None) -> Any:
    if compared is None:
        return "none"
    return "year" if compared.shift is None else "days"


def _money(query: Query, catalogue: Catalogue) -> Money:
    """One currency needs no care; others than the asked one are converted. Where all amounts are in one, and no rate
    into the asked one is known, they stay what they are, and the answer says so: better than none.
    """
    others = set(catalogue.currencies) - {query.currency}
    is_known = query.currency in catalogue.quotes or (len(catalogue.currencies) > 1 and catalogue.has_rates)
    if query.currency is not None and others and is_known:
        return "converted"
    return "mixed" if len(catalogue.currencies) > 1 else "single"


def _spans(query: Query, catalogue: Catalogue) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The spans that count in the asked and in the compared period."""
    entries = query.dimension_entries(filtered=True)
    periods = (query.period, query.compare_to.period if query.compare_to else None)
    now, before = (
        counted(catalogue.spans, period=period, needs=query.needs(), dimensions=entries) if period else ()
        for period in periods
    )
    return now, before


def _of_daily(catalogue: Catalogue, answering: tuple[str, ...]) -> tuple[Reading, dict[str, Any]]:
    """The rollup holds one report per account and day already; leave out those that cannot answer."""
    if len(answering) == len(catalogue.reports):
        return Reading("daily", "any"), {}
    named = answering or ("",)
    return Reading("daily", "listed", power_of_two(len(named))), padded("report", named)


def _of_facts(answering: tuple[str, ...], found: Survey) -> tuple[Reading, dict[str, Any]]:
    """Where each platform has one report that covers every day of its accounts, name it; else rank per day."""
    pairs = found.one_report
    if pairs is None:
        return Reading("facts", "ranked", 0, answering), {}
    if len(set(pairs.values())) <= 1:
        # No other account of these has rows of this report, else there would be a pair for it.
        return Reading("facts", "listed", 1), padded("report", tuple(set(pairs.values())) or ("",))
    sources, reports = zip(*sorted(pairs.items()), strict=True)
    return Reading("facts", "pairs", power_of_two(len(sources))), padded("source", sources) | padded("report", reports)
