"""Recurrence rules of .ics files: what is refused, what is mended, and how far ahead one is followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from math import prod
from typing import Any, Final
from zoneinfo import ZoneInfo

from kalends.calendar.reading.entries import BadEventError

OFTEN: Final = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
GOES_WITH: Final[dict[str, frozenset[str]]] = {
    "BYWEEKNO": frozenset({"YEARLY"}),
    "BYYEARDAY": frozenset({"YEARLY"}),
    "BYMONTHDAY": frozenset({"YEARLY", "MONTHLY"}),
    "BYSETPOS": frozenset({"YEARLY", "MONTHLY", "WEEKLY"}),
}
"""RFC 5545, 3.3.10. Besides, a rule that steps by days and never comes true would be followed to the year 9999."""
MAX_PLACES, MAX_TIMES = 5, 4
LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST_SECOND: Final = time(23, 59, 59)
AHEAD: Final = timedelta(days=366)
"""How far beyond the days asked for a rule is followed: an occurrence may have been moved back by that much."""
MAX_STEPS: Final = 200_000
"""Steps that a rule may take from its first day to the last asked for; they take a second. Daily since 1601 (which is
where Outlook lets time begin) are 156,000."""


def settle_rule(rule: dict[str, Any], *, start: date, last: date, zone: str) -> list[str]:
    """Give the rule an UNTIL that ends it, of the kind that RFC 5545 asks for; what was mended, in words.

    Raises BadEventError for a rule that no marketing calendar means. `zone` is for times without one.
    """
    frequency = _checked_frequency(rule)
    if _steps(rule, start, last) > MAX_STEPS:
        raise BadEventError(f"It repeats too often since {start.isoformat()[:10]}; is the year mistyped?")
    reasons = []
    if _is_never(rule, frequency, start):
        rule.clear()
        rule.update({"FREQ": ["DAILY"], "COUNT": [1]})
        reasons.append("Its rule never comes true; it was read as happening once.")
    if frequency == "YEARLY" and (start.month, start.day) == (2, 29) and not rule.keys() & {"BYMONTHDAY", "BYDAY"}:
        reasons.append("It repeats on 29 February: in leap years only.")
    until = _one(rule, "UNTIL")
    if until is not None and not isinstance(until, date):
        raise BadEventError("UNTIL is no date.")
    if isinstance(start, datetime) and until is not None and not isinstance(until, datetime):
        # Read as midnight, it would lose the last evening.
        reasons.append("UNTIL was a day without a time; it was read as the end of that day.")
    horizon = min(last, date.max - AHEAD) + AHEAD
    ends = until if until is not None and until.timetuple()[:3] <= horizon.timetuple()[:3] else horizon
    rule["UNTIL"] = [_like(start, ends, zone)]
    return reasons


def _checked_frequency(rule: dict[str, Any]) -> str:
    """How often, in capitals; the parts of the rule go with it."""
    frequency = str(_one(rule, "FREQ") or "").upper()
    if not frequency:
        raise BadEventError("Its RRULE has no FREQ, such as FREQ=YEARLY.")
    if frequency in OFTEN:
        raise BadEventError(f"It repeats {frequency.lower()}; a marketing calendar takes days and longer.")
    if any(int(step) < 1 for step in rule.get("INTERVAL", [1])):
        raise BadEventError("INTERVAL must be 1 or more.")
    if any(not 1 <= int(month) <= 12 for month in rule.get("BYMONTH", ())):
        raise BadEventError("BYMONTH must be 1 to 12.")
    if frequency == "DAILY" and "BYMONTHDAY" in rule and _one(rule, "INTERVAL") in {None, 1}:
        frequency = "MONTHLY"  # the same days
        rule["FREQ"] = [frequency]
    for part, frequencies in GOES_WITH.items():
        if part in rule and frequency not in frequencies:
            raise BadEventError(f"{part} goes with FREQ={' or '.join(sorted(frequencies))}, not with {frequency}.")
    if _times(rule) > MAX_TIMES:
        raise BadEventError(f"It repeats {_times(rule)} times a day; a marketing calendar takes days and longer.")
    if len(rule.get("BYSETPOS", ())) > MAX_PLACES:
        raise BadEventError(f"BYSETPOS has more than {MAX_PLACES} values.")
    return frequency


def _is_never(rule: Mapping[str, Any], frequency: str, start: date) -> bool:
    """Whether the rule asks for 31 February and the like, which would be sought until the year 9999: a second each."""
    days = [abs(int(day)) for day in rule.get("BYMONTHDAY", ())]
    longest = max((LONGEST_MONTHS[int(month) - 1] for month in rule.get("BYMONTH", range(1, 13))), default=31)
    weekdays = {WEEKDAYS.index(str(day)[-2:].upper()) for day in rule.get("BYDAY", ())}
    ordinals = [int(number) for day in rule.get("BYDAY", ()) if (number := str(day)[:-2].strip("+-"))]
    most = 5 if frequency == "MONTHLY" or "BYMONTH" in rule else 53
    interval = int(_one(rule, "INTERVAL") or 1)
    return (
        (bool(days) and min(days) > longest)
        or (len(ordinals) == len(rule.get("BYDAY", ())) > 0 and min(ordinals) > most)
        or (frequency == "DAILY" and interval % 7 == 0 and bool(weekdays) and start.weekday() not in weekdays)
        or (frequency == "WEEKLY" and _places(rule) > max(1, len(weekdays)) * _times(rule))
    )


def _places(rule: Mapping[str, Any]) -> int:
    """The nearest place in its period that BYSETPOS asks for; 0 where it does not."""
    return min((abs(int(place)) for place in rule.get("BYSETPOS", ())), default=0)


def _one(rule: Mapping[str, Any], name: str) -> Any:
    """The first of a rule part's values; None where it is not given."""
    return next(iter(rule.get(name) or ()), None)


def _steps(rule: Mapping[str, Any], start: date, last: date) -> int:
    """How many days, and times in them, the rule may have to look at."""
    return max(1, last.year - start.year + 2) * 366 * _times(rule)


def _times(rule: Mapping[str, Any]) -> int:
    """How often in a day the rule may come true."""
    return prod(max(1, len(rule.get(name, ()))) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))


def _like(start: date, until: date, zone: str) -> date:
    """`until` as a day for an event of days, in UTC for one with a time zone, and without a zone for one without."""
    if not isinstance(start, datetime):
        return until.date() if isinstance(until, datetime) else until
    moment = until if isinstance(until, datetime) else datetime.combine(until, LAST_SECOND)
    if start.tzinfo is not None:
        return (moment if moment.tzinfo else moment.replace(tzinfo=start.tzinfo)).astimezone(UTC)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment
