"""Rules that turn a year into a date: how a moment of the trade is found.

Each rule is one small class; the moments file names it by its fields. A rule gives the first and the last day of the
occurrences that begin in a year: none where the year has none, two where a lunar year is shorter than ours.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final, Literal

from dateutil.easter import (  # type: ignore[import-untyped]  # it comes with `holidays`, without stubs
    EASTER_ORTHODOX,
    EASTER_WESTERN,
    easter,
)
from holidays.calendars.chinese import _ChineseLunisolar
from holidays.calendars.hebrew import _HebrewLunisolar
from holidays.calendars.hindu import _HinduLunisolar
from holidays.calendars.islamic import _IslamicLunar
from pydantic import BaseModel, ConfigDict, Field

Span = tuple[date, date]
Find = Callable[[str, int], list[Span]]
"""Finds another moment's occurrences in a year, for rules that lean on it."""

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# The tables of the `holidays` library: year -> (month, day), or several of them.
# Korea and Vietnam have their own meridian: their tables hold the years in which they differ from the Chinese one.
# Diwali is India's table: the library's other one is a month off in 2017, 2025 and 2028.
LUNAR: Final[dict[str, dict[int, Any]]] = {
    "lunar_new_year": _ChineseLunisolar.LUNAR_NEW_YEAR_DATES,
    "seollal": _ChineseLunisolar.LUNAR_NEW_YEAR_DATES | _ChineseLunisolar.KOREAN_CALENDAR_LUNAR_NEW_YEAR_DATES,
    "tet": _ChineseLunisolar.LUNAR_NEW_YEAR_DATES | _ChineseLunisolar.VIETNAMESE_CALENDAR_LUNAR_NEW_YEAR_DATES,
    "dragon_boat": _ChineseLunisolar.DRAGON_BOAT_DATES,
    "mid_autumn": _ChineseLunisolar.MID_AUTUMN_DATES,
    "chuseok": _ChineseLunisolar.MID_AUTUMN_DATES | _ChineseLunisolar.KOREAN_CALENDAR_MID_AUTUMN_DATES,
    "ramadan": _IslamicLunar.RAMADAN_BEGINNING_DATES,
    "eid_al_fitr": _IslamicLunar.EID_AL_FITR_DATES,
    "eid_al_adha": _IslamicLunar.EID_AL_ADHA_DATES,
    "diwali": _HinduLunisolar.DIWALI_INDIA_DATES,
    "dussehra": _HinduLunisolar.DUSSEHRA_DATES,
    "holi": _HinduLunisolar.HOLI_DATES,
    "raksha_bandhan": _HinduLunisolar.RAKSHA_BANDHAN_DATES,
    "hanukkah": _HebrewLunisolar.HANUKKAH_DATES,
    "passover": _HebrewLunisolar.PASSOVER_DATES,
    "rosh_hashanah": _HebrewLunisolar.ROSH_HASHANAH_DATES,
}


class Rule(BaseModel):
    """A rule of the moments file; `days` is how long an occurrence lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=1, ge=1)

    def starts(self, year: int, find: Find) -> list[date]:
        """The first days of the occurrences that begin in `year`."""
        raise NotImplementedError

    def spans(self, year: int, find: Find) -> list[Span]:
        """First and last day of each occurrence that begins in `year`."""
        return [(start, start + timedelta(days=self.days - 1)) for start in self.starts(year, find)]


class Fixed(Rule):
    """The same day every year, as MM-DD."""

    fixed: str = Field(pattern=r"^\d\d-\d\d$")

    def starts(self, year: int, find: Find) -> list[date]:  # noqa: ARG002 - the rules share one signature
        """That day."""
        return [month_day(year, self.fixed)]


class NthWeekday(Rule):
    """The nth weekday of a month (-1: the last), `plus` days."""

    nth: Literal[1, 2, 3, 4, 5, -1]
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    month: int = Field(ge=1, le=12)
    plus: int = 0

    def starts(self, year: int, find: Find) -> list[date]:  # noqa: ARG002
        """Found by counting weeks from the month's first (or from its end)."""
        wanted = WEEKDAYS.index(self.weekday)
        if self.nth == -1:
            last = date(year + self.month // 12, self.month % 12 + 1, 1) - timedelta(days=1)
            found = last - timedelta(days=(last.weekday() - wanted) % 7)
        else:
            first = date(year, self.month, 1)
            found = first + timedelta(days=(wanted - first.weekday()) % 7 + 7 * (self.nth - 1))
        return [found + timedelta(days=self.plus)]


class LastBefore(Rule):
    """The last such weekday before a day of the year (MM-DD)."""

    last_before: str = Field(pattern=r"^\d\d-\d\d$")
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    def starts(self, year: int, find: Find) -> list[date]:  # noqa: ARG002
        """One to seven days before."""
        eve = month_day(year, self.last_before) - timedelta(days=1)
        return [eve - timedelta(days=(eve.weekday() - WEEKDAYS.index(self.weekday)) % 7)]


class FromEaster(Rule):
    """Days from Easter Sunday, Western or Orthodox (both as Gregorian dates)."""

    easter: int
    church: Literal["western", "orthodox"] = "western"

    def starts(self, year: int, find: Find) -> list[date]:  # noqa: ARG002
        """Easter of the year, shifted."""
        sunday = easter(year, EASTER_ORTHODOX if self.church == "orthodox" else EASTER_WESTERN)
        return [sunday + timedelta(days=self.easter)]


class FrenchMothersDay(Rule):
    """The last Sunday of May, or the first of June where that is Whit Sunday (Code de l'action sociale D215-1)."""

    french_mothers_day: Literal[True]

    def starts(self, year: int, find: Find) -> list[date]:
        """Looks at Whit Sunday, 49 days after Easter."""
        last = NthWeekday(nth=-1, weekday="sunday", month=5).starts(year, find)[0]
        is_whit_sunday = last == easter(year) + timedelta(days=49)
        return [last + timedelta(days=7) if is_whit_sunday else last]


class FromMoment(Rule):
    """Days from the first day of another moment."""

    moment: str
    plus: int

    def starts(self, year: int, find: Find) -> list[date]:
        """That moment's first day in the year, shifted."""
        return [first + timedelta(days=self.plus) for first, _ in find(self.moment, year)]


class Between(Rule):
    """A window from one MM-DD to another, both included; it may run over New Year."""

    first: str = Field(pattern=r"^\d\d-\d\d$")
    last: str = Field(pattern=r"^\d\d-\d\d$")

    def spans(self, year: int, find: Find) -> list[Span]:  # noqa: ARG002
        """The window that begins in `year`."""
        start, end = month_day(year, self.first), month_day(year, self.last)
        return [(start, end if end >= start else month_day(year + 1, self.last))]


class Lunar(Rule):
    """A table of the `holidays` library for a feast that follows the moon, `plus` days."""

    lunar: str
    plus: int = 0

    def starts(self, year: int, find: Find) -> list[date]:  # noqa: ARG002
        """None beyond the table; two where the lunar feast falls twice into one year."""
        entry = LUNAR[self.lunar].get(year)
        if not entry:
            return []
        pairs = entry if isinstance(entry[0], tuple) else (entry,)
        return [date(year, month, day) + timedelta(days=self.plus) for month, day in pairs]


class UntilMoment(Rule):
    """From a feast of the `holidays` tables to the day before another moment."""

    lunar: str
    until: str

    def spans(self, year: int, find: Find) -> list[Span]:
        """Each start with the nearest end after it."""
        ends = [first for at in (year, year + 1) for first, _ in find(self.until, at)]
        starts = Lunar(lunar=self.lunar).starts(year, find)
        return [
            (start, min(later) - timedelta(days=1)) for start in starts if (later := [e for e in ends if e > start])
        ]


class Dates(Rule):
    """Announced dates: a year's day, its first and last day, or nothing where it was called off."""

    dates: dict[int, tuple[date, ...] | date | None]

    def spans(self, year: int, find: Find) -> list[Span]:  # noqa: ARG002
        """The dates of that year."""
        entry = self.dates.get(year)
        if entry is None:
            return []
        return [(entry[0], entry[-1])] if isinstance(entry, tuple) else [(entry, entry)]


AnyRule = (
    Fixed | NthWeekday | LastBefore | FromEaster | FrenchMothersDay | FromMoment | Between | UntilMoment | Lunar | Dates
)


def month_day(year: int, text: str) -> date:
    """MM-DD in a year."""
    return date(year, int(text[:2]), int(text[3:]))
