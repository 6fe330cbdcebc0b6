"""Unusual days in many series at once: robust, without the tested day, with a stated rate of false alarms.

A day is compared with the same weekday of the weeks around it, on a logarithmic scale: the median of those days is what
was expected (Hampel, JASA 69, 1974: median and MAD bear up to half of bad points), moved to the level of the days just
before and after it, so that a new budget or a season is no alarm for six weeks. The tested day takes no part in its own
expectation, nor its difference in its spread: that is the median absolute deviation of other days' own differences. A
difference over its spread is judged by Student's t with few degrees of freedom, because the tails of such series are
heavier than the normal's. Of many tests, those are alarms that Benjamini and Hochberg (JRSS B 57, 1995) accept at a
rate: where nothing is wrong, at most that share of families has any alarm.

Arrays have one column per series and one row per day, without gaps; nan is "not known", and is never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WEEK: Final = 7
WEEKS: Final = 6
"""Weeks on each side: twelve days of one weekday make a steady median, and a season changes little in six weeks."""
LEAST: Final = 5
"""Days of the same weekday that must be known: with fewer, two bad ones would be the median."""
LEVEL_DAYS: Final = 6
"""Days on each side that tell the level. Not seven: the same weekday has the tested day in its own standard. A fault of
five days is still fewer than half of them."""
SPREAD_DAYS: Final = 42
"""Days on each side from which the spread is learned."""
LEAST_SPREAD_DAYS: Final = 20
FLOOR: Final = 0.03
"""The least spread believed: no platform's day is known to 3 %; a flat series would else cry at every cent."""
ASIDE: Final = 14
"""Days before and after a spell that it is compared with."""
LEAST_SPELLS: Final = 40
"""Spells that must be known to tell their spread."""
THIRD_TO_SIGMA: Final = 2.32
"""A third of a normal distribution is nearer than its standard deviation over this. Not the half: a fault of two weeks
is in the spells of six, which may be half of all that are known."""
FLOOR_OF_SPELLS: Final = 0.02
SUSPECT: Final = 2.5
"""Spreads from which on it is looked whether most days of a spell are off."""
WILD: Final = np.log(2.0)
"""A day that is off by more than this, and chance, is no standard for spells."""
TO_SIGMA: Final = 1.4826
"""The MAD of a normal distribution is its standard deviation over this."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was expected of each day (nan: too little is known), and how far the day is from it in spreads."""

    expected: Floats
    """In the unit of the values."""
    differences: Floats
    """Natural logarithm of the value over what was expected."""
    scores: Floats
    spreads: Floats
    """The standard deviation of differences, as other days have them."""


def compare(values: Floats, *, usable: Bools | None = None, counts: Floats | None = None) -> Compared:
    """Compare each day of each series with the days around it.

    `values` (days, series) above 0, others are taken as not known. `usable` (days,) or (days, series): days that may
    serve as a standard for others; by default all. `counts`: how many things the value counts, where few make it
    uncertain by themselves (Poisson): the spread of a logarithm grows by 1 / expected.
    """
    logs, standard = _logs(values, usable)
    expected = _expected(standard)
    differences = logs - expected
    spread, known = medians_by_week(np.abs(standard - expected), reach=SPREAD_DAYS, least=LEAST_SPREAD_DAYS)
    spread = np.maximum(TO_SIGMA * spread, FLOOR)
    if counts is not None:
        spread = np.sqrt(spread**2 + 1 / np.maximum(counts, 1.0))
    with np.errstate(invalid="ignore"):
        scores = np.where(known, differences / spread, np.nan)
    return Compared(np.exp(expected), differences, scores, spread)


def compare_spells(
    over: Floats, under: Floats, *, lengths: Sequence[int], usable: Bools, of_over: Bools
) -> list[Compared]:
    """For each length, compare the ratio of two sums (days, series) in each spell of so many days, by its first, with
    that of the two weeks before and after it. `of_over` (series,): whether `over` is what is counted, one by one, else
    `under` is: that many things make the ratio sure.

    Days that are not `usable` (days,) are left out: what is given has a row for each usable day, and a spell goes on
    over a gap. A spell stands apart when it is off to the same side of both, and most of its days are: what begins and
    stays is a decision, what comes and goes by a steady factor is a fault or an event. The difference is the smaller of
    the two; the spread is that of the series' other spells of this length (a fault is a few of hundreds in that
    median), so that demand that wanders is no alarm. Sums, not means of each day's ratio: of rare things a day often
    has none, and that counts. `expected` is that of the spell's first day.
    """
    known = usable[:, None] & np.isfinite(over) & (under > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates, _ = _logs(np.where(known, over / under, np.nan), usable)
        usual = np.exp(median_around(rates, steps=_weeks(), least=LEAST)[0])
        there = np.where(known & np.isfinite(usual), np.where(of_over, over, over / usual), np.nan)[usable]
    likely = np.where(np.isfinite(there), np.where(of_over, under * usual, under)[usable], np.nan)
    daily = _log_ratio(there, likely)
    around, _ = medians_by_week(daily, reach=ASIDE, least=ASIDE // 2, itself=True)
    calm = np.abs(daily - around) <= WILD + 3 / np.sqrt(np.maximum(np.nan_to_num(likely), 1.0))
    aside = [_sum_ahead(np.where(calm, each, np.nan), ASIDE) for each in (there, likely)]
    after = _log_ratio(*aside)
    before = _behind(after, ASIDE)
    made = []
    for length in lengths:
        then = _ahead(after, length)
        total, expected = (_sum_ahead(each, length) for each in (there, likely))
        inside = _log_ratio(total, expected)
        differences = _apart(inside, before, then)
        spreads = _spread_of_spells(np.abs(inside - (before + then) / 2), expected)
        first, column = np.nonzero(np.abs(differences) > SUSPECT * spreads)
        inner = np.sort(daily[first[:, None] + np.arange(length), column[:, None]], axis=-1)
        middle = _apart(_middle_of(inner, least=1)[0], before[first, column], then[first, column])
        few = np.abs(middle) < np.abs(differences[first, column]) / 2
        differences[first[few], column[few]] = 0.0
        made.append(Compared(usual[usable] * np.exp((before + then) / 2), differences, differences / spreads, spreads))
    return made


def _spread_of_spells(differences: Floats, things: Floats) -> Floats:
    """What other spells have, or what chance alone gives so few things, if that is more."""
    ordered = np.sort(differences, axis=0)
    known = np.isfinite(ordered).sum(axis=0)
    third = ordered[known // 3, np.arange(known.size)]
    spread = np.where(known >= LEAST_SPELLS, np.maximum(THIRD_TO_SIGMA * third, FLOOR_OF_SPELLS), np.nan)
    chance: Floats = np.maximum(spread, 1 / np.sqrt(np.maximum(things, 1.0)))
    return chance


def expected_of(values: Floats, *, usable: Bools | None = None) -> Floats:
    """Only what is expected of each day, as `compare` says it."""
    _, standard = _logs(values, usable)
    return np.exp(_expected(standard))


def weekdays_of(values: Floats, *, usable: Bools | None = None) -> Floats:
    """What the same weekday of the weeks around each day has, whatever the level of the days around it."""
    _, standard = _logs(values, usable)
    return np.exp(median_around(standard, steps=_weeks(), least=LEAST)[0])


def median_around(values: Floats, *, steps: npt.NDArray[np.int64], least: int) -> tuple[Floats, Bools]:
    """The median (days, series) of the values `steps` days away, and whether at least `least` of them are known."""
    days, series = values.shape
    reach = int(np.abs(steps).max())
    padded = np.full((series, days + 2 * reach), np.nan)
    padded[:, reach : reach + days] = values.T
    # Sorted with the unknown last: numpy's own nanmedian does this row by row, a hundred times slower. What is sorted
    # lies side by side, which halves the time again.
    ordered = np.sort(padded[:, np.arange(days)[:, None] + steps[None, :] + reach], axis=-1)
    found, enough = _middle_of(ordered, least=least)
    return found.T, enough.T


def medians_by_week(values: Floats, *, reach: int, least: int, itself: bool = False) -> tuple[Floats, Bools]:
    """As `median_around` of `reach` days on each side, for what changes slowly: once for every seven days, a seventh of
    the work. Those are left out, unless `itself`.
    """
    days, series = values.shape
    weeks = -(-days // WEEK)
    padded = np.full((series, weeks * WEEK + 2 * reach), np.nan)
    padded[:, reach : reach + days] = values.T
    half = 0 if itself else WEEK // 2 + 1
    steps = np.array([step for step in range(-reach, reach + 1) if abs(step) >= half], dtype=np.int64)
    middle = np.arange(weeks)[:, None] * WEEK + WEEK // 2
    ordered = np.sort(padded[:, np.minimum(middle + steps + reach, padded.shape[1] - 1)], axis=-1)
    found, enough = _middle_of(ordered, least=least)
    return (np.repeat(each, WEEK, axis=1)[:, :days].T for each in (found, enough))  # type: ignore[return-value]


def _middle_of(ordered: Floats, *, least: int) -> tuple[Floats, Bools]:
    """The median along the last axis, of what is sorted with the unknown last; and whether enough is known."""
    count = np.isfinite(ordered).sum(axis=-1)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, ordered.shape[-1] - 1)
    both = np.take_along_axis(ordered, np.stack([low, high], axis=-1), axis=-1)
    enough: Bools = count >= least
    return np.where(enough, both.sum(axis=-1) / 2, np.nan), enough


def median_of(values: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The (lower) median (series,) of each series' days, nan where none is known, and of how many."""
    ordered = np.sort(values, axis=0)
    known = np.isfinite(ordered).sum(axis=0)
    return ordered[np.maximum(known - 1, 0) // 2, np.arange(known.size)], known


def p_values(scores: Floats, *, freedom: float = 6.0) -> Floats:
    """Two-sided probabilities of differences this large where nothing is wrong; nan stays nan.

    Student's t by the series of Hill (Comm. ACM 13, 1970, algorithm 395) would do; as few degrees of freedom are even,
    its finite sum is exact: with c = cos^2 of the angle, P = 1 - sin * (1 + c/2 + 3/8 c^2 + ...).
    """
    angle = np.arctan(np.abs(scores) / np.sqrt(freedom))
    cosine2, term, total = np.cos(angle) ** 2, np.ones_like(scores), np.ones_like(scores)
    for step in range(1, int(freedom // 2)):
        term = term * cosine2 * (2 * step - 1) / (2 * step)
        total = total + term
    chance: Floats = np.clip(1 - np.sin(angle) * total, 0.0, 1.0)
    return chance


def alarms(chances: Floats, *, rate: float, borne: float = 0.0) -> Bools:
    """Which of one family's tests are alarms (Benjamini and Hochberg); nan, not tested, is none and counts for none.

    `borne`: so many alarms of a family by chance are borne beside (Bonferroni). A rate near 1 would not do that: it
    takes almost everything for an alarm.
    """
    tested = np.flatnonzero(np.isfinite(chances))
    found = np.zeros(chances.shape, dtype=bool)
    if not tested.size:
        return found
    small = tested[chances[tested] <= rate]  # no other can be accepted
    ordered = small[np.argsort(chances[small], kind="stable")]
    under = chances[ordered] <= rate * np.arange(1, ordered.size + 1) / tested.size
    if under.any():
        found[ordered[: int(np.flatnonzero(under)[-1]) + 1]] = True
    found[tested] |= chances[tested] <= borne / tested.size
    return found


def _logs(values: Floats, usable: Bools | None) -> tuple[Floats, Floats]:
    """Logarithms, and those of them that are a standard for others; nan where there is none."""
    logs = np.log(np.where(values > 0, values, np.nan))
    return logs, np.where(_shaped(usable, logs), logs, np.nan)


def _ahead(values: Floats, days: int) -> Floats:
    """What is said of the day so many days later."""
    return np.concatenate([values[days:], np.full((min(days, len(values)), values.shape[1]), np.nan)])


def _behind(values: Floats, days: int) -> Floats:
    """What is said of the day so many days before."""
    return np.concatenate([np.full((min(days, len(values)), values.shape[1]), np.nan), values[:-days]])


def _sum_ahead(values: Floats, length: int) -> Floats:
    """The sum (days, series) of each day and those after it, `length` in all; nan where fewer than most are known."""
    padded = np.concatenate([np.zeros((1, values.shape[1])), values, np.full((length - 1, values.shape[1]), np.nan)])
    total, known = np.nancumsum(padded, axis=0), np.isfinite(padded).cumsum(axis=0)
    found: Floats = total[length:] - total[:-length]
    return np.where(known[length:] - known[:-length] > length // 2, found, np.nan)


def _log_ratio(there: Floats, likely: Floats) -> Floats:
    """How many times as many there are as were likely, as a logarithm; with half a thing more, so that none is some."""
    found: Floats = np.log((np.maximum(there, 0.0) + 0.5) / (likely + 0.5))
    return found


def _apart(inside: Floats, before: Floats, after: Floats) -> Floats:
    """How far a level is from both of two others: 0 where it lies between them."""
    from_before, from_after = inside - before, inside - after
    apart: Floats = np.where(
        np.sign(from_before) == np.sign(from_after),
        np.sign(from_before) * np.minimum(np.abs(from_before), np.abs(from_after)),
        0.0 * from_before * from_after,
    )
    return apart


def _expected(standard: Floats) -> Floats:
    """The logarithm that is expected of each day: its weekday's, moved to the level of the days around it."""
    expected, _ = median_around(standard, steps=_weeks(), least=LEAST)
    level, is_level = median_around(standard - expected, steps=_days(LEVEL_DAYS), least=LEVEL_DAYS // 2 + 1)
    return expected + np.where(is_level, level, 0.0)


def _weeks() -> npt.NDArray[np.int64]:
    weeks = np.arange(1, WEEKS + 1)
    return np.concatenate([-weeks[::-1], weeks]) * WEEK


def _days(reach: int) -> npt.NDArray[np.int64]:
    days = np.arange(1, reach + 1)
    return np.concatenate([-days[::-1], days])


def _shaped(usable: Bools | None, values: Floats) -> Bools:
    if usable is None:
        return np.ones(values.shape, dtype=bool)
    return usable if usable.ndim == values.ndim else np.broadcast_to(usable[:, None], values.shape)
