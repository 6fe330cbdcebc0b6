"""Random pages: as the builder takes them, and as the independent checker knows them."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
from schedule_checker import Page

from kalends.messages.building import Inputs
from kalends.messages.evidence import BankCaption
from kalends.messages.history import HISTORY, PriceTier
from kalends.messages.placing import Neighbour
from kalends.messages.sections import (
    Account,
    Behaviour,
    Hour,
    PageAnalysis,
    PriceClass,
    Prices,
    Recent,
    Saturation,
    Timing,
)
from kalends.messages.segments import MIXES, Segment
from kalends.messages.volume import Tier, volume_of, zone_of
from kalends.messages.weekrules import Habits, PageHabits, TemplateRules, Wish

ZONES = (
    "America/New_York", "America/Los_Angeles", "America/Chicago", "America/Denver", "America/Sao_Paulo",
    "America/St_Johns", "Europe/London", "Europe/Berlin", "Europe/Madrid", "Europe/Lisbon", "Europe/Athens",
    "Africa/Cairo", "Asia/Beirut", "Asia/Jerusalem", "Asia/Kolkata", "Asia/Tokyo", "Asia/Kathmandu",
    "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham",
    "America/Santiago", "Pacific/Honolulu",
)  # fmt: skip
PRICES = {PriceTier.BUDGET: 5, PriceTier.MID: 12, PriceTier.PREMIUM: 30, PriceTier.FREE: 0}
PAGE_ID = "01930000-0000-7000-8000-000000000001"
QUIET = ((time(3), time(7)), (time(3), time(7)), (time(1, 30), time(6, 10)), (time(22), time(6)), (time(0), time(0)))


def analysis_of(tier, score, hours, *, segment=Segment.BALANCED, zone="UTC", as_of, recent=20):
    """An analysis with this size, saturation and hours; the rest is as of a page that little is known of."""
    found = zone_of(score)
    return PageAnalysis(
        page_id=PAGE_ID,
        as_of=as_of,
        account=Account(tier, "", None, Decimal(1000), recent, 0, (), 500),
        saturation=Saturation(score, 0.1, 0.0, 1.0, found, True, "", 0.5, 50, 100, None, None, None, 8.0, None),
        behaviour=Behaviour(segment, MIXES[segment], None, None, 0.9, 50),
        timing=Timing(zone, tuple(Hour(at // 24, at % 24, value, 0.1, value, value, 3) for at, value in enumerate(hours)), 50),
        prices=Prices("USD", "settings", tuple(
            PriceClass(each, PRICES[each] * 0.8, PRICES[each] * 1.2, None, None, 0) for each in MIXES[segment]), 50),
        categories=(),
        captions=(),
        recent=Recent(8.0, 6.0, 8, 6, 20.0, 4.0, (0,) * 7, (0,) * 24, None, None, recent),
        volume=volume_of(tier, found),
        messages=50,
    )  # fmt: skip


def random_page(seed, *, zone=None, first_day=None, is_rich=False):
    """(inputs of the builder, the same page for the checker). `is_rich`: there are captions enough."""
    dice = random.Random(seed)
    zone = zone or dice.choice(ZONES)
    first_day = first_day or date(2026, 1, 1) + timedelta(days=dice.randrange(400))
    start = datetime.combine(first_day, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    tier, score = dice.choice(list(Tier)), dice.choice([0.1, 0.29, 0.3, 0.45, 0.6, 0.75, 0.95])
    segment, quiet = dice.choice(list(Segment)), dice.choice(QUIET)
    bank = captions_of(dice, is_rich=is_rich)
    cooldown, follow = dice.choice([0, 7, 14, 30]), dice.random() < 0.3
    history = sends_of(dice, bank, start)
    last = {}
    for at, _, number in history:
        last[number] = max(at, last.get(number, at))
    bank = tuple(
        BankCaption(
            **{name: getattr(each, name) for name in ("caption_no", "price_tier", "category", "has_urgency", "is_shared")},
            is_free_now=each.is_free_now and last.get(each.caption_no, start - timedelta(days=999)) + timedelta(days=cooldown) <= start,
        )
        for each in bank
    )  # fmt: skip
    has_own = dice.random() < 0.3
    ppv, bumps = (dice.randint(1, 25), dice.randint(0, 30)) if has_own else (None, None)
    gap = dice.choice([None, None, 60, 240, 500])
    days_off = dice.choice([(), (), (), (6,), (0, 3)])
    not_before = start + timedelta(hours=dice.randint(1, 60)) if dice.random() < 0.1 else None
    hours = [
        dice.lognormvariate(0, 0.4) * (0.3 if hour < 9 else 1.2 if hour > 18 else 0.8)
        for _ in range(7)
        for hour in range(24)
    ]
    as_of = min(start, not_before or start)
    inputs = Inputs(
        page_id=PAGE_ID,
        page_name="Luna",
        currency="USD",
        page=PageHabits(zone, *quiet, ppvs=ppv, bumps=bumps, min_gap_minutes=gap, follow_ups=follow, cooldown_days=cooldown),
        wish=Wish(first_day, template=TemplateRules(days_off=days_off), not_before=not_before),
        analysis=analysis_of(tier, score, hours, segment=segment, zone=zone, as_of=as_of),
        bank=bank,
        history=frame_of(dice, history, bank),
        habits=Habits(urgency_share=dice.choice([0.1, 0.3, 1.0])),
        neighbours=tuple(Neighbour(at, kind) for at, kind, _ in history),
        last_category=next((each.category for each in bank for _, _, number in history[-1:] if each.caption_no == number), None),
    )  # fmt: skip
    page = Page(
        zone=zone,
        tier=tier.value,
        score=score,
        first_day=first_day,
        mix={each.value: share for each, share in MIXES[segment].items()},
        captions={
            each.caption_no: {"tier": each.price_tier.value, "category": each.category, "urgent": each.has_urgency,
                              "shared": each.is_shared, "locked": not each.is_free_now}
            for each in bank
        },
        sent=history,
        quiet=quiet,
        cooldown_days=cooldown,
        urgency_share=inputs.habits.urgency_share,
        follow_ups=follow,
        ppv=ppv,
        bumps=bumps,
        gap=gap,
        days_off=days_off,
        not_before=not_before,
        last_category=inputs.last_category,
    )  # fmt: skip
    return inputs, page


def captions_of(dice, *, is_rich):
    """A bank: ample, short, or of one category only."""
    size, categories = (300, 8) if is_rich else (dice.choice([12, 40, 150]), dice.choice([1, 3, 8]))
    shared = dice.choice([0.0, 0.3, 1.0])
    return [
        BankCaption(
            caption_no=number,
            price_tier=dice.choice(list(PriceTier)),
            category=f"category {dice.randrange(categories)}",
            has_urgency=dice.random() < 0.3,
            is_shared=dice.random() < shared,
            is_free_now=dice.random() < 0.95,
        )
        for number in range(1, size + 1)
    ]


def sends_of(dice, bank, start):
    """Messages of the weeks before, none nearer to each other than the program would send them."""
    found, at = [], start - timedelta(days=40)
    while True:
        at += timedelta(minutes=dice.randint(200, 3000))
        if at >= start:
            return found
        caption = dice.choice(bank)
        found.append((at.replace(second=0, microsecond=0), str(caption.message_type), caption.caption_no))


def frame_of(dice, sends, bank):
    """The sends as a history."""
    tiers = {each.caption_no: each.price_tier for each in bank}
    rows = [
        {
            "page_id": PAGE_ID,
            "message_id": f"m{at}",
            "sent_at": when,
            "type": kind,
            "caption_no": number,
            "price": Decimal(PRICES[tiers[number]]) if kind == "PPV" else None,
            "recipients": (size := dice.randint(200, 5000)),
            "viewed": int(size * 0.4),
            "purchased": dice.randint(0, size // 50) if kind == "PPV" else None,
            "earnings": None,
            "currency": "USD",
        }
        for at, (when, kind, number) in enumerate(sends)
    ]
    return pl.DataFrame(rows, schema=HISTORY)


def told(schedule):
    """A schedule's messages as the checker takes them."""
    at = {each.key: each.send_at for each in schedule.messages}
    return [
        {
            "send_at": each.send_at,
            "message_type": str(each.message_type),
            "caption_id": each.caption_no,
            "follows": at.get(each.follows),
            "price_tier": str(each.price_tier),
            "content_category": each.category,
            "has_urgency": each.has_urgency,
            "performance_score": each.performance_score,
        }
        for each in schedule.messages
    ]
