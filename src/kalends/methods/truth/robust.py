"""A mean that gross errors cannot move: bias and noise of each source by medians, a gate, then weights by precision."""

from __future__ import annotations

from dataclasses import dataclass
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


def combine(values: Floats, support: Floats, *, bias: Floats, noise: Floats, typical: float) -> Estimate:
    """The estimate from `values` (n, sources; NaN: nothing said) and how much each counts (n, sources).

    `bias` and `noise` (sources,) and the `typical` noise of the field's sources are as `learn_noise` gives them. Each
    item is estimated for itself.
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
    return Estimate(
        value=value,
        error=slope / np.sqrt(np.maximum(total, 1e-300)),
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


def learn_noise(values: Floats) -> tuple[Floats, Floats]:
    """Bias and noise (sources,) of each source, from how far it is from the weighted median of the others."""
    z = _to_scale(values, _scale(values))
    said = ~np.isnan(z)
    size = z.shape[1]
    bias, noise = np.zeros(size), np.full(size, NOISE)
    for _ in range(ROUNDS):
        weight = np.where(said, 1 / noise**2, 0.0)
        off = np.full(z.shape, np.nan)
        for mine in range(size):
            others = weight.copy()
            others[:, mine] = 0.0
            off[:, mine] = z[:, mine] - weighted_median(z - bias, others)
        bias, noise = _learned(off)
    return bias, noise


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
