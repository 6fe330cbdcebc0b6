"""What the pages of quality say: pure functions from values to words."""

from __future__ import annotations

from typing import Final

from kalends.base.formats import number
from kalends.base.pages.components import Tone
from kalends.marketing.quality.grading import Finding, letter
from kalends.methods.grades import Grade

SEVERITY_TONES: Final[dict[str, Tone]] = {"critical": "bad", "major": "attention", "minor": "plain"}


def name_of(check: str) -> str:
    """A check's name as people read it."""
    return check.replace("_", " ").capitalize()


def score(grade: Grade) -> str:
    """98 of 100; a dash where nothing is known."""
    return "–" if grade.score is None else number(100 * grade.score, digits=0 if grade.score in {0, 1} else 1)


def tone(grade: Grade) -> Tone:
    """Good, worth a look, or bad."""
    found = letter(grade.score)
    return "plain" if found == "–" else "good" if found in "AB" else "attention" if found == "C" else "bad"


def gates(grade: Grade) -> str:
    """What caps the grade, in words."""
    if not grade.failed:
        return "no gate failed"
    named = [name_of(gate).lower() for gate in grade.failed]
    return ", ".join(named[:2]) + (f" and {len(named) - 2} more" if len(named) > 2 else "")


def about(finding: Finding) -> str:
    """What a finding is about: the campaign or number, what was there and what was expected."""
    parts = [finding.subject.replace("_", " ")] if finding.subject else []
    parts += [f"report {finding.report}"] if finding.report else []
    parts += [f"{number(finding.rows)} {'row' if finding.rows == 1 else 'rows'}"] if finding.rows else []
    if finding.observed is not None:
        expected = f", expected about {figure(finding.expected)}" if finding.expected is not None else ""
        parts.append(f"{figure(finding.observed)}{expected}")
    parts += [finding.detail] if finding.detail else []
    return " · ".join(parts)


def figure(value: float) -> str:
    """A number with as many digits as its size needs."""
    return number(value, digits=0 if abs(value) >= 100 or value == int(value) else 2)
