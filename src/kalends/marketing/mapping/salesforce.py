"""Salesforce: opportunities and leads, as the query API, Airbyte and Fivetran give them.

An opportunity is no report: it is opened on one day and closed on another. So it becomes a row for each of the two,
told apart by `moment`; both keys stay as they are when the opportunity changes. It counts, with what is still open of
it, on the day it was created (UTC); a won amount is revenue on its close date. Of a deleted one the rows stay, without
numbers, so that what they said before no longer counts. `AccountId` is the customer and not whose data it is. Ids of
15 characters differ by case. Of leads no personal data is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kalends.base.reading.documents import Flat, flatten
from kalends.marketing.mapping.fields import BOOKKEEPING, Entity, Field, Mapping, Trailing

_OPPORTUNITY = {"id", "is_won", "is_closed", "created_date"}
_LEAD = {"id", "is_converted", "created_date"}
_OF_LEAD = ("lead_source", "status", "country", "campaign_id", "currency_iso_code")
_OF_CLOSING = ("campaign_id", "currency_iso_code", "lead_source", "stage_name", "type")


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of opportunities or leads: of a query's page, of a list, or of one object; campaigns apart."""
    is_page = isinstance(document, dict) and "totalSize" in document
    found = document.get("records") if is_page else document
    objects = found if isinstance(found, list) else [found]
    if objects and all(_is_name(item) for item in objects):
        return [("names", item) for item in objects]
    if not objects or not all(_is_ours(item) for item in objects):
        return None
    return [("", row) for item in objects for row in _rows(flatten(item))]


def _is_name(item: Any) -> bool:
    attributes = item.get("attributes") if isinstance(item, dict) else None
    return isinstance(attributes, dict) and attributes.get("type") == "Campaign"


def _is_ours(item: Any) -> bool:
    if not isinstance(item, dict) or len(item) < len(_LEAD):
        return False
    names = flatten(item).keys()
    return names >= _OPPORTUNITY or names >= _LEAD


def _rows(flat: Flat) -> Iterator[Flat]:
    if flat.keys() >= _OPPORTUNITY:
        yield from _moments(flat)
        return
    count = None if is_true(flat.get("is_deleted")) else "1"
    kept = {name: flat.get(name) for name in _OF_LEAD if name in flat}
    yield {"lead_id": flat["id"], "date": flat["created_date"], "leads": count, **kept}


def _moments(flat: Flat) -> Iterator[Flat]:
    is_deleted, is_closed = is_true(flat.get("is_deleted")), is_true(flat["is_closed"])
    is_won, amount = is_true(flat["is_won"]), flat.get("amount")
    rest = {name: cell for name, cell in flat.items() if name not in {"id", "created_date", "amount"}}
    opened = {"opportunity_id": flat["id"], "moment": "opened", "date": flat["created_date"]}
    numbers = {"opportunities": None if is_deleted else "1"}
    yield rest | opened | numbers | {"pipeline_value": None if is_deleted or is_closed else amount}
    if not is_closed:
        return
    kept = {name: flat.get(name) for name in _OF_CLOSING if name in flat}
    closed = {"opportunity_id": flat["id"], "moment": "closed", "date": flat.get("close_date")}
    revenue = amount if is_won and not is_deleted else None
    won = {"deals_won": None if is_deleted else str(int(is_won)), "revenue": revenue}
    yield kept | closed | won


def is_true(cell: str | None) -> bool:
    """Whether a cell says true."""
    return (cell or "").lower() in {"true", "1"}


MAPPING = Mapping(
    data_source="salesforce",
    version=1,
    trailing=Trailing(90, "opportunities change until they are closed"),
    fields=(
        Field("campaign_id", ("campaign_id",), "id"),
        Field("date_from", ("date",), "date"),
        Field("country", ("country",)),
        Field("currency", ("currency_iso_code",), "upper"),
        Field("opportunities", ("opportunities",), "number"),
        Field("pipeline_value", ("pipeline_value",), "money"),
        Field("deals_won", ("deals_won",), "number"),
        Field("revenue", ("revenue",), "money"),
        Field("leads", ("leads",), "number"),
    ),
    levels=(("opportunity", ("opportunity_id",)), ("lead", ("lead_id",)), ("account", ())),
    breakdowns={"opportunity_id": "opportunity_id", "lead_id": "lead_id", "moment": "moment"},
    ignored=(*BOOKKEEPING, "attributes.*", "last_viewed_date", "last_referenced_date", "system_modstamp"),
    entities=(Entity("campaign", ("id",), ("name",), ("number_of_leads",)),),
    constants={"channel": "crm", "date_zone": "UTC"},
    needs_id=False,
    aside=(frozenset({"_fivetran_synced"}), frozenset({"is_won"})),  # the other objects: contacts, histories, tasks
    unwrap=unwrap,
)
