"""Quality over HTTP: grades, what was found and on which rows, the company's rules, and what people say of findings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from kalends.base.errors import BadInputError
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing.mapping import canonical_source
from kalends.marketing.quality import results, service
from kalends.marketing.quality.checks import Dimension, Severity
from kalends.marketing.quality.overview import overview, words_of
from kalends.marketing.quality.reference import every_check
from kalends.marketing.quality.results import Wanted
from kalends.marketing.quality.rules import EXAMPLE
from kalends.marketing.quality.schemas import (
    BatchGradeOut,
    CheckOut,
    FindingOut,
    FindingsOut,
    NoteIn,
    QualityOut,
    RowsOut,
    RulesIn,
    RulesOut,
)

router = APIRouter(prefix="/marketing/quality", tags=["marketing"])

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
USUAL_DAYS = 90
LONGEST = 1100
"""Days; three years. Grades are made of every day's findings when they are asked for."""


class BadSpanError(BadInputError):
    """The last day comes before the first, or there are more than 1,100 days between them."""

    code = "bad_span"


def span_of(work: Work, first: date | None, last: date | None) -> tuple[date, date]:
    """The asked days; without any, the last ninety that were scored. Raises BadSpanError."""
    known = results.span(work)
    end = last or (known[1] if known else service.today_of(work))
    begin = first or (end - timedelta(days=USUAL_DAYS - 1) if end.toordinal() > USUAL_DAYS else end)
    if begin > end or (end - begin).days >= LONGEST:
        raise BadSpanError
    return begin, end


First = Annotated[date | None, Query(description="Without it, ninety days before the last.")]
Last = Annotated[date | None, Query(description="Without it, the newest day that was scored.")]
Name = Annotated[str | None, Query(max_length=200)]


@router.get("")
def read_quality(
    work: Reader, date_range_start: First = None, date_range_end: Last = None, data_source: Name = None
) -> QualityOut:
    """How right each source's numbers are, day by day, and the days that lose most."""
    first, last = span_of(work, date_range_start, date_range_end)
    source = canonical_source(data_source) if data_source else None
    found = overview(work, first=first, last=last, data_source=source)
    return QualityOut.of(found, rules=results.scored_rules(work), words=words_of(work))


@router.get("/checks")
def read_checks(work: Reader) -> list[CheckOut]:
    """Every check that is asked, the company's own last."""
    return [
        CheckOut(name=check.name, kind=kind, dimension=check.dimension, severity=check.severity, says=check.says)
        for kind, check in every_check(service.own_rules(work))
    ]


@router.get("/findings")
def read_findings(
    work: Reader,
    date_range_start: First = None,
    date_range_end: Last = None,
    data_source: Name = None,
    account_id: Name = None,
    check: Name = None,
    severity: Severity | None = None,
    dimension: Dimension | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> FindingsOut:
    """What checks found, the gravest first, then the newest; also what somebody called right."""
    first, last = span_of(work, date_range_start, date_range_end)
    wanted = Wanted(
        first=first,
        last=last,
        data_source=canonical_source(data_source) if data_source else None,
        account_id=account_id,
        check_name=check,
        severity=severity,
        dimension=dimension,
    )
    words = words_of(work)
    found = results.findings(work, wanted, limit=limit, offset=offset)
    return FindingsOut(findings=[FindingOut.of(finding, words) for finding in found], total=results.count(work, wanted))


@router.get("/findings/{finding}/rows")
def read_rows(
    work: Reader,
    finding: str,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> RowsOut:
    """The rows that a finding is about."""
    found = service.get_finding(work, finding=finding)
    rows, total = service.rows_of(work, found, limit=limit, offset=offset)
    return RowsOut(finding=FindingOut.of(found, words_of(work)), rows=rows, total=total)


@router.put("/findings/{finding}/acknowledgement")
def put_acknowledgement(work: Writer, finding: str, body: NoteIn) -> FindingOut:
    """Say that the numbers are right; the finding counts no more."""
    return FindingOut.of(service.acknowledge(work, finding=finding, note=body.note), words_of(work))


@router.delete("/findings/{finding}/acknowledgement", status_code=204)
def delete_acknowledgement(work: Writer, finding: str) -> None:
    """Take that back; the finding counts again."""
    service.take_back(work, finding=finding)


@router.get("/rules")
def read_rules(work: Reader) -> RulesOut:
    """The company's own rules."""
    rules = service.rules_of(work)
    return RulesOut(version=rules.version, text=rules.text) if rules else RulesOut(version=0, text=EXAMPLE)


@router.put("/rules")
def put_rules(work: Writer, body: RulesIn) -> RulesOut:
    """Keep these rules in place of the old ones; everything is scored by them in the background."""
    rules = service.put_rules(work, text=body.text)
    return RulesOut(version=rules.version, text=rules.text)


@router.get("/batches/{batch_id}")
def read_batch(work: Reader, batch_id: UUID) -> BatchGradeOut:
    """What the rows of a batch that hold today are worth."""
    return BatchGradeOut(**service.batch_grade(work, batch_id=batch_id))
