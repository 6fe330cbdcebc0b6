"""Which caption goes where: the best by a draw of what is believed, within what a week may hold.

First the bank is counted: how many captions of each price tier the segment's mix asks for, and what there is. Where the
bank is short, rules give way in this order, and each that does is named: no category twice running; only the page's own
captions; the mix of prices; the number of messages. Then captions are dealt out to the places in order of time, so that
no category comes twice running, and within the places of a kind the best go to the best hours.

The share of urgent captions holds for paid messages and bumps apart, and so for the week.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from kalends.base.errors import ConflictError
from kalends.messages.evidence import TIERS, BankCaption, Knowledge
from kalends.messages.history import MessageType, PriceTier
from kalends.messages.segments import Mix
from kalends.methods.bandits import Policy, Thompson
from kalends.methods.bandits import choose as choose_arms

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DRAWS: Final = 64
"""Draws by which propensities are told: one over 65 is the least that can be told."""
STEPS: Final = 40
"""Places tried for each place there is, before it is said that there is no way."""
BRANCHES: Final = 3
"""Categories of a tier that are tried in a place."""


class NoCaptionsError(ConflictError):
    """No caption is free for this page."""

    code = "no_captions"


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A rule that gave way."""

    rule: str
    """variety | shared captions | price mix | fewer messages | spread"""
    words: str


@dataclass(frozen=True, slots=True)
class Supply:
    """What the bank can give: so many of each price tier, of these captions."""

    pool: Ints
    """Places in the bank, of captions that may be dealt out."""
    counts: dict[PriceTier, int]
    urgent: dict[MessageType, int]
    """At most so many urgent ones."""
    relaxed: tuple[Relaxed, ...]

    @property
    def ppv(self) -> int:
        """Paid messages."""
        return sum(self.counts.get(tier, 0) for tier in TIERS)

    @property
    def bumps(self) -> int:
        """Free messages."""
        return self.counts.get(PriceTier.FREE, 0)


@dataclass(frozen=True, slots=True)
class Dealt:
    """A caption in a place."""

    arm: int
    """Place in the bank."""
    propensity: float
    score: float
    """The draw that it was chosen by."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Captions of all places, in their order."""

    dealt: tuple[Dealt, ...]
    relaxed: tuple[Relaxed, ...] = ()


def supply_of(
    bank: Sequence[BankCaption], *, ppv: int, bumps: int, mix: Mix, urgency_share: float, page_name: str = "the page"
) -> Supply:
    """What there is for so many messages. Raises NoCaptionsError where nothing is free at all."""
    free_now = [at for at, each in enumerate(bank) if each.is_free_now]
    if not free_now:
        raise NoCaptionsError(_what_to_add(bank, ppv=ppv, bumps=bumps, page_name=page_name))
    pool: list[int] = []
    counts: dict[PriceTier, int] = {}
    relaxed: list[Relaxed] = []
    urgent: dict[MessageType, int] = {}
    for kind, wanted, shares in (
        (MessageType.PPV, ppv, dict(mix)),
        (MessageType.BUMP, bumps, {PriceTier.FREE: 1.0}),
    ):
        mine = [at for at in free_now if bank[at].message_type is kind]
        found = _of_kind(bank, mine, wanted, shares, urgency_share, kind)
        pool += found.pool.tolist()
        counts |= found.counts
        urgent |= found.urgent
        relaxed += found.relaxed
    return Supply(np.array(pool, dtype=np.int64), counts, urgent, tuple(relaxed))


def choose_captions(
    kinds: Sequence[MessageType],
    worth: Sequence[float],
    bank: Sequence[BankCaption],
    knowledge: Knowledge,
    supply: Supply,
    *,
    dice: np.random.Generator,
    epsilon: float = 0.1,
    policy: Policy | None = None,
    last_category: str | None = None,
    draws: int = DRAWS,
) -> Choices:
    """Deal captions out to places. `kinds`, `worth`: of each place in order of time; there is a caption for each."""
    if not kinds:
        return Choices(())
    table = _Table(bank, supply, tuple(kinds), last_category)
    beliefs = knowledge.beliefs.of(supply.pool)
    choice = choose_arms(
        policy or Thompson(), beliefs, picks=len(kinds), dice=dice, epsilon=epsilon, rules=table.deal, draws=draws
    )
    order = _best_hours(choice.arms, kinds, worth, table.categories, beliefs.expected, last_category)
    dealt = tuple(
        Dealt(int(supply.pool[choice.arms[at]]), float(choice.propensities[at]), float(choice.scores[choice.arms[at]]))
        for at in order
    )
    names = [table.categories[int(choice.arms[at])] for at in order]
    twice = sum(one == other for one, other in pairwise([last_category, *names]))
    if not twice:
        return Choices(dealt)
    words = f"the captions that are free have too few categories: {_times(twice)} one follows itself"
    return Choices(dealt, (Relaxed("variety", words),))


def apportion(shares: Mapping[PriceTier, float], count: int) -> dict[PriceTier, int]:
    """So many messages by these shares: whole numbers by largest remainders (Hamilton), the cheaper tier first."""
    total = sum(shares.values()) or 1.0
    exact = {tier: count * share / total for tier, share in shares.items()}
    whole = {tier: int(value + 1e-9) for tier, value in exact.items()}
    order = sorted(shares, key=lambda tier: (-(exact[tier] - whole[tier]), list(shares).index(tier)))
    for tier in order[: count - sum(whole.values())]:
        whole[tier] += 1
    return whole


def _of_kind(
    bank: Sequence[BankCaption], mine: Sequence[int], wanted: int, shares: Mapping[PriceTier, float],
    urgency_share: float, kind: MessageType,
) -> Supply:  # fmt: skip
    """What there is for the messages of one type."""
    what = "paid" if kind is MessageType.PPV else "free"
    need, cap = apportion(shares, wanted), int(wanted * urgency_share + 1e-9)
    own = [at for at in mine if not bank[at].is_shared]
    if _allotted(bank, own, need, cap, strict=True) is not None:
        return Supply(np.array(own, dtype=np.int64), need, {kind: cap}, ())
    relaxed = []
    if len(own) < len(mine):
        few = f"only {len(own)} own {what} captions are free, {wanted} are wanted: shared ones are used, too"
        none = f"the page has no {what} captions of its own that are free: shared ones are used"
        relaxed.append(Relaxed("shared captions", few if own else none))
    for count in range(wanted, -1, -1):
        need, cap = apportion(shares, count), int(count * urgency_share + 1e-9)
        allotted = _allotted(bank, mine, need, cap, strict=True)
        moved = allotted is None
        allotted = allotted if allotted is not None else _allotted(bank, mine, need, cap, strict=False)
        if allotted is None:
            continue
        if moved:
            told = ", ".join(f"{allotted[tier]} {tier.value} instead of {need[tier]}" for tier in need
                             if allotted[tier] != need[tier])  # fmt: skip
            relaxed.append(Relaxed("price mix", f"free captions do not fit the audience's mix of prices: {told}"))
        if count < wanted:
            words = f"{count} of {wanted} {what} messages: add {wanted - count} {what} captions that are not urgent"
            relaxed.append(Relaxed("fewer messages", words))
        return Supply(np.array(mine, dtype=np.int64), allotted, {kind: cap}, tuple(relaxed))
    raise AssertionError("no message at all always fits")


def _allotted(
    bank: Sequence[BankCaption], mine: Sequence[int], need: Mapping[PriceTier, int], cap: int, *, strict: bool
) -> dict[PriceTier, int] | None:
    """So many of each tier as there are and urgency allows, None where too few; `strict`: as needed or not at all."""
    calm, hasty = (
        Counter(bank[at].price_tier for at in mine if bank[at].has_urgency is urgency) for urgency in (False, True)
    )
    taken, hurried = dict.fromkeys(need, 0), dict.fromkeys(need, 0)
    left, missing = cap, sum(need.values())
    for is_exact in (True,) if strict else (True, False):
        for supply, used in ((calm, taken), (hasty, hurried)):
            for tier in need:
                wish = need[tier] - taken[tier] - hurried[tier] if is_exact else missing
                more = max(0, min(wish, supply[tier] - used[tier], left if supply is hasty else wish))
                used[tier] += more
                missing -= more
                left -= more if supply is hasty else 0
    return {tier: taken[tier] + hurried[tier] for tier in need} if missing == 0 else None


class _Table:
    """Deals captions of a pool out to places by scores: the rules of variety, price mix and urgency in one function."""

    def __init__(
        self, bank: Sequence[BankCaption], supply: Supply, kinds: tuple[MessageType, ...], last_category: str | None
    ) -> None:
        self.captions = [bank[at] for at in supply.pool]
        self.categories = [each.category for each in self.captions]
        self.kinds, self.counts, self.last = kinds, supply.counts, last_category
        self.tiers = {kind: [tier for tier in supply.counts if (tier is PriceTier.FREE) is (kind is MessageType.BUMP)]
                      for kind in MessageType}  # fmt: skip
        calm = Counter(each.price_tier for each in self.captions if not each.has_urgency)
        self.must_hurry = {tier: max(0, count - calm[tier]) for tier, count in supply.counts.items()}
        self.may_hurry = {kind: cap - sum(self.must_hurry[tier] for tier in self.tiers[kind])
                          for kind, cap in supply.urgent.items()}  # fmt: skip

    def deal(self, scores: Floats) -> Ints:
        """Places in the pool, in order of time: by score; else rarest choice first; else with a category twice."""
        for is_by_score, is_strict in ((True, True), (False, True), (True, False)):
            found = _Deal(self, scores, is_by_score=is_by_score, is_strict=is_strict).run()
            if found is not None:
                return np.array(found, dtype=np.int64)
        raise AssertionError("counted captions can always be dealt out when categories may repeat")


class _Deal:
    """One attempt: depth first over the places, the best caption first, with a bound on the steps."""

    def __init__(self, table: _Table, scores: Floats, *, is_by_score: bool, is_strict: bool) -> None:
        self.table, self.scores, self.is_by_score, self.is_strict = table, scores, is_by_score, is_strict
        self.left = dict(table.counts)
        self.must, self.may = dict(table.must_hurry), dict(table.may_hurry)
        self.used = bytearray(len(table.captions))
        order = np.argsort(-scores, kind="stable").tolist()
        self.by_tier: dict[PriceTier, list[int]] = {tier: [] for tier in table.counts}
        for arm in order:
            self.by_tier[table.captions[arm].price_tier].append(arm)
        self.steps = STEPS * len(table.kinds) + STEPS

    def run(self) -> list[int] | None:
        """The arms by place, None where none was found within the steps."""
        kinds, last = self.table.kinds, self.table.last
        dealt: list[int] = []
        options: list[Iterator[int]] = [self._options(0, last)]
        debts: list[bool] = []
        while options:
            arm = next(options[-1], None)
            self.steps -= 1
            if self.steps < 0:
                return None
            if arm is None:
                options.pop()
                if dealt:
                    self._give_back(dealt.pop(), debts.pop())
                continue
            debts.append(self._take(arm))
            dealt.append(arm)
            if len(dealt) == len(kinds):
                return dealt
            options.append(self._options(len(dealt), self.table.categories[arm]))
        return None

    def _options(self, place: int, last: str | None) -> Iterator[int]:
        """Arms for the place, the best first: of each tier the best few of different categories."""
        found = []
        for tier in self.table.tiers[self.table.kinds[place]]:
            if self.left[tier]:
                found += self._of_tier(tier, last)
        if self.is_by_score:
            found.sort(key=lambda arm: -self.scores[arm])
        else:
            supply = Counter(self.table.categories[arm] for tier, arms in self.by_tier.items() for arm in arms
                             if not self.used[arm] and self.left[tier])  # fmt: skip
            found.sort(key=lambda arm: (-supply[self.table.categories[arm]], -self.scores[arm]))
        if not self.is_strict:
            found.sort(key=lambda arm: self.table.categories[arm] == last)
        return iter(found)

    def _of_tier(self, tier: PriceTier, last: str | None) -> list[int]:
        captions, found, seen = self.table.captions, [], set()
        kind = MessageType.BUMP if tier is PriceTier.FREE else MessageType.PPV
        may_hurry = self.must[tier] > 0 or self.may[kind] > 0
        for arm in self.by_tier[tier]:
            caption = captions[arm]
            if self.used[arm] or caption.category in seen or (caption.has_urgency and not may_hurry):
                continue
            if self.is_strict and caption.category == last:
                continue
            seen.add(caption.category)
            found.append(arm)
            if self.is_by_score and len(found) == BRANCHES:
                break
        return found

    def _take(self, arm: int) -> bool:
        """Use it up; gives whether its urgency was one that the tier could not do without."""
        caption = self.table.captions[arm]
        self.used[arm] = 1
        self.left[caption.price_tier] -= 1
        if not caption.has_urgency:
            return False
        owed = self.must[caption.price_tier] > 0
        if owed:
            self.must[caption.price_tier] -= 1
        else:
            self.may[caption.message_type] -= 1
        return owed

    def _give_back(self, arm: int, was_owed: bool) -> None:
        caption = self.table.captions[arm]
        self.used[arm] = 0
        self.left[caption.price_tier] += 1
        if caption.has_urgency and was_owed:
            self.must[caption.price_tier] += 1
        elif caption.has_urgency:
            self.may[caption.message_type] += 1


def _best_hours(
    arms: Ints, kinds: Sequence[MessageType], worth: Sequence[float], categories: Sequence[str], expected: Floats,
    last: str | None,
) -> list[int]:  # fmt: skip
    """An order of the dealt captions in which the best are at the best hours of their kind, and no more come twice."""
    order = list(range(len(arms)))
    names = [categories[int(arm)] for arm in arms]
    value = [float(expected[int(arm)]) for arm in arms]

    def twice(at: int) -> int:
        around = [last if at == 0 else names[order[at - 1]], names[order[at]]]
        around += [names[order[at + 1]]] if at + 1 < len(order) else []
        return sum(one == other for one, other in pairwise(around))

    for _ in range(3):
        changed = False
        for one in range(len(order)):
            for other in range(one + 1, len(order)):
                gain = (worth[one] - worth[other]) * (value[order[other]] - value[order[one]])
                if kinds[one] is not kinds[other] or gain <= 0:
                    continue
                before = twice(one) + twice(other)
                order[one], order[other] = order[other], order[one]
                if twice(one) + twice(other) > before:
                    order[one], order[other] = order[other], order[one]
                else:
                    changed = True
        if not changed:
            break
    return order


def _what_to_add(bank: Sequence[BankCaption], *, ppv: int, bumps: int, page_name: str) -> str:
    if not bank:
        return f"{page_name} has no captions: add about {3 * ppv} paid and {3 * bumps} free ones."
    return (
        f"All {len(bank)} captions of {page_name} are reserved or were sent too lately: add at least {ppv} paid and "
        f"{bumps} free ones, or shorten the cooldown."
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
