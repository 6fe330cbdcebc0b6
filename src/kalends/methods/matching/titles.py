"""Titles in plain form: what is left when years, editions and filler words are gone, and how alike two of them are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from kalends.methods.matching.words import fold, trade_words

MAX_WORDS: Final = 7
"""Words of a plain title that count; longer titles are descriptions, whose end says little."""
SHORTEST_PART: Final = 3
"""Letters that a part of a compound has at least: shorter ones would be found inside any word."""

_YEAR: Final = r"(?:19|20)\d\d"
# What says when or how often, which the dates say better; each is replaced by a space.
_WHEN: Final = re.compile(
    rf"""
    \b\d{{4}}-\d\d-\d\d\b                                          # 2025-11-28
    | \b\d{{1,2}}[./]\d{{1,2}}[./](?:{_YEAR}|\d\d)?(?!\d)          # 28.11., 11/28/25
    | \b\d{{1,2}}/\d{{1,2}}\b                                      # 11/28
    | \b(?:fy|gj|cy)[ ]?'?(?:{_YEAR}|\d\d)(?:[/-]\d\d)?\b          # FY25
    | \b{_YEAR}(?:\s*[/–-]\s*(?:{_YEAR}|\d\d))?\b                  # 2025, 2025/26
    | '\d\d\b                                                      # '25
    | \bv\d+(?:\.\d+)*\b                                           # v2
    | \b\d+(?:st|nd|rd|th|e|er|ère|eme|ème|º|ª|\.)?[ ]
      (?=(?:annual|edition|jährlich\w*|ausgabe|auflage|[ée]dition|edición|edizione)\b)
    | \d+(?:[.,]\d+)?[ ]?%                                         # 20 %: the offer, not the event
    """,
    re.VERBOSE,
)
_SEASON: Final = re.compile(r"\b(ss|fs|pe|aw|fw|hw)[ ]?'?(?:20)?\d\d(?:[/-]\d\d)?\b")
_SEASONS: Final = {"ss": "spring summer", "fs": "spring summer", "pe": "spring summer"}
_ABBREVIATED_YEAR: Final = re.compile(r"\b([a-z]{2,6})[’'-]?(?:20)?([1-3]\d)\b")
_POSSESSIVE: Final = re.compile(r"[’']s\b|(?<=s)[’'](?=\s|$)")
_WORD: Final = re.compile(r"[^\W_]+")

_DIGIT: Final = re.compile(r"\d")


def normalise_title(text: str, *, aliases: Mapping[str, str] | None = None) -> str:
    """The title's words in plain form, joined by spaces, such as "summer sale" for "☀️ SOMMER-Angebote 2025".

    `aliases`: phrase -> the canonical word that it stands for ("" for nothing), matched on whole words before the
    words of the trade in five languages are. Years, dates, editions, percentages, emoji, punctuation and filler words
    are left out; words for an offer all become "sale". A title with nothing else keeps its plain words.
    """
    return " ".join(_plain_words(text, alias_table(aliases)))


def alias_table(aliases: Mapping[str, str] | None) -> frozenset[tuple[str, str]]:
    """An alias mapping as a value that can be a cache's key."""
    return frozenset((aliases or {}).items())


@lru_cache(maxsize=200_000)
def _plain_words(text: str, aliases: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    """At most `MAX_WORDS` words of a title. Cached, because calendars repeat their titles."""
    phrases = _phrases(aliases)
    found = phrases.canonical(_words(_without_when(text, phrases))) or _words(text) or [text.strip() or text]
    return tuple(dict.fromkeys(found))[:MAX_WORDS]


def _words(text: str) -> list[str]:
    """The folded words of a text; a possessive's s goes, so that "Mother's" is "mother"."""
    if "'" in text or "’" in text:
        text = _POSSESSIVE.sub("", text)
    return _WORD.findall(fold(text))


def _without_when(text: str, phrases: Phrases) -> str:
    """The text without years and editions: "SS25" is said in words, and "BF25" loses its year if BF is an alias."""
    if not _DIGIT.search(text):
        return text
    lowered = _SEASON.sub(lambda found: _SEASONS.get(found[1], "autumn winter"), text.casefold().replace("’", "'"))
    shortened = _ABBREVIATED_YEAR.sub(lambda found: found[1] if (found[1],) in phrases.table else found[0], lowered)
    return _WHEN.sub(" ", shortened)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Folded phrase -> the words it becomes; and the length of the longest phrase that begins with a word."""

    table: Mapping[tuple[str, ...], tuple[str, ...]]
    longest: Mapping[str, int]
    compounds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What `compound` found before: titles share their words."""

    def canonical(self, words: Sequence[str]) -> list[str]:
        """The words with every known phrase replaced, the longest first."""
        found: list[str] = []
        at = 0
        while at < len(words):
            size = self._phrase_at(words, at)
            found += self.table[tuple(words[at : at + size])] if size else self._compound(words[at])
            at += max(size, 1)
        return found

    def _phrase_at(self, words: Sequence[str], at: int) -> int:
        """How many words the longest phrase that starts there has; 0: none."""
        size = min(self.longest.get(words[at], 0), len(words) - at)
        while size and tuple(words[at : at + size]) not in self.table:
            size -= 1
        return size

    def _compound(self, word: str) -> tuple[str, ...]:
        """The word, or its parts if it is a compound."""
        if word not in self.compounds:
            self.compounds[word] = self._parts(word)
        return self.compounds[word]

    def _parts(self, word: str) -> tuple[str, ...]:
        """What two known words that are written as one ("Winterangebote", with or without an s between) become."""
        for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            head, tail = word[:cut], word[cut:]
            for first in (head, head.removesuffix("s")):
                if len(first) >= SHORTEST_PART and (first,) in self.table and (tail,) in self.table:
                    return self.table[first,] + self.table[tail,]
        return (word,)


@lru_cache(maxsize=16)
def _phrases(aliases: frozenset[tuple[str, str]]) -> Phrases:
    """The caller's aliases before the words of the trade."""
    own = {tuple(_words(phrase)): tuple(canonical.split()) for phrase, canonical in sorted(aliases)}
    table = {phrase: words for phrase, words in (trade_words() | own).items() if phrase}
    longest: dict[str, int] = {}
    for phrase in table:
        longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
    return Phrases(table, longest)
