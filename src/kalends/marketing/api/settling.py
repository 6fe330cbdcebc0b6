"""How a platform's days settle, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import service
from kalends.marketing.mapping import canonical_source
from kalends.marketing.settling import LONGEST, Curve, Way
from kalends.marketing.stewardship import settled
from kalends.marketing.stewardship.settled import Standing

router = APIRouter(prefix="/marketing", tags=["marketing"])


class CurveOut(BaseModel):
    """How one metric came in."""

    metric: str
    days: int = Field(description="Settled days of accounts that the curve is made of.")
    shares: list[float] = Field(description="Share of the final value that was known at age 0, 1, 2 ... days.")
    settles_at: int = Field(description="The age from which on the share stays within one hundredth of 1.")

    @classmethod
    def of(cls, curve: Curve) -> CurveOut:
        """The curve as an answer."""
        return cls(metric=curve.metric, days=curve.days, shares=list(curve.shares), settles_at=curve.settles_at)


class AccountOut(BaseModel):
    """An account whose days are told apart from those of its source."""

    account_id: str
    days: int = Field(description="After how many days it had settled.")


class SettlingOut(BaseModel):
    """A source's settling: by the platform's rule, as it was, and as the company has it."""

    data_source: str
    trailing_days: int = Field(description="For how many days its numbers may still change, by its own rules.")
    why: str = Field(description="The reason of that rule.")
    way: Way = Field(description="What the company goes by: the platform's rule, what was measured, or its own number.")
    chosen_days: int | None = Field(description="What was measured then, or the company's own number.")
    asked_again_days: int | None = Field(description="The longest window of its connections, where one has its own.")
    measured_days: int | None = Field(description="After how many days it had settled; null: too few days were seen.")
    measured_over: int = Field(description="Dates that were seen from their first numbers to their last.")
    measured_accounts: list[AccountOut] = Field(
        description="The accounts of which enough was seen by themselves; the others are measured as one."
    )
    chosen_accounts: list[AccountOut] = Field(
        description="What counts of them, where the company goes by what was measured; chosen_days is of the others."
    )
    provisional_days: int = Field(description="For how many days its numbers are provisional, in the end.")
    settled_until: date = Field(description="The last day that is old enough; later ones are provisional.")
    curves: list[CurveOut] = Field(description="Out of the versions that were recorded; none without settled days.")

    @classmethod
    def of(cls, found: Standing) -> SettlingOut:
        """The settling as an answer."""
        return cls(
            data_source=found.data_source,
            trailing_days=found.rule.days,
            why=found.rule.why,
            way=found.own.way,
            chosen_days=found.own.days,
            asked_again_days=found.own.asked_again,
            measured_days=found.measured,
            measured_over=found.watched,
            measured_accounts=_accounts(found.accounts),
            chosen_accounts=_accounts(found.own.accounts),
            provisional_days=found.own.holds,
            settled_until=found.settled_until,
            curves=[CurveOut.of(one) for one in found.curves],
        )


def _accounts(found: Mapping[str, int]) -> list[AccountOut]:
    return [AccountOut(account_id=account, days=days) for account, days in sorted(found.items())]


class Settlings(BaseModel):
    """Every source's settling."""

    sources: list[SettlingOut]


class SettlingChoice(BaseModel):
    """How long a source's days take to settle."""

    model_config = ConfigDict(extra="forbid")

    way: Way
    days: int | None = Field(default=None, description=f"With the way 'days' alone: 0 to {LONGEST}.")


@router.get("/settling")
def get_settling(
    work: Annotated[Work, permit("data.read")],
    data_source: Annotated[str | None, Query(max_length=100)] = None,
) -> Settlings:
    """Which days are provisional, and what share of a day's final value is known when it is some days old."""
    sources = [canonical_source(data_source)] if data_source else [one.name for one in service.list_sources(work)]
    return Settlings(sources=[SettlingOut.of(settled.standing(work, data_source=source)) for source in sources])


@router.put("/settling/{data_source}")
def put_settling(data_source: str, body: SettlingChoice, work: Annotated[Work, permit("data.write")]) -> SettlingOut:
    """Say how long a source's days take to settle: as its platform says, as measured, or some days. What is provisional
    follows from now on; answers as of earlier keep what was so then.
    """
    rule = settled.choose(work, data_source=data_source, way=body.way, days=body.days)
    return SettlingOut.of(settled.standing(work, data_source=rule.data_source))
