"""How alike many pairs of titles are, at once: words that are the same or nearly, and pieces of three letters."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from kalends.methods.matching.titles import MAX_WORDS
from kalends.methods.matching.words import EXCLUSIVE, MARKET, SALE, TWISTS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]
Rows = NDArray[np.bool_]

# What a word says about which event it is. An offer, a day or a week says little; a moment's code (with "_", from the
# alias table) says more than a common word.
_LITTLE: Final = {SALE: 0.3, "day": 0.4, "week": 0.5, "weekend": 0.5, "new": 0.4, "season": 0.5, "online": 0.4}
_LETTER_WEIGHT: Final = 0.5
_MOMENT_WEIGHT: Final = 1.5
_MARKET_WEIGHT: Final = 0.2
"""Of a country's name: the market is a part of the score of its own."""

SAME_WORD: Final = 0.8
"""Words from here on are one word with a slip: one letter of five, two of ten."""
SLIP_SHARE: Final = 0.4
"""How much of the letters that differ counts: a slip is rarely another word."""
INITIALS_LIKENESS: Final = 0.95
"""Of a title's initials and the title ("GDC"): other names may begin with the same letters."""
COGNATE: Final = 0.6
"""Long words from here up to `SAME_WORD` may be one word in two languages ("collection", "colección")."""
COGNATE_SHARE: Final = 0.6
"""How much of their common letters counts."""
LONG_WORD: Final = 6
"""Letters of such words: in shorter ones 0.6 is chance."""
SHORTEST_FUZZY: Final = 4
"""In shorter words one letter makes another word; they may only be the beginning of a longer one."""
PREFIX_LIKENESS: Final = 0.85
"""Of an abbreviation ("conf") and its word, less than certain."""

# Shares of the title's score. Tuned on the tuning half of the labelled set (docs/reference/consolidation.md).
WORDS_SHARE: Final = 0.75
"""Of the words; the rest is of the pieces of three letters, which see through compounds and slips."""
CONTAINED_SHARE: Final = 0.55
"""Of how much of the shorter title the longer one holds; the rest is of how much they share of both."""
CONTAINED_POWER: Final = 1.5
"""A word that each lacks of the other ("... Sweden", "... Norway") weighs more than one that only one of them has."""
CONTRADICTION: Final = 0.35
"""What is left of a title's score where two titles say different numbers, seasons, months or weekdays, where one is
about a teaser and the other is not, or where they name two moments."""

TITLE_POWER: Final = 0.5
"""Stretches the middle: titles with half in common are much more often one event than the half says."""

_SIGNATURE_BITS: Final = 1024
"""Pieces of a title are kept as a set of bits: of 20 pieces, two different ones share a bit in 2 of 10 titles."""
_CHUNK: Final = 100_000
"""Pairs at a time: keeps the arrays of words against words in some ten megabytes."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The v words of a vocabulary: their lengths, and codes of their first and last two letters, all (v,).

    Numbers and the shortest words have length 0: they are never nearly the same.
    """

    lengths: Ints
    beginnings: Ints
    endings: Ints

    def may_be_near(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """Which pairs (n,) are worth a letter-by-letter look: one slip leaves the beginning or the ending as it is."""
        begin = self.beginnings[left] == self.beginnings[right]
        shorter = np.minimum(self.lengths[left], self.lengths[right])
        longer = np.maximum(self.lengths[left], self.lengths[right])
        as_long = shorter >= COGNATE * longer
        near: NDArray[np.bool_] = (shorter > 0) & (begin | (as_long & (self.endings[left] == self.endings[right])))
        return near


def _letters(vocabulary: Sequence[str]) -> Letters:
    """The letters of a vocabulary."""
    fuzzy = [len(word) >= SHORTEST_FUZZY - 1 and not word.isdigit() for word in vocabulary]
    return Letters(
        lengths=np.array([len(word) * is_fuzzy for word, is_fuzzy in zip(vocabulary, fuzzy, strict=True)]),
        beginnings=_codes((word[:2],) for word in vocabulary),
        endings=_codes((word[-2:],) for word in vocabulary),
    )


@dataclass(frozen=True, slots=True)
class Titles:
    """n plain titles: words (n, 8) as codes of `vocabulary` (0: none), their weights (n, 7), pieces (n, 16) as bits."""

    vocabulary: tuple[str, ...]
    words: Ints
    weights: Floats
    pieces: Bits
    piece_counts: Ints
    initials: Ints
    """Codes of the titles' initials (n,); 0: none."""
    letters: Letters
    totals: Floats
    """Each title's sum of weights (n,)."""
    kinds: Ints
    """A code per set of numbers, of seasons, of months and of weekdays (n, 4); 0: none."""
    twists: Ints
    """A code per set of words that make another event (n,); 0: none."""


def distinct(codes: Ints) -> Ints:
    """The distinct codes, sorted. np.unique hashes them, which is many times slower for millions (NumPy 2.4)."""
    ordered = np.sort(codes)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))] if ordered.size else ordered


def distinct_and_back(codes: Ints) -> tuple[Ints, Ints]:
    """The distinct codes, sorted, and for each code its place among them; codes are not negative."""
    order = np.argsort(codes, kind="stable")
    begins = np.diff(codes[order], prepend=-1) != 0
    back = np.empty(codes.size, dtype=np.int64)
    back[order] = np.cumsum(begins) - 1
    return codes[order][begins], back


def combined(*codes: Ints) -> Ints:
    """A code (n,) per combination of codes (each (n,), at least -1)."""
    whole = np.zeros_like(codes[0])
    for each in codes:
        whole = distinct_and_back(whole * (each.max(initial=0) + 2) + each + 1)[1]
    return whole


def ranges(starts: Ints, counts: Ints) -> Ints:
    """start, start + 1, ... for each start, `counts` of them, one after the other."""
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    ranges: Ints = np.repeat(starts, counts) + offsets
    return ranges


def titles_of(read: Sequence[tuple[str, str]]) -> Titles:
    """The arrays of titles, each in plain form and with its initials (as `read_title` gives them)."""
    split = [plain.split(" ")[:MAX_WORDS] for plain, _ in read]
    codes: dict[str, int] = {"": 0}
    words = np.zeros((len(split), MAX_WORDS), dtype=np.int64)
    for row, title in enumerate(split):
        words[row, : len(title)] = [codes.setdefault(word, len(codes)) for word in title]
    initials = np.array([codes.setdefault(short, len(codes)) for _, short in read], dtype=np.int64)
    weights = np.array([0.0, *(word_weight(word) for word in codes if word)])[words]
    pieces = np.frombuffer(b"".join(_signature("".join(title)) for title in split), dtype=np.uint64)
    signatures = pieces.reshape(len(split), _SIGNATURE_BITS // 64)
    return Titles(
        vocabulary=tuple(codes),
        words=words,
        weights=weights,
        initials=initials,
        letters=_letters(tuple(codes)),
        totals=weights.sum(axis=1),
        pieces=signatures,
        piece_counts=np.bitwise_count(signatures).sum(axis=1, dtype=np.int64),
        kinds=np.column_stack([_codes(_of_kind(title, kind) for title in split) for kind in (None, *EXCLUSIVE)]),
        twists=_codes(tuple(sorted(word for word in title if word in TWISTS)) for title in split),
    )


def word_weight(word: str) -> float:
    """What a plain word says about which event it is."""
    if word in _LITTLE:
        return _LITTLE[word]
    if word.startswith(MARKET):
        return _MARKET_WEIGHT
    if len(word) == 1 and not word.isdigit():
        return _LETTER_WEIGHT
    return _MOMENT_WEIGHT if "_" in word and word not in TWISTS else 1.0


def _codes(sets: Any) -> Ints:
    """A code per distinct tuple; the empty one is 0."""
    known: dict[tuple[str, ...], int] = {(): 0}
    return np.array([known.setdefault(item, len(known)) for item in sets], dtype=np.int64)


@lru_cache(maxsize=200_000)
def _signature(text: str) -> bytes:
    """The set of a text's pieces of three letters as bits; its ends count as letters."""
    bits = 0
    padded = f"^{text}$"
    for at in range(max(len(padded) - 2, 1)):
        bits |= 1 << _bit(padded[at : at + 3])
    return bits.to_bytes(_SIGNATURE_BITS // 8, "little")


@lru_cache(maxsize=50_000)
def _bit(piece: str) -> int:
    """The same bit in every process, which Python's own hash would not give."""
    return zlib.crc32(piece.encode()) % _SIGNATURE_BITS


def title_likeness(titles: Titles, left: Ints, right: Ints) -> Floats:
    """How alike (P,), 0 to 1, the titles in the rows `left` and `right` (P,) are; the same when they are swapped."""
    found = np.empty(left.size)
    lengths = np.count_nonzero(titles.words, axis=1)
    longer = np.maximum(lengths[left], lengths[right])
    for width in range(MAX_WORDS + 1):
        # By length, because words are compared with words: most titles have three, and 3 x 3 is less than 7 x 7.
        of_width = np.flatnonzero(longer == width)
        for start in range(0, of_width.size, _CHUNK):
            rows = of_width[start : start + _CHUNK]
            found[rows] = _likeness(titles, left[rows], right[rows], width)
    return found


def _likeness(titles: Titles, left: Ints, right: Ints, width: int) -> Floats:
    """The same for some pairs of titles of at most `width` words."""
    first, second = titles.words[left, :width], titles.words[right, :width]
    ours, theirs = _matched(titles, first, second)
    _match_initials(titles.initials[right], first, second, ours, theirs)
    _match_initials(titles.initials[left], second, first, theirs, ours)
    ours *= titles.weights[left, :width]
    theirs *= titles.weights[right, :width]
    kept, kept_there = ours.sum(axis=1), theirs.sum(axis=1)
    whole, whole_there = titles.totals[left], titles.totals[right]
    contained = np.maximum(_ratio(kept, whole), _ratio(kept_there, whole_there))
    shared = _ratio(kept + kept_there, whole + whole_there)
    words = CONTAINED_SHARE * contained**CONTAINED_POWER + (1 - CONTAINED_SHARE) * shared
    mixed = WORDS_SHARE * words + (1 - WORDS_SHARE) * _piece_likeness(titles, left, right)
    contradiction = np.where(_contradict(titles, left, right), CONTRADICTION, 1.0)
    alike: Floats = contradiction * np.maximum(words, mixed) ** TITLE_POWER
    return alike


def _ratio(part: Floats, whole: Floats) -> Floats:
    """`part` of `whole`, 0 where there is nothing: an empty title is like no other."""
    ratio: Floats = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return ratio


def _of_kind(title: Sequence[str], kind: Sequence[str] | None) -> tuple[str, ...]:
    """The words of a title that are of a kind, sorted; None: the numbers."""
    return tuple(sorted({word for word in title if (word.isdigit() if kind is None else word in kind)}))


def _contradict(titles: Titles, left: Ints, right: Ints) -> NDArray[np.bool_]:
    """Whether (P,) both say something of one kind and it differs, or one is about something around the event."""
    first, second = titles.kinds[left], titles.kinds[right]
    differ = ((first > 0) & (second > 0) & (first != second)).any(axis=1)
    contradict: NDArray[np.bool_] = differ | (titles.twists[left] != titles.twists[right])
    return contradict


def _piece_likeness(titles: Titles, left: Ints, right: Ints) -> Floats:
    """Dice coefficient (P,) of the pieces of three letters."""
    shared = np.bitwise_count(titles.pieces[left] & titles.pieces[right]).sum(axis=1, dtype=np.int64)
    dice: Floats = 2.0 * shared / (titles.piece_counts[left] + titles.piece_counts[right])
    return dice


def _matched(titles: Titles, first: Ints, second: Ints) -> tuple[Floats, Floats]:
    """How surely (P, width), 0 to 1, each word of `first` is in `second` (both (P, width)), and the other way round."""
    equal = (first[:, :, None] == second[:, None, :]) & (first > 0)[:, :, None]
    ours, theirs = equal.any(axis=2).astype(float), equal.any(axis=1).astype(float)
    open_here, open_there = (ours == 0) & (first > 0), (theirs == 0) & (second > 0)
    pair, i, j = np.nonzero(open_here[:, :, None] & open_there[:, None, :])
    maybe = titles.letters.may_be_near(first[pair, i], second[pair, j])
    pair, i, j = pair[maybe], i[maybe], j[maybe]
    alike = _word_likeness(titles.vocabulary, first[pair, i], second[pair, j])
    np.maximum.at(ours, (pair, i), alike)
    np.maximum.at(theirs, (pair, j), alike)
    return ours, theirs


def _match_initials(initials: Ints, first: Ints, second: Ints, ours: Floats, theirs: Floats) -> None:
    """Where a word of `first` is the initials (P,) of `second`, all words of `second` are found, in place."""
    is_short = (first == initials[:, None]) & (initials > 0)[:, None]
    ours[is_short] = INITIALS_LIKENESS
    found = is_short.any(axis=1)
    theirs[found] = np.maximum(theirs[found], INITIALS_LIKENESS * (second[found] > 0))


def _word_likeness(vocabulary: Sequence[str], left: Ints, right: Ints) -> Floats:
    """How alike (n,) words are by their codes: 0 or `SAME_WORD` to 1. Each distinct pair is compared once."""
    size = len(vocabulary)
    codes, back = distinct_and_back(np.minimum(left, right) * size + np.maximum(left, right))
    pairs = [(vocabulary[code // size], vocabulary[code % size]) for code in codes.tolist()]
    slips = cpdist([a for a, _ in pairs], [b for _, b in pairs], scorer=OSA.normalized_similarity, dtype=np.float64)
    alike = np.array([_word_pair(a, b, slip) for (a, b), slip in zip(pairs, slips.tolist(), strict=True)])
    return alike[back] if alike.size else np.empty(0)


def _word_pair(a: str, b: str, slip: float) -> float:
    """How alike two different words are, given the share of letters that are no slip."""
    if slip >= SAME_WORD and min(len(a), len(b)) >= SHORTEST_FUZZY:
        return 1 - SLIP_SHARE * (1 - slip)
    if a.startswith(b) or b.startswith(a):
        return PREFIX_LIKENESS
    return COGNATE_SHARE * slip if slip >= COGNATE and min(len(a), len(b)) >= LONG_WORD else 0.0
