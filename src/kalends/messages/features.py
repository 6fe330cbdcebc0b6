"""Paid messages of a page as arrays: when, at which price, of which category, at which moment, after how much else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from kalends.messages.history import MessageType

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LOOK_BACK_DAYS: Final = 7 * 78
"""A year and a half: one whole season, and what was before it is another audience by now."""
MOST: Final = 4_000
"""Paid messages looked at, the latest: nobody sends more in that time, and what is damaged must not cost seconds."""
SEASON_SPREAD, TOLD_SPREAD, UNTOLD_SPREAD = 0.2, 0.4, 0.35
"""How far coefficients may be from what is expected of them: the season, moments with a factor, and without one."""
DAY: Final = 86_400e6
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Paid messages before an instant, oldest first; nan is 'not known'."""

    instants: Whole
    """Microseconds since 1970, UTC."""
    ages: Floats
    """Days from sending to the instant, above 0."""
    weekdays: Whole
    """Monday 0, in the page's zone."""
    hours: Floats
    days: Whole
    """Local dates as days since 1970."""
    recipients: Floats
    viewed: Floats
    purchased: Floats
    """Where only earnings and price are known, their ratio."""
    earnings: Floats
    prices: Floats
    """Above 0, or nan."""
    captions: Whole
    """-1: not known."""
    categories: Whole
    """Places in `names`; -1: not known."""
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many messages there are."""
        return int(self.ages.size)


def paid_messages(own: pl.DataFrame, *, as_of: datetime, zone_name: str, captions: pl.DataFrame | None) -> Paid:
    """The paid messages of a page's own history (`of_page`)."""
    since = as_of.astimezone(UTC) - timedelta(days=LOOK_BACK_DAYS)
    sent_at, money = pl.col("sent_at"), ("recipients", "viewed", "purchased", "earnings", "price")
    frame = (
        own.lazy()
        .filter((pl.col("type") == MessageType.PPV) & (sent_at > since))
        .tail(MOST)
        .select(
            sent_at.dt.timestamp("us").alias("instant"),
            sent_at.dt.convert_time_zone(zone_name).dt.replace_time_zone(None).dt.timestamp("us").alias("wall"),
            pl.col("caption_no").fill_null(-1),
            *(pl.col(name).cast(pl.Float64).fill_null(np.nan) for name in money),
        )
        .collect()
    )
    instants, wall, numbers, recipients, viewed, bought, earnings, prices = (
        column.to_numpy() for column in frame.get_columns()
    )
    ages = np.maximum(as_of.timestamp() - instants / 1e6, 1.0) / 86_400
    days, hours = days_and_hours(wall)
    recipients = np.where(recipients > 0, recipients, np.nan)
    prices = np.where(prices > 0, prices, np.nan)
    names, categories = _categories(numbers, captions)
    return Paid(
        instants=instants,
        ages=ages,
        weekdays=(days + 3) % 7,
        hours=hours,
        days=days,
        recipients=recipients,
        viewed=_counts(viewed, recipients),
        purchased=_counts(np.where(np.isnan(bought), earnings / prices, bought), recipients),
        earnings=np.where(earnings >= 0, earnings, np.nan),
        prices=prices,
        captions=numbers,
        categories=categories,
        names=names,
    )


def days_and_hours(wall: Whole) -> tuple[Whole, Floats]:
    """Days since 1970, and hours, of wall times in microseconds since 1970."""
    days = wall // int(DAY)
    return days, (wall - days * int(DAY)) / DAY * 24


def loads(at: Floats, sent: Floats, *, half_lives: Floats) -> Floats:
    """Paid messages a week just before each age `at`, weighted by freshness: (half-lives, ages).

    A message's weight halves every half-life; a steady week of n messages gives n. `sent`: ages of the messages, the
    oldest first. Before the first of them nothing is known, and nothing is assumed to have been sent.
    """
    rate = np.log(2) / half_lives[:, None]
    begin = sent[0] if sent.size else 0.0
    # With cumulative sums of growing weights: exact, and linear in the number of messages.
    grown = np.exp(rate * (begin - sent)[None, :])
    total = np.concatenate([np.zeros((half_lives.size, 1)), np.cumsum(grown, axis=1)], axis=1)
    before = np.searchsorted(-sent, -at, side="left")
    weekly: Floats = 7 * rate * total[:, before] * np.exp(-rate * (begin - at)[None, :])
    return weekly


def moment_columns(days: Whole, moments: pl.DataFrame | None) -> tuple[tuple[str, ...], Floats, Floats, Floats]:
    """The calendar's moments as regressors: names, (messages, moments), and each coefficient's mean and spread.

    Where the calendar tells a factor, its logarithm is the regressor and 1 is expected of the coefficient; where it
    only knows of the moment, the regressor is 1 and 0 is expected.
    """
    none = (), np.zeros((days.size, 0)), np.zeros(0), np.zeros(0)
    if moments is None or not days.size or not moments.height:
        return none
    first, last = int(days.min()), int(days.max())
    day = pl.col("day").cast(pl.Date).to_physical()
    seen = (
        moments.lazy()
        .filter(day.is_between(first, last) & pl.col("name").is_not_null())
        .select("name", day, pl.col("factor").cast(pl.Float64).fill_null(np.nan))
        .collect()
    )
    # In arrays from here on: a frame per moment would cost more than all the rest of it.
    names, codes = np.unique(seen["name"].to_numpy(), return_inverse=True)
    place, factors = seen["day"].to_numpy() - first, seen["factor"].to_numpy()
    columns, means, spreads = [], [], []
    for code, name in enumerate(names.tolist()):
        those = codes == code
        told = factors[those][np.isfinite(factors[those])]
        is_told = bool(told.size and (told > 0).all())
        by_day = np.zeros(last - first + 1)
        by_day[place[those]] = np.log(np.where(np.isfinite(factors[those]), factors[those], 1.0)) if is_told else 1.0
        columns.append(by_day[days - first])
        means.append(1.0 if is_told else 0.0)
        spreads.append((SEASON_SPREAD if name == "season" else TOLD_SPREAD) if is_told else UNTOLD_SPREAD)
    if not columns:
        return none
    return tuple(names.tolist()), np.stack(columns, axis=1), np.array(means), np.array(spreads)


def _counts(values: Floats, recipients: Floats) -> Floats:
    """Counts that can be: from 0 to the number of recipients, which must be known."""
    return np.where((values >= 0) & (values <= recipients), values, np.nan)


def _categories(numbers: Whole, captions: pl.DataFrame | None) -> tuple[tuple[str, ...], Whole]:
    if captions is None or not captions.height or "category" not in captions.columns:
        return (), np.full(numbers.size, -1)
    known = captions.select("caption_no", "category").drop_nulls().unique("caption_no", keep="last")
    names = tuple(sorted(known["category"].unique()))
    place = {name: index for index, name in enumerate(names)}
    by_number = dict(zip(known["caption_no"].to_list(), (place[name] for name in known["category"]), strict=True))
    return names, np.array([by_number.get(number, -1) for number in numbers.tolist()], dtype=np.int64)
