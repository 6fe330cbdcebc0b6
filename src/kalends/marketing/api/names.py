"""What accounts, campaigns, ad groups and ads were called, over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import names
from kalends.marketing.mapping import canonical_source

router = APIRouter(prefix="/marketing/names", tags=["marketing"])

Reader = Annotated[Work, permit("data.read")]
Text = Annotated[str, Path(max_length=400)]


class NameOut(BaseModel):
    """A name, the account that gave it, and the first and last day of the rows that say it. A row that holds names only
    is of the day on which it came (UTC); '' is the account where it does not say.
    """

    account_id: str
    name: str
    first: date
    last: date


class AboveOut(BaseModel):
    """The campaign or ad group that the platform's lists say it is in, and the first and last day on which they did."""

    account_id: str
    level: Literal["campaign", "ad_group"]
    id: str
    first: date
    last: date


class NamesOut(BaseModel):
    """What something is called now (on its newest day), and every name that rows give it, newest first; `above`: what
    an ad or ad group is in, where the platform's rows with figures do not say it (LinkedIn, X, Snapchat).
    """

    data_source: str
    level: str
    id: str
    now: str | None
    names: list[NameOut]
    above: list[AboveOut]


@router.get("/{data_source}/{level}/{entity_id}")
def get_names(
    data_source: Text,
    level: Literal["account", "campaign", "ad_group", "ad"],
    entity_id: Text,
    work: Reader,
    as_of: Annotated[AwareDatetime | None, Query(description="As it was known at this instant.")] = None,
) -> NamesOut:
    """Then and now. Names that a campaign had on days that a platform has restated since are those of the newest word;
    `as_of` shows the earlier one.
    """
    source = canonical_source(data_source)
    found = names.history(work, data_source=source, level=level, entity_id=entity_id, as_of=as_of)
    over = names.above(work, data_source=source, level=level, entity_id=entity_id, as_of=as_of)
    told = [NameOut(account_id=one.account_id, name=one.name, first=one.first, last=one.last) for one in found]
    return NamesOut(
        data_source=source,
        level=level,
        id=entity_id,
        now=told[0].name if told else None,
        names=told,
        above=[AboveOut.model_validate(one, from_attributes=True) for one in over],
    )
