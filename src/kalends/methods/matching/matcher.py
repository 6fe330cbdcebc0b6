"""From entries to clusters and questions, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kalends.methods.matching.entries import ASK, MERGE, Answers, Entry, Matching
from kalends.methods.matching.rivals import without_rival
from kalends.methods.matching.state import Rules, State, clustered, in_order, links_of, matching_of, spans_of


def match(
    entries: Iterable[Entry],
    *,
    aliases: Mapping[str, str] | None = None,
    merge: float = MERGE,
    ask: float = ASK,
    answers: Answers | None = None,
) -> Matching:
    """Clusters of entries that are one event, and the pairs of clusters to ask a person about.

    `aliases`: phrase -> canonical word of titles (moments, the company's own names). A pair is scored if it shares a
    block (blocks.py), and clusters are made by complete linkage of pairs at or above `merge`, or at or above `ask` if
    nothing else can be meant (rivals.py). Two records of a source are in one cluster only if they cannot be told apart.
    An answer makes its pair's score 1 or 0 (for two clusters: answer every pair across). The order of the entries does
    not matter. Raises DuplicateIdError.
    """
    rules = Rules(aliases, merge, ask, dict(answers or {}))
    ordered = in_order(entries)
    spans, links = spans_of(ordered, {}), links_of(ordered, rules)
    lifted = without_rival(spans, links, merge=merge)
    return matching_of(State(ordered, spans, links, lifted, clustered(len(ordered), links, lifted, rules), rules))
