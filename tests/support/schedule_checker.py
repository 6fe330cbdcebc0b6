"""Checks a page's week against the written rules, by none of the program's own code: its tables are copied from them.

`faults` takes what the page is (plain values), the messages as they went out, and what the schedule says gave way.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

TIERS = {  # tier: (weekly PPVs, weekly bumps, least gap in minutes)
    "MICRO": ((5, 7), (3, 5), 180),
    "SMALL": ((7, 10), (5, 7), 150),
    "MEDIUM": ((10, 14), (7, 10), 120),
    "LARGE": ((14, 18), (10, 14), 90),
    "MEGA": ((18, 25), (14, 18), 75),
}
ZONES = {  # zone: (PPV in hundredths, bumps, minutes more, cooling days)
    "GREEN": (100, 100, 0, 0),
    "YELLOW": (75, 120, 30, 0),
    "RED": (50, 200, 60, 2),
}


@dataclass
class Page:
    """A page as it is, in plain values."""

    zone: str
    tier: str
    score: float
    first_day: date
    mix: dict[str, float]
    captions: dict[int, dict]
    """By number: tier, category, urgent, shared, locked."""
    sent: list[tuple[datetime, str, int]]
    """When, what type, which caption: of this page, before or after the week."""
    quiet: tuple[time, time] = (time(3), time(7))
    cooldown_days: int = 30
    urgency_share: float = 0.3
    follow_ups: bool = False
    ppv: int | None = None
    bumps: int | None = None
    gap: int | None = None
    days_off: tuple[int, ...] = ()
    not_before: datetime | None = None
    last_category: str | None = None
    week: range = field(init=False)

    def __post_init__(self):
        self.week = range(self.first_day.toordinal(), self.first_day.toordinal() + 7)


def volume(tier, score):
    """(PPVs, bumps, gap in minutes, cooling days) of a week, by the two tables."""
    (low, high), (few, many), gap = TIERS[tier]
    zone = "GREEN" if score < 0.30 else "YELLOW" if score < 0.60 else "RED"
    paid, free, more, cooling = ZONES[zone]
    return (
        math.floor(math.floor((low + high) / 2) * paid / 100),
        math.floor(math.floor((few + many) / 2) * free / 100 + 1e-9),
        gap + more,
        cooling,
    )


def faults(page, messages, *, relaxed=(), unplaced=()):
    """Everything that is wrong with the week, in words; [] is a week without fault.

    `messages`: dictionaries with send_at (aware), message_type, caption_id (the number), follows (None, or the send_at
    of another), price_tier, content_category, has_urgency, performance_score. `relaxed`: names of rules that gave way.
    `unplaced`: message types without a place.
    """
    zone, found = ZoneInfo(page.zone), []
    ordered = sorted(messages, key=lambda one: one["send_at"])
    if ordered != list(messages):
        found.append("not in order of time")
    paid = [one for one in ordered if one["message_type"] == "PPV"]
    free = [one for one in ordered if one["message_type"] == "Bump"]
    if len(paid) + len(free) != len(ordered):
        found.append("a type that is neither PPV nor Bump")
    found += numbers(page, paid, free, relaxed, unplaced)
    for one in ordered:
        found += clock(page, one, zone)
    found += gaps(page, paid, free)
    found += days(page, paid, ordered, zone)
    found += texts(page, ordered, relaxed)
    return found


def numbers(page, paid, free, relaxed, unplaced):
    ppv, bumps, _, _ = volume(page.tier, page.score)
    wanted = {"PPV": ppv if page.ppv is None else page.ppv, "Bump": bumps if page.bumps is None else page.bumps}
    for kind, got in (("PPV", paid), ("Bump", free)):
        short = wanted[kind] - len(got) - sum(one == kind for one in unplaced)
        if short < 0 or (short > 0 and "fewer messages" not in relaxed):
            yield f"{len(got)} {kind}, wanted {wanted[kind]}, {list(unplaced).count(kind)} said to have no place"


def clock(page, one, zone):
    at = one["send_at"]
    local = at.astimezone(zone)
    if local.minute % 15 == 0 or local.second or local.microsecond:
        yield f"{local} is at a quarter of an hour"
    start, end = page.quiet
    now = local.time()
    if (start <= now < end) if start <= end else (now >= start or now < end):
        yield f"{local} is in the quiet hours"
    if local.date().toordinal() not in page.week:
        yield f"{local} is not in the week"
    if local.weekday() in page.days_off:
        yield f"{local} is on a day off"
    if page.not_before and at < page.not_before:
        yield f"{local} is past"


def gaps(page, paid, free):  # noqa: C901, PLR0912 (rule after rule, as they are written)
    *_, gap, _ = volume(page.tier, page.score)
    if page.gap is not None:
        gap = page.gap + {"GREEN": 0, "YELLOW": 30, "RED": 60}[
            "GREEN" if page.score < 0.30 else "YELLOW" if page.score < 0.60 else "RED"]  # fmt: skip
    around = [(at, kind) for at, kind, _ in page.sent]
    all_paid = sorted([one["send_at"] for one in paid] + [at for at, kind in around if kind == "PPV"])
    mine = {one["send_at"] for one in paid}
    for one, other in pairwise(all_paid):
        if (one in mine or other in mine) and other - one < timedelta(minutes=gap):
            yield f"PPVs at {one} and {other}, the gap is {gap} minutes"
    plain = [one["send_at"] for one in free if not one["follows"]]
    for at in plain:
        if any(abs(at - other) < timedelta(minutes=45) for other in all_paid):
            yield f"the bump at {at} is less than 45 minutes from a PPV"
    all_free = sorted([one["send_at"] for one in free] + [at for at, kind in around if kind == "Bump"])
    frees = {one["send_at"] for one in free}
    for one, other in pairwise(all_free):
        if (one in frees or other in frees) and other - one < timedelta(minutes=30):
            yield f"bumps at {one} and {other}"
    leaders = [one["follows"] for one in free if one["follows"]]
    if len(set(leaders)) != len(leaders):
        yield "two reminders of one message"
    if leaders and not page.follow_ups:
        yield "reminders that nobody wanted"
    for one in free:
        if not one["follows"]:
            continue
        if one["follows"] not in mine or not timedelta(minutes=15) <= one["send_at"] - one["follows"] <= timedelta(
            minutes=45
        ):
            yield f"the reminder at {one['send_at']} does not follow its message by 15 to 45 minutes"
        if any(abs(one["send_at"] - other) < timedelta(minutes=45) for other in all_paid if other != one["follows"]):
            yield f"the reminder at {one['send_at']} is less than 45 minutes from another PPV"


def days(page, paid, ordered, zone):
    *_, cooling = volume(page.tier, page.score)
    used = {one["send_at"].astimezone(zone).date() for one in paid}
    if 7 - len(used) < cooling:
        yield f"{7 - len(used)} days without PPV, {cooling} are due"
    times = {}
    for one in ordered:
        local = one["send_at"].astimezone(zone)
        times.setdefault(local.date(), []).append(local.time())
    for day, other in [(day, other) for day in times for other in times if day < other]:
        if sorted(times[day]) == sorted(times[other]):
            yield f"{day} and {other} are alike"


def texts(page, ordered, relaxed):  # noqa: C901, PLR0912 (as above)
    numbers_used = [one["caption_id"] for one in ordered]
    if len(set(numbers_used)) != len(numbers_used):
        yield "a caption twice"
    last = {}
    for at, _, number in page.sent:
        last.setdefault(number, []).append(at)
    for one in ordered:
        caption = page.captions[one["caption_id"]]
        if caption["locked"]:
            yield f"caption {one['caption_id']} is reserved"
        if any(abs(one["send_at"] - at) < timedelta(days=page.cooldown_days) for at in last.get(one["caption_id"], [])):
            yield f"caption {one['caption_id']} is within its cooldown"
        if (caption["tier"] == "Free") != (one["message_type"] == "Bump"):
            yield f"a {one['message_type']} with a caption of the tier {caption['tier']}"
        if (caption["tier"], caption["category"], caption["urgent"]) != (
            one["price_tier"], one["content_category"], one["has_urgency"]):  # fmt: skip
            yield f"caption {one['caption_id']} is told wrongly"
        if caption["shared"] and "shared captions" not in relaxed:
            yield f"caption {one['caption_id']} is shared, which is not named"
        if not 0 <= one["performance_score"] <= 1:
            yield "a score beyond 0 to 1"
    categories = [page.last_category, *(page.captions[one]["category"] for one in numbers_used)]
    if "variety" not in relaxed and any(one == other for one, other in pairwise(categories)):
        yield "a category twice running, which is not named"
    urgent = sum(page.captions[one]["urgent"] for one in numbers_used)
    if urgent > page.urgency_share * len(ordered) + 1e-9:
        yield f"{urgent} of {len(ordered)} are urgent"
    count = Counter(page.captions[one]["tier"] for one in numbers_used)
    paid = sum(count[tier] for tier in page.mix)
    if "price mix" not in relaxed:
        for tier, share in page.mix.items():
            if abs(count[tier] - share * paid) >= 1:
                yield f"{count[tier]} of {paid} are {tier}, the mix says {share:.0%}"
