"""What people decided about numbers, for whoever asks where a number comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kalends.base.work import Work
from kalends.marketing.reconciliation.cells import Cell, Decision
from kalends.marketing.reconciliation.deciding import decisions
from kalends.marketing.stewardship.evidence import Evidence, Slice, offers_evidence
from kalends.marketing.words import source_name

PAGE: Final = "/data/reconciliation"
FEW: Final = 3


@offers_evidence
def numbers_decided(work: Work, asked: Slice) -> Iterable[Evidence]:
    """The decisions about numbers of the days that are asked about, the newest days first."""
    if asked.days is None:
        return
    platforms = {source for source, _ in asked.accounts}
    found = [
        (cell, decision)
        for cell, decision in decisions(work, first=asked.days[0], last=asked.days[1]).items()
        if not cell.platform or not platforms or cell.platform in platforms
    ]
    found.sort(key=lambda one: (-one[0].day.toordinal(), one[0]))
    for cell, decision in found[:FEW]:
        yield Evidence("resolution", _label(cell, decision), detail=_who(decision), href=_href(cell))
    if len(found) > FEW:
        yield Evidence("resolution", f"{len(found) - FEW} more numbers were decided", href=f"{PAGE}?view=decided")


def _label(cell: Cell, decision: Decision) -> str:
    chosen = (
        f"is {decision.value:g}" if decision.value is not None
        else f"as {source_name(decision.source)} says" if decision.source
        else f"by {(decision.strategy or '').replace('_', ' ')}"
    )  # fmt: skip
    return f"{cell.metric.capitalize()} of {cell.day:%Y-%m-%d} {chosen}"


def _who(decision: Decision) -> str:
    return ": ".join(part for part in (decision.by, decision.note) if part)


def _href(cell: Cell) -> str:
    return f"{PAGE}?metric={cell.metric}&view=decided"
