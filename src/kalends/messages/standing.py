"""A stored schedule as it stands now: its messages in order, and the rules that its next change is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import select

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.work import Work
from kalends.messages.creator_pages import get_page, visible
from kalends.messages.gathering import LIVING, neighbours_of
from kalends.messages.history import HISTORY, MessageType, empty
from kalends.messages.models import Assignment, Caption, CreatorPage, MessageSchedule
from kalends.messages.placing import BUMP, FOLLOW, PPV, Neighbour, problem_of, span_of, want_of
from kalends.messages.schedule_views import MessageView, RelaxedView, ScheduleView, UnplacedView
from kalends.messages.weekrules import WeekRules
from kalends.methods.planning import Problem


class NoSuchScheduleError(NotFoundError):
    """There is no such schedule here, or it belongs to a page that you are not assigned to."""

    code = "no_such_schedule"


class NoSuchMessageError(NotFoundError):
    """There is no such message in a schedule that you can see."""

    code = "no_such_message"


class ScheduleEndedError(ConflictError):
    """This schedule was replaced or discarded: it cannot be changed any more."""

    code = "schedule_ended"


class NotAMinuteError(BadInputError):
    """Give an instant with its offset, to the minute, such as 2026-11-24T20:07:00-05:00."""

    code = "not_a_minute"


@dataclass(frozen=True, slots=True)
class Standing:
    """A schedule with its messages, removed ones apart."""

    schedule: MessageSchedule
    page: CreatorPage
    messages: tuple[tuple[Assignment, Caption], ...]
    """In order of time."""
    removed: tuple[tuple[Assignment, Caption], ...]

    @property
    def rules(self) -> WeekRules:
        """What it was built by."""
        return WeekRules.of(self.schedule.plan["rules"])

    @property
    def zone(self) -> ZoneInfo:
        """The clock it was planned on."""
        return ZoneInfo(self.schedule.zone)

    def of(self, assignment_id: UUID) -> tuple[Assignment, Caption]:
        """One message of the week, removed or not."""
        return next(pair for pair in (*self.messages, *self.removed) if pair[0].id == assignment_id)


def get_schedule(work: Work, *, schedule_id: UUID, for_update: bool = False) -> MessageSchedule:
    """One schedule. Raises NoSuchScheduleError, also for one of a page of others."""
    query = select(MessageSchedule).where(
        MessageSchedule.id == schedule_id,
        MessageSchedule.page_id.in_(visible(work, with_removed=True).with_only_columns(CreatorPage.id)),
    )
    found = work.session.scalar(query.with_for_update() if for_update else query)
    if found is None:
        raise NoSuchScheduleError
    return found


def standing(work: Work, *, schedule_id: UUID, for_update: bool = False) -> Standing:
    """The schedule as it stands now. Raises NoSuchScheduleError."""
    schedule = get_schedule(work, schedule_id=schedule_id, for_update=for_update)
    page = get_page(work, page_id=schedule.page_id, with_removed=True)
    rows = work.session.execute(
        select(Assignment, Caption)
        .join(Caption, Caption.id == Assignment.caption_id)
        .where(Assignment.schedule_id == schedule.id)
        .order_by(Assignment.send_at, Assignment.id)
    ).all()
    pairs = [(row[0], row[1]) for row in rows]
    return Standing(
        schedule,
        page,
        tuple(pair for pair in pairs if pair[0].removed_at is None),
        tuple(pair for pair in pairs if pair[0].removed_at is not None),
    )


def standing_of(work: Work, *, assignment_id: UUID, for_update: bool = False) -> Standing:
    """The schedule of a message. Raises NoSuchMessageError."""
    schedule_id = work.session.scalar(select(Assignment.schedule_id).where(Assignment.id == assignment_id))
    if schedule_id is None:
        raise NoSuchMessageError
    try:
        return standing(work, schedule_id=schedule_id, for_update=for_update)
    except NoSuchScheduleError:
        raise NoSuchMessageError from None


def require_living(schedule: MessageSchedule) -> None:
    """Raises ScheduleEndedError for one that was replaced or discarded."""
    if schedule.state not in LIVING:
        raise ScheduleEndedError(f"This schedule was {schedule.state}: it cannot be changed any more.")


def problem_at(work: Work, stands: Standing, *, also: Sequence[Assignment] = ()) -> tuple[Problem, dict[str, int]]:
    """The week as a problem of planning, and where its messages stand. `also`: removed ones that may come back."""
    rules = stands.rules
    start, end = span_of(rules)
    near = neighbours_of(work, stands.page, near_history(work, stands.page, start, end), start, end,
                         without=[stands.schedule.id])  # fmt: skip
    mine = [one for one, _ in stands.messages]
    around = [Neighbour(at, kind) for at, kind, _ in near if not start <= at < end]
    problem = problem_of(rules, [want_of(key_of(one)) for one in (*mine, *also)], neighbours=around)
    placement = dict(problem.fixed) | {
        key_of(one): slot for one in mine if (slot := problem.grid.slot(one.send_at)) is not None
    }
    return problem, placement


def near_history(work: Work, page: CreatorPage, start: datetime, end: datetime) -> pl.DataFrame:
    """The page's messages of the days around, without reading the others."""
    if not work.warehouse.exists("page_messages"):
        return empty()
    columns = ", ".join(HISTORY)
    rows = work.warehouse.execute(
        f"SELECT {columns} FROM page_messages WHERE page_id = $page AND sent_at >= $first AND sent_at < $last"  # noqa: S608
        " ORDER BY sent_at, message_id",
        {"page": str(page.id), "first": start - timedelta(days=2), "last": end + timedelta(days=2)},
    )
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame.select(pl.col(name).cast(dtype) for name, dtype in HISTORY.items())


def key_of(one: Assignment) -> str:
    """The name of a message as a want: its kind, and its id."""
    kind = PPV if one.message_type == MessageType.PPV else FOLLOW if one.follows_id else BUMP
    return f"{kind}-{one.id}"


def id_of(key: str) -> UUID | None:
    """The assignment of a want, None for a message of another week."""
    name = key.partition("-")[2]
    return None if key.startswith("fixed-") else UUID(name)


def minute_of(at: datetime) -> datetime:
    """The instant in UTC. Raises NotAMinuteError for one without an offset or with seconds."""
    if at.tzinfo is None or at.second or at.microsecond:
        raise NotAMinuteError
    return at.astimezone(UTC)


def view_of(stands: Standing) -> ScheduleView:
    """What is shown of it."""
    schedule, plan = stands.schedule, stands.schedule.plan
    return ScheduleView(
        id=schedule.id,
        page_id=schedule.page_id,
        page_name=stands.page.name,
        zone=schedule.zone,
        currency=plan["currency"],
        first_day=schedule.first_day,
        days=schedule.days,
        state=schedule.state,
        tier=schedule.tier,
        strategy=plan["strategy"],
        saturation_zone=schedule.saturation_zone,
        saturation_score=plan["saturation_score"],
        is_saturation_known=plan["is_saturation_known"],
        seed=schedule.seed,
        seconds=schedule.seconds,
        created_at=schedule.created_at,
        created_by=schedule.created_by,
        approved_at=schedule.approved_at,
        messages=tuple(message_of(pair, stands) for pair in stands.messages),
        totals=totals_of(stands),
        unplaced=tuple(_unplaced(each, stands.zone) for each in plan["unplaced"]),
        relaxed=tuple(RelaxedView(each["rule"], each["words"]) for each in plan["relaxed"]),
        analysis=schedule.analysis,
    )


def message_of(pair: tuple[Assignment, Caption], stands: Standing) -> MessageView:
    """One message as it is shown."""
    one, caption = pair
    return MessageView(
        id=one.id,
        send_at=one.send_at,
        local=one.send_at.astimezone(stands.zone),
        message_type=one.message_type,
        is_follow_up=one.follows_id is not None,
        follows_id=one.follows_id,
        caption_id=caption.id,
        caption_no=caption.caption_no,
        caption_text=caption.text,
        price_tier=caption.price_tier,
        category=caption.category,
        has_urgency=caption.has_urgency,
        is_shared=caption.page_id is None,
        price=one.price,
        performance_score=one.performance_score,
        propensity=one.propensity,
        why=one.why,
        is_edited=one.is_edited,
        sent_message_id=one.sent_message_id,
    )


def totals_of(stands: Standing) -> dict[str, Any]:
    """Counts of what is in the week now."""
    rules, counts = stands.rules, dict[str, dict[str, int]](by_day={}, by_tier={}, by_category={})
    for one, caption in stands.messages:
        day = one.send_at.astimezone(stands.zone).date().isoformat()
        for name, value in (("by_day", day), ("by_tier", caption.price_tier), ("by_category", caption.category)):
            counts[name][value] = counts[name].get(value, 0) + 1
    kinds = [one.message_type for one, _ in stands.messages]
    return {
        "messages": len(kinds),
        "ppv": kinds.count("PPV"),
        "bumps": kinds.count("Bump"),
        "follow_ups": sum(one.follows_id is not None for one, _ in stands.messages),
        "urgent": sum(caption.has_urgency for _, caption in stands.messages),
        "removed": len(stands.removed),
        "wanted_ppv": rules.ppv,
        "wanted_bumps": rules.bumps,
        "gap_minutes": rules.gap_minutes,
        "cooling_days": rules.cooling_days,
    } | {name: dict(sorted(found.items())) for name, found in counts.items()}


def _unplaced(each: Mapping[str, Any], zone: ZoneInfo) -> UnplacedView:
    nearest = datetime.fromisoformat(each["nearest"]).astimezone(zone) if each["nearest"] else None
    return UnplacedView(each["message_type"], each["reason"], nearest)
