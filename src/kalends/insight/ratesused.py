"""With which exchange rates amounts were turned into another currency: what a converted number's reader may ask."""

from __future__ import annotations

from typing import Any, Final

from kalends.base.warehouse.contract import TenantWarehouse
from kalends.insight.query import Query

SOURCES_NAMED: Final = 3


def rates_used(warehouse: TenantWarehouse, query: Query, *, version: int) -> tuple[str, ...]:
    """A sentence for each currency that was converted: at which rates, who says so, and for which days."""
    place = "row_number() OVER (PARTITION BY date, base ORDER BY source, batch_seq DESC)"
    found = warehouse.execute(
        f"SELECT base, source, min(rate) AS low, max(rate) AS high, min(date) AS first, max(date) AS last"  # noqa: S608
        f" FROM (SELECT *, {place} AS place FROM rates WHERE quote = $quote AND batch_seq <= $version"
        " AND date BETWEEN $start AND $end) AS r WHERE place = 1 AND EXISTS (SELECT 1 FROM facts AS f"
        " WHERE f.currency = r.base AND f.date_from = r.date) GROUP BY base, source ORDER BY base, min(date), source",
        {"quote": query.currency, "version": version, "start": query.period.start, "end": query.period.end},
    ).to_pylist()
    bases = dict.fromkeys(row["base"] for row in found if row["base"] != query.currency)
    return tuple(_sentence(base, [row for row in found if row["base"] == base], query.currency or "") for base in bases)


def _sentence(base: str, rows: list[dict[str, Any]], quote: str) -> str:
    low, high = min(row["low"] for row in rows).normalize(), max(row["high"] for row in rows).normalize()
    named = [f"{row['source']} ({_days(row)})" for row in rows[:SOURCES_NAMED]]
    more = f", and {len(rows) - SOURCES_NAMED} more" if len(rows) > SOURCES_NAMED else ""
    rate = f"{low:f}" if low == high else f"{low:f} to {high:f}"
    return f"Amounts in {base} were turned into {quote} at {rate}: {'; '.join(named)}{more}."


def _days(row: dict[str, Any]) -> str:
    return str(row["first"]) if row["first"] == row["last"] else f"{row['first']} to {row['last']}"
