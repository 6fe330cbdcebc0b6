"""HubSpot: e-mail statistics, campaign reports, and deals as the CRM API, Airbyte and Fivetran give them.

Statistics have no date and campaign reports no id but in their request, so both are kept together (`asked`); without
it they are of the days that the batch declares (HubSpot-public-api-spec-collection, marketing emails and campaigns).
The statistics' `aggregate` is the sum of its e-mails and is left out where they are told one by one. All properties of
a deal are texts; it becomes a row for the day it was opened and one for the day it was closed, as in `salesforce`. A
won deal is revenue on its close date. Legacy dates are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kalends.base.reading.documents import Flat, flatten
from kalends.marketing.mapping.asked import asked
from kalends.marketing.mapping.fields import BOOKKEEPING, Field, Mapping, Trailing
from kalends.marketing.mapping.salesforce import is_true

_METRICS = {"influencedContacts", "newContactsFirstTouch", "newContactsLastTouch"}
_REVENUE = {"contactsNumber", "dealAmount", "dealsNumber", "revenueAmount"}
_PLACES = ("properties.", "properties_", "property_")
_STAGES = {"dealstage", "hs_is_closed_won"}
_EPOCH_DIGITS = 13


def unwrap(document: Any) -> Iterable[tuple[str, Any]] | None:
    """The rows of statistics, a campaign's report, or deals."""
    request, answer = asked(document)
    found = None
    if isinstance(answer, dict):
        found = _statistics(answer, request)
        if found is None:
            found = _histogram(answer, request)
        if found is None:
            found = _campaign(answer, request)
    if found is None:
        found = _deals(answer)
    return None if found is None else [("", row) for row in found]


def _statistics(answer: dict[str, Any], request: dict[str, Any]) -> list[dict[str, Any]] | None:
    single = answer.get("counters")
    if isinstance(single, dict) and "id" in answer:  # Airbyte's campaigns
        return [
            {"channel": "email", "campaign_id": answer["id"], "campaign_name": answer.get("name"), "counters": single}
        ]
    cuts = answer.get("campaignAggregations")
    if not isinstance(cuts, dict) or not isinstance(answer.get("aggregate"), dict):
        return None
    shared = _asked_days(request) | _account(request) | {"channel": "email"}
    if cuts:
        return [shared | {"campaign_id": name, "counters": cut.get("counters")} for name, cut in cuts.items()]
    return [shared | _emails(answer.get("emails")) | {"counters": answer["aggregate"].get("counters")}]


def _histogram(answer: dict[str, Any], request: dict[str, Any]) -> list[dict[str, Any]] | None:
    results = answer.get("results")
    if not isinstance(results, list) or not results or not request:
        return None  # without its request nobody knows of which e-mails it is
    if not all(isinstance(one, dict) and one.keys() >= {"aggregations", "interval"} for one in results):
        return None
    shared = _emails(request.get("emailIds")) | _account(request) | {"channel": "email"}
    return [shared | _days(**one["interval"]) | {"counters": one["aggregations"].get("counters")} for one in results]


def _campaign(answer: dict[str, Any], request: dict[str, Any]) -> list[dict[str, Any]] | None:
    if "campaignGuid" not in request:
        return None
    shared = {"campaign_id": request["campaignGuid"]} | _account(request)
    shared |= {"start": request.get("startDate"), "end": request.get("endDate")}
    if answer.keys() >= _METRICS:
        return [shared | {"report": answer}]
    if answer.keys() >= _REVENUE:
        return [shared | {"revenue_report": answer, "attribution_model": request.get("attributionModel")}]
    return None


def _account(request: dict[str, Any]) -> dict[str, Any]:
    return {"portal_id": str(request["portalId"])} if request.get("portalId") else {}


def _emails(ids: Any) -> dict[str, Any]:
    several = ids if isinstance(ids, list) else [ids] if ids else []
    return {"email_ids": "+".join(sorted(map(str, several)))} if several else {}


def _asked_days(request: dict[str, Any]) -> dict[str, Any]:
    start, end = request.get("startTimestamp"), request.get("endTimestamp")
    return _days(start, end) if start and end else {}


def _days(start: Any, end: Any) -> dict[str, str]:
    """First and last day; an end at midnight is not a part of its day."""
    first, last = str(start)[:10], str(end)[:10]
    if last > first and not str(end)[11:].strip("0:.Z+"):
        last = (date.fromisoformat(last) - timedelta(days=1)).isoformat()
    return {"start": first, "end": last}


def _deals(answer: Any) -> list[Flat] | None:
    found = answer.get("results") if isinstance(answer, dict) and "results" in answer else answer
    objects: list[Any] = found if isinstance(found, list) else [found]
    if not objects or not all(isinstance(item, dict) for item in objects):
        return None
    flat = [flatten(item) for item in objects]
    return [row for item in flat for row in _moments(item)] if all(map(_is_deal, flat)) else None


def _is_deal(flat: Flat) -> bool:
    named = any(f"{place}{name}" in flat for place in _PLACES for name in _STAGES)
    return ("deal_id" in flat and (named or "deal_pipeline_stage_id" in flat)) or ("id" in flat and named)


def _moments(flat: Flat) -> Iterator[Flat]:
    is_deleted = any(is_true(flat.get(name)) for name in ("archived", "is_deleted", "_fivetran_deleted"))
    won, amount = _property(flat, "hs_is_closed_won"), _property(flat, "amount")
    is_won = is_true(won)
    is_closed = is_won or is_true(_property(flat, "hs_is_closed"))
    is_open = won is not None and not is_closed  # a table that does not say won or lost cannot say open either
    shared = {
        "deal_id": flat.get("deal_id") or flat.get("id"),
        "portal_id": flat.get("portal_id"),
        "currency_code": _property(flat, "deal_currency_code"),
        "stage": _property(flat, "dealstage") or flat.get("deal_pipeline_stage_id"),
        "analytics_source": _property(flat, "hs_analytics_source"),
    }
    opened = _property(flat, "createdate") or flat.get("created_at")
    numbers = {"opportunities": "1", "pipeline_value": amount if is_open else None}
    moment = {"moment": "opened", "start": _day(opened)}
    yield shared | moment | (dict.fromkeys(numbers) if is_deleted else numbers)
    if is_closed:
        numbers = {"deals_won": str(int(is_won)), "revenue": amount if is_won else None}
        moment = {"moment": "closed", "start": _day(_property(flat, "closedate"))}
        yield shared | moment | (dict.fromkeys(numbers) if is_deleted else numbers)


def _property(flat: Flat, name: str) -> str | None:
    return next((cell for place in _PLACES if (cell := flat.get(f"{place}{name}"))), None)


def _day(text: str | None) -> str | None:
    if text and text.isdigit() and len(text) == _EPOCH_DIGITS:
        return datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
    return text


MAPPING = Mapping(
    data_source="hubspot",
    version=1,
    trailing=Trailing(90, "deals change until they are closed"),
    fields=(
        Field("account_id", ("portal_id",), "id"),
        Field("campaign_id", ("campaign_id",), "id"),
        Field("campaign_name", ("campaign_name",)),
        Field("message_id", ("email_ids",)),
        Field("channel", ("channel",)),
        Field("attribution", ("attribution_model",)),
        Field("date_from", ("start",), "date"),
        Field("date_to", ("end",), "date"),
        Field("currency", ("currency_code", "revenue_report.currency_code"), "upper"),
        Field("sends", ("counters.sent",), "count"),
        Field("deliveries", ("counters.delivered",), "count"),
        Field("opens", ("counters.open",), "count"),
        Field("clicks", ("counters.click",), "count"),
        Field("unsubscribes", ("counters.unsubscribed",), "count"),
        Field("bounces", ("counters.bounce",), "count"),
        Field("leads", ("report.new_contacts_first_touch",), "number"),
        Field("sessions", ("report.sessions",), "count"),
        Field("opportunities", ("opportunities", "revenue_report.deals_number"), "number"),
        Field("pipeline_value", ("pipeline_value",), "money"),
        Field("deals_won", ("deals_won",), "number"),
        Field("revenue", ("revenue", "revenue_report.revenue_amount"), "money"),
    ),
    # A campaign's two reports have nothing in common but the campaign, so they are levels of their own.
    levels=(
        ("deal", ("deal_id",)),
        ("message", ("email_ids",)),
        ("campaign_revenue", ("revenue_report.revenue_amount",)),
        ("campaign_contacts", ("report.new_contacts_first_touch",)),
        ("campaign", ("campaign_id",)),
        ("account", ()),
    ),
    breakdowns={"deal_id": "deal_id", "moment": "moment", "email_ids": "message_id"},
    ignored=BOOKKEEPING,
    constants={"channel": "crm"},
    needs_id=False,
    aside=(frozenset({"_fivetran_synced"}), frozenset({"deal_id"})),  # the other objects, and single e-mail events
    unwrap=unwrap,
)
