"""Scoring: the checks are asked about some account-days, and what they find takes the place of what was found before.

The same facts, rules and day of scoring give the same results, so a job may be killed and repeated. Rows are checked on
the days that were touched; days are compared over the whole months of the touched ones, because a month's tests share
one rate of false alarms.
"""

# ruff: noqa: S608 -- the statements are composed of declared names, dates and batch numbers

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.quality import composed, digits, exchanges, order, profile, spells, unusual  # noqa: F401 -- each declares its checks
from kalends.marketing.quality.checks import DIMENSIONS, ROW_CHECKS, Dimension, RowCheck
from kalends.marketing.quality.daychecks import DAY_CHECKS, DayCheck, Found
from kalends.marketing.quality.history import History, Setting
from kalends.marketing.quality.loading import histories
from kalends.marketing.quality.rowpass import ROWS, between, failing, stage_rows
from kalends.marketing.quality.setchecks import SET_CHECKS
from kalends.marketing.quality.tables import DAYS, DAYS_SCHEMA, FINDINGS, FINDINGS_SCHEMA
from kalends.marketing.records import LOG
from kalends.methods.anomalies import LEAST

TOUCHED: Final = "_quality_touched"
MONTHS: Final = "_quality_months"
SAME_DAY = "d.data_source = t.data_source AND d.account_id = t.account_id AND d.date = t.date"
NO_ROWS: Final = frozenset({"day_missing", "account_late"})
"""Checks that find days without rows: such a day is scored, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """By what is scored."""

    rules: str
    """The version of checks and rules, as results are kept by it."""
    today: date
    settling: Callable[[str], int]
    """How long a source's conversions may change, in days."""
    special: frozenset[date] = frozenset()
    own: Sequence[RowCheck] = ()
    """The company's own rules."""

    @property
    def row_checks(self) -> tuple[RowCheck, ...]:
        """All checks of rows."""
        return (*ROW_CHECKS, *self.own)


@dataclass(frozen=True, slots=True)
class Scored:
    """How much was scored."""

    days: int
    findings: int


def create_tables(warehouse: TenantWarehouse) -> None:
    """Make the tables that quality keeps, unless they are there."""
    warehouse.create(DAYS, DAYS_SCHEMA)
    warehouse.create(FINDINGS, FINDINGS_SCHEMA)


def touch_batches(warehouse: TenantWarehouse, seqs: Sequence[int]) -> int:
    """Let the account-days that these batches changed be scored; gives how many there are."""
    listed = ", ".join(str(int(seq)) for seq in seqs) or "NULL"
    warehouse.stage_query(
        TOUCHED,
        f"SELECT DISTINCT data_source, account_id, date_from AS date FROM {LOG} AS l"
        f" WHERE batch_seq IN ({listed}) AND date_from = date_to",
    )
    return _count(warehouse, TOUCHED)


def touch_all(warehouse: TenantWarehouse, *, since: date | None = None) -> int:
    """Let every account-day (from `since` on) be scored; gives how many there are."""
    where = f" WHERE date >= DATE '{since}'" if since else ""
    warehouse.stage_query(TOUCHED, f"SELECT DISTINCT data_source, account_id, date FROM report_days{where}")
    return _count(warehouse, TOUCHED)


def score(warehouse: TenantWarehouse, scope: Scope) -> Scored:
    """Score the touched account-days and write what was measured and found, in place of what was there."""
    dates = between(warehouse, TOUCHED, "date")
    if dates is None:
        return Scored(0, 0)
    _stage_months(warehouse)
    stage_rows(warehouse, days=TOUCHED, checks=scope.row_checks, today=scope.today)
    row_findings = _row_findings(warehouse, scope)
    set_findings = _set_findings(warehouse, scope)
    day_findings, evidence = _day_findings(warehouse, scope)
    with warehouse.write():
        create_tables(warehouse)
        found = _write_findings(warehouse, scope, row_findings, [*set_findings, *day_findings])
        days = _write_days(warehouse, scope, evidence, day_findings)
    return Scored(days, found)


def forget(warehouse: TenantWarehouse, *, keep: Sequence[str]) -> None:
    """Remove what was found by other rules than these."""
    kept = ", ".join(f"'{rules}'" for rules in keep)
    for table in (DAYS, FINDINGS):
        if warehouse.exists(table):
            warehouse.run(f"DELETE FROM {table} WHERE rules NOT IN ({kept})")


def _stage_months(warehouse: TenantWarehouse) -> None:
    """The whole months of the touched days of each account: every day of them, with rows or without."""
    months = warehouse.execute(
        "SELECT data_source, account_id, CAST(date_trunc('month', date) AS DATE) AS month"
        f" FROM {TOUCHED} GROUP BY 1, 2, 3"
    )
    frame = pl.from_arrow(months)
    assert isinstance(frame, pl.DataFrame)
    month = pl.col("month").cast(pl.Date)
    every = frame.with_columns(pl.date_ranges(month, month.dt.month_end()).alias("date")).explode("date").drop("month")
    warehouse.stage(MONTHS, every.with_columns(pl.col("date").cast(pl.Date)).to_arrow())


def _row_findings(warehouse: TenantWarehouse, scope: Scope) -> list[dict[str, Any]]:
    checks = scope.row_checks
    made = []
    for row in failing(warehouse, checks):
        check = checks[row.pop("check")]  # type: ignore[call-overload]
        made.append(_finding(scope, check, "row", row))
    return made


def _set_findings(warehouse: TenantWarehouse, scope: Scope) -> list[dict[str, Any]]:
    dates = between(warehouse, MONTHS, "date")
    return [
        _finding(scope, check, "day", row)
        for check in SET_CHECKS
        for row in warehouse.execute(check.query.format(days=MONTHS, between=dates)).to_pylist()
    ]


def _day_findings(
    warehouse: TenantWarehouse, scope: Scope
) -> tuple[list[dict[str, Any]], dict[tuple[str, str], tuple[date, dict[Dimension, Any]]]]:
    """What the checks of days find, and what each account's days have evidence for."""
    span = warehouse.execute(f"SELECT min(date) AS first, max(date) AS last FROM {MONTHS}").to_pylist()[0]
    wanted = {
        (row["data_source"], row["account_id"], row["date"])
        for row in warehouse.execute(f"SELECT * FROM {MONTHS}").to_pylist()
    }
    made, evidence = [], {}
    for history in histories(warehouse, days=MONTHS, first=span["first"], last=span["last"], today=scope.today):
        setting = Setting(today=scope.today, settling_days=scope.settling(history.data_source), special=scope.special)
        account = (history.data_source, history.account_id)
        evidence[account] = (history.first, evidence_of(history, setting))
        for check, found in examine(history, setting):
            day = history.day(found.day)
            if (*account, day) in wanted:
                told = {name: getattr(found, name) for name in ("report", "subject", "observed", "expected", "detail")}
                named = {"data_source": account[0], "account_id": account[1], "date": day}
                made.append(_finding(scope, check, "day", named | told))
    return made, evidence


def examine(history: History, setting: Setting) -> list[tuple[DayCheck, Found]]:
    """What all checks of days find in one account."""
    found = [(check, each) for check in DAY_CHECKS for each in check.find(history, setting)]
    # What is off by a unit is unusual, too, and what is critical is new: it is said once.
    named = {each.day for check, each in found if check.severity == "critical"}
    slips = {each.day for check, each in found if check.name == "unit_slip"}
    said = dict.fromkeys(profile.GENERAL, named) | {"unusual": slips}
    return [(check, each) for check, each in found if each.day not in said.get(check.name, ())]


def evidence_of(history: History, setting: Setting) -> dict[Dimension, Any]:
    """By dimension, on which days (days,) there is anything to judge it by. What is missing here passes nothing."""
    standard = ~setting.is_special(history)
    ages = setting.ages(history)
    compared = unusual.account_series(history, setting)
    is_compared = np.isfinite([compared[name].scores[:, 0] for name in ("spend", "impressions")]).any(axis=0)
    told = np.isfinite(np.stack([history.totals[name] for name in ("spend", "impressions", "clicks")]))
    sums = [np.nan_to_num(each["rows"]) > 0 for each in history.reports.values()]
    read = np.array([at is not None for at in history.read_at], dtype=bool)
    days = np.arange(history.size)
    return {
        "completeness": days - history.ends[0] >= 7 * LEAST,
        "validity": history.present,
        "consistency": told.sum(axis=0) >= 2,
        "uniqueness": told.sum(axis=0) >= 2,
        "timeliness": read if read.size else np.zeros(history.size, dtype=bool),
        "plausibility": is_compared & (ages >= 2) & standard,
        "reconciliation": (np.sum(sums, axis=0) >= 2) if sums else np.zeros(history.size, dtype=bool),
    }


def _finding(scope: Scope, check: Any, kind: str, row: dict[str, Any]) -> dict[str, Any]:
    blank: dict[str, Any] = {
        "report": "",
        "subject": "",
        "rows": None,
        "observed": None,
        "expected": None,
        "detail": "",
    }
    about = {"rules": scope.rules, "check_name": check.name, "dimension": check.dimension, "severity": check.severity}
    return blank | row | about | {"kind": kind}


def _write_findings(
    warehouse: TenantWarehouse, scope: Scope, rows: list[dict[str, Any]], days: list[dict[str, Any]]
) -> int:
    for kind, table in (("row", TOUCHED), ("day", MONTHS)):
        warehouse.run(
            f"DELETE FROM {FINDINGS} AS t WHERE t.rules = '{scope.rules}' AND t.kind = '{kind}'"
            f" AND EXISTS (SELECT 1 FROM {table} AS d WHERE {SAME_DAY})"
        )
    schema = FINDINGS_SCHEMA.to_pyarrow()
    import_rows = [*rows, *days]
    if import_rows:
        columns = {name: [row[name] for row in import_rows] for name in schema.names}
        frame = pl.DataFrame(columns, schema={name: FINDINGS_SCHEMA.to_polars()[name] for name in schema.names})
        warehouse.append(FINDINGS, frame.to_arrow().cast(schema))
    return len(import_rows)


def _write_days(
    warehouse: TenantWarehouse,
    scope: Scope,
    evidence: dict[tuple[str, str], tuple[date, dict[Dimension, Any]]],
    findings: list[dict[str, Any]],
) -> int:
    """What was measured of the touched days; and of days of these months that have no rows and should."""
    measured = warehouse.execute(
        "SELECT data_source, account_id, date, CAST(sum(rows_) AS BIGINT) AS rows, CAST(sum(failing) AS BIGINT)"
        " AS failing, sum(weight) AS weight, sum(good) AS good, max(spend) AS spend, min(currency) AS currency"
        f" FROM {ROWS} GROUP BY 1, 2, 3"
    ).to_pylist()
    nothing: dict[str, Any] = {"rows": 0, "failing": 0, "weight": 0.0, "good": 0.0, "spend": None, "currency": None}
    known = {(row["data_source"], row["account_id"], row["date"]) for row in measured}
    absent = {
        key for row in findings
        if row["check_name"] in NO_ROWS and (key := (row["data_source"], row["account_id"], row["date"])) not in known
    }  # fmt: skip
    names = ("data_source", "account_id", "date")
    every = [*measured, *(dict(zip(names, key, strict=True)) | nothing for key in sorted(absent))]
    warehouse.run(
        f"DELETE FROM {DAYS} AS t WHERE t.rules = '{scope.rules}' AND (EXISTS (SELECT 1 FROM {TOUCHED} AS d"
        f" WHERE {SAME_DAY}) OR (t.rows = 0 AND EXISTS (SELECT 1 FROM {MONTHS} AS d WHERE {SAME_DAY})))"
    )
    if not every:
        return 0
    told = [row | {"rules": scope.rules, "evidence": _evidence(evidence, row)} for row in every]
    schema = DAYS_SCHEMA.to_pyarrow()
    columns = {name: [row[name] for row in told] for name in schema.names}
    warehouse.append(DAYS, pl.DataFrame(columns, schema=dict(DAYS_SCHEMA.to_polars())).to_arrow().cast(schema))
    return len(told)


def _evidence(evidence: dict[tuple[str, str], tuple[date, dict[Dimension, Any]]], row: dict[str, Any]) -> str:
    known = evidence.get((row["data_source"], row["account_id"]))
    if known is None:
        return "validity"
    first, by_dimension = known
    place = (row["date"] - first).days
    return ",".join(name for name in DIMENSIONS if 0 <= place < by_dimension[name].size and by_dimension[name][place])


def _count(warehouse: TenantWarehouse, table: str) -> int:
    return int(warehouse.execute(f"SELECT count(*) AS n FROM {table}").column("n")[0].as_py() or 0)
