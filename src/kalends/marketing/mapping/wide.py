"""Wide files: a column per channel, as marketing-mix data sets are. Each number column becomes a series.

The role (kpi, control, treatment, organic), the metric and the channel are guessed from the column's name, said, and
correctable. Nothing is interpreted: the sum of a series is the sum of its column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass

from kalends.marketing.mapping.generic import guess, plain_name

ROLES = ("kpi", "control", "treatment", "organic")
# Suffixes that the known data sets use: Robyn's _S, _I, _P, _B; Meridian's _spend, _impression, _control.
_MEDIA = (("spend", r"_(s|spend|cost)$"), ("impressions", r"_(i|impr|impressions?)$"), ("clicks", r"_(p|clicks?)$"))
_KPIS = re.compile(r"^(y|kpi|revenue|sales|umsatz|ventas|ventes|conversions?|orders|revenue_per_conversion)$")
_CONTROL = re.compile(
    r"(_b$|control|competitor|price|event|holiday|promo|trend|season|weather|temp|population|dayofyear|^t$|gqv|index)"
)
_ORGANIC = re.compile(r"(organic|newsletter|email_sends|seo|social_posts)")
_PLACES = ("geo", "region", "market", "country")
_DATES = ("date", "time", "week", "date_week", "ds", "day", "datum", "fecha", "woche", "semaine", "month")


@dataclass(frozen=True)
class Series:
    """One number column of a wide file. `unit`: what stands in brackets in its name, as in 'Price (EUR)'."""

    column: str
    role: str
    metric: str | None
    channel: str | None
    unit: str | None


@dataclass(frozen=True)
class Wide:
    """How a wide file is read: its date column, its place column if it has one, its series."""

    date: str
    place: str | None
    series: tuple[Series, ...]

    @property
    def guessed(self) -> dict[str, str]:
        """Raw column -> what it was taken for."""
        place = {self.place: "geo"} if self.place else {}
        return {self.date: "date", **place} | {series.column: f"series:{series.role}" for series in self.series}


def wide_layout(
    columns: tuple[str, ...], numeric: frozenset[str], *, corrections: Dictionary[str, str | None]
) -> Wide | None:
    """The layout of a wide file; None for a file of one fact a row.

    Wide is: one date column, and number columns that name no metric by themselves: more of those than of plain
    metrics. A correction 'series:<role>' for any column settles it.
    """
    dates = [column for column in columns if plain_name(column) in _DATES]
    told = {column for column, target in corrections.items() if (target or "").startswith("series")}
    found = guess(columns, corrections)
    places = [column for column in columns if plain_name(column) in _PLACES and column not in numeric]
    numbers = tuple(column for column in columns if column in numeric and column not in dates)
    plain = [column for column in numbers if column in found]
    is_told_otherwise = any(target and not target.startswith("series") for target in corrections.values())
    if not dates or not numbers or (is_told_otherwise and not told) or (not told and len(numbers) <= 2 * len(plain)):
        return None
    series = tuple(_series(column, corrections.get(column)) for column in numbers)
    return Wide(dates[0], places[0] if places else None, series)


def _series(column: str, correction: str | None) -> Series:
    name = plain_name(column)
    metric, channel = _media(name)
    role = (correction or "").partition(":")[2] or _role(name, metric)
    return Series(column, role if role in ROLES else "control", metric, channel, unit_in(column))


def unit_in(column: str) -> str | None:
    """The unit that a column's name ends with in brackets: 'EUR' of 'Price (EUR)', '%' of 'Share [%]'."""
    found = re.search(r"[(\[]([^()\[\]]{1,20})[)\]]\s*$", column)
    return found[1].strip() or None if found else None


def _media(name: str) -> tuple[str | None, str | None]:
    for metric, suffix in _MEDIA:
        if re.search(suffix, name):
            return metric, re.sub(suffix, "", name)
    return None, None


def _role(name: str, metric: str | None) -> str:
    if _ORGANIC.search(name):
        return "organic"
    if _KPIS.search(name):
        return "kpi"
    if _CONTROL.search(name):
        return "control"
    return "treatment" if metric or re.fullmatch(r"x\d+", name) else "control"
