"""Which things have each other's numbers.

Each thing has some features, and of each it is known what was expected and how far it usually is from that. What is far
from its own expectation and close to another's has the other's numbers, if those are not where they belong either. A
square is cut off at `MOST`, so that one wild feature outvotes no others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOST: Final = 25.0
FAR: Final = 8.0
"""Mean square by feature from which a thing is not itself: one of three features beyond doubt, or almost three spreads
in each."""
CLOSE: Final = 4.0
"""Mean square by feature up to which it may be another: two spreads in each, as one day in twenty has."""


def far_off(values: Floats, *, expected: Floats, spreads: Floats) -> Bools:
    """Which things are unlike themselves; the last axis is the features', one that is not known is no evidence."""
    return np.nan_to_num(_square(values, expected, spreads)) >= FAR


def exchanged(values: Floats, *, expected: Floats, spreads: Floats) -> dict[int, int]:
    """Whose numbers each thing has, for those that have another's. All arrays (things, features); nan: not known."""
    far = np.flatnonzero(far_off(values, expected=expected, spreads=spreads)).tolist()
    if len(far) < 2:
        return {}
    distances = _distance(values[far], expected[far], spreads[far])
    nearest = distances.argmin(axis=1)
    found = {
        far[one]: far[other] for one, other in enumerate(nearest) if one != other and distances[one, other] <= CLOSE
    }
    # A thing whose own numbers went nowhere was not exchanged.
    return {one: other for one, other in found.items() if one in found.values()}


def _distance(values: Floats, expected: Floats, spreads: Floats) -> Floats:
    """The mean square of each (row) from each one's expectation (column)."""
    return _square(values[:, None, :], expected[None, :, :], spreads[None, :, :])


def _square(values: Floats, expected: Floats, spreads: Floats) -> Floats:
    found: Floats = np.minimum(((values - expected) / spreads) ** 2, MOST).mean(axis=-1)
    return found
