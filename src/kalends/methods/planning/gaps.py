"""Gaps, as the solver likes them: of a whole window of cells at most one, where one would say it of pairs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

from kalends.methods.planning.rules import Apart
from kalends.methods.planning.switches import Model


def windows(made: Model, cells: list[int], minutes: int) -> Iterator[list[int]]:
    """Longest runs of these cells of which every two slots are less than `minutes` apart."""
    last = [made.last[cell] for cell in cells]
    before = 0
    for start, cell in enumerate(cells):
        end = bisect_left(last, made.first[cell] + minutes)  # the first cell that reaches too far
        if end > max(start, before):
            yield cells[start:end]
        before = max(before, end)


def keep_apart(made: Model) -> None:
    """Gaps, the same tag on both sides or two."""
    for rule in made.problem.rules:
        if isinstance(rule, Apart):
            one, other = set(made.answering(rule.one)), set(made.answering(rule.other))
            both = one & other
            _within(made, sorted(both), rule.minutes)
            _between(made, sorted(both), sorted(one ^ other), rule.minutes)
            _between(made, sorted(one - both), sorted(other - both), rule.minutes)


def _within(made: Model, indices: list[int], minutes: int) -> None:
    """All wants of these groups are apart from each other: at most one in any window."""
    for window in windows(made, made.used(indices), minutes):
        if len(switches := made.switches(indices, window)) > 1:
            made.model.add_at_most_one(switches)


def _between(made: Model, one: list[int], other: list[int], minutes: int) -> None:
    """Every want of `one` is apart from every want of `other`.

    A window of the side with the smaller gap of its own, and around it all cells of the other side that are too near to
    the whole window: as each side is a clique for itself, both together are one.
    """
    if not one or not other:
        return
    gaps = {side: made.own(side) for side in (tuple(one), tuple(other))}
    near, far = sorted((tuple(one), tuple(other)), key=lambda side: (gaps[side], side))
    theirs = made.used(far)
    first, last = [made.first[cell] for cell in theirs], [made.last[cell] for cell in theirs]
    for window in _both_ways(made, made.used(near), min(gaps[near], minutes)):
        # Too near to the whole window: to its first cell and to its last.
        low = bisect_right(first, made.last[window[-1]] - minutes)
        high = bisect_left(last, made.first[window[0]] + minutes)
        mine, alone = made.switches(near, window), made.across(window) < gaps[near]
        for start, end in _runs(first, last, low, high, gaps[far]):
            hers = made.switches(far, theirs[start:end])
            _cliques(made, mine, hers, is_clique=(alone, last[end - 1] - first[start] < gaps[far]))


def _cliques(made: Model, mine: list[Any], hers: list[Any], *, is_clique: tuple[bool, bool]) -> None:
    """None of `mine` together with one of `hers`; at most one of a side that is a clique by itself."""
    for left in [mine] if is_clique[0] else [[each] for each in mine]:
        for right in [hers] if is_clique[1] else [[each] for each in hers]:
            if left and right:
                made.model.add_at_most_one([*left, *right])


def _both_ways(made: Model, cells: list[int], minutes: int) -> list[list[int]]:
    """For each cell the longest window that begins with it, and the longest that ends with it: itself at least."""
    first, last = [made.first[cell] for cell in cells], [made.last[cell] for cell in cells]
    spans = dict.fromkeys((here, max(bisect_left(last, start + minutes), here + 1)) for here, start in enumerate(first))
    spans |= dict.fromkeys((min(bisect_right(first, end - minutes), here), here + 1) for here, end in enumerate(last))
    return [cells[start:end] for start, end in spans]


def _runs(first: list[int], last: list[int], low: int, high: int, minutes: int) -> Iterator[tuple[int, int]]:
    """Longest runs within [low, high) that are less than `minutes` across; single cells where they are longer."""
    reached = low
    for start in range(low, high):
        if reached == high:
            return
        end = min(high, max(bisect_left(last, first[start] + minutes), start + 1))
        if end > reached:
            yield start, end
            reached = end
