"""What rules and holds may name: the sources and channels that there are, by code or as people call them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from sqlalchemy import select

from kalends.base.work import Work
from kalends.marketing.batches import FILES
from kalends.marketing.mapping import canonical_source
from kalends.marketing.models import Batch
from kalends.marketing.stewardship.naming import USUAL
from kalends.marketing.words import PLATFORM_NAMES, source_name

Known = Mapping[str, str]
"""Code -> what people call it."""


def known_sources(work: Work) -> Known:
    """The platforms, and whatever else has sent files."""
    return PLATFORM_NAMES | sources_that_came(work)


def sources_that_came(work: Work) -> dict[str, str]:
    """What has sent files."""
    came = work.session.execute(select(Batch.data_source).where(Batch.kind.in_(FILES)).distinct()).scalars()
    return {source: source_name(source) for source in sorted(came)}


def known_channels(work: Work) -> Known:
    """The usual channels, and those that data names."""
    found = [value for group in USUAL for one in group.conditions for value in one.values]
    if work.warehouse.exists("daily"):
        told = work.warehouse.execute("SELECT DISTINCT channel FROM daily WHERE channel <> '' ORDER BY channel")
        found += told.column("channel").to_pylist()
    return {channel: channel.replace("_", " ").capitalize() for channel in found}


def code_of(text: str, known: Known) -> str | None:
    """The code of what a text names: 'Google Ads' is google_ads; None where it names nothing known."""
    codes = {_plain(name): code for code, called in known.items() for name in (called, code)}
    return codes.get(_plain(canonical_source(_plain(text))))


def sentence(text: str, known: Known) -> str:
    """That a text names nothing known, and what would be right."""
    near = get_close_matches(_plain(text), {_plain(name): None for pair in known.items() for name in pair}, n=1)
    meant = code_of(near[0], known) if near else None
    if meant is not None:
        return f"“{text}” is not known; did you mean {meant}?"
    return f"“{text}” is not known. There are: {', '.join(known)}."


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
