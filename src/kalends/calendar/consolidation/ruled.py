"""Days that follow from a rule or a published table take part: they speak where an entry that is nothing but the name
of a moment or of a public holiday has other days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from kalends.calendar.consolidation.claims import GROUPS, Claims, group_fields, group_value
from kalends.calendar.consolidation.sources import Spoken
from kalends.calendar.consolidation.tables import (
    MOMENTS,
    OBSERVED,
    Dated,
    Tables,
    holiday_days,
    moment_days,
    moment_named,
)
from kalends.calendar.definition import Market
from kalends.calendar.events import SETUP
from kalends.calendar.moments import CERTAINTIES, Certainty
from kalends.calendar.rules import Span
from kalends.methods.truth import Claim

REACH: Final = timedelta(days=31)
"""Days further from the table's are another occasion of that name (Independence Day in another country), no mistake."""
VOICE: Final[dict[Certainty, float]] = {"confirmed": 2.0, "calculated": 1.9, "estimated": 0.6}
"""A claim's support: what a rule makes counts as two calendars, so that it takes three which agree to overrule it, and
against two a person is asked. An estimate counts less than one.
"""
QUALITY: Final[dict[Certainty, float]] = {"confirmed": 1.0, "calculated": 0.95, "estimated": 0.6}
LAST_PLACE: Final = 1_000_000
"""Where a company's own order of its sources decides, the tables come after all of them."""
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def ruling_for(said: Sequence[Spoken], *, tables: Tables) -> Dated | None:
    """What a table says against the days of those of an event's entries that bear nothing but the name; None where it
    says nothing, or nothing else. What people write stands, here and when they set the calendar up. The order of the
    entries does not matter.
    """
    told = [spoken for spoken in said if not spoken.is_by_hand]
    if any(spoken.source.name == SETUP for spoken in told):
        return None
    is_holiday = any(spoken.fields.get("type") == "holiday" for spoken in told)
    named = [spoken for spoken in told if is_holiday or moment_named(spoken.fields["name"])]
    if not named or any(spoken.fields.get("recurrence") for spoken in told):
        return None
    markets = _markets(told, tables)
    against = [
        (_distance(each, days), CERTAINTIES.index(each.certainty), each.source != MOMENTS, each.source, each.days, each)
        for title, days in {(str(spoken.fields["name"]), _days(spoken.fields)) for spoken in named}
        for known in [_known(title, days, tables, markets, is_holiday=is_holiday)]
        if not any(each.agrees(days) for each in known)
        for each in known
    ]
    nearest = min(against, key=lambda one: one[:-1], default=None)
    return nearest[-1] if nearest and nearest[0] <= REACH else None


def _markets(told: Sequence[Spoken], tables: Tables) -> Sequence[Market]:
    """The markets that the entries name, in order; where they name none all of the calendar's may be meant."""
    codes = {code for spoken in told for code in spoken.fields.get("markets") or spoken.source.markets}
    named = (code.partition("-") for code in sorted(codes))
    found = [Market(country=country, subdivision=part or None) for country, _, part in named if _is_country(country)]
    return found or tables.markets


def _is_country(code: str) -> bool:
    return bool(_COUNTRY.fullmatch(code))


def _known(title: str, days: Span, tables: Tables, markets: Sequence[Market], *, is_holiday: bool) -> list[Dated]:
    """All that the tables have for a title around its days. Of holidays that are moments, too, the moments' table knows
    better; the other adds the days on which they are kept instead.
    """
    years = range((days[0] - REACH).year, (days[0] + REACH).year + 1)
    code = moment_named(title)
    found = moment_days(code, markets=markets, years=years) if code and code not in tables.without else []
    if not is_holiday:
        return found
    kept = holiday_days(title, markets=markets, years=years)
    return found + [day for day in kept if not found or any(_distance(day, each.days) <= OBSERVED for each in found)]


def _days(fields: Mapping[str, Any]) -> Span:
    return date.fromisoformat(fields["starts_on"]), date.fromisoformat(fields["ends_on"])


def _distance(known: Dated, days: Span) -> timedelta:
    return abs(known.days[0] - days[0])


def ruled(claims: Claims, ruling: Dated | None) -> Claims:
    """The claims about an event with what a table says of its days.

    Where some of the entries have the days of the table and more (a sale by that name), it cannot know how many more:
    then it does not claim its own, but speaks for those.
    """
    if ruling is None or "days" not in claims:
        return claims
    found, voice = claims["days"], VOICE[ruling.certainty]
    own = group_value("days", dict(zip(GROUPS["days"], map(str, ruling.days), strict=True)))
    kept = [claim for claim in found if ruling.agrees(_days(group_fields("days", str(claim.value))))]
    if all(claim.value == own for claim in kept):
        claim = Claim(found[0].item, ruling.source, own, voice, LAST_PLACE, QUALITY[ruling.certainty])
        return {**claims, "days": [*found, claim]}
    spoken_for = [
        claim._replace(support=claim.support + voice / len(kept)) if claim in kept else claim for claim in found
    ]
    return {**claims, "days": spoken_for}
