"""The answer: rows, totals, what they rest on, and what must be said about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa

from kalends.insight.query import Query, Snapshot, handle
from kalends.insight.words import in_words


@dataclass(frozen=True, slots=True)
class MissingReport:
    """An account with data on days that no report of it answers as asked; `ask_for` names the report that would."""

    data_source: str
    account_id: str
    days: int
    ask_for: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Days asked, and days of them with data that answers; the accounts that cannot answer for some of theirs."""

    days_asked: int
    days_with_data: int
    missing: tuple[MissingReport, ...] = ()
    from_spans: int = 0
    """How many rows over many days (weekly rows, totals) were counted, each wholly inside the period."""

    left_out_spans: int = 0
    """How many touch the period and were not counted: not wholly inside, told by daily rows too, or overlapping."""


@dataclass(frozen=True, slots=True)
class Result:
    """An answer. `table` has the dimensions, then the metrics with `_before`, `_difference`, `_change` if compared."""

    query: Query
    snapshot: Snapshot
    table: pa.Table
    totals: dict[str, Any]
    coverage: Coverage
    is_provisional: bool
    provisional_sources: tuple[str, ...]
    settled_until: date | None
    currency: str | None
    notes: tuple[str, ...]

    @property
    def handle(self) -> str:
        """The text that names this answer for ever; see `query.handle`."""
        return handle(self.query, self.snapshot)

    @property
    def words(self) -> str:
        """What was asked, in words."""
        return in_words(self.query)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows as plain values."""
        found: list[dict[str, Any]] = self.table.to_pylist()
        return found

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as a Polars frame."""
        return pl.DataFrame(self.table)
