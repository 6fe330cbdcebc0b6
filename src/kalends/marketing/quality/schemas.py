"""Quality as it travels: grades from 0 to 100, null where nothing is known."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from kalends.marketing.quality.grading import Day, Finding, letter
from kalends.marketing.quality.overview import Overview, Source
from kalends.methods.grades import Grade


class GradeOut(BaseModel):
    """How right something is."""

    score: float | None = Field(description="0 to 100; at most 50 where a gate failed; null: nothing is known.")
    letter: str
    coverage: float = Field(description="0 to 100: of how much there was anything to judge by.")
    gates: list[str] = Field(description="The critical checks that failed.")

    @classmethod
    def of(cls, grade: Grade) -> GradeOut:
        """The grade as it travels."""
        told = grade.plain()
        return cls(score=told["score"], letter=letter(grade.score), coverage=told["coverage"], gates=told["failed"])


class FindingOut(BaseModel):
    """Something that a check found on one account-day."""

    id: str
    data_source: str
    account_id: str
    date: dt.date
    check: str
    says: str
    dimension: str
    severity: str
    report: str
    subject: str
    rows: int | None
    observed: float | None
    expected: float | None
    detail: str
    acknowledged_by: str | None

    @classmethod
    def of(cls, finding: Finding, words: dict[str, str]) -> FindingOut:
        """The finding as it travels."""
        told = {name: getattr(finding, name) for name in cls.model_fields if name != "says"}
        return cls(**told, says=words.get(finding.check, finding.check))


class DayOut(BaseModel):
    """One account-day."""

    data_source: str
    account_id: str
    date: dt.date
    rows: int
    failing: int
    grade: GradeOut
    findings: list[FindingOut] = []

    @classmethod
    def of(cls, day: Day, findings: list[FindingOut]) -> DayOut:
        """The day as it travels."""
        told = {name: getattr(day, name) for name in ("data_source", "account_id", "date", "rows", "failing")}
        return cls(**told, grade=GradeOut.of(day.grade), findings=findings)


class CourseOut(BaseModel):
    """One day of a source."""

    date: dt.date
    score: float | None
    coverage: float


class SourceOut(BaseModel):
    """One source."""

    data_source: str
    grade: GradeOut
    days: int
    accounts: int
    findings: int
    critical: int
    trend: list[CourseOut]

    @classmethod
    def of(cls, source: Source) -> SourceOut:
        """The source as it travels."""
        trend = [
            CourseOut(date=each.date, **{name: each.grade.plain()[name] for name in ("score", "coverage")})
            for each in source.course
        ]
        told = {name: getattr(source, name) for name in ("days", "accounts", "findings", "critical")}
        return cls(data_source=source.name, grade=GradeOut.of(source.grade), trend=trend, **told)


class QualityOut(BaseModel):
    """All sources between two days, and the days that lose most."""

    date_range_start: dt.date
    date_range_end: dt.date
    rules: str | None = Field(description="Version of checks and of the company's rules; null: nothing scored yet.")
    sources: list[SourceOut]
    worst: list[DayOut]

    @classmethod
    def of(cls, found: Overview, *, rules: str | None, words: dict[str, str]) -> QualityOut:
        """The overview as it travels."""
        return cls(
            date_range_start=found.first,
            date_range_end=found.last,
            rules=rules,
            sources=[SourceOut.of(source) for source in found.sources],
            worst=[
                DayOut.of(day, [FindingOut.of(finding, words) for finding in findings]) for day, findings in found.worst
            ],
        )


class FindingsOut(BaseModel):
    """A page of findings, and how many there are."""

    findings: list[FindingOut]
    total: int


class RowsOut(BaseModel):
    """The rows that a finding is about, and how many there are."""

    finding: FindingOut
    rows: list[dict[str, Any]]
    total: int


class NoteIn(BaseModel):
    """Why the numbers are right."""

    note: str = Field("", max_length=1000)


class RulesIn(BaseModel):
    """The company's own rules, in YAML."""

    text: str = Field(max_length=100_000)


class RulesOut(BaseModel):
    """The company's own rules; version 0: there are none yet, and `text` is an example."""

    version: int
    text: str


class BatchGradeOut(BaseModel):
    """What the rows of a batch that hold today are worth."""

    batch_id: UUID
    rows: int
    quarantined: int
    score: float | None = Field(description="0 to 100; null: none of its rows holds any more.")
    checks: dict[str, int] = Field(description="By check, how many rows fail it.")


class CheckOut(BaseModel):
    """One check."""

    name: str
    kind: str
    dimension: str
    severity: str
    says: str
