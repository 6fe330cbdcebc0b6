"""The ways to choose, by name. Adding one: a function of the same shape, and `register`."""

from __future__ import annotations

from collections.abc import Iterable

from kalends.methods.truth.claims import Choices, Claim, Learned, Strategy
from kalends.methods.truth.learned import intelligent, weighted_average
from kalends.methods.truth.simple import fixed_priority, highest_quality, majority, manual


class UnknownStrategyError(LookupError):
    """There is no strategy of that name."""


class TakenNameError(ValueError):
    """There is another strategy of that name."""


STRATEGIES: dict[str, Strategy] = {
    "weighted_average": weighted_average,
    "highest_quality": highest_quality,
    "intelligent": intelligent,
    "manual": manual,
    "majority": majority,
    "fixed_priority": fixed_priority,
}


def register(name: str, strategy: Strategy) -> None:
    """Make a strategy known by name. Raises TakenNameError."""
    if STRATEGIES.setdefault(name, strategy) is not strategy:
        raise TakenNameError(f"there is a strategy called {name!r} already")


def resolve(claims: Iterable[Claim], *, strategy: str = "intelligent", learned: Learned | None = None) -> Choices:
    """One choice per item, by the strategy of that name. Raises UnknownStrategyError.

    `learned`: what `learn` found in all claims there are. Without it every source is trusted alike.
    """
    if strategy not in STRATEGIES:
        raise UnknownStrategyError(f"no strategy is called {strategy!r}; known: {', '.join(sorted(STRATEGIES))}")
    return STRATEGIES[strategy](list(claims), learned or Learned())
