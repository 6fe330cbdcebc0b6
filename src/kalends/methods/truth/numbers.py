"""What holds when sources report different numbers for the same thing: gross errors are put aside, the rest is weighed.

Averaging squares (Zhao, Han, "A probabilistic model for estimating real-valued truth from conflicting sources", QDB
2012; CRH with squared loss, SIGMOD 2014) lets one figure in cents instead of euros move the result. Half of all real
conflicts are of that kind (Li, Dong, Lyons, Meng, Srivastava, "Truth finding on the deep web", VLDB 2013), so that here
every step before the last one works on medians, on a scale of ratios. Units, currencies, time zones and taxes are for
the caller to bring to one form first.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np

from kalends.methods.truth.claims import UNRESOLVED, Choice, Choices, Claim, Item, Learned, Losing
from kalends.methods.truth.robust import NOISE, Estimate, combine, learn_from, learn_noise
from kalends.methods.truth.table import UNANIMOUS, Floats, Table, table_of
from kalends.methods.truth.trust import matrix_of
from kalends.methods.truth.twins import same_numbers

POWERS: Final = (1000.0, 100.0, 10.0)
"""Factors that betray another unit (cents, thousands) rather than another count."""
FACTOR_TOLERANCE: Final = 0.2
"""How far from such a factor, in natural logarithms: as far as honest reports may differ."""


def is_number(value: object) -> bool:
    """Whether a value is compared by size: a finite number that is no truth value."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and bool(np.isfinite(float(value)))


def learn_numbers(claims: Sequence[Claim], *, anchor: str | None = None) -> Learned:
    """Bias and noise of each field and source, from numbers. Of sources that give the same numbers only one counts.

    `anchor`: the source that is the measure, where it says something: the others are biased as far as they lie from it.
    Without one the measure is what the others say together.
    """
    found: dict[str, Any] = {name: {} for name in ("bias", "noise", "bias_range", "bias_error", "twin")}
    apart: set[tuple[str, str]] = set()
    for name, said in _fields(claims).items():
        table = table_of(said)
        values = _matrices(table)[0]
        first = same_numbers(values)
        own = np.unique(first)
        place = np.searchsorted(own, first)
        measure = table.sources.index(anchor) if anchor in table.sources else None
        known = learn_noise(values[:, own]) if measure is None else learn_from(values[:, own], int(place[measure]))
        for at, (source, of) in enumerate(zip(table.sources, place.tolist(), strict=True)):
            key = (name, source)
            found["bias"][key], found["noise"][key] = float(known.bias[of]), float(known.noise[of])
            found["bias_error"][key] = float(known.bias_error[of])
            if not np.isnan(known.low[of]):
                found["bias_range"][key] = (float(known.low[of]), float(known.high[of]))
            if known.apart[of]:
                apart.add(key)
            if first[at] != at:
                found["twin"][key] = table.sources[int(first[at])]
    return Learned(**found, apart=frozenset(apart))


def reconcile_numbers(claims: Sequence[Claim], learned: Learned) -> Choices:
    """A choice for each item of numbers, with its standard error; who is far off is kept among the losing values.

    What all say holds as it is. Else (i) a scale of ratios, (ii, iii) the bias and noise of each source as learned from
    what the others say, (iv) a gate of four times the noise around the median, (v) the mean of what passes, weighted by
    precision and support (robust.py). Where the gate leaves no more than half, there is no ground to choose. An item
    that is a tuple names its field in its last part; noise is learned per field. Each source says one number per item.
    """
    found: dict[Item, Choice] = {}
    for name, said in _fields(claims).items():
        table = table_of(said)
        values, support = _matrices(table)
        noise = np.array([learned.noise.get((name, source), NOISE) for source in table.sources])
        bias = np.array([learned.bias.get((name, source), 0.0) for source in table.sources])
        doubt = np.array([learned.bias_error.get((name, source), 0.0) for source in table.sources])
        known = [mine for (other, _), mine in learned.noise.items() if other == name]
        typical = float(np.median(known)) if known else NOISE
        estimate = combine(values, support, bias=bias, noise=noise, typical=typical, bias_error=doubt)
        found |= _chosen(table, values, estimate)
    return found


def _fields(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    """The claims by the field that their items name; "" for items that name none."""
    fields: dict[str, list[Claim]] = {}
    for claim in claims:
        fields.setdefault(field_of(claim.item), []).append(claim)
    return fields


def field_of(item: Item) -> str:
    """The field that an item names: its last part."""
    return str(item[-1]) if isinstance(item, tuple) and item else ""


def _matrices(table: Table) -> tuple[Floats, Floats]:
    """What each source says of each item, NaN for nothing, and how much it counts (both (items, sources))."""
    cells = matrix_of(table)
    number = np.array([float(value) for value in table.values], dtype=np.float64)  # type: ignore[arg-type]
    support = np.zeros(cells.shape)
    support[table.item, table.source] = table.support
    return np.where(cells >= 0, number[table.cell_value[cells]], np.nan), support


def _chosen(table: Table, values: Floats, estimate: Estimate) -> dict[Item, Choice]:
    """The choices of a field's items."""
    found: dict[Item, Choice] = {}
    for row, (item, mine) in enumerate(zip(table.items, matrix_of(table).tolist(), strict=True)):
        said = [table.values[table.cell_value[cell]] if cell >= 0 else None for cell in mine]
        found[item] = _choice(row, said, table.sources, values[row], estimate)
    return found


def _choice(row: int, said: Sequence[object], sources: Sequence[str], values: Floats, estimate: Estimate) -> Choice:
    """The choice of one item, from what each source says of it (None: nothing)."""
    told = [place for place, value in enumerate(said) if value is not None]
    if len({values[place] for place in told}) == 1:
        return Choice(said[told[0]], 1.0, UNANIMOUS)
    passed = estimate.passed[row]
    centre = float(estimate.value[row])
    if not estimate.is_resolved[row]:
        return Choice(UNRESOLVED, 0.0, "The numbers are too far apart to be one.", _losing(told, said, sources))
    out = [place for place in told if not passed[place]]
    reason = f"The weighted mean of {', '.join(sources[place] for place in told if passed[place])}."
    far = [f" {sources[place]} is {how_far(float(values[place]), centre)}." for place in out]
    return Choice(
        value=centre,
        confidence=float(estimate.confidence[row]),
        reason=reason + "".join(far),
        losing=_losing([place for place in told if values[place] != centre], said, sources),
        standard_error=float(estimate.error[row]),
        far=tuple(sources[place] for place in out),
    )


def _losing(places: Sequence[int], said: Sequence[object], sources: Sequence[str]) -> tuple[Losing, ...]:
    """Values with the sources that say them, the smallest first."""
    told: dict[Any, list[str]] = {}
    for place in places:
        told.setdefault(said[place], []).append(sources[place])
    return tuple(Losing(value, tuple(names)) for value, names in sorted(told.items(), key=lambda pair: float(pair[0])))


def how_far(value: float, centre: float) -> str:
    """In words, how far a number is from what holds; a factor of 10, 100 or 1000 is named."""
    if value > 0 and centre > 0:
        ratio = value / centre
        for factor in POWERS:
            for times, word in ((factor, "times as much"), (1 / factor, "of it")):
                if abs(np.log(ratio / times)) <= FACTOR_TOLERANCE:
                    return f"about {'1/' if times < 1 else ''}{factor:.0f} {word}: another unit?"
        return f"{abs(ratio - 1) * 100:.0f} % {'more' if ratio > 1 else 'less'}"
    return "far off"
