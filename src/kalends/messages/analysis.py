"""`analyze_page`: from the history of a page to eight sections, pure over frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from kalends.messages import selling
from kalends.messages.accounts import account_of, recent_of
from kalends.messages.bumps import bumps_of
from kalends.messages.features import paid_messages
from kalends.messages.history import MessageType, of_page
from kalends.messages.regressors import Priors
from kalends.messages.saturation import SaturationSettings, learn, saturation_of
from kalends.messages.sections import PageAnalysis
from kalends.messages.segments import SegmentSettings
from kalends.messages.volume import Tier, VolumeSettings, volume_of


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
    """Thresholds that a company can change, and what is believed before a page is looked at."""

    volume: VolumeSettings = field(default_factory=VolumeSettings)
    segments: SegmentSettings = field(default_factory=SegmentSettings)
    saturation: SaturationSettings = field(default_factory=SaturationSettings)
    priors: Priors = field(default_factory=Priors)
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
    settings, as_of = settings or AnalysisSettings(), as_of.astimezone(UTC)
    own = of_page(history, page_id=page.page_id, as_of=as_of)
    paid = paid_messages(own, as_of=as_of, zone_name=page.zone_name, captions=captions)
    learned = learn(paid, moments, settings=settings.saturation, priors=settings.priors)
    account = account_of(
        own,
        as_of=as_of,
        currency=page.currency,
        rates=rates,
        last_tier=page.last_tier,
        settings=settings.volume,
    )
    saturation = saturation_of(learned, settings=settings.saturation, volume=settings.volume)
    bumps = int((own["type"] == MessageType.BUMP).sum())
    return PageAnalysis(
        page_id=page.page_id,
        as_of=as_of,
        account=account,
        saturation=saturation,
        behaviour=selling.behaviour_of(learned, settings.segments),
        timing=selling.timing_of(learned, page.zone_name),
        prices=selling.prices_of(learned, page.currency, settings.price_bounds, bumps=bumps),
        categories=selling.categories_of(learned),
        captions=selling.captions_of(learned),
        recent=recent_of(own, as_of=as_of, zone_name=page.zone_name),
        volume=volume_of(account.tier, saturation.zone, settings=settings.volume),
        messages=own.height,
        bumps=bumps_of(own, as_of=as_of),
    )
