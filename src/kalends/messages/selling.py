"""Sections 3 to 7: how the audience buys, when, at which prices, of which categories and captions."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from kalends.messages.features import Floats, Paid
from kalends.messages.history import PriceTier
from kalends.messages.regressors import CATEGORY_SPREAD, MONTH, waves
from kalends.messages.response import SPREAD
from kalends.messages.saturation import Learned, Measured
from kalends.messages.sections import (
    Behaviour,
    CaptionResult,
    Category,
    Estimate,
    Hour,
    MomentIndex,
    PriceClass,
    Prices,
    Timing,
)
from kalends.messages.segments import MIXES, Segment, SegmentSettings

Z80: Final = 1.2815515655446004
"""Standard deviations on each side of a normal's mean that hold 80 %."""
HOUR_SPREAD: Final = 0.08
"""What one hour of one weekday has of its own, beyond its weekday and its daily wave (logarithm)."""
CAPTION_SPREAD: Final = 0.2
"""What a caption has of its own, beyond its category."""
UNKNOWN_HOUR: Final = 0.4
"""Spread of an hour's index where nothing was ever bought."""
LEAST_PRICE_SPREAD: Final = 0.05
"""Of the logarithm of prices: with less, one price was tried."""


def behaviour_of(learned: Learned, settings: SegmentSettings) -> Behaviour:
    """The segment by the table of `segments`."""
    paid, measured = learned.paid, learned.purchases
    sample = int(np.isfinite(paid.purchased).sum())
    priced = np.log(paid.prices[np.isfinite(paid.purchased) & np.isfinite(paid.prices)])
    price = per_view = None
    if measured and priced.size >= settings.least_messages and float(priced.std()) >= LEAST_PRICE_SPREAD:
        at = learned.layout.places["price"].start
        price = _estimate(float(measured.fitted.beta[at]), _sd(measured, at), sample)
    both = np.isfinite(paid.purchased) & np.isfinite(paid.viewed)
    if paid.viewed[both].sum() > 0:
        bought = float(paid.purchased[both].sum())
        per_view = _ratio(bought, float(paid.viewed[both].sum()), bought, int(both.sum()), measured)
    chances = _chances(price, per_view, settings)
    segment = next((one for one, chance in chances.items() if chance >= settings.sure), Segment.BALANCED)
    if sample < settings.least_messages or (price is None and per_view is None):
        segment = Segment.UNKNOWN
    chance = chances.get(segment, 1 - max(chances.values(), default=0.0) if segment is Segment.BALANCED else 0.0)
    return Behaviour(segment, dict(MIXES[segment]), price, per_view, chance, sample)


def timing_of(learned: Learned, zone_name: str) -> Timing:
    """168 hours: the daily wave and the weekday that were learned, and a little of each hour's own."""
    paid, measured = learned.paid, learned.purchases
    place = np.arange(168)
    cell = paid.weekdays * 24 + np.clip(paid.hours.astype(np.int64), 0, 23)
    sent = np.bincount(cell, minlength=168)
    effect, variance = np.zeros(168), np.full(168, UNKNOWN_HOUR**2)
    if measured:
        places = learned.layout.places
        weekday: Floats = (place[:, None] // 24 == np.arange(7)).astype(np.float64)
        middles: Floats = np.tile(np.arange(24, dtype=np.float64) + 0.5, 7)
        columns = np.concatenate([weekday, waves(middles)], axis=1)
        columns = columns - columns.mean(axis=0)
        at = np.r_[places["weekday"], places["hour"]]
        effect = columns @ measured.fitted.beta[at]
        variance = np.einsum("ij,jk,ik->i", columns, measured.fitted.covariance[np.ix_(at, at)], columns)
        own, own_variance = _pooled(measured, cell[measured.known], 168, HOUR_SPREAD)
        effect, variance = effect + own, variance + own_variance
    spread = np.sqrt(variance)
    hours = tuple(
        Hour(int(n) // 24, int(n) % 24, *_index(float(effect[n]), float(spread[n])), sample=int(sent[n])) for n in place
    )
    return Timing(zone_name, hours, int(np.isfinite(paid.purchased).sum()), moments_of(learned))


def moments_of(learned: Learned) -> tuple[MomentIndex, ...]:
    """What days of the calendar's moments sold, of moments that something was sent on; drawn to 1 where it was little.

    Of a moment of which the calendar tells how strong each of its days is, the average of the days with messages.
    """
    measured = learned.purchases
    if not measured:
        return ()
    found, start = [], learned.layout.places["moment"].start
    for at, name in enumerate(learned.layout.moments, start=start):
        column = measured.terms.columns[:, at]
        sent = int(np.count_nonzero(column))
        if sent:
            size = float(column.sum()) / sent
            index = _index(size * float(measured.fitted.beta[at]), abs(size) * _sd(measured, at))
            found.append(MomentIndex(name, *index, sample=sent))
    return tuple(found)


def prices_of(learned: Learned, currency: str, bounds: tuple[Decimal, Decimal] | None, *, bumps: int) -> Prices:
    """What each price tier brought; bumps are the tier that costs nothing."""
    paid = learned.paid
    known = paid.prices[np.isfinite(paid.prices)]
    edges = (float(bounds[0]), float(bounds[1])) if bounds else _thirds(known)
    source = "settings" if bounds else "own prices" if known.size else "no prices"
    free = PriceClass(PriceTier.FREE, None, None, None, None, bumps)
    if edges is None:
        return Prices(currency, source, (free,), int(known.size))
    low, high = edges
    spans = ((PriceTier.BUDGET, None, low), (PriceTier.MID, low, high), (PriceTier.PREMIUM, high, None))
    classes = [
        _price_class(learned, tier, start, end)
        for tier, start, end in spans
        if tier is not PriceTier.PREMIUM or high is not None
    ]
    return Prices(currency, source, (*classes, free), int(known.size))


def categories_of(learned: Learned) -> tuple[Category, ...]:
    """Categories that were sent, the best first."""
    paid, measured = learned.paid, learned.purchases
    if not measured:
        return ()
    start = learned.layout.places["category"].start
    found = []
    for code in np.unique(paid.categories[paid.categories >= 0]).tolist():
        those = paid.categories == code
        rate, earned = _totals(paid, those)
        index = _index(float(measured.fitted.beta[start + code]), _sd(measured, start + code))
        count = int(those.sum())
        found.append(Category(paid.names[code], Estimate(*index, count), rate, earned, count))
    return tuple(sorted(found, key=lambda one: (-one.index.value, one.name)))


def captions_of(learned: Learned) -> tuple[CaptionResult, ...]:
    """Captions that were sent as paid messages, the best first; few sendings are drawn to the category's."""
    paid, measured = learned.paid, learned.purchases
    if not measured or not (paid.captions >= 0).any():
        return ()
    numbers, codes = np.unique(paid.captions, return_inverse=True)
    many = numbers.size
    own, variance = _pooled(measured, codes[measured.known], many, CAPTION_SPREAD)
    # The last message of each caption has its category and time.
    last = np.zeros(many, dtype=np.int64)
    last[codes] = np.arange(paid.size)
    layout, beta = learned.layout, measured.fitted.beta
    # A caption without a category has the place -1: the last, appended one.
    kind = paid.categories[last]
    category = np.append(beta[layout.places["category"]], 0.0)[kind]
    unsure = np.append(np.diagonal(measured.fitted.covariance)[layout.places["category"]], CATEGORY_SPREAD**2)
    price = _medians(paid.prices, codes, many)
    dear = np.where(np.isfinite(price), np.log(price) - layout.middle_price, 0.0)
    slope = beta[layout.places["price"]]
    logs = _usual(paid, measured) + category + own + slope[0] * dear + slope[1] * dear**2
    spread = np.sqrt(variance + unsure[kind])
    sent = np.bincount(codes, minlength=many)
    worth = np.exp(logs) * np.where(np.isfinite(price), price, 0.0)
    ranked = numbers >= 0
    rank = percentiles(np.where(np.isfinite(price), worth, -1.0)[ranked])
    found = []
    for share, n in zip(rank, np.flatnonzero(ranked).tolist(), strict=True):
        rate = Estimate(*_index(float(logs[n]), float(spread[n])), int(sent[n]))
        earned = _times(rate, float(price[n])) if np.isfinite(price[n]) else None
        sent_at = datetime.fromtimestamp(float(paid.instants[last[n]]) / 1e6, UTC)
        found.append(CaptionResult(int(numbers[n]), rate, earned, share, sent_at, int(sent[n])))
    return tuple(sorted(found, key=lambda one: (-one.performance, one.caption_no)))


def _chances(price: Estimate | None, per_view: Estimate | None, settings: SegmentSettings) -> dict[Segment, float]:
    """The chance of each segment that has a test, in the order in which they are tried."""
    chances = {}
    if price:
        chances[Segment.BARGAIN] = _below((-1 - price.value) / max(price.sd, 1e-9))
    if per_view and per_view.value > 0:
        slip = max(per_view.sd / per_view.value, 1e-9)
        chances[Segment.BROWSERS] = _below(math.log(settings.few_buyers / per_view.value) / slip)
    if price:
        chances[Segment.DEVOTED] = 1 - chances[Segment.BARGAIN]
    return chances


def _pooled(measured: Measured, codes: npt.NDArray[np.int64], many: int, spread: float) -> tuple[Floats, Floats]:
    """What each group has of its own in the residuals, drawn to 0, and how uncertain that is (logarithms)."""
    fitted = measured.fitted
    left = np.clip(fitted.working - fitted.eta, -3, 3)
    weights = np.bincount(codes, fitted.weights, many)
    pulled = np.bincount(codes, fitted.weights * left, many)
    precision = weights + 1 / spread**2
    return pulled / precision, 1 / precision


def _usual(paid: Paid, measured: Measured) -> float:
    """Logarithm of the purchase rate at average conditions, lately (or ever, if nothing was sent lately)."""
    left = measured.fitted.working - measured.conditions[measured.known]
    is_late = paid.ages[measured.known] <= MONTH
    those = is_late if is_late.any() else np.ones_like(is_late)
    return float(np.average(left[those], weights=measured.fitted.weights[those]))


def _price_class(learned: Learned, tier: PriceTier, start: float | None, end: float | None) -> PriceClass:
    paid = learned.paid
    those = np.isfinite(paid.prices)
    those &= (paid.prices >= start) if start is not None else those
    those &= (paid.prices < end) if end is not None else those
    rate = earned = None
    sold = those & np.isfinite(paid.purchased)
    if sold.any():
        bought = float(paid.purchased[sold].sum())
        rate = _ratio(bought, float(paid.recipients[sold].sum()), bought, int(sold.sum()), learned.purchases)
        paying = sold & np.isfinite(paid.earnings)
        if paying.any():
            total, people = float(paid.earnings[paying].sum()), float(paid.recipients[paying].sum())
            earned = _ratio(total, people, float(paid.purchased[paying].sum()), int(paying.sum()), learned.purchases)
    return PriceClass(tier, start, end, rate, earned, int(those.sum()))


def _thirds(prices: Floats) -> tuple[float, float | None] | None:
    """Where the dearer two thirds and the dearest third begin; with one price or two, fewer classes."""
    distinct = np.unique(prices)
    if not distinct.size:
        return None
    low, high = (float(np.quantile(prices, share, method="higher")) for share in (1 / 3, 2 / 3))
    if distinct.size <= 2:
        return float(distinct[-1]), None
    if low == distinct[0]:
        low = float(distinct[1])
    above = distinct[distinct > low]
    return low, high if high > low else float(above[0]) if above.size else None


def _totals(paid: Paid, those: npt.NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Purchases and earnings per recipient, where known."""
    found: list[float | None] = []
    for values in (paid.purchased, paid.earnings):
        known = those & np.isfinite(values) & np.isfinite(paid.recipients)
        found.append(float(values[known].sum() / paid.recipients[known].sum()) if known.any() else None)
    return found[0], found[1]


def _medians(values: Floats, codes: npt.NDArray[np.int64], many: int) -> Floats:
    """The median of each group's known values (the upper of two middle ones); nan without any."""
    known = np.isfinite(values)
    order = np.lexsort((values[known], codes[known]))
    counts = np.bincount(codes[known], minlength=many)
    ends = np.cumsum(counts)
    middles = np.full(many, np.nan)
    some = counts > 0
    middles[some] = values[known][order][(ends - counts + counts // 2)[some]]
    return middles


def percentiles(values: Floats) -> list[float]:
    """0 for the least, 1 for the greatest, equal for equal ones; a single value has 0.5."""
    if values.size == 1:
        return [0.5]
    ordered = np.sort(values)
    low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    share: list[float] = ((low + high - 1) / 2 / (values.size - 1)).tolist()
    return share


def _ratio(total: float, of: float, bought: float, messages: int, measured: Measured | None) -> Estimate:
    """A ratio of sums; its error comes from the few who bought, and from the chance of each message."""
    spread = measured.fitted.spread if measured else SPREAD
    value = total / of
    slip = math.sqrt(1 / max(bought, 1.0) + spread**2 / messages)
    return Estimate(value, value * slip, value * math.exp(-Z80 * slip), value * math.exp(Z80 * slip), messages)


def _estimate(value: float, sd: float, sample: int) -> Estimate:
    return Estimate(value, sd, value - Z80 * sd, value + Z80 * sd, sample)


def _index(log: float, sd: float) -> tuple[float, float, float, float]:
    """(value, sd, low, high) of what is normal on the scale of logarithms."""
    value = math.exp(log)
    return value, value * sd, math.exp(log - Z80 * sd), math.exp(log + Z80 * sd)


def _times(rate: Estimate, price: float) -> Estimate:
    return Estimate(rate.value * price, rate.sd * price, rate.low * price, rate.high * price, rate.sample)


def _sd(measured: Measured, at: int) -> float:
    return math.sqrt(max(float(measured.fitted.covariance[at, at]), 0.0))


def _below(z: float) -> float:
    """The chance that a standard normal is below z."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
