"""Events that come again: the rule (RFC 5545, section 3.3.10), the days that it gives, and its plain kinds. Pure.

A rule is followed for at most MAX_YEARS from its first day and MAX_TIMES times; the first day always counts, as the
standard says of DTSTART.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from typing import Final

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # it comes with `icalendar`, without stubs

MAX_YEARS: Final = 10
MAX_TIMES: Final = 1_000
MAX_STEP: Final = 120
"""Every 120 months is the longest step that comes again within ten years."""

# What goes with which frequency. Less than the standard allows: what is left always comes true soon, or never begins.
PARTS: Final[dict[str, frozenset[str]]] = {
    "DAILY": frozenset(),
    "WEEKLY": frozenset({"BYDAY"}),
    "MONTHLY": frozenset({"BYDAY", "BYMONTHDAY", "BYSETPOS"}),
    "YEARLY": frozenset({"BYMONTH", "BYDAY", "BYMONTHDAY", "BYSETPOS"}),
}
EVERYWHERE: Final = frozenset({"INTERVAL", "COUNT", "UNTIL", "WKST"})
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
EXAMPLE: Final = "FREQ=YEARLY;BYMONTH=11;BYDAY=4FR"


def canonical_rule(text: str) -> str:
    """The rule in one spelling; empty stays empty. Raises ValueError in words for what is no rule for days."""
    plain = text.strip().upper().removeprefix("RRULE:").strip(";")
    if not plain:
        return ""
    parts = _parts(plain)
    frequency = parts.get("FREQ", "")
    if frequency not in PARTS:
        raise ValueError(f"a rule begins with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, for example {EXAMPLE}")
    known = PARTS[frequency] | EVERYWHERE
    for name in parts.keys() - {"FREQ"} - known:
        raise ValueError(f"{name} does not go with FREQ={frequency}; known are {', '.join(sorted(known))}")
    _check_numbers(parts)
    _check_days(parts)
    if "UNTIL" in parts:
        parts["UNTIL"] = _written(_until(parts["UNTIL"]))
    order = ("FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST", "COUNT", "UNTIL")
    return ";".join(f"{name}={parts[name]}" for name in order if name in parts)


def _parts(plain: str) -> dict[str, str]:
    """Name -> value, each name once."""
    parts: dict[str, str] = {}
    for piece in plain.split(";"):
        name, _, value = piece.partition("=")
        if not value or name in parts:
            raise ValueError(f"{piece!r} is no part of a rule, or comes twice; a rule looks like {EXAMPLE}")
        parts[name] = value
    return parts


def _check_numbers(parts: dict[str, str]) -> None:
    """Steps and ends are numbers within bounds."""
    for name, most in (("INTERVAL", MAX_STEP), ("COUNT", MAX_TIMES)):
        if name in parts and not (parts[name].isdecimal() and 1 <= int(parts[name]) <= most):
            raise ValueError(f"{name} is a number from 1 to {most:,}, not {parts[name]}")
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise ValueError("a rule ends after a number of times (COUNT) or on a day (UNTIL), not both")
    if "WKST" in parts and parts["WKST"] not in WEEKDAYS:
        raise ValueError(f"WKST is a day such as MO, not {parts['WKST']}")


def _check_days(parts: dict[str, str]) -> None:
    """The BY parts name days that there are."""
    months = _numbers(parts, "BYMONTH", low=1, high=12)
    days = [abs(day) for day in _numbers(parts, "BYMONTHDAY", low=-31, high=31)]
    if days and min(days) > max((LONGEST[month - 1] for month in months), default=31):
        raise ValueError("there is no such day in that month")
    ordinals = [_ordinal(name) for name in parts.get("BYDAY", "").split(",") if name]
    if any(ordinals) and (parts["FREQ"] == "WEEKLY" or days):
        raise ValueError("the n-th weekday (4FR) goes with months and years, and not with BYMONTHDAY")
    if parts["FREQ"] == "YEARLY" and any(ordinals) and not months:
        raise ValueError("the n-th weekday of a year needs its month: BYMONTH=11;BYDAY=4FR")
    if "BYSETPOS" in parts:
        _numbers(parts, "BYSETPOS", low=-5, high=5)
        if days or any(ordinals) or not ordinals:
            raise ValueError("BYSETPOS goes with weekdays: BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")


def _numbers(parts: dict[str, str], name: str, *, low: int, high: int) -> list[int]:
    """A part's numbers; none where it is not given."""
    found = []
    for piece in parts.get(name, "").split(",") if name in parts else ():
        if not piece.lstrip("+-").isdecimal() or not low <= int(piece) <= high or int(piece) == 0:
            raise ValueError(f"{name} takes numbers from {low} to {high}, not {piece!r}")
        found.append(int(piece))
    return found


def _ordinal(day: str) -> int:
    """The number before a weekday; 0 where there is none."""
    number = day[:-2]
    if day[-2:] not in WEEKDAYS or (number and (number.lstrip("+-") not in {"1", "2", "3", "4", "5"})):
        raise ValueError(f"BYDAY takes days such as FR, 4FR or -1FR, not {day!r}")
    return int(number or 0)


def _until(text: str) -> date:
    """The last day on which the rule may hold; a time after it is left off, an event's days are what counts."""
    try:
        return date.fromisoformat(text[:8])
    except ValueError as error:
        raise ValueError(f"UNTIL is a day such as 20301231, not {text}") from error


def _written(day: date) -> str:
    """A day as rules have it; strftime would leave an early year's zeros out."""
    return day.isoformat().replace("-", "")


@lru_cache(maxsize=4_096)  # the same rule is asked for by every look at the calendar; a thousand days are 50 kB
def days_of(rule: str, start: date) -> tuple[date, ...]:
    """The first days of what begins on `start` and repeats by `rule` (as `canonical_rule` gives it), in order."""
    if not rule:
        return (start,)
    last = _last_day(rule, start)
    beginning = datetime.combine(start, time())
    # dateutil would follow a rule that never comes true to the year 9999: the grammar above leaves few of those.
    found = (moment.date() for moment in rrulestr(_without_until(rule), dtstart=beginning))
    days = list(islice(takewhile(lambda day: day <= last, found), MAX_TIMES))
    if days[:1] != [start]:
        days = [start, *days][: _count(rule)]
    return tuple(days)


def _last_day(rule: str, start: date) -> date:
    """The day after which the rule is not followed."""
    # Room for the last occurrence to end: the days there are end with the year 9999.
    years = timedelta(days=round(MAX_YEARS * 365.25))
    horizon = start + years if start <= date.max - 2 * years else start
    until = _parts(rule).get("UNTIL")
    return min(horizon, _until(until)) if until else horizon


def _count(rule: str) -> int:
    return int(_parts(rule).get("COUNT", MAX_TIMES))


def _without_until(rule: str) -> str:
    return ";".join(part for part in rule.split(";") if not part.startswith("UNTIL="))


# Plain kinds: what people choose from.


@dataclass(frozen=True, slots=True)
class Repeats:
    """How an event repeats, as people say it. `kind`: a key of KINDS, "" for never, OWN for a rule of its own."""

    kind: str
    until: date | None = None
    count: int | None = None


OWN: Final = "own"
KINDS: Final[dict[str, str]] = {
    "daily": "Every day",
    "weekly": "Every week",
    "fortnightly": "Every second week",
    "monthly": "Every month on the date",
    "monthly_weekday": "Every month on the n-th weekday",
    "yearly": "Every year on the date",
    "yearly_weekday": "Every year on the n-th weekday",
}
_BASE: Final = {"daily": "FREQ=DAILY", "weekly": "FREQ=WEEKLY", "fortnightly": "FREQ=WEEKLY;INTERVAL=2",
                "monthly": "FREQ=MONTHLY", "yearly": "FREQ=YEARLY"}  # fmt: skip
LAST: Final = -1


def rule_of(repeats: Repeats, *, start: date) -> str:
    """The rule of a plain kind for an event that first begins on `start`; the fifth weekday of a month is its last."""
    if not repeats.kind:
        return ""
    rule = _BASE.get(repeats.kind) or _weekday_rule(repeats.kind, start, place_in_month(start))
    if repeats.count is not None:
        return f"{rule};COUNT={repeats.count}"
    return f"{rule};UNTIL={_written(repeats.until)}" if repeats.until is not None else rule


def _weekday_rule(kind: str, start: date, place: int) -> str:
    day = f"{place}{WEEKDAYS[start.weekday()]}"
    return (
        f"FREQ=MONTHLY;BYDAY={day}" if kind == "monthly_weekday" else f"FREQ=YEARLY;BYMONTH={start.month};BYDAY={day}"
    )


def place_in_month(day: date) -> int:
    """The how-manieth of its weekday a day is in its month: 1 to 4, or LAST for a fifth."""
    place = (day.day - 1) // 7 + 1
    return place if place < 5 else LAST


def kind_of(rule: str, *, start: date) -> Repeats:
    """The plain kind that a rule is, for an event that first begins on `start`; OWN where it is none of them."""
    if not rule:
        return Repeats("")
    parts = _parts(rule)
    until = _until(parts["UNTIL"]) if "UNTIL" in parts else None
    count = int(parts["COUNT"]) if "COUNT" in parts else None
    bare = ";".join(part for part in rule.split(";") if not part.startswith(("UNTIL=", "COUNT=")))
    plain = {rule_of(Repeats(kind), start=start): kind for kind in KINDS}
    if start.day + 7 > monthrange(start.year, start.month)[1]:  # a last Friday may be a fourth one
        plain |= {_weekday_rule(kind, start, LAST): kind for kind in ("monthly_weekday", "yearly_weekday")}
    return Repeats(plain.get(bare, OWN), until, count)


def moved_rule(rule: str, *, start: date, to: date) -> str:
    """The rule after its first day has moved. Raises ValueError for a rule of its own, whose meaning nobody knows."""
    repeats = kind_of(rule, start=start)
    if repeats.kind == OWN:
        raise ValueError("this event repeats by a rule of its own; change the rule, or move one occurrence")
    until = repeats.until + (to - start) if repeats.until else None
    return rule_of(Repeats(repeats.kind, until, repeats.count), start=to)


ORDINALS: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", LAST: "last"}


def rule_words(rule: str, *, start: date) -> str:
    """The rule in words: "every year on the fourth Friday of November, 5 times"; empty for none."""
    repeats = kind_of(rule, start=start)
    place = LAST if f"={LAST}" in rule else place_in_month(start)
    weekday = f"the {ORDINALS[place]} {start:%A}"
    said = {
        "": "",
        OWN: f"by the rule {rule}",
        "daily": "every day",
        "weekly": f"every week on {start:%A}",
        "fortnightly": f"every second week on {start:%A}",
        "monthly": f"every month on day {start.day}",
        "monthly_weekday": f"every month on {weekday}",
        "yearly": f"every year on {start.day} {start:%B}",
        "yearly_weekday": f"every year on {weekday} of {start:%B}",
    }[repeats.kind]
    if repeats.count is not None and repeats.kind != OWN:
        return f"{said}, {repeats.count} times"
    return f"{said}, until {repeats.until:%-d %B %Y}" if repeats.until and repeats.kind != OWN else said
