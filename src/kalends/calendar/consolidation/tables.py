"""What rules and published tables say: the days of the trade's moments and of public holidays, by nothing but the name.

"Black Friday 2026" is the day; "Black Friday sale" is somebody's sale, whose days no table knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from kalends.calendar.definition import Market
from kalends.calendar.errors import UnknownCountryError
from kalends.calendar.holidays import SOURCE, holidays_of
from kalends.calendar.moments import CERTAINTIES, Certainty, Moment, moment_book, moment_dates
from kalends.calendar.places import countries
from kalends.calendar.rules import Span

MOMENTS: Final = "kalends:moments"
"""The moments' table as a source. No calendar that somebody adds can have a name with a colon."""
HOLIDAYS: Final = "kalends:holidays:"
"""The same of a country's public holidays; its code follows."""
FEASTS: Final = frozenset({"religious", "cultural"})
"""Kinds of moment that may last: people enter their first day, or some of their days."""
OBSERVED: Final = timedelta(days=3)
"""A holiday that falls on a weekend is kept within so many days of it."""

_NOT_THE_NAME: Final = re.compile(r"(?<!\w)(?:(?:19|20)\d\d|['’]\d\d)(?!\w)|[\[(][a-z]{2}[\])]")
"""The year, and a country in brackets."""
_WORD: Final = re.compile(r"\w+")
_REMARK: Final = re.compile(r"\s*\([^)]*\)")
"""What the holidays' library adds to a name: "(observed)"."""


@dataclass(frozen=True)
class Tables:
    """Which tables a calendar goes by: those of its markets (the primary one first), but for some moments' codes."""

    markets: tuple[Market, ...]
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dated:
    """Days that a table gives a name: `origin` is where the table has them from."""

    source: str
    name: str
    days: Span
    certainty: Certainty
    origin: str
    may_last: bool = False

    def agrees(self, days: Span) -> bool:
        """Whether other days are no contradiction: they include these, or are some of a feast's."""
        (first, last), (begins, ends) = self.days, days
        return (begins <= first and last <= ends) or (self.may_last and first <= begins and ends <= last)

    @property
    def told(self) -> str:
        """As in "The trade's table: Black Friday is on 27 Nov 2026 (calculated: the day after US Thanksgiving)."."""
        said = " to ".join(dict.fromkeys(f"{day.day} {day:%b %Y}" for day in self.days))
        return f"{label_of(self.source)}: {self.name} is on {said} ({self.certainty}: {self.origin})."


def label_of(source: str) -> str:
    """What people call a table; the name itself of a source that is none."""
    if source == MOMENTS:
        return "The trade's table"
    code = source.removeprefix(HOLIDAYS)
    return source if code == source else f"Public holidays of {countries().get(code, code)}"


def is_table(source: str) -> bool:
    """Whether a source is one of the tables."""
    return source == MOMENTS or source.startswith(HOLIDAYS)


def bare(title: str) -> str:
    """The words of a title without its year: what is left is nothing but the name, if it is one."""
    plain = _NOT_THE_NAME.sub(" ", title.casefold())
    return " ".join(_WORD.findall(plain.replace("'", "").replace("’", "")))


@lru_cache(maxsize=1)
def _moments_by_name() -> Mapping[str, str]:
    """Bare name -> code. Of seasons the table knows how they usually lie, not how a company has them."""
    found: dict[str, str] = {}
    for code, moment in moment_book().moments.items():
        for name in (moment.name, code.replace("_", " "), *moment.aliases) if moment.kind != "season" else ():
            found.setdefault(bare(name), code)
    return found


@lru_cache(maxsize=100_000)
def moment_named(title: str) -> str | None:
    """The code of the moment of which a title is the name, with no more than a year to it."""
    return _moments_by_name().get(bare(title))


def moment_days(code: str, *, markets: Iterable[Market], years: Iterable[int]) -> list[Dated]:
    """When a moment is in those markets; where several have the same days, as sure as the surest of them."""
    found: dict[Span, list[Certainty]] = {}
    for country in {market.country for market in markets}:
        for year in years:
            for span, certainty in moment_dates(code=code, country=country, year=year):
                found.setdefault(span, []).append(certainty)
    return [_dated(moment_book().moments[code], span, told) for span, told in found.items()]


def _dated(moment: Moment, span: Span, told: Sequence[Certainty]) -> Dated:
    surest = min(told, key=CERTAINTIES.index)
    return Dated(MOMENTS, moment.name, span, surest, moment.source, moment.kind in FEASTS)


def holiday_days(title: str, *, markets: Iterable[Market], years: Iterable[int]) -> list[Dated]:
    """When public holidays of that name are in those markets."""
    name, years = bare(_REMARK.sub("", title)), list(years)
    return [
        day
        for market in markets
        for year in years
        for day in _holidays(market.country, market.subdivision, year).get(name, ())
    ]


@lru_cache(maxsize=512)
def _holidays(country: str, subdivision: str | None, year: int) -> Mapping[str, Sequence[Dated]]:
    """Bare name -> its days in a year; none of a country that the library does not know. Days in a row are one span."""
    market = Market(country=country, subdivision=subdivision)
    try:
        days = holidays_of(market=market, first=date(year, 1, 1), last=date(year, 12, 31))
    except UnknownCountryError:
        return {}
    spans: dict[str, list[tuple[date, date, bool]]] = {}
    for day, names, is_estimated in days.iter_rows():
        for name in names.split("; "):
            found = spans.setdefault(name, [])
            if found and found[-1][1] + timedelta(days=1) == day:
                found[-1] = (found[-1][0], day, found[-1][2] or is_estimated)
            else:
                found.append((day, day, is_estimated))
    by_name: dict[str, list[Dated]] = {}
    for name, each in spans.items():
        plain = _REMARK.sub("", name)
        by_name.setdefault(bare(plain), []).extend(
            Dated(HOLIDAYS + country, plain, (first, last), "estimated" if unsure else "calculated", SOURCE, True)
            for first, last, unsure in each
        )
    return by_name
