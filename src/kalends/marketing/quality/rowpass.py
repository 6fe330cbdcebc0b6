"""All checks of rows in one pass over the facts of the days that are scored."""

# ruff: noqa: S608 -- the statements are composed of declared names and of conditions out of checks and checked rules

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.attribution import own
from kalends.marketing.quality.checks import RowCheck

WEIGHT = "CAST(abs(coalesce(spend, 0)) + 0.01 AS DOUBLE PRECISION)"
"""A row weighs what it spent, and a cent, so that rows without money count among themselves."""
ACCOUNT_DAY = "data_source, account_id, date"
ROWS = "_quality_rows"


def between(warehouse: TenantWarehouse, days: str, column: str) -> str | None:
    """A condition on a column that all days meet, so that the store reads few blocks; None where there are no days."""
    span = warehouse.execute(f"SELECT min(date) AS first, max(date) AS last FROM {days}").to_pylist()[0]
    return None if span["first"] is None else f"{column} BETWEEN DATE '{span['first']}' AND DATE '{span['last']}'"


def stage_rows(warehouse: TenantWarehouse, *, days: str, checks: Sequence[RowCheck], today: date) -> None:
    """Count, for each account, day and report among `days`, the rows that fail each check, into the temporary table
    `_quality_rows`: rows, failing, weight, good, spend, currency, and one column c0, c1 ... per check.
    """
    dates = between(warehouse, days, "f.date_from") or "false"
    asked = ", ".join(f"{check.sql(today=today)} AS c{place}" for place, check in enumerate(checks))
    names = [f"c{place}" for place in range(len(checks))]
    fails = " OR ".join(names)
    counts = ", ".join(f"count(CASE WHEN {name} THEN 1 END) AS {name}" for name in names)
    warehouse.stage_query(
        ROWS,
        f"SELECT data_source, account_id, date, report, count(*) AS rows_, sum(weight) AS weight,"
        f" count(CASE WHEN {fails} THEN 1 END) AS failing,"
        f" coalesce(sum(CASE WHEN NOT ({fails}) THEN weight END), 0) AS good,"
        f" sum(CAST(spend AS DOUBLE PRECISION)) AS spend, min(currency) AS currency, {counts}"
        f" FROM (SELECT f.data_source, f.account_id, f.date_from AS date, f.report, f.spend, f.currency,"
        f" {WEIGHT.replace('spend', 'f.spend')} AS weight, {asked}"
        f" FROM (SELECT * FROM facts AS f WHERE f.date_from = f.date_to AND {dates} AND {own('f')}) AS f"
        f" WHERE EXISTS (SELECT 1 FROM {days} AS d WHERE d.data_source = f.data_source"
        f" AND d.account_id = f.account_id AND d.date = f.date_from)) AS a GROUP BY 1, 2, 3, 4",
    )


def failing(warehouse: TenantWarehouse, checks: Sequence[RowCheck]) -> list[dict[str, object]]:
    """Of the staged counts: data_source, account_id, date, report, check (its place) and rows, where any row fails."""
    columns = ", ".join(f"c{place}" for place in range(len(checks)))
    found = warehouse.execute(f"SELECT {ACCOUNT_DAY}, report, {columns} FROM {ROWS} WHERE failing > 0").to_pylist()
    return [
        {name: row[name] for name in ("data_source", "account_id", "date", "report")} | {"check": place, "rows": count}
        for row in found
        for place in range(len(checks))
        if (count := row[f"c{place}"])
    ]
