"""The instants that may be taken, and what each of them is called where it is lived: day, minute, whatever counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAY: Final = "day"
"""Label of a local date: its proleptic ordinal (`date.toordinal`)."""
MINUTE: Final = "minute"
"""Label of a local time of day: minutes since midnight, 0 to 1439."""
QUARTER: Final = 15
"""Minutes: every change of a clock, and every zone's offset since 1972, falls on a quarter of an hour."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Candidate slots, known by their index from here on.

    `at` (slots,): minutes since 1970 UTC, rising strictly; only differences of it are ever looked at. `labels`: for
    each name (slots,) whole numbers: "day" and "minute" as lived at the place, and any other that a rule counts by (a
    network's own quota day, a week). The caller makes them, so days of 23 and 25 hours are right if the caller's are.
    """

    at: Ints
    labels: Mapping[str, Ints]

    @property
    def size(self) -> int:
        """How many slots there are."""
        return int(self.at.size)

    def slot(self, instant: datetime) -> int | None:
        """The slot of an instant (aware), None where the grid has none."""
        index = int(np.searchsorted(self.at, to_minutes(instant)))
        return index if index < self.size and self.at[index] == to_minutes(instant) else None

    def instant(self, slot: int) -> datetime:
        """When the slot is, in UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=int(self.at[slot]))

    @cached_property
    def key(self) -> tuple[int, ...]:
        """Enough to tell two grids apart quickly: ends and size."""
        return (self.size, *(int(self.at[index]) for index in (0, -1) if self.size))


def local_grid(start: datetime, end: datetime, *, zone: ZoneInfo, step: int = 1) -> Grid:
    """Every `step` minutes from `start` up to but not including `end` (aware), with local "day" and "minute".

    >>> grid = local_grid(datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC),
    ...                   zone=ZoneInfo("Europe/Berlin"), step=60)
    >>> grid.labels["minute"].tolist()
    [60, 180, 240]
    """
    at = np.arange(to_minutes(start), to_minutes(end), step, dtype=np.int64)
    quarters, where = np.unique(at // QUARTER, return_inverse=True)
    local = np.array([_wall(int(quarter) * QUARTER, zone) for quarter in quarters], dtype=np.int64).reshape(-1)
    wall = local[where.reshape(-1)] + at % QUARTER
    return Grid(at, {DAY: wall // 1440 + datetime(1970, 1, 1, tzinfo=UTC).toordinal(), MINUTE: wall % 1440})


def to_minutes(instant: datetime) -> int:
    """Whole minutes since 1970 UTC."""
    return int(instant.timestamp() // 60)


def _wall(minutes: int, zone: ZoneInfo) -> int:
    """Minutes that the wall clock shows since its own 1970."""
    local = datetime.fromtimestamp(minutes * 60, zone)
    return to_minutes(local.replace(tzinfo=UTC))
