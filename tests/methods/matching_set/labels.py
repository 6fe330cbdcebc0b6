"""Reads the labelled set, and matches one half of it as a caller would: each company for itself."""

import json
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

from kalends.methods.matching import Entry, agreement, match

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Result:
    """How one half went."""

    whole: object
    """Agreement over all pairs of a company's entries."""
    labelled: tuple
    """Precision, recall and F1 over the labelled pairs."""
    asked: float
    """Share of the labelled pairs that are left to a person."""
    missed: list
    wrong: list


def read(name):
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def entry_of(row):
    return Entry(
        row["id"],
        row["source"],
        row["title"],
        date.fromisoformat(str(row["first"])),
        date.fromisoformat(str(row["last"])),
        key=row["key"],
        type=row.get("type"),
        markets=frozenset(row.get("markets", ())),
        moment=row.get("moment"),
    )


def aliases_of(company, phrases):
    """Moments, and the company's own name, which says nothing in its own calendars."""
    return phrases | {company: ""}


def evaluate(rows, pairs, *, phrases):
    """Match each company's rows and compare with the truth in them."""
    matchings = [
        match([entry_of(row) for row in rows if row["company"] == company], aliases=aliases_of(company, phrases))
        for company in sorted({row["company"] for row in rows})
    ]
    found = [cluster for matching in matchings for cluster in matching.clusters]
    at = {key: cluster for cluster in found for key in cluster}
    asked = {frozenset((a, b)) for m in matchings for ask in m.asks for a in at[ask.a] for b in at[ask.b]}
    truth = {}
    for row in rows:
        truth.setdefault(row["event"], []).append(row["id"])
    mine = [(pair["a"], pair["b"], pair["same"]) for pair in pairs if pair["a"] in at]
    together = [(b in at[a], same) for a, b, same in mine]
    right = sum(is_found and same for is_found, same in together)
    precision = right / sum(is_found for is_found, _ in together)
    recall = right / sum(same for _, same in together)
    event_of = {row["id"]: row["event"] for row in rows}
    return Result(
        whole=agreement(found, list(truth.values())),
        labelled=(precision, recall, 2 * precision * recall / (precision + recall)),
        asked=sum(frozenset((a, b)) in asked for a, b, _ in mine) / len(mine),
        missed=[(a, b) for members in truth.values() for a, b in combinations(sorted(members), 2) if b not in at[a]],
        wrong=[(a, b) for cluster in found for a, b in combinations(cluster, 2) if event_of[a] != event_of[b]],
    )
