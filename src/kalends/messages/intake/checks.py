"""What may be wrong with a row of a history, and what would be right: as conditions over `history_rows`, in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kalends.messages.intake import instants

COUNTS: Final = ("recipients", "viewed", "purchased")
AMOUNTS: Final = ("price", "earnings")
AHEAD: Final = timedelta(minutes=5)
"""Clocks differ."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be wrong with a row. `is_bad`: the row is set aside; else it is used, and something is said of it."""

    field: str
    code: str
    right: str
    broken: str
    text: str = ""
    """The column of `history_rows` that is shown."""
    is_bad: bool = True


def rules(now: datetime) -> Iterator[Rule]:
    """Everything that is looked at, over `history_rows`."""
    yield Rule("page", "unreadable_row", "write one object, or as many cells as the header has", "fault IS NOT NULL")
    yield Rule("page", "missing_page", "say of which page the message is", "page_id IS NULL AND page_text IS NULL AND"
               " fault IS NULL")  # fmt: skip
    yield Rule("page", "unknown_page", "add the page under this name, or ask to be assigned to it, and load the file"
               " again", "page_id IS NULL AND page_text IS NOT NULL", "page_text")  # fmt: skip
    yield Rule("sent_at", "missing_time", "say when it was sent, as 2026-03-31T18:05:00-04:00",
               "sent_text IS NULL AND fault IS NULL")  # fmt: skip
    yield Rule("zone", "unknown_zone", "write a time zone like America/New_York",
               "zone IS NULL AND zone_text IS NOT NULL", "zone_text")  # fmt: skip
    has_clock = f"({instants.has_clock('sent_text')})"
    yield Rule("sent_at", "no_time_of_day", "say the hour, too: 2026-03-31 18:05",
               f"sent_at IS NULL AND NOT {has_clock}", "sent_text")  # fmt: skip
    is_either = r"regexp_matches(sent_text, '^(0?\d|1[0-2])[/-](0?\d|1[0-2])[/-]\d{4}')"
    yield Rule("sent_at", "ambiguous_date", "say whether the day or the month comes first, and read the file again",
               f"sent_at IS NULL AND {has_clock} AND {is_either} AND zone IS NOT NULL", "sent_text")  # fmt: skip
    yield Rule("sent_at", "unreadable_time", "write it as 2026-03-31T18:05:00-04:00",
               f"sent_at IS NULL AND {has_clock} AND NOT {is_either} AND (zone IS NOT NULL OR zone_text IS NULL)"
               " AND page_id IS NOT NULL", "sent_text")  # fmt: skip
    limit = (now + AHEAD).isoformat()
    yield Rule("sent_at", "future_date", "history ends now; what is only planned is no history",
               f"sent_at > TIMESTAMPTZ '{limit}'", "sent_text")  # fmt: skip
    yield Rule("type", "unknown_type", "write PPV or Bump", "type IS NULL AND type_text IS NOT NULL", "type_text")
    yield Rule("type", "missing_type", "write PPV or Bump, or give the price",
               "type IS NULL AND type_text IS NULL AND fault IS NULL AND price_text IS NULL")  # fmt: skip
    for name in (*AMOUNTS, *COUNTS):
        right = "write an amount like 12.50" if name in AMOUNTS else "write a whole number like 1250"
        unread = f"{name} IS NULL AND {name}_text IS NOT NULL"
        if name == "price":  # of which zero is none
            unread = f"price IS NULL AND price_text IS NOT NULL AND NOT coalesce({_is_zero('price_text')}, false)"
        yield Rule(name, "unreadable_number", right, unread, f"{name}_text")
        yield Rule(name, f"negative_{name}", "it cannot be below zero", f"{name} < 0", f"{name}_text")
    yield Rule("viewed", "more_viewed_than_sent", "no more people can view a message than got it",
               "viewed > recipients", "viewed_text")  # fmt: skip
    yield Rule("purchased", "more_purchased_than_viewed", "no more people can buy a message than viewed it",
               "purchased > viewed", "purchased_text")  # fmt: skip
    yield Rule("purchased", "more_purchased_than_sent", "no more people can buy a message than got it",
               "purchased > recipients AND viewed IS NULL", "purchased_text")  # fmt: skip
    yield Rule("currency", "unknown_currency", "write three letters, as USD",
               "NOT regexp_full_match(currency, '[A-Z]{3}')", "currency")  # fmt: skip
    no_price = f"price IS NULL AND (price_text IS NULL OR coalesce({_is_zero('price_text')}, false))"
    yield Rule("price", "missing_price", "it is used, but says nothing about prices", f"type = 'PPV' AND {no_price}",
               "price_text", is_bad=False)  # fmt: skip
    yield Rule("recipients", "missing_recipients", "it is used, but says nothing about rates",
               "recipients IS NULL AND recipients_text IS NULL AND fault IS NULL", is_bad=False)  # fmt: skip
    yield Rule("caption_no", "unreadable_caption", "caption numbers are whole numbers; it is used without its caption",
               "caption_text IS NOT NULL AND caption_no IS NULL", "caption_text", is_bad=False)  # fmt: skip
    yield Rule("caption_no", "unknown_caption", "it is used; add the caption with this number and it will count for it",
               "caption_no IS NOT NULL AND caption_no NOT IN (SELECT caption_no FROM known_captions)", "caption_text",
               is_bad=False)  # fmt: skip


def _is_zero(text: str) -> str:
    return rf"regexp_full_match({text}, '[^\d]*0+([.,]0+)?[^\d]*')"
