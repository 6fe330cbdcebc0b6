"""A mean that gross errors cannot move: bias and noise of each source by medians, a gate, then weights by precision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kalends.methods.truth.table import Floats

Bools = NDArray[np.bool_]

GATE: Final = 4.0
"""Noises from the centre beyond which a number is an error, not a report."""
NOISE: Final = 0.02
"""Noise of a source of which nothing is known: two systems that count the same differ by a percent or two."""
KNOWN_ITEMS: Final = 5.0
"""How many items that assumption counts for."""
MAD: Final = 1.4826
"""Standard deviation over median absolute deviation, for normal noise."""
LEAST_NOISE: Final = 1e-4
"""Below it sources would get all the weight for a handful of agreements."""
MEDIAN_ERROR: Final = 1.2533
"""Standard error of a median over that of a mean, for normal noise: the square root of pi / 2."""
LEAST_FOR_RANGE: Final = 6
"""Of fewer numbers no two are 95 % sure to have the median between them."""
LARGEST_BIAS: Final = float(np.log(2))
"""Where a habit ends: who always says less than half, or more than twice as much, counts something else. Systems that
count the same differ by percents (5 to 8 % in the simulations), and visits without consent are a third, not half."""
ROUNDS: Final = 3
"""Rounds of noise and centres; the third changes the simulated results in the fourth digit."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What holds for n items: the value and its standard error (n,), and who passed the gate (n, sources).

    `confidence`: share of the weight of all that was said that passed.
    """

    value: Floats
    error: Floats
    passed: Bools
    confidence: Floats
    is_resolved: Bools


@dataclass(frozen=True, slots=True)
class Noise:
    """What is known of each source (sources,), in natural logarithms.

    `low` and `high`: where the bias lies with 95 %; NaN where too little is known. `bias_error`: its standard error.
    `apart`: whose distance is beyond any bias, and is not taken out: what it counts is another thing.
    """

    bias: Floats
    noise: Floats
    low: Floats
    high: Floats
    bias_error: Floats
    apart: Bools


def combine(
    values: Floats,
    support: Floats,
    *,
    bias: Floats,
    noise: Floats,
    typical: float,
    bias_error: Floats | None = None,
) -> Estimate:
    """The estimate from `values` (n, sources; NaN: nothing said) and how much each counts (n, sources).

    `bias`, `noise` and `bias_error` (sources,) and the `typical` noise of the field's sources are as `learn_noise`
    gives them. Each item is estimated for itself.
    """
    scale = _scale(values)
    z = _to_scale(values, scale)
    said = ~np.isnan(z)
    z = z - bias
    weight = np.where(said, support / noise**2, 0.0)
    count = said.sum(axis=1)
    centre = weighted_median(z, said.astype(float))
    gate = GATE * (noise + typical)
    with np.errstate(invalid="ignore"):
        passed = said & (np.abs(z - centre[:, None]) <= gate)
    # Two have no middle that would mean anything: they pass if they are near each other.
    two = count == 2
    passed[two] = said[two] & _near(z[two], np.where(said[two], gate, 0.0).max(axis=1, initial=0.0))[:, None]
    kept = np.where(passed, weight, 0.0)
    total = kept.sum(axis=1)
    mean = np.where(passed, z, 0.0) * kept
    best = np.divide(mean.sum(axis=1), total, out=np.zeros(len(z)), where=total > 0)
    value = _from_scale(best, scale)
    slope = np.abs(_from_scale(best + 1e-6, scale) - _from_scale(best - 1e-6, scale)) / 2e-6
    # The sources' own noise, and what is not known of their biases.
    doubt = kept * (np.zeros(len(noise)) if bias_error is None else bias_error)
    weighed = np.maximum(total, 1e-12)
    variance = 1 / weighed + (doubt**2).sum(axis=1) / weighed**2
    return Estimate(
        value=value,
        error=slope * np.sqrt(variance),
        passed=passed,
        confidence=np.divide(total, weight.sum(axis=1), out=np.zeros(len(z)), where=weight.sum(axis=1) > 0),
        # One against one, or no more than half: nothing says which is right.
        is_resolved=(total > 0) & (2 * passed.sum(axis=1) > count),
    )


def _near(z: Floats, gate: Floats) -> Bools:
    """Whether (n,) all that is said of an item lies within its gate."""
    near: Bools = (np.nanmax(z, axis=1, initial=-np.inf) - np.nanmin(z, axis=1, initial=np.inf)) <= gate
    return near


def _scale(values: Floats) -> Floats:
    """For each item (n, 1): 0 for the logarithm, if all numbers are positive; else the typical size of its numbers."""
    known = ~np.isnan(values)
    signed = (known & (values <= 0)).any(axis=1)
    sizes = weighted_median(np.abs(values), (known & (values != 0)).astype(float))
    return np.where(signed, np.nan_to_num(sizes, nan=1.0), 0.0)[:, None]


def _to_scale(values: Floats, scale: Floats) -> Floats:
    """Numbers on a scale of ratios; with zeros and minuses, one that is so for large numbers only."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled: Floats = np.where(scale == 0, np.log(values), np.arcsinh(values / scale))
    return scaled


def _from_scale(z: Floats, scale: Floats) -> Floats:
    """The way back (n,)."""
    values: Floats = np.where(scale[:, 0] == 0, np.exp(z), scale[:, 0] * np.sinh(z))
    return values


def learn_noise(values: Floats) -> Noise:
    """Bias and noise of each source, from how far it is from the weighted median of the others."""
    z = _to_scale(values, _scale(values))
    size = z.shape[1]
    apart = _apart(z)
    heard = (~apart).astype(float) if not apart.all() else np.ones(size)
    bias, noise = np.zeros(size), np.full(size, NOISE)
    for _ in range(ROUNDS):
        off = _from_others(z, bias, heard / noise**2)
        bias, noise = _learned(off)
        bias = _within(bias, apart)
    cut = np.minimum(1 / noise**2, np.median(1 / noise**2))
    low, high = _median_range(_from_others(z, bias, heard * cut))
    error = _bias_error(off)
    if z.shape[1] == 2:
        # Either of two may be the biased one: that is not known, and no number of items will tell.
        error = np.hypot(error, np.abs(_median_by_source(off)) / np.sqrt(2))
    return Noise(bias, noise, low, high, error, apart)


def _apart(z: Floats) -> Bools:
    """Which sources are beyond any bias from the others (n, sources): the furthest first, and then without it.

    Where no more than half are left, nobody can say which half counts the thing: all are.
    """
    kept = np.ones(z.shape[1])
    while kept.sum() > 1:
        off = np.where(kept > 0, _from_others(z, np.zeros(kept.size), kept), np.nan)
        far = np.abs(_median_by_source(off)) * ((~np.isnan(off)).sum(axis=0) >= LEAST_FOR_RANGE)
        if far.max() <= LARGEST_BIAS:
            break
        kept[far.argmax()] = 0
    left: Bools = kept == 0
    return left if 2 * kept.sum() > kept.size else np.full(kept.size, bool(left.any()))


def _within(bias: Floats, apart: Bools) -> Floats:
    """The biases that are taken out: none of those that are no bias."""
    return np.where(apart | (np.abs(bias) > LARGEST_BIAS), 0.0, bias)


def _from_others(z: Floats, bias: Floats, weight: Floats) -> Floats:
    """How far each source (n, sources) is from the weighted median of the others, their biases taken out.

    To say who is biased, no source may lead the others alone (`weight` is cut at its median): else, of two precise
    ones that differ, each would make the other look wrong.
    """
    said, off = ~np.isnan(z), np.full(z.shape, np.nan)
    for mine in range(z.shape[1]):
        others = np.where(said, weight, 0.0)
        others[:, mine] = 0.0
        off[:, mine] = z[:, mine] - weighted_median(z - bias, others)
    return off


def learn_from(values: Floats, anchor: int) -> Noise:
    """The same where one source, the `anchor`, is the measure: biases are distances to it, and its own is none."""
    known, z = learn_noise(values), _to_scale(values, _scale(values))
    off = z - z[:, [anchor]]
    low, high = _median_range(off)
    low[anchor] = high[anchor] = np.nan
    bias = _median_by_source(off)
    apart = (np.abs(bias) > LARGEST_BIAS) & ((~np.isnan(off)).sum(axis=0) >= LEAST_FOR_RANGE)
    return Noise(_within(bias, apart), known.noise, low, high, _bias_error(off), apart)


def _bias_error(off: Floats) -> Floats:
    """Standard errors (sources,) of medians of distances (n, sources)."""
    count = (~np.isnan(off)).sum(axis=0)
    spread = MAD * _median_by_source(np.abs(off - _median_by_source(off)))
    return np.where(count > 1, MEDIAN_ERROR * spread / np.sqrt(np.maximum(count, 1)), 0.0)


def _median_range(off: Floats) -> tuple[Floats, Floats]:
    """Where the medians (sources,) of the columns lie with 95 %: between two of the numbers, whatever their law.

    The ranks follow the binomial distribution (Thompson, Annals of Mathematical Statistics 7, 1936).
    """
    low, high = np.full(off.shape[1], np.nan), np.full(off.shape[1], np.nan)
    for at, column in enumerate(off.T):
        known = np.sort(column[~np.isnan(column)])
        if known.size >= LEAST_FOR_RANGE:
            below = _ranks_below(known.size)
            low[at], high[at] = known[below], known[known.size - 1 - below]
    return low, high


@lru_cache(maxsize=1024)
def _ranks_below(count: int) -> int:
    """How many of `count` ordered numbers lie below the one that is under the median with 97.5 % at least."""
    least = 2**count * 25 // 1000
    return sum(1 for ways in accumulate(comb(count, rank) for rank in range(count // 2)) if ways <= least) - 1


def _learned(off: Floats) -> tuple[Floats, Floats]:
    """Bias and noise (sources,) from distances to the others (n, sources), drawn to 0 and `NOISE` if few are known."""
    count = (~np.isnan(off)).sum(axis=0)
    raw = _median_by_source(off)
    spread = MAD * _median_by_source(np.abs(off - raw))
    # The others are noisy, too: half of the quietest source's variance is taken for theirs.
    variance = spread**2
    quiet = variance[count > 1].min() if (count > 1).any() else 0.0
    variance = np.maximum(variance - quiet / 2, 0.0)
    mixed = (count * variance + KNOWN_ITEMS * NOISE**2) / (count + KNOWN_ITEMS)
    # Of two sources nobody can say which is biased.
    bias = raw * count / (count + KNOWN_ITEMS) if off.shape[1] >= 3 else np.zeros(off.shape[1])
    return bias, np.maximum(np.sqrt(mixed), LEAST_NOISE)


def _median_by_source(values: Floats) -> Floats:
    """Medians (sources,) of the columns; 0 where nothing is known."""
    known = ~np.isnan(values)
    return np.array([np.median(values[known[:, at], at]) if known[:, at].any() else 0.0 for at in range(len(known.T))])


def weighted_median(values: Floats, weight: Floats) -> Floats:
    """Weighted medians (n,) of the rows; between two where both halves weigh the same, NaN where nothing weighs."""
    order = np.argsort(np.where(weight > 0, values, np.inf), axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    below = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    half = below[:, -1:] / 2
    rows = np.arange(len(values))
    low = ordered[rows, np.argmax(below >= half * (1 - 1e-12), axis=1)]
    high = ordered[rows, np.argmax(below > half * (1 + 1e-12), axis=1)]
    return np.where(half[:, 0] > 0, (low + high) / 2, np.nan)
