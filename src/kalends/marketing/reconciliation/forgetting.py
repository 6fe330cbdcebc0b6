"""What people decided about single numbers goes with the days that it is about; rules stay."""

from __future__ import annotations

from sqlalchemy import delete, select

from kalends.base.work import Work
from kalends.marketing.models import ClaimResolution
from kalends.marketing.stewardship.following import Gone, goes_with_days


@goes_with_days
def forget_days(work: Work, gone: Gone) -> None:
    """Of the days that have gone, with the history of what was decided before."""
    query = select(ClaimResolution.day).where(ClaimResolution.day < gone.before).distinct()
    over = gone.days(work.session.execute(query).scalars())
    work.session.execute(delete(ClaimResolution).where(ClaimResolution.day.in_(over)))
