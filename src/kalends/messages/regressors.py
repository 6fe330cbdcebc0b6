"""What else moves a paid message's sales, as terms of a regression: hour, weekday, price, category, moments, drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from kalends.messages.features import Floats, Paid, moment_columns
from kalends.messages.response import Terms

MONTH: Final = 28
KNOT: Final = 56
"""Days between two points of the drift, which is straight between them."""
WEEKDAY_SPREAD, WAVE_SPREADS, CATEGORY_SPREAD = 0.12, (0.35, 0.35, 0.15, 0.15), 0.25
"""Standard deviations, in natural logarithms, of what weekdays, daily waves and categories usually do."""
CURVATURE_SPREAD: Final = 0.2
VIEWS_OF_PRICE: Final = 0.1
"""Spread of the price response of views: the price is seen after the message."""
VIEWS_OF_MOMENTS: Final = 0.4
"""Part of a moment's effect on purchases that views are expected to show."""
BEFORE_HALF_LIFE: Final = 8.0


@dataclass(frozen=True, slots=True)
class Priors:
    """What is believed of every page before it is looked at."""

    price_response: float = -0.9
    """Percent of purchases per percent of price."""
    price_spread: float = 0.35
    drift: float = 0.06
    """Standard deviation of the level's logarithm in 28 days: the audience and the content change, tired or not."""
    before: float = -0.4
    """Logarithm of what sendings before the history still take from its first messages ..."""
    before_spread: float = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """The terms, and which columns are of which kind."""

    terms: Terms
    places: dict[str, slice]
    middle_price: float
    """Where the price's own effect is 0: nan without prices."""
    moments: tuple[str, ...] = ()
    """Names of the columns of the kind `moment`."""

    def of(self, known: npt.NDArray[np.bool_], *, views: bool) -> Terms:
        """The terms for the messages whose counts are known; for views, price and moments matter less."""
        if not views:
            return Terms(self.terms.columns[known], self.terms.means, self.terms.precision)
        means, precision = self.terms.means.copy(), self.terms.precision.copy()
        means[self.places["price"]] = 0.0
        precision[self.places["price"], self.places["price"]] = np.eye(2) / VIEWS_OF_PRICE**2
        means[self.places["moment"]] *= VIEWS_OF_MOMENTS
        return Terms(self.terms.columns[known], means, precision)

    def conditions(self, columns: Floats, beta: Floats) -> Floats:
        """The part of the logarithm that is hour, price, category and moment: what 'at equal conditions' removes."""
        effect = np.zeros(columns.shape[0])
        for kind in ("weekday", "hour", "price", "category", "moment"):
            place = self.places[kind]
            effect = effect + columns[:, place] @ beta[place]
        return effect


def lay_out(paid: Paid, moments: pl.DataFrame | None, priors: Priors) -> Layout:
    """The terms for all paid messages."""
    logs = np.log(paid.prices)
    middle = float(np.nanmedian(logs)) if np.isfinite(logs).any() else np.nan
    dear = np.where(np.isfinite(logs), logs - middle, 0.0)
    names, moment, moment_means, moment_spreads = moment_columns(paid.days, moments)
    since_first = paid.ages.max(initial=0.0) - paid.ages
    parts: dict[str, tuple[Floats, Floats, Floats]] = {
        "level": _part(np.ones((paid.size, 1)), 0.0, 10.0),
        "before": _part(0.5 ** (since_first / BEFORE_HALF_LIFE)[:, None], priors.before, priors.before_spread),
        "weekday": _part(_one_hot(paid.weekdays, 7), 0.0, WEEKDAY_SPREAD),
        "hour": _part(waves(paid.hours), 0.0, WAVE_SPREADS),
        "price": _part(
            np.stack([dear, dear**2], axis=1), (priors.price_response, 0.0), (priors.price_spread, CURVATURE_SPREAD)
        ),
        "category": _part(_one_hot(paid.categories, len(paid.names)), 0.0, CATEGORY_SPREAD),
        "moment": (moment, moment_means, moment_spreads),
        "drift": _part(_hats(paid.ages / KNOT), 0.0, 1.0),
    }
    ends = np.cumsum([columns.shape[1] for columns, _, _ in parts.values()])
    places = {
        name: slice(end - columns.shape[1], end)
        for (name, (columns, _, _)), end in zip(parts.items(), ends.tolist(), strict=True)
    }
    precision = np.diag(1 / np.concatenate([spreads for _, _, spreads in parts.values()]) ** 2)
    drift = priors.drift * float(np.sqrt(KNOT / MONTH))
    precision[places["drift"], places["drift"]] = _walk(parts["drift"][0].shape[1], drift)
    columns = np.concatenate([columns for columns, _, _ in parts.values()], axis=1)
    means = np.concatenate([means for _, means, _ in parts.values()])
    return Layout(Terms(columns, means, precision), places, middle, names)


def waves(hours: Floats) -> Floats:
    """The day as two waves, of 24 and of 12 hours: enough for a morning and an evening."""
    turn = 2 * np.pi * hours / 24
    return np.stack([np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)], axis=1)


def _part(
    columns: Floats, mean: float | tuple[float, ...], spread: float | tuple[float, ...]
) -> tuple[Floats, Floats, Floats]:
    """Columns with one mean and spread for all of them, or one each."""
    none = np.zeros(columns.shape[1])
    return columns, none + np.array(mean), none + np.array(spread)


def _one_hot(codes: npt.NDArray[np.int64], many: int) -> Floats:
    hot: Floats = (codes[:, None] == np.arange(many)).astype(np.float64)
    return hot


def _hats(place: Floats) -> Floats:
    """A level between knots, straight from each to the next."""
    knots = int(np.ceil(place.max(initial=0.1))) + 1
    hats: Floats = np.clip(1 - np.abs(place[:, None] - np.arange(knots)), 0, None)
    return hats


def _walk(knots: int, drift: float) -> Floats:
    """Precision of a random walk from knot to knot whose mean is near 0: the level is another term."""
    steps = np.diff(np.eye(knots), axis=0)
    walk: Floats = steps.T @ steps / drift**2 + np.full((knots, knots), 100 / knots**2) + np.eye(knots) * 1e-2
    return walk
