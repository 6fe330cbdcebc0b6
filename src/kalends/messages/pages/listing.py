"""The list of pages: what is shown of each, and what the address's filters, order and paging leave of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from sqlalchemy import select

from kalends.base.pages import Choice, Column, Paging
from kalends.base.work import Work
from kalends.messages.models import MessageSchedule, PagePerson, ScheduleExport
from kalends.messages.pages.words import STATES, ZONES
from kalends.messages.schedule_views import ListedPage
from kalends.messages.volume import Tier, Zone

SHOWN: Final = 50
"""A company of the usual size is one page."""
TIERS: Final = [tier.value for tier in Tier]
ORDER: Final = {"none": 0, "draft": 1, "approved": 2, "exported": 3}


@dataclass(frozen=True, slots=True)
class Row:
    """One page of the list."""

    listed: ListedPage
    is_mine: bool
    is_known: bool
    """Whether the zone rests on enough data."""
    built_at: datetime | None
    """When its last build ended, well or not."""
    seconds: float | None

    @property
    def state(self) -> str:
        """None | draft | approved | exported"""
        return self.listed.state or "none"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the list shows, as its address says it."""

    week: date | None = None
    q: Annotated[str, Query(max_length=100)] = ""
    zone: Annotated[str, Query(max_length=10)] = ""
    state: Annotated[str, Query(max_length=10)] = ""
    mine: bool = False
    sort: Annotated[str, Query(max_length=10)] = "name"
    down: bool = False
    page: Annotated[int, Query(ge=1, le=10_000)] = 1
    template: UUID | None = None
    """What weeks are built with."""
    task: Annotated[tuple[UUID, ...], Query(max_length=500)] = ()

    def first_day(self, today: date) -> date:
        """The week's Monday; of the next week unless told."""
        day = self.week or today + timedelta(days=7)
        return day - timedelta(days=day.weekday())

    def href(self, **other: Any) -> str:
        """The list's address with something else shown."""
        return f"/messages?{self.query(**other)}".removesuffix("?")

    def query(self, **other: Any) -> str:
        """The address's query with something else shown; a change of anything but the page begins at the first."""
        names = ("week", "q", "zone", "state", "mine", "sort", "down", "page", "template", "task")
        said = {name: getattr(self, name) for name in names} | ({"page": 1} if other else {}) | other
        usual = {"sort": "name", "page": 1}
        kept = {name: value for name, value in said.items() if value and usual.get(name) != value}
        plain = {name: "true" if value is True else value for name, value in kept.items()}
        return urlencode(plain, doseq=True)


KEYS: Final[dict[str, tuple[str, Callable[[Row], Any]]]] = {
    "name": ("Page", lambda row: row.listed.name.casefold()),
    "tier": ("Size", lambda row: TIERS.index(row.listed.tier) if row.listed.tier else -1),
    "zone": ("Audience", lambda row: [None, *ZONES].index(row.listed.saturation_zone)),
    "state": ("Week", lambda row: ORDER[row.state]),
    "planned": ("Messages", lambda row: row.listed.total_messages or 0),
    "built": ("Last built", lambda row: row.built_at or datetime.min.replace(tzinfo=UTC)),
}  # fmt: skip


def rows_of(work: Work, listed: Iterable[ListedPage]) -> list[Row]:
    """The list's rows, with what is known of their last builds."""
    mine = set(work.session.scalars(select(PagePerson.page_id).where(PagePerson.person_id == work.scope.person_id)))
    latest = (
        select(ScheduleExport.page_id, ScheduleExport.exported_at, ScheduleExport.seconds)
        .where(ScheduleExport.way == "build")
        .distinct(ScheduleExport.page_id)
        .order_by(ScheduleExport.page_id, ScheduleExport.exported_at.desc())
    )
    built = {page_id: (at, seconds) for page_id, at, seconds in work.session.execute(latest)}
    sure = MessageSchedule.analysis["saturation"]["is_known"].as_boolean()
    newest = (
        select(MessageSchedule.page_id, sure)
        .distinct(MessageSchedule.page_id)
        .order_by(MessageSchedule.page_id, MessageSchedule.created_at.desc())
    )
    known = {page_id: bool(is_known) for page_id, is_known in work.session.execute(newest)}
    return [
        Row(each, each.page_id in mine, known.get(each.page_id, True), *built.get(each.page_id, (None, None)))
        for each in listed
        if each.is_active
    ]


def chosen(rows: Sequence[Row], asked: Shown) -> list[Row]:
    """What the filters leave, in order."""
    words = asked.q.casefold().split()
    left = [
        row
        for row in rows
        if all(word in row.listed.name.casefold() for word in words)
        and asked.zone in {"", row.listed.saturation_zone}
        and asked.state in {"", row.state, *(("problem",) if row.listed.problem else ())}
        and (row.is_mine or not asked.mine)
    ]
    left.sort(key=KEYS["name"][1])
    left.sort(key=KEYS.get(asked.sort, KEYS["name"])[1], reverse=asked.down)
    return left


def columns(asked: Shown) -> list[Column]:
    """The table's headings: a second look at one turns its order around."""
    return [
        Column(
            label,
            asked.href(sort=name, down=asked.sort == name and not asked.down),
            "" if asked.sort != name else "descending" if asked.down else "ascending",
            is_number=name == "planned",
        )
        for name, (label, _) in KEYS.items()
    ]


def filters(rows: Sequence[Row], asked: Shown) -> dict[str, list[Choice]]:
    """The choices of zone and state, each with how many pages it leaves."""
    rest_zone = chosen(rows, replace(asked, zone=""))
    rest_state = chosen(rows, replace(asked, state=""))
    zones = [Choice("Any audience", value="", current=not asked.zone)]
    zones += [
        Choice(f"{ZONES[zone.value][0]} ({sum(row.listed.saturation_zone == zone for row in rest_zone)})",
               value=zone.value, current=asked.zone == zone.value)
        for zone in Zone
    ]  # fmt: skip
    states = [Choice("All", asked.href(state=""), current=not asked.state, count=len(rest_state))]
    for state, (label, _) in STATES.items():
        count = sum(row.state == state for row in rest_state)
        states.append(Choice(label, asked.href(state=state), current=asked.state == state, count=count))
    problems = sum(row.listed.problem is not None for row in rest_state)
    if problems or asked.state == "problem":
        here = asked.state == "problem"
        states.append(Choice("Problems", asked.href(state="problem"), current=here, count=problems))
    return {"zones": zones, "states": states}


def paging(total: int, asked: Shown) -> Paging:
    """Where in the list the shown part is."""
    return Paging.of(asked.page, size=SHOWN, total=total, address=lambda page: asked.href(page=page))
