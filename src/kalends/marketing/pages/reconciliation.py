"""The page of reconciliation: sources side by side, what holds, where they disagree, and claims without repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.pages import Choice, Paging, flash, render
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing.mapping import canonical_source
from kalends.marketing.mapping.cells import readings
from kalends.marketing.reconciliation import deciding, service, views
from kalends.marketing.reconciliation.answers import Answer, Question, ask
from kalends.marketing.reconciliation.cells import Decision, Rule
from kalends.marketing.reconciliation.sources import METRICS
from kalends.marketing.words import field_name

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
PAGE: Final = "/data/reconciliation"
SHOWN: Final = 12
SPANS: Final = (("30", "30 days"), ("90", "90 days"), ("365", "A year"))
VIEWS: Final = {"open": ("open",), "settled": ("settled",), "decided": ("decided",)}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows, as its address says it."""

    metric: Annotated[str, Query(max_length=40)] = ""
    days: Annotated[Literal["30", "90", "365"], Query()] = "90"
    view: Annotated[Literal["", "open", "settled", "decided"], Query()] = ""
    page: Annotated[int, Query(ge=1, le=10_000)] = 1

    def href(self, **other: Any) -> str:
        """The address of the page with something else shown."""
        told = {"metric": self.metric, "days": self.days, "view": self.view, "page": self.page} | other
        usual = {"days": "90", "page": 1}
        query = urlencode({name: value for name, value in told.items() if value and usual.get(name) != value})
        return f"{PAGE}?{query}" if query else PAGE

    def action(self, path: str) -> str:
        """Where a form of the page is sent, so that it comes back to what was shown."""
        _, _, query = self.href().partition("?")
        return f"{PAGE}/{path}?{query}" if query else f"{PAGE}/{path}"


Asked = Annotated[Shown, Depends()]


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody wrote into a form that could not be taken, and why. `conflict` is empty in the form of the rule."""

    error: str
    conflict: str = ""
    value: str = ""
    note: str = ""
    strategy: str = ""
    sources: str = ""


@router.get(PAGE)
def show_reconciliation(request: Request, work: Reader, asked: Asked) -> Response:
    """What holds, who says what, and where they disagree."""
    return _page(request, work, asked)


def _page(request: Request, work: Work, asked: Shown, typed: Typed | None = None) -> Response:
    """The page; with a form as it was typed, where that could not be taken."""
    status = 422 if typed else 200
    last = service.newest_day(work)
    if last is None:
        return render(request, "data/reconciliation.html", status=status, asked=asked, answer=None, writable=False)
    answer = ask(work, _question(last, asked))
    by_metric = {total.metric: total for total in answer.totals}
    metric = asked.metric if asked.metric in by_metric else next((m for m in service.USUAL if m in by_metric), "")
    total = by_metric.get(metric)
    told = total.overlap if total else None
    return render(
        request,
        "data/reconciliation.html",
        status=status,
        typed=typed,
        asked=asked,
        answer=answer,
        metric=metric,
        metrics=[
            Choice(field_name(name), asked.href(metric=name, page=1, view=""), current=name == metric)
            for name in service.USUAL
            if name in by_metric
        ],
        spans=[Choice(label, asked.href(days=days, page=1), current=days == asked.days) for days, label in SPANS],
        what=field_name(metric),
        total=total,
        headline=views.headline(total, answer) if total else {},
        sides=views.source_rows(total, answer) if total else [],
        chart=views.overlap_chart(told, metric=metric, currency=answer.currency) if told else None,
        chart_words=views.overlap_words(told, metric=metric) if told else "",
        claim_lines=views.claim_lines(told, metric=metric, currency=answer.currency) if told else [],
        notes=service.notes_of(answer, metric=metric),
        strategies=views.strategy_choices(),
        rule=deciding.rule_of(answer.rules)(metric),
        writable=request.state.permitted.may("data.write"),
        **_conflicts(answer, metric, asked),
    )


def _question(last: date, asked: Shown) -> Question:
    first = date.fromordinal(last.toordinal() - int(asked.days) + 1)
    return Question(first, last, metrics=service.USUAL)


def _conflicts(answer: Answer, metric: str, asked: Shown) -> dict[str, Any]:
    """A page of the metric's conflicts, and how many there are of each kind."""
    found = [one for one in answer.conflicts() if one.cell.metric == metric]
    counts = {name: sum(one.state in states for one in found) for name, states in VIEWS.items()}
    view: str = asked.view or next((name for name in VIEWS if counts[name]), "open")
    wanted = [one for one in found if one.state in VIEWS[view]]
    first = (asked.page - 1) * SHOWN
    shown = wanted[first : first + SHOWN]
    paging = Paging.of(asked.page, size=SHOWN, total=len(wanted), address=lambda page: asked.href(page=page))
    sources = sorted({said.source for one in wanted if one.state == "open" for said in one.said})
    return {
        "view": view,
        "counts": counts,
        "conflicts": views.conflict_rows(shown, currency=answer.currency),
        "paging": paging,
        "takers": [(source, views.called(source)) for source in sources] if view == "open" and len(wanted) > 1 else [],
        "tabs": [
            Choice(label, asked.href(view=name, page=1), current=name == view, count=counts[name])
            for name, label in (("open", "Need you"), ("settled", "Settled"), ("decided", "Decided"))
        ],
    }


@router.post(f"{PAGE}/resolve")
def resolve(
    request: Request,
    work: Writer,
    asked: Asked,
    conflict: Annotated[str, Form(max_length=600)],
    source: Annotated[str, Form(max_length=200)] = "",
    value: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Take what one source says, or a value of one's own."""
    cell = deciding.cell_of(conflict)
    try:
        choice = Decision(source=source, note=note) if source else Decision(value=_number(value), note=note)
        deciding.decide(work, cells=[cell], decision=choice)
    except deciding.BadResolutionError as error:
        return _page(request, work, asked, Typed(error.message, conflict=conflict, value=value, note=note))
    return _back(work, asked, "Decided.")


def _number(text: str) -> float:
    """A number as somebody types it, read as in files. Raises BadResolutionError for none and for two."""
    found = readings(text)
    if not found:
        raise deciding.BadResolutionError(f"“{text}” is no number; write it like 1234.50.")
    if len(found) > 1:
        small, large = found
        raise deciding.BadResolutionError(f"“{text}” can be two numbers: write {large:.15g}, or {small:.4f}.")
    if not abs(found[0]) < 1e15:
        raise deciding.BadResolutionError(f"“{text}” is too large.")
    return found[0]


@router.post(f"{PAGE}/resolve-all")
def resolve_all(work: Writer, asked: Asked, source: Annotated[str, Form(max_length=200)]) -> Response:
    """Take what one source says for every number that waits, of the metric and days shown."""
    last = service.newest_day(work)
    found = ask(work, _question(last, asked)).conflicts(("open",)) if last else []
    metric = asked.metric or (found[0].cell.metric if found else "")
    cells = [one.cell for one in found if one.cell.metric == metric and any(said.source == source for said in one.said)]
    deciding.decide(work, cells=cells, decision=Decision(source=source))
    return _back(work, asked, f"{len(cells)} decided: {views.called(source)} holds.", is_undoable=bool(cells))


@router.post(f"{PAGE}/reopen")
def reopen(work: Writer, asked: Asked, conflict: Annotated[str, Form(max_length=600)]) -> Response:
    """Take a decision back: the rule chooses again."""
    deciding.reopen(work, cells=[deciding.cell_of(conflict)])
    return _back(work, asked, "The decision was taken back.", is_undoable=False)


@router.post(f"{PAGE}/take-back")
def take_back(work: Writer, asked: Asked, at: datetime) -> Response:
    """Take back what the caller decided at one instant."""
    done = deciding.take_back(work, at=at)
    return _back(work, asked, f"{done} taken back.", is_undoable=False)


@router.post(f"{PAGE}/rule")
def set_rule(
    request: Request,
    work: Writer,
    asked: Asked,
    strategy: Annotated[str, Form(max_length=40)],
    metric: Annotated[str, Form(max_length=40)] = "",
    sources: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Settle the metric's disagreements in another way from now on. `sources`: names in order, or name=weight."""
    told = [part.strip() for part in sources.replace("\n", ",").split(",") if part.strip()]
    try:
        rule = Rule(strategy, order=_order(told), weights=_weights(told) if strategy == "weights" else ())
        deciding.set_rule(work, metric=metric if metric in METRICS else "", rule=rule)
    except deciding.BadResolutionError as error:
        return _page(request, work, asked, Typed(error.message, strategy=strategy, sources=sources))
    return _back(work, asked, "Kept. What people decided stays.", is_undoable=False)


def _order(told: Sequence[str]) -> tuple[str, ...]:
    return tuple(canonical_source(one.partition("=")[0].strip()) for one in told)


def _weights(told: Sequence[str]) -> tuple[tuple[str, float], ...]:
    pairs = [one.partition("=") for one in told]
    return tuple((canonical_source(name.strip()), _number(weight)) for name, _, weight in pairs)


def _back(work: Work, asked: Shown, text: str, *, is_undoable: bool = True) -> Response:
    """To what was shown before, with a word about what was done and a button that takes it back."""
    answer = RedirectResponse(asked.href() + "#conflicts", status_code=303)
    undo = (
        f"{asked.action('take-back')}{'&' if '?' in asked.action('') else '?'}{urlencode({'at': work.now.isoformat()})}"
    )
    flash(answer, text=text, undo=undo if is_undoable else "")
    return answer
