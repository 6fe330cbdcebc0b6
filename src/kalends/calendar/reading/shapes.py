"""Which kind of calendar table somebody sends: told by its columns, so that what is not taken can be named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kalends.calendar.reading.columns import plain_heading


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of table: the words for it, and the headings of which one is enough to know it by."""

    words: str
    signs: frozenset[str]


SHAPES: Final = (
    Shape(
        "a causal marketing calendar: effects become directions and impact levels, their sizes are not taken",
        frozenset({
            "expected effect", "effect size", "effect", "impact score", "expected lift", "lift", "uplift", "pre window",
            "post window", "lower window", "upper window", "prior scale", "confounder", "treatment", "is treatment",
        }),
    ),
    Shape(
        "a calendar of campaigns, a row for each",
        frozenset({"campaign name", "campaign", "campaign id", "budget", "objective", "flight start"}),
    ),
    Shape(
        "a calendar dimension, a row for each day: days that have a name become events",
        frozenset({
            "date key", "fiscal year", "fiscal quarter", "fiscal month", "fiscal week", "fiscal period", "is holiday",
            "is weekend", "is weekday", "is business day", "day of week", "day name", "week of year", "quarter number",
        }),
    ),
)  # fmt: skip
"""In the order in which they are tried: a causal table may have days and campaigns in it."""
SPOKEN: Final = 12
"""Names of columns in one sentence."""
HOLIDAY_HEADINGS: Final = frozenset({"holiday name", "holiday", "public holiday"})


def shape_of(names: Iterable[str]) -> Shape | None:
    """The kind of table that has these columns; None for a plain list of events."""
    plain = {plain_heading(name) for name in names}
    return next((shape for shape in SHAPES if plain & shape.signs), None)


def shape_notes(names: Sequence[str], taken: Iterable[str]) -> list[str]:
    """What to tell about a table of a known kind: what it was read as, and which of its columns were not taken."""
    shape, used = shape_of(names), set(taken)
    if shape is None:
        return []
    left = [name for name in names if name not in used]
    told = [f"It was read as {shape.words}."]
    if left:
        more = f" and {len(left) - SPOKEN} more" if len(left) > SPOKEN else ""
        told.append(f"Not taken: {', '.join(left[:SPOKEN])}{more}.")
    return told


def level_of(number: float, *, scale: float) -> str:
    """An impact score from 0 to `scale` as a level, by quarters; the sign says nothing about the size."""
    share = abs(number) / scale
    return "low" if share < 0.25 else "medium" if share < 0.5 else "high" if share < 0.75 else "critical"


def score_scale(texts: Iterable[str]) -> float | None:
    """What impact scores are out of: 1, 10 or 100; None where they are words, or steps from 1 to 5, or none."""
    numbers = [number_of(text) for text in texts if text]
    found = [abs(number) for number in numbers if number is not None]
    if not found or len(found) < len(numbers) or max(found) > 100:
        return None
    if all(number.is_integer() and 1 <= number <= 5 for number in found):
        return None
    return next(scale for scale in (1.0, 10.0, 100.0) if max(found) <= scale)


def number_of(text: str) -> float | None:
    """A number as people write it: 0.15, -3 %, +12,5%; None where it is none."""
    try:
        return float(text.replace("%", "").replace(",", ".").replace("−", "-").strip())
    except ValueError:
        return None
