"""From a number back to the lines that it is made of: number -> accounts -> days -> fact versions -> raw line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from kalends.base.work import Work
from kalends.insight import engine
from kalends.insight.asking import asker
from kalends.insight.dimensions import dimension
from kalends.insight.metrics import metric as metric_of
from kalends.insight.periods import Period
from kalends.insight.query import Filter, from_handle, known_by
from kalends.insight.result import Result
from kalends.marketing import service as marketing

ACCOUNTS = ("data_source", "account_id", "currency")
MOST_TYPES = 40


@dataclass(frozen=True, slots=True)
class Trail:
    """How far back somebody has gone: each step narrows the one before."""

    handle: str
    metric: str
    data_source: str | None = None
    account_id: str | None = None
    day: date | None = None
    batch: UUID | None = None
    row: int | None = None

    def link(self, **further: object) -> str:
        """The page one step further, or at another place."""
        place = {name: getattr(self, name) for name in self.__slots__} | further
        return "/trace?" + urlencode({name: value for name, value in place.items() if value is not None})


def columns_of(name: str) -> tuple[str, ...]:
    """The sums that the metric is made of: a ratio is traced by its two parts."""
    return metric_of(name).columns


def asked(work: Work, *, handle: str, name: str) -> Result:
    """The number itself: its question again, as a total, in the state that it was first given on."""
    query, snapshot = from_handle(handle)
    metrics = tuple(dict.fromkeys((name, *columns_of(name))))
    plain = replace(query, metrics=metrics, dimensions=(), order=(), limit=None, compare_to=None)
    return engine.run(asker(work, snapshot=snapshot), plain)


def types(work: Work, *, trail: Trail) -> Result | None:
    """The same number by type of conversion, the commonest first; None where it has no types."""
    metrics = (trail.metric, *columns_of(trail.metric))
    if known_by(metrics, [dimension("conversion_type")]) != metrics:
        return None
    found = split(work, trail=trail, dimensions=("conversion_type",), order=(f"-{trail.metric}",), limit=MOST_TYPES)
    return found if any(row["conversion_type"] for row in found.rows) else None


def split(
    work: Work, *, trail: Trail, dimensions: tuple[str, ...], order: tuple[str, ...] = (), limit: int | None = None
) -> Result:
    """The same number by `dimensions`, within the trail's account; in their order unless another is named."""
    query, snapshot = from_handle(trail.handle)
    told = (("data_source", trail.data_source), ("account_id", trail.account_id))
    kept = tuple(Filter(name, (value,)) for name, value in told if value is not None)
    question = replace(
        query,
        metrics=tuple(dict.fromkeys((trail.metric, *columns_of(trail.metric)))),
        dimensions=dimensions,
        filters=(*query.filters, *kept),
        period=Period(trail.day, trail.day) if trail.day else query.period,
        order=order or dimensions[:1],
        limit=limit,
        compare_to=None,
    )
    return engine.run(asker(work, snapshot=snapshot), question)


def versions(work: Work, *, trail: Trail, limit: int, offset: int) -> list[marketing.FactVersion]:
    """What files said about the day's facts of the report that counts."""
    assert trail.day is not None
    filters = {"data_source": trail.data_source, "account_id": trail.account_id, "report": counting(work, trail=trail)}
    return marketing.lineage_of(
        work,
        metric=columns_of(trail.metric)[0],
        first=trail.day,
        last=trail.day,
        filters={name: value for name, value in filters.items() if value is not None},
        limit=limit,
        offset=offset,
    )


def counting(work: Work, *, trail: Trail) -> str | None:
    """The report that speaks for the account on the trail's day; None where it has none."""
    found = work.warehouse.execute(
        "SELECT max(report) AS report FROM daily WHERE date = $day AND data_source = $source AND account_id = $account",
        {"day": trail.day, "source": trail.data_source, "account": trail.account_id or ""},
    )
    report: str | None = found.column("report")[0].as_py()
    return report
