"""Grades out of what was measured and found: gate first, then grade, and coverage apart.

A day's grade is the share of its weight (spend, and a cent a row) whose rows pass every check; each major finding about
the day as a whole takes a fifth of it, each minor one a twentieth. A critical finding is a gate: whatever the grade, no
more than `CAP` is left, and it is named. What people acknowledged does not count. More faults never raise a score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any, Final

from kalends.marketing.quality.checks import DIMENSIONS
from kalends.methods.grades import CAP, Grade

LOSS: Final = {"major": 0.8, "minor": 0.95}
"""What a finding about a whole day leaves of its grade."""

MOST: Final = 10
"""No day weighs more than so many middling ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found on one account-day."""

    id: str
    data_source: str
    account_id: str
    date: date
    check: str
    dimension: str
    severity: str
    kind: str
    report: str = ""
    subject: str = ""
    rows: int | None = None
    observed: float | None = None
    expected: float | None = None
    detail: str = ""
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One account-day: what was measured, what counts against it, and its grade."""

    data_source: str
    account_id: str
    date: date
    rows: int
    failing: int
    weight: float
    grade: Grade


def day_of(measured: dict[str, Any], findings: Sequence[Finding]) -> Day:
    """The day with its grade; `findings` are those of this day, also the acknowledged ones."""
    return Day(
        data_source=measured["data_source"],
        account_id=measured["account_id"],
        date=measured["date"],
        rows=measured["rows"],
        failing=measured["failing"],
        weight=measured["weight"],
        grade=grade_of(measured, findings),
    )


def grade_of(measured: dict[str, Any], findings: Sequence[Finding]) -> Grade:
    """The grade of one account-day."""
    counting = [finding for finding in findings if finding.acknowledged_by is None]
    evidence = [name for name in str(measured["evidence"]).split(",") if name]
    coverage = len(evidence) / len(DIMENSIONS)
    gates = tuple(sorted({finding.check for finding in counting if finding.severity == "critical"}))
    if not measured["rows"]:
        # A day that should have rows has none: nothing of it is right. Called right, it is no day to be graded.
        return Grade(0.0 if gates else None, coverage, gates)
    share = measured["good"] / measured["weight"] if measured["weight"] else 0.0
    if not any(finding.kind == "row" for finding in counting):
        share = 1.0
    for finding in {(each.check, each.severity) for each in counting if each.kind == "day"}:
        share *= LOSS.get(finding[1], 1.0)
    return Grade(min(share, CAP) if gates else share, coverage, gates)


def mean_of(days: Iterable[Day]) -> Grade:
    """The grade of many days, by their weight; the gates of any. None is known where no day has a grade."""
    found = list(days)
    graded = [(day.weight, day.grade.score) for day in found if day.grade.score is not None]
    # A day that should be there weighs as the others do on average: it has no spend to weigh by.
    usual = sum(weight for weight, _ in graded) / max(sum(weight > 0 for weight, _ in graded), 1) or 1.0
    weights = [weight or usual for weight, _ in graded]
    # A day's own weight may be what is wrong with it: a thousandfold spend must not outweigh all others.
    most = MOST * median(weights) if weights else 0.0
    weights = [min(weight, most) for weight in weights]
    coverage = sum(day.grade.coverage for day in found) / len(found) if found else 0.0
    gates = tuple(sorted({gate for day in found for gate in day.grade.failed}))
    if not graded:
        return Grade(None, coverage, gates)
    score = sum(weight * score for weight, (_, score) in zip(weights, graded, strict=True)) / sum(weights)
    return Grade(score, coverage, gates)


def letter(score: float | None) -> str:
    """The score (0 to 1) as people say it."""
    if score is None:
        return "–"
    return next(
        name for name, least in (("A", 0.97), ("B", 0.9), ("C", 0.75), ("D", CAP), ("E", -1.0)) if score > least
    )
