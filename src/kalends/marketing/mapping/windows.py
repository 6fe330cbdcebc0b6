"""The attribution of a row: under which window its conversions were counted, where the row says it.

A mapping may name a column of its own. Else the columns that platforms and the tools that copy them use are read, or
the same thing under two windows would be one key with two values (`kalends.marketing.attribution` counts it once).
"""

from __future__ import annotations

from typing import Final

from kalends.marketing.mapping.columns import Columns

SETTINGS: Final = ("attribution_setting", "attribution_window", "attribution_model")
"""Columns that name it in one word. Not `attribution` alone: in people's own tables that is a channel as well."""
WINDOWS: Final = {
    "click_window_days": "click",
    "engagement_window_days": "engagement",
    "view_window_days": "view",
    "click_attribution_window": "click",
    "view_attribution_window": "view",
}
"""Columns that give it in days, and of what; together '30d_click_1d_view'."""


def attribution_of(columns: Columns) -> str | None:
    """The attribution as SQL over the raw cells; None where the table has none of the columns."""
    parts = {column: f"nullif({columns.cells[column]}, '')" for column in columns.present(SETTINGS)[:1]}
    if not parts:
        parts = {column: _days(columns.cells[column], kind) for name, kind in WINDOWS.items()
                 for column in columns.present((name,))}  # fmt: skip
    for column in parts:
        columns.used.setdefault(column, "attribution")
    return f"concat_ws('_', {', '.join(parts.values())})" if parts else None


def _days(cell: str, kind: str) -> str:
    """'30' as '30d_click', '7D' as '7d_click'."""
    written = f"CASE WHEN regexp_full_match({cell}, '\\d+') THEN {cell} || 'd' ELSE lower(nullif({cell}, '')) END"
    return f"{written} || '_{kind}'"
