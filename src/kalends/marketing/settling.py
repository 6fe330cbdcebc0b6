"""How long a platform keeps restating a day: until then its numbers are provisional.

Nothing about it is stored: whether a day is settled is derived when asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

SETTLING_DAYS: Final[Mapping[str, int]] = {
    "google_ads": 30,  # default conversion window
    "facebook_ads": 28,  # longest click window still delivered
    "twitter_ads": 14,
    "google_analytics": 90,  # key events may be attributed for 90 days
    "amazon_ads": 30,  # longest attribution window delivered
    "klaviyo": 5,  # default attribution window of an e-mail
}
OTHERWISE_DAYS: Final = 30
"""A platform that says nothing is given the commonest conversion window."""


def settling_days(data_source: str, /) -> int:
    """How many days after a day its numbers may still change."""
    return SETTLING_DAYS.get(data_source, OTHERWISE_DAYS)


def settled_until(data_source: str, /, *, today: date) -> date:
    """The last day of `data_source` that is old enough not to be restated any more."""
    return today - timedelta(days=settling_days(data_source) + 1)


def is_provisional(data_source: str, /, *, last_day: date, today: date) -> bool:
    """Whether numbers up to `last_day` may still change."""
    return last_day > settled_until(data_source, today=today)
