"""Campaigns that have each other's numbers, as after a wrong join: the account's total tells nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from kalends.marketing.quality.daychecks import Found, day_check
from kalends.marketing.quality.history import Floats, History, Setting
from kalends.marketing.quality.unusual import campaign_series
from kalends.methods.exchanges import exchanged, far_off

LEAST_SPREAD: Final = 0.1
"""No campaign's spend is known to ten per cent by what it was on other days."""


@day_check("consistency", "critical", "Campaigns have each other's numbers: each is unlike itself and like another.")
def campaigns_exchanged(history: History, setting: Setting) -> Iterator[Found]:
    if len(history.campaigns) < 2:
        return
    special = setting.is_special(history)
    values, expected, spreads = _features(history, setting)
    suspects = far_off(values, expected=expected, spreads=spreads).sum(axis=1) >= 2
    for day in np.flatnonzero(suspects & ~special & (setting.ages(history) >= 2)):
        for one, other in exchanged(values[day], expected=expected[day], spreads=spreads[day]).items():
            names = history.campaigns
            yield Found(day=int(day), subject=names[one], detail=f"has the numbers of {names[other]}")


def _features(history: History, setting: Setting) -> tuple[Floats, Floats, Floats]:
    """What most tells campaigns apart: spend, its price for impressions, and the click rate. Each array is (days,
    campaigns, features), on a logarithmic scale: what is, what was expected, and the spread.
    """
    series = campaign_series(history, setting)
    compared = [series[name] for name in ("spend", "cost per thousand impressions", "click rate")]
    differences = np.stack([each.differences for each in compared], axis=-1)
    expected = np.log(np.stack([each.expected for each in compared], axis=-1))
    spreads = np.stack([each.spreads for each in compared], axis=-1)
    spreads[..., 0] = np.maximum(spreads[..., 0], LEAST_SPREAD)
    # A busy day is one for all campaigns: spend is compared as a share of the day's.
    spend = np.stack([differences[..., 0] + expected[..., 0], expected[..., 0]])
    shares = np.exp(np.where(np.isfinite(spend.sum(axis=0)), spend, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        busy = np.log(np.nansum(shares[0], axis=1) / np.nansum(shares[1], axis=1))
    differences[..., 0] -= busy[:, None]
    return expected + differences, expected, spreads
