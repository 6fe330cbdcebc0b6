"""Bumps in section 7: how many look at each free caption.

A bump sells nothing by itself, so its captions are judged by views per recipient. What a caption has of its own is
drawn to the page's average where it was seldom sent: a normal mean with a normal prior, on logarithms of rates
(Gelman et al., Bayesian Data Analysis, 3rd edition, section 5.4). The spread from message to message is the page's own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from kalends.messages.features import LOOK_BACK_DAYS, Floats, Whole
from kalends.messages.history import MessageType
from kalends.messages.response import SPREAD, SPREAD_WORTH
from kalends.messages.sections import BumpResult, Estimate
from kalends.messages.selling import CAPTION_SPREAD, Z80, percentiles

LEAST_SPREAD: Final = 0.05
"""Of messages (logarithm): no two sendings are quite alike."""


def bumps_of(own: pl.DataFrame, *, as_of: datetime) -> tuple[BumpResult, ...]:
    """Captions that were sent as bumps, the most looked at first. `own`: the page's history (`of_page`)."""
    since = as_of.astimezone(UTC) - timedelta(days=LOOK_BACK_DAYS)
    viewed, people = pl.col("viewed"), pl.col("recipients")
    seen = own.filter(
        (pl.col("type") == MessageType.BUMP) & (pl.col("sent_at") > since) & pl.col("caption_no").is_not_null()
        & (people > 0) & viewed.is_between(0, people)
    ).select("caption_no", "sent_at", "viewed", "recipients")  # fmt: skip
    if not seen.height:
        return ()
    numbers, codes = np.unique(seen["caption_no"].to_numpy(), return_inverse=True)
    looked = seen["viewed"].to_numpy() + 0.5
    logs = np.log(looked / (seen["recipients"].to_numpy() + 1))
    means, spreads = _drawn(logs, 1 / looked, codes.reshape(-1), numbers.size)
    rank = percentiles(means)
    sent = np.bincount(codes.reshape(-1), minlength=numbers.size)
    last = dict(seen.group_by("caption_no").agg(pl.col("sent_at").max()).iter_rows())
    found = [
        BumpResult(int(number), _rate(float(means[at]), float(spreads[at]), int(sent[at])), rank[at], last[number])
        for at, number in enumerate(numbers.tolist())
    ]
    return tuple(sorted(found, key=lambda one: (-one.performance, one.caption_no)))


def _drawn(logs: Floats, noise: Floats, codes: Whole, many: int) -> tuple[Floats, Floats]:
    """Mean and standard error of each caption's logarithm. `noise`: each message's variance from counting alone."""
    count = np.bincount(codes, minlength=many)
    own = np.bincount(codes, logs, many) / count
    left = float(((logs - own[codes]) ** 2 - noise).sum()) + SPREAD_WORTH * SPREAD**2
    within = max(left / (logs.size - many + SPREAD_WORTH), LEAST_SPREAD**2)
    weights = 1 / (within + noise)
    page = float(np.average(logs, weights=weights))
    precision = np.bincount(codes, weights, many) + 1 / CAPTION_SPREAD**2
    means: Floats = page + np.bincount(codes, weights * (logs - page), many) / precision
    return means, 1 / np.sqrt(precision)


def _rate(log: float, sd: float, sample: int) -> Estimate:
    value, low, high = np.minimum(np.exp([log, log - Z80 * sd, log + Z80 * sd]), 1.0).tolist()
    return Estimate(value, value * sd, low, high, sample)
