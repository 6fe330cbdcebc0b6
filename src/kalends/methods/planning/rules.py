"""The rules of a plan. Each says in one place, `blocked`, what it forbids; drag, list of faults and solver obey that.

`who`, `one`, `other`, `first`, `then` are tags of wants, or the id of one. `because` is the caller's own words for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from kalends.methods.planning.grid import DAY, MINUTE, Bools

if TYPE_CHECKING:
    from kalends.methods.planning.wants import Placement, Problem, Want


class Rule(Protocol):
    """Something that must hold."""

    @property
    def because(self) -> str:
        """The caller's words for it."""
        ...

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:
        """(slots,) where `want` would break it, the others standing as they do; None: nowhere."""
        ...


@dataclass(frozen=True, slots=True)
class Never:
    """No `who` in a slot whose label is one of `values`: quiet hours, days off, quarter hours, frozen days.

    >>> Never("ppv", "minute", frozenset(range(3 * 60, 7 * 60)), because="quiet hours")  # doctest: +SKIP
    """

    who: str
    label: str
    values: frozenset[int]
    because: str = ""

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:  # noqa: ARG002 (one signature)
        """Wherever the label says so."""
        if not want.answers(self.who):
            return None
        return np.isin(problem.grid.labels[self.label], np.fromiter(sorted(self.values), dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Only:
    """`who` only in one of these spans: [from, to) in the grid's minutes. Lead time, a launch, a ready time."""

    who: str
    spans: tuple[tuple[int, int], ...]
    because: str = ""

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:  # noqa: ARG002 (one signature)
        """Outside of all spans."""
        if not want.answers(self.who):
            return None
        at = problem.grid.at
        inside = np.zeros(at.size, dtype=bool)
        for start, end in self.spans:
            inside |= (at >= start) & (at < end)
        return ~inside


@dataclass(frozen=True, slots=True)
class Apart:
    """Between any `one` and any other want that is `other` lie at least `minutes`; both may be the same tag."""

    one: str
    other: str
    minutes: int
    because: str = ""

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:
        """Less than `minutes` before or after one of the other side."""
        sides = {tag for tag, mine in ((self.other, self.one), (self.one, self.other)) if want.answers(mine)}
        at = problem.grid.at
        blocked = np.zeros(at.size, dtype=bool)
        for each in {each for tag in sides for each in problem.answering(tag, others)}:
            when = int(at[others[each]])
            start, end = np.searchsorted(at, (when - self.minutes + 1, when + self.minutes))
            blocked[start:end] = True
        return blocked if sides else None


@dataclass(frozen=True, slots=True)
class Differ:
    """No two `who` on different days within less than `minutes` of the same time of day: no day looks like another."""

    who: str
    minutes: int = 1
    because: str = ""

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:
        """On other days, nearer than `minutes` to another's time of day."""
        if not want.answers(self.who):
            return None
        day, minute = problem.grid.labels[DAY], problem.grid.labels[MINUTE]
        slots = np.fromiter((others[each] for each in problem.answering(self.who, others)), dtype=np.int64)
        blocked = np.zeros(day.size, dtype=bool)
        for slot in slots:
            blocked |= (np.abs(minute - minute[slot]) < self.minutes) & (day != day[slot])
        return blocked


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most `most` of `who` in slots of equal `label` (per day, week, quota day); label None: in all."""

    who: str
    most: int
    label: str | None = DAY
    because: str = ""

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:
        """Where the label's share is used up."""
        if not want.answers(self.who):
            return None
        mine = problem.grid.labels[self.label] if self.label else np.zeros(problem.grid.size, dtype=np.int64)
        taken = [int(mine[others[each]]) for each in problem.answering(self.who, others)]
        full = [value for value in sorted({*taken}) if taken.count(value) >= self.most]
        return np.isin(mine, full) if self.most > 0 else np.ones(mine.size, dtype=bool)


@dataclass(frozen=True, slots=True)
class Rest:
    """At least `free` of the `among` values of `label` have no `who`: cooling days, chosen where they cost least."""

    who: str
    free: int
    among: frozenset[int]
    label: str = DAY
    because: str = ""

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:
        """On days that are still free, when no more of them can be spared; on all, when too few are."""
        if not want.answers(self.who):
            return None
        mine = problem.grid.labels[self.label]
        used = {int(mine[others[each]]) for each in problem.answering(self.who, others)} & self.among
        spare = len(self.among) - len(used) - self.free
        if spare > 0:
            return None
        return np.isin(mine, sorted(self.among - used if spare == 0 else self.among))


@dataclass(frozen=True, slots=True)
class After:
    """Each `then` has a `first` that is `least` to `most` minutes before it (None: however long before).

    Follow-ups of a message, parts of a series. Two may share a `first`: keep them apart by `Apart` where they must not.
    """

    first: str
    then: str
    least: int
    most: int | None = None
    because: str = ""

    def blocked(self, problem: Problem, others: Placement, want: Want) -> Bools | None:
        """For a `then`, where no `first` is before it; for a `first`, where it would leave a `then` without one."""
        at = problem.grid.at
        blocked = np.zeros(at.size, dtype=bool)
        if want.answers(self.then):
            blocked |= ~self._led(problem, others, at)
        if want.answers(self.first):
            for each in problem.answering(self.then, others):
                when = at[others[each]]
                rest = {key: slot for key, slot in others.items() if key != each}
                if not self._led(problem, rest, when.reshape(1))[0]:
                    blocked |= at > when - self.least
                    blocked |= (at < when - self.most) if self.most is not None else False
        return blocked if want.answers(self.then) or want.answers(self.first) else None

    def _led(self, problem: Problem, others: Placement, times: np.ndarray) -> Bools:
        """(times,) whether some `first` among the others is before each in due distance."""
        led = np.zeros(times.size, dtype=bool)
        for each in problem.answering(self.first, others):
            since = times - problem.grid.at[others[each]]
            led |= (since >= self.least) & ((since <= self.most) if self.most is not None else True)
        return led
