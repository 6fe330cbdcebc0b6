"""Student's distribution for whole degrees of freedom: the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4.

They are exact, so that no library of special functions is needed for an interval.
"""

from __future__ import annotations

import math
from statistics import NormalDist

NORMAL_FROM = 2000
"""Degrees of freedom from which the normal distribution is the same to 0.001 of a standard error."""


def t_within(value: float, *, freedom: int) -> float:
    """The probability that Student's t with `freedom` >= 1 lies between -`value` and `value`."""
    if freedom >= NORMAL_FROM:
        return 2 * NormalDist().cdf(abs(value)) - 1
    angle = math.atan(abs(value) / math.sqrt(freedom))
    cosine2 = math.cos(angle) ** 2
    if freedom % 2:
        term = total = math.cos(angle) if freedom > 1 else 0.0
        for step in range(2, freedom - 1, 2):
            term *= cosine2 * step / (step + 1)
            total += term
        return 2 / math.pi * (angle + math.sin(angle) * total)
    term = total = 1.0
    for step in range(1, freedom - 2, 2):
        term *= cosine2 * step / (step + 1)
        total += term
    return math.sin(angle) * total


def t_quantile(confidence: float, *, freedom: int) -> float:
    """The t that `confidence` (0 to 1) of the distribution lies within, on both sides; infinite without freedom."""
    if freedom < 1:
        return math.inf
    low, high = 0.0, 1.0
    while t_within(high, freedom=freedom) < confidence:
        high *= 2
    for _ in range(60):  # halvings: to the last digit
        middle = (low + high) / 2
        low, high = (middle, high) if t_within(middle, freedom=freedom) < confidence else (low, middle)
    return high
