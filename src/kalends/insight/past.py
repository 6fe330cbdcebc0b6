"""The warehouse as it was at an earlier data version: the facts out of the log, and the rollups made of them anew.

The rules are those of `kalends.marketing.rollup`, as expressions: a test holds the two against each other.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import Final

import ibis
from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse
from kalends.insight.once import place_of
from kalends.insight.reports import LEVELS
from kalends.insight.tables import Tables
from kalends.marketing import entities, renames
from kalends.marketing.records import ADDITIVE, COVER_METRICS, DAILY_GRAIN, DAILY_SCHEMA, LOG, OUTCOMES
from kalends.marketing.rollup import ACCOUNT, OTHER_LEVEL, PASS, REACH
from kalends.marketing.versions import facts_as_of

_ACCOUNT_DAY: Final = ("data_source", "account_id", "date")
_DECIDING: Final = (*COVER_METRICS, *OUTCOMES)
_WIDE: Final = "decimal(30, 6)"


def tables_at(warehouse: TenantWarehouse, version: int) -> Tables:
    """What a query reads to answer as it would have at `version`."""
    facts = facts_as_of(warehouse, version=version)
    windows = f"SELECT min(attribution) AS first, max(attribution) AS last FROM {LOG} AS l"  # noqa: S608 (a name of ours)
    told = warehouse.execute(windows).to_pylist()[0]
    rows = daily_rows(facts, has_windows=told["first"] != told["last"])
    days = report_days(rows)
    called = entities.called_at(warehouse, version=version)
    rows = entities.placed(rows, called, levels=entities.PARENTS, day="date")
    sums = entities.filled(daily(rows, days), called, columns=renames.IDS, day="date")
    now = renames.renamed(sums, called)
    return Tables({"facts": facts, "report_days": days, "daily": sums, renames.TABLE: now, entities.CALLED: called})


def daily_rows(facts: ir.Table, *, has_windows: bool) -> ir.Table:
    """The facts of one day; `_repeats`: how many rows of the same thing come before this one."""
    rows = facts.filter(facts.date_from == facts.date_to)
    place = place_of(rows) if has_windows else ibis.literal(0, type="int64")
    return rows.mutate(_repeats=place).rename(date="date_from")


def report_days(rows: ir.Table) -> ir.Table:
    """Per account, day and report whether it covers the account; `_is_chosen`: whether it is the one in `daily`."""
    once = rows["_repeats"] == 0
    totals = rows.aggregate(
        by=[*_ACCOUNT_DAY, "report"],
        repeats=rows.count(where=~once),
        _names_campaigns=(rows.campaign_id != "").any(),
        **{name: rows[name].sum(where=once).cast(_WIDE) for name in _DECIDING},
    )
    totals = totals.mutate(_is_split=totals.report.contains("/"))
    day = ibis.window(group_by=list(_ACCOUNT_DAY))
    totals = totals.mutate(**{f"_{name}": _reference(totals, name, day) for name in _DECIDING})
    covers, by_outcome = (
        reduce(and_, [_reaches(totals, name) for name in names]) for names in (COVER_METRICS, OUTCOMES)
    )
    decide = reduce(or_, [totals[f"_{name}"].fill_null(0) > 0 for name in COVER_METRICS])
    totals = totals.mutate(is_covering=decide.ifelse(covers, by_outcome))
    ranks = [(level, rank) for level, (rank, _) in LEVELS.items()]
    rank = totals.report.split("/")[0].cases(*ranks, else_=OTHER_LEVEL)
    fineness = totals["_names_campaigns"].ifelse(rank, ibis.least(rank, OTHER_LEVEL))
    order = [totals.is_covering.desc(), fineness.desc(), totals["_is_split"], totals.report]
    place = ibis.row_number().over(ibis.window(group_by=list(_ACCOUNT_DAY), order_by=order))
    return totals.mutate(_is_chosen=totals.is_covering & (place == 0))


def _reference(totals: ir.Table, name: str, day: ibis.expr.builders.WindowBuilder) -> ir.Value:
    """What the account's total is taken to be: its own report's, else the greatest unsplit, else the greatest."""
    amount = totals[name]
    return ibis.coalesce(
        amount.max(where=totals.report == ACCOUNT).over(day),
        amount.max(where=~totals["_is_split"]).over(day),
        amount.max().over(day),
    )


def _reaches(totals: ir.Table, name: str) -> ir.BooleanValue:
    amount, reference = totals[name], totals[f"_{name}"]
    enough = amount * 1000 >= reference * REACH
    not_too_much = ~totals["_is_split"] | (amount * 1000 <= reference * PASS)
    return (reference.fill_null(0) <= 0) | (enough & not_too_much).fill_null(False)


def daily(rows: ir.Table, days: ir.Table) -> ir.Table:
    """The chosen reports' sums by day and campaign."""
    chosen = days.filter(days["_is_chosen"]).select(*_ACCOUNT_DAY, "report")
    rows = rows.filter(rows["_repeats"] == 0)
    rows = rows.semi_join(chosen, [*_ACCOUNT_DAY, "report"])
    return rows.aggregate(
        by=list(DAILY_GRAIN),
        account_name=rows.account_name.max(),
        campaign_name=rows.campaign_name.max(),
        report=rows.report.min(),
        **{name: rows[name].sum().cast(DAILY_SCHEMA[name]) for name in ADDITIVE},
    )
