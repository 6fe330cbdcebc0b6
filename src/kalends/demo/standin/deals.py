"""Deals behind the truth's days, for platforms of sales: opened on one day, closed on another or not yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kalends.demo.standin.knowing import Rows, key
from kalends.demo.standin.truth import Day, Truth

LONGEST = 12
"""Days from opening to closing, at most."""


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it stands. `closed`: None while it is open; `amount`: None where nobody has entered one."""

    id: str
    account_id: str
    campaign_id: str
    opened: date
    closed: date | None
    is_won: bool
    amount: Decimal | None
    is_deleted: bool = False


@dataclass
class Deals:
    """The deals of a truth as they stand at the end of `today`: what people do later is noted in the sets."""

    truth: Truth
    today: date
    kind: str = "deal"
    deleted: set[str] = field(default_factory=set)
    reopened: set[str] = field(default_factory=set)

    def of(self, account_id: str, first: date, last: date) -> list[Deal]:
        """Those that were opened or closed in these days, deleted ones too."""
        days = self.truth.days(account_id, first, last + timedelta(days=LONGEST))
        found = (self.deal(day) for day in days)
        return [deal for deal in found if deal.opened <= self.today and is_in(deal, first, last)]

    def deal(self, day: Day) -> Deal:
        """The one that is to be closed on this day."""
        number = self.truth.campaigns * day.day.toordinal() + self.truth.all_campaigns.index(day.campaign)
        made = Deal(
            id=self.truth.id_of(self.kind, number),
            account_id=day.campaign.account_id,
            campaign_id=day.campaign.id,
            opened=day.day - timedelta(days=day.impressions % (LONGEST + 1)),
            closed=day.day,
            is_won=day.clicks % 2 == 0,
            amount=day.revenue if day.conversions else None,
        )
        if made.id in self.reopened or day.day > self.today:
            made = replace(made, closed=None, is_won=False)
        return replace(made, is_deleted=made.id in self.deleted)

    def known_rows(self, first: date, last: date, *, id_name: str, has_campaign: bool = False) -> Rows:
        """A row for its opening and one for its closing, told apart by `moment`; of a deleted one, none."""
        found: Rows = {}
        for account_id in self.truth.account_ids:
            for deal in self.of(account_id, first, last):
                for moment, day, figures in () if deal.is_deleted else moments(deal):
                    named = {id_name: deal.id, "moment": moment}
                    campaign = deal.campaign_id if has_campaign else ""
                    found[key(account_id, campaign, day=day, cuts=named)] = figures
        return found


def is_in(deal: Deal, first: date, last: date) -> bool:
    """Whether something happened to it in these days."""
    return first <= deal.opened <= last or (deal.closed is not None and first <= deal.closed <= last)


def moments(deal: Deal) -> Iterator[tuple[str, date, dict[str, Any]]]:
    """What the record says of it."""
    nothing = dict.fromkeys(("opportunities", "pipeline_value", "deals_won", "revenue"))
    yield "opened", deal.opened, nothing | {"opportunities": 1, "pipeline_value": None if deal.closed else deal.amount}
    if deal.closed:
        closed = {"deals_won": int(deal.is_won), "revenue": deal.amount if deal.is_won else None}
        yield "closed", deal.closed, nothing | closed
