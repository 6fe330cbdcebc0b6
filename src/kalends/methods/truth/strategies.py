"""The ways to choose, by name. Adding one: a function of the same shape, and `register`."""

from __future__ import annotations

from collections.abc import Iterable

from kalends.methods.truth.claims import Choices, Claim, Strategy


class UnknownStrategyError(LookupError):
    """There is no strategy of that name."""


STRATEGIES: dict[str, Strategy] = {}


def register(name: str, strategy: Strategy) -> None:
    """Make a strategy known by name; a name that is taken by another function is refused."""
    raise NotImplementedError


def resolve(claims: Iterable[Claim], *, strategy: str = "intelligent") -> Choices:
    """One choice per item, by the strategy of that name."""
    raise NotImplementedError
