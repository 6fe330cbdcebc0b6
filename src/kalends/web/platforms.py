"""The platforms that a company may have numbers in, and which of them have come in already."""

from __future__ import annotations

from typing import Final

from kalends.base.work import Work
from kalends.calendar.service import Platform
from kalends.marketing import service as marketing
from kalends.marketing.words import PLATFORM_NAMES

LABELS: Final = PLATFORM_NAMES | {"facebook_ads": "Meta Ads (Facebook, Instagram)"}


def platforms(work: Work) -> list[Platform]:
    """Every platform, in the order in which people know them."""
    loaded = {source.name for source in marketing.list_sources(work)}
    return [
        Platform(code=code, label=label, is_loaded=code in loaded, href="/data/upload")
        for code, label in LABELS.items()
    ]
