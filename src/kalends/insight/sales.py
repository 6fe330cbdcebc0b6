"""Sales in an answer, each once: of a day what was counted, where somebody counts every sale; else what the platforms
claim, added up. Pure: an answer by day, and what was counted, become rows and totals of the same form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from kalends.insight.comparisons import Comparison, stands_for
from kalends.insight.metrics import metric
from kalends.insight.periods import Period
from kalends.insight.sentences import amount
from kalends.insight.words import listed
from kalends.marketing.service import Counted
from kalends.marketing.words import source_name

Row = Mapping[str, Any]
RATIO: Final = ("roas", "revenue", "spend")
"""The ratio that is made of sales, its top and its bottom."""


@dataclass(frozen=True, slots=True)
class Once:
    """Rows by date and totals, as in the answer, with every sale once; and what a reader must know of them."""

    rows: Sequence[Row]
    totals: Row
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Day:
    """A metric's value on a day, and on the days that it is compared with. `teller`: who counted it, '' where platforms
    claim it. `is_alike`: both values are counted, or both are claimed; a count against a claim is no growth.
    """

    day: date
    value: float | None
    before: float | None
    teller: str
    is_alike: bool


def count_once(
    rows: Sequence[Row], totals: Row, counted: Mapping[str, Counted], *, period: Period, compared: Comparison
) -> Once:
    """The answer with what was counted. `rows` by date and `totals` have spend and what platforms claim, each with
    `_before`. A change is that of the days whose values are alike.
    """
    told = {row["date"]: dict(row) for row in rows}
    courses = {name: list(_course(name, told, found, period, compared)) for name, found in counted.items()}
    whole = dict(totals)
    for name, days in courses.items():
        for one in days:
            told.setdefault(one.day, {"date": one.day}).update({name: one.value, f"{name}_before": one.before})
        whole |= {name: _sum(one.value for one in days), f"{name}_change": _change(days)}
    name, top, bottom = RATIO
    if top in courses:
        for row in told.values():
            row[name] = _ratio(row.get(top), row.get(bottom))
        spent = ({day: _plain(row.get(key)) for day, row in told.items()} for key in (bottom, f"{bottom}_before"))
        whole |= {name: _ratio(whole[top], whole.get(bottom)), f"{name}_change": _change(courses[top], *spent)}
    notes = [note for name, days in courses.items() for note in _said_of(name, days, claimed=totals, totals=whole)]
    columns = dict.fromkeys([*(key for row in told.values() for key in row), *totals])
    return Once([{key: told[day].get(key) for key in columns} for day in sorted(told)], whole, notes)


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


def _course(
    name: str, rows: Mapping[date, Row], counted: Counted, period: Period, compared: Comparison
) -> Iterator[Day]:
    """The metric on every day of the period of which something is known."""
    earlier: dict[date, list[date]] = {}
    for day in compared.period.dates():
        earlier.setdefault(stands_for(day, comparison=compared, period=period), []).append(day)
    for day in period.dates():
        row, teller, then = rows.get(day, {}), counted.tellers.get(day, ""), earlier.get(day, [])
        was_counted = bool(then) and all(one in counted.tellers for one in then)
        value = counted.values.get(day) if teller else _plain(row.get(name))
        before = _sum(map(counted.values.get, then)) if was_counted else _plain(row.get(f"{name}_before"))
        if teller or value is not None or before is not None:
            yield Day(day, value, before, teller, is_alike=bool(teller) == was_counted)


def _said_of(name: str, days: Sequence[Day], *, claimed: Row, totals: Row) -> Iterator[str]:
    """Who counted, on how many days, and how much more is claimed."""
    tellers = Counter(one.teller for one in days if one.teller)
    rest = sum(one.value is not None for one in days if not one.teller)
    who = [source_name(teller) + (f" ({count} days)" if len(tellers) > 1 else "") for teller, count in tellers.items()]
    if not who:
        return
    others = f"; on {rest} other days what platforms claim, added up." if rest else "."
    yield f"{name.capitalize()}: every sale once, as counted by {listed(who)}{others}"
    over = _ratio(claimed.get(name), totals[name])
    if not rest and over and over > 1:
        yield f"Together the platforms claim {over - 1:.0%} more."


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
