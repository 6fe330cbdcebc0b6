"""Ask a warehouse a query: the only way from a question to a number."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import ibis
import pyarrow as pa

from kalends.base.warehouse.contract import TenantWarehouse
from kalends.insight import expression
from kalends.insight.claims import overlapping
from kalends.insight.conversiontypes import untyped
from kalends.insight.dimensions import Kind
from kalends.insight.finish import Finished, finish
from kalends.insight.metrics import metric
from kalends.insight.plan import Plan, plan
from kalends.insight.query import Query, Snapshot
from kalends.insight.ratesused import rates_used
from kalends.insight.reports import able, wanted_report
from kalends.insight.result import Coverage, MissingReport, Result
from kalends.insight.shape import NO_RULES
from kalends.insight.statements import Build, Statements, as_value
from kalends.insight.survey import Catalogue, Survey, read_catalogue, survey
from kalends.insight.tables import Tables
from kalends.insight.words import listed
from kalends.marketing.service import BY_RULE, Rules, Settling
from kalends.marketing.words import source_name

_CATALOGUES: Final = 256
"""One per tenant that was asked lately and a few versions of each: some kilobytes apiece."""


@dataclass(slots=True)
class Engine:
    """The statements and catalogues that a process keeps."""

    statements: Statements = field(default_factory=Statements)
    _catalogues: OrderedDict[tuple[UUID, int], Catalogue] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def catalogue(self, asker: Asker) -> Catalogue:
        """What the asker's data version holds."""
        key = (asker.warehouse.tenant_id, asker.snapshot.data_version)
        with self._lock:
            if key in self._catalogues:
                self._catalogues.move_to_end(key)
                return self._catalogues[key]
        found = read_catalogue(asker.fetch, asker.tables, has_rates=asker.has_rates, has_renames=asker.has_renames)
        with self._lock:
            self._catalogues[key] = found
            while len(self._catalogues) > _CATALOGUES:
                self._catalogues.popitem(last=False)
        return found

    def forget(self, tenant_id: UUID) -> None:
        """Read the tenant's catalogues anew: its tables were changed without a new version (a rebuild)."""
        with self._lock:
            for key in [key for key in self._catalogues if key[0] == tenant_id]:
                del self._catalogues[key]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: one tenant's warehouse, in one snapshot."""

    engine: Engine
    warehouse: TenantWarehouse
    snapshot: Snapshot
    tables: Tables = field(default_factory=Tables)
    has_rates: bool = False
    has_renames: bool = False
    rules: Rules = NO_RULES
    settling: Settling = BY_RULE

    def fetch(self, shape: Hashable, build: Build, values: Mapping[str, Any]) -> pa.Table:
        """The rows of a statement. One that reads expressions instead of tables is compiled anew."""
        if self.tables.are_current:
            statement = self.engine.statements.get(shape, build, dialect=self.warehouse.engine)
            return self.warehouse.execute(statement.sql, values)
        return self.warehouse.backend.to_pyarrow(build(as_value(values)))

    def catalogue(self) -> Catalogue:
        """What there is in this snapshot."""
        return self.engine.catalogue(self)

    def survey(self, query: Query, start: date, end: date) -> Survey:
        """The days from `start` to `end` of the accounts that the query keeps."""
        answering = able(self.catalogue().reports, needs=query.needs())
        return survey(self.catalogue().days, filters=query.filters, able=answering, start=start, end=end)


def run(asker: Asker, query: Query) -> Result:
    """The answer to `query`."""
    planned = planned_for(asker, query)
    table = asker.fetch(planned.shape, lambda bind: expression.build(planned.shape, asker.tables, bind), planned.values)
    asked = asker.survey(query, query.period.start, query.period.end)
    return _result(asker, query, planned, table, asked)


def planned_for(asker: Asker, query: Query) -> Plan:
    """How the query is answered here."""
    spans = [query.period, *([query.compare_to.period] if query.compare_to else [])]
    first, last = min(p.start for p in spans), max(p.end for p in spans)
    return plan(query, asker.snapshot, asker.catalogue(), lambda: asker.survey(query, first, last), asker.rules)


def to_sql(asker: Asker, query: Query) -> str:
    """The SQL that answers the query, with its values written in."""
    planned = planned_for(asker, query)
    return str(
        ibis.to_sql(
            expression.build(planned.shape, asker.tables, as_value(planned.values)), dialect=asker.warehouse.engine
        )
    )


def _result(asker: Asker, query: Query, planned: Plan, groups: pa.Table, asked: Survey) -> Result:
    finished = finish(groups, planned.shape)
    today = asker.snapshot.today
    young = _provisional(asked, planned, asker.settling, today)
    sources = tuple(sorted({source for source, _ in young}))
    settled = [asker.settling.settled_until(source, account, today=today) for source, account in young]
    return Result(
        query=query,
        snapshot=asker.snapshot,
        table=finished.rows,
        totals=finished.totals,
        coverage=_coverage(query, planned, asked, asker.catalogue()),
        is_provisional=bool(sources),
        provisional_sources=sources,
        settled_until=min(settled, default=None),
        currency=_currency(query, planned, asker.catalogue(), finished),
        notes=(
            *_overlapping(query, asked, asker.catalogue()),
            *_repeats(query, planned, asked, asker.catalogue()),
            *_types(asker, query, planned, asked),
            *_placed(planned, asked, asker.catalogue()),
            *_notes(query, finished),
            *_unconverted(query, planned, asker.catalogue()),
            *_rates(asker, query, planned),
        ),
    )


def _unconverted(query: Query, planned: Plan, catalogue: Catalogue) -> tuple[str, ...]:
    """That amounts are not in the asked currency."""
    if query.currency is None or planned.shape.money == "converted" or set(catalogue.currencies) <= {query.currency}:
        return ()
    came = " and ".join(catalogue.currencies)
    return (f"No exchange rate into {query.currency} is known: amounts are in {came}, as they came.",)


def _rates(asker: Asker, query: Query, planned: Plan) -> tuple[str, ...]:
    """Whence the rates are, where amounts were converted."""
    if planned.shape.money != "converted":
        return ()
    return rates_used(asker.warehouse, query, version=asker.snapshot.data_version)


def _provisional(asked: Survey, planned: Plan, settling: Settling, today: date) -> frozenset[tuple[str, str]]:
    """The platforms and accounts whose numbers in the period may still be restated."""
    told = [(a.data_source, a.account_id, a.last_day) for a in asked.accounts]
    told += [(s.data_source, s.account_id, s.end) for s in planned.spans]
    return frozenset(
        (source, account)
        for source, account, day in told
        if settling.is_provisional(source, account, last_day=day, today=today)
    )


def _coverage(query: Query, planned: Plan, asked: Survey, catalogue: Catalogue) -> Coverage:
    period = query.period
    in_spans = {day for span in planned.spans for day in period.dates() if span.start <= day <= span.end}
    answered = len(asked.answered | in_spans) if in_spans else len(asked.answered_days)
    needed = wanted_report(needs=query.needs())
    missing = tuple(
        MissingReport(a.data_source, a.account_id, a.days - a.answered, needed)
        for a in sorted(asked.accounts, key=lambda a: (a.data_source, a.account_id))
        if a.answered < a.days
    )
    touching = sum(s.start <= period.end and period.start <= s.end for s in catalogue.spans)
    return Coverage(
        days_asked=period.days,
        days_with_data=answered,
        missing=missing,
        from_spans=len(planned.spans),
        left_out_spans=touching - len(planned.spans),
    )


def _currency(query: Query, planned: Plan, catalogue: Catalogue, finished: Finished) -> str | None:
    """The currency of the totals, where there is one."""
    if planned.shape.money == "converted":
        return query.currency
    if planned.shape.money == "mixed":
        return finished.currency
    return catalogue.currencies[0] if catalogue.currencies else None


def _overlapping(query: Query, asked: Survey, catalogue: Catalogue) -> tuple[str, ...]:
    """That one sale may be in several of the sources that are added up."""
    return overlapping(query, tellers=catalogue.tellers, sources={one.data_source for one in asked.accounts})


def _repeats(query: Query, planned: Plan, asked: Survey, catalogue: Catalogue) -> tuple[str, ...]:
    """Which attribution windows say the same thing again, and which of them counts."""
    if any(kept.dimension == "attribution" and kept.chooses_one for kept in query.filters):
        return ()
    sources = sorted({*asked.repeating, *(span.data_source for span in planned.spans if span.repeats)})
    return tuple(
        f"{source} says the same under several attribution windows. Each thing counts once, under"
        f" {', else '.join(name or 'none named' for name in catalogue.attributions[source])};"
        " filter by attribution to read another."
        for source in sources
    )


def _types(asker: Asker, query: Query, planned: Plan, asked: Survey) -> tuple[str, ...]:
    """Who tells conversions without their types, and that types overlap."""
    if not any(entry.kind is Kind.TYPE for entry in query.dimension_entries(filtered=True)):
        return ()
    notes = []
    found = asker.fetch("types/untyped", lambda bind: untyped(asker.tables, bind), planned.values)
    silent = {one.data_source for one in asked.accounts}.intersection(found.column(0).to_pylist())
    if silent:
        names = listed(sorted(map(source_name, silent)))
        notes.append(f"Conversions of {names} come without types: they are of no type here.")
    if planned.shape.overlaps:
        notes.append("One event may come under several types, so they are not added up: filter by those that you mean.")
    return tuple(notes)


def _placed(planned: Plan, asked: Survey, catalogue: Catalogue) -> tuple[str, ...]:
    """Whose campaigns are not said by the rows that are read, but by the platform's lists of ads."""
    reading = planned.shape.sums
    if not reading.placed:
        return ()
    read = catalogue.unplaced_daily if reading.table == "daily" else catalogue.unplaced
    lists = {source for level in reading.placed for source in catalogue.placed[level]}
    there = {one.data_source for one in asked.accounts} | {span.data_source for span in planned.spans}
    sources = sorted({source for source, report in read if report in planned.able} & lists & there)
    return tuple(
        f"{source_name(source)}: rows of ads do not say what they are in. Their campaigns and ad groups are those that"
        " the platform's lists of ads and ad groups name."
        for source in sources
    )


def _notes(query: Query, finished: Finished) -> tuple[str, ...]:
    """What a reader must know about values that are not given."""
    notes = []
    if finished.has_mixed:
        notes.append(
            "Amounts of several currencies are not added up: name a currency with rates, or group by currency."
        )
    if finished.unrated:
        notes.append(f"{finished.unrated} amounts have no exchange rate into {query.currency} on their day.")
    singles = [metric(name).label for name in query.metrics if metric(name).needs_one_row]
    if finished.has_several:
        notes.append(f"{', '.join(singles)} cannot be added up, so they are given only where one row answers.")
    return tuple(notes)
