"""Titles in plain form: what is left when years, editions and filler words are gone, and how alike two of them are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from kalends.methods.matching.words import MARKET, fold, trade_words

MAX_WORDS: Final = 7
"""Words of a plain title that count; longer titles are descriptions, whose end says little."""
SHORTEST_PART: Final = 3
"""Letters that a part of a compound has at least: shorter ones would be found inside any word."""

SHORTEST_INITIALS: Final = 3
"""Words whose initials can be a name."""
LONG_PART: Final = 5
"""Letters of a compound's known second part where the first is not known ("Akkupflege"); such a first has one less."""
SHORTEST_SLIPPED: Final = 6
"""Letters from which a word one letter away from a known one is taken for it: shorter ones are often another word."""
SHORTEST_SWAPPED: Final = 5
"""The same where the letters are all there, two of them swapped."""

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
    | \d+(?:[.,]\d+)?[ ]?%(?:[ ]off\b)?                                   # 20 %: the offer, not the event
    """,
    re.VERBOSE,
)
_NAMES: Final = {
    words[0].removeprefix(MARKET).upper(): " ".join(phrase)
    for phrase, words in trade_words().items()
    if words and words[0].startswith(MARKET) and "_" not in phrase[0]
}
_SEASON: Final = re.compile(r"\b(ss|fs|pe|aw|fw|hw)[ ]?'?(?:20)?\d\d(?:[/-]\d\d)?\b")
_SEASONS: Final = {"ss": "spring summer", "fs": "spring summer", "pe": "spring summer"}
_ABBREVIATED_YEAR: Final = re.compile(r"\b([a-z]{2,6})[’'-]?(?:20)?([1-3]\d)\b")
_POSSESSIVE: Final = re.compile(r"[’']s\b|(?<=s)[’'](?=\s|$)")
_WORD: Final = re.compile(r"[^\W_]+")

_DIGIT: Final = re.compile(r"\d")
_CODES: Final = "DE|AT|CH|FR|BE|NL|LU|ES|PT|IT|GB|UK|IE|US|CA|MX|BR|SE|NO|DK|FI|PL|CZ|JP|CN|IN|AU"
# Countries as people shorten them: in brackets, or in capitals after the first word ("de", "it" and "no" are words, and
# "NL Spring" is a newsletter).
_IN_BRACKETS: Final = re.compile(rf"[\[(]({_CODES})[\])]")
_IN_CAPITALS: Final = re.compile(rf"(?:(?<=\w)\W{{1,3}}|^(?=..\s?[:|/–-]))({_CODES})\b")
_AT_THE_END: Final = re.compile(rf"(?<=\w)\W{{1,3}}({_CODES})(?=\W*$)")
"""The same where all is in capitals ("REBAJAS DE VERANO")."""


def normalise_title(text: str, *, aliases: Mapping[str, str] | None = None) -> str:
    """The title's words in plain form, joined by spaces, such as "summer sale" for "☀️ SOMMER-Angebote 2025".

    `aliases`: phrase -> the canonical word that it stands for ("" for nothing), matched on whole words before the
    words of the trade in five languages are. Years, dates, editions, percentages, emoji, punctuation and filler words
    are left out; words for an offer all become "sale". A title with nothing else keeps its plain words.
    """
    return read_title(text, aliases=alias_table(aliases))[0]


def alias_table(aliases: Mapping[str, str] | None) -> frozenset[tuple[str, str]]:
    """An alias mapping as a value that can be a cache's key; equal mappings give one and the same."""
    return _one(frozenset((aliases or {}).items()))


@lru_cache(maxsize=16)
def _one(table: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """The first table that was equal: a cache knows its key by identity, else it compares thousands of words."""
    return table


@lru_cache(maxsize=200_000)
def read_title(text: str, *, aliases: frozenset[tuple[str, str]]) -> tuple[str, str]:
    """A title in plain form, of at most `MAX_WORDS` words, and its initials. Cached: calendars repeat their titles."""
    phrases = _phrases(aliases)
    shown = _IN_BRACKETS.sub(_country, text)
    shown = (_AT_THE_END if text.isupper() else _IN_CAPITALS).sub(_country, shown)
    read = [part for part in phrases.parts(_words(_without_when(shown, phrases))) if part[1]]
    plain = [word for _, words in read for word in words] or _words(text) or [text.strip() or text]
    return " ".join(tuple(dict.fromkeys(plain))[:MAX_WORDS]), _initials([word for said, _ in read for word in said])


def _initials(words: Sequence[str]) -> str:
    """The initials of three words or more ("gdc"), by which people call what has a long name; else nothing."""
    return "".join(word[0] for word in words) if len(words) >= SHORTEST_INITIALS else ""


def _country(found: re.Match[str]) -> str:
    """The name of a country by its code, as the words of the trade know it."""
    return f" {_NAMES['GB' if found[1] == 'UK' else found[1]]} "


def markets_in(plain: str) -> frozenset[str]:
    """The country codes, in capitals, that a plain title names."""
    return frozenset(word.removeprefix(MARKET).upper() for word in plain.split(" ") if word.startswith(MARKET))


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
    slips: Mapping[str, str]
    """A phrase's word, whole or without one of its letters -> the word."""
    mended: dict[str, str]
    """Word -> what it is taken for; begins with the phrases' words, which are themselves."""
    compounds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What `compound` found before: titles share their words."""

    def parts(self, words: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
        """The known phrases, the longest first, and the single words of a title, each with what it becomes."""
        words = [self._mended(word) for word in words]
        at = 0
        while at < len(words):
            size = self._phrase_at(words, at)
            said = words[at : at + max(size, 1)]
            yield said, self.table[tuple(said)] if size else self._compound(said[0])
            at += len(said)

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
        """What a compound of two words becomes, the second of them known; else the word."""
        return self._known_parts(word) or self._half_known_parts(word) or (word,)

    def _known_parts(self, word: str) -> tuple[str, ...]:
        """What two known words in one ("Winterangebote", with or without an s between) become."""
        for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            tail = (word[cut:],)
            for head in (word[:cut], word[:cut].removesuffix("s")):
                if tail in self.table and (head,) in self.table and len(head) >= SHORTEST_PART:
                    return self.table[head,] + self.table[tail]
        return ()

    def _half_known_parts(self, word: str) -> tuple[str, ...]:
        """The same where only the second is known, and long ("Akkupflege")."""
        cuts = range(LONG_PART - 1, len(word) - LONG_PART + 1)
        return next(((word[:cut], *self.table[word[cut:],]) for cut in cuts if (word[cut:],) in self.table), ())

    def _mended(self, word: str) -> str:
        """The word of some phrase that this is a slip of; else the word itself."""
        if word not in self.mended:
            found = (self.slips[rest] for rest in (word, *_shortened(word)) if rest in self.slips)
            self.mended[word] = next((known for known in found if _is_slip(word, known)), word)
        return self.mended[word]


def _shortened(word: str) -> list[str]:
    """A long word without each one of its letters, which it shares with any word that is one slip away."""
    return [word[:at] + word[at + 1 :] for at in range(len(word))] if len(word) >= SHORTEST_SWAPPED else []


def _is_slip(word: str, known: str) -> bool:
    """Whether words that are one letter apart are one word: two letters were swapped, or the words are long enough."""
    return sorted(word) == sorted(known) or max(len(word), len(known)) >= SHORTEST_SLIPPED


@lru_cache(maxsize=16)
def _phrases(aliases: frozenset[tuple[str, str]]) -> Phrases:
    """The caller's aliases before the words of the trade."""
    own = {tuple(_words(phrase)): tuple(canonical.split()) for phrase, canonical in sorted(aliases)}
    table = {phrase: words for phrase, words in (trade_words() | own).items() if phrase}
    longest: dict[str, int] = {}
    for phrase in table:
        longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
    known = sorted({word for phrase in table for word in phrase})
    slips = {rest: word for word in known for rest in (*_shortened(word), word)}
    return Phrases(table, longest, slips, {word: word for word in known})
