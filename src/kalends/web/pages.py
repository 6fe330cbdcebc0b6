"""The home page, and the palette that opens everywhere with Ctrl-K."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kalends.base.pages import PaletteGroup, PaletteItem, palette_pages, register_room, render
from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.calendar.service import offer_day_strip, offer_platforms
from kalends.identity.service import permissions_of, permit
from kalends.insight import service as insight
from kalends.marketing import service as marketing
from kalends.web import home
from kalends.web.platforms import platforms
from kalends.web.strips import revenue_strip

register_room(
    name="web", label="Home", href="/", icon="home", order=10, templates=Path(__file__).parent / "templates", key="h"
)

offer_day_strip(revenue_strip)
offer_platforms(platforms)

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("insight.read")]
DEFAULT_PERIOD = "this quarter"
MOST_FOUND = 8


@router.get("/")
def show_home(
    request: Request,
    work: Reader,
    period: Annotated[str, Query(max_length=100)] = DEFAULT_PERIOD,
    grain: Literal["day", "week", "month"] = "day",
) -> Response:
    """Home."""
    may = request.state.permitted.may
    view = home.view(work, words=period, grain=grain)
    return render(request, "web/home.html", view=view, may_export=may("export.read"), may_add=may("data.write"))


@router.get("/palette")
def show_palette(request: Request, work: Reader, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Pages, events and campaigns whose name matches."""
    pages = palette_pages(query=q, permissions=permissions_of(work.scope.role))
    groups = [pages, *([events(work, q), campaigns(work, q)] if q.strip() else [])]
    return render(request, "base/palette.html", query=q, groups=[group for group in groups if group.items])


def events(work: Work, words: str) -> PaletteGroup:
    """Events of the calendar by name, the nearest first."""
    found = calendar.find_events(work, words=words, today=insight.today_of(work), limit=MOST_FOUND)
    return PaletteGroup(
        label="Events",
        items=[
            PaletteItem(
                label=event.name, href=f"/calendar?date={event.starts_on}", icon="calendar", note=f"{event.starts_on}"
            )
            for event in found
        ],
    )


def campaigns(work: Work, words: str) -> PaletteGroup:
    """Campaigns by name."""
    found = marketing.find_campaigns(work, words=words, limit=MOST_FOUND)
    return PaletteGroup(
        label="Campaigns",
        items=[
            PaletteItem(label=name, href=f"/data?campaign={name}", icon="chart", note=source) for name, source in found
        ],
    )
