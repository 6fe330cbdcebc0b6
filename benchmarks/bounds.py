"""What a benchmark promises: each figure beside its bound, and an exit code that says whether all hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """A figure that must not pass `at_most`, or not fall below `at_least`."""

    what: str
    figure: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it does."""
        is_low = self.at_most is None or self.figure <= self.at_most
        return is_low and (self.at_least is None or self.figure >= self.at_least)

    def __str__(self) -> str:
        bound = f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"
        return f"{'held  ' if self.holds else 'BROKEN'} {self.what}: {self.figure:.2f} ({bound})"


def judge(bounds: list[Bound]) -> int:
    """Print all, and give the exit code: 0 where all hold."""
    print(*bounds, sep="\n")
    return 0 if all(bound.holds for bound in bounds) else 1
