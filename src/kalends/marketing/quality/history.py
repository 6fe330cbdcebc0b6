"""What is known of one account, day by day: what the checks of days look at. Plain arrays, no store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

METRICS: Final = ("spend", "impressions", "clicks", "conversions", "revenue")


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """What campaigns consist of: ads, or values of a breakdown. Arrays are (days, parts)."""

    names: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    whole: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(parts,): which parts belong together, as one report tells one campaign."""
    by_metric: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """One account from `first` on, a day after the other. Arrays are (days,) or (days, campaigns); nan: not told.

    Two are never equal, so that what was computed of one can be kept by it.
    """

    data_source: str
    account_id: str
    first: date
    rows: Floats
    """How many rows a day has, over all reports; 0 where there are none."""
    totals: Mapping[str, Floats]
    """By metric, what the report that covers the account says."""
    reports: Mapping[str, Mapping[str, Floats]]
    """By report and metric (and 'rows')."""
    campaigns: tuple[str, ...] = ()
    by_campaign: Mapping[str, Floats] = field(default_factory=dict)
    parts: Parts = field(default_factory=Parts)
    profile: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    """By report, the two sides of each statistic of its rows: (days, statistics), as `profile` declares them."""
    currencies: tuple[frozenset[str], ...] = ()
    read_at: tuple[datetime | None, ...] = ()
    """By day, when the platform last said anything about it."""
    read_days: frozenset[date] = frozenset()
    """The days on which anything of this account was read."""
    zone: str | None = None

    @property
    def size(self) -> int:
        """How many days there are."""
        return int(self.rows.size)

    def day(self, index: int) -> date:
        """The date of a day."""
        return self.first + timedelta(days=index)

    @cached_property
    def present(self) -> Bools:
        """Whether a day has rows."""
        return self.rows > 0

    @cached_property
    def ends(self) -> tuple[int, int]:
        """The first and the last day that has rows."""
        days = np.flatnonzero(self.present)
        return (int(days[0]), int(days[-1])) if days.size else (0, -1)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the checks must know beside the data."""

    today: date
    settling_days: int
    """How long conversions and revenue of the platform may still change."""
    special: frozenset[date] = frozenset()
    """Days on which something is on: sales, holidays, launches. What is unusual there is no fault."""

    def ages(self, history: History) -> npt.NDArray[np.int64]:
        """How many days ago each day was."""
        newest = (self.today - history.first).days
        ages: npt.NDArray[np.int64] = newest - np.arange(history.size)
        return ages

    def is_special(self, history: History) -> Bools:
        """Which days are special."""
        places = [(day - history.first).days for day in self.special]
        flags: Bools = np.isin(np.arange(history.size), places)
        return flags
