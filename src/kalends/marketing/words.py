"""What the pages of this room say about files, batches and sources: pure functions from values to words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from kalends.base.formats import day, number, percent
from kalends.base.pages.components import Tone
from kalends.marketing.schemas import BatchOut

PLATFORM_NAMES = {
    "google_ads": "Google Ads",
    "facebook_ads": "Meta Ads",
    "linkedin_ads": "LinkedIn Ads",
    "twitter_ads": "X Ads",
    "tiktok_ads": "TikTok Ads",
    "snapchat_ads": "Snapchat Ads",
    "pinterest_ads": "Pinterest Ads",
    "amazon_ads": "Amazon Ads",
    "microsoft_ads": "Microsoft Advertising",
    "apple_search_ads": "Apple Search Ads",
    "google_analytics": "Google Analytics",
    "adobe_analytics": "Adobe Analytics",
    "mixpanel": "Mixpanel",
    "amplitude": "Amplitude",
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "klaviyo": "Klaviyo",
}
"""What people call the platforms, in the order in which they know them."""
SOURCE_NAMES = {
    **PLATFORM_NAMES,
    "orders": "Shop orders",
    "file": "Other files",
    "rates": "Exchange rates",
    "retention": "Retention",
}
CLASS_NAMES = {
    "payloads": "Files as they came",
    "versions": "Earlier versions of numbers",
    "facts": "Numbers of old days",
    "quarantine": "Rows set aside",
    "usage": "Who called what",
}
"""What people call the classes of data that are kept for so long."""
FORMAT_NAMES = {"csv": "CSV", "excel": "Excel", "parquet": "Parquet", "ndjson": "NDJSON", "json": "JSON"}
FIELD_NAMES = {
    "date_from": "Date, or first day",
    "date_to": "Last day",
    "account_id": "Account number",
    "account_name": "Account name",
    "campaign_id": "Campaign number",
    "campaign_name": "Campaign name",
    "ad_group_id": "Ad group number",
    "ad_group_name": "Ad group name",
    "ad_id": "Ad number",
    "ad_name": "Ad name",
    "search_quality_score": "Quality score",
    "breakdowns": "Breakdown (tells rows apart)",
    "actions": "Conversions by type",
    "date": "Date",
    "geo": "Market",
    "series:kpi": "Series: result (KPI)",
    "series:treatment": "Series: paid activity",
    "series:organic": "Series: unpaid activity",
    "series:control": "Series: outside influence",
    "order:order_id": "Order: number",
    "order:time": "Order: time",
    "order:market": "Order: market",
    "order:channel": "Order: where the buyer came from",
    "order:gross": "Order: gross amount",
    "order:net": "Order: net amount",
    "order:refunds": "Order: refunds",
    "order:currency": "Order: currency",
    "order:customer": "Order: new or returning",
}
AFTER = {"click": "a click", "engagement": "an engagement", "swipe": "a swipe", "view": "a view"}
"""What an attribution window follows."""
FRESH_DAYS = 2
"""Platforms deliver a day in the course of the next one; behind that, something may have stopped."""
HISTORY_DAYS = 90
"""What ended a quarter ago is history that somebody loaded once, and no stream that has stopped."""


@dataclass(frozen=True, slots=True)
class State:
    """A batch's state in a chip."""

    words: str
    tone: Tone


def source_name(data_source: str) -> str:
    """What people call a data source."""
    return SOURCE_NAMES.get(data_source) or data_source.replace("_", " ").title()


def window_words(window: str) -> str:
    """An attribution window: '7d_click_1d_view' is '7 days after a click or 1 day after a view'."""
    parts = [part.rpartition("d_") for part in re.split(r"_(?=\d)", window)]
    return " or ".join(f"{count(int(days), 'day')} after {AFTER[kind]}" for days, _, kind in parts)


def field_name(target: str) -> str:
    """What people call a field of the record."""
    return FIELD_NAMES.get(target) or target.replace("_", " ").capitalize()


def file_size(size: int) -> str:
    """1,204 bytes, 38 kB, 4.2 MB: decimal units, as file managers and disks count."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{number(size / scale, digits=1 if size < 10 * scale else 0)}\u00a0{unit}"
    return f"{size}\u00a0bytes"


def state_of(batch: BatchOut) -> State:
    """How a batch stands."""
    if batch.state == "failed":
        return State("could not be read", "bad")
    if batch.state != "published":
        return State("being carried out" if batch.kind == "clearing" else "being loaded", "accent")
    if batch.kind == "clearing":
        return State("carried out", "good")
    if batch.kind == "take_back" or batch.taken_back:
        return State("taken back", "plain")
    if batch.quarantined:
        return State(f"{count(batch.quarantined, 'row')} set aside", "attention")
    return State("loaded", "good")


def count(amount: int, one: str, many: str | None = None) -> str:
    """1 row, 2 rows, 1,204 rows."""
    return f"{number(amount)} {one if amount == 1 else many or one + 's'}"


def summary(batch: BatchOut) -> str:
    """What came of a batch, in a sentence or two."""
    if batch.state == "failed":
        return str((batch.error or {}).get("detail") or "The file could not be read.")
    if batch.kind == "clearing" and batch.state != "published":
        return "What the plan lists is being removed."
    if batch.state != "published":
        return "The file is safe with us. Its rows appear on every page once all of them have been checked."
    if batch.kind == "take_back":
        return "An earlier file was taken back: every number is as if it had never come. The history is kept."
    if batch.kind == "clearing":
        return _what_went(batch)
    return _what_came(batch) + (
        " It has been taken back since: none of it counts any more." if batch.taken_back else ""
    )


def _what_went(batch: BatchOut) -> str:
    removed = (batch.report or {}).get("removed") or {}
    went = ", ".join(f"{number(amount)} of “{CLASS_NAMES[name]}”" for name, amount in removed.items() if amount)
    return f"Removed for good: {went}." if went else "Nothing was removed: what the plan listed is held."


def _what_came(batch: BatchOut) -> str:
    loaded, unchanged, aside = batch.loaded or 0, batch.unchanged or 0, batch.quarantined or 0
    if not batch.received:
        return "The file had no rows."
    if loaded == batch.received:
        return (
            f"All {count(loaded, 'row')} are new or changed, and count from now on."
            if loaded > 1
            else "Its row counts from now on."
        )
    if unchanged == batch.received:
        return f"Nothing new: all {count(unchanged, 'row')} say what was known already."
    parts = [f"{count(loaded, 'row')} new or changed"] if loaded else []
    parts += [f"{number(unchanged)} known already"] if unchanged else []
    parts += [f"{number(aside)} set aside because something in them does not fit"] if aside else []
    return f"Of {count(batch.received, 'row')}: {', '.join(parts)}."


def freshness(*, last: date | None, today: date) -> State:
    """How far a source's days reach."""
    if last is None:
        return State("no days yet", "plain")
    behind = (today - last).days
    if behind <= 0:
        return State("up to today", "good")
    if behind == 1:
        return State("up to yesterday", "good")
    if behind > HISTORY_DAYS:
        return State(f"up to {day(last)}", "plain")
    return State(f"up to {day(last)} · {count(behind, 'day')} ago", "good" if behind <= FRESH_DAYS else "attention")


def good_share(*, received: int, quarantined: int) -> str:
    """The share of rows that could be used; never rounded up to all."""
    if not received:
        return "no rows yet"
    if not quarantined:
        return "all rows good"
    return f"{percent(min((received - quarantined) / received, 0.999))} of rows good"


def role_name(target: str) -> str:
    """A series' role by itself: 'Paid activity'."""
    said = field_name(target).removeprefix("Series: ").removeprefix("Order: ")
    return said[:1].upper() + said[1:]


def span_of(seconds: int) -> str:
    """A span that limits count in: a second, 6 seconds, a minute, an hour, a day."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0 and seconds >= size:
            amount = seconds // size
            return (f"an {unit}" if unit == "hour" else f"a {unit}") if amount == 1 else f"{amount} {unit}s"
    return "a second" if seconds == 1 else f"{seconds} seconds"
