"""From cells of a day to the numbers that were asked for: sums with their intervals, and who said what."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from kalends.marketing.reconciliation.cells import TOGETHER, Cell, Outcome, Reading, Said
from kalends.marketing.reconciliation.engine import Context, Reconciled, bounds, reconcile
from kalends.marketing.reconciliation.overlap import Overlap, Seen, overlap
from kalends.marketing.reconciliation.reading import Spoken
from kalends.marketing.reconciliation.sources import is_biased

PERIODS: Final = ("day", "week", "month")
Key = tuple[str, ...]
Claim = tuple[date, str, float]
"""Whose sales of a day, and how many."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one source says in an answer: its sum, on how many days, on how many of which it was put aside.

    `share`: of the answer, where it speaks of a part (0.46: 46 % of it); `off`: where others speak of the same, by
    which share it is more than what holds.
    """

    source: str
    value: float
    on: frozenset[date]
    put_aside: int
    share: float | None = None
    off: float | None = None

    @property
    def days(self) -> int:
        """On how many days it speaks."""
        return len(self.on)


@dataclass(frozen=True, slots=True)
class Total:
    """One number of the answer. `days`: those of which anything is said, of `asked_days`. `open_days`: days on which
    sources disagree and nothing was chosen; with one of them there is no value, and `low` and `high` hold all that is
    said. `state`: measured, claimed (only platforms speak).
    """

    metric: str
    key: Key
    state: str
    value: float | None
    low: float | None
    high: float | None
    days: int
    asked_days: int
    open_days: int
    conflicts: int
    sides: tuple[Side, ...]
    overlap: Overlap | None
    claimed_on: Mapping[str, frozenset[date]]
    """The days of each platform's claims."""

    @property
    def covers(self) -> str:
        """'40 of 90 days': of which the number is, where it is not of all."""
        return f"{self.days} of {self.asked_days} days" if self.days < self.asked_days else ""


def reconcile_all(counted: Iterable[Spoken], context: Context) -> Reconciled:
    """The outcomes of all that is counted; then, where a source says the total of all platforms, of that, too."""
    counted = list(counted)
    wholes = [one for one in counted if not one[0].platform]
    parts = [one for one in counted if one[0].platform]
    found = reconcile(parts, context)
    together: dict[Cell, float] = {}
    open_cells: set[Cell] = set()
    for cell, outcome in found.outcomes.items():
        whole = cell._replace(platform="")
        if outcome.value is None:
            open_cells.add(whole)
        else:
            together[whole] = together.get(whole, 0.0) + outcome.value
    told = {cell for cell, _, _ in wholes}
    sums = [(cell, TOGETHER, value) for cell, value in together.items() if cell in told and cell not in open_cells]
    totals = reconcile([*wholes, *sums], context)
    return Reconciled({**found.outcomes, **totals.outcomes}, (*found.readings, *totals.readings))


def summed(
    found: Reconciled,
    claimed: Iterable[Spoken],
    *,
    first: date,
    last: date,
    group_by: Sequence[str],
    seen: Mapping[str, Mapping[str, Seen]] | None = None,
) -> list[Total]:
    """The totals of every group that anything is said of; `seen`: metric -> platform -> what an independent source
    counts for its campaigns, for answers that are cut by platform at most.
    """
    groups: dict[tuple[str, Key], list[Outcome]] = {}
    for outcome in _without_parts(found.outcomes.values(), group_by):
        if first <= outcome.cell.day <= last:
            groups.setdefault((outcome.cell.metric, _key(outcome.cell, group_by)), []).append(outcome)
    claims: dict[tuple[str, Key], list[Claim]] = {}
    for cell, source, value in claimed:
        if first <= cell.day <= last:
            claims.setdefault((cell.metric, _key(cell, group_by)), []).append((cell.day, source, value))
    days = (first + timedelta(days=place) for place in range((last - first).days + 1))
    asked = Counter(_key(Cell("", day), group_by) for day in days)
    doubts = _doubts(found.readings)
    totals = []
    for metric, key in sorted(groups.keys() | claims.keys()):
        outcomes = groups.get((metric, key), [])
        told = claims.get((metric, key), [])
        period = tuple(part if name in PERIODS else "" for name, part in zip(group_by, key, strict=True))
        totals.append(_total(metric, key, outcomes, told, doubts, (seen or {}).get(metric, {}), asked[period]))
    return totals


def _without_parts(outcomes: Iterable[Outcome], group_by: Sequence[str]) -> list[Outcome]:
    """Where the total of a day is known, the platforms that it is made of do not count once more."""
    outcomes = list(outcomes)
    if "platform" in group_by:
        return [one for one in outcomes if one.cell.platform]
    wholes = {one.cell for one in outcomes if not one.cell.platform}
    return [one for one in outcomes if not one.cell.platform or one.cell._replace(platform="") not in wholes]


def _key(cell: Cell, group_by: Sequence[str]) -> Key:
    parts = {
        "day": cell.day.isoformat(),
        "week": (cell.day - timedelta(days=cell.day.weekday())).isoformat(),
        "month": f"{cell.day:%Y-%m}",
        "platform": cell.platform,
        "channel": cell.channel,
        "campaign": cell.campaign,
    }
    return tuple(parts[name] for name in group_by)


def _doubts(readings: Sequence[Reading]) -> dict[tuple[str, str], float]:
    """By metric and platform, the relative error that all days share: what is not known of the sources' biases."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for reading in readings:
        if reading.noise:
            weight = reading.noise**-2
            found.setdefault((reading.metric, reading.platform), []).append((weight, reading.bias_error))
    return {
        key: math.sqrt(sum((weight * error) ** 2 for weight, error in pairs)) / sum(weight for weight, _ in pairs)
        for key, pairs in found.items()
    }


def _total(
    metric: str,
    key: Key,
    outcomes: Sequence[Outcome],
    claims: Sequence[Claim],
    doubts: Mapping[tuple[str, str], float],
    seen: Mapping[str, Seen],
    asked_days: int,
) -> Total:
    value, low, high = _sum(outcomes, doubts)
    told = _claimed(outcomes, claims, seen) if claims else None
    days = {one.cell.day for one in outcomes}
    state = "measured"
    if not outcomes and told is not None:
        # One claim alone overlaps with none: it is the number, for want of a better one.
        is_alone = len(told.claims) == 1
        state, value = "claimed", told.total if is_alone else None
        low, high = (None, None) if is_alone else (told.low, told.high)
        days = {day for day, _, _ in claims}
    return Total(
        metric=metric,
        key=key,
        state=state,
        value=value,
        low=low,
        high=high,
        days=len(days),
        asked_days=asked_days,
        open_days=len({one.cell.day for one in outcomes if one.value is None}),
        conflicts=sum(one.is_conflict for one in outcomes),
        sides=_sides(outcomes, value),
        overlap=told,
        claimed_on={
            name: frozenset(day for day, source, _ in claims if source == name)
            for name in {one for _, one, _ in claims}
        },
    )


def _claimed(outcomes: Sequence[Outcome], claims: Sequence[Claim], seen: Mapping[str, Seen]) -> Overlap:
    """The claims of the days of which the number is known; of all days where there is none."""
    sold = {one.cell.day: one.value for one in outcomes if one.value is not None}
    compared: dict[str, float] = {}
    elsewhere = 0.0
    for day, source, value in claims:
        is_compared = not sold or day in sold
        compared[source] = compared.get(source, 0.0) + value * is_compared
        elsewhere += value * (not is_compared)
    told = overlap(compared, sold=math.fsum(sold.values()) if sold else None, seen=seen)
    return replace(told, days=len(sold), elsewhere=elsewhere)


def _sum(
    outcomes: Sequence[Outcome], doubts: Mapping[tuple[str, str], float]
) -> tuple[float | None, float | None, float | None]:
    """The sum and its 95 % interval. Noise averages out over days, what is not known of a bias does not."""
    if not outcomes:
        return None, None, None
    known = [one for one in outcomes if one.value is not None]
    values: dict[tuple[str, str], float] = {}
    for one in known:
        at = (one.cell.metric, one.cell.platform)
        values[at] = values.get(at, 0.0) + (one.value or 0.0) * bool(one.error)
    variance = sum(one.error**2 for one in known if one.error is not None)
    variance += sum((doubts.get(at, 0.0) * value) ** 2 for at, value in values.items())
    value = math.fsum(one.value or 0.0 for one in known)
    error = math.sqrt(variance) if any(one.error is not None for one in known) else None
    low, high = bounds(value, error)
    still = [one for one in outcomes if one.value is None]
    if not still:
        return value, low, high
    least = math.fsum(one.low or 0.0 for one in still)
    most = math.fsum(one.high or 0.0 for one in still)
    return None, (low if low is not None else value) + least, (high if high is not None else value) + most


def _sides(outcomes: Sequence[Outcome], held: float | None) -> tuple[Side, ...]:
    told: dict[str, list[tuple[Outcome, Said]]] = {}
    for outcome in outcomes:
        for said in outcome.said:
            told.setdefault(said.source, []).append((outcome, said))
    is_part = len({one.cell.platform for one in outcomes}) > 1
    return tuple(_side(source, rows, held if is_part else None) for source, rows in sorted(told.items()))


def _side(source: str, rows: Sequence[tuple[Outcome, Said]], whole: float | None) -> Side:
    """`whole`: what the answer is, where the source speaks of a part of it."""
    value = math.fsum(said.value for _, said in rows)
    shared = [(said.value, one.value) for one, said in rows if len(one.said) > 1 and one.value is not None]
    held = math.fsum(one for _, one in shared)
    return Side(
        source,
        value,
        on=frozenset(one.cell.day for one, _ in rows),
        put_aside=len({one.cell.day for one, said in rows if not said.is_used and one.value is not None}),
        share=value / whole if whole else None,
        off=math.fsum(one for one, _ in shared) / held - 1 if held else None,
    )


def bias_words(reading: Reading, *, name: str) -> str:
    """A source's bias in plain words: 'GA4 reads 8 % low (6 to 10 %)'."""
    if reading.low is None or reading.high is None or reading.twin_of or reading.is_apart:
        return _no_bias_words(reading, name=name)
    low, high = (math.expm1(edge) for edge in (reading.low, reading.high))
    middle = math.expm1(reading.bias)
    if not is_biased((reading.low, reading.high)):
        return f"{name} reads as the others do, within {max(abs(low), abs(high)):.0%}.".replace("%", " %")
    edges = sorted((abs(low), abs(high)))
    where = "low" if middle < 0 else "high"
    return f"{name} reads {abs(middle):.0%} {where} ({edges[0]:.0%} to {edges[1]:.0%}).".replace("%", " %")


def _no_bias_words(reading: Reading, *, name: str) -> str:
    """Why no bias is told of the source."""
    if reading.twin_of:
        return f"{name} repeats what another source says, so the two count once."
    if not reading.peers:
        return "Nobody else says anything of it."
    if reading.is_measure:
        return "It sets the level that the others are measured by."
    if reading.is_apart:
        times = math.exp(reading.bias)
        share = f"{times:.1f} times what" if times > 1 else f"{times:.0%} of what".replace("%", " %")
        return f"{name} says {share} the others say: that is no bias, it counts something else and moves nothing."
    return "Of two sources nobody can say which one is off." if reading.peers == 1 else "Too few days to compare yet."
