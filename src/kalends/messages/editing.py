"""Changes to a stored week, judged by the very rules it was built with: moved, swapped, taken out, put back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import numpy as np
from sqlalchemy import select

from kalends.base.errors import BadInputError, ConflictError
from kalends.base.work import Work
from kalends.messages.captions import usable_captions
from kalends.messages.history import PriceTier
from kalends.messages.locks import CaptionTakenError, Reservation, lane_of, release, reserve, taken
from kalends.messages.models import Assignment, Caption
from kalends.messages.placing import span_of, want_of, words_of
from kalends.messages.schedule_views import BrokenRule, CandidateView, LegalSpan, MoveCheck, ScheduleView
from kalends.messages.standing import (
    Standing,
    id_of,
    key_of,
    minute_of,
    near_history,
    problem_at,
    require_living,
    standing_of,
    view_of,
)
from kalends.methods.planning import Broken, Problem, check, legal, nearest


class IllegalMoveError(ConflictError):
    """The message may not stand there."""

    code = "illegal_move"


class WrongCaptionError(BadInputError):
    """This caption does not fit the message."""

    code = "wrong_caption"


class ReminderLeftAloneError(ConflictError):
    """A reminder follows this message: take the reminder out first."""

    code = "reminder_left_alone"


def check_move(work: Work, *, assignment_id: UUID, to: datetime) -> MoveCheck:
    """What moving a message to the instant `to` (aware) would break; changes nothing."""
    return _judged(work, standing_of(work, assignment_id=assignment_id), assignment_id, minute_of(to))


def legal_slots(work: Work, *, assignment_id: UUID) -> list[LegalSpan]:
    """Where the message may go, all others standing as they do."""
    stands = standing_of(work, assignment_id=assignment_id)
    one, _ = stands.of(assignment_id)
    problem, placement = problem_at(work, stands, also=() if one.removed_at is None else (one,))
    free = legal(problem, placement, want=key_of(one))
    slots = np.flatnonzero(free)
    # One forbidden minute between two free ones is a quarter of an hour, and no end of a span.
    breaks = np.flatnonzero(np.diff(slots) > 2) + 1
    runs = [run for run in np.split(slots, breaks) if run.size]
    return [
        LegalSpan(_at(stands, problem, run[0]), _at(stands, problem, run[-1]) + timedelta(minutes=1)) for run in runs
    ]


def move(work: Work, *, assignment_id: UUID, to: datetime) -> ScheduleView:
    """Move a message. Raises IllegalMoveError with the rules it would break and the nearest legal time."""
    stands = standing_of(work, assignment_id=assignment_id, for_update=True)
    require_living(stands.schedule)
    at = minute_of(to)
    _require_legal(_judged(work, stands, assignment_id, at))
    one, caption = stands.of(assignment_id)
    before, one.send_at, one.is_edited = one.send_at, at, True
    work.session.flush()
    if one.removed_at is None:
        reserve_again(work, stands, one, caption)
    work.audit("message.moved", subject_kind="message_assignment", subject_id=one.id,
               before={"send_at": before.isoformat()}, after={"send_at": at.isoformat()})  # fmt: skip
    return _seen(work, stands)


def candidates(work: Work, *, assignment_id: UUID, limit: int = 20) -> list[CandidateView]:
    """Captions that could be in the place of the message's own: of its type, not reserved, not worn out; best first."""
    stands = standing_of(work, assignment_id=assignment_id)
    one, own = stands.of(assignment_id)
    names = _around(stands, one)
    found = [
        CandidateView(
            each.id, each.caption_no, each.text, each.price_tier, each.category, each.has_urgency, each.page_id is None,
            _score(stands, each), "follows or precedes its own category" if each.category in names else "",
        )
        for each in _free_captions(work, stands, one)
        if each.id != own.id
    ]  # fmt: skip
    alike = own.price_tier
    found.sort(key=lambda each: (each.price_tier != alike, bool(each.note), -each.performance_score, each.caption_no))
    return found[:limit]


def swap_caption(work: Work, *, assignment_id: UUID, caption_id: UUID) -> ScheduleView:
    """Send another caption. Raises CaptionTakenError when it is reserved or in its cooldown, WrongCaptionError."""
    stands = standing_of(work, assignment_id=assignment_id, for_update=True)
    require_living(stands.schedule)
    one, old = stands.of(assignment_id)
    new = next((each for each in usable_captions(work, page_id=stands.page.id) if each.id == caption_id), None)
    if new is None or (new.price_tier == PriceTier.FREE) != (one.message_type == "Bump"):
        raise WrongCaptionError("Choose an active caption of this page or a shared one, of the tier Free for a bump.")
    if new.id not in {each.id for each in _free_captions(work, stands, one)}:
        raise CaptionTakenError(captions=[new.id])
    release(work, schedule_id=stands.schedule.id, caption_id=old.id)
    one.caption_id, one.is_edited, one.propensity = new.id, True, 1.0
    one.performance_score = _score(stands, new)
    one.why = {"sentences": ["Chosen by hand."], "instead_of": old.caption_no}
    work.session.flush()
    if one.removed_at is None:
        reserve(work, schedule_id=stands.schedule.id, page_id=stands.page.id, wanted=[_reservation(stands, one, new)])
    work.audit("message.caption_swapped", subject_kind="message_assignment", subject_id=one.id,
               before={"caption_no": old.caption_no}, after={"caption_no": new.caption_no})  # fmt: skip
    return _seen(work, stands)


def remove(work: Work, *, assignment_id: UUID) -> ScheduleView:
    """Take a message out of the week; its caption is free again. Raises ReminderLeftAloneError."""
    stands = standing_of(work, assignment_id=assignment_id, for_update=True)
    require_living(stands.schedule)
    one, caption = stands.of(assignment_id)
    if any(other.follows_id == one.id for other, _ in stands.messages):
        raise ReminderLeftAloneError
    if one.removed_at is None:
        one.removed_at, one.is_edited = work.now, True
        work.session.flush()
        release(work, schedule_id=stands.schedule.id, caption_id=caption.id)
        work.audit("message.removed", subject_kind="message_assignment", subject_id=one.id)
    return _seen(work, stands)


def restore(work: Work, *, assignment_id: UUID) -> ScheduleView:
    """Put a message back that was taken out. Raises IllegalMoveError, CaptionTakenError."""
    stands = standing_of(work, assignment_id=assignment_id, for_update=True)
    require_living(stands.schedule)
    one, caption = stands.of(assignment_id)
    if one.removed_at is not None:
        _require_legal(_judged(work, stands, assignment_id, one.send_at))
        reserve(
            work, schedule_id=stands.schedule.id, page_id=stands.page.id, wanted=[_reservation(stands, one, caption)]
        )
        one.removed_at = None
        work.session.flush()
        work.audit("message.restored", subject_kind="message_assignment", subject_id=one.id)
    return _seen(work, stands)


def _judged(work: Work, stands: Standing, assignment_id: UUID, at: datetime) -> MoveCheck:
    one, _ = stands.of(assignment_id)
    problem, placement = problem_at(work, stands, also=() if one.removed_at is None else (one,))
    slot, key = problem.grid.slot(at), key_of(one)
    if slot is None or not problem.offered(want_of(key))[slot]:
        week = BrokenRule("this is not in the week", ())
        start, _ = span_of(stands.rules)
        other = nearest(problem, placement, want=key, slot=0 if at < start else problem.grid.size - 1)
        return MoveCheck(False, (week,), _local(stands, None if other is None else problem.grid.instant(other)))
    found = check(problem, placement, want=key, slot=slot)
    if not found:
        return MoveCheck(True, (), at.astimezone(stands.zone))
    other = nearest(problem, placement, want=key, slot=slot)
    return MoveCheck(
        False, tuple(_broken(each) for each in found),
        _local(stands, None if other is None else problem.grid.instant(other)),
    )  # fmt: skip


def _broken(each: Broken) -> BrokenRule:
    return BrokenRule(words_of(each), tuple(found for other in each.others if (found := id_of(other)) is not None))


def _at(stands: Standing, problem: Problem, slot: int) -> datetime:
    return problem.grid.instant(int(slot)).astimezone(stands.zone)


def _local(stands: Standing, at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(stands.zone)


def _require_legal(judged: MoveCheck) -> None:
    if not judged.is_legal:
        words = "; ".join(each.words for each in judged.broken)
        where = f" The nearest time that is free: {judged.nearest:%A %H:%M}." if judged.nearest else ""
        raise IllegalMoveError(
            f"{words[:1].upper()}{words[1:]}.{where}",
            broken=[each.words for each in judged.broken],
            nearest=judged.nearest.isoformat() if judged.nearest else None,
        )


def _score(stands: Standing, caption: Caption) -> float:
    """The caption's score when the week was built; one that came later is in the middle."""
    return float(stands.schedule.plan.get("scores", {}).get(str(caption.caption_no), 0.5))


def _around(stands: Standing, one: Assignment) -> set[str]:
    """Categories of the messages before and after."""
    order = [pair for pair in stands.messages if pair[0].id == one.id or pair[0].removed_at is None]
    names = set()
    for (before, first), (after, second) in pairwise(order):
        if after.id == one.id:
            names.add(first.category)
        if before.id == one.id:
            names.add(second.category)
    return names


def _free_captions(work: Work, stands: Standing, one: Assignment) -> Sequence[Caption]:
    """Captions of the message's type that the page may send at that time, its own among them."""
    cooldown = timedelta(days=stands.schedule.plan["cooldown_days"])
    captions = [each for each in usable_captions(work, page_id=stands.page.id)
                if (each.price_tier == PriceTier.FREE) == (one.message_type == "Bump")]  # fmt: skip
    gone = taken(
        work, page_no=stands.page.page_no, first=one.send_at, last=one.send_at + max(cooldown, timedelta(minutes=1)),
        shared=[each.id for each in captions if each.page_id is None],
        one_at_a_time=stands.schedule.plan["one_at_a_time"],
    )  # fmt: skip
    sent = near_history(work, stands.page, one.send_at - cooldown, one.send_at + cooldown)
    lately = Counter(sent["caption_no"].drop_nulls().to_list())
    return [
        each for each in captions if each.id == one.caption_id or (each.id not in gone and not lately[each.caption_no])
    ]


def reserve_again(work: Work, stands: Standing, one: Assignment, caption: Caption) -> None:
    """The lock moves with its message."""
    release(work, schedule_id=stands.schedule.id, caption_id=caption.id)
    reserve(work, schedule_id=stands.schedule.id, page_id=stands.page.id, wanted=[_reservation(stands, one, caption)])


def _reservation(stands: Standing, one: Assignment, caption: Caption) -> Reservation:
    plan = stands.schedule.plan
    lane = lane_of(page_no=stands.page.page_no, is_shared=caption.page_id is None, one_at_a_time=plan["one_at_a_time"])
    return Reservation(
        caption.id, caption.lock_no, lane, one.send_at, one.send_at + timedelta(days=plan["cooldown_days"])
    )


def _seen(work: Work, stands: Standing) -> ScheduleView:
    """The week as it is now, its number of messages brought up to date."""
    count = work.session.scalars(
        select(Assignment.id).where(Assignment.schedule_id == stands.schedule.id, Assignment.removed_at.is_(None))
    ).all()
    stands.schedule.total_messages = len(count)
    work.session.flush()
    pairs = sorted((*stands.messages, *stands.removed), key=lambda pair: (pair[0].send_at, pair[0].id))
    now = [(one, work.session.get_one(Caption, (work.scope.tenant_id, one.caption_id))) for one, _ in pairs]
    return view_of(
        replace(
            stands,
            messages=tuple(pair for pair in now if pair[0].removed_at is None),
            removed=tuple(pair for pair in now if pair[0].removed_at is not None),
        )
    )
