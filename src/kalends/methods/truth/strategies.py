"""The ways to choose, by name. Adding one: a function of the same shape, and `register`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final

from kalends.methods.truth.claims import UNRESOLVED, Choice, Choices, Claim, Item, Losing, Strategy

CLEAR: Final = 0.55
"""Share of the votes from which a value is chosen: a mere half is no ground."""


class UnknownStrategyError(LookupError):
    """There is no strategy of that name."""


def _grouped(claims: Iterable[Claim]) -> dict[Item, list[Claim]]:
    found: dict[Item, list[Claim]] = defaultdict(list)
    for claim in claims:
        found[claim.item].append(claim)
    return found


def _losing(claims: Sequence[Claim], chosen: object) -> tuple[Losing, ...]:
    """The values that were not chosen, each with its sources, in a fixed order."""
    sources: dict[Hashable, list[str]] = defaultdict(list)
    for claim in claims:
        if claim.value != chosen:
            sources[claim.value].append(claim.source)
    return tuple(Losing(value, tuple(sorted(names))) for value, names in sorted(sources.items(), key=repr))


def _vote(claims: Sequence[Claim], weight: Callable[[Claim], float], *, ground: str) -> Choice:
    """The value with the most weight behind it, where it has a clear share of all."""
    votes: dict[Hashable, float] = defaultdict(float)
    for claim in claims:
        votes[claim.value] += weight(claim)
    total = sum(votes.values())
    best = max(sorted(votes, key=repr), key=lambda value: votes[value])
    share = votes[best] / total if total else 0.0
    if len(votes) > 1 and share < CLEAR:
        return Choice(
            UNRESOLVED, 0.0, "The sources disagree, and none has more behind it.", _losing(claims, UNRESOLVED)
        )
    agreed = sorted(claim.source for claim in claims if claim.value == best)
    reason = "All say so." if len(votes) == 1 else f"{', '.join(agreed)}: {share:.0%} of {ground}."
    return Choice(best, share, reason, _losing(claims, best))


def _by_vote(weight: Callable[[Claim], float], *, ground: str) -> Strategy:
    def choose(claims: Sequence[Claim]) -> Choices:
        return {item: _vote(said, weight, ground=ground) for item, said in _grouped(claims).items()}

    return choose


def _by_rank(rank: Callable[[Claim], tuple[float, ...]], *, ground: str) -> Strategy:
    """The value of the source that ranks first; several in front that disagree leave it open."""

    def first(said: Sequence[Claim]) -> Choice:
        best = min(map(rank, said))
        front = [claim for claim in said if rank(claim) == best]
        return _vote(front, lambda _: 1.0, ground=ground)

    def choose(claims: Sequence[Claim]) -> Choices:
        found: dict[Item, Choice] = {}
        for item, said in _grouped(claims).items():
            choice = first(said)
            found[item] = Choice(choice.value, choice.confidence, choice.reason, _losing(said, choice.value))
        return found

    return choose


def _leave_open(claims: Sequence[Claim]) -> Mapping[Item, Choice]:
    """Nothing is chosen but what all say."""
    found: dict[Item, Choice] = {}
    for item, said in _grouped(claims).items():
        values = {claim.value for claim in said}
        if len(values) == 1:
            found[item] = Choice(said[0].value, 1.0, "All say so.")
        else:
            found[item] = Choice(UNRESOLVED, 0.0, "Waits for a person.", _losing(said, UNRESOLVED))
    return found


STRATEGIES: dict[str, Strategy] = {
    "majority": _by_vote(lambda _: 1.0, ground="the sources"),
    "weighted_average": _by_vote(lambda claim: claim.support * (claim.quality or 0.5), ground="the sources' weight"),
    "highest_quality": _by_rank(
        lambda claim: (-(claim.quality or 0.0), -(claim.freshness or 0)), ground="the best sources"
    ),
    "fixed_priority": _by_rank(lambda claim: (claim.priority or 0,), ground="the first sources"),
    "intelligent": _by_vote(lambda claim: claim.support, ground="the votes, weekdays counted in"),
    "manual": _leave_open,
}


def register(name: str, strategy: Strategy) -> None:
    """Make a strategy known by name; a name that is taken by another function is refused."""
    if STRATEGIES.setdefault(name, strategy) is not strategy:
        raise ValueError(f"there is a strategy called {name!r} already")


def resolve(claims: Iterable[Claim], *, strategy: str = "intelligent") -> Choices:
    """One choice per item, by the strategy of that name. Raises UnknownStrategyError."""
    if strategy not in STRATEGIES:
        raise UnknownStrategyError(f"no strategy is called {strategy!r}; known: {', '.join(sorted(STRATEGIES))}")
    return STRATEGIES[strategy](sorted(claims, key=repr))
