"""The quality pages: grades by source, the days that lose most, what was found, its rows, and the company's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.charts.trend import TrendPoint, trend
from kalends.base.pages import Choice, Paging, flash, render
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import words as data_words
from kalends.marketing.quality import results, service, standing, words
from kalends.marketing.quality.grading import letter
from kalends.marketing.quality.overview import Overview, overview, words_of
from kalends.marketing.quality.results import Wanted
from kalends.marketing.quality.rules import EXAMPLE, BadRulesError

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
PAGE: Final = "/data/quality"
SHOWN: Final = 25
PERIODS: Final = ((30, "30 days"), (90, "90 days"), (365, "A year"))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows, as its address says it."""

    days: Annotated[int, Query(ge=1, le=1000)] = 90
    source: Annotated[str, Query(max_length=100)] = ""
    severity: Annotated[str, Query(max_length=20)] = ""
    check: Annotated[str, Query(max_length=60)] = ""
    page: Annotated[int, Query(ge=1, le=100_000)] = 1

    def query(self, **other: Any) -> str:
        """The address's query with something else shown."""
        usual = {"days": 90, "page": 1}
        said = {name: getattr(self, name) for name in ("days", "source", "severity", "check")} | other
        return urlencode({name: value for name, value in said.items() if value and usual.get(name) != value})

    def href(self, then: str = "", **other: Any) -> str:
        """The page's address with something else shown."""
        query = self.query(**other)
        return f"{PAGE}?{query}{then}" if query else f"{PAGE}{then}"

    def action(self, path: str) -> str:
        """Where a form of the page is sent, so that it comes back to what was shown."""
        query = self.query(page=self.page)
        return f"{PAGE}/{path}?{query}" if query else f"{PAGE}/{path}"


Asked = Annotated[Shown, Depends()]


@router.get(PAGE)
def show_quality(request: Request, work: Reader, asked: Asked) -> Response:
    """Grades of the newest days, and what was found on them."""
    known, is_checking = standing.newest_days(work, count=asked.days), service.is_being_checked(work)
    if known is None:
        may_write = _may_write(request)
        return render(request, "data/quality.html", empty=True, checking=is_checking, asked=asked, may_write=may_write)
    first, last = known
    wanted = Wanted(
        first=first,
        last=last,
        data_source=asked.source or None,
        severity=asked.severity or None,
        check_name=asked.check or None,
    )
    found = overview(work, first=first, last=last)
    total = results.count(work, wanted)
    return render(
        request,
        "data/quality.html",
        empty=False,
        checking=is_checking,
        found=found,
        asked=asked,
        drawing=_drawing(found, asked.source),
        findings=results.findings(work, wanted, limit=SHOWN, offset=(asked.page - 1) * SHOWN),
        paging=Paging.of(asked.page, size=SHOWN, total=total, address=lambda page: asked.href("#findings", page=page)),
        periods=[Choice(label, asked.href(days=days), current=asked.days == days) for days, label in PERIODS],
        filters=_filters(asked, total),
        says=words_of(work),
        words=words,
        letter=letter,
        source_name=data_words.source_name,
        counted=data_words.count,
        may_write=_may_write(request),
    )


@router.get(f"{PAGE}/findings/{{finding}}")
def show_rows(
    request: Request, work: Reader, finding: str, page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> Response:
    """One finding, and the rows that it is about."""
    found = service.get_finding(work, finding=finding)
    rows, total = service.rows_of(work, found, limit=SHOWN, offset=(page - 1) * SHOWN)
    told = [name for name in service.SHOWN if any(row[name] not in {None, "", "{}"} for row in rows)]
    return render(
        request,
        "data/quality_finding.html",
        finding=found,
        rows=rows,
        columns=told,
        paging=Paging.of(
            page, size=SHOWN, total=total, address=lambda number: f"{PAGE}/findings/{finding}?page={number}"
        ),
        says=words_of(work),
        words=words,
        data_words=data_words,
        may_write=_may_write(request),
    )


@router.post(f"{PAGE}/findings/{{finding}}/right")
def call_right(work: Writer, asked: Asked, finding: str, note: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """The numbers are right: the finding counts no more."""
    service.acknowledge(work, finding=finding, note=note)
    answer = RedirectResponse(asked.href("#findings", page=asked.page), status_code=303)
    flash(answer, text="It counts no more.", undo=asked.action(f"findings/{finding}/take-back"))
    return answer


@router.post(f"{PAGE}/findings/{{finding}}/take-back")
def take_back(work: Writer, asked: Asked, finding: str) -> Response:
    """The finding counts again."""
    service.take_back(work, finding=finding)
    answer = RedirectResponse(asked.href("#findings", page=asked.page), status_code=303)
    flash(answer, text="It counts again.")
    return answer


@router.get(f"{PAGE}/rules")
def show_rules(request: Request, work: Reader) -> Response:
    """The company's own rules."""
    rules = service.rules_of(work)
    return _rules(request, text=rules.text if rules else EXAMPLE, version=rules.version if rules else 0)


@router.post(f"{PAGE}/rules")
def keep_rules(request: Request, work: Writer, text: Annotated[str, Form(max_length=100_000)] = "") -> Response:
    """Keep them, or say what is wrong with them and lose nothing of what was written."""
    before = service.rules_of(work)
    try:
        rules = service.put_rules(work, text=text.replace("\r\n", "\n"))
    except BadRulesError as error:
        wrong = {f"line-{place}": f"Line {each['line']}: {each['what']}" for place, each in
                 enumerate(error.details.get("errors", []))} or {"text": error.message}  # fmt: skip
        return _rules(request, text=text, version=before.version if before else 0, errors=wrong, status=422)
    answer = RedirectResponse(f"{PAGE}/rules", status_code=303)
    flash(answer, text=f"Kept as version {rules.version}. Everything is being checked by it.")
    return answer


def _rules(
    request: Request, *, text: str, version: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "data/quality_rules.html",
        status=status,
        text=text,
        version=version,
        errors=errors or {},
        may_write=_may_write(request),
    )


def _drawing(found: Overview, source: str) -> dict[str, Any] | None:
    """The course of the chosen source's score; of the only one, where there is one."""
    chosen = [each for each in found.sources if each.name == source] or (
        list(found.sources) if len(found.sources) == 1 else []
    )
    if not chosen or len(chosen[0].course) < 2:
        return None
    points = [
        TrendPoint(start=day.date, value=None if day.grade.score is None else round(100 * day.grade.score, 1))
        for day in chosen[0].course
    ]
    return trend(points=points, label="Score", now_label=data_words.source_name(chosen[0].name), height=180)


def _filters(asked: Shown, total: int) -> list[Choice]:
    labels = (("", "All"), ("critical", "Critical"), ("major", "Major"), ("minor", "Minor"))
    return [
        Choice(label, asked.href("#findings", severity=name), current=asked.severity == name,
               count=total if asked.severity == name else None)
        for name, label in labels
    ]  # fmt: skip


def _may_write(request: Request) -> bool:
    return bool(request.state.permitted.may("data.write"))
