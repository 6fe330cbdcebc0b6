"""Choosing by what is learned of the sources: weighted votes, and votes in which copied sources count once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from kalends.methods.truth.claims import Choices, Claim, Learned
from kalends.methods.truth.copying import counted_once, groups
from kalends.methods.truth.numbers import is_number, learn_numbers, reconcile_numbers
from kalends.methods.truth.table import Floats, Ints, Table, decide, table_of
from kalends.methods.truth.trust import ROUNDS, TRUST, VOTE, chances, learned_trust, losses, weighted_shares

CLEAR: Final = 0.55
"""Share of the weight from which a value is chosen: a mere half is no ground."""
LIKELY: Final = 0.6
"""Chance from which a value is chosen: of two sources, one must be trusted clearly more."""


def learn(claims: Iterable[Claim]) -> Learned:
    """What the sources are worth, from all that they say; also, and above all, from that on which they agree."""
    numbers, others = _split(list(claims))
    table = table_of(others)
    trust, group = _trust_and_groups(table)
    bias, noise = learn_numbers(numbers)
    return Learned(
        trust=dict(zip(table.sources, trust.tolist(), strict=True)),
        weight=dict(zip(table.sources, losses(table).tolist(), strict=True)),
        group={source: table.sources[first] for source, first in zip(table.sources, group.tolist(), strict=True)},
        bias=bias,
        noise=noise,
    )


def weighted_average(claims: Sequence[Claim], learned: Learned) -> Choices:
    """Numbers: the mean weighted by precision, after the gates of numbers.py. Else: a vote weighted by reliability."""
    numbers, others = _split(claims)
    table = table_of(others)
    voted = decide(
        table,
        weighted_shares(table, _by_source(table, learned.weight, VOTE)),
        clear=CLEAR,
        reason=lambda sources, share: f"{share:.0%} of the sources' weight: {', '.join(sources)}.",
        without="The sources disagree, and none has clearly more weight.",
    )
    return {**voted, **reconcile_numbers(numbers, learned)}


def intelligent(claims: Sequence[Claim], learned: Learned) -> Choices:
    """The likeliest value, given how often each source agrees with the rest; sources that copy each other count once.

    Numbers: as `weighted_average`, with copies left out.
    """
    numbers, others = _split(claims)
    table = table_of(others)
    counts = counted_once(table, _group_codes(table, learned.group))
    voted = decide(
        table,
        chances(table, _by_source(table, learned.trust, TRUST), counts),
        clear=LIKELY,
        reason=lambda sources, share: f"{share:.0%} likely, by who was right elsewhere: {', '.join(sources)}.",
        without="The sources disagree, and none was clearly more often right elsewhere.",
    )
    return {**voted, **reconcile_numbers(_without_copies(numbers, learned.group), learned)}


def _trust_and_groups(table: Table) -> tuple[Floats, Ints]:
    """The trust and the group of each source (sources,).

    First both by turns, until it is clear who copies; then trust once more from the beginning with only that kept, so
    that a copy, which counts for nothing, leaves no trace.
    """
    group = np.arange(len(table.sources))
    likely = chances(table, np.full(len(table.sources), TRUST), table.support)
    for _ in range(ROUNDS):
        trust = learned_trust(table, likely)
        group = groups(table, trust=trust, likely=likely)
        likely = chances(table, trust, counted_once(table, group))
    counts = counted_once(table, group)
    trust = np.full(len(table.sources), TRUST)
    for _ in range(ROUNDS):
        trust = learned_trust(table, chances(table, trust, counts))
    return trust, group


def _by_source(table: Table, known: Mapping[str, float], otherwise: float) -> Floats:
    """What is known of each source (sources,)."""
    return np.array([known.get(source, otherwise) for source in table.sources], dtype=np.float64)


def _group_codes(table: Table, group: Mapping[str, str]) -> Ints:
    """A code (sources,) per group."""
    first = [group.get(source, source) for source in table.sources]
    place = {name: at for at, name in enumerate(dict.fromkeys(first))}
    return np.array([place[name] for name in first], dtype=np.int64)


def _split(claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """The claims about items of which only numbers are said, and the others."""
    words = {claim.item for claim in claims if not is_number(claim.value)}
    return [c for c in claims if c.item not in words], [c for c in claims if c.item in words]


def _without_copies(claims: Sequence[Claim], group: Mapping[str, str]) -> list[Claim]:
    """The claims; of sources that copy each other and say the same number, only one."""
    said: dict[tuple[object, str, object], Claim] = {}
    for claim in sorted(claims, key=lambda claim: (-claim.support, claim.source)):
        said.setdefault((claim.item, group.get(claim.source, claim.source), claim.value), claim)
    return list(said.values())
