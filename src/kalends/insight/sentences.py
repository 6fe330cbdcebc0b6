"""Numbers in words: what happened, who moved, who was best and worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kalends.insight.metrics import Metric, Unit, metric

Row = Mapping[str, Any]

STILL: Final = 0.005
"""A change of less than half a per cent is told as none."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A group whose metric changed, and by how much."""

    group: Mapping[str, Any]
    metric: str
    now: Any
    before: Any
    difference: Any
    change: float | None


def amount(value: Any, entry: Metric, currency: str | None) -> str:
    """A metric's value as a person writes it; 'unknown' where it is not given."""
    if value is None:
        return "unknown"
    number = float(value)
    if entry.unit is Unit.MONEY:
        return f"{number:,.2f}" + (f" {currency}" if currency else "")
    if entry.unit is Unit.SHARE:
        return f"{number:.2%}"
    if entry.unit is Unit.TIMES:
        return f"{number:,.2f}"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def told(name: str, row: Row, currency: str | None) -> str:
    """One metric of a row in a sentence, with how it changed where that is known."""
    entry = metric(name)
    now = amount(row.get(name), entry, currency)
    change = row.get(f"{name}_change")
    if change is None or row.get(f"{name}_before") is None:
        return f"{entry.label} was {now}."
    before = amount(row.get(f"{name}_before"), entry, currency)
    if abs(change) < STILL:
        return f"{entry.label} was {now}, as before ({before})."
    return f"{entry.label} was {now}, {'up' if change > 0 else 'down'} {abs(change):.1%} from {before}."


def name_of(row: Row, dimensions: Sequence[str]) -> str:
    """What a group is called."""
    return " / ".join("unknown" if row[name] in (None, "") else str(row[name]) for name in dimensions)


def movers(rows: Sequence[Row], *, dimensions: Sequence[str], of: str, most: int = 5) -> list[Mover]:
    """The groups whose `of` changed most, the greatest change first; those that appeared or vanished count in full."""
    moved = [(row, _moved(row, of)) for row in rows]
    ranked = sorted((pair for pair in moved if pair[1]), key=lambda pair: (-abs(pair[1]), name_of(pair[0], dimensions)))
    return [
        Mover(
            group={name: row[name] for name in dimensions},
            metric=of,
            now=row[of],
            before=row[f"{of}_before"],
            difference=row[f"{of}_difference"],
            change=row[f"{of}_change"],
        )
        for row, _ in ranked[:most]
    ]


def _moved(row: Row, of: str) -> float:
    """By how much; a group that was not there before, or is not now, moved by all that it has."""
    now, before = row[of], row[f"{of}_before"]
    return float(now or 0) - float(before or 0)


def best_and_worst(rows: Sequence[Row], *, by: str, weight: str, share: float = 0.01) -> tuple[Row | None, Row | None]:
    """The rows with the highest and lowest `by` among those with at least `share` of all `weight`.

    A campaign that spent next to nothing has a ratio, but no meaning. None where there are not two to compare.
    """
    total = sum(float(row[weight] or 0) for row in rows)
    known = [row for row in rows if row[by] is not None and total and float(row[weight] or 0) >= share * total]
    ranked = sorted(known, key=lambda row: float(row[by]))
    return (ranked[-1], ranked[0]) if len(ranked) > 1 else (None, None)


def mover_told(mover: Mover, currency: str | None) -> str:
    """One mover in a sentence."""
    entry = metric(mover.metric)
    who = name_of(mover.group, tuple(mover.group))
    now, before = (amount(value, entry, currency) for value in (mover.now, mover.before))
    if mover.before is None:
        return f"{who} is new: {entry.label.lower()} {now}."
    if mover.now is None:
        return f"{who} ended: {entry.label.lower()} was {before}."
    return f"{who}: {entry.label.lower()} went from {before} to {now}."
