"""When the numbers were asked for: a backfill, then a pull a month, each re-reading what had not settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

# Just after midnight UTC the day before is over in Berlin and in London.
PULL_TIME = time(0, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pull:
    """One request: asked on `day`, for `first` .. `last` (both inside, all before `day`)."""

    day: date
    first: date
    last: date

    @property
    def reported_at(self) -> datetime:
        """The instant at which the platform answered."""
        return datetime.combine(self.day, PULL_TIME)


def month_start(day: date, *, months: int = 0) -> date:
    """The first of the month `months` after `day`'s (before it, if negative)."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def fresh_pulls(*, first: date, end: date, joined: date, reread: int) -> tuple[Pull, ...]:
    """A backfill of `first` .. the day before `joined` in half-years, then a pull on each first of a month and the day
    after `end`, reaching back `reread` days before the pull before it. Slices before `first` are left out.
    """
    slices = _slices(first=first, until=joined, months=6)
    backfill = [Pull(joined, start, stop) for start, stop in slices]
    days = _pull_days(joined=joined, end=end)
    monthly = [
        Pull(day, max(first, before - timedelta(days=reread)), day - timedelta(days=1))
        for before, day in zip([joined, *days], days, strict=False)
        if day > first
    ]
    return (*backfill, *monthly)


def settled_pulls(*, first: date, end: date, joined: date, settle: int, months: int = 12) -> tuple[Pull, ...]:
    """Every day once, in pieces of `months`: the backfill up to what had settled at `joined`, the rest on the day after
    `end`.

    Reports that restate nothing are the ones nobody needs daily (ads, ad groups): one late pull instead of many.
    """
    settled = max(first, joined - timedelta(days=settle))
    backfill = [Pull(joined, start, stop) for start, stop in _slices(first=first, until=settled, months=months)]
    rest = [
        Pull(end + timedelta(days=1), start, stop)
        for start, stop in _slices(first=settled, until=end + timedelta(days=1), months=months)
    ]
    return (*backfill, *rest)


def _pull_days(*, joined: date, end: date) -> list[date]:
    """First of each month after `joined` up to `end`, then the day after `end`."""
    days = []
    day = month_start(joined, months=1)
    while day <= end:
        days.append(day)
        day = month_start(day, months=1)
    return [*days, end + timedelta(days=1)]


def _slices(*, first: date, until: date, months: int) -> list[tuple[date, date]]:
    """`first` .. the day before `until` in pieces of `months` calendar months, both ends inside."""
    slices = []
    start = first
    while start < until:
        stop = min(month_start(start, months=months), until)
        slices.append((start, stop - timedelta(days=1)))
        start = stop
    return slices
