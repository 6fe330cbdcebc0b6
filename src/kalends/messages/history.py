"""What was sent to a page's audience and what came of it: the frames that every part of this room speaks about.

A history has one row per message and the columns of `HISTORY`. Null means "not known" and is never zero: a message
whose purchases the platform did not report says nothing about purchases, one that nobody bought says much. Money is in
the row's own currency. `type` is 'PPV' (paid) or 'Bump' (free, between paid ones). `viewed` and `purchased` count
recipients, at whatever age the platform reported them last.

Captions come as `CAPTIONS`, the calendar's moments and season as `MOMENTS`, exchange rates as `RATES`. Frames may have
more columns, in any order, and money as floats or decimals; `of_page` takes what it needs and casts it.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import polars as pl

MONEY: Final = pl.Decimal(18, 6)

HISTORY: Final = pl.Schema(
    {
        "page_id": pl.String(),  # a UUID as text
        "message_id": pl.String(),
        "sent_at": pl.Datetime("us", "UTC"),
        "type": pl.String(),
        "caption_no": pl.Int64(),
        "price": MONEY,
        "recipients": pl.Int64(),
        "viewed": pl.Int64(),
        "purchased": pl.Int64(),
        "earnings": MONEY,
        "currency": pl.String(),
    }
)

CAPTIONS: Final = pl.Schema(
    {
        "caption_no": pl.Int64(),
        "price_tier": pl.String(),  # Budget, Mid, Premium or Free
        "category": pl.String(),
        "has_urgency": pl.Boolean(),
    }
)

MOMENTS: Final = pl.Schema({"day": pl.Date(), "name": pl.String(), "factor": pl.Float64()})
"""What the master calendar knows of a day in the page's zone, one row per day and moment; several on a day multiply.

`factor` is how many times the usual response is expected (0.6: a dip; 1.5: a peak); null: that it matters is known, how
much is not. The season is a moment like any other: its name says 'season', and its factor changes from day to day.
"""

RATES: Final = pl.Schema({"day": pl.Date(), "currency": pl.String(), "usd": MONEY})
"""What one unit of the currency was worth in US dollars from that day on."""


class MessageType(StrEnum):
    """What kinds of message there are."""

    PPV = "PPV"
    BUMP = "Bump"


class PriceTier(StrEnum):
    """What a caption is for: three classes of price, and what costs nothing."""

    BUDGET = "Budget"
    MID = "Mid"
    PREMIUM = "Premium"
    FREE = "Free"


def of_page(history: pl.DataFrame, *, page_id: str, as_of: datetime) -> pl.DataFrame:
    """The page's messages before `as_of`, oldest first, with just the columns of `HISTORY`; missing ones are null.

    Of a message that is there twice, the later row is kept. What cannot be read as its column's type is null.
    """
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in HISTORY.items() if name not in history.columns]
    number = pl.col("message_id")
    return (
        history.lazy()
        .filter(pl.col("page_id") == page_id)
        .with_columns(absent)
        .select(pl.col(name).cast(dtype, strict=False) for name, dtype in HISTORY.items())
        .filter(pl.col("sent_at") < as_of.astimezone(UTC))
        .filter(number.is_null() | number.is_last_distinct())
        .sort("sent_at", "message_id")
        .collect()
    )


def empty() -> pl.DataFrame:
    """A history in which nothing was sent."""
    return pl.DataFrame(schema=HISTORY)
