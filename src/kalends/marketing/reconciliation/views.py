"""The page of reconciliation, ready to be read: values become words, charts and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kalends.base.charts.bars import Bar, bars
from kalends.base.formats import MINUS, compact, day, money, number, percent
from kalends.marketing.reconciliation.answers import Answer
from kalends.marketing.reconciliation.cells import STRATEGIES, TOGETHER, Outcome, Reading
from kalends.marketing.reconciliation.overlap import Overlap
from kalends.marketing.reconciliation.sources import DEFINITIONS, MONEY, OVERLAPPING, is_biased
from kalends.marketing.reconciliation.summing import Side, Total, bias_words
from kalends.marketing.words import count, field_name, source_name

STRATEGY_WORDS: Final = {
    "intelligent": "Learn who is right, and weigh",
    "weighted_average": "Average, better files count more",
    "highest_quality": "The source with the cleanest files",
    "manual": "A person decides each one",
    "order": "My own order of sources",
    "weights": "My own weights",
}
STATE_WORDS: Final = {
    "open": ("needs you", "attention"),
    "settled": ("settled", "plain"),
    "decided": ("decided", "good"),
}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source beside the others."""

    name: str
    total: str
    days: str
    against: str
    reads: str
    tone: str
    about: str
    """The platforms of whose delivery it speaks, where they are not itself."""
    definition: str
    quality: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """One number on which sources disagree. `said`: (source, its name, what it says, what became of it, holds now)."""

    id: str
    anchor: str
    title: str
    state: str
    words: str
    tone: str
    reason: str
    chosen: str
    said: tuple[tuple[str, str, str, str, bool], ...]


def called(source: str) -> str:
    """What people call a source."""
    return "All platforms together" if source == TOGETHER else source_name(source)


def amount(value: float | None, *, metric: str, currency: str, exact: bool = False) -> str:
    """A number of the metric as people read it."""
    if metric in MONEY:
        return money(value, currency=currency, exact=exact)
    return number(value, digits=0 if value is None or value >= 100 else None) if exact else compact(value)


def headline(total: Total, answer: Answer) -> dict[str, str]:
    """What holds, and how sure it is, in a figure and a line."""
    write: dict[str, Any] = {"metric": total.metric, "currency": answer.currency}
    if total.value is None and total.low is not None:
        reach = f"{amount(total.low, **write)} to {amount(total.high, **write)}"
        waiting = f"{count(total.open_days, 'day')} {'waits' if total.open_days == 1 else 'wait'} for a decision"
        open_days = waiting if total.open_days else "only platforms speak"
        return {"value": reach, "interval": f"No single number: {open_days}."}
    if total.low is None or total.high is None:
        is_sum = any(side.share is not None for side in total.sides)
        who = "Each platform alone says its own part" if is_sum else "One source alone says so"
        return {"value": amount(total.value, **write), "interval": f"{who}: nothing to compare with."}
    reach = f"{amount(total.low, **write)} to {amount(total.high, **write)}"
    interval = f"{reach}, with 95 % certainty" if total.low < total.high else "exactly what the shop’s orders say"
    return {"value": amount(total.value, **write), "interval": interval}


def source_rows(total: Total, answer: Answer) -> list[SourceRow]:
    """The sources side by side, those that count all of it; the one with most days first."""
    readings: dict[str, list[Reading]] = {}
    for reading in answer.found.readings:
        if reading.metric == total.metric:
            readings.setdefault(reading.source, []).append(reading)
    return [
        SourceRow(
            name=called(side.source),
            total=amount(side.value, metric=total.metric, currency=answer.currency, exact=True),
            days=count(side.days, "day") + (f", {number(side.put_aside)} put aside" if side.put_aside else ""),
            against=_against(side),
            reads=" ".join(_reads(one, several=len(each) > 1) for one in each),
            tone="attention" if any(_is_biased(one) for one in each) else "plain",
            about=", ".join(called(one.platform) for one in each if one.platform not in {"", side.source}),
            definition=DEFINITIONS.get(side.source, "") if total.metric in OVERLAPPING else "",
            quality=percent(min(answer.quality[side.source], 0.999)) if answer.quality.get(side.source, 1) < 1 else "",
            notes=tuple(note for one in each for note in one.notes),
        )
        for side in sorted(total.sides, key=lambda side: (-side.days, side.source))
        for each in [readings.get(side.source, [])]
    ]


def _reads(reading: Reading, *, several: bool) -> str:
    words = bias_words(reading, name=called(reading.source))
    return f"{called(reading.platform)}: {words}" if several and reading.platform else words


def _is_biased(reading: Reading) -> bool:
    return is_biased((reading.low, reading.high)) if reading.low is not None and reading.high is not None else False


def _against(side: Side) -> str:
    """Its share, where it is a part; and how far it is from what holds, where others speak of the same."""
    words = [] if side.share is None else [f"{percent(side.share, digits=0)} of it"]
    if side.off is not None:
        sign = "+" if side.off > 0 else MINUS
        words.append("the same" if abs(side.off) < 0.0005 else f"{sign}{percent(abs(side.off))}")
    return " · ".join(words)


def overlap_chart(told: Overlap, *, metric: str, currency: str) -> dict[str, Any]:
    """Claimed by each platform, all claims added up, what they can be without repeats, and what was sold."""
    write: dict[str, Any] = {"metric": metric, "currency": currency}
    rows = [Bar(called(one.platform), one.value, amount(one.value, **write), 1) for one in told.claims]
    if len(told.claims) > 1:
        rows.append(Bar("All claims added up", told.total, amount(told.total, **write), 3))
        # A bar's text is short, or it ends outside of a phone: between which bounds is said below.
        held, about = (told.high, "at most") if told.estimate is None else (told.estimate, "about")
        rows.append(Bar("Without counting twice", held, f"{about} {amount(held, **write)}", 2))
    if told.sold is not None:
        rows.append(Bar("Counted in all", told.sold, amount(told.sold, **write), 5))
    return bars(rows=rows)


def overlap_words(told: Overlap, *, metric: str) -> str:
    """The chart in a sentence."""
    what = field_name(metric).lower()
    if told.days and not told.total:
        return f"On no day is there both a claim and a count of {what}: there is nothing to compare."
    days = f" Compared are the {count(told.days, 'day')} that somebody counts." if told.elsewhere else ""
    if told.over is None:
        who = "One platform claims" if len(told.claims) == 1 else "Several platforms claim the same"
        return f"{who} {what}. Load orders or analytics to know how many there were at all."
    if len(told.claims) == 1:
        more = percent(told.over, digits=0) if told.over else ""
        return f"One platform claims {what}: {f'{more} more than was counted' if more else 'nothing overlaps'}.{days}"
    over = percent(told.over, digits=0)
    words = f"Added up, the platforms claim {over} more {what} than there can well have been: they count buyers twice."
    return words + days


def claim_lines(told: Overlap, *, metric: str, currency: str) -> list[str]:
    """Between which bounds the claims are without repeats; and who claims more than an independent source counts for
    its campaigns.
    """
    low, high = (amount(edge, metric=metric, currency=currency) for edge in (told.low, told.high))
    reach = [f"Without counting twice they are between {low} and {high}."] if len(told.claims) > 1 else []
    return reach + [
        f"{called(one.platform)} claims {percent(abs(one.over), digits=0)} {'more' if one.over > 0 else 'less'} than "
        "analytics counts for its campaigns."
        for one in told.claims
        if one.over is not None
    ]


def conflict_rows(found: Sequence[Outcome], *, currency: str) -> list[ConflictRow]:
    """The conflicts as cards."""
    return [_conflict_row(one, place, currency) for place, one in enumerate(found)]


def _conflict_row(one: Outcome, place: int, currency: str) -> ConflictRow:
    write: dict[str, Any] = {"metric": one.cell.metric, "currency": currency, "exact": True}
    words, tone = STATE_WORDS[one.state]
    parts = [field_name(one.cell.metric), called(one.cell.platform) if one.cell.platform else ""]
    said = tuple(
        (said.source, called(said.source), amount(said.value, **write), said.note or ("counts" if said.is_used else ""),
         one.state == "decided" and said.is_used)
        for said in one.said
    )  # fmt: skip
    return ConflictRow(
        id=one.cell.id,
        anchor=f"c{place}",
        title=f"{day(one.cell.day)}: {', '.join(part for part in parts if part)}",
        state=one.state,
        words=words,
        tone=tone,
        reason=one.reason,
        chosen=amount(one.value, **write) if one.value is not None else "",
        said=said,
    )


def strategy_choices() -> list[tuple[str, str]]:
    """The strategies with what people call them."""
    return [(name, STRATEGY_WORDS[name]) for name in STRATEGIES]
