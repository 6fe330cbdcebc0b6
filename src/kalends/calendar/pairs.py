"""Pairs that may be one event, as people meet them: see both sides and why, say "one event" or "two", take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from kalends.base.errors import BadInputError, NotFoundError
from kalends.base.work import Work
from kalends.calendar.calendars import Span, get_calendar, lock_calendar
from kalends.calendar.conflicts import acting_name
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.consolidation import SourceCalendar, Spoken
from kalends.calendar.models import CalendarSource, Event, EventPair, StoredEntry
from kalends.calendar.pairrows import DIFFERENT, OPEN, SAME, own_event, pair_row, sides_of
from kalends.calendar.reading import SourceEntry

Answer = Literal["same", "different"]
ANSWERED: Final = (SAME, DIFFERENT)


class PairNotFoundError(NotFoundError):
    """There is no such pair; what calendars say may have settled it."""

    code = "pair_not_found"


class BadPairError(BadInputError):
    """These two entries cannot be a pair."""

    code = "bad_pair"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an entry is now: the event it belongs to, and that event's days."""

    event_id: UUID
    span: Span


def list_pairs(
    work: Work, *, states: Sequence[str] = (OPEN,), calendar_id: UUID | None = None, limit: int = 100, offset: int = 0
) -> list[EventPair]:
    """The pairs in those states: the open ones by how alike they are, then what was answered last."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    query = select(EventPair).where(EventPair.calendar_id == calendar.id, EventPair.state.in_(states))
    order = (EventPair.answered_at.desc().nulls_first(), EventPair.score.desc(), EventPair.id)
    return list(work.session.scalars(query.order_by(*order).limit(limit).offset(offset)))


def count_pairs(work: Work, *, calendar_id: UUID | None = None) -> dict[str, int]:
    """How many pairs are in which state."""
    calendar = get_calendar(work, calendar_id=calendar_id)
    query = select(EventPair.state, func.count().label("many")).where(EventPair.calendar_id == calendar.id)
    return {row.state: int(row.many) for row in work.session.execute(query.group_by(EventPair.state))}


def get_pair(work: Work, *, pair_id: UUID) -> EventPair:
    """One pair. Raises PairNotFoundError."""
    found = work.session.get(EventPair, (work.scope.tenant_id, pair_id))
    if found is None:
        raise PairNotFoundError(pair_id=str(pair_id))
    return found


def answer_pair(work: Work, *, pair_id: UUID, answer: Answer) -> EventPair:
    """Say whether two entries are one event; every later run heeds it. Raises PairNotFoundError."""
    pair = get_pair(work, pair_id=pair_id)
    lock_calendar(work, calendar_id=pair.calendar_id)
    places = _places(work, pair)
    before = {"state": pair.state}
    if answer == SAME and pair.state != SAME:
        pair.events = _belongings(work, places)
    pair.state, pair.answered_at, pair.updated_at = answer, work.now, work.now
    pair.answered_by, pair.answered_label = work.scope.person_id, acting_name(work)
    work.session.flush()
    work.audit("pair.answer", subject_kind="pair", subject_id=pair.id, before=before, after={"state": answer})
    _follow(work, pair, places)
    return get_pair(work, pair_id=pair_id)


def join_or_part(work: Work, *, entries: tuple[str, str], answer: Answer, calendar_id: UUID | None = None) -> EventPair:
    """Answer about two entries that nobody was asked about, by their ids (source/key). Raises BadPairError."""
    calendar = lock_calendar(work, calendar_id=calendar_id)
    left, right = (_spoken(work, calendar.id, entry) for entry in sorted(entries))
    if left.id == right.id:
        raise BadPairError("Name two entries.", entries=list(entries))
    row = pair_row(work, calendar.id, left, right)
    keys = ["tenant_id", "calendar_id", "left_entry", "right_entry"]
    work.session.execute(insert(EventPair).values(row).on_conflict_do_nothing(index_elements=keys))
    query = select(EventPair.id).where(
        EventPair.calendar_id == calendar.id, EventPair.left_entry == left.id, EventPair.right_entry == right.id
    )
    return answer_pair(work, pair_id=work.session.scalars(query).one(), answer=answer)


def reopen_pair(work: Work, *, pair_id: UUID) -> EventPair | None:
    """Take an answer back; gives the pair while there is still a question. Events that were joined are two again."""
    pair = get_pair(work, pair_id=pair_id)
    if pair.state == OPEN:
        return pair
    lock_calendar(work, calendar_id=pair.calendar_id)
    places = _places(work, pair)
    work.audit("pair.reopen", subject_kind="pair", subject_id=pair.id, before={"state": pair.state})
    if pair.state == SAME:
        _part(work, pair)
    pair.state, pair.events, pair.updated_at = OPEN, {}, work.now
    pair.answered_by = pair.answered_label = pair.answered_at = None
    work.session.flush()
    _follow(work, pair, places)
    return work.session.get(EventPair, (work.scope.tenant_id, pair_id), populate_existing=True)


def _part(work: Work, pair: EventPair) -> None:
    """Give each entry back to the event that it belonged to before: its history, its comments and its id are there."""
    for entry, event_id in pair.events.items():
        name, _, key = entry.partition("/")
        source = select(CalendarSource.id).where(
            CalendarSource.calendar_id == pair.calendar_id,
            CalendarSource.name == name,
            CalendarSource.removed_at.is_(None),
        )
        row = update(StoredEntry).where(StoredEntry.source_id.in_(source), StoredEntry.key == key)
        work.session.execute(
            row.where(StoredEntry.event_id != UUID(event_id)).values(event_id=event_id, is_pending=True)
        )


def _follow(work: Work, pair: EventPair, places: Mapping[str, Whereabouts]) -> None:
    """Have the events follow the answer."""
    consolidate_pending(
        work,
        calendar_id=pair.calendar_id,
        spans=[place.span for place in places.values()],
        entries=(pair.left_entry, pair.right_entry),
    )
    work.session.expire_all()


def _places(work: Work, pair: EventPair) -> dict[str, Whereabouts]:
    """Entry -> where it is; one that is gone is nowhere."""
    found: dict[str, Whereabouts] = {}
    for entry in sides_of(pair).values():
        event_id = own_event(entry)
        row = None if event_id else _row_of(work, pair.calendar_id, entry)
        known = UUID(event_id) if event_id else (row.event_id if row else None)
        event = work.session.get(Event, (work.scope.tenant_id, known)) if known else None
        if event is not None:
            found[entry] = Whereabouts(
                event.id, (row.starts_on, row.ends_on) if row else (event.starts_on, event.ends_on)
            )
    return found


def _belongings(work: Work, places: Mapping[str, Whereabouts]) -> dict[str, str]:
    """Every source's entry of the events in question -> its event."""
    events = {place.event_id for place in places.values()}
    query = (
        select(CalendarSource.name, StoredEntry.key, StoredEntry.event_id)
        .join(CalendarSource, CalendarSource.id == StoredEntry.source_id)
        .where(StoredEntry.event_id.in_(events))
    )
    return {f"{row.name}/{row.key}": str(row.event_id) for row in work.session.execute(query)}


def _row_of(work: Work, calendar_id: UUID, entry: str) -> StoredEntry | None:
    name, _, key = entry.partition("/")
    query = (
        select(StoredEntry)
        .join(CalendarSource, CalendarSource.id == StoredEntry.source_id)
        .where(StoredEntry.calendar_id == calendar_id, CalendarSource.name == name, CalendarSource.removed_at.is_(None))
        .where(StoredEntry.key == key, StoredEntry.is_gone.is_(False))
    )
    return work.session.scalars(query).one_or_none()


def _spoken(work: Work, calendar_id: UUID, entry: str) -> Spoken:
    """What a source's entry says."""
    row = _row_of(work, calendar_id, entry)
    if row is None:
        raise BadPairError(f"No source says {entry!r}; write it as source/key.", entry=entry)
    source = work.session.get_one(CalendarSource, (work.scope.tenant_id, row.source_id))
    calendar = SourceCalendar(source.name, (), markets=tuple(source.markets))
    return Spoken(calendar, SourceEntry(row.key, row.fields, row.url, row.support))


def plain_pair(pair: EventPair) -> dict[str, Any]:
    """A pair as JSON values."""
    return {
        "id": str(pair.id),
        "state": pair.state,
        "score": pair.score,
        "reasons": pair.parts,
        "entries": [
            {"entry": entry, "source": entry.partition("/")[0], "fields": pair.said[side]["fields"]}
            for side, entry in sides_of(pair).items()
        ],
        "answered_by": pair.answered_label,
        "answered_at": pair.answered_at,
        "found_at": pair.found_at,
    }
