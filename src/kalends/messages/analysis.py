"""`analyze_page`: from the history of a page to eight sections, pure over frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import polars as pl

from kalends.messages.sections import PageAnalysis
from kalends.messages.segments import SegmentSettings
from kalends.messages.volume import Tier, VolumeSettings


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is known of a page without looking at its history."""

    page_id: str
    zone_name: str
    currency: str
    last_tier: Tier | None = None
    """Of the last schedule."""


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """Thresholds that a company can change."""

    volume: VolumeSettings = field(default_factory=VolumeSettings)
    segments: SegmentSettings = field(default_factory=SegmentSettings)
    price_bounds: tuple[Decimal, Decimal] | None = None
    """From where on a price is Mid, and Premium, in the page's currency; null: thirds of the page's own prices."""


def analyze_page(
    history: pl.DataFrame,
    page: PageFacts,
    *,
    as_of: datetime,
    captions: pl.DataFrame | None = None,
    moments: pl.DataFrame | None = None,
    rates: pl.DataFrame | None = None,
    settings: AnalysisSettings | None = None,
) -> PageAnalysis:
    """Analyse the page's messages before `as_of`; `history` may hold other pages' too. Frames: see `history`."""
    raise NotImplementedError
