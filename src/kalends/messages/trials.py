"""Trials: two ways to send against each other, started by people, read honestly, ended.

The builder of weeks has `in_trial` change what a week is made from.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from sqlalchemy import select

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.messages import trialplans
from kalends.messages.building import Inputs
from kalends.messages.creator_pages import get_page, visible
from kalends.messages.models import CreatorPage, MessageTrial
from kalends.messages.trialplans import (
    LEAST_WEEKS,
    PAST_WEEKS,
    Arm,
    Floats,
    Power,
    Result,
    TrialIn,
    Unit,
    arm_in,
    under,
)
from kalends.messages.turns import in_turn

HISTORY: Final = "page_messages"
SETTLED: Final = timedelta(days=2)
"""After a week's end: by then nearly all purchases of its last messages have come."""


class NoSuchTrialError(NotFoundError):
    """There is no such trial, or it has pages that you do not work on."""

    code = "no_such_trial"


class TrialHasEndedError(ConflictError):
    """This trial has ended."""

    code = "trial_has_ended"


class PageInTrialError(ConflictError):
    """A page takes part in another trial at that time: two at once would disturb each other."""

    code = "page_in_trial"


class CannotTryError(BadInputError):
    """This trial cannot be held."""

    code = "cannot_try"


@dataclass(frozen=True, slots=True)
class TrialArm:
    """What a page's week has by lot."""

    trial_id: UUID
    name: str
    is_new: bool
    arm: Arm


def check(work: Work, told: TrialIn) -> Power:
    """What the trial could find; starts nothing. Raises CannotTryError, NoSuchPageError."""
    return trialplans.power_of(told, _past(work, _pages(work, told), told.first_day))


def start(work: Work, told: TrialIn) -> MessageTrial:
    """Draw the lots and start. Raises CannotTryError, PageInTrialError, NoSuchPageError."""
    in_turn(work, "trials")
    pages = _pages(work, told)
    if told.first_day < work.now.date():
        raise CannotTryError("A trial begins today or later: weeks that were sent have no arm.")
    _refuse_taken(work, told, pages)
    past = _past(work, pages, told.first_day)
    power = trialplans.power_of(told, past)
    if power.detectable is None:
        raise CannotTryError(
            f"{power.blocks} pairs can find nothing, however large: add pages or weeks, or compare weeks."
        )
    seed = told.seed if told.seed is not None else secrets.randbelow(2**53)
    trial = MessageTrial(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        name=told.name,
        kind=told.kind,
        state="running",
        arms={"old": told.old.model_dump(), "new": told.new.model_dump()},
        plan={"way": told.way, "rule": told.rule.value, "smallest": told.smallest, **asdict(power)},
        blocks=[asdict(unit) for unit in trialplans.design(told, past, seed=seed)],
        seed=seed,
        first_day=told.first_day,
        weeks=told.weeks,
        result=None,
        created_by=work.scope.person_id,
        created_at=work.now,
        ended_at=None,
    )
    work.session.add(trial)
    work.session.flush()
    work.audit("trial.started", subject_kind="message_trial", subject_id=trial.id, after=_state(trial))
    return trial


def list_trials(work: Work) -> list[MessageTrial]:
    """Trials of the pages that the caller may see, the newest first."""
    seen = _seen(work)
    found = work.session.scalars(select(MessageTrial).order_by(MessageTrial.created_at.desc(), MessageTrial.id.desc()))
    return [trial for trial in found if page_ids_of(trial) <= seen]


def get_trial(work: Work, *, trial_id: UUID, for_update: bool = False) -> MessageTrial:
    """One trial. Raises NoSuchTrialError."""
    query = select(MessageTrial).where(MessageTrial.id == trial_id)
    trial = work.session.scalar(query.with_for_update() if for_update else query)
    if trial is None or not page_ids_of(trial) <= _seen(work):
        raise NoSuchTrialError
    return trial


def arm_of(work: Work, *, page_id: UUID, first_day: date) -> TrialArm | None:
    """What the page's week that begins on that day has by lot; None: no trial. A week that begins between the trial's
    own belongs to the one in which it begins.
    """
    running = select(MessageTrial).where(MessageTrial.state == "running", MessageTrial.first_day <= first_day)
    for trial in work.session.scalars(running.order_by(MessageTrial.created_at, MessageTrial.id)):
        week = (first_day - trial.first_day).days // 7
        is_new = arm_in(units_of(trial), page_id=str(page_id), week=week) if week < trial.weeks else None
        if is_new is not None:
            return TrialArm(trial.id, trial.name, is_new, Arm.model_validate(trial.arms["new" if is_new else "old"]))
    return None


def in_trial(work: Work, inputs: Inputs) -> Inputs:
    """What a week is made from, as its page's trial has it; as it was where there is none."""
    found = arm_of(work, page_id=UUID(inputs.page_id), first_day=inputs.wish.first_day)
    if found is None:
        return inputs
    named = {**inputs.versions, "trial": f"{found.trial_id} {'new' if found.is_new else 'old'}"}
    tried = under(found.arm, inputs)
    return replace(tried, wish=replace(tried.wish, trial_name=found.name), versions=named)


def result(work: Work, *, trial_id: UUID) -> dict[str, Any]:
    """What the trial says: of one that has ended, what it said then; see `trialplans.Result`."""
    trial = get_trial(work, trial_id=trial_id)
    return trial.result if trial.result is not None else _read(work, trial).as_dict()


def end(work: Work, *, trial_id: UUID) -> MessageTrial:
    """Read it for the last time and end it. Raises NoSuchTrialError, TrialHasEndedError."""
    trial = get_trial(work, trial_id=trial_id, for_update=True)
    if trial.state == "ended":
        raise TrialHasEndedError
    before, trial.result = _state(trial), _read(work, trial).as_dict()
    trial.state, trial.ended_at = "ended", work.now
    work.session.flush()
    told = {"before": before, "after": _state(trial)}
    work.audit("trial.ended", subject_kind="message_trial", subject_id=trial.id, **told)
    return trial


def units_of(trial: MessageTrial) -> list[Unit]:
    """Who has what."""
    return [Unit(**plain) for plain in trial.blocks]


def page_ids_of(trial: MessageTrial) -> set[str]:
    """The pages that take part."""
    return {plain["page_id"] for plain in trial.blocks}


def last_day_of(trial: MessageTrial) -> date:
    """The last day of its last week."""
    return trial.first_day + timedelta(weeks=trial.weeks, days=-1)


def is_over(trial: MessageTrial, now: datetime) -> bool:
    """Whether all its weeks have passed and settled, on every page's clock."""
    return now >= datetime.combine(last_day_of(trial), time(0), tzinfo=ZoneInfo("Etc/GMT+12")) + timedelta(1) + SETTLED


def _read(work: Work, trial: MessageTrial) -> Result:
    units = units_of(trial)
    wanted = page_ids_of(trial)
    found = select(CreatorPage).where(CreatorPage.id.in_([UUID(page) for page in wanted]))
    earned = _earned(work, list(work.session.scalars(found)), trial.first_day, range(trial.weeks))
    unknown = np.full(trial.weeks, np.nan)
    return trialplans.result_of(
        units,
        {page: earned.get(page, unknown) for page in wanted},
        plan=trialplans.plan_of(trial.plan),
        seed=trial.seed,
        is_over=is_over(trial, work.now),
    )


def _pages(work: Work, told: TrialIn) -> list[CreatorPage]:
    pages = [get_page(work, page_id=page_id) for page_id in dict.fromkeys(told.page_ids)]
    if told.way == "pages" and len(pages) < 2:
        raise CannotTryError("To give arms to pages takes two at least; with one, compare weeks.")
    return pages


def _refuse_taken(work: Work, told: TrialIn, pages: Sequence[CreatorPage]) -> None:
    last = told.first_day + timedelta(weeks=told.weeks, days=-1)
    wanted = {str(page.id): page.name for page in pages}
    for trial in work.session.scalars(select(MessageTrial).where(MessageTrial.state == "running")):
        taken = sorted(wanted[page] for page in page_ids_of(trial) & set(wanted))
        if taken and trial.first_day <= last and told.first_day <= last_day_of(trial):
            raise PageInTrialError(f"{', '.join(taken)}: in the trial “{trial.name}” until {last_day_of(trial)}.")


def _past(work: Work, pages: Sequence[CreatorPage], first_day: date) -> dict[str, Floats]:
    """The weeks before the start. Raises CannotTryError, which names the pages of which too little is known."""
    found = _earned(work, pages, first_day, range(-PAST_WEEKS, 0))
    short = sorted(page.name for page in pages if not np.isfinite(trialplans.usual_of(found[str(page.id)])))
    if short:
        raise CannotTryError(
            f"{', '.join(short[:10])}: of the {PAST_WEEKS} weeks before the start at least {LEAST_WEEKS} must be known "
            "to have earned something. Import their history, or leave them out."
        )
    return found


def _earned(work: Work, pages: Sequence[CreatorPage], first_day: date, weeks: range) -> dict[str, Floats]:
    """Page -> what its messages earned in each week; nan: not known, or not settled yet."""
    since = datetime.combine(first_day + timedelta(weeks=weeks.start, days=-1), time(0), tzinfo=ZoneInfo("UTC"))
    sent = _sent(work, [str(page.id) for page in pages], since)
    found = {}
    for page in pages:
        own = sent.filter(pl.col("page_id") == str(page.id))
        earned = trialplans.weekly(own, first_day=first_day, zone_name=page.zone, currency=page.currency, weeks=weeks)
        settled = [_end(first_day, week, page.zone) + SETTLED <= work.now for week in weeks]
        found[str(page.id)] = np.where(settled, earned, np.nan) if weeks.start >= 0 else earned
    return found


def _end(first_day: date, week: int, zone: str) -> datetime:
    return datetime.combine(first_day + timedelta(weeks=week + 1), time(0), tzinfo=ZoneInfo(zone))


def _sent(work: Work, page_ids: list[str], since: datetime) -> pl.DataFrame:
    """Messages that were sent, whatever was planned: page_id, sent_at, type, earnings, currency."""
    columns = ["page_id", "sent_at", "type", "earnings", "currency"]
    if not work.warehouse.exists(HISTORY):
        kinds = [pl.String(), pl.Datetime("us", "UTC"), pl.String(), pl.Decimal(18, 6), pl.String()]
        return pl.DataFrame(schema=dict(zip(columns, kinds, strict=True)))
    rows = work.warehouse.table(HISTORY)
    wanted = rows.filter(rows.page_id.isin(page_ids), rows.sent_at >= since).select(columns)
    return pl.DataFrame(work.warehouse.to_arrow(wanted))


def _seen(work: Work) -> set[str]:
    return {str(page.id) for page in work.session.scalars(visible(work, with_removed=True))}


def _state(trial: MessageTrial) -> dict[str, Any]:
    return {
        "name": trial.name,
        "kind": trial.kind,
        "state": trial.state,
        "arms": dict(trial.arms),
        "plan": dict(trial.plan),
        "first_day": trial.first_day.isoformat(),
        "weeks": trial.weeks,
        "pages": len(page_ids_of(trial)),
    }
