"""Trials of a volume or of a choice of captions, pure: who gets what, what can be found, and what came of it.

The outcome of a page's week is what its messages earned over what the page usually earned in a week before the trial:
so pages of any size and currency count alike, and an effect is a share of a usual week. A unit is a page's week (way
`weeks`: each page has both arms in every two weeks) or a page for the whole trial (way `pages`: pages that earn about
the same in twos, and a page's outcome is the mean of its weeks). The lot alone carries inference (`methods.trials`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kalends.messages.building import Inputs
from kalends.messages.history import MessageType
from kalends.methods.bandits import generator
from kalends.methods.trials import (
    Answer,
    Design,
    Effect,
    Plan,
    Rule,
    Scale,
    blocks_needed,
    carry_over,
    detectable,
    draw_lots,
    pair_alike,
    pair_weeks,
    read,
    spread_within,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Kind = Literal["volume", "captions"]
Way = Literal["weeks", "pages"]

PAST_WEEKS: Final = 12
"""Weeks before the start that say what is usual, and how much weeks differ anyway."""
LEAST_WEEKS: Final = 6
"""Known ones of them without which a page cannot take part."""
MOST_WEEKS: Final = 52
MOST_PAGES: Final = 1000


class Arm(BaseModel):
    """What one arm does: so many percent of the volume that the page would have, and how captions are chosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ppv_percent: Annotated[int, Field(ge=10, le=300)] = 100
    bump_percent: Annotated[int, Field(ge=0, le=300)] = 100
    policy: Literal["thompson", "greedy", "uniform"] = "thompson"

    @property
    def volume(self) -> tuple[int, int]:
        """What a trial of volume is about."""
        return self.ppv_percent, self.bump_percent


class TrialIn(BaseModel):
    """A trial to start. What is not given is as usual; only what the trial is about may differ between the arms."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    kind: Kind
    way: Way = "pages"
    old: Arm = Arm()
    new: Arm
    page_ids: list[UUID] = Field(min_length=1, max_length=MOST_PAGES)
    first_day: date
    weeks: Annotated[int, Field(ge=2, le=MOST_WEEKS)] = 8
    rule: Rule = Rule.AT_THE_END
    smallest: Annotated[float, Field(gt=0, le=1, description="The least effect that would matter, as a share.")] = 0.05
    seed: Annotated[int, Field(ge=0, le=2**53)] | None = None

    @model_validator(mode="after")
    def _differs(self) -> Self:
        volumes, policies = self.old.volume != self.new.volume, self.old.policy != self.new.policy
        if (volumes, policies) != ((True, False) if self.kind == "volume" else (False, True)):
            raise ValueError(f"the two arms must differ in their {self.kind}, and in nothing else")
        return self


@dataclass(frozen=True, slots=True)
class Unit:
    """What got one arm as a whole. `week`: the trial's, from 0; null: all of them."""

    page_id: str
    week: int | None
    block: int
    is_new: bool
    usual: float
    """What the page earned in a week before the trial, in its own currency."""


@dataclass(frozen=True, slots=True)
class Power:
    """What a trial can find, said before its start. Shares of what pages usually earn."""

    blocks: int
    """Pairs that are compared."""
    spread: float | None
    """Standard deviation of the difference within a pair, where there is no trial; null: not known."""
    detectable: float | None
    """The least effect that is found four times in five; null: none is, however large."""
    blocks_needed: int | None
    """Pairs that the least effect which matters would take; null: more than a million."""
    is_enough: bool
    """Whether the least effect that matters would be found."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a trial says now."""

    answer: Answer
    blocks: int
    planned: int
    effect: Effect | None
    """As a share of a usual week; null where there is nothing to say, or not yet."""
    old: float | None
    """Mean outcome of the arm, 1.0 as usual; null likewise."""
    new: float | None
    carry: Effect | None
    """What last week's arm still changed in a week, for the way `weeks`."""
    is_carry_seen: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a bound that the data cannot give is null."""
        found: dict[str, Any] = _finite(asdict(self))
        return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def weekly(sent: pl.DataFrame, *, first_day: date, zone_name: str, currency: str, weeks: range) -> Floats:
    """What a page's messages earned in each of the weeks, counted from `first_day` on the page's clock; nan: not known.

    `sent`: sent_at, type, earnings, currency of one page. A week is known when it has messages, the history goes on to
    its last day at least, and the earnings of all its paid messages are known, in the page's currency.
    """
    is_paid = pl.col("type") == MessageType.PPV
    is_told = pl.col("earnings").is_not_null() & (pl.col("currency") == currency)
    local = sent.select(
        pl.col("sent_at").dt.convert_time_zone(zone_name).dt.date().alias("day"),
        (~is_paid | is_told).fill_null(value=False).alias("is_known"),
        pl.when(is_paid).then(pl.col("earnings").cast(pl.Float64)).otherwise(0.0).alias("earned"),
    )
    last = local["day"].max()
    found = np.full(len(weeks), np.nan)
    for place, week in enumerate(weeks):
        start = first_day + timedelta(weeks=week)
        end = start + timedelta(days=6)
        rows = local.filter(pl.col("day").is_between(start, end))
        if rows.height and last >= end and rows["is_known"].all():  # type: ignore[operator]
            found[place] = float(rows["earned"].sum())
    return found


def usual_of(past: Floats) -> float:
    """What a page earns in a week, from the known ones; nan where they are too few, or nothing was earned."""
    known = past[np.isfinite(past)]
    mean = float(known.mean()) if known.size >= LEAST_WEEKS else math.nan
    return mean if mean > 0 else math.nan


def design(told: TrialIn, past: Mapping[str, Floats], *, seed: int) -> list[Unit]:
    """Who gets what, by lot. `past`: page -> its weeks before the start, oldest first."""
    dice = generator("trial", told.kind, told.first_day, seed)
    pages = sorted(past)
    usual = [usual_of(past[page]) for page in pages]
    if told.way == "pages":
        drawn = draw_lots(pair_alike(np.array(usual)), dice=dice)
        keys: list[tuple[int, int | None]] = [(place, None) for place in range(len(pages))]
    else:
        page, week = _grid(len(pages), told.weeks)
        drawn = draw_lots(pair_weeks(page, week), dice=dice)
        keys = list(zip(page.tolist(), week.tolist(), strict=True))
    return [
        Unit(pages[place], week, int(block), bool(treated), usual[place])
        for (place, week), block, treated in zip(keys, drawn.block, drawn.treated, strict=True)
    ]


def _grid(pages: int, weeks: int) -> tuple[Ints, Ints]:
    """Page and week of every unit; of an odd number of weeks the last would stand alone, and is left out."""
    count = weeks - weeks % 2
    return np.repeat(np.arange(pages), count), np.tile(np.arange(count), pages)


def power_of(told: TrialIn, past: Mapping[str, Floats]) -> Power:
    """What the trial can find, from how much pairs differed in the weeks before, when there was no trial."""
    spread = _spread(told.way, [past[page] for page in sorted(past)])
    blocks = len(past) // 2 if told.way == "pages" else len(past) * (told.weeks // 2)
    if not math.isfinite(spread) or blocks < 1:
        return Power(blocks, None, None, None, is_enough=False)
    # Weeks that did not differ at all are no proof that they never will.
    spread = max(spread, 1e-6)
    found = detectable(blocks=blocks, spread=spread, rule=told.rule)
    needed = blocks_needed(effect=told.smallest, spread=spread, rule=told.rule)
    return Power(blocks, spread, found if math.isfinite(found) else None, needed, is_enough=found <= told.smallest)


def _spread(way: Way, past: Sequence[Floats]) -> float:
    """Of pages: the later half of the weeks over the earlier half; of weeks: neighbours, over the page's mean."""
    known = [weeks[np.isfinite(weeks)] for weeks in past]
    if way == "pages":
        halves = [(one[: one.size // 2].mean(), one[one.size // 2 :].mean()) for one in known]
        changes = np.array([late / early if early > 0 else np.nan for early, late in halves])
        return spread_within(pair_alike(np.array([early for early, _ in halves])), changes)
    values = np.concatenate([one / one.mean() for one in known])
    page = np.repeat(np.arange(len(known)), [one.size for one in known])
    week = np.concatenate([np.arange(one.size) for one in known])
    return spread_within(pair_weeks(page, week), values)


def arm_in(units: Sequence[Unit], *, page_id: str, week: int) -> bool | None:
    """Whether the page has the new arm in that week of the trial; None: it takes no part in it."""
    return next((one.is_new for one in units if one.page_id == page_id and one.week in {None, week}), None)


def under(arm: Arm, inputs: Inputs) -> Inputs:
    """What a week is built from when it has this arm: the volume that the page would have by the arm's percentages, and
    the arm's way to choose captions.
    """
    said, page, volume = inputs.wish.template, inputs.page, inputs.analysis.volume
    ppvs = _first(said.ppvs, page.ppvs, volume.ppv) * arm.ppv_percent // 100
    bumps = _first(said.bumps, page.bumps, volume.bumps) * arm.bump_percent // 100
    template = said.model_copy(update={"ppvs": ppvs, "bumps": bumps})
    return replace(inputs, wish=replace(inputs.wish, template=template, before_trial=said), policy=arm.policy)


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)


def outcome_of(units: Sequence[Unit], earned: Mapping[str, Floats]) -> Floats:
    """Of each unit; nan where a week of it is not known. `earned`: page -> the trial's weeks, nan until finished."""
    found = [
        earned[one.page_id].mean() / one.usual if one.week is None else earned[one.page_id][one.week] / one.usual
        for one in units
    ]
    return np.array(found, dtype=np.float64)


def result_of(units: Sequence[Unit], earned: Mapping[str, Floats], *, plan: Plan, seed: int, is_over: bool) -> Result:
    """What the trial says. `is_over`: all its weeks have passed; what is still not known will not be awaited."""
    drawn = Design(np.array([one.block for one in units]), np.array([int(one.is_new) for one in units]))
    outcome, planned = outcome_of(units, earned), plan.scale.blocks
    if is_over:
        known = _known_blocks(drawn, outcome)
        plan = replace(plan, scale=replace(plan.scale, blocks=max(min(planned, known), 1)))
    reading = read(plan, drawn, outcome, dice=generator("trial read", seed))
    carry = _carry(units, outcome)
    if reading.answer is Answer.NOT_YET or not reading.blocks:
        # A trial that is over and has no known pair: it was finished, and there is nothing to say.
        answer = Answer.TOO_LITTLE if is_over else reading.answer
        return Result(answer, reading.blocks, planned, None, None, None, None, is_carry_seen=False)
    new, old = (float(np.mean(outcome[_used(drawn, outcome) & (drawn.treated == arm)])) for arm in (1, 0))
    return Result(reading.answer, reading.blocks, planned, reading.difference, old, new, *carry)


def _used(drawn: Design, outcome: Floats) -> npt.NDArray[np.bool_]:
    used: npt.NDArray[np.bool_] = ~np.isin(drawn.block, drawn.block[~np.isfinite(outcome)])
    return used


def _known_blocks(drawn: Design, outcome: Floats) -> int:
    return int(np.unique(drawn.block[_used(drawn, outcome)]).size)


def _carry(units: Sequence[Unit], outcome: Floats) -> tuple[Effect | None, bool]:
    rows = [place for place, one in enumerate(units) if one.week is not None and np.isfinite(outcome[place])]
    if not rows:
        return None, False
    pages = {page: place for place, page in enumerate(sorted({one.page_id for one in units}))}
    found = carry_over(
        page=np.array([pages[units[row].page_id] for row in rows]),
        week=np.array([units[row].week for row in rows]),
        treated=np.array([int(units[row].is_new) for row in rows]),
        outcome=outcome[rows],
    )
    return Effect(found.estimate, found.low, found.high, math.nan), found.is_seen


def plan_of(plain: Mapping[str, Any]) -> Plan:
    """The plan that was stored."""
    scale = Scale(spread=plain["spread"], blocks=plain["blocks"], usual=1.0)
    return Plan(scale, Rule(plain["rule"]), smallest=plain["smallest"])
