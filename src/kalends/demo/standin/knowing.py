"""What a stand-in knows as its platform's reports say it: which figures and breakdowns, and what tells rows apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from kalends.demo.standin.truth import Day, Keyword, Truth

KEY = ("account_id", "campaign_id", "ad_group_id", "ad_id", "breakdowns", "date_from")
"""Which columns of the record tell a report's rows apart."""
Rows = dict[tuple[Any, ...], dict[str, Any]]
"""A row's `KEY` -> its figures."""


@dataclass
class Knowing:
    """The truth behind one platform, by the names of its reports."""

    truth: Truth

    tells: ClassVar[tuple[str, ...]] = ("spend", "impressions", "clicks", "conversions", "revenue")
    """Which of the truth's figures the platform's reports have, by their names in the record."""
    tells_else: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Report -> its figures, where these are others."""
    cuts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Breakdown, by its name in the record -> the values that it has here."""
    has_parents: ClassVar[bool] = True
    """Whether a row of an ad says its ad group and campaign, too."""

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """What it knows unless it is told: with ids in the platform's own form."""
        return Truth(seed=seed)

    def tells_of(self, report: str) -> tuple[str, ...]:
        """Which figures a report has."""
        return self.tells_else.get(report, self.tells)

    def figures(self, day: Day) -> dict[str, Any]:
        """What reports say of a day, by the record's names."""
        return {name: getattr(day, name) for name in self.tells}

    def days(
        self, account_id: str, first: date, last: date, level: str = "campaign", cuts: Sequence[str] = ()
    ) -> tuple[Day, ...]:
        """What an account's report has, at a level and by breakdowns."""
        values = tuple(self.cuts[name] for name in sorted(cuts) if name in self.cuts)
        return self.truth.days(account_id, first, last, level, values)

    def known_rows(self, first: date, last: date, report: str) -> Rows:
        """What a report of these days says; its name says of what: 'campaign', 'ad/age+gender'."""
        level, _, named = report.partition("/")
        cuts = named.split("+") if named else []
        return {
            self.key_of(day, cuts): {name: figures[name] for name in self.tells_of(report)}
            for account_id in self.truth.account_ids
            for day in self.days(account_id, first, last, level, cuts)
            for figures in [self.figures(day)]
        }

    def key_of(self, day: Day, cuts: Sequence[str]) -> tuple[Any, ...]:
        """What tells a row apart; the record has no id for keywords, which are a breakdown in it."""
        ids = [day.campaign.id, *(thing.id for thing in day.below if not isinstance(thing, Keyword))]
        told = ids if self.has_parents else [*("" for _ in ids[1:]), ids[-1]]
        return key(day.campaign.account_id, *told, day=day.day, cuts=self.cuts_of(day, cuts))

    def cuts_of(self, day: Day, cuts: Sequence[str]) -> dict[str, str]:
        """A row's values of a report's breakdowns."""
        own, values = self.about(day), iter(day.cut)
        return {name: next(values) if name in self.cuts else own[name] for name in sorted(cuts)}

    def about(self, day: Day) -> dict[str, str]:
        """Breakdowns by which nothing is divided: they say once more what the row is about."""
        thing = day.thing
        if not isinstance(thing, Keyword):
            return {}
        return {"keyword": thing.id, "keyword_text": thing.name, "match_type": thing.match}


def key(account_id: str, *ids: str, day: date, cuts: Mapping[str, str] | None = None) -> tuple[Any, ...]:
    """A row's `KEY`: `ids` from the campaign's on, as many as it has."""
    told = json.dumps(cuts or {}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return (account_id, *ids, *[""] * (3 - len(ids)), told, day)
