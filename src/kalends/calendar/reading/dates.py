"""Dates as people write them in spreadsheets, and which of two readings a column as a whole allows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Final, Literal

DayOrder = Literal["dmy", "mdy"]

# The first letters tell the month in English, German, French, Spanish and Italian (accents taken off).
MONTHS: Final = (
    ("jan", "ene", "gen", "janv"), ("feb", "fev", "fevr"), ("mar", "mrz", "mars", "maer"), ("apr", "avr", "abr"),
    ("may", "mai", "mag"), ("jun", "juin", "giu"), ("jul", "juil", "lug"), ("aug", "aou", "ago"),
    ("sep", "set"), ("oct", "okt", "ott"), ("nov",), ("dec", "dez", "dic"),
)  # fmt: skip
WEEKDAYS: Final = (
    ("mon", "lun", "mo", "lu"), ("tue", "die", "mardi", "marte", "tu"), ("wed", "mit", "mer", "mie", "we", "mi"),
    ("thu", "don", "jeu", "jue", "gio", "th", "do", "je"), ("fri", "fre", "ven", "vie", "fr", "ve"),
    ("sat", "sam", "sab", "sonnab", "sa"), ("sun", "son", "dim", "dom", "su", "so"),
)  # fmt: skip
UNCLEAR: Final = frozenset({"di", "ma", "me", "mar"})
"""Tuesday to a German, Sunday to a Frenchman; Tuesday or Wednesday; Tuesday or March: no vote."""
NUMERIC: Final = re.compile(r"^(\d{1,2})[./\-\s]+(\d{1,2})[./\-\s]+(\d{4}|\d{2})$")
ISO: Final = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$")
COMPACT: Final = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
NAMED_DAY_FIRST: Final = re.compile(
    r"^(\d{1,2})(?:\.|st|nd|rd|th|er|o|°)?[\s/-]*(?:(?:de|of)\s+)?([a-z]{3,})[.,]*[\s/-]*(?:(?:de|del)\s+)?(\d{4}|\d{2})$"
)
NAMED_MONTH_FIRST: Final = re.compile(r"^([a-z]{3,})\.?[\s-]*(\d{1,2})(?:st|nd|rd|th)?[,\s-]+(\d{4})$")
TIME_AFTER: Final = re.compile(
    r"(?<=\d)(?:t|,?\s)\s*(\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?\s*([ap]m)?\s*(?:z|utc|[+-]\d{2}:?\d{2})?$"
)
"""The time of day that follows a date: programs write it also where only the day is meant."""
LEAD: Final = re.compile(r"^(?:from|von|vom|du|del|dal|de|desde|ab|le|el|il|am)\s+")
SERIAL: Final = re.compile(r"^(\d{5})(?:\.\d+)?$")
LONGEST: Final = 100
"""Characters of a cell that may be a date."""
EXCEL_ZERO: Final = date(1899, 12, 30)
"""Day 0 of Excel's 1900 system, so that its day 60 (a 29 February that never was) does no harm after it."""
DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
RANGE_MARKS: Final = (
    "..",
    " - ",
    " / ",
    " to ",
    " bis ",
    " until ",
    " through ",
    " thru ",
    " au ",
    " al ",
    " hasta ",
    "-",
    "/",
)
DAYS_OF_MONTH: Final = re.compile(r"^([a-z]{3,})\.?\s*(\d{1,2})\s*-\s*(\d{1,2}),?\s*(\d{4})$")
CLOCK: Final = re.compile(r"^(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?\s*(am|pm|a\.m\.|p\.m\.|uhr|h)?$")


def plain(text: str) -> str:
    """Lower case, without accents and double blanks, with one kind of dash."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.translate(DASHES).split())


def split_weekday(text: str) -> tuple[str, int | None]:
    """The text without a weekday at its start, and that weekday (Monday 0; None also where the word is unclear)."""
    head, _, rest = plain(text).partition(" ")
    word = head.rstrip(".,")
    number = weekday_of(word)
    is_weekday = number is not None or (word in UNCLEAR and not re.match(r"\d{1,2}\b(?![./-])", rest))
    return (rest, number) if is_weekday and any(map(str.isdigit, rest)) else (plain(text), None)


@lru_cache(maxsize=10_000)
def weekday_of(text: str) -> int | None:
    """The weekday that a word names, Monday 0; None where it names none, or may name several."""
    word = plain(text).rstrip(".,")
    if word in UNCLEAR:
        return None
    for number, names in enumerate(WEEKDAYS):
        if any(word == name or (len(name) > 2 and word.startswith(name)) for name in names):
            return number
    return None


def _month(word: str) -> int | None:
    return next((n for n, names in enumerate(MONTHS, start=1) if any(word.startswith(name) for name in names)), None)


def parse_day(text: str, order: DayOrder) -> date | None:
    """The day that a cell says, without the weekday before it; None where it says none."""
    if len(text) > LONGEST:
        return None
    body, _ = split_weekday(text)
    head, _, rest = body.partition(" ")
    return _tried(body, order) or (_tried(rest, order) if head.rstrip(".,") in UNCLEAR else None)


def _tried(body: str, order: DayOrder) -> date | None:
    try:
        return _parsed(TIME_AFTER.sub("", body), order)
    except (ValueError, OverflowError):
        return None


def _parsed(body: str, order: DayOrder) -> date | None:
    if match := ISO.match(body) or COMPACT.match(body):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := NUMERIC.match(body):
        one, two, year = int(match[1]), int(match[2]), int(match[3])
        day, month = (one, two) if order == "dmy" else (two, one)
        return date(_year(year), month, day)
    if match := NAMED_DAY_FIRST.match(body):
        return date(_year(int(match[3])), _month(match[2]) or 0, int(match[1]))
    if match := NAMED_MONTH_FIRST.match(body):
        return date(int(match[3]), _month(match[1]) or 0, int(match[2]))
    return EXCEL_ZERO + timedelta(days=int(match[1])) if (match := SERIAL.match(body)) else None


def _year(number: int) -> int:
    return number + 2000 if number < 100 else number


def parse_days(text: str, order: DayOrder) -> tuple[date, date] | None:
    """The first and the last day of a cell that holds one day or two; the first may leave out what both share."""
    single = parse_day(text, order)
    if single is not None or len(text) > LONGEST:
        return None if single is None else (single, single)
    whole = LEAD.sub("", plain(text))
    for first, last in _halves(whole):
        end = parse_day(last, order)
        begin = None if end is None else parse_day(first, order) or _completed(first, end, order)
        if begin is not None and end is not None:
            return begin, end
    match = DAYS_OF_MONTH.match(whole)
    if match is not None:
        days = [parse_day(f"{match[1]} {day} {match[4]}", order) for day in (match[2], match[3])]
        return None if days[0] is None or days[1] is None else (days[0], days[1])
    alone = parse_day(whole, order)
    return None if alone is None else (alone, alone)


def _halves(text: str) -> Iterator[tuple[str, str]]:
    """What stands before and after each mark of a range; a date has the same dash in it."""
    for mark in RANGE_MARKS:
        parts = text.split(mark)
        for at in range(1, len(parts)):
            yield mark.join(parts[:at]).strip(), mark.join(parts[at:]).strip()


def _completed(text: str, end: date, order: DayOrder) -> date | None:
    """A day that leaves out its year, or month and year: '24.', '24.11.', 'nov 24'."""
    bare = split_weekday(text)[0].rstrip(".,-/ ")
    if bare.isdigit():
        return parse_day(f"{end.year}-{end.month}-{bare}", order)
    years = (end.year, end.year - 1)  # '28 Dec - 3 Jan 2027' begins in 2026
    days = [parse_day(f"{bare}{mark}{year}", order) for year in years for mark in (".", " ")]
    return next((day for day in days if day is not None and day <= end), next(filter(None, days), None))


def day_order(texts: Iterable[str]) -> DayOrder | None:
    """Which number comes first, as far as the column shows it: one above 12 can only be a day. None: it does not."""
    votes = {"dmy": 0, "mdy": 0}
    for text in texts:
        for part in re.split(r"\s-\s|\.\.|\s(?:to|bis|until|through|thru|au|al|hasta)\s", plain(text[:LONGEST])):
            match = NUMERIC.match(TIME_AFTER.sub("", split_weekday(LEAD.sub("", part))[0]))
            if match and int(match[1]) > 12 >= int(match[2]):
                votes["dmy"] += 1
            elif match and int(match[2]) > 12 >= int(match[1]):
                votes["mdy"] += 1
    if votes["dmy"] == votes["mdy"]:
        return None
    return "dmy" if votes["dmy"] > votes["mdy"] else "mdy"


def parse_time(text: str) -> time | None:
    """A time of day: 18:30, 6.30 pm, 18 Uhr, 18h; None where it says none."""
    match = CLOCK.match(plain(text[:LONGEST]))
    if match is None:
        return None
    hour, minute, mark = int(match[1]), int(match[2] or 0), (match[3] or "").replace(".", "")
    if mark in {"am", "pm"}:
        hour = hour % 12 + (12 if mark == "pm" else 0) if 1 <= hour <= 12 else 24
    return time(hour, minute) if hour < 24 and minute < 60 else None


def time_in(text: str) -> time | None:
    """The time of day that follows the date in a cell; None where there is none."""
    match = TIME_AFTER.search(split_weekday(text[:LONGEST])[0])
    return parse_time(f"{match[1]}{match[2] or ''}") if match else None
