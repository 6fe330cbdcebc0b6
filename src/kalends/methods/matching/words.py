"""Words of the trade in English, German, French, Spanish and Italian: which mean the same, and which say little.

The lists (words.txt) are general: for names of companies and products, a caller has the alias table.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Final

SALE: Final = "sale"
"""What every word for an offer becomes: it says little, but tells an offer from a launch."""

# Words that leave no trace: articles, little words, and words that every event could bear.
_NOTHING: Final = """
a, an, the, of, for, at, in, on, and, to, our, your, with, by, from, this, is, are, all, or, event, events, campaign,
campaigns, annual, yearly, edition, editions, ed, official, only, now, again, tbc, tbd, tba, draft, copy, fwd, fw, wg,
re, email, emails, mail, confirmed, internal, inc, part, parts, teil, teile, partie, parte, phase, volume, no, nr,
number, every, per,
der, die, das, den, dem, des, ein, eine, und, für, im, am, zum, zur, von, vom, mit, bei, beim, auf, an, unser, unsere,
kampagne, kampagnen, veranstaltung, veranstaltungen, jährlich, jährliche, jährlicher, ausgabe, kopie, alle, bis, große,
großer, le, la, les, un, une, du, de, d, l, et, pour, au, aux, en, sur, avec, par, notre, nos, campagne, campagnes,
évènement, événement, évènements, annuel, annuelle, édition, copie, grand, grande, grandes, el, los, las, unos, una,
del, al, y, con, para, por, nuestra, campaña, campañas, evento, eventos, eventi, anual, edición, copia, gran, il, lo,
gli, della, dello, dei, delle, di, da, dal, dalla, e, per, su, nel, nella, i, nostra, campagna, annuale, edizione,
marketing
"""

TWISTS: Final = (
    "early_access",
    "preview",
    "teaser",
    "preparation",
    "shooting",
    "deadline",
    "review",
    "last_chance",
    "extension",
    "meeting",
    "stream",
)
"""What makes another event out of one: a teaser for the sale is not the sale."""


EXCLUSIVE: Final[tuple[tuple[str, ...], ...]] = (
    ("spring", "summer", "autumn", "winter"),
    ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
     "december"),
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)  # fmt: skip
"""Of each kind an event is one: the summer sale is not the winter sale."""
MARKET: Final = "in_"
"""How a country that a title names begins, before its code in small letters."""


def fold(text: str) -> str:
    """Letters without case, width and accents: "ÉTÉ" becomes "ete"."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _entries(text: str) -> Iterable[tuple[str, str]]:
    """(canonical, written) of every line of a table; an entry goes on where a line is indented."""
    for line in text.replace("\n ", " ").strip().splitlines():
        if line.startswith("#"):
            continue
        canonical, _, written = line.partition(":")
        yield canonical, canonical
        for phrase in written.split(","):
            yield canonical, phrase.strip()


@lru_cache(maxsize=1)
def trade_words() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Folded phrase -> the words it becomes; a phrase that makes another event is one word with underscores."""
    names = {twist.replace("_", " "): (twist,) for twist in TWISTS}
    nothing: dict[tuple[str, ...], tuple[str, ...]] = {
        (fold(word.strip()),): () for word in _NOTHING.replace("\n", " ").split(",")
    }
    table = {
        tuple(fold(phrase).split()): names.get(canonical, tuple(canonical.split()))
        for canonical, phrase in _entries(resources.files(__package__).joinpath("words.txt").read_text("utf-8"))
    }
    return nothing | table
