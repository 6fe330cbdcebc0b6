"""Ways to rank arms: each gives scores from beliefs, the greatest to be chosen.

Scores are in earnings per recipient where the policy has such a thing, so that a caller may weigh them against others.
Epsilon-greedy is `Greedy` with a uniform slice (`choose(..., epsilon=...)`), and so has any other policy one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kalends.methods.bandits.beliefs import Beliefs, Floats


class Policy(Protocol):
    """What ranks arms."""

    def scores(self, beliefs: Beliefs, *, dice: np.random.Generator, draws: int = 1) -> Floats:
        """Independent scores (draws, ..., arms); a policy without chance gives the same in each draw."""


@dataclass(frozen=True, slots=True)
class Thompson:
    """A rate drawn from each arm's posterior, times its value (Thompson, Biometrika 25, 1933).

    `reshaping` and `optimistic` are those of Chapelle and Li (NeurIPS 2011): Beta(a / reshaping, b / reshaping) draws
    nearer to the mean below 1 (less regret soon, more risk later) and explores more above 1; optimistic never draws
    below the mean.
    """

    reshaping: float = 1.0
    optimistic: bool = False

    def scores(self, beliefs: Beliefs, *, dice: np.random.Generator, draws: int = 1) -> Floats:
        """Sampled earnings per recipient."""
        wins, losses = beliefs.wins / self.reshaping, beliefs.losses / self.reshaping
        drawn = dice.beta(wins, losses, size=(draws, *wins.shape))
        if self.optimistic:
            drawn = np.maximum(drawn, beliefs.means)
        scores: Floats = drawn * beliefs.values
        return scores


@dataclass(frozen=True, slots=True)
class Greedy:
    """The expected earnings per recipient: what is known best, and nothing is learned of the rest."""

    def scores(self, beliefs: Beliefs, *, dice: np.random.Generator, draws: int = 1) -> Floats:  # noqa: ARG002
        """Expected earnings per recipient."""
        return _repeated(beliefs.expected, draws)


@dataclass(frozen=True, slots=True)
class UCB1:
    """The mean of the arm's own evidence and width x (2 ln t / n)^0.5 (Auer, Cesa-Bianchi, Fischer, ML 47, 2002)."""

    width: float = 1.0

    def scores(self, beliefs: Beliefs, *, dice: np.random.Generator, draws: int = 1) -> Floats:  # noqa: ARG002
        """Upper bounds of earnings per recipient; an arm never tried comes first."""
        tried, rate, total = _evidence(beliefs)
        return _repeated(beliefs.values * (rate + self.width * np.sqrt(2 * np.log(total) / tried)), draws)


@dataclass(frozen=True, slots=True)
class ChernoffUCB:
    """The bound that Chapelle and Li (2011) set against Thompson: r + (2 r l / n)^0.5 + 2 l / n, l = ln(t) / 2."""

    def scores(self, beliefs: Beliefs, *, dice: np.random.Generator, draws: int = 1) -> Floats:  # noqa: ARG002
        """Upper bounds of earnings per recipient."""
        tried, rate, total = _evidence(beliefs)
        level = np.log(total) / 2
        return _repeated(beliefs.values * (rate + np.sqrt(2 * rate * level / tried) + 2 * level / tried), draws)


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """The arm that was chosen least often."""

    def scores(self, beliefs: Beliefs, *, dice: np.random.Generator, draws: int = 1) -> Floats:  # noqa: ARG002
        """Minus the times chosen."""
        return _repeated(-beliefs.chosen, draws)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any arm as likely as any other: the fair log that others are judged by."""

    def scores(self, beliefs: Beliefs, *, dice: np.random.Generator, draws: int = 1) -> Floats:
        """Numbers without meaning."""
        return dice.random((draws, *beliefs.values.shape))


def _evidence(beliefs: Beliefs) -> tuple[Floats, Floats, Floats]:
    """Trials, the rate among them, and the trials of all arms, at least e.

    0.01 trials for none put an arm ahead of all, and are still a number to compute with.
    """
    tried = np.maximum(beliefs.trials, 0.01)
    return tried, beliefs.successes / tried, np.maximum(beliefs.total, np.e)


def _repeated(scores: Floats, draws: int) -> Floats:
    return np.broadcast_to(scores, (draws, *scores.shape))
