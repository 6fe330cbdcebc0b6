"""How good something is: gate first, then grade.

A failed critical check caps the score; else it is the share of the weight of the checks that pass. What nothing is
known of counts neither way: it lowers a second figure, the coverage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

CAP: Final = 0.5
"""What is left at most when a critical check fails: less than any calendar that passes them is likely to have."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: which share of what it looks at passes, 0 to 1; None: there was nothing to look at."""

    name: str
    weight: float
    passed: float | None
    is_critical: bool = False

    @property
    def is_failed_gate(self) -> bool:
        """Whether it caps the score: less than half of what a critical check looks at passes."""
        return self.is_critical and self.passed is not None and self.passed < 0.5


@dataclass(frozen=True, slots=True)
class Grade:
    """How good (0 to 1; None: nothing is known), how much of it is known (0 to 1), and which critical checks failed."""

    score: float | None
    coverage: float
    failed: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON values, 0 to 100."""
        score = None if self.score is None else round(100 * self.score, 1)
        return {"score": score, "coverage": round(100 * self.coverage, 1), "failed": list(self.failed)}


def grade(checks: Sequence[Check]) -> Grade:
    """The grade of some checks; their order does not matter."""
    whole = sum(check.weight for check in checks)
    known = [(check.weight, check.passed) for check in checks if check.passed is not None]
    weight = sum(each for each, _ in known)
    if not weight:
        return Grade(None, 0.0)
    failed = tuple(sorted(check.name for check in checks if check.is_failed_gate))
    share = sum(each * passed for each, passed in known) / weight
    return Grade(min(share, CAP) if failed else share, weight / whole, failed)


def mean(grades: Iterable[Grade]) -> Grade:
    """The grade of many alike: the mean of the scores that are known, and of the coverage; what failed in any."""
    found = list(grades)
    scores = [each.score for each in found if each.score is not None]
    failed = sorted({name for each in found for name in each.failed})
    coverage = sum(each.coverage for each in found) / len(found) if found else 0.0
    return Grade(sum(scores) / len(scores) if scores else None, coverage, tuple(failed))
