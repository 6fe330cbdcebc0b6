"""How long a day's numbers still change: by the platform's rule, by what it has done, and by what a company says of it.
Until then a day is provisional.

Whether a day is settled is never stored: it is derived when asked, the curve out of the versions that the log keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.current import STANDING
from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.mapping.fields import Trailing
from kalends.marketing.records import LOG

CURVE_METRICS: Final = ("spend", "impressions", "clicks", "conversions", "revenue")
SEEN_BY: Final = 3
"""Only days that were told by this age show how they settled; history that came later was settled when it came."""
SAME: Final = 0.01
"""A share within one hundredth of the end is called settled."""
MOST_DAYS: Final = 120
ENOUGH: Final = 14
"""Dates that a measure is made of at least: two of each weekday."""
LONGEST: Final = 400
"""Days: a year and a month, so that the same weeks of the year before may still be put right."""
Way = Literal["rule", "measured", "days"]
"""How long a source's days take to settle: as its platform says, as was measured, or a number of the company's own."""
Days = Annotated[int, Field(ge=0, le=LONGEST)]
Span = tuple[date, date]


def trailing(data_source: str, /) -> Trailing:
    """For how many days the source's numbers still change by the platform's rule, and why."""
    known = MAPPINGS.get(data_source)
    return known.trailing if known else Trailing()


class SettlingRule(BaseModel):
    """What one company says of one source. `days`: chosen or measured; None: by the platform's rule.

    `asked_again`: for how many days a connection of it asks again, where one has a number of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_source: str
    days: Days | None = None
    is_measured: bool = False
    asked_again: Days | None = None

    @property
    def way(self) -> Way:
        """Whose word `days` is."""
        return "rule" if self.days is None else "measured" if self.is_measured else "days"

    @property
    def holds(self) -> int:
        """For how many days the numbers are provisional: at least as long as they are asked for again."""
        return max(trailing(self.data_source).days if self.days is None else self.days, self.asked_again or 0)


@dataclass(frozen=True, slots=True)
class Settling:
    """When days settle, to one company. `own`: source -> days, where that is not as the platform's rule says."""

    own: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Iterable[SettlingRule]) -> Settling:
        """What the rules say together."""
        return cls({rule.data_source: rule.holds for rule in rules})

    @property
    def longest(self) -> int:
        """For how many days the slowest source's numbers still change."""
        return max(self.days(source) for source in {*MAPPINGS, *self.own})

    def days(self, data_source: str, /) -> int:
        """For how many days the source's numbers still change."""
        return self.own.get(data_source, trailing(data_source).days)

    def settled_until(self, data_source: str, /, *, today: date) -> date:
        """The last day of `data_source` that is old enough not to be restated any more."""
        return today - timedelta(days=self.days(data_source) + 1)

    def is_provisional(self, data_source: str, /, *, last_day: date, today: date) -> bool:
        """Whether numbers up to `last_day` may still change."""
        return last_day > self.settled_until(data_source, today=today)


BY_RULE: Final = Settling()
"""To whom nobody has said anything else."""


@dataclass(frozen=True, slots=True)
class Curve:
    """How a metric of a source came in: `shares[age]` of its final value was known when a day was `age` days old.

    Over `days` settled days of accounts, on `dates` different dates; a share may pass 1 where a platform takes
    something back.
    """

    data_source: str
    metric: str
    days: int
    dates: int
    shares: tuple[float, ...]

    @property
    def settles_at(self) -> int:
        """The age from which on the share stays within SAME of 1."""
        off = [age for age, share in enumerate(self.shares) if abs(share - 1) > SAME]
        return off[-1] + 1 if off else 0


def measured(found: Sequence[Curve], /) -> int | None:
    """After how many days all metrics were settled; None where too few days were seen to say so. Never less than what
    a day's first numbers may be old: of what was before them nobody knows.
    """
    if max((curve.dates for curve in found), default=0) < ENOUGH:
        return None
    return max(SEEN_BY, *(curve.settles_at for curve in found))


def curves(
    tenant: TenantWarehouse,
    *,
    data_source: str,
    today: date,
    settling: Settling = BY_RULE,
    version: int | None = None,
    within: Sequence[Span] | None = None,
) -> list[Curve]:
    """The settling curve of each metric of a source, over its settled days, or those of them that lie `within` spans.

    Settled is what is so by the platform's rule and by `settling`: a shorter measure must not prove itself. A metric
    without a value has no curve.
    """
    if not tenant.exists("facts_past"):
        return []
    until = min(one.settled_until(data_source, today=today) for one in (BY_RULE, settling))
    values = {"source": data_source, "until": until, "seen_by": SEEN_BY}
    told = tenant.execute(_steps_sql(version, within), values).to_pylist()
    days, dates = (max((row[name] for row in told), default=0) for name in ("days", "dates"))
    found = []
    for metric in CURVE_METRICS:
        steps = {int(row["age"]): float(row[metric]) for row in told if row[metric] is not None}
        final = sum(steps.values())
        if final > 0:
            found.append(Curve(data_source, metric, days, dates, _shares(steps, final)))
    return found


def _shares(steps: Mapping[int, float], final: float) -> tuple[float, ...]:
    last = min(max(steps), MOST_DAYS)
    known, shares = 0.0, []
    for age in range(last + 1):
        known += steps.get(age, 0.0)
        shares.append(known / final)
    return tuple(shares)


def _steps_sql(version: int | None, within: Sequence[Span] | None) -> str:
    """Per age the sum of what versions of that age added to the ones before them.

    Added up over ages, that is what was known at each. A row that is gone takes its value back. Reports repeat the same
    money; all of them are in it, for a share does not change by that.
    """
    known = "" if version is None else f" AND batch_seq <= {version}"
    if within is not None:
        spans = [f"date_from BETWEEN DATE '{first}' AND DATE '{last}'" for first, last in within]
        known += f" AND ({' OR '.join(spans) or 'FALSE'})"
    told = ", ".join(f"CASE WHEN is_deleted THEN 0 ELSE {name} END AS {name}" for name in CURVE_METRICS)
    steps = ", ".join(_step(name) for name in CURVE_METRICS)
    sums = ", ".join(f"sum({name}) AS {name}" for name in CURVE_METRICS)
    return (
        "WITH told AS (SELECT key_hash, account_id, report, date_from, reported_at, batch_seq,"  # noqa: S608 (our names)
        f" greatest(CAST(reported_at AS date) - date_from, 0) AS age, {told} FROM {LOG} AS l"
        f" WHERE data_source = $source AND date_from = date_to AND date_from <= $until AND {STANDING}{known}),"
        " early AS (SELECT account_id, report, date_from FROM told GROUP BY account_id, report, date_from"
        " HAVING min(age) <= $seen_by),"
        f" steps AS (SELECT t.age, {steps} FROM told AS t JOIN early AS e"
        " ON e.account_id = t.account_id AND e.report = t.report AND e.date_from = t.date_from)"
        f" SELECT age, {sums}, (SELECT count(*) FROM (SELECT DISTINCT account_id, date_from FROM early) AS d) AS days,"
        " (SELECT count(DISTINCT date_from) FROM early) AS dates"
        " FROM steps GROUP BY age ORDER BY age"
    )


def _step(metric: str) -> str:
    """What a version adds to the one before it; null where neither has the metric."""
    before = f"lag(t.{metric}) OVER (PARTITION BY t.key_hash ORDER BY t.reported_at, t.batch_seq)"
    added = f"coalesce(t.{metric}, 0) - coalesce({before}, 0)"
    return f"CASE WHEN coalesce(t.{metric}, {before}) IS NOT NULL THEN {added} END AS {metric}"
