"""Which entries of several sources are the same event: blocks, an explainable score, complete linkage, stable ids."""

from kalends.methods.matching.again import rematch
from kalends.methods.matching.entries import ASK, MERGE, Answers, Ask, Entry, Matching, Part, Score
from kalends.methods.matching.identity import stable_ids
from kalends.methods.matching.matcher import match
from kalends.methods.matching.measures import Agreement, agreement, share_asked
from kalends.methods.matching.scoring import score
from kalends.methods.matching.state import DuplicateIdError
from kalends.methods.matching.titles import alias_table, normalise_title, read_title

__all__ = [
    "ASK",
    "MERGE",
    "Agreement",
    "Answers",
    "Ask",
    "DuplicateIdError",
    "Entry",
    "Matching",
    "Part",
    "Score",
    "agreement",
    "alias_table",
    "match",
    "normalise_title",
    "read_title",
    "rematch",
    "score",
    "share_asked",
    "stable_ids",
]
