"""The page of conflicts: what calendars say side by side, how a person settles it, and how the rest is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kalends.base.forms import SentForm
from kalends.base.pages import Paging, flash, render
from kalends.base.work import Work
from kalends.calendar import causes, conflicts, pairs, policies, sources
from kalends.calendar.conflictrows import UNDECIDED
from kalends.calendar.conflictviews import (
    FIELD_WORDS,
    field_choices,
    own_values,
    pair_shown,
    policy_choices,
    shown,
)
from kalends.calendar.consolidation import Policy
from kalends.identity.service import permit

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]
SHOWN: Final = 50
PAGE: Final = "/calendar-conflicts"
DONE: Final = ("settled", "decided")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows, as its address says it: which view, which conflicts, from where on."""

    view: Annotated[Literal["open", "pairs", "settled"], Query()] = "open"
    source: Annotated[str, Query(max_length=100)] = ""
    fields: Annotated[str, Query(max_length=60)] = ""
    severity: Annotated[Literal["", "low", "medium", "high", "critical"], Query()] = ""
    page: Annotated[int, Query(ge=1, le=10_000)] = 1

    def wanted(self) -> conflicts.ConflictFilter:
        """The conflicts that are shown."""
        states = DONE if self.view == "settled" else UNDECIDED
        return conflicts.ConflictFilter(states, self.source or None, self.fields or None, self.severity or None)

    def href(self, **other: Any) -> str:
        """The address of the page with something else shown."""
        said = {"view": self.view, "source": self.source, "fields": self.fields, "severity": self.severity}
        said |= {"page": self.page} | other
        usual = {"view": "open", "page": 1}
        query = urlencode({name: value for name, value in said.items() if value and usual.get(name) != value})
        return f"{PAGE}?{query}" if query else PAGE

    def action(self, path: str) -> str:
        """Where a form of the page is sent, so that it comes back to what was shown."""
        _, _, query = self.href().partition("?")
        return f"{PAGE}/{path}?{query}" if query else f"{PAGE}/{path}"


Asked = Annotated[Shown, Depends()]


@router.get(PAGE)
def show_conflicts(request: Request, work: Reader, asked: Asked) -> Response:
    """What waits for a person, or what was settled: each conflict with what every source says."""
    labels = {source.name: source.label for source in sources.list_sources(work)}
    policy = policies.get_policy(work)
    return render(
        request,
        "calendar/conflicts.html",
        asked=asked,
        counts=conflicts.count_conflicts(work),
        pair_counts=pairs.count_pairs(work),
        labels=labels,
        field_words=FIELD_WORDS,
        writable=request.state.permitted.may("calendar.write"),
        approver=conflicts.may_approve(work),
        policy=policy,
        strategies=policy_choices(policy.policy),
        by_fields=field_choices(policy.policy),
        **(_pairs(work, labels) if asked.view == "pairs" else _conflicts(work, asked, labels)),
    )


def _conflicts(work: Work, asked: Shown, labels: dict[str, str]) -> dict[str, Any]:
    """A page of conflicts, and what can be settled together."""
    first = (asked.page - 1) * SHOWN
    found = conflicts.list_conflicts(work, wanted=asked.wanted(), limit=SHOWN, offset=first)
    total = conflicts.count_wanted(work, wanted=asked.wanted())
    is_open = asked.view == "open"
    paging = Paging.of(asked.page, size=SHOWN, total=total, address=lambda page: asked.href(page=page))
    known = causes.shared_causes(work) if is_open else ()
    return {
        "conflicts": [shown(view, labels) for view in found],
        "pairs": [],
        "paging": paging,
        "causes": [causes.plain_cause(cause, label=labels.get(cause.source, cause.source)) for cause in known],
        "safe": len(conflicts.safe(work)) if is_open else 0,
    }


def _pairs(work: Work, labels: dict[str, str]) -> dict[str, Any]:
    """Pairs that wait for an answer, then those that have one."""
    found = pairs.list_pairs(work, limit=SHOWN)
    answered = pairs.list_pairs(work, states=pairs.ANSWERED, limit=SHOWN)
    told: Sequence[dict[str, Any]] = [pair_shown(pair, labels) for pair in (*found, *answered)]
    return {"conflicts": [], "pairs": told, "paging": None, "causes": [], "safe": 0}


def _back(work: Work, asked: Shown, text: str, *, is_undoable: bool = True, then: str = "") -> Response:
    """To what was shown before, with a word about what was done and a button that takes it back."""
    answer = RedirectResponse(asked.href() + then, status_code=303)
    undo = f"{PAGE}/take-back?{urlencode({'at': work.now.isoformat()})}" if is_undoable else ""
    flash(answer, text=text, undo=undo)
    return answer


def counted(count: int, one: str, many: str) -> str:
    """As in '1 choice' and '3 choices'."""
    return f"{count:,} {one if count == 1 else many}"


@router.post(f"{PAGE}/accept-safe")
def accept_safe(work: Writer, asked: Asked) -> Response:
    """Accept every waiting choice that is sure enough."""
    done = conflicts.accept_safe(work)
    return _back(work, asked, f"{counted(len(done), 'choice was', 'choices were')} accepted.", is_undoable=bool(done))


@router.post(f"{PAGE}/cause")
def settle_cause(
    work: Writer, asked: Asked, key: Annotated[str, Form()], take: Annotated[causes.Take, Form()] = "others"
) -> Response:
    """Settle all that one cause explains."""
    done = causes.settle_cause(work, key=key, take=take)
    words = f"{counted(len(done), 'difference was', 'differences were')} settled together."
    return _back(work, asked, words, is_undoable=bool(done))


@router.post(f"{PAGE}/take-back")
def take_back(work: Writer, asked: Asked, at: datetime) -> Response:
    """Take back what was settled at one instant: a single choice, or many together."""
    done = conflicts.take_back(work, at=at)
    return _back(work, asked, f"{counted(len(done), 'choice was', 'choices were')} taken back.", is_undoable=False)


@router.post(f"{PAGE}/policy")
def set_policy(work: Writer, asked: Asked, form: SentForm) -> Response:
    """Settle differences in another way from now on; what no person decided is decided anew."""
    done = policies.set_policy(work, policy=_policy(form), priorities=_priorities(form))
    text = f"Kept. {counted(done.events, 'event was', 'events were')} looked at anew; what people decided stays."
    return _back(work, asked, text, is_undoable=False)


def _policy(form: FormData) -> Policy:
    by_group = {
        name.removeprefix("for-"): str(value) for name, value in form.items() if name.startswith("for-") and value
    }
    return Policy(str(form.get("strategy", "")), by_group)


def _priorities(form: FormData) -> dict[str, int]:
    said = {name.removeprefix("place-"): str(value) for name, value in form.items() if name.startswith("place-")}
    return {name: int(value) for name, value in said.items() if value.isdigit() and int(value) <= 1_000}


@router.post(f"{PAGE}/pairs/{{pair_id}}/answer")
def answer_pair(work: Writer, asked: Asked, pair_id: UUID, answer: Annotated[pairs.Answer, Form()]) -> Response:
    """Say whether two entries are one event."""
    pairs.answer_pair(work, pair_id=pair_id, answer=answer)
    reply = RedirectResponse(asked.href(), status_code=303)
    text = "They are one event now." if answer == "same" else "They stay two events."
    flash(reply, text=text, undo=f"{PAGE}/pairs/{pair_id}/reopen?view=pairs")
    return reply


@router.post(f"{PAGE}/pairs/{{pair_id}}/reopen")
def reopen_pair(work: Writer, asked: Asked, pair_id: UUID) -> Response:
    """Take an answer back."""
    pairs.reopen_pair(work, pair_id=pair_id)
    return _back(work, asked, "The answer was taken back.", is_undoable=False)


@router.post(f"{PAGE}/{{conflict_id}}/decide")
def decide(work: Writer, asked: Asked, conflict_id: UUID, form: SentForm) -> Response:
    """Take what a source says, a value of one's own, or accept what was chosen."""
    group = conflicts.get_conflict(work, conflict_id=conflict_id).conflict.field_group
    fields = own_values(group, form) if form.get("own") else None
    view = conflicts.decide(work, conflict_id=conflict_id, source=str(form.get("source", "")) or None, fields=fields)
    return _back(work, asked, f"{view.event.name}: settled.", then=_next(form))


def _next(form: FormData) -> str:
    """The conflict that came after the one that was settled, to go on with."""
    after = str(form.get("after", ""))
    return f"#c-{after}" if after.replace("-", "").isalnum() else ""


@router.post(f"{PAGE}/{{conflict_id}}/reopen")
def reopen(work: Writer, asked: Asked, conflict_id: UUID) -> Response:
    """Take a decision back."""
    view = conflicts.reopen(work, conflict_id=conflict_id)
    return _back(work, asked, f"{view.event.name}: the decision was taken back.", is_undoable=False)
