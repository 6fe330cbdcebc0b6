"""Rollups: which report speaks for an account on a day, and the sums per campaign and day of that report alone.

Platforms give the same money at many levels. A report *covers* an account's day when its spend, impressions and clicks
each reach 99.5 % of the reference: the 'account' report's total where there is one, else the greatest total of a
report without breakdown, else the greatest of all. (Performance Max spends without ads, so the ad report of such an
account falls short.) A report with breakdowns must not pass the reference by more than 0.5 % either: some list one
click under several values. A metric that the reference does not have, or has as zero, decides nothing. Where none of
the three decides (analytics, a CRM), revenue, conversions and sessions do, by the same rules.

The *chosen* report is the finest covering one: by level, at the same level the one without breakdowns first. The
'account' report is the coarsest, so it is chosen only where nothing with campaigns covers. Rows of ads that do not say
which campaign they belong to (LinkedIn, X, Snapchat) are only finer than the account's.

Only daily rows take part. A period row (`date_from` before `date_to`) is never spread over its days. Of rows that tell
one thing under several attribution windows one takes part (`kalends.marketing.attribution`).
"""

# ruff: noqa: S608 -- the statements are composed of declared column names; no text from outside

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import ibis

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing import attribution, entities, renames
from kalends.marketing.records import (
    ADDITIVE,
    CALLED_SCHEMA,
    COVER_METRICS,
    DAILY_GRAIN,
    DAILY_SCHEMA,
    FACT,
    FACT_SCHEMA,
    OUTCOMES,
    REPORT_DAYS_SCHEMA,
)

ACCOUNT = "account"
LEVELS: dict[str, int] = {
    ACCOUNT: 0, "campaign": 2, "ad_group": 3, "asset_group": 3, "ad": 4, "keyword": 5, "search_term": 6,
}  # fmt: skip
"""How fine a level is."""
OTHER_LEVEL = 1  # of a level that is not listed: finer than the account is all that is known
REACH, PASS = 995, 1005
"""Per mille of the reference that a report must reach, and one with breakdowns must not pass."""

Amount = Decimal | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """One report's totals of one account and day; None = not delivered. `names_campaigns`: some row names its own."""

    report: str
    names_campaigns: bool = True
    spend: Amount = None
    impressions: Amount = None
    clicks: Amount = None
    revenue: Amount = None
    conversions: Amount = None
    sessions: Amount = None


def level_of(report: str) -> int:
    """How fine the report's level is: 0 = the account."""
    return LEVELS.get(report.split("/", 1)[0], OTHER_LEVEL)


def has_breakdowns(report: str) -> bool:
    """Whether the report splits its level by further dimensions."""
    return "/" in report


def covering(reports: Collection[Totals]) -> set[str]:
    """The names of the reports, of one account and day, that cover it."""
    deciding = _known(reports, COVER_METRICS) or _known(reports, OUTCOMES)
    return {
        totals.report
        for totals in reports
        if all(_reaches(totals, metric, reference) for metric, reference in deciding.items())
    }


def chosen(reports: Collection[Totals]) -> str | None:
    """The one report that speaks for the account on that day; None where none covers."""
    covers = covering(reports)
    ranked = sorted((-fineness(one), has_breakdowns(one.report), one.report) for one in reports if one.report in covers)
    return ranked[0][-1] if ranked else None


def fineness(totals: Totals) -> int:
    """The report's level; one below campaigns that names none of them is no finer than any other."""
    level = level_of(totals.report)
    return level if totals.names_campaigns else min(level, OTHER_LEVEL)


def _known(reports: Collection[Totals], metrics: Iterable[str]) -> dict[str, Decimal | int]:
    """The references of those metrics that decide anything."""
    references = {metric: _reference(reports, metric) for metric in metrics}
    return {metric: reference for metric, reference in references.items() if reference is not None and reference > 0}


def _reference(reports: Collection[Totals], metric: str) -> Amount:
    by_trust = (
        [totals for totals in reports if totals.report == ACCOUNT],
        [totals for totals in reports if not has_breakdowns(totals.report)],
        reports,
    )
    for trusted in by_trust:
        amounts: list[Decimal | int] = [amount for totals in trusted if (amount := getattr(totals, metric)) is not None]
        if amounts:
            return max(amounts)
    return None


def _reaches(totals: Totals, metric: str, reference: Decimal | int) -> bool:
    amount = getattr(totals, metric)
    if amount is None or amount * 1000 < reference * REACH:
        return False
    return not has_breakdowns(totals.report) or amount * 1000 <= reference * PASS


# The same as SQL, for all touched account-days at once.

ACCOUNT_DAY = ("data_source", "account_id", "date")
LEVEL = f"""CASE split_part(report, '/', 1) {
    " ".join(f"WHEN '{level}' THEN {rank}" for level, rank in LEVELS.items())
} ELSE {OTHER_LEVEL} END"""
FINENESS = f"CASE WHEN names_campaigns THEN {LEVEL} ELSE least({LEVEL}, {OTHER_LEVEL}) END"
BREAKDOWNS = "(position('/' IN report) > 0)"


def renew(tenant: TenantWarehouse, *, days: str) -> None:
    """Make `report_days` and `daily` anew for the account-days in the temporary table `days` (ACCOUNT_DAY columns)."""
    for table in ("report_days", "daily"):
        tenant.run(f"DELETE FROM {table} AS t WHERE EXISTS (SELECT 1 FROM {days} AS d WHERE {_same_day('t', 'd')})")
    dates = _between(tenant, days)
    if dates is None:
        return
    repeats = _REPEATS if attribution.stage_repeats(tenant, days=days, dates=dates) else ""
    tenant.stage_query("_covered", _covered(days, dates=dates, repeats=repeats))
    columns = ", ".join(f'"{column}"' for column in REPORT_DAYS_SCHEMA)
    tenant.run(f"INSERT INTO report_days ({columns}) SELECT {columns} FROM _covered ORDER BY date")
    _write_daily(tenant, dates=dates, repeats=repeats)
    renames.renew(tenant, days=days)


def rename(tenant: TenantWarehouse, *, batches: Sequence[int]) -> None:
    """Give `daily` the names that rows of their own say, where those of `batches` came or went: their campaigns' and
    accounts' days alone are made anew, and those days of which ads speak that are in another campaign now.
    """
    if not entities.renew(tenant, batches=batches):
        return
    words = f"daily AS t JOIN entity_names AS n ON n.batch_seq IN ({', '.join(map(str, batches))})"
    words += " AND n.data_source = t.data_source"
    moved = f"n.level IN ({PARENT_LEVELS}) AND n.account_id IN ('', t.account_id) AND split_part(t.report, '/', 1) IN"
    days = f"SELECT DISTINCT t.data_source, t.account_id, t.date FROM {words} AND {moved} ('ad', 'ad_group')"
    tenant.stage_query("_moved", days)
    renew(tenant, days="_moved")
    said = f"SELECT t.data_source, t.account_id, t.campaign_id FROM {words}"
    tenant.stage_query(
        "_renamed",
        f"{said} AND n.level = 'campaign' AND n.entity_id = t.campaign_id AND n.account_id IN ('', t.account_id)"
        f" UNION {said} AND n.level = 'account' AND n.entity_id = t.account_id",
    )
    touched = (
        "EXISTS (SELECT 1 FROM _renamed AS n WHERE n.data_source = {0}.data_source AND n.account_id = {0}.account_id"
        " AND n.campaign_id = {0}.campaign_id)"
    )
    days = f"SELECT DISTINCT {', '.join(ACCOUNT_DAY)}, report, true AS is_chosen FROM daily AS t"
    tenant.stage_query("_covered", f"{days} WHERE {touched.format('t')}")
    dates = _between(tenant, "_covered")
    if dates is None:
        return
    tenant.run(f"DELETE FROM daily AS t WHERE {touched.format('t')}")
    repeats = _REPEATS if attribution.stage_repeats(tenant, days="_covered", dates=dates) else ""
    _write_daily(tenant, dates=dates, repeats=repeats, only=touched)
    renames.renew(tenant, days="_covered")


PARENT_LEVELS = ", ".join(f"'{level}'" for level in entities.PARENTS)
_REPEATS = " LEFT JOIN _repeats AS r ON r.key_hash = f.key_hash"


def _covered(days: str, *, dates: str, repeats: str) -> str:
    """The REPORT_DAYS columns and `is_chosen` for each report of the account-days."""
    once = " FILTER (WHERE r.key_hash IS NULL)" if repeats else ""
    sums = ", ".join(_sum(metric, once) for metric in (*COVER_METRICS, *OUTCOMES))
    rows = f'count(*){once} AS "rows", count(*) - count(*){once} AS repeats'
    names = "bool_or(f.campaign_id <> '') AS names_campaigns"
    totals = (
        f"SELECT f.data_source, f.account_id, f.date_from AS date, f.report, {rows}, {names}, {sums} FROM facts AS f"
        f" JOIN {days} AS d ON d.data_source = f.data_source AND d.account_id = f.account_id AND d.date = f.date_from"
        f"{repeats} WHERE f.date_from = f.date_to AND {dates} GROUP BY 1, 2, 3, 4"
    )
    references = ", ".join(_reference_sql(metric) for metric in (*COVER_METRICS, *OUTCOMES))
    covers, by_outcome = (" AND ".join(map(_reaches_sql, metrics)) for metrics in (COVER_METRICS, OUTCOMES))
    decide = " OR ".join(f"coalesce({metric}_reference, 0) > 0" for metric in COVER_METRICS)
    covers = f"CASE WHEN {decide} THEN {covers} ELSE {by_outcome} END"
    rank = f"ORDER BY is_covering DESC, {FINENESS} DESC, {BREAKDOWNS}, report"
    place = f"row_number() OVER (PARTITION BY {', '.join(ACCOUNT_DAY)} {rank})"
    return (
        f"SELECT *, is_covering AND {place} = 1 AS is_chosen FROM (SELECT *, {covers} AS is_covering"
        f" FROM (SELECT *, {references} FROM ({totals}) AS t) AS r) AS c"
    )


def _sum(metric: str, once: str) -> str:
    """A metric's sum in its own declared type; sums of integers come wider."""
    kind = DAILY_SCHEMA[metric]
    cast = {"int64": "BIGINT", "float64": "DOUBLE PRECISION"}.get(str(kind), "DECIMAL(18, 6)")
    return f"CAST(sum(f.{metric}){once} AS {cast}) AS {metric}"


def _reference_sql(metric: str) -> str:
    over = f"OVER (PARTITION BY {', '.join(ACCOUNT_DAY)})"
    account = f"max(CASE WHEN report = '{ACCOUNT}' THEN {metric} END) {over}"
    plain = f"max(CASE WHEN NOT {BREAKDOWNS} THEN {metric} END) {over}"
    return f"coalesce({account}, {plain}, max({metric}) {over}) AS {metric}_reference"


def _reaches_sql(metric: str) -> str:
    amount, reference = (f"CAST({name} AS DECIMAL(30, 6))" for name in (metric, f"{metric}_reference"))
    return (
        f"(coalesce({metric}_reference, 0) <= 0 OR coalesce({amount} * 1000 >= {reference} * {REACH}"
        f" AND (NOT {BREAKDOWNS} OR {amount} * 1000 <= {reference} * {PASS}), false))"
    )


def _write_daily(tenant: TenantWarehouse, *, dates: str, repeats: str, only: str = "true") -> None:
    """Sum the chosen reports' daily facts by the grain; what has no name is called as rows of names say, and what does
    not say its campaign is of the one that they say. `only`: a condition on its source, account and campaign.
    """
    facts = _placed_facts(tenant, dates=dates)
    rows, columns = _daily(facts, dates=dates, repeats=repeats, only=only), ", ".join(DAILY_SCHEMA)
    if entities.speak_of(tenant, "_covered"):
        tenant.stage_query("_daily", f"SELECT {columns} FROM ({rows}) AS d")
        tenant.run(f"INSERT INTO daily ({columns}) {_named(tenant.engine)}")
    else:
        tenant.run(f"INSERT INTO daily ({columns}) SELECT {columns} FROM ({rows}) AS d ORDER BY date, campaign_id")


def _placed_facts(tenant: TenantWarehouse, *, dates: str) -> str:
    """The facts as a table expression, with the campaigns of those whose names alone say them."""
    told = f"SELECT 1 AS one FROM {entities.CALLED} WHERE level IN ({PARENT_LEVELS})"
    if not tenant.execute(f"{told} AND data_source IN (SELECT data_source FROM _covered) LIMIT 1").num_rows:
        return "facts"
    tenant.stage_query(
        "_unplaced",
        f"SELECT f.{', f.'.join(_PLACED)}, f.key_hash FROM facts AS f JOIN _covered AS c ON c.is_chosen AND"
        " c.report = f.report AND c.data_source = f.data_source AND c.account_id = f.account_id"
        " AND c.date = f.date_from WHERE f.date_from = f.date_to AND f.campaign_id = ''"
        f" AND (f.ad_id <> '' OR f.ad_group_id <> '') AND {dates}",
    )
    tenant.stage_query("_placed", _placed(tenant.engine))
    columns = ", ".join(f"o.{name}" for name in FACT if name != "campaign_id")
    campaign = "coalesce(p.campaign_id, o.campaign_id) AS campaign_id"
    return f"(SELECT {columns}, {campaign} FROM facts AS o LEFT JOIN _placed AS p ON p.key_hash = o.key_hash)"


_PLACED = ("data_source", "account_id", "campaign_id", "ad_group_id", "ad_id", "date_from")


@lru_cache
def _placed(engine: str) -> str:
    """By `key_hash` the campaigns of `_unplaced` that are known, as SQL."""
    called = ibis.table(CALLED_SCHEMA, name=entities.CALLED)
    unplaced = {name: FACT_SCHEMA[name] for name in (*_PLACED, "key_hash")}
    rows = ibis.table(unplaced, name="_unplaced")
    rows = entities.placed(rows, called, levels=entities.PARENTS, day="date_from")
    return str(ibis.to_sql(rows.filter(rows.campaign_id != "").select("key_hash", "campaign_id"), dialect=engine))


@lru_cache
def _named(engine: str) -> str:
    """`_daily` with names, as SQL. Kept: to write the statement takes longer than to run it."""
    called = ibis.table(CALLED_SCHEMA, name=entities.CALLED)
    rows = entities.filled(ibis.table(DAILY_SCHEMA, name="_daily"), called, columns=renames.IDS, day="date")
    return str(ibis.to_sql(rows.order_by("date", "campaign_id"), dialect=engine))


def _daily(facts: str, *, dates: str, repeats: str, only: str) -> str:
    """The rows of `daily`, with the facts' own names."""
    grain = ", ".join("f.date_from AS date" if column == "date" else f"f.{column}" for column in DAILY_GRAIN)
    group = ", ".join(str(number + 1) for number in range(len(DAILY_GRAIN)))
    sums = ", ".join(f"sum(f.{metric}) AS {metric}" for metric in ADDITIVE)
    own = "max(f.account_name) AS account_name, max(f.campaign_name) AS campaign_name, min(f.report) AS report"
    return (
        f"SELECT {grain}, {own}, {sums}"
        f" FROM {facts} AS f JOIN _covered AS c ON c.is_chosen AND c.report = f.report"
        " AND c.data_source = f.data_source"
        f" AND c.account_id = f.account_id AND c.date = f.date_from{repeats} WHERE f.date_from = f.date_to AND {dates}"
        f" AND {only.format('f')}{' AND r.key_hash IS NULL' if repeats else ''} GROUP BY {group}"
    )


def _same_day(left: str, right: str) -> str:
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in ACCOUNT_DAY)


def _between(tenant: TenantWarehouse, days: str) -> str | None:
    """A condition on the facts' dates that the store can use to read few blocks; None where there are no days."""
    span = tenant.execute(f"SELECT min(date) AS first, max(date) AS last FROM {days}").to_pylist()[0]
    if span["first"] is None:
        return None
    return f"f.date_from BETWEEN DATE '{span['first']}' AND DATE '{span['last']}'"
