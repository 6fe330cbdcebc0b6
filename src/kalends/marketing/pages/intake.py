"""Pages about how data comes in: shapes of files, webhooks, exchange rates, settling."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from kalends.base.charts.settling import settling as settling_chart
from kalends.base.errors import BadInputError, KalendsError
from kalends.base.pages import Choice, flash, render
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit, workspace
from kalends.marketing import ratefiles, service, words
from kalends.marketing.api.rates import load_content
from kalends.marketing.intake import hooks, replays
from kalends.marketing.intake.hooks import AddedHook
from kalends.marketing.preview import source_choices
from kalends.marketing.settling import ENOUGH, LONGEST, Way
from kalends.marketing.stewardship import settled
from kalends.marketing.stewardship.settled import Standing

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
Manager = Annotated[Work, permit("settings.manage")]
Text = Annotated[str, Form(max_length=1_000)]
MODES: Final = {
    "evolve": "Load, keep new columns, tell",
    "quarantine": "Set the rows aside, tell",
    "freeze": "Load nothing, tell",
}
DELIVERIES_SHOWN, RATES_SHOWN, CARRIED_DAYS = 10, 200, 4
"""Four days: Good Friday to Easter Monday."""
RATES_BACK: Final = timedelta(days=90)
MOST_RATES_BYTES: Final = 32 << 20


def _may(request: Request, permission: str) -> bool:
    return bool(request.state.permitted.may(permission))


@router.get("/data/shapes")
def show_shapes(request: Request, work: Reader) -> Response:
    """What is agreed about each source's columns, and files to read again."""
    return render(
        request,
        "data/shapes.html",
        contracts=service.list_contracts(work),
        modes=MODES,
        replays=service.replay_state(work),
        words=words,
        may_write=_may(request, "data.write"),
    )


@router.post("/data/shapes/replays")
def start_replays(work: Writer) -> Response:
    """Read the files of older rules again."""
    service.replay_older(work)
    return RedirectResponse("/data/shapes#replays", status_code=303)


@router.post("/data/shapes/replays/cancel")
def cancel_replays(work: Writer) -> Response:
    """Stop after the file that is being read."""
    replays.cancel(work)
    return RedirectResponse("/data/shapes#replays", status_code=303)


@router.post("/data/shapes/{data_source}")
def set_contract(work: Writer, data_source: str, mode: Text = "evolve") -> Response:
    """Say what is done when columns change."""
    service.set_contract(work, data_source=data_source, mode=mode)
    answer = RedirectResponse("/data/shapes", status_code=303)
    flash(answer, text=f"{words.source_name(data_source)}: {MODES[mode].lower()}.")
    return answer


@router.get("/data/hooks")
def show_hooks(request: Request, work: Reader) -> Response:
    """The webhooks that bring data, each with its last deliveries."""
    return _hooks_page(request, work)


def _hooks_page(request: Request, work: Work, *, added: AddedHook | None = None, error: str = "") -> Response:
    found = [(hook, hooks.deliveries(work, hook_id=hook.id, limit=DELIVERIES_SHOWN)) for hook in hooks.list_hooks(work)]
    return render(
        request,
        "data/hooks.html",
        status=422 if error else 200,
        hooks=found,
        added=added,
        error=error,
        sources=[Choice(words.source_name(name), value=name) for name in source_choices()],
        site=(work.house.settings.public_url or str(request.base_url)).rstrip("/"),
        now=work.now,
        words=words,
        may_manage=_may(request, "settings.manage"),
    )


@router.post("/data/hooks")
def add_hook(request: Request, work: Manager, label: Text = "", data_source: Text = "file") -> Response:
    """Make an address; its secret is shown on this answer and never again."""
    try:
        added = hooks.add_hook(work, label=label, data_source=data_source)
    except hooks.BadHookError as error:
        return _hooks_page(request, work, error=error.message)
    return _hooks_page(request, work, added=added)


@router.post("/data/hooks/{hook_id}/rotate")
def rotate_hook(request: Request, work: Manager, hook_id: UUID) -> Response:
    """Give it another secret."""
    return _hooks_page(request, work, added=hooks.rotate(work, hook_id=hook_id))


@router.post("/data/hooks/{hook_id}/pause")
def pause_hook(work: Manager, hook_id: UUID) -> Response:
    """Take nothing for now."""
    hooks.pause(work, hook_id=hook_id, is_paused=True)
    return RedirectResponse("/data/hooks", status_code=303)


@router.post("/data/hooks/{hook_id}/resume")
def resume_hook(work: Manager, hook_id: UUID) -> Response:
    """Take rows again."""
    hooks.pause(work, hook_id=hook_id, is_paused=False)
    return RedirectResponse("/data/hooks", status_code=303)


@router.post("/data/hooks/{hook_id}/remove")
def remove_hook(work: Manager, hook_id: UUID) -> Response:
    """End it."""
    hooks.remove(work, hook_id=hook_id)
    answer = RedirectResponse("/data/hooks", status_code=303)
    flash(answer, text="Removed. What it brought stays.")
    return answer


@router.get("/data/rates")
def show_rates(request: Request, work: Reader) -> Response:
    """Known rates into the workspace's currency, and the gaps."""
    into, today = workspace(work).currency, work.now.date()
    found = ratefiles.list_rates(work, base=None, quote=into, first=today - RATES_BACK, last=today)
    return render(
        request,
        "data/rates.html",
        into=into,
        rates=found[:RATES_SHOWN],
        gaps=ratefiles.gaps(work, into=into),
        words=words,
        may_write=_may(request, "data.write"),
    )


@router.post("/data/rates")
def load_rates(
    door: Annotated[Door, door("data.write")],
    file: UploadFile,
    carry: Annotated[str | None, Form()] = None,
) -> Response:
    """Load a file of rates; the page that follows is its batch's."""
    try:
        content = file.file.read(MOST_RATES_BYTES)
        batch_id = load_content(door, content, carry_days=CARRIED_DAYS if carry else 0)
    except BadInputError as error:
        answer = RedirectResponse("/data/rates", status_code=303)
        flash(answer, text=error.message, tone="bad")
        return answer
    return RedirectResponse(f"/data/batches/{batch_id}", status_code=303)


@router.get("/data/settling")
def show_settling(request: Request, work: Reader) -> Response:
    """How each source's days settle, by its rule and by what it has done."""
    return render(
        request,
        "data/settling.html",
        sources=[_settling_of(work, source.name) for source in service.list_sources(work)],
        enough=ENOUGH,
        longest=LONGEST,
        words=words,
        may_write=_may(request, "data.write"),
    )


def _settling_of(work: Work, name: str) -> dict[str, Any]:
    found = settled.standing(work, data_source=name)
    lines = {words.field_name(curve.metric): curve.shares for curve in found.curves}
    return {
        "name": name,
        "standing": found,
        "ways": _ways(found),
        "spec": settling_chart(lines=lines) if lines else None,
    }


def _ways(found: Standing) -> list[Choice]:
    """How a source's days may settle; as measured only where something was."""
    offered = {"rule": f"As the platform says: {words.count(found.rule.days, 'day')}"}
    if found.measured is not None:
        offered["measured"] = f"As measured: {words.count(found.measured, 'day')}"
    elif found.own.way == "measured":
        offered["measured"] = "As it was measured"
    offered["days"] = "As we say"
    return [Choice(label, value=way, current=way == found.own.way) for way, label in offered.items()]


@router.post("/data/settling/{data_source}")
def set_settling(work: Writer, data_source: str, way: Annotated[Way, Form()], days: Text = "") -> Response:
    """Say how long a source's days take to settle; the number counts for days of the company's own alone."""
    answer = RedirectResponse("/data/settling", status_code=303)
    own = int(days) if way == "days" and days.strip().isdecimal() else None
    try:
        rule = settled.choose(work, data_source=data_source, way=way, days=own)
    except KalendsError as error:
        flash(answer, text=error.message, tone="bad")
        return answer
    said = f"{words.source_name(rule.data_source)}: a day’s numbers are provisional for"
    flash(answer, text=f"{said} {words.count(rule.holds, 'day')}.")
    return answer
