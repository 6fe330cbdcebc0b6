"""How long a day's numbers still change: by the platform's rule, by what it has done, and by what a company says of it.
Until then a day is provisional.

Whether a day is settled is never stored: it is derived when asked, the curve out of the versions that the log keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

import ibis
import pyarrow as pa
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
WITHIN: Final = ibis.schema({"account_id": "!string", "first_day": "!date", "last_day": "!date"})


@dataclass(frozen=True, slots=True)
class Span:
    """Days of an account, the first and the last."""

    account_id: str
    first_day: date
    last_day: date


def trailing(data_source: str, /) -> Trailing:
    """For how many days the source's numbers still change by the platform's rule, and why."""
    known = MAPPINGS.get(data_source)
    return known.trailing if known else Trailing()


class SettlingRule(BaseModel):
    """What one company says of one source. `days`: chosen or measured; None: by the platform's rule. `accounts`: what
    was measured of those accounts of which enough was seen, `days` being what was of all together.

    `asked_again`: for how many days a connection of it asks again, where one has a number of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_source: str
    days: Days | None = None
    is_measured: bool = False
    accounts: Mapping[str, Days] = Field(default_factory=dict)
    asked_again: Days | None = None

    @property
    def way(self) -> Way:
        """Whose word `days` is."""
        return "rule" if self.days is None else "measured" if self.is_measured else "days"

    def days_of(self, account_id: str) -> int:
        """For how many days an account's numbers are provisional: at least as long as they are asked for again."""
        own = trailing(self.data_source).days if self.days is None else self.accounts.get(account_id, self.days)
        return max(own, self.asked_again or 0)

    @property
    def holds(self) -> int:
        """The same of the slowest account, be it one without a measure of its own."""
        return max(map(self.days_of, ("", *self.accounts)))


@dataclass(frozen=True, slots=True)
class Settling:
    """When days settle, to one company. `own`: source -> days, where that is not as the platform's rule says;
    `accounts`: source and account -> days, where that is not as its source has it.
    """

    own: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Iterable[SettlingRule]) -> Settling:
        """What the rules say together."""
        told = tuple(rules)
        accounts = {(rule.data_source, one): rule.days_of(one) for rule in told for one in rule.accounts}
        return cls({rule.data_source: rule.days_of("") for rule in told}, accounts)

    @property
    def longest(self) -> int:
        """For how many days the slowest source's numbers still change."""
        return max(self.days(source) for source in {*MAPPINGS, *self.own})

    def days(self, data_source: str, account_id: str | None = None, /) -> int:
        """For how many days the numbers of a source's account still change; of its slowest, where none is named."""
        others = self.own.get(data_source, trailing(data_source).days)
        if account_id is not None:
            return self.accounts.get((data_source, account_id), others)
        return max(others, *(days for (source, _), days in self.accounts.items() if source == data_source), 0)

    def settled_until(self, data_source: str, account_id: str | None = None, /, *, today: date) -> date:
        """The last day of a source's account (of its slowest) that is old enough not to be restated any more."""
        return today - timedelta(days=self.days(data_source, account_id) + 1)

    def is_provisional(
        self, data_source: str, account_id: str | None = None, /, *, last_day: date, today: date
    ) -> bool:
        """Whether an account's numbers (the slowest's) up to `last_day` may still change."""
        return last_day > self.settled_until(data_source, account_id, today=today)


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


@dataclass(frozen=True, slots=True)
class Seen:
    """How the metrics of a source came in: over all accounts together, and over each."""

    whole: list[Curve] = field(default_factory=list)
    accounts: Mapping[str, list[Curve]] = field(default_factory=dict)

    @property
    def dates(self) -> int:
        """How many dates were seen."""
        return max((curve.dates for curve in self.whole), default=0)

    def measured_accounts(self) -> dict[str, int]:
        """The accounts of which enough was seen, and after how many days each had settled."""
        found = {one: measured(curves) for one, curves in sorted(self.accounts.items())}
        return {one: days for one, days in found.items() if days is not None}


def measured(found: Sequence[Curve], /) -> int | None:
    """After how many days all metrics were settled; None where too few days were seen to say so. Never less than what
    a day's first numbers may be old: of what was before them nobody knows.
    """
    if max((curve.dates for curve in found), default=0) < ENOUGH:
        return None
    return max(SEEN_BY, *(curve.settles_at for curve in found))


def seen(
    tenant: TenantWarehouse,
    *,
    data_source: str,
    today: date,
    settling: Settling = BY_RULE,
    version: int | None = None,
    within: Sequence[Span] | None = None,
) -> Seen:
    """The settling curve of each metric of a source, over its settled days, or those of them that lie `within` spans
    of their accounts.

    Settled is what is so by the platform's rule and by `settling`: a shorter measure must not prove itself. A metric
    without a value has no curve.
    """
    if not tenant.exists("facts_past"):
        return Seen()
    until = min(one.settled_until(data_source, today=today) for one in (BY_RULE, settling))
    values = {"source": data_source, "until": until, "seen_by": SEEN_BY}
    if within is not None:
        spans = pa.Table.from_pylist([asdict(span) for span in within], schema=WITHIN.to_pyarrow())
        tenant.stage("_within", spans, schema=WITHIN)
    told = tenant.execute(_steps_sql(version, is_within=within is not None), values).to_pylist()
    by_account: dict[str, list[dict[str, Any]]] = {}
    for row in told:
        by_account.setdefault(row["account_id"], []).append(row)
    days = sum(rows[0]["days"] for rows in by_account.values())
    return Seen(
        _curves(data_source, told, days=days, dates=told[0]["dates"]) if told else [],
        {one: _curves(data_source, rows, days=rows[0]["days"], dates=rows[0]["days"])
         for one, rows in by_account.items()},
    )  # fmt: skip


def _curves(data_source: str, told: Iterable[Mapping[str, Any]], *, days: int, dates: int) -> list[Curve]:
    """A curve for each metric that has a value, out of what was added at each age."""
    found = []
    for metric in CURVE_METRICS:
        steps: dict[int, float] = {}
        for row in told:
            if row[metric] is not None:
                steps[int(row["age"])] = steps.get(int(row["age"]), 0.0) + float(row[metric])
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


def _steps_sql(version: int | None, *, is_within: bool) -> str:
    """Per account and age the sum of what versions of that age added to the ones before them; `days`: the account's
    dates that were seen, `dates`: all accounts'. `is_within`: of the account's spans in `_within` alone.

    Added up over ages, that is what was known at each. A row that is gone takes its value back. Reports repeat the same
    money; all of them are in it, for a share does not change by that.
    """
    known = "" if version is None else f" AND batch_seq <= {version}"
    if is_within:
        known += (
            " AND EXISTS (SELECT 1 FROM _within AS w WHERE w.account_id = l.account_id"
            " AND l.date_from BETWEEN w.first_day AND w.last_day)"
        )
    told = ", ".join(f"CASE WHEN is_deleted THEN 0 ELSE {name} END AS {name}" for name in CURVE_METRICS)
    steps = ", ".join(_step(name) for name in CURVE_METRICS)
    sums = ", ".join(f"sum({name}) AS {name}" for name in CURVE_METRICS)
    return (
        "WITH told AS (SELECT key_hash, account_id, report, date_from, reported_at, batch_seq,"  # noqa: S608 (our names)
        f" greatest(CAST(reported_at AS date) - date_from, 0) AS age, {told} FROM {LOG} AS l"
        f" WHERE data_source = $source AND date_from = date_to AND date_from <= $until AND {STANDING}{known}),"
        " early AS (SELECT account_id, report, date_from FROM told GROUP BY account_id, report, date_from"
        " HAVING min(age) <= $seen_by),"
        f" steps AS (SELECT t.account_id, t.age, {steps} FROM told AS t JOIN early AS e"
        " ON e.account_id = t.account_id AND e.report = t.report AND e.date_from = t.date_from)"
        f" SELECT s.account_id, s.age, {sums}, max(d.days) AS days,"
        " (SELECT count(DISTINCT date_from) FROM early) AS dates FROM steps AS s"
        " JOIN (SELECT account_id, count(DISTINCT date_from) AS days FROM early GROUP BY account_id) AS d"
        " ON d.account_id = s.account_id GROUP BY s.account_id, s.age ORDER BY s.account_id, s.age"
    )


def _step(metric: str) -> str:
    """What a version adds to the one before it; null where neither has the metric."""
    before = f"lag(t.{metric}) OVER (PARTITION BY t.key_hash ORDER BY t.reported_at, t.batch_seq)"
    added = f"coalesce(t.{metric}, 0) - coalesce({before}, 0)"
    return f"CASE WHEN coalesce(t.{metric}, {before}) IS NOT NULL THEN {added} END AS {metric}"
