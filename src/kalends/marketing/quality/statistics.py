"""Which statistics make the profile of a day's rows: each two SQL aggregates, the same on every warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

RARE: Final = 0.001
"""Of what clean rows hardly ever have, one is news."""
LEAST_PRICES: Final = 4
"""Prices that have a spread."""
LATE: Final = ("conversions", "revenue")


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number about the rows of a report and a day. `top` and `of` are SQL aggregates, of which it is the share;
    without `of` it is a size, and sizes are compared by their ratios.
    """

    says: str
    top: str
    of: str = ""
    is_late: bool = False
    """Whether it means something only of days that have settled."""
    floor: float = 0.03
    """What is not worth a word: of a share, or of a size as a part of it."""


def _counted(condition: str) -> str:
    return f"count(CASE WHEN {condition} THEN 1 END)"


def _of_numbers() -> Iterator[Statistic]:
    for name in ("spend", "impressions", "clicks", "conversions", "revenue", "reach"):
        is_late = name in LATE
        yield Statistic(f"share of rows without {name}", f"count(*) - count({name})", "count(*)", floor=RARE)
        yield Statistic(f"share of rows with no {name}", _counted(f"{name} = 0"), f"count({name})", is_late=is_late)
        yield Statistic(f"share of negative {name}", _counted(f"{name} < 0"), f"count({name})", floor=RARE)
        if name in {"spend", "conversions", "revenue"}:
            yield Statistic(
                f"share of whole numbers of {name}", _counted(f"{name} <> 0 AND {name} = floor({name})"),
                _counted(f"{name} <> 0"),
            )  # fmt: skip
        if name in {"spend", "revenue"}:
            cents = f"100 * CAST({name} AS DECIMAL(18, 6))"
            yield Statistic(f"share of {name} in parts of a cent", _counted(f"{cents} <> floor({cents})"),
                            f"count({name})")  # fmt: skip
        if name in {"spend", "impressions", "clicks", "reach"}:
            large, is_round = f"{name} >= 100", f"{name} = 10 * floor({name} / 10.0)"
            says = f"share of {name} that ends in zero"
            yield Statistic(says, _counted(f"{large} AND {is_round}"), _counted(large))
        yield Statistic(
            f"largest {name} of all", f"max(CAST({name} AS DOUBLE PRECISION))",
            f"nullif(sum(CAST({name} AS DOUBLE PRECISION)), 0)", is_late, 0.1,
        )  # fmt: skip


def _of_texts() -> Iterator[Statistic]:
    for name in ("campaign_id", "ad_group_id", "ad_id"):
        yield Statistic(f"length of {name}", f"avg(nullif(length({name}), 0))")
        yield Statistic(f"signs in {name} that are no digits", f"1 + avg(length(translate({name}, '0123456789', '')))")
    yield Statistic("share of rows without ad_name", _counted("coalesce(ad_name, '') = ''"), "count(*)")


def _of_relations() -> Iterator[Statistic]:
    yield Statistic("rows per campaign", "1.0 * count(*) / count(DISTINCT campaign_id)", floor=0.1)
    yield Statistic("share of different impressions", "count(DISTINCT impressions)", "count(impressions)", floor=0.1)
    yield Statistic("frequency", "avg(CAST(frequency AS DOUBLE PRECISION))")
    yield Statistic("impression share", "avg(CAST(impression_share AS DOUBLE PRECISION))", floor=0.1)
    yield Statistic("reach for impressions", "CAST(sum(CASE WHEN impressions > 0 THEN reach END) AS DOUBLE PRECISION)"
                    " / nullif(sum(CASE WHEN reach > 0 THEN impressions END), 0)", floor=0.1)  # fmt: skip
    for says, over, under in (
        ("prices of impressions", "spend", "impressions"),
        ("prices of clicks", "spend", "clicks"),
        ("click rates", "clicks", "impressions"),
        ("conversion rates", "conversions", "clicks"),
        ("values of orders", "revenue", "conversions"),
    ):
        both, price = f"{over} > 0 AND {under} > 0", f"CAST({over} AS DOUBLE PRECISION) / {under}"
        yield Statistic(
            f"how far {says} lie apart",
            f"CASE WHEN {_counted(both)} >= {LEAST_PRICES}"
            f" THEN 0.01 + stddev_samp(CASE WHEN {both} THEN ln({price}) END) END",
            is_late=over in LATE, floor=0.1,
        )  # fmt: skip


STATISTICS: Final = (*_of_numbers(), *_of_texts(), *_of_relations())
