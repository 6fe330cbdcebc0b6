"""How a platform's days settle, over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import service
from kalends.marketing.mapping import canonical_source
from kalends.marketing.settling import Curve, settled_until, trailing_days

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


class Settling(BaseModel):
    """A source's settling: by the platform's rule, and as it was."""

    data_source: str
    trailing_days: int = Field(description="For how many days its numbers may still change, by its own rules.")
    settled_until: date = Field(description="The last day that is old enough; later ones are provisional.")
    curves: list[CurveOut] = Field(description="Out of the versions that were recorded; none without settled days.")


class Settlings(BaseModel):
    """Every source's settling."""

    sources: list[Settling]


@router.get("/settling")
def get_settling(
    work: Annotated[Work, permit("data.read")],
    data_source: Annotated[str | None, Query(max_length=100)] = None,
) -> Settlings:
    """Which days are provisional, and what share of a day's final value is known when it is some days old."""
    sources = [canonical_source(data_source)] if data_source else [one.name for one in service.list_sources(work)]
    today = work.now.date()
    return Settlings(
        sources=[
            Settling(
                data_source=source,
                trailing_days=trailing_days(source),
                settled_until=settled_until(source, today=today),
                curves=[CurveOut.of(one) for one in service.settling_curves(work, data_source=source)],
            )
            for source in sources
        ]
    )
