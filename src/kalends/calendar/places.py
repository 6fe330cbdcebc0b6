"""Places that a company may be in: countries with their names, their parts, and their time zones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Final

import holidays as library

NAMES: Final = {"GB": "United Kingdom"}
"""Where the time zone database's own name would puzzle people ("Britain (UK)")."""


def _table(name: str) -> list[list[str]]:
    """A table of the IANA time zone database: the rows' cells."""
    text = resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def countries() -> Mapping[str, str]:
    """The countries whose holidays are known: code -> name, by name."""
    known = library.list_supported_countries(include_aliases=False)
    found = {code: NAMES.get(code, name) for code, name in _table("iso3166.tab") if code in known}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def regions(*, country: str) -> Mapping[str, str]:
    """The parts of a country with holidays of their own: code -> name, by name; none where the whole keeps the same."""
    kind = getattr(library, country, None)
    if kind is None:
        return {}
    names = {code: name for name, code in getattr(kind, "subdivisions_aliases", {}).items()}
    return dict(sorted(((code, names.get(code, code)) for code in kind.subdivisions), key=lambda item: item[1]))


@lru_cache(maxsize=1)
def zones() -> Mapping[str, tuple[str, ...]]:
    """The time zones of each country: code -> IANA names, the first is where most people live."""
    found: dict[str, tuple[str, ...]] = {}
    for code, _, name, *_ in _table("zone.tab"):
        found[code] = (*found.get(code, ()), name)
    return found
