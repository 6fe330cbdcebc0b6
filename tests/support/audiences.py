"""Simulated pages with known fatigue, what the score and simple rivals say of them, and how well they rank."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl

from kalends.messages.features import loads, paid_messages
from kalends.messages.history import of_page
from kalends.messages.saturation import learn, saturation_of
from kalends.messages.simulator import Dip, draw_audience, draw_habits, simulate
from kalends.messages.simulator.habits import STARTS_ON

TUNED = range(200)
"""Seeds that were looked at while the score was made."""
HELD_OUT = 10_000
"""From here on, seeds that were not."""
TIRED = 0.6
KINDS = ("as drawn", "no holiday", "holiday", "hidden holiday", "price rise", "no views", "short", "steady")
"""holiday: of the same pages, the last twelve days sell half; the calendar knows of it, or does not ('hidden'). price
rise: 40 % more for the last three weeks. short: 8 to 19 weeks of history. steady: the volume is never changed."""


@dataclass(frozen=True)
class Studied:
    """The truth of a page, and what was said of it: a higher number is a more tired audience."""

    truth: float
    score: float
    tired_chance: float
    is_known: bool
    low: float
    high: float
    rivals: dict[str, float]


def page(seed, kind):
    """A page of this kind, its parameters drawn by the seed: 26 to 78 weeks of history."""
    rng = np.random.default_rng([seed, 99])
    weeks = int(rng.integers(26, 79))
    if kind == "short":
        weeks = int(rng.integers(8, 20))
    audience = draw_audience(np.random.default_rng([seed, 10]))
    habits = draw_habits(np.random.default_rng([seed, 11]), audience=audience, weeks=weeks)
    if "holiday" in kind:
        first = STARTS_ON + timedelta(weeks=weeks, days=-12)
        day = 28 if (first.month, first.day) == (2, 29) else first.day
        dip = Dip("Holiday", first.month, day, 14, 1.0 if kind == "no holiday" else 0.5)
        audience = replace(audience, moments=(*audience.moments, dip))
    if kind == "price rise":
        habits = replace(habits, price_rises=((weeks - 3, 1.4),))
    if kind == "steady":
        habits = replace(habits, change_every=0, jitter=0.1)
    return simulate(seed=seed, weeks=weeks, audience=audience, habits=habits)


def study(seed, kind):
    """Simulate the page and score it."""
    made = page(seed, kind)
    own = of_page(made.history, page_id=made.page_id, as_of=made.as_of)
    paid = paid_messages(own, as_of=made.as_of, zone_name=made.audience.zone_name, captions=made.captions)
    if kind == "no views":
        paid = replace(paid, viewed=paid.viewed * np.nan)
    moments = made.moments
    if kind == "hidden holiday":
        moments = moments.filter(pl.col("name") != "Holiday")
    said = saturation_of(learn(paid, moments))
    late = paid.ages <= 28
    sold, earned = paid.purchased / paid.recipients, paid.earnings / paid.recipients
    rivals = {
        "purchase rate, 28 days over the past": -float(sold[late].mean() / sold[~late].mean()),
        "earnings per recipient, 28 days over the past": -float(earned[late].mean() / earned[~late].mean()),
        "messages of late": float(loads(np.array([0.01]), paid.ages, half_lives=np.array([9.0]))[0, 0]),
    }
    truth = float(made.truth["fatigue"][-1])
    return Studied(truth, said.score, said.tired_chance, said.is_known, said.low, said.high, rivals)


def spearman(one, other):
    """Rank correlation."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def auc(scores, is_positive):
    """The chance that a positive one has a higher score than a negative one."""
    place, positive = ranks(scores), np.asarray(is_positive)
    many = positive.sum()
    return float((place[positive].sum() - many * (many + 1) / 2) / (many * (positive.size - many)))


def ranks(values):
    """From 1; equal values share the middle of their ranks."""
    _, back, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[back]


@dataclass(frozen=True)
class Verdict:
    """How well a group of pages was judged."""

    spearman: float
    auc: float
    false: float
    """Of pages that are not tired, the share with a score in RED."""
    missed: float
    known: float
    covered: float
    """Of the true fatigues, the share within the 80 % interval."""
    rivals: dict[str, tuple[float, float]]
    """(rank correlation, AUC)"""


def verdict(studied):
    """Judge the judgements."""
    truth, score = (np.array([getattr(one, name) for one in studied]) for name in ("truth", "score"))
    tired = truth >= TIRED
    rivals = {}
    for name in studied[0].rivals:
        said = [one.rivals[name] for one in studied]
        rivals[name] = spearman(said, truth), auc(said, tired)
    return Verdict(
        spearman=spearman(score, truth),
        auc=auc(score, tired),
        false=float((score[~tired] >= TIRED).mean()),
        missed=float((score[tired] < TIRED).mean()),
        known=float(np.mean([one.is_known for one in studied])),
        covered=float(np.mean([one.low <= one.truth <= one.high for one in studied])),
        rivals=rivals,
    )
