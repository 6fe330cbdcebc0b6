"""Whether a switchback's week still shows what the week before had: then its effect is not what it seems.

An audience that was sent much last week is tired this week, whatever it is sent now. Where that lasts, weeks of one
page are no fair comparison (Bojinov, Simchi-Levi, Zhao, Management Science 69, 2023): make the turns longer, leave the
first days of each turn out, or give arms to pages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kalends.methods.student import t_quantile
from kalends.methods.trials.design import Floats, Ints


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What the new arm in the week before changed in a week, in the unit of the outcome."""

    estimate: float
    low: float
    high: float

    @property
    def is_seen(self) -> bool:
        """Whether it is clear of zero. Where it is not, it may still be as large as the interval reaches."""
        return self.low > 0 or self.high < 0


def carry_over(*, page: Ints, week: Ints, treated: Ints, outcome: Floats, confidence: float = 0.9) -> CarryOver:
    """Least squares of the outcome on this week's and last week's arm, pages and weeks held fixed; arrays (units,).

    Student's interval, at 90 % by default: a warning may be given sooner than a verdict. It sees only what lasts about
    a week, and that with about the error of the effect itself. Infinite where the weeks are too few.
    """
    arm = {(one, when): what for one, when, what in zip(page.tolist(), week.tolist(), treated.tolist(), strict=True)}
    last = [arm.get((one, when - 1)) for one, when in zip(page.tolist(), week.tolist(), strict=True)]
    rows = np.array([what is not None for what in last], dtype=bool)
    if not rows.any():
        return CarryOver(math.nan, -math.inf, math.inf)
    earlier = np.array([what for what in last if what is not None], dtype=np.float64)
    table = np.column_stack([earlier, treated[rows], _dummies(page[rows]), _dummies(week[rows])[:, 1:]])
    solution, _, rank, _ = np.linalg.lstsq(table, outcome[rows], rcond=None)
    freedom = int(rows.sum()) - int(rank)
    alone = earlier - table[:, 1:] @ np.linalg.lstsq(table[:, 1:], earlier, rcond=None)[0]
    own = float(alone @ alone)
    if freedom < 1 or own < 1e-9:
        return CarryOver(math.nan, -math.inf, math.inf)
    left = outcome[rows] - table @ solution
    reach = t_quantile(confidence, freedom=freedom) * math.sqrt(float(left @ left) / freedom / own)
    return CarryOver(float(solution[0]), float(solution[0]) - reach, float(solution[0]) + reach)


def _dummies(keys: Ints) -> Floats:
    found: Floats = (keys[:, None] == np.unique(keys)[None, :]).astype(np.float64)
    return found
