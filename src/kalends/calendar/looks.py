"""What an address of the calendar page says: view, day, what is switched off, and how a board is drawn. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from kalends.calendar.heat import Kind, Shade
from kalends.calendar.timeline import RowsBy, Zoom

View = Literal["", "month", "week", "day", "list", "year", "timeline"]
VIEWS: Final = {"month": "Month", "week": "Week", "year": "Year", "timeline": "Timeline", "list": "List"}
DRAWN_BY_SCRIPT: Final = {"month": "dayGridMonth", "week": "timeGridWeek", "list": "listMonth", "day": "listDay"}
"""View -> what FullCalendar calls it."""


FIRST: Final = dt.date(1900, 1, 1)
LAST: Final = dt.date(2200, 12, 31)
"""The days that can be looked at: fiscal years and moments around them are known."""


class Look(BaseModel):
    """The page's address. "" as view: what suits the screen."""

    model_config = ConfigDict(frozen=True)

    view: View = ""
    date: dt.date | None = Field(default=None, ge=FIRST, le=LAST)
    hide: str = ""
    shade: Shade = "impact"
    year: Kind = "calendar"
    rows: RowsBy = "type"
    zoom: Zoom = "quarter"
    event: str = ""
    """An event whose panel is open."""

    def href(self, **changes: Any) -> str:
        """The address with some of it changed; what is as usual is not in it. No event stays open."""
        values = {**self.model_dump(), "event": "", **changes}
        usual = Look().model_dump()
        said = {name: str(value) for name, value in values.items() if value is not None and value != usual[name]}
        return f"/calendar?{urlencode(said, safe=':,')}" if said else "/calendar"
