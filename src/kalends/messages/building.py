"""`build_schedule`: a page's week from what is known, pure. The same inputs and seed give the same bytes.

Analysis -> how many messages -> what the bank can give -> times -> captions. All chance comes from one seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
import polars as pl

from kalends.messages.choosing import Choices, Dealt, Relaxed, Supply, choose_captions, supply_of
from kalends.messages.daymoments import DayMoments
from kalends.messages.evidence import BankCaption, Knowledge, know
from kalends.messages.history import MessageType, PriceTier
from kalends.messages.origins import Origins, origins_of
from kalends.messages.placing import FOLLOW, Neighbour, Place, Placed, place
from kalends.messages.sections import PageAnalysis
from kalends.messages.volume import DEFAULTS, VolumeSettings
from kalends.messages.weekrules import Habits, PageHabits, WeekRules, Wish, week_rules
from kalends.methods.bandits import Greedy, Policy, Thompson, Uniform, generator

POLICIES: Final[dict[str, Policy]] = {"thompson": Thompson(), "greedy": Greedy(), "uniform": Uniform()}
WEEK_HOURS: Final = 168


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a week is made from."""

    page_id: str
    page_name: str
    currency: str
    page: PageHabits
    wish: Wish
    analysis: PageAnalysis
    bank: tuple[BankCaption, ...]
    history: pl.DataFrame
    """Of the company, before the analysis' `as_of`; columns of `history.HISTORY`."""
    habits: Habits = field(default_factory=Habits)
    tables: VolumeSettings = DEFAULTS
    moments: Mapping[date, DayMoments] = field(default_factory=dict)
    neighbours: tuple[Neighbour, ...] = ()
    last_category: str | None = None
    """Of the last message before the week."""
    policy: str = "thompson"
    versions: Mapping[str, str] = field(default_factory=dict)
    """What each part was: digests and versions, kept with the schedule."""


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """One message of a week."""

    key: str
    """ppv-01, bump-07, follow-02: its name within the week."""
    send_at: datetime
    """UTC."""
    message_type: MessageType
    follows: str | None
    """Key of the paid message that this one reminds of."""
    caption_id: str
    caption_no: int
    caption_text: str
    price_tier: PriceTier
    category: str
    has_urgency: bool
    is_shared: bool
    price: Decimal | None
    performance_score: float
    propensity: float
    why: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A message that found no place."""

    message_type: str
    reason: str
    nearest: datetime | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A page's week."""

    page_id: str
    page_name: str
    zone_name: str
    currency: str
    first_day: date
    days: int
    seed: int
    tier: str
    strategy: str
    saturation_zone: str
    saturation_score: float
    is_saturation_known: bool
    rules: WeekRules
    messages: tuple[PlannedMessage, ...]
    """In order of time."""
    unplaced: tuple[Unplaced, ...]
    relaxed: tuple[Relaxed, ...]
    gap: float
    """How far the times are from the best there are at most, as a part; 0.0: proved."""
    policy: str
    versions: Mapping[str, str]
    origins: Origins | None = None
    """Who said how many messages."""
    scores: dict[int, float] = field(default_factory=dict)
    """By caption number: the performance score of the whole bank, for who takes another caption by hand."""

    def totals(self) -> dict[str, Any]:
        """Counts of what is in it."""
        zone = ZoneInfo(self.zone_name)
        days = Counter(each.send_at.astimezone(zone).date().isoformat() for each in self.messages)
        return {
            "messages": len(self.messages),
            "ppv": sum(each.message_type is MessageType.PPV for each in self.messages),
            "bumps": sum(each.message_type is MessageType.BUMP for each in self.messages),
            "follow_ups": sum(each.follows is not None for each in self.messages),
            "urgent": sum(each.has_urgency for each in self.messages),
            "by_day": dict(sorted(days.items())),
            "by_tier": dict(sorted(Counter(each.price_tier.value for each in self.messages).items())),
            "by_category": dict(sorted(Counter(each.category for each in self.messages).items())),
            "wanted_ppv": self.rules.ppv,
            "wanted_bumps": self.rules.bumps,
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: instants in ISO, money as text."""
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self, default=str, option=orjson.OPT_NON_STR_KEYS))
        return plain | {"totals": self.totals()}

    def as_json(self) -> bytes:
        """JSON, the same bytes for the same schedule."""
        return orjson.dumps(self.as_dict(), option=orjson.OPT_SORT_KEYS)


def build_schedule(inputs: Inputs, *, seed: int) -> Schedule:
    """A page's week. Raises NoCaptionsError where no caption is free."""
    analysis, habits = inputs.analysis, inputs.habits
    wanted = week_rules(analysis, inputs.page, habits, inputs.wish, tables=inputs.tables)
    supply = supply_of(
        inputs.bank,
        ppv=wanted.ppv,
        bumps=wanted.bumps,
        mix=analysis.behaviour.mix,
        urgency_share=habits.urgency_share,
        page_name=inputs.page_name,
    )
    rules = _within(wanted, supply)
    placed = _placed(inputs, rules, seed)
    if placed.unplaced:
        # What found no place needs no caption.
        fewer = supply_of(
            inputs.bank,
            ppv=_count(placed, MessageType.PPV),
            bumps=_count(placed, MessageType.BUMP),
            mix=analysis.behaviour.mix,
            urgency_share=habits.urgency_share,
            page_name=inputs.page_name,
        )
        supply = replace(fewer, relaxed=supply.relaxed)
    knowledge = know(
        inputs.history, inputs.bank, analysis, page_id=inputs.page_id, currency=inputs.currency,
        as_of=analysis.as_of, half_life=habits.half_life_days,
    )  # fmt: skip
    choices = choose_captions(
        [each.message_type for each in placed.places],
        [each.value for each in placed.places],
        inputs.bank,
        knowledge,
        supply,
        dice=generator("captions", inputs.page_id, inputs.wish.first_day, seed),
        epsilon=habits.uniform_share,
        policy=POLICIES[inputs.policy],
        last_category=inputs.last_category,
    )
    return _schedule(inputs, seed, wanted, placed, choices, knowledge, supply)


def _within(wanted: WeekRules, supply: Supply) -> WeekRules:
    """The week with as many messages as there are captions for."""
    changed = {
        "ppv": min(wanted.ppv, supply.ppv),
        "bumps": min(wanted.bumps, supply.bumps),
    }
    changed["follow_ups"] = min(wanted.follow_ups, *changed.values())
    return WeekRules.of(wanted.as_dict() | changed)


def _placed(inputs: Inputs, rules: WeekRules, seed: int) -> Placed:
    hours = [hour.index for hour in inputs.analysis.timing.hours]
    return place(
        rules,
        hours if len(hours) == WEEK_HOURS else [1.0] * WEEK_HOURS,
        neighbours=inputs.neighbours,
        factors={day.toordinal(): known.factor for day, known in sorted(inputs.moments.items())},
        seed=seed,
    )


def _count(placed: Placed, kind: MessageType) -> int:
    return sum(each.message_type is kind for each in placed.places)


def _schedule(
    inputs: Inputs, seed: int, wanted: WeekRules, placed: Placed, choices: Choices, knowledge: Knowledge,
    supply: Supply,
) -> Schedule:  # fmt: skip
    analysis = inputs.analysis
    relaxed = [*choices.relaxed, *supply.relaxed]
    if not placed.is_spread:
        relaxed.append(Relaxed("spread", "days got unequal numbers of messages, so that more find a place"))
    messages = tuple(
        _message(inputs, spot, dealt, knowledge) for spot, dealt in zip(placed.places, choices.dealt, strict=True)
    )
    return Schedule(
        page_id=inputs.page_id,
        page_name=inputs.page_name,
        zone_name=inputs.page.zone_name,
        currency=inputs.currency,
        first_day=inputs.wish.first_day,
        days=inputs.wish.days,
        seed=seed,
        tier=analysis.volume.tier.value,
        strategy=analysis.volume.strategy,
        saturation_zone=analysis.volume.zone.value,
        saturation_score=analysis.saturation.score,
        is_saturation_known=analysis.saturation.is_known,
        rules=wanted,
        messages=messages,
        unplaced=tuple(Unplaced(each.message_type, each.reason, each.nearest) for each in placed.unplaced),
        relaxed=tuple(relaxed),
        gap=placed.gap,
        policy=inputs.policy,
        versions=dict(sorted(inputs.versions.items())),
        origins=origins_of(
            analysis.volume.tier, analysis.volume.zone, tables=inputs.tables, page=inputs.page, wish=inputs.wish
        ),
        scores={each.caption_no: _score(knowledge, at) for at, each in enumerate(inputs.bank)},
    )


def _score(knowledge: Knowledge, arm: int) -> float:
    return round(float(knowledge.percentile[arm]), 4)


def _message(inputs: Inputs, spot: Place, dealt: Dealt, knowledge: Knowledge) -> PlannedMessage:
    caption = inputs.bank[dealt.arm]
    price = knowledge.prices.get(caption.price_tier)
    return PlannedMessage(
        key=spot.key,
        send_at=spot.at,
        message_type=spot.message_type,
        follows=spot.follows,
        caption_id=caption.caption_id,
        caption_no=caption.caption_no,
        caption_text=caption.text,
        price_tier=caption.price_tier,
        category=caption.category,
        has_urgency=caption.has_urgency,
        is_shared=caption.is_shared,
        price=None if price is None else Decimal(str(price)),
        performance_score=_score(knowledge, dealt.arm),
        propensity=round(dealt.propensity, 6),
        why=_why(inputs, spot, dealt, knowledge),
    )


def _why(inputs: Inputs, spot: Place, dealt: Dealt, knowledge: Knowledge) -> dict[str, Any]:
    """Why this time and this caption: numbers, and what they say."""
    beliefs, caption = knowledge.beliefs, inputs.bank[dealt.arm]
    expected, sends = float(beliefs.expected[dealt.arm]), int(knowledge.own_sends[dealt.arm])
    numbers = {
        "hour_value": round(spot.value, 4),
        "expected": round(expected, 6),
        "rate": round(float(beliefs.means[dealt.arm]), 6),
        "score": round(min(dealt.score, 1e9), 6),
        "sends_here": sends,
        "propensity": round(dealt.propensity, 6),
    }
    time, text = list(_time_words(inputs, spot)), list(_caption_words(inputs, caption, dealt, knowledge))
    return {"sentences": [*time, *text], "time": time, "caption": text} | numbers


def _time_words(inputs: Inputs, spot: Place) -> Sequence[str]:
    local = spot.at.astimezone(ZoneInfo(inputs.page.zone_name))
    moments = inputs.moments.get(local.date(), DayMoments(()))
    words = []
    if spot.key.startswith(FOLLOW):
        words.append("A reminder of the paid message before it.")
    else:
        hour = spot.value / moments.factor
        words.append(f"{local:%A} {local:%H}:00 is worth {hour:.2f} times the page's average hour.")
    return [*words, *moments.words(f"{local:%A}")]


def _caption_words(inputs: Inputs, caption: BankCaption, dealt: Dealt, knowledge: Knowledge) -> Sequence[str]:
    rate, sends = float(knowledge.beliefs.means[dealt.arm]), int(knowledge.own_sends[dealt.arm])
    better = f"better than {knowledge.percentile[dealt.arm]:.0%} of the page's captions of its kind"
    known = f"sent {sends} times here" if sends else "never sent here: judged by captions like it"
    if caption.price_tier is PriceTier.FREE:
        return [f"About {rate:.0%} are expected to look, {better} ({known})."]
    price = knowledge.prices.get(caption.price_tier)
    brings = f", {1000 * rate * price:.2f} {inputs.currency} of a thousand recipients" if price else ""
    return [f"About {rate:.1%} are expected to buy{brings}, {better} ({known})."]
