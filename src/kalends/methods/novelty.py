"""What is new about a day, told by many statistics of it at once.

After Redyuk, Kaoudi, Markl and Schelter, "Automating Data Quality Validation for Dynamic Data Ingestion" (EDBT 2021):
each partition of a data set becomes a vector of descriptive statistics, and one unlike those before it is held back.
Here a statistic must stand apart to the same side from the four weeks before its week and from the four after (what
changes and stays is a decision, what comes and goes a fault or an event), by more than its own spread. A day is as new
as its newest statistic, and of that maximum the series' own other days tell how large it is by chance: maxima of many
tests are about Gumbel distributed (Gumbel, Statistics of Extremes, 1958), whatever they have to do with each other.

Arrays are (days, statistics), without gaps; nan is "not known".
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kalends.methods.anomalies import TO_SIGMA, Bools, Floats, median_of

WEEK: Final = 7
WEEKS: Final = 4
"""Whole weeks on each side: a fault of two weeks is no more than half of them."""
LEAST: Final = 10
"""Days that must be known on a side."""
LEAST_DAYS: Final = 28
"""Days whose maxima must be known to tell how large a maximum is by chance."""
QUARTILES: Final = 1.5725
"""The distance of a Gumbel distribution's quartiles, in its scales."""
MEDIAN: Final = 0.3665
"""How far its median lies above its mode, in its scales."""
LEAST_SCALE: Final = 0.7
"""Where little ever varies, maxima lie closer together than even normal ones would."""


def apart_from_weeks(values: Floats) -> tuple[Floats, Floats, Floats]:
    """How far each value is from both the weeks before and the weeks after its own (from those before alone where none
    come after, nan where none came before); what it is compared with; and the spread of such differences.
    """
    days, series = values.shape
    weeks = -(-days // WEEK)
    padded = np.full(((weeks + 2 * WEEKS) * WEEK, series), np.nan)
    padded[WEEKS * WEEK : WEEKS * WEEK + days] = values
    middles = _medians(padded)  # of the four weeks from each week on
    before, after = (np.repeat(middles[first : first + weeks], WEEK, axis=0)[:days] for first in (0, WEEKS + 1))
    from_before, from_after = values - before, values - np.where(np.isfinite(after), after, before)
    nearer = np.abs(from_before) <= np.abs(from_after)
    with np.errstate(invalid="ignore"):
        is_apart = np.sign(from_before) == np.sign(from_after)
    known = np.isfinite(from_before)
    apart = np.where(known, np.where(is_apart, np.where(nearer, from_before, from_after), 0.0), np.nan)
    spread = TO_SIGMA * median_of(np.abs(from_before + from_after) / 2)[0]
    return apart, np.where(nearer, before, np.where(np.isfinite(after), after, before)), spread


def novelties(scores: Floats, *, chance: float) -> Bools:
    """Which scores (days, statistics) are larger than the day's largest would be by chance."""
    largest = np.max(np.nan_to_num(np.abs(scores)), axis=1, initial=0.0)
    told = largest[np.isfinite(scores).any(axis=1)]
    if told.size < LEAST_DAYS:
        return np.zeros(scores.shape, dtype=bool)
    low, middle, high = np.quantile(told, (0.25, 0.5, 0.75))
    scale = max((high - low) / QUARTILES, LEAST_SCALE)
    limit = middle - MEDIAN * scale - scale * np.log(-np.log1p(-chance))
    with np.errstate(invalid="ignore"):
        found: Bools = np.abs(scores) > limit
    return found


def rolled(values: Floats, length: int) -> Floats:
    """The mean of so many days around each; nan where one is not known."""
    if length == 1 or len(values) < length:
        return values
    means = np.full(values.shape, np.nan)
    sums = np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), np.nan_to_num(values)]), axis=0)
    gaps = np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), ~np.isfinite(values)]), axis=0)
    first = length // 2
    mine = slice(first, first + len(values) - length + 1)
    means[mine] = np.where(gaps[length:] == gaps[:-length], (sums[length:] - sums[:-length]) / length, np.nan)
    return means


def _medians(padded: Floats) -> Floats:
    """The median of four whole weeks from each week on; nan where too few days are known."""
    weeks = np.lib.stride_tricks.sliding_window_view(padded, WEEKS * WEEK, axis=0)[::WEEK]
    ordered = np.sort(weeks, axis=-1)
    count = np.isfinite(ordered).sum(axis=-1)
    middle = np.take_along_axis(ordered, (np.maximum(count - 1, 0) // 2)[..., None], axis=-1)[..., 0]
    return np.where(count >= LEAST, middle, np.nan)
