"""A bank of captions: what the page's operator sees of them, and the appeal that only the simulator knows."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from kalends.messages.history import PriceTier
from kalends.messages.simulator.audience import CATEGORIES, Audience

PAID: Final = (PriceTier.BUDGET, PriceTier.MID, PriceTier.PREMIUM)
PRICES: Final = {PriceTier.BUDGET: 0.55, PriceTier.MID: 1.0, PriceTier.PREMIUM: 1.9, PriceTier.FREE: 0.0}
"""Usual prices by tier, over the audience's reference price."""


def draw_bank(audience: Audience, *, rng: np.random.Generator, paid: int = 120, free: int = 60) -> pl.DataFrame:
    """Captions 1 to paid + free: the columns of `CAPTIONS`, the usual `price`, and the hidden `appeal` (a logarithm).

    Appeal = the category's + the tier's + the caption's own; its average over paid captions is 0.
    """
    tiers = [PAID[pick] for pick in rng.choice(3, size=paid, p=[0.4, 0.4, 0.2])] + [PriceTier.FREE] * free
    kinds = rng.integers(0, len(CATEGORIES), size=paid + free)
    by_category = rng.normal(0, audience.category_spread, len(CATEGORIES))
    taste = dict(zip(PAID, audience.tier_taste, strict=True))
    appeal = (
        by_category[kinds]
        + np.array([taste.get(tier, 0.0) for tier in tiers])
        + rng.normal(0, audience.caption_spread, paid + free)
    )
    jitter = np.exp(rng.normal(0, 0.15, paid + free))
    return pl.DataFrame(
        {
            "caption_no": np.arange(1, paid + free + 1),
            "price_tier": [str(tier) for tier in tiers],
            "category": [CATEGORIES[kind] for kind in kinds],
            "has_urgency": rng.random(paid + free) < 0.2,
            "price": np.round(np.array([PRICES[tier] for tier in tiers]) * audience.reference_price * jitter, 2),
            "appeal": appeal - appeal[:paid].mean(),
        }
    )
