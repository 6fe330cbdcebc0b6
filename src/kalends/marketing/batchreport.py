"""What is said of a batch: how its payload was read, what it holds in all, and what a reader must know of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.models import Batch
from kalends.marketing.records import NAMES_NO_CURRENCY
from kalends.marketing.staging import StageReport


def describe(staged: StageReport) -> dict[str, Any]:
    """How the payload was read, and its control totals by report and account, as JSON."""
    return {
        "format": staged.format,
        "mapping": staged.mapping,
        "columns": staged.columns,
        "guessed": staged.guessed,
        "new_columns": staged.new_columns,
        "vanished_columns": staged.vanished_columns,
        "drift": [one.plain() for one in staged.drifts],
        "decimal_mark": staged.decimal_mark,
        "day_order": staged.day_order,
        "warnings": staged.warnings,
        "duplicates": staged.duplicates,
        "named": staged.named,
        "series": staged.series,
        "orders": staged.orders,
        "reports": control_totals(staged),
    }


def control_totals(staged: StageReport) -> list[dict[str, Any]]:
    """Sums by report and account over all days; what no row had stays null."""
    gathered: dict[tuple[str, str], dict[str, Any]] = {}
    for total in staged.totals:
        entry = gathered.setdefault(
            (total.report, total.account_id),
            {
                "report": total.report,
                "account_id": total.account_id,
                "rows": 0,
                "date_from": total.date_from,
                "date_to": total.date_to,
                **dict.fromkeys(total.sums),
            },
        )
        entry["rows"] += total.rows
        entry["date_from"] = min(entry["date_from"], total.date_from)
        entry["date_to"] = max(entry["date_to"], total.date_to)
        for metric, value in total.sums.items():
            if value is not None:
                entry[metric] = value if entry[metric] is None else entry[metric] + value
    return [{name: plain(value) for name, value in entry.items()} for entry in gathered.values()]


def plain(value: Any) -> Any:
    """A value that JSON holds exactly: decimals and dates as text."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def assumed(con: duckdb.DuckDBPyConnection, *, currency: str, whose: str) -> list[str]:
    """What to say of amounts that name no currency."""
    found = con.execute(f"SELECT count(*) FROM staged WHERE {NAMES_NO_CURRENCY}").fetchone()  # noqa: S608 - a constant
    count = found[0] if found else 0
    return [f"{count} rows name no currency: read as {currency}, {whose}."] if count else []


def kept_though_complete(batch: Batch, staged: StageReport) -> list[str]:
    """That what the file does not have was not removed, though it was said to be complete."""
    if not staged.quarantined or not (batch.options.get("complete") or batch.options.get("is_complete")):
        return []
    said = f"The file was said to be complete, but {staged.quarantined} of its rows were set aside"
    return [f"{said}: what it does not have was left as it was. Correct the rows and send it again."]


def overshadowed(warehouse: TenantWarehouse, staged: StageReport) -> list[str]:
    """Where rows of a table of no platform are stored and do not count, for another file of the same source and account
    says more of these days: one report of an account and day counts, and such files often are of other things.
    """
    warnings = []
    for each in control_totals(staged) if staged.guessed else ():
        where = "data_source = $source AND account_id = $account AND report = $report AND date BETWEEN $first AND $last"
        told = {"source": staged.data_source, "account": each["account_id"], "report": each["report"]}
        days = warehouse.execute(
            f"SELECT count(*) AS days FROM report_days WHERE {where} AND NOT is_covering",  # noqa: S608 - ours
            told | {"first": date.fromisoformat(each["date_from"]), "last": date.fromisoformat(each["date_to"])},
        )
        if count := days.column("days")[0].as_py():
            warnings.append(
                f"On {count} days “{each['report']}” of this file does not count: another file of the source"
                f" “{staged.data_source}” and the same account says more of them. Load it as a source of its own."
            )
    return warnings
