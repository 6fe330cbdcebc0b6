"""Quality at a glance: each source's grade and course, the worst days, and what is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from kalends.base.work import Work
from kalends.marketing.quality import results
from kalends.marketing.quality.checks import ROW_CHECKS
from kalends.marketing.quality.daychecks import DAY_CHECKS
from kalends.marketing.quality.grading import Day, Finding, mean_of
from kalends.marketing.quality.service import own_rules
from kalends.marketing.quality.setchecks import SET_CHECKS
from kalends.methods.grades import Grade

WORST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One day of a source."""

    date: date
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source over the days: its grade, its course, and how many findings count."""

    name: str
    grade: Grade
    days: int
    accounts: int
    findings: int
    critical: int
    course: tuple[Course, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All sources, and the days that cost most."""

    first: date
    last: date
    sources: tuple[Source, ...]
    worst: tuple[tuple[Day, tuple[Finding, ...]], ...]


def overview(work: Work, *, first: date, last: date, data_source: str | None = None) -> Overview:
    """Every source between two days, both included."""
    days, found = results.days(work, first=first, last=last, data_source=data_source)
    by_source: dict[str, list[Day]] = defaultdict(list)
    for day in days:
        by_source[day.data_source].append(day)
    counting = [finding for finding in found if finding.acknowledged_by is None]
    sources = tuple(_source(name, mine, counting) for name, mine in sorted(by_source.items()))
    return Overview(first=first, last=last, sources=sources, worst=_worst(days, counting))


def _source(name: str, days: Sequence[Day], findings: Iterable[Finding]) -> Source:
    by_date: dict[date, list[Day]] = defaultdict(list)
    for day in days:
        by_date[day.date].append(day)
    mine = [finding for finding in findings if finding.data_source == name]
    return Source(
        name=name,
        grade=mean_of(days),
        days=len(by_date),
        accounts=len({day.account_id for day in days}),
        findings=len(mine),
        critical=sum(finding.severity == "critical" for finding in mine),
        course=tuple(Course(date=day, grade=mean_of(same)) for day, same in sorted(by_date.items())),
    )


def _worst(days: Sequence[Day], findings: Iterable[Finding]) -> tuple[tuple[Day, tuple[Finding, ...]], ...]:
    """The days that lose most: what they lack of a full score, by what was spent on them."""
    by_day: dict[tuple[str, str, date], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_day[finding.data_source, finding.account_id, finding.date].append(finding)
    usual = sum(day.weight for day in days) / max(len(days), 1)
    lossy = [day for day in days if day.grade.score is not None and day.grade.score < 1]
    # A day's own weight may be what is wrong with it: a thousandfold spend must not outweigh all others for ever.
    lossy.sort(key=lambda day: (-(1 - (day.grade.score or 0)) * min(day.weight or usual, 10 * usual), day.date))
    return tuple((day, tuple(by_day[day.data_source, day.account_id, day.date])) for day in lossy[:WORST])


def words_of(work: Work) -> dict[str, str]:
    """By check, what it says is wrong."""
    every: tuple[Any, ...] = (*ROW_CHECKS, *SET_CHECKS, *DAY_CHECKS, *own_rules(work))
    return {check.name: check.says for check in every}
