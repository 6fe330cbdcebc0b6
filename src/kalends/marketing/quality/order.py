"""Days in the wrong order, and a newest day that is cut short: what a day's own size hardly shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from kalends.marketing.quality.daychecks import Found, day_check
from kalends.marketing.quality.history import Floats, History, Setting
from kalends.methods.anomalies import TO_SIGMA, expected_of, median_of, weekdays_of

WEEK: Final = 7
ORDERS: Final = {
    "its days stand backwards": np.arange(WEEK)[::-1],
    "its days stand one too late": np.roll(np.arange(WEEK), 1),
    "its days stand one too early": np.roll(np.arange(WEEK), -1),
}
SURER: Final = 4.5
"""The logarithm of how many times likelier the other order must be."""
FIT: Final = 12.0
"""The sum of squares, in spreads, up to which the other order fits (chi square: one week in twenty has more)."""
MANY: Final = 42
"""Weeks, begun on each day, that tell how far a week usually is from its weekdays."""
MEDIAN_OF_WEEK: Final = 5.35
"""The median of chi square with six degrees of freedom: seven days, and their mean."""
FLOOR: Final = 0.03
VOLUMES: Final = ("spend", "impressions", "clicks")
SHORT: Final = np.log(0.8)
"""A newest day to which a fifth is missing is not the day yet: some platforms count late, by a few per cent."""
SHORT_SCORE: Final = 2.0
ASIDE: Final = 5
"""Newest days, at most, that are compared with as many before."""
MORE, MORE_SCORE = np.log(1.2), 2.3
"""Newer days should know less, so that as much more is more than it looks."""


@day_check("consistency", "major", "A week's numbers fit its weekdays far better in another order.")
def days_disordered(history: History, setting: Setting) -> Iterator[Found]:
    sizes = _size(history.totals)
    if sizes.size < MANY + WEEK:  # too few weeks to know how far one usually is from its weekdays
        return
    usable = ~setting.is_special(history) & (setting.ages(history) >= 2)
    weekdays = np.log(weekdays_of(np.exp(sizes)[:, None], usable=usable)[:, 0])
    weeks, usual = (np.lib.stride_tricks.sliding_window_view(each, WEEK) for each in (sizes, weekdays))
    firsts = np.flatnonzero(np.isfinite(weeks + usual).all(axis=1) & usable[: len(weeks)] & usable[WEEK - 1 :])
    if firsts.size < MANY:
        return
    misfit = _misfit(weeks[firsts], usual[firsts])
    # Half of the difference of the squares, in spreads, is the logarithm of the likelihoods' ratio.
    spread2 = max(float(np.median(misfit)) / MEDIAN_OF_WEEK, FLOOR**2)
    surer: dict[tuple[int, str], float] = {}
    for says, order in ORDERS.items():
        other = _misfit(weeks[firsts], usual[firsts][:, order])
        by = (misfit - other) / (2 * spread2)
        fits = (by >= SURER) & (other <= FIT * spread2)
        surer |= {(int(first), says): float(more) for first, more in zip(firsts[fits], by[fits], strict=True)}
    taken: set[int] = set()
    for (begin, says), likelier in sorted(surer.items(), key=lambda each: -each[1]):
        days = set(range(begin, begin + WEEK))
        if not days & taken:
            taken |= days
            yield Found(day=begin, observed=round(likelier, 1), detail=f"in the week from {history.day(begin)}, {says}")


@day_check("timeliness", "minor", "The newest day is far smaller than it should be: it may not be complete yet.")
def newest_unfinished(history: History, setting: Setting) -> Iterator[Found]:
    _, last = history.ends
    if last < 3 * WEEK:  # nobody knows yet how large its days are
        return
    sizes = _size(_still_running(history, last))
    if not 0 < (age := setting.ages(history)[last]) <= 2 or setting.is_special(history)[last]:
        return
    usable = ~setting.is_special(history)
    differences = sizes - np.log(expected_of(np.exp(sizes)[:, None], usable=usable)[:, 0])
    middle, known = median_of(np.abs(differences[max(last - 6 * WEEK, 0) : last])[:, None])
    spread = max(TO_SIGMA * float(middle[0]), 0.05)
    if age == 1 and known[0] >= 3 * WEEK and differences[last] <= min(SHORT, -SHORT_SCORE * spread):
        yield Found(day=last, observed=round(float(np.exp(differences[last])), 2), expected=1)


@day_check(
    "timeliness", "minor", "The newest days know more of their conversions than older ones, which had more time."
)
def newest_too_complete(history: History, setting: Setting) -> Iterator[Found]:
    _, last = history.ends
    usable = ~setting.is_special(history) & (setting.ages(history) >= 1)
    conversions, clicks = (
        np.nan_to_num(np.where(usable, history.totals[name], 0)) for name in ("conversions", "clicks")
    )
    if setting.settling_days < 2 * ASIDE or last < 3 * WEEK or not 0 < setting.ages(history)[last] <= ASIDE:
        return
    settled = setting.ages(history) > setting.settling_days
    rates = np.log(np.where(settled & usable & (conversions > 0), conversions, np.nan) / np.maximum(clicks, 1))[:, None]
    middle, known = median_of(np.abs(rates - median_of(rates)[0]))
    if known[0] < 2 * WEEK:
        return
    for days, more in _more_than_before(conversions, clicks, last, spread=TO_SIGMA * float(middle[0])):
        says = f"against the {ASIDE} days before"
        yield from (Found(day=day, subject="conversion rate", observed=more, expected=1, detail=says) for day in days)
        return


def _more_than_before(
    conversions: Floats, clicks: Floats, last: int, *, spread: float
) -> Iterator[tuple[range, float]]:
    """Newest days on which more of the clicks became conversions than on those before, and how many times as many."""
    for begin in range(last + 1 - ASIDE, last + 1):
        older = slice(begin - ASIDE, begin)
        for end in range(last + 1, begin, -1):
            mine = slice(begin, end)
            more = float(np.log(_rate(conversions[mine], clicks[mine]) / _rate(conversions[older], clicks[older])))
            few = sum(1 / max(conversions[each].sum(), 1) for each in (mine, older))
            if more >= max(MORE, MORE_SCORE * np.sqrt(few + spread**2 * (1 / (end - begin) + 1 / ASIDE))):
                yield range(begin, end), round(float(np.exp(more)), 2)


def _rate(things: Floats, of: Floats) -> float:
    """How many for each, of some days together."""
    return float(max(things.sum(), 0.5) / max(of.sum(), 1))


def _still_running(history: History, day: int) -> Mapping[str, Floats]:
    """The account's volumes by those of its campaigns that are there on the day: one that has ended leaves no gap."""
    if not history.campaigns:
        return history.totals
    there = np.isfinite(history.by_campaign["impressions"][day])
    return {name: np.nansum(history.by_campaign[name][:, there], axis=1) for name in VOLUMES}


def _size(volumes: Mapping[str, Floats]) -> Floats:
    """How much went on on each day: the mean of the logarithms of three volumes."""
    values = np.stack([volumes[name] for name in VOLUMES], axis=1)
    size: Floats = np.log(np.where(values > 0, values, np.nan)).mean(axis=1)
    return size


def _misfit(weeks: Floats, usual: Floats) -> Floats:
    """The sum of squares of what is left of each week, whatever its level."""
    left = weeks - usual
    found: Floats = ((left - left.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return found
