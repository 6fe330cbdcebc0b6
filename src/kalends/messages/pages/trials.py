"""Trials: the list, a new one with what it could find, and what one says."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import KalendsError
from kalends.base.forms import SentForm
from kalends.base.pages import Choice, Column, flash, render
from kalends.base.work import Work
from kalends.identity.service import permit, workspace
from kalends.messages import creator_pages, trials
from kalends.messages.models import MessageTrial
from kalends.messages.pages import trialwords
from kalends.messages.trialplans import TrialIn

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
PAGE: Final = "/messages-trials"
COLUMNS: Final = [Column("Page"), Column("Old way"), Column("New way")]
USUAL: Final = {"name": "", "kind": "volume", "way": "pages", "rule": "at the end", "weeks": "8", "smallest": "10",
                "ppv_percent": "75", "bump_percent": "100", "policy": "greedy"}  # fmt: skip


@router.get(PAGE)
def show_trials(request: Request, work: Reader) -> Response:
    """All trials of the caller's pages."""
    found = trials.list_trials(work)
    return render(
        request,
        "messages/trials.html",
        running=[_row(work, trial) for trial in found if trial.state == "running"],
        ended=[_row(work, trial) for trial in found if trial.state == "ended"],
        may_write=_may_write(request),
        words=trialwords,
    )


@router.get(f"{PAGE}/new")
def show_form(request: Request, work: Writer) -> Response:
    """The form, with what is usual filled in."""
    today = work.now.astimezone(ZoneInfo(workspace(work).zone)).date()
    monday = today + timedelta(days=7 - today.weekday())
    return _form(request, work, {**USUAL, "first_day": monday.isoformat()}, chosen=None)


@router.post(f"{PAGE}/check")
def check(request: Request, work: Writer, form: SentForm) -> Response:
    """What the trial could find; starts nothing."""
    told, errors = _read(form)
    if told is None:
        return _form(request, work, _filled(form), chosen=_chosen(form), errors=errors, status=422)
    try:
        power = trials.check(work, told)
    except KalendsError as error:
        return _form(
            request, work, _filled(form), chosen=_chosen(form), errors={"": error.message}, status=error.status
        )
    said = trialwords.power_words(power, smallest=told.smallest, way=told.way)
    return _form(request, work, _filled(form), chosen=_chosen(form), power=power, said=said)


@router.post(PAGE)
def start(request: Request, work: Writer, form: SentForm) -> Response:
    """Start it, or say what stands in the way."""
    told, errors = _read(form)
    if told is None:
        return _form(request, work, _filled(form), chosen=_chosen(form), errors=errors, status=422)
    try:
        # Whatever it refuses, it refuses before it writes.
        trial = trials.start(work, told)
    except KalendsError as error:
        return _form(
            request, work, _filled(form), chosen=_chosen(form), errors={"": error.message}, status=error.status
        )
    answer = RedirectResponse(f"{PAGE}/{trial.id}", status_code=303)
    flash(answer, text="Started. The weeks that are built from now on follow it.")
    return answer


@router.get(f"{PAGE}/{{trial_id}}")
def show_trial(request: Request, work: Reader, trial_id: UUID) -> Response:
    """What it says, who has what, and what was set before the start."""
    trial = trials.get_trial(work, trial_id=trial_id)
    result = trials.result(work, trial_id=trial_id)
    return render(
        request,
        "messages/trial.html",
        trial=trial,
        row=_row(work, trial),
        result=result,
        said=trialwords.result_words(result, has_ended=trial.state == "ended", rule=trial.plan["rule"]),
        warning=trialwords.carry_words(result),
        lots=_lots(work, trial),
        columns=COLUMNS,
        may_write=_may_write(request),
        words=trialwords,
    )


@router.post(f"{PAGE}/{{trial_id}}/end")
def end(work: Writer, trial_id: UUID) -> Response:
    """Read it for the last time."""
    trials.end(work, trial_id=trial_id)
    answer = RedirectResponse(f"{PAGE}/{trial_id}", status_code=303)
    flash(answer, text="Ended. Weeks are built as usual from now on.")
    return answer


def _row(work: Work, trial: MessageTrial) -> dict[str, Any]:
    """A trial as the list shows it."""
    is_over = trials.is_over(trial, work.now)
    state = (
        ("Ended", "plain")
        if trial.state == "ended"
        else ("Ready to read", "good")
        if is_over
        else ("Running", "accent")
    )
    done = min(max((work.now.date() - trial.first_day).days // 7, 0), trial.weeks)
    return {
        "trial": trial,
        "state": state,
        "last": trials.last_day_of(trial),
        "pages": len(trials.page_ids_of(trial)),
        "done": done,
        "is_over": is_over,
        "headline": trialwords.headline(trial.result, has_ended=True) if trial.result else "",
        "tone": trialwords.TONES[trial.result["answer"]] if trial.result else "plain",
    }


def _lots(work: Work, trial: MessageTrial) -> list[tuple[str, str, str]]:
    """Page, its weeks the old way and the new one, in words."""
    names = {str(page.id): page.name for page in work.session.scalars(creator_pages.visible(work, with_removed=True))}
    found: dict[str, tuple[list[str], list[str]]] = {}
    for unit in trials.units_of(trial):
        words = "all" if unit.week is None else str(unit.week + 1)
        found.setdefault(unit.page_id, ([], []))[unit.is_new].append(words)
    rows = [(names.get(page, "?"), ", ".join(old) or "–", ", ".join(new) or "–") for page, (old, new) in found.items()]
    return sorted(rows, key=lambda row: row[0].lower())


def _may_write(request: Request) -> bool:
    may: bool = request.state.permitted.may("messages.write")
    return may


# The form.


def _form(
    request: Request, work: Work, told: dict[str, str], *, chosen: set[str] | None, status: int = 200, **shown: Any
) -> Response:
    """The form as it was filled in. `chosen`: ticked pages; None: all of them."""

    def choices(options: dict[str, str], name: str) -> list[Choice]:
        return [Choice(label, value=value, current=told.get(name) == value) for value, label in options.items()]

    pages = creator_pages.list_pages(work, only_active=True)
    return render(
        request,
        "messages/trial_new.html",
        status=status,
        told=told,
        pages=[(page, chosen is None or str(page.id) in chosen) for page in pages],
        kinds=choices({"volume": "How many messages", "captions": "How captions are chosen"}, "kind"),
        ways_offered=choices(trialwords.WAYS, "way"),
        rules=choices(trialwords.RULES, "rule"),
        policies=choices({name: words for name, words in trialwords.POLICIES.items() if name != "thompson"}, "policy"),
        **{"errors": {}, "power": None, "said": [], **shown},
    )


def _filled(form: FormData) -> dict[str, str]:
    return {name: str(value) for name, value in form.items() if isinstance(value, str) and name != "page"}


def _chosen(form: FormData) -> set[str]:
    return {str(value) for value in form.getlist("page")}


def _read(form: FormData) -> tuple[TrialIn | None, dict[str, str]]:
    """The trial that the form describes, or what is wrong with it, by field."""
    told = _filled(form)
    new = {"policy": told.get("policy")} if told.get("kind") == "captions" else {
        "ppv_percent": told.get("ppv_percent"), "bump_percent": told.get("bump_percent")}  # fmt: skip
    try:
        share = float(told.get("smallest", "")) / 100
    except ValueError:
        return None, {"smallest": "Give a number of percent, such as 10."}
    plain = {name: told[name] for name in ("name", "kind", "way", "rule", "weeks", "first_day") if name in told}
    try:
        return TrialIn.model_validate({**plain, "smallest": share, "new": new, "page_ids": sorted(_chosen(form))}), {}
    except ValidationError as error:
        return None, {_field(item): item["msg"].removeprefix("Value error, ") for item in error.errors()}


def _field(item: Any) -> str:
    """The form's field for a place in the trial."""
    name = str(item["loc"][-1]) if item["loc"] else ""
    return {"page_ids": "pages"}.get(name, name)
