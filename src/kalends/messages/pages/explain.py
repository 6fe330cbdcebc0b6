"""What is known of a page's audience: the eight sections of its analysis, drawn and in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from kalends.base.charts.bars import Bar, bars
from kalends.base.formats import money
from kalends.base.pages import render
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages.captions import usable_captions
from kalends.messages.creator_pages import get_page
from kalends.messages.gathering import analysis_of, habits_of_page, read_company, tables_of
from kalends.messages.models import CreatorPage, MessageSchedule
from kalends.messages.origins import origins_of
from kalends.messages.pages import words
from kalends.messages.settings import settings_of
from kalends.messages.volume import Tier, Zone

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SEGMENTS: Final = {
    "Bargain": "They buy when it is cheap: a rise in price loses more buyers than it brings.",
    "Browsers": "They look and seldom buy.",
    "Balanced": "Neither price nor curiosity stands out.",
    "Devoted": "They pay for what they like: a rise in price brings more than it costs.",
    "Unknown": "There are too few messages, or there was never more than one price.",
}
STEPS: Final = ((1.6, "up-4"), (1.35, "up-3"), (1.18, "up-2"), (1.06, "up-1"), (0.94, ""), (0.8, "down-1"))
"""From which index on an hour has which tint; the least has the last one."""
BEST: Final = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week."""

    look: str
    words: str
    text: str


@router.get("/messages/{page_id}/analysis")
def show_analysis(request: Request, work: Reader, page_id: UUID) -> Response:
    """The analysis that the page's last week rests on; of a page without one, today's."""
    page = get_page(work, page_id=page_id)
    found = _stored(work, page) or _fresh(work, page)
    return render(
        request,
        "messages/analysis.html",
        page=page,
        found=found,
        as_of=datetime.fromisoformat(found["as_of"]),
        heat=heat(found["timing"]),
        best=best_hours(found["timing"]),
        moments=moments_seen(found["timing"]),
        segment_words=SEGMENTS[found["behaviour"]["segment"]],
        kinds=_kinds(found),
        prices=_prices(found),
        weekdays=_weekdays(found),
        captions=sorted(found["captions"], key=lambda each: -each["performance"]),
        bumps=found.get("bumps", ()),
        texts={each.caption_no: each.text for each in usable_captions(work, page_id=page.id)},
        so_many=words.why_so_many(origins_now(work, page, found["volume"]["tier"], found["volume"]["zone"])),
        words=words,
        now=work.now,
    )


def heat(timing: dict[str, Any]) -> list[tuple[str, list[Cell]]]:
    """A row for each weekday, a cell for each hour; empty where there is not enough to say."""
    if len(timing["hours"]) != 7 * 24:
        return []
    return [(day, [_cell(each) for each in timing["hours"][24 * at : 24 * at + 24]]) for at, day in enumerate(DAYS)]


def best_hours(timing: dict[str, Any]) -> list[str]:
    """The hours that surely are better than the average, best first."""
    sure = sorted((each for each in timing["hours"] if each["low"] > 1), key=lambda each: -each["index"])
    return [f"{DAYS[each['weekday']]} {each['hour']:02}:00 ({each['index'] - 1:+.0%})" for each in sure[:BEST]]


def moments_seen(timing: dict[str, Any]) -> list[str]:
    """What days of the calendar's moments sold, the strongest first; analyses of old say nothing of it."""
    seen = sorted(timing.get("moments", ()), key=lambda each: (-each["index"], each["name"]))
    return [f"{each['name']} {each['index']:.2f} ({each['low']:.2f} to {each['high']:.2f}, {each['sample']} sent)"
            for each in seen]  # fmt: skip


def _cell(hour: dict[str, Any]) -> Cell:
    look = next((look for least, look in STEPS if hour["index"] >= least), "down-2")
    said = (
        f"{DAYS[hour['weekday']]} {hour['hour']:02}:00: {hour['index']:.2f} times the average hour "
        f"({hour['low']:.2f} to {hour['high']:.2f}), {hour['sample']} sent then"
    )
    return Cell(look, said, str(hour["sample"]) if hour["sample"] else "")


def _kinds(found: dict[str, Any]) -> dict[str, Any] | None:
    rows = []
    for at, each in enumerate(found["categories"]):
        index = each["index"]
        said = f"{index['value']:.2f}  ({index['low']:.2f} – {index['high']:.2f}), {each['sample']} sent"
        rows.append(Bar(each["name"].replace("_", " "), index["value"], said, at % 8 + 1))
    return bars(rows=rows) if rows else None


def _prices(found: dict[str, Any]) -> dict[str, Any] | None:
    rows = []
    for at, each in enumerate(found["prices"]["classes"], start=1):
        if each["earnings_per_recipient"] is None:
            continue
        value = each["earnings_per_recipient"]["value"]
        brings = money(1000 * value, currency=found["prices"]["currency"], exact=True)
        rows.append(Bar(each["tier"], value, f"{brings} of 1,000, {each['sample']} sent", at))
    return bars(rows=rows) if rows else None


def _weekdays(found: dict[str, Any]) -> list[tuple[str, int]]:
    return list(zip(DAYS, found["recent"]["by_weekday"], strict=True))


def origins_now(work: Work, page: CreatorPage, tier: str, zone: str) -> dict[str, Any]:
    """Where a week's numbers would come from today."""
    tables = tables_of(settings_of(work))
    return origins_of(Tier(tier), Zone(zone), tables=tables, page=habits_of_page(page)).as_dict()


def _stored(work: Work, page: CreatorPage) -> dict[str, Any] | None:
    query = select(MessageSchedule.analysis).where(MessageSchedule.page_id == page.id)
    return work.session.scalar(query.order_by(MessageSchedule.created_at.desc()).limit(1))


def _fresh(work: Work, page: CreatorPage) -> dict[str, Any]:
    captions = {each.id: each for each in usable_captions(work, page_id=page.id)}
    found, _ = analysis_of(read_company(work), page, captions, last_tier=Tier(page.tier) if page.tier else None)
    return dict(found.as_dict())
