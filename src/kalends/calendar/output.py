"""Days as files and as JSON."""

from __future__ import annotations

import io
from typing import Any, Final

import orjson
import polars as pl

# Canonical JSON texts in the warehouse (nested types are not portable there); JSON answers carry the values themselves.
DOCUMENTS: Final = (
    "holiday_markets", "industry_seasonality", "industry_attributes", "regional_adjustments", "moments", "events",
    "event_windows", "provenance",
)  # fmt: skip
# A spreadsheet runs a text that begins like this as a formula.
FORMULA_STARTS: Final = "^[=+\\-@\t\r]"


def as_json_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """One dictionary per day; documents are decoded."""
    rows = frame.to_dicts()
    for row in rows:
        for name in DOCUMENTS:
            row[name] = orjson.loads(row[name])
    return rows


def as_csv(frame: pl.DataFrame) -> bytes:
    """UTF-8 CSV with a heading; documents stay JSON texts, and no text can act as a spreadsheet's formula."""
    safe = frame.with_columns(
        pl.when(pl.col(name).str.contains(FORMULA_STARTS))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.String
    )
    return safe.write_csv().encode()


def as_parquet(frame: pl.DataFrame) -> bytes:
    """Parquet (zstd); the same frame gives the same bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
