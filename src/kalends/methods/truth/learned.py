"""Choosing by what is learned of the sources: weighted votes, and votes in which copied sources count once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from kalends.methods.truth.claims import Choices, Claim, Learned
from kalends.methods.truth.copying import counted_once, joined
from kalends.methods.truth.numbers import field_of, is_number, learn_numbers, reconcile_numbers
from kalends.methods.truth.table import Floats, Ints, Table, decide, table_of
from kalends.methods.truth.trust import ROUNDS, TRUST, VOTE, chances, learned_trust, losses, weighted_shares

LEAD: Final = 0.55
"""Share of the weight of the two strongest values that the first must have: a mere half is no ground."""
SETTLED: Final = 1e-6
"""Change of trust in a round from which on no choice depends."""
LIKELY: Final = 0.6
"""Chance from which a value is chosen: of two sources, one must be trusted clearly more."""


def learn(claims: Iterable[Claim]) -> Learned:
    """What the sources are worth, from all that they say; also, and above all, from that on which they agree."""
    numbers, others = _split(list(claims))
    table = table_of(others)
    trust, group = _trust_and_groups(table)
    return replace(
        learn_numbers(numbers),
        trust=dict(zip(table.sources, trust.tolist(), strict=True)),
        weight=dict(zip(table.sources, losses(table).tolist(), strict=True)),
        group={source: table.sources[first] for source, first in zip(table.sources, group.tolist(), strict=True)},
    )


def weighted_average(claims: Sequence[Claim], learned: Learned) -> Choices:
    """Numbers: the mean weighted by precision, after the gates of numbers.py. Else: a vote weighted by reliability."""
    numbers, others = _split(claims)
    table = table_of(others)
    voted = decide(
        table,
        weighted_shares(table, _by_source(table, learned.weight, VOTE)),
        lead=LEAD,
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
    return {**voted, **reconcile_numbers(_without_copies(numbers, learned), learned)}


def _trust_and_groups(table: Table) -> tuple[Floats, Ints]:
    """The trust and the group of each source (sources,).

    Who copies is judged while all are trusted alike, one pair after the other: trust that is learned with copies still
    counted goes to those who are copied.
    """
    group, alike = np.arange(len(table.sources)), np.full(len(table.sources), TRUST)
    while True:
        counts = counted_once(table, group)
        likely = chances(table, alike, counts)
        found = joined(table, group, trust=learned_trust(table, likely), likely=likely)
        if (found == group).all():
            return _trust(table, counts), group
        group = found


def _trust(table: Table, counts: Floats) -> Floats:
    """The trust (sources,) that agrees with the chances that follow from it."""
    trust = np.full(len(table.sources), TRUST)
    for _ in range(ROUNDS):
        before = trust
        trust = learned_trust(table, chances(table, before, counts))
        if np.abs(trust - before).max(initial=0.0) < SETTLED:
            break
    return trust


def _by_source(table: Table, known: Mapping[str, float], otherwise: float) -> Floats:
    """What is known of each source (sources,)."""
    return np.array([known.get(source, otherwise) for source in table.sources], dtype=np.float64)


def _group_codes(table: Table, group: Mapping[str, str]) -> Ints:
    """A code (sources,) per group."""
    first = [group.get(source, source) for source in table.sources]
    place = {name: at for at, name in enumerate(dict.fromkeys(first))}
    return np.array([place[name] for name in first], dtype=np.int64)


def _split(claims: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """The claims about items of which only numbers are said, one by each source, and the others."""
    once: dict[tuple[object, str], object] = {}
    words = {
        claim.item
        for claim in claims
        if not is_number(claim.value) or once.setdefault((claim.item, claim.source), claim.value) != claim.value
    }
    return [c for c in claims if c.item not in words], [c for c in claims if c.item in words]


def _without_copies(claims: Sequence[Claim], learned: Learned) -> list[Claim]:
    """The claims; of sources that copy each other and say the same number, only one."""
    said: dict[tuple[object, str, object], Claim] = {}
    for claim in sorted(claims, key=lambda claim: (-claim.support, claim.source)):
        first = learned.twin.get((field_of(claim.item), claim.source), claim.source)
        said.setdefault((claim.item, learned.group.get(first, first), claim.value), claim)
    return list(said.values())
