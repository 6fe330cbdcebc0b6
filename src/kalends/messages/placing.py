"""When a week's messages go out: the rules of the room in the words of `methods.planning`, and what came of them.

Times are placed before captions are chosen, because gaps are about times and variety is about the order of captions.
A reminder ("follow-up") is a free message 15 to 45 minutes after a paid one; it keeps the bumps' distances from
everything but the message it follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import combinations
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from kalends.messages.history import MessageType
from kalends.messages.weekrules import DAY_MINUTES, WeekRules
from kalends.methods.planning import (
    DAY,
    MINUTE,
    After,
    Apart,
    AtMost,
    Broken,
    Differ,
    Grid,
    Never,
    Only,
    Problem,
    Rest,
    Rule,
    Unplaced,
    Want,
    legal,
    local_grid,
    make_plan,
)

PPV: Final = "ppv"
BUMP: Final = "bump"
FOLLOW: Final = "follow"
ANY: Final = "message"
QUARTERS: Final = frozenset(range(0, DAY_MINUTES, 15))
"""Where every other sender's messages are: :00, :15, :30 and :45."""
APART_PPV: Final = 5
"""Minutes by which paid messages of different days differ in their time of day: followers notice a pattern."""
APART_BUMP: Final = 2
EFFORT: Final = 0.2
"""Of the solver, in its own deterministic seconds: more proves a little more and finds next to nothing."""
ROOM: Final = 5
"""Minutes of play that a reminder is given between its paid message and the bump after that."""
BUMP_WORTH: Final = 0.2
"""How much a good hour counts for a bump against a paid message: it earns nothing by itself."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A message of the weeks before and after: it stays where it is, and gaps to it hold."""

    at: datetime
    message_type: str


@dataclass(frozen=True, slots=True)
class Place:
    """When one message goes out."""

    key: str
    """ppv-01, bump-07, follow-02"""
    at: datetime
    """UTC."""
    value: float
    """Of its time, 1 is the page's average hour."""
    follows: str | None = None

    @property
    def kind(self) -> str:
        """One of ppv, bump, follow."""
        return self.key.partition("-")[0]

    @property
    def message_type(self) -> MessageType:
        """PPV or Bump."""
        return MessageType.PPV if self.kind == PPV else MessageType.BUMP


@dataclass(frozen=True, slots=True)
class NoPlace:
    """A message without a time, and why."""

    message_type: str
    reason: str
    nearest: datetime | None
    """UTC; where it could go if the reason did not hold."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A week's times, in order."""

    places: tuple[Place, ...]
    unplaced: tuple[NoPlace, ...]
    is_spread: bool
    """Whether days got about equally many messages; given up where more could be placed without."""
    gap: float
    """How far from the best plan at most; 0.0: proved."""


def place(
    week: WeekRules,
    hours: Sequence[float],
    *,
    neighbours: Sequence[Neighbour] = (),
    factors: Mapping[int, float] | None = None,
    seed: int = 0,
) -> Placed:
    """Times for the week's messages: as many as can be, at the best hours.

    `hours` (168,): value of each hour of the week, Monday 00:00 first, on the page's clock. `factors`: by ordinal of a
    day, how many times the usual response its moments promise.
    """
    problem = problem_of(week, _wants(week), hours=hours, neighbours=neighbours, factors=factors, is_wish=True)
    # Given days of rest make the problem ten times as quick. If they are in the way, the solver chooses them; and an
    # even week is a wish, too: the number of messages is not.
    resting = _with_days_of_rest(problem, week)
    plan, is_spread = make_plan(resting, seed=seed, effort=EFFORT), True
    for other, keeps_spread in ((problem, True), (_uneven(resting), False)):
        if not plan.unplaced or other is resting:
            continue
        again = make_plan(other, seed=seed, effort=EFFORT)
        if len(again.unplaced) < len(plan.unplaced):
            problem, plan, is_spread = other, again, keeps_spread
    unplaced = [_no_place(problem, each) for each in plan.unplaced]
    placement, missing = _with_reminders(problem, week, plan.placement, seed=seed)
    value = values(problem.grid, week, hours, factors or {})
    mine = {each: slot for each, slot in placement.items() if each not in problem.fixed}
    times = {each: problem.grid.instant(slot) for each, slot in mine.items()}
    leads = _leads(times)
    places = tuple(
        Place(each, times[each], round(float(value[mine[each]]), 6), leads.get(each))
        for each in sorted(mine, key=lambda each: (times[each], each))
    )
    return Placed(places, (*unplaced, *missing), is_spread, plan.gap)


def problem_of(
    week: WeekRules,
    wants: Sequence[Want],
    *,
    hours: Sequence[float] = (1.0,) * 168,
    neighbours: Sequence[Neighbour] = (),
    factors: Mapping[int, float] | None = None,
    is_wish: bool = False,
) -> Problem:
    """The week as wants, slots, values and rules. Neighbours outside of it take part as wants that stay."""
    zone = ZoneInfo(week.zone_name)
    start, end = span_of(week)
    margin = timedelta(minutes=max(week.gap_minutes, week.bump_ppv_minutes, week.bump_bump_minutes) + 1)
    grid = local_grid(start - margin, end + margin, zone=zone)
    fixed = _fixed(grid, neighbours, inside=(start, end), not_before=week.not_before)
    rules, value = rules_of(week, is_wish=is_wish), values(grid, week, hours, factors or {})
    paid = np.where(_can_lead(grid, week, value, rules), value, np.nan) if is_wish and week.follow_ups else value
    everyone = (*wants, *(Want(each, frozenset({_kind(each), ANY}), PPV) for each in fixed))
    return Problem(
        grid=grid,
        wants=everyone,
        curves={PPV: paid, BUMP: BUMP_WORTH * np.sqrt(value)},
        rules=rules,
        fixed=fixed,
    )


def rules_of(week: WeekRules, *, is_wish: bool = False) -> tuple[Rule, ...]:
    """The rules, each with the words by which it is told. `is_wish`: with those that make a plan better, too."""
    gap, near, bumps = week.gap_minutes, week.bump_ppv_minutes, week.bump_bump_minutes
    if is_wish and week.follow_ups:
        near = max(near, week.follow_from + ROOM + bumps)
    rules: list[Rule] = [
        Apart(PPV, PPV, gap, because=f"paid messages are at least {in_words(gap)} apart"),
        Apart(PPV, BUMP, near, because=f"a bump is at least {near} minutes from a paid message"),
        Apart(BUMP, BUMP, bumps, because=f"bumps are at least {bumps} minutes apart"),
        Differ(PPV, APART_PPV, because="no two days have paid messages at the same time"),
        Differ(BUMP, APART_BUMP, because="no two days have bumps at the same time"),
    ]
    for kind in _kinds(week):
        rules.append(Never(kind, MINUTE, QUARTERS, because="nothing goes out at :00, :15, :30 or :45"))
        if quiet := quiet_minutes(week):
            rules.append(Never(kind, MINUTE, quiet, because=f"{_clock(week.quiet_from)} to "
                               f"{_clock(week.quiet_until)} is quiet"))  # fmt: skip
        if off := frozenset(day for day in days_of(week) if (day - 1) % 7 in week.days_off):
            rules.append(Never(kind, DAY, off, because="the day is off"))
        if week.not_before is not None:
            start, end = (int(at.timestamp() // 60) for at in (week.not_before, span_of(week)[1]))
            rules.append(Only(kind, ((start, end),), because="what is past is past"))
    if week.follow_ups:
        window = f"a reminder comes {week.follow_from} to {week.follow_until} minutes after its paid message"
        one = "one reminder for each paid message"
        rules += [
            After(PPV, FOLLOW, week.follow_from, week.follow_until, because=window),
            Apart(FOLLOW, FOLLOW, max(bumps, week.follow_until - week.follow_from + 1), because=one),
            Apart(FOLLOW, BUMP, bumps, because=f"bumps are at least {bumps} minutes apart"),
            Differ(FOLLOW, 1, because="no two days have reminders at the same time"),
        ]
    if week.cooling_days:
        free = week.cooling_days
        words = f"{free} {'day has' if free == 1 else 'days have'} no paid message, so that the audience can rest"
        rules.append(Rest(PPV, free, frozenset(days_of(week)), because=words))
    if is_wish:
        open_days = max(1, week.days - week.cooling_days)
        rules += [
            AtMost(PPV, -(-week.ppv // open_days) + 1, because="paid messages are spread over the days"),
            AtMost(BUMP, -(-(week.bumps - week.follow_ups) // week.days) + 1, because="bumps are spread over the days"),
            # A bump at the minute of another day's paid message, and the other way round, would make two days alike.
            Differ(ANY, 1, because="no two days have messages at the same minute"),
        ]
    return tuple(rules)


def want_of(key: str) -> Want:
    """The want of a message: no better hour of another is worth leaving it out."""
    kind = key.partition("-")[0]
    return Want(key, frozenset({kind, ANY}), PPV if kind == PPV else BUMP)


def days_of(week: WeekRules) -> range:
    """Ordinals of the week's days."""
    first = week.first_day.toordinal()
    return range(first, first + week.days)


def span_of(week: WeekRules) -> tuple[datetime, datetime]:
    """The week's first instant and the first after it, UTC: local midnights, whatever the clocks do in between."""
    zone = ZoneInfo(week.zone_name)
    return tuple(  # type: ignore[return-value]
        datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)
        for day in (week.first_day, week.first_day + timedelta(days=week.days))
    )


def quiet_minutes(week: WeekRules) -> frozenset[int]:
    """Minutes of the day in which nothing goes out."""
    start, end = week.quiet_from, week.quiet_until
    if start <= end:
        return frozenset(range(start, end))
    return frozenset((*range(start, DAY_MINUTES), *range(end)))


def words_of(broken: Broken) -> str:
    """What a fault is, in words."""
    return broken.rule.because or type(broken.rule).__name__


def in_words(minutes: int) -> str:
    """3 hours, 2 h 30 min, 45 minutes."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} minutes"
    if not rest:
        return f"{hours} {'hour' if hours == 1 else 'hours'}"
    return f"{hours} h {rest} min"


def _wants(week: WeekRules) -> tuple[Want, ...]:
    """Paid messages and bumps; reminders come after them."""
    numbers = ((PPV, week.ppv), (BUMP, week.bumps - week.follow_ups))
    return tuple(want_of(f"{kind}-{at:02}") for kind, count in numbers for at in range(1, count + 1))


def _uneven(problem: Problem) -> Problem:
    """Without the wish that days get about equally many."""
    return replace(problem, rules=tuple(rule for rule in problem.rules if not isinstance(rule, AtMost)))


def _with_days_of_rest(problem: Problem, week: WeekRules) -> Problem:
    """The days without paid messages chosen: those without which the others can give the most."""
    rest = next((rule for rule in problem.rules if isinstance(rule, Rest)), None)
    days = problem.grid.labels[DAY]
    if rest is None or not week.ppv or any(int(days[slot]) in rest.among for slot in problem.fixed.values()):
        return problem
    most = next((rule.most for rule in problem.rules if isinstance(rule, AtMost) and rule.who == PPV), week.ppv)
    free = legal(problem, problem.fixed, want=f"{PPV}-01")
    gains = {day: _gains(problem, free, day, week, most) for day in days_of(week)}
    able = [day for day in gains if gains[day]]
    short = rest.free - (week.days - len(able))

    def worth(days: tuple[int, ...]) -> tuple[int, float]:
        steps = sorted((step for day in able if day not in days for step in gains[day]), reverse=True)[: week.ppv]
        return len(steps), sum(steps)

    closed = max(combinations(able, max(short, 0)), key=worth, default=())
    rules = tuple(
        Never(PPV, DAY, frozenset(closed), because=rest.because) if rule is rest else rule for rule in problem.rules
    )
    return replace(problem, rules=rules)


def _gains(problem: Problem, free: np.ndarray, day: int, week: WeekRules, most: int) -> list[float]:
    """What the first, second ... paid message of a day can add to it at most, the gap kept."""
    on = problem.grid.labels[DAY] == day
    value = np.where(free[on], np.nan_to_num(problem.curves[PPV][on]), -np.inf)
    best, total = np.zeros(value.size), 0.0
    gains: list[float] = []
    for _ in range(most):
        before = np.concatenate([np.zeros(min(week.gap_minutes, value.size)), best[: -week.gap_minutes]])
        if gains:
            before[: week.gap_minutes] = -np.inf
        best = np.maximum.accumulate(value + before)
        if not best.size or not np.isfinite(best[-1]):
            break
        gains.append(float(best[-1]) - total)
        total = float(best[-1])
    return gains


def _with_reminders(
    problem: Problem, week: WeekRules, placement: Mapping[str, int], *, seed: int
) -> tuple[dict[str, int], list[NoPlace]]:
    """A reminder for as many paid messages as wanted, the best hours first, each at a minute of chance.

    To plan them together with all others takes fifty times as long. Instead, paid messages stay away from where no
    reminder could follow, and bumps leave it room.
    """
    placed = dict(placement)
    keys = [f"{FOLLOW}-{at:02}" for at in range(1, week.follow_ups + 1)]
    if not keys:
        return placed, []
    whole = replace(problem, wants=(*problem.wants, *(want_of(key) for key in keys)), rules=rules_of(week))
    dice = np.random.default_rng(seed)
    value = problem.curves[PPV]
    leaders = sorted((each for each in placed if each.startswith(PPV)), key=lambda each: (-value[placed[each]], each))
    waiting = list(keys)
    for lead in leaders:
        if not waiting:
            break
        start, end = (placed[lead] + minutes for minutes in (week.follow_from, week.follow_until + 1))
        free = start + np.flatnonzero(legal(whole, placed, want=waiting[0])[start:end])
        if free.size:
            placed[waiting.pop(0)] = int(dice.choice(free))
    window = f"no paid message is left that a reminder can follow within {week.follow_until} minutes"
    return placed, [NoPlace(MessageType.BUMP, window, None) for _ in waiting]


def _kinds(week: WeekRules) -> tuple[str, ...]:
    return (PPV, BUMP, FOLLOW) if week.follow_ups else (PPV, BUMP)


def _kind(key: str) -> str:
    return PPV if key.startswith("fixed-ppv") else BUMP


def _fixed(
    grid: Grid, neighbours: Sequence[Neighbour], *, inside: tuple[datetime, datetime], not_before: datetime | None
) -> dict[str, int]:
    """Slots of messages before and after the week, by a name of their own."""
    fixed = {}
    for number, each in enumerate(sorted(neighbours, key=lambda each: (each.at, each.message_type))):
        slot = grid.slot(each.at.replace(second=0, microsecond=0))
        is_open = inside[0] <= each.at < inside[1] and (not_before is None or each.at >= not_before)
        if slot is not None and not is_open:
            fixed[f"fixed-{PPV if each.message_type == MessageType.PPV else BUMP}-{number:03}"] = slot
    return fixed


def _can_lead(grid: Grid, week: WeekRules, value: np.ndarray, rules: Sequence[Rule]) -> np.ndarray:
    """(slots,) whether a reminder could follow in time: not right before the quiet hours, nor at the week's end."""
    empty, reminder = Problem(grid, (), {BUMP: value}), want_of(FOLLOW)
    free = ~np.isnan(value)
    for rule in rules:
        blocked = rule.blocked(empty, {}, reminder) if isinstance(rule, Never | Only) else None
        free &= ~blocked if blocked is not None else True
    sums = np.concatenate([[0], np.cumsum(free), np.full(week.follow_until + 1, free.sum())])
    at = np.arange(grid.size)
    return sums[at + week.follow_until + 1] > sums[at + week.follow_from]


def values(grid: Grid, week: WeekRules, hours: Sequence[float], factors: Mapping[int, float]) -> np.ndarray:
    """What each minute is worth, nan outside of the week."""
    day, minute = grid.labels[DAY], grid.labels[MINUTE]
    days = days_of(week)
    inside = (day >= days.start) & (day < days.stop)
    table = np.asarray(hours, dtype=np.float64).reshape(7, 24)
    value = table[(day - 1) % 7, minute // 60]
    for ordinal, factor in factors.items():
        value = np.where(day == ordinal, value * factor, value)
    return np.where(inside, np.maximum(value, 0.0), np.nan)


def _leads(times: Mapping[str, datetime]) -> dict[str, str]:
    """The paid message that each reminder follows: the last before it."""
    paid = sorted((at, each) for each, at in times.items() if each.startswith(PPV))
    return {
        each: max(lead for lead in paid if lead[0] < at)[1] for each, at in times.items() if each.startswith(FOLLOW)
    }


def _no_place(problem: Problem, each: Unplaced) -> NoPlace:
    kind = MessageType.PPV if each.want.startswith(PPV) else MessageType.BUMP
    reason = "; ".join(dict.fromkeys(rule.because for rule in each.because)) or "nothing is gained by it"
    if each.slot is None and not each.because:
        reason = "the week has no free minute"
    return NoPlace(kind, reason, None if each.slot is None else problem.grid.instant(each.slot))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
