"""The page of conversion rules: the types that platforms tell, which of them count, and what a change would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kalends.base.forms import SentForm
from kalends.base.pages import flash, render
from kalends.base.work import Work
from kalends.identity.service import permit, workspace
from kalends.marketing import service, words
from kalends.marketing.attribution import OFFERED
from kalends.marketing.intake import replays
from kalends.marketing.stewardship import counting, rules, typesseen
from kalends.marketing.stewardship.counting import ConversionRule
from kalends.marketing.stewardship.rules import BadRuleError

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
PAGE: Final = "/data/conversions"


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as its row shows it: an account ('' for all others), its types line by line, the window that counts."""

    account_id: str
    types: str
    window: str = ""


@router.get(PAGE)
def show_conversions(request: Request, work: Reader) -> Response:
    """What each platform tells, and what counts."""
    return _page(request, work)


@router.post(f"{PAGE}/replays")
def start_replays(work: Writer) -> Response:
    """Read the files of older rules again."""
    service.replay_older(work)
    return RedirectResponse(f"{PAGE}#replays", status_code=303)


@router.post(f"{PAGE}/replays/cancel")
def cancel_replays(work: Writer) -> Response:
    """Stop after the file that is being read."""
    replays.cancel(work)
    return RedirectResponse(f"{PAGE}#replays", status_code=303)


@router.post(f"{PAGE}/undo")
def undo(work: Writer) -> Response:
    """Back to the rules before the last change."""
    rules.undo(work, kind="conversions")
    return _back("Back to the rules before.")


@router.post(f"{PAGE}/{{data_source}}/preview")
def preview(request: Request, work: Reader, data_source: str, form: SentForm) -> Response:
    """What the rows as they stand would make of the last thirty days."""
    _, now = rules.conversion_rules(work)
    try:
        told = _with(now, data_source, form)
    except BadRuleError as error:
        return _effect(request, data_source, error=error.message)
    found = typesseen.effects(work, rules=told, now=now)
    unseen = _unseen(work, counting.of_source(told, data_source))
    return _effect(request, data_source, effect=found[0] if found else None, unseen=unseen)


def _effect(
    request: Request, source: str, *, effect: typesseen.Effect | None = None, error: str = "", unseen: str = ""
) -> Response:
    return render(request, "data/conversioneffect.html", source=source, effect=effect, error=error, unseen=unseen)


def _unseen(work: Work, told: Sequence[ConversionRule]) -> str:
    """Which types nobody has seen: a new one, or a slip of the pen."""
    types = typesseen.unseen(work, rules=told)
    return f"In its last {typesseen.DAYS} days the platform never told: {', '.join(types)}." if types else ""


@router.post(f"{PAGE}/{{data_source}}")
def save(request: Request, work: Writer, data_source: str, form: SentForm) -> Response:
    """Let the rows count for files that come from now on, or say what is wrong with them."""
    try:
        told = _with(rules.conversion_rules(work)[1], data_source, form)
    except BadRuleError as error:
        return _page(request, work, wrong={data_source: (rows_of(form), error.message)}, status=422)
    rules.save(work, kind="conversions", rules=told)
    unseen = _unseen(work, counting.of_source(told, data_source))
    return _back(f"New files are read by these rules; earlier ones when you read them again. {unseen}".strip())


def _back(text: str) -> Response:
    answer = RedirectResponse(PAGE, status_code=303)
    flash(answer, text=text, undo=f"{PAGE}/undo")
    return answer


def rows_of(form: FormData) -> list[Row]:
    """The rows that a form sent and that name types, or the window that counts, which the row of all accounts has."""
    pairs = zip(form.getlist("account_id"), form.getlist("types"), strict=False)
    rows = [Row(str(account).strip(), str(types).strip()) for account, types in pairs]
    window = str(form.get("window") or "")
    rows = [row if row.account_id else replace(row, window=window) for row in rows[:1]] + rows[1:]
    return [row for row in rows if row.types or row.window]


def _with(now: tuple[ConversionRule, ...], data_source: str, form: FormData) -> tuple[ConversionRule, ...]:
    """The rules of now with those of one platform as the form says. Raises BadRuleError."""
    own = [
        {
            "data_source": data_source,
            "account_id": row.account_id or None,
            "types": _lines(row.types),
            "window": row.window,
        }
        for row in rows_of(form)
    ]
    rules.read_rules("conversions", own)  # alone first, so that an error tells the row
    others = [rule.model_dump(mode="json") for rule in now if rule.data_source != data_source]
    found: tuple[ConversionRule, ...] = rules.read_rules("conversions", [*others, *own])
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _page(
    request: Request, work: Work, *, wrong: dict[str, tuple[list[Row], str]] | None = None, status: int = 200
) -> Response:
    version, now = rules.conversion_rules(work)
    seen = typesseen.seen(work)
    return render(
        request,
        "data/conversions.html",
        status=status,
        seen=seen,
        shown={one.data_source: _shown(now, one.data_source, wrong or {}) for one in seen},
        usual={one.data_source: counting.usual_types(one.data_source) for one in seen},
        how={one.data_source: counting.how_told(one.data_source) for one in seen},
        windows={one.data_source: OFFERED.get(one.data_source, ()) for one in seen},
        declared={one.data_source: counting.declared_types(one.data_source) for one in seen},
        untold=[name for code, name in words.PLATFORM_NAMES.items() if code not in counting.SOURCES],
        version=version,
        history=rules.history_of(work, kind="conversions")[:10],
        replays=service.replay_state(work),
        may_write=request.state.permitted.may("data.write"),
        zone=workspace(work).zone,
        words=words,
    )


def _shown(
    now: tuple[ConversionRule, ...], source: str, wrong: dict[str, tuple[list[Row], str]]
) -> tuple[list[Row], str]:
    """The rows of a platform, the one for all accounts first and an empty one last, and what is wrong with them."""
    rows, error = wrong.get(source) or (
        [Row(rule.account_id or "", "\n".join(rule.types), rule.window) for rule in counting.of_source(now, source)],
        "",
    )
    everywhere = [row for row in rows if not row.account_id] or [Row("", "")]
    return [*everywhere, *(row for row in rows if row.account_id), Row("", "")], error
