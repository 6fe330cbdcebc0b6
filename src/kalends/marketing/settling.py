"""How long a platform keeps restating a day, by its own rules and by what it has done: until then a day is provisional.

Nothing about it is stored: both are derived when asked, the curve out of the versions that the log keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

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


def trailing(data_source: str, /) -> Trailing:
    """For how many days the source's numbers still change, and why: so long it is asked again, and provisional."""
    known = MAPPINGS.get(data_source)
    return known.trailing if known else Trailing()


def trailing_days(data_source: str, /) -> int:
    """For how many days the source's numbers still change."""
    return trailing(data_source).days


def settled_until(data_source: str, /, *, today: date) -> date:
    """The last day of `data_source` that is old enough not to be restated any more."""
    return today - timedelta(days=trailing_days(data_source) + 1)


def is_provisional(data_source: str, /, *, last_day: date, today: date) -> bool:
    """Whether numbers up to `last_day` may still change."""
    return last_day > settled_until(data_source, today=today)


@dataclass(frozen=True, slots=True)
class Curve:
    """How a metric of a source came in: `shares[age]` of its final value was known when a day was `age` days old.

    Over `days` settled days of accounts; a share may pass 1 where a platform takes something back.
    """

    data_source: str
    metric: str
    days: int
    shares: tuple[float, ...]

    @property
    def settles_at(self) -> int:
        """The age from which on the share stays within SAME of 1."""
        off = [age for age, share in enumerate(self.shares) if abs(share - 1) > SAME]
        return off[-1] + 1 if off else 0


def curves(tenant: TenantWarehouse, *, data_source: str, today: date, version: int | None = None) -> list[Curve]:
    """The settling curve of each metric of a source, over its settled days. A metric without a value has none."""
    if not tenant.exists("facts_past"):
        return []
    values = {"source": data_source, "until": settled_until(data_source, today=today), "seen_by": SEEN_BY}
    told = tenant.execute(_steps_sql(version), values).to_pylist()
    days = max((row["days"] for row in told), default=0)
    found = []
    for metric in CURVE_METRICS:
        steps = {int(row["age"]): float(row[metric]) for row in told if row[metric] is not None}
        final = sum(steps.values())
        if final > 0:
            found.append(Curve(data_source, metric, days, _shares(steps, final)))
    return found


def _shares(steps: Mapping[int, float], final: float) -> tuple[float, ...]:
    last = min(max(steps), MOST_DAYS)
    known, shares = 0.0, []
    for age in range(last + 1):
        known += steps.get(age, 0.0)
        shares.append(known / final)
    return tuple(shares)


def _steps_sql(version: int | None) -> str:
    """Per age the sum of what versions of that age added to the ones before them.

    Added up over ages, that is what was known at each. A row that is gone takes its value back. Reports repeat the same
    money; all of them are in it, for a share does not change by that.
    """
    known = "" if version is None else f" AND batch_seq <= {version}"
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
        f" SELECT age, {sums}, (SELECT count(*) FROM (SELECT DISTINCT account_id, date_from FROM early) AS d) AS days"
        " FROM steps GROUP BY age ORDER BY age"
    )


def _step(metric: str) -> str:
    """What a version adds to the one before it; null where neither has the metric."""
    before = f"lag(t.{metric}) OVER (PARTITION BY t.key_hash ORDER BY t.reported_at, t.batch_seq)"
    added = f"coalesce(t.{metric}, 0) - coalesce({before}, 0)"
    return f"CASE WHEN coalesce(t.{metric}, {before}) IS NOT NULL THEN {added} END AS {metric}"
