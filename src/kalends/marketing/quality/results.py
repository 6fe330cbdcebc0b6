"""What was measured and found, out of the warehouse, with what people acknowledged."""

# ruff: noqa: S608 -- the statements are composed of declared names and bound values

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from kalends.base.work import Work
from kalends.marketing.quality.grading import Day, Finding, day_of
from kalends.marketing.quality.models import QualityAcknowledgement, QualityState
from kalends.marketing.quality.tables import DAYS, FINDINGS

ID: Final = (
    "md5(data_source || '|' || account_id || '|' || CAST(date AS VARCHAR) || '|' || check_name || '|' || report"
    " || '|' || subject)"
)
"""A finding is the same whichever rules found it, so that what was said of it stays said."""
COLUMNS: Final = (
    "data_source, account_id, date, check_name, dimension, severity, kind, report, subject, rows, observed, expected,"
    " detail"
)
RANK: Final = "CASE severity WHEN 'critical' THEN 0 WHEN 'major' THEN 1 ELSE 2 END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which findings: of some days, and if given of a source, account, check, severity or dimension."""

    first: date
    last: date
    data_source: str | None = None
    account_id: str | None = None
    check_name: str | None = None
    severity: str | None = None
    dimension: str | None = None
    finding: str | None = None

    def where(self, rules: str) -> tuple[str, dict[str, Any]]:
        """The condition and its values."""
        values: dict[str, Any] = {"rules": rules, "first": self.first, "last": self.last}
        parts = ["rules = $rules", "date BETWEEN $first AND $last"]
        for name in ("data_source", "account_id", "check_name", "severity", "dimension"):
            if getattr(self, name):
                parts.append(f"{name} = ${name}")
                values[name] = getattr(self, name)
        if self.finding:
            parts.append(f"{ID} = $finding")
            values["finding"] = self.finding
        return " AND ".join(parts), values


def scored_rules(work: Work) -> str | None:
    """By which checks and rules everything has been scored; None before the first time."""
    state = work.session.execute(select(QualityState)).scalar_one_or_none()
    return state.rules if state and work.warehouse.exists(FINDINGS) else None


def findings(work: Work, wanted: Wanted, *, limit: int | None = None, offset: int = 0) -> list[Finding]:
    """Findings, the gravest first, then the newest."""
    rules = scored_rules(work)
    if rules is None:
        return []
    where, values = wanted.where(rules)
    some = f" LIMIT {int(limit)} OFFSET {int(offset)}" if limit is not None else ""
    rows = work.warehouse.execute(
        f"SELECT {ID} AS id, {COLUMNS} FROM {FINDINGS} WHERE {where}"
        f" ORDER BY {RANK}, date DESC, data_source, account_id, check_name, subject, report{some}",
        values,
    ).to_pylist()
    said = acknowledged(work)
    return [
        Finding(check=row.pop("check_name"), acknowledged_by=said.get(row["id"]), **row)
        for row in rows
    ]  # fmt: skip


def count(work: Work, wanted: Wanted) -> int:
    """How many findings there are."""
    rules = scored_rules(work)
    if rules is None:
        return 0
    where, values = wanted.where(rules)
    found = work.warehouse.execute(f"SELECT count(*) AS n FROM {FINDINGS} WHERE {where}", values)
    return int(found.column("n")[0].as_py())


def days(work: Work, *, first: date, last: date, data_source: str | None = None) -> tuple[list[Day], list[Finding]]:
    """The scored account-days with their grades, and every finding on them."""
    rules = scored_rules(work)
    if rules is None:
        return [], []
    found = findings(work, Wanted(first=first, last=last, data_source=data_source))
    by_day: dict[tuple[str, str, date], list[Finding]] = defaultdict(list)
    for finding in found:
        by_day[finding.data_source, finding.account_id, finding.date].append(finding)
    source = " AND data_source = $data_source" if data_source else ""
    measured = work.warehouse.execute(
        "SELECT data_source, account_id, date, rows, failing, weight, good, evidence"
        f" FROM {DAYS} WHERE rules = $rules AND date BETWEEN $first AND $last{source}"
        " ORDER BY date, data_source, account_id",
        {"rules": rules, "first": first, "last": last} | ({"data_source": data_source} if data_source else {}),
    ).to_pylist()
    return [day_of(row, by_day[row["data_source"], row["account_id"], row["date"]]) for row in measured], found


def span(work: Work) -> tuple[date, date] | None:
    """The first and the last day that was scored."""
    rules = scored_rules(work)
    if rules is None:
        return None
    row = work.warehouse.execute(
        f"SELECT min(date) AS first, max(date) AS last FROM {DAYS} WHERE rules = $rules", {"rules": rules}
    ).to_pylist()[0]
    return (row["first"], row["last"]) if row["first"] else None


def acknowledged(work: Work) -> dict[str, str]:
    """By finding, who called it right."""
    rows = work.session.execute(select(QualityAcknowledgement.finding, QualityAcknowledgement.label)).all()
    return {row.finding: row.label for row in rows}
