"""The metrics, each declared once: what it is called, how it is made of a fact's columns, and what is good.

Three formulas suffice. A sum may be added up over anything. A single value (reach, users, frequency, a share, a score)
has no sum: one person seen on two days is one person, so it is given only where one row answers. A ratio is the ratio
of sums, never the mean of ratios. Null is "not delivered": a sum over nothing is null, a zero denominator gives null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kalends.base.errors import BadInputError
from kalends.marketing.records import MONEY

ALL_DIMENSIONS: Final = "all"
NO_DIMENSION: Final = "none"


class UnknownMetricError(BadInputError):
    """There is no metric of this name."""

    code = "unknown_metric"


class Unit(Enum):
    """What a metric's number means."""

    MONEY = "money"
    COUNT = "count"
    SHARE = "share"
    TIMES = "times"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of one column."""

    column: str


@dataclass(frozen=True, slots=True)
class Single:
    """One column's value where exactly one row answers, else null."""

    column: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """`times` x the sum of `top` / the sum of `bottom`; null when the sum of `bottom` is zero or null."""

    top: str
    bottom: str
    times: int = 1


Formula = Sum | Single | Ratio


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `good` is 1 when more is better, -1 when less is better, 0 when it depends."""

    name: str
    label: str
    formula: Formula
    unit: Unit
    good: int
    synonyms: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The fact columns that it is made of."""
        if isinstance(self.formula, Ratio):
            return (self.formula.top, self.formula.bottom)
        return (self.formula.column,)

    @property
    def additive_over(self) -> str:
        """Over which dimensions its values may be added up: all of them, or none."""
        return ALL_DIMENSIONS if isinstance(self.formula, Sum) else NO_DIMENSION

    @property
    def needs_one_row(self) -> bool:
        """Whether it is known only where one row answers."""
        return isinstance(self.formula, Single)

    @property
    def needs_currency(self) -> bool:
        """Whether amounts of money go into it, which must then be of one currency."""
        return any(column in MONEY for column in self.columns)


def _money(name: str, label: str, good: int, *synonyms: str) -> Metric:
    return Metric(name, label, Sum(name), Unit.MONEY, good, synonyms)


def _count(name: str, label: str, good: int, *synonyms: str) -> Metric:
    return Metric(name, label, Sum(name), Unit.COUNT, good, synonyms)


def _single(name: str, label: str, unit: Unit, good: int, *synonyms: str) -> Metric:
    return Metric(name, label, Single(name), unit, good, synonyms)


def _cost(name: str, label: str, per: str, *synonyms: str, times: int = 1) -> Metric:
    return Metric(name, label, Ratio("spend", per, times), Unit.MONEY, -1, synonyms)


def _share(name: str, label: str, top: str, bottom: str, good: int, *synonyms: str) -> Metric:
    return Metric(name, label, Ratio(top, bottom), Unit.SHARE, good, synonyms)


DECLARED: Final[tuple[Metric, ...]] = (
    _money("spend", "Spend", 0, "cost", "costs", "ad spend", "media spend", "budget spent", "amount spent"),
    _money("revenue", "Revenue", 1, "sales", "turnover", "income", "conversion value", "value"),
    _money("pipeline_value", "Pipeline value", 1, "pipeline"),
    _count("impressions", "Impressions", 1, "views of ads", "imps"),
    _count("clicks", "Clicks", 1, "link clicks"),
    _count("conversions", "Conversions", 1, "orders", "purchases", "actions"),
    _count("video_views", "Video views", 1, "views"),
    _count("sends", "Sends", 0, "messages sent", "emails sent"),
    _count("deliveries", "Deliveries", 1, "delivered"),
    _count("opens", "Opens", 1, "opened"),
    _count("unsubscribes", "Unsubscribes", -1, "opt-outs"),
    _count("bounces", "Bounces", -1, "bounced"),
    _count("leads", "Leads", 1),
    _count("opportunities", "Opportunities", 1, "opps"),
    _count("deals_won", "Deals won", 1, "won deals", "closed won"),
    _count("sessions", "Sessions", 1, "visits"),
    _single("reach", "Reach", Unit.COUNT, 1, "people reached", "unique reach"),
    _single("users", "Users", Unit.COUNT, 1, "visitors", "unique visitors"),
    _single("frequency", "Frequency", Unit.TIMES, 0, "average frequency"),
    _single("impression_share", "Impression share", Unit.SHARE, 1),
    _single("search_quality_score", "Quality score", Unit.SCORE, 1, "keyword quality score"),
    _cost("cpm", "Cost per 1,000 impressions", "impressions", "cost per mille", times=1000),
    _cost("cpc", "Cost per click", "clicks"),
    _cost(
        "cost_per_conversion", "Cost per conversion", "conversions", "cpa", "cost per acquisition", "cost per action"
    ),
    _cost("cost_per_lead", "Cost per lead", "leads", "cpl"),
    Metric("roas", "Return on ad spend", Ratio("revenue", "spend"), Unit.TIMES, 1, ("return on ad spend", "return")),
    Metric("aov", "Average order value", Ratio("revenue", "conversions"), Unit.MONEY, 1, ("average order value",)),
    _share("ctr", "Click-through rate", "clicks", "impressions", 1, "click rate of ads", "click through rate"),
    _share("conversion_rate", "Conversion rate", "conversions", "clicks", 1, "cvr", "conversion share"),
    _share("delivery_rate", "Delivery rate", "deliveries", "sends", 1),
    _share("open_rate", "Open rate", "opens", "deliveries", 1),
    _share("click_rate", "Click rate of messages", "clicks", "deliveries", 1, "email click rate"),
    _share("unsubscribe_rate", "Unsubscribe rate", "unsubscribes", "deliveries", -1, "opt-out rate"),
    _share("bounce_rate", "Bounce rate of messages", "bounces", "sends", -1),
)

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in DECLARED}
_SPOKEN: Final[Mapping[str, str]] = {
    word.casefold(): metric.name for metric in DECLARED for word in (metric.label, *metric.synonyms)
}


def metric(name: str, /) -> Metric:
    """The metric called `name`: its name, label or a synonym, in any case.

    Raises `UnknownMetricError`, which lists the names there are.
    """
    key = name.strip().casefold()
    found = METRICS.get(key.replace(" ", "_")) or METRICS.get(_SPOKEN.get(key, ""))
    if found is None:
        raise UnknownMetricError(f"There is no metric {name!r}. There are: {', '.join(METRICS)}.", metric=name)
    return found


def columns_of(metrics: Iterable[Metric], /) -> tuple[str, ...]:
    """The fact columns that these metrics are made of, each once, in order of first use."""
    return tuple(dict.fromkeys(column for metric in metrics for column in metric.columns))
