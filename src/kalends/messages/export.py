"""A schedule as CSV: eleven columns in the order that operators' tools expect, rows by time, nothing that runs.

A cell that a spreadsheet would take for a formula begins with an apostrophe instead, and loses it when the file comes
back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import polars as pl

COLUMNS: Final = pl.Schema(
    {
        "schedule_id": pl.String(),
        "page_name": pl.String(),
        "day_of_week": pl.String(),
        "scheduled_send_time": pl.String(),
        "message_type": pl.String(),
        "caption_id": pl.Int64(),
        "caption_text": pl.String(),
        "price_tier": pl.String(),
        "content_category": pl.String(),
        "has_urgency": pl.Boolean(),
        "performance_score": pl.Float64(),
    }
)
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet runs (OWASP, CSV injection); it saves a carriage return as a line feed."""
GUARD: Final = "'"


def row_of(
    *, schedule_id: object, page_name: str, local: datetime, message_type: str, caption_no: int, caption_text: str,
    price_tier: str, category: str, has_urgency: bool, performance_score: float,
) -> dict[str, Any]:  # fmt: skip
    """One message as a row; `local`: on the page's clock, with its offset."""
    return {
        "schedule_id": str(schedule_id),
        "page_name": page_name,
        "day_of_week": f"{local:%A}",
        "scheduled_send_time": local.isoformat(timespec="seconds"),
        "message_type": message_type,
        "caption_id": caption_no,
        "caption_text": caption_text,
        "price_tier": price_tier,
        "content_category": category,
        "has_urgency": has_urgency,
        "performance_score": round(performance_score, 4),
    }


def to_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows as UTF-8 CSV (RFC 4180), with a byte order mark so that spreadsheets see that it is UTF-8."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def harmless(text: str) -> str:
    """A text that no spreadsheet runs; texts that begin with the guard get another, so that it can be taken off."""
    return GUARD + text if text.startswith((*DANGEROUS, GUARD)) else text


def as_written(text: str) -> str:
    """What `harmless` was given."""
    return text[1:] if text.startswith(GUARD) and text[1:].startswith((*DANGEROUS, GUARD)) else text


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value) if isinstance(value, str) else str(value)
