"""Recurrence rules of .ics files: what is refused, what is mended, and how far ahead one is followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
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
MAX_PLACES: Final = 5
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
    if len(rule.get("BYSETPOS", ())) > MAX_PLACES:
        raise BadEventError(f"BYSETPOS has more than {MAX_PLACES} values.")
    return frequency


def _one(rule: Mapping[str, Any], name: str) -> Any:
    """The first of a rule part's values; None where it is not given."""
    return next(iter(rule.get(name) or ()), None)


def _steps(rule: Mapping[str, Any], start: date, last: date) -> int:
    """How many days, and times in them, the rule may have to look at."""
    times = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= max(1, len(rule.get(name, ())))
    return max(1, last.year - start.year + 2) * 366 * times


def _like(start: date, until: date, zone: str) -> date:
    """`until` as a day for an event of days, in UTC for one with a time zone, and without a zone for one without."""
    if not isinstance(start, datetime):
        return until.date() if isinstance(until, datetime) else until
    moment = until if isinstance(until, datetime) else datetime.combine(until, LAST_SECOND)
    if start.tzinfo is not None:
        return (moment if moment.tzinfo else moment.replace(tzinfo=start.tzinfo)).astimezone(UTC)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment
