"""What a page's audience is believed to do with each caption: learned from what was sent, never from what was planned.

An arm is one caption on one page. Its own sends speak first; what they leave open is drawn to captions of its price
tier and category, those to the category, that to all (`methods.bandits.learn`). Sends of the same caption on other
pages count half, at this page's own rate: what differs between pages is their audience, what is alike is the text.
Evidence fades, and a send at a good hour says less of its caption than one at a bad hour: recipients are counted in
those of an average hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from kalends.messages.history import MessageType, PriceTier
from kalends.messages.sections import PageAnalysis
from kalends.methods.bandits import Beliefs, fading, learn

Floats = npt.NDArray[np.float64]

ELSEWHERE: Final = 0.5
"""Weight of what happened on another page."""
HOUR_BOUNDS: Final = (0.25, 4.0)
"""An index beyond these rests on too little."""
RECENT_PRICES: Final = 20
"""Messages of a price tier whose middle price is the tier's price."""
TIERS: Final = (PriceTier.BUDGET, PriceTier.MID, PriceTier.PREMIUM)


@dataclass(frozen=True, slots=True)
class BankCaption:
    """A caption that the page could use at some time."""

    caption_no: int
    price_tier: PriceTier
    category: str
    has_urgency: bool
    is_shared: bool
    caption_id: str = ""
    """A UUID as text."""
    text: str = ""
    language: str = ""
    is_free_now: bool = True
    """Neither in its cooldown on the page nor reserved."""

    @property
    def message_type(self) -> MessageType:
        """What it may be sent as."""
        return MessageType.BUMP if self.price_tier is PriceTier.FREE else MessageType.PPV


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is believed of the bank's captions, in the bank's order."""

    beliefs: Beliefs
    """Purchases of the paid ones, views of the free ones, per recipient of an average hour."""
    percentile: Floats
    """(captions,) of the expected earnings among the page's captions of the same type, 0 to 1."""
    own_sends: Floats
    """(captions,) how often it was sent on this page."""
    prices: dict[PriceTier, float | None]
    """The price of each tier on this page; null: not known."""


def prices_of(own: pl.DataFrame, bank: Sequence[BankCaption], analysis: PageAnalysis, *, currency: str
              ) -> dict[PriceTier, float | None]:  # fmt: skip
    """What the page asks for each price tier: the middle of its last messages, else of the tier's bounds."""
    tiers = pl.DataFrame(
        {"caption_no": [each.caption_no for each in bank], "tier": [each.price_tier.value for each in bank]},
        schema={"caption_no": pl.Int64, "tier": pl.String},
    )
    is_paid = (pl.col("type") == MessageType.PPV.value) & (pl.col("price") > 0)
    paid = own.filter(is_paid & (pl.col("currency") == currency))
    found = dict(
        paid.join(tiers, on="caption_no").sort("sent_at").group_by("tier")
        .agg(pl.col("price").cast(pl.Float64).tail(RECENT_PRICES).median()).iter_rows()
    )  # fmt: skip
    bounds = {each.tier: [end for end in (each.price_from, each.price_to) if end] for each in analysis.prices.classes}
    usual = {tier: sum(ends) / len(ends) for tier, ends in bounds.items() if ends}
    asked = {tier: found.get(tier.value, usual.get(tier)) for tier in TIERS}
    return {tier: None if price is None else round(price, 2) for tier, price in asked.items()}


def know(
    history: pl.DataFrame,
    bank: Sequence[BankCaption],
    analysis: PageAnalysis,
    *,
    page_id: str,
    currency: str,
    as_of: datetime,
    half_life: float,
) -> Knowledge:
    """What is believed of each caption of the bank on the page. `history`: the company's, before `as_of`."""
    own = history.filter(pl.col("page_id") == page_id)
    prices = prices_of(own, bank, analysis, currency=currency)
    values = np.array([_value(each.price_tier, prices) for each in bank], dtype=np.float64)
    sends = _sends(history, bank, analysis, page_id=page_id, as_of=as_of, half_life=half_life)
    parts, percentile, count = [], np.zeros(len(bank)), np.zeros(len(bank))
    for kind, result in ((MessageType.PPV, "purchased"), (MessageType.BUMP, "viewed")):
        arms = np.array([at for at, each in enumerate(bank) if each.message_type is kind], dtype=np.int64)
        if not arms.size:
            continue
        beliefs = _learned(sends, bank, arms, result=result, values=values[arms])
        percentile[arms] = _percentiles(beliefs.expected)
        parts.append((arms, beliefs))
    for at, times in sends.filter(pl.col("is_own")).group_by("arm").len().iter_rows():
        count[at] = times
    return Knowledge(_joined(parts, len(bank)), percentile, count, prices)


def _value(tier: PriceTier, prices: dict[PriceTier, float | None]) -> float:
    """What a purchase is worth: the tier's price, else that of the nearest tier, else 1."""
    if tier is PriceTier.FREE:
        return 1.0
    place = TIERS.index(tier)
    near = sorted(TIERS, key=lambda each: (abs(TIERS.index(each) - place), TIERS.index(each)))
    return next((price for each in near if (price := prices[each])), 1.0)


def _sends(
    history: pl.DataFrame, bank: Sequence[BankCaption], analysis: PageAnalysis, *, page_id: str, as_of: datetime,
    half_life: float,
) -> pl.DataFrame:  # fmt: skip
    """The sends of the bank's captions: arm, type, exposure, purchased, viewed, weight, is_own."""
    arms = pl.DataFrame(
        {"caption_no": [each.caption_no for each in bank], "arm": range(len(bank))},
        schema={"caption_no": pl.Int64, "arm": pl.Int64},
    )
    own = pl.col("page_id") == page_id
    sent = (
        history.lazy()
        .filter(pl.col("recipients") > 0)
        .join(arms.lazy(), on="caption_no")
        .with_columns(
            own.alias("is_own"),
            *(
                (pl.col(name).sum().over("page_id", "type") / pl.col("recipients").filter(pl.col(name).is_not_null())
                 .sum().over("page_id", "type")).alias(f"{name}_rate")
                for name in ("purchased", "viewed")
            ),
        )
        .sort("sent_at", "message_id", "page_id")
        .collect()
    )  # fmt: skip
    usual = {
        (kind, name): sent.filter(pl.col("is_own") & (pl.col("type") == kind))[f"{name}_rate"].drop_nulls().first()
        for kind in (MessageType.PPV.value, MessageType.BUMP.value)
        for name in ("purchased", "viewed")
    }
    scaled = [
        pl.when(pl.col("is_own") | (pl.lit(usual[kind, name], pl.Float64).is_null()))
        .then(pl.col(name).cast(pl.Float64))
        .otherwise(pl.col(name) * pl.lit(usual[kind, name], pl.Float64) / pl.col(f"{name}_rate"))
        .alias(name)
        for kind, name in ((MessageType.PPV.value, "purchased"), (MessageType.BUMP.value, "viewed"))
    ]
    ages = (pl.lit(as_of).cast(pl.Datetime("us", "UTC")) - pl.col("sent_at")).dt.total_seconds() / 86_400
    sent = sent.with_columns(*scaled, ages.alias("age"))
    weight = fading(sent["age"].to_numpy().astype(np.float64), half_life=half_life)
    weight = weight * np.where(sent["is_own"].to_numpy(), 1.0, ELSEWHERE)
    exposure = sent["recipients"].to_numpy() * np.where(sent["is_own"].to_numpy(), _index(sent, analysis), 1.0)
    return sent.with_columns(pl.Series("weight", weight), pl.Series("exposure", exposure))


def _index(sent: pl.DataFrame, analysis: PageAnalysis) -> Floats:
    """How good the hour of each send was, 1 is average."""
    if not analysis.timing.hours:
        return np.ones(sent.height)
    table = np.clip([hour.index for hour in analysis.timing.hours], *HOUR_BOUNDS)
    local = sent["sent_at"].dt.convert_time_zone(analysis.timing.zone_name)
    at = (local.dt.weekday().cast(pl.Int64) - 1) * 24 + local.dt.hour().cast(pl.Int64)
    index: Floats = table[at.to_numpy()]
    return index


def _learned(sends: pl.DataFrame, bank: Sequence[BankCaption], arms: npt.NDArray[np.int64], *, result: str,
             values: Floats) -> Beliefs:  # fmt: skip
    place = np.full(len(bank), -1, dtype=np.int64)
    place[arms] = np.arange(arms.size)
    kind = MessageType.PPV.value if result == "purchased" else MessageType.BUMP.value
    seen = sends.filter((pl.col("type") == kind) & pl.col(result).is_not_null() & pl.col(result).is_finite())
    at = place[seen["arm"].to_numpy()]
    seen, at = seen.filter(pl.Series(at >= 0)), at[at >= 0]
    got = seen[result].to_numpy().astype(np.float64)
    categories = [bank[arm].category for arm in arms]
    tiers = [f"{bank[arm].category}\x1f{bank[arm].price_tier.value}" for arm in arms]
    return learn(
        arm=at,
        recipients=np.maximum(seen["exposure"].to_numpy().astype(np.float64), np.maximum(got, 1.0)),
        purchases=got,
        values=values,
        weights=seen["weight"].to_numpy().astype(np.float64),
        groups=[np.unique(names, return_inverse=True)[1].reshape(-1) for names in (tiers, categories)],
    )


def _percentiles(expected: Floats) -> Floats:
    """Middle ranks over the number: equal ones are equal, and one alone is 0.5."""
    order = np.sort(expected)
    below, upto = (np.searchsorted(order, expected, side=side) for side in ("left", "right"))
    ranks: Floats = (below + upto) / (2 * expected.size)
    return ranks


def _joined(parts: Sequence[tuple[npt.NDArray[np.int64], Beliefs]], count: int) -> Beliefs:
    """Beliefs of two kinds of captions as one, in the bank's order."""
    filled = {}
    for name in ("wins", "losses", "values", "trials", "successes", "chosen"):
        column = np.ones(count)
        for arms, beliefs in parts:
            column[arms] = getattr(beliefs, name)
        filled[name] = column
    total = sum((beliefs.total for _, beliefs in parts), np.zeros(1))
    return Beliefs(**filled, total=total)
