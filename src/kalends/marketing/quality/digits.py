"""Numbers that lost their last digits: shortened (12.3K), rounded, cut off, or drawn from a sample and multiplied."""

# ruff: noqa: ARG001 -- every check is called alike

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from kalends.marketing.quality.daychecks import MONTH, Found, day_check
from kalends.marketing.quality.history import Floats, History, Setting
from kalends.methods.anomalies import median_around

CHANCE: Final = 1e-4
"""By chance, less than a day in thirty years (the bound is not sharp)."""
UNITS: Final = {"spend": 100, "impressions": 1, "clicks": 1}
"""In how many of its smallest units a metric is told."""
LEAST: Final = 1000
"""Numbers of three digits are short already."""


@day_check("validity", "minor", "Far more numbers end in zeros than chance makes: they were rounded or shortened.")
def numbers_rounded(history: History, setting: Setting) -> Iterator[Found]:
    zeros, numbers = np.zeros(history.size), np.zeros(history.size)
    for metric, unit in UNITS.items():
        of_metric, told = zeros_at_ends(history.by_campaign.get(metric, np.empty((history.size, 0))) * unit)
        with np.errstate(invalid="ignore"):
            usual, _ = median_around((of_metric / told)[:, None], steps=MONTH, least=7)
        # A budget that is used up to the euro every day, or yen: what always ends in zeros has lost nothing.
        is_usual = np.nan_to_num(usual[:, 0], nan=1.0) > 1 / 2
        zeros += np.where(is_usual, 0, of_metric)
        numbers += np.where(is_usual, 0, told)
    for day in np.flatnonzero(chance_of_zeros(zeros, numbers) < CHANCE):
        yield Found(day=int(day), observed=float(zeros[day]), expected=round(numbers[day] / 9, 1))


def zeros_at_ends(values: Floats) -> tuple[Floats, Floats]:
    """How many zeros the day's numbers end in, and how many numbers there are: (days,) of (days, series)."""
    whole = np.where(np.nan_to_num(values) >= LEAST, np.nan_to_num(values), 0).round().astype(np.int64)
    ends = [(whole > 0) & (whole % 10**power == 0) for power in range(1, 7)]
    return np.sum(ends, axis=(0, 2), dtype=float), (whole > 0).sum(axis=1).astype(float)


def chance_of_zeros(zeros: Floats, numbers: Floats) -> Floats:
    """A bound (Chernoff's) on how likely so many zeros are where each digit is zero one time in ten: the number of
    zeros at the end of a number is geometric, of many numbers negative binomial.
    """
    return np.exp(-_exponent(zeros, numbers))


def _exponent(zeros: Floats, numbers: Floats) -> npt.NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        share = zeros / (zeros + numbers)
        found = zeros * np.log(share / 0.1) + numbers * np.log((1 - share) / 0.9)
    return np.where((zeros > 0) & (share > 1 / 10), np.nan_to_num(found), 0.0)
