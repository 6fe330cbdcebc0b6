"""Countries in one notation: ISO 3166-1 alpha-2, out of every one that platforms and people write.

Names and numbers are those of the Unicode CLDR (the library Babel), which Google Analytics prints as well. What is no
country known here is not guessed at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "tr")
"""The languages whose names are known, the first for naming. Where two languages mean two countries by one name, the
earlier one says which."""
_NO_COUNTRIES: Final = frozenset({"EU", "XA", "XB", "ZZ"})
"""Regions that have a number, and are no country: the union, two for tests of programs, and the unknown one."""
_KOSOVO: Final = "XK"
"""No code of ISO's, but the one that everybody uses; CLDR has it without a number."""
_GOOGLE: Final = 2000
"""Google's criterion of a country is its ISO number and this: 2276 is Germany
(developers.google.com/google-ads/api/data/geotargets)."""
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "BN": ("Brunei Darussalam",), "BO": ("Plurinational State of Bolivia",),
    "CD": ("Democratic Republic of the Congo",),
    "CG": ("Republic of the Congo",), "CI": ("Ivory Coast",), "CV": ("Cabo Verde",), "CZ": ("Czech Republic",),
    "FM": ("Federated States of Micronesia",), "GB": ("Great Britain", "England"), "HK": ("Hong Kong",),
    "IR": ("Islamic Republic of Iran",), "KP": ("Democratic People's Republic of Korea",),
    "KR": ("Republic of Korea", "Korea"), "LA": ("Lao People's Democratic Republic",), "MD": ("Republic of Moldova",),
    "MK": ("Macedonia", "Republic of North Macedonia"), "MO": ("Macau", "Macao"), "NL": ("Holland",),
    "PS": ("Palestine", "State of Palestine"), "RU": ("Russian Federation",), "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",), "TL": ("East Timor",), "TR": ("Turkey",), "TW": ("Province of China Taiwan",),
    "TZ": ("United Republic of Tanzania",), "US": ("United States of America",), "VA": ("Holy See",),
    "VE": ("Bolivarian Republic of Venezuela",), "VN": ("Viet Nam",),
}  # fmt: skip
"""What ISO's own list and people call them, and CLDR does not."""


def code_of(text: str, /) -> str | None:
    """The two letters of the country that `text` names: by its code of two or three letters in any case, its ISO
    number of three digits, Google's criterion (plain, or as a resource), or a name in one of `LANGUAGES`. None where it
    is none of these.

    >>> [code_of(text) for text in ("Germany", "deu", "276", "geoTargetConstants/2276", "Korea, Republic of", "Mars")]
    ['DE', 'DE', 'DE', 'DE', 'KR', None]
    """
    told = text.strip().rpartition("/")[2]
    if re.fullmatch(r"[A-Za-z]{2,3}", told) and (found := _codes().get(told.upper())):
        return found
    if re.fullmatch(r"[0-9]{3,4}", told):
        return _codes().get(told if len(told) == 3 else f"{int(told) - _GOOGLE:03d}")
    # ISO puts the family name first: "Korea, Republic of".
    family, _, first = told.partition(",")
    return _names().get(_plain(told)) or _names().get(_plain(f"{first} {family}"))


def name_of(code: str, /) -> str:
    """The country's name in English; the code where it is none."""
    return _territories(LANGUAGES[0]).get(code, code)


@lru_cache(maxsize=1)
def _codes() -> Mapping[str, str]:
    """Alpha-2, alpha-3 and numeric codes, and those that are also in use ('UK'), with the alpha-2 code of each."""
    from babel.core import get_global  # noqa: PLC0415 (some ten milliseconds that only who asks by country pays)

    one = {name: codes[0] for name, codes in get_global("territory_aliases").items() if len(codes) == 1}
    named = {code for code in _territories(LANGUAGES[0]) if code.isalpha()} - _NO_COUNTRIES
    known = {code for name, code in one.items() if name.isdigit() and code in named} | {_KOSOVO}
    return {name: code for name, code in one.items() if code in known} | {code: code for code in known}


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    """Names without accents, case and signs, with the code of each."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        territories = _territories(language)
        for code in sorted(set(_codes().values())):
            for name in (territories.get(code, ""), *(_ALSO.get(code, ()) if language == LANGUAGES[0] else ())):
                # "Myanmar (Burma)" is both, "Hong Kong SAR China" is Hong Kong.
                for form in (name, *re.split(r"[()]", name), name.removesuffix(" SAR China")):
                    found.setdefault(_plain(form), code)
    return {name: code for name, code in found.items() if name}


def _territories(language: str) -> Mapping[str, str]:
    from babel import Locale  # noqa: PLC0415 (as above)

    return Locale(language).territories


def _plain(name: str) -> str:
    """'Côte d’Ivoire' as 'cote d ivoire'; an 'and' and an article at the front say nothing."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"[^\W_]+", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return " ".join(word for place, word in enumerate(words) if word != "and" and (place or word != "the"))
