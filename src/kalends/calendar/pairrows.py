"""Pairs that may be one event, in the store: asked about, answered, and the answers heeded in every run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.consolidation import SourceCalendar, Spoken, comparable, title_aliases
from kalends.calendar.consolidation.answered import Answered, carried_over
from kalends.calendar.models import EventPair
from kalends.calendar.nearby import Nearby
from kalends.calendar.reading import SourceEntry
from kalends.methods.matching import Answers, Ask, Matching, score

OPEN, SAME, DIFFERENT = "open", "same", "different"
RENEWED = ("said", "score", "parts", "updated_at")


def answers_near(work: Work, near: Nearby, *, gone: Collection[str]) -> Answers:
    """What people answered about the entries that a run looks at.

    Of an entry that its source now has under another key, the answer is written down anew.
    """
    mine = EventPair.calendar_id == near.calendar.id
    rows = work.session.scalars(select(EventPair).where(mine, EventPair.state != OPEN).order_by(EventPair.id)).all()
    told = {(row.left_entry, row.right_entry): row for row in rows}
    here = {pair: row for pair, row in told.items() if pair[0] in near.said and pair[1] in near.said}
    for row in here.values():
        _renew(row, near)
    lost = [row for pair, row in here.items() if pair[0] in gone or pair[1] in gone]
    fresh = [comparable(near.said[key]) for key, row in near.rows.items() if row.event_id is None and key not in gone]
    for row in lost:
        _carry(row, told, carried_over([_answered(row)], gone=gone, fresh=fresh), near)
    work.session.flush()
    return {(row.left_entry, row.right_entry): row.state == SAME for row in here.values()}


def _carry(row: EventPair, told: Mapping[tuple[str, str], EventPair], found: list[Answered], near: Nearby) -> None:
    """Have the row speak of the entries that took the place of its own."""
    for answer in found:
        pair = (min(answer.pair), max(answer.pair))
        if pair not in told:
            row.left_entry, row.right_entry = pair
            _renew(row, near)


def _answered(row: EventPair) -> Answered:
    left, right = (_entry_of(row.said[side], key) for side, key in sides_of(row).items())
    return Answered(comparable(left), comparable(right), row.state == SAME)


def sides_of(row: EventPair) -> dict[str, str]:
    """Side -> the entry's id."""
    return {"left": row.left_entry, "right": row.right_entry}


def _entry_of(said: Mapping[str, Any], key: str) -> Spoken:
    name, _, own = key.partition("/")
    source = SourceCalendar(name, (), markets=tuple(said["markets"]))
    return Spoken(source, SourceEntry(own, said["fields"], said["url"]))


def said_by(spoken: Spoken) -> dict[str, Any]:
    """What an entry says, to be kept beside an answer."""
    return {"fields": dict(spoken.fields), "url": spoken.entry.url, "markets": list(spoken.source.markets)}


def _renew(row: EventPair, near: Nearby) -> None:
    """Keep what the entries say now, so that the answer can be carried over from it."""
    said = {side: said_by(near.said[key]) for side, key in sides_of(row).items()}
    if row.said != said:
        row.said = said


def write_pairs(work: Work, near: Nearby, matching: Matching, *, stirred: Collection[str]) -> int:
    """Keep the questions about entries that a run has stirred; those that no longer arise go. Gives how many came."""
    asks = {(ask.a, ask.b): ask for ask in matching.asks if ask.a in stirred or ask.b in stirred}
    query = select(EventPair.id, EventPair.left_entry, EventPair.right_entry).where(
        EventPair.calendar_id == near.calendar.id, EventPair.state == OPEN
    )
    found = ((row.left_entry, row.right_entry, row.id) for row in work.session.execute(query))
    known = {(left, right): pair_id for left, right, pair_id in found if left in stirred or right in stirred}
    over = [known[pair] for pair in known.keys() - asks.keys()]
    if over:
        work.session.execute(delete(EventPair).where(EventPair.id.in_(over)))
    if asks:
        fresh = insert(EventPair)
        renewed = {name: fresh.excluded[name] for name in RENEWED}
        work.session.execute(
            fresh.on_conflict_do_update(
                index_elements=["tenant_id", "calendar_id", "left_entry", "right_entry"],
                set_=renewed,
                where=EventPair.state == OPEN,
            ),
            [_row(work, near, ask) for ask in asks.values()],
        )
        work.session.expire_all()
    return len(asks.keys() - known.keys())


def _row(work: Work, near: Nearby, ask: Ask) -> dict[str, Any]:
    left, right = near.said[ask.a], near.said[ask.b]
    return pair_row(work, near.calendar.id, left, right) | {"score": ask.score}


def pair_row(work: Work, calendar_id: UUID, left: Spoken, right: Spoken) -> dict[str, Any]:
    """A pair as it is first written: the reasons of its score, and no answer."""
    scored = score(comparable(left), comparable(right), aliases=title_aliases())
    return {
        "tenant_id": work.scope.tenant_id,
        "id": new_id(),
        "calendar_id": calendar_id,
        "left_entry": left.id,
        "right_entry": right.id,
        "said": {"left": said_by(left), "right": said_by(right)},
        "score": scored.value,
        "parts": [asdict(part) for part in scored.parts if part.likeness is not None],
        "state": OPEN,
        "events": {},
        "found_at": work.now,
        "updated_at": work.now,
    }


OWN = "event:"


def own_event(key: str) -> str | None:
    """The event made by hand or by a program that an entry's id stands for; None for a source's entry."""
    own = key.partition("/")[2]
    return own.removeprefix(OWN) if own.startswith(OWN) else None


def own_events(cluster: Collection[str]) -> list[str]:
    """The events made by hand or by a program in a cluster, the oldest first."""
    return sorted(own for own in map(own_event, cluster) if own is not None)
