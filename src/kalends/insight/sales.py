"""Sales in an answer, each once: what was counted, where somebody counts every sale; else what the platforms claim,
added up. A count and a claim are never mixed. Pure: an answer by day, and what was counted, become rows and totals of
the same form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from kalends.base.formats import percent
from kalends.insight.comparisons import Comparison, stands_for
from kalends.insight.metrics import metric
from kalends.insight.periods import Period
from kalends.insight.sentences import amount
from kalends.insight.words import listed
from kalends.marketing.service import Counted
from kalends.marketing.words import source_name

Row = Mapping[str, Any]
LITTLE: Final = 0.005
"""A share that nobody needs to be told of."""
ABSURD: Final = 1_000
"""So many times what was counted is no claim on it: the two are not of one thing."""
RATIO: Final = ("roas", "revenue", "spend")
"""The ratio that is made of sales, its top and its bottom."""


@dataclass(frozen=True, slots=True)
class Once:
    """Rows by date and totals, as in the answer, with every sale once; and what a reader must know of them. `counted`:
    the metrics that are counted, and not what platforms claim.
    """

    rows: Sequence[Row]
    totals: Row
    notes: Sequence[str] = ()
    counted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A counted day: how much, and how much on those that it is compared with. `is_alike`: they were counted, too."""

    day: date
    value: float | None
    before: float | None
    is_alike: bool


def count_once(
    rows: Sequence[Row], totals: Row, counted: Mapping[str, Counted], *, period: Period, compared: Comparison | None
) -> Once:
    """The answer with what was counted, of metrics of which most days are. `rows` by date and `totals` have spend and
    what platforms claim, each with `_before`. Days that nobody has counted are left out, and a change is that of the
    days of which both values are counted.
    """
    told = {row["date"]: dict(row) for row in rows}
    courses = {
        name: list(_course(found, period, compared))
        for name, found in counted.items()
        if _most(name, told, found, period)
    }
    notes = list(_said_of(courses, told, counted))
    whole = dict(totals)
    for name, days in courses.items():
        for row in told.values():
            row |= {name: None, f"{name}_before": None}
        for one in days:
            told.setdefault(one.day, {"date": one.day}).update({name: one.value, f"{name}_before": one.before})
        before = _sum(one.before for one in days) if all(one.is_alike for one in days) else None
        value = _sum(one.value for one in days)
        whole |= {name: value, f"{name}_before": before, f"{name}_change": _change(days)}
    name, top, bottom = RATIO
    if top in courses:
        for row in told.values():
            row[name] = _ratio(row.get(top), row.get(bottom))
        spent, then = ({day: _plain(row.get(key)) for day, row in told.items()} for key in (bottom, f"{bottom}_before"))
        own, earlier = (_sum(held.get(one.day) for one in courses[top]) for held in (spent, then))
        whole |= {
            name: _ratio(whole[top], own),
            f"{name}_before": _ratio(whole[f"{top}_before"], earlier),
            f"{name}_change": _change(courses[top], spent, then),
        }
    columns = dict.fromkeys([*(key for row in told.values() for key in row), *totals])
    return Once([{key: told[day].get(key) for key in columns} for day in sorted(told)], whole, notes, tuple(courses))


def _most(name: str, rows: Mapping[date, Row], counted: Counted, period: Period) -> bool:
    """Whether at least as many days are counted as are only claimed."""
    days = {day for day in counted.tellers if period.start <= day <= period.end}
    return bool(days) and len(days) >= sum(row.get(name) is not None for day, row in rows.items() if day not in days)


def told_of(
    counted: Mapping[str, Counted], *, metrics: Iterable[str], period: Period, currency: str | None
) -> tuple[str, ...]:
    """Beside an answer of what platforms claim: what was counted of the metrics in the period, and by whom."""
    said = []
    for name in metrics:
        sold = counted.get(name, Counted())
        days = [day for day in sold.tellers if period.start <= day <= period.end]
        total = _sum(sold.values.get(day) for day in days)
        if total is not None:
            who = listed(list(dict.fromkeys(source_name(sold.tellers[day]) for day in days)))
            told = amount(total, metric(name), currency)
            said.append(f"{metric(name).label}: {told} was counted by {who} on {len(days)} of {period.days} days.")
    return tuple(said)


def _course(counted: Counted, period: Period, compared: Comparison | None) -> Iterator[Day]:
    """The days of the period that are counted."""
    earlier: dict[date, list[date]] = {}
    if compared is not None:
        for day in compared.period.dates():
            earlier.setdefault(stands_for(day, comparison=compared, period=period), []).append(day)
    for day in period.dates():
        if day in counted.tellers:
            then = earlier.get(day, [])
            was_counted = bool(then) and all(one in counted.tellers for one in then)
            before = _sum(map(counted.values.get, then)) if was_counted else None
            yield Day(day, counted.values.get(day), before, was_counted)


def _said_of(
    courses: Mapping[str, Sequence[Day]], claimed: Mapping[date, Row], counted: Mapping[str, Counted]
) -> Iterator[str]:
    """Who counted, which days nobody did, and how much more is claimed."""
    alike: dict[str, list[str]] = {}
    for name, days in courses.items():
        tellers = Counter(counted[name].tellers[one.day] for one in days)
        several = len(tellers) > 1
        who = [source_name(one) + (f" ({_days(count)})" if several else "") for one, count in tellers.items()]
        told = {one.day for one in days}
        rest = sum(row.get(name) is not None for day, row in claimed.items() if day not in told)
        left = f"; {_days(rest)} that nobody has counted yet left out" if rest else ""
        alike.setdefault(f"every sale once, as counted by {listed(who)}{left}.", []).append(name)
    for told_so, names in alike.items():
        yield f"{listed(names).capitalize()}: {told_so}"
    over: list[str] = []
    for name, days in courses.items():
        claims = _ratio(
            _sum(_plain(claimed.get(one.day, {}).get(name)) for one in days), _sum(one.value for one in days)
        )
        if claims is not None and 1 + LITTLE < claims < ABSURD:
            over.append(f"{percent(claims - 1, digits=0)} more {name}")
    if over:
        yield f"Together the platforms claim {listed(over)}."


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _ratio(top: Any, bottom: Any) -> float | None:
    return float(top) / float(bottom) if top is not None and bottom else None


def _change(
    days: Sequence[Day],
    spent: Mapping[date, float | None] | None = None,
    spent_before: Mapping[date, float | None] | None = None,
) -> float | None:
    """By how much the values grew on the days that are alike; with what was `spent`, the values for each unit of it."""
    alike = [one for one in days if one.is_alike]
    now, before = _sum(one.value for one in alike), _sum(one.before for one in alike)
    if spent is not None and spent_before is not None:
        now = _ratio(now, _sum(spent.get(one.day) for one in alike))
        before = _ratio(before, _sum(spent_before.get(one.day) for one in alike))
    grown = _ratio(now, before)
    return None if grown is None else grown - 1
