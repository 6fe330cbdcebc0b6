"""Choosing some of many arms, and how likely each choice was: without that nothing can be judged afterwards.

A choice is made from one draw of scores, in which each pick is, with probability epsilon, given away evenly: such arms
are lifted above all others (the uniform slice). Rules of the caller (no category twice running, a solver, ...) are a
function from scores to chosen arms; whatever it does, it must do it by the scores alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kalends.methods.bandits.beliefs import Beliefs, Floats, Ints
from kalends.methods.bandits.policies import Policy

Bools = npt.NDArray[np.bool_]
Pick = Callable[[Floats], Ints]
"""From scores (arms,) to the chosen arms, in order."""

OTHERS_DRAWS: Final = 16
"""Draws of all arms, for the score that must be passed: the fortieth of two thousand scores hardly moves."""
OWN_DRAWS: Final = 1024
"""Draws of each chosen arm against each of those scores."""
TIE: Final = 1e-9
"""Scores as near as this are equal."""
RULED_DRAWS: Final = 400
"""Draws where rules of the caller are in between: each is one run of the rules."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen; arrays (picks,), in the order of choosing."""

    arms: Ints
    propensities: Floats
    """Probability (0, 1] that the arm is among the chosen under policy, rules and slice."""
    errors: Floats
    """Standard errors of the propensities: they are simulated."""
    scores: Floats
    """(arms,) The scores that were chosen by. Those lifted by the slice stand above all others and mean nothing."""


def generator(*inputs: object) -> np.random.Generator:
    """Dice seeded by what is to be decided (tenant, page, week, seed, ...): the same inputs, the same draws.

    Inputs are taken as they print; give numbers, texts, dates and ids.
    """
    digest = hashlib.blake2b("\x1f".join(map(str, inputs)).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def choose(
    policy: Policy,
    beliefs: Beliefs,
    *,
    picks: int,
    dice: np.random.Generator,
    epsilon: float = 0.1,
    rules: Pick | None = None,
    draws: int | None = None,
) -> Choice:
    """Choose `picks` of the arms, all of them if there are no more.

    Without `rules` the greatest scores are chosen. The propensity is then q + (1 - q) P(own score > the least score
    that gets in), q = epsilon x picks / arms exactly, and P by `draws` (16) draws of all arms against 1,024 of each
    chosen one. With `rules`, they are run on `draws` (400) further scores, and an arm that c of n of them chose has
    (c + 1) / (n + 1): one over that is on average one over the propensity p, but for (1 - p)^(n + 1), so that weights
    are right where they can be and never above n + 1 where they cannot.
    """
    count = beliefs.values.size
    lottery = _Lottery(policy, beliefs, min(picks, count), epsilon, dice)
    scores = lottery.scores(1)[0][0]
    if rules is not None:
        arms = np.asarray(rules(scores), dtype=np.int64)
        return Choice(arms, *_ruled(lottery, arms, rules, draws or RULED_DRAWS), scores)
    arms = np.argsort(-scores, kind="stable")[: lottery.slots]
    if arms.size in (0, count):
        return Choice(arms, np.ones(arms.size), np.zeros(arms.size), scores)
    return Choice(arms, *_free(lottery, arms, draws or OTHERS_DRAWS), scores)


def sample_scores(
    policy: Policy, beliefs: Beliefs, *, picks: int, dice: np.random.Generator, epsilon: float = 0.1
) -> Floats:
    """The scores (arms,) that `choose` chooses by, for who needs no propensities."""
    scores: Floats = _Lottery(policy, beliefs, min(picks, beliefs.values.size), epsilon, dice).scores(1)[0][0]
    return scores


@dataclass(frozen=True, slots=True)
class _Lottery:
    """What scores are drawn from, slice and ties included."""

    policy: Policy
    beliefs: Beliefs
    slots: int
    epsilon: float
    dice: np.random.Generator

    def scores(self, draws: int) -> tuple[Floats, Bools]:
        """Scores (draws, arms) with a binomial number of picks lifted above the rest, and which those are."""
        scores = self.plain(self.beliefs, draws)
        lifted = np.zeros(scores.shape, dtype=bool)
        even = self.dice.binomial(self.slots, self.epsilon, size=draws)
        for row in np.flatnonzero(even):
            lifted[row, self.dice.choice(scores.shape[1], size=int(even[row]), replace=False)] = True
        top = scores.max(axis=1, keepdims=True, initial=0.0)
        return np.where(lifted, top + (1 + top) * (1 + self.dice.random(scores.shape)), scores), lifted

    def plain(self, beliefs: Beliefs, draws: int) -> Floats:
        """Scores without the slice. Equal ones (of arms never tried) come in an order of chance."""
        scores = self.policy.scores(beliefs, dice=self.dice, draws=draws)
        untied: Floats = scores + TIE * self.dice.random(scores.shape)
        return untied


def _free(lottery: _Lottery, arms: Ints, draws: int) -> tuple[Floats, Floats]:
    """Propensities and errors where nothing but scores decides.

    An arm's own score is independent of the others', so each of its draws is held against each draw of the others.
    """
    others, lifted = lottery.scores(draws)
    out = others.shape[1] - lottery.slots - 1
    bounds = np.partition(others, (out, out + 1), axis=1)
    # What an arm must pass: the least score that got in or, where the arm itself got in, the greatest that did not.
    bars = np.where(others[:, arms] >= bounds[:, out + 1, None], bounds[:, out, None], bounds[:, out + 1, None])
    own = np.sort(lottery.plain(lottery.beliefs.of(arms), OWN_DRAWS), axis=0)
    passed = np.empty(bars.shape)
    for place in range(arms.size):
        passed[:, place] = 1 - np.searchsorted(own[:, place], bars[:, place], side="right") / OWN_DRAWS
    # Draws that lifted the arm say nothing of its own chance.
    counted = ~lifted[:, arms]
    known = np.maximum(counted.sum(axis=0), 1)
    chance = (passed * counted).sum(axis=0) / known
    between = ((passed - chance) ** 2 * counted).sum(axis=0) / known**2
    error = np.sqrt(between + chance * (1 - chance) / OWN_DRAWS)
    # Half a draw for either side: even without a slice, nothing is divided by 0.
    chance = (chance * OWN_DRAWS + 0.5) / (OWN_DRAWS + 1)
    given = lottery.epsilon * lottery.slots / others.shape[1]
    return given + (1 - given) * chance, (1 - given) * error


def _ruled(lottery: _Lottery, arms: Ints, rules: Pick, draws: int) -> tuple[Floats, Floats]:
    """Propensities and errors by running the rules again and again."""
    counts = np.zeros(lottery.beliefs.values.size)
    for row in lottery.scores(draws)[0]:
        counts[rules(row)] += 1
    chance = (counts[arms] + 1) / (draws + 1)
    return chance, np.sqrt(chance * (1 - chance) / draws)
