"""What was checked and what was resolved, for whoever asks where a number comes from.

Quality, reconciliation and whoever else judges data offer it here; lineage knows none of them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from kalends.base.pages.components import Tone
from kalends.base.work import Work
from kalends.marketing.models import Batch


@dataclass(frozen=True, slots=True)
class Slice:
    """Which data is asked about: the batches that said it; its days, where known; pairs of source and account."""

    batches: tuple[Batch, ...]
    days: tuple[date, date] | None = None
    accounts: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was checked or resolved. `batch_seq`: the batch that it is about; None for the whole slice."""

    kind: Literal["check", "resolution"]
    label: str
    detail: str = ""
    tone: Tone = "plain"
    href: str = ""
    batch_seq: int | None = None


Offer = Callable[[Work, Slice], Iterable[Evidence]]
OFFERS: Final[list[Offer]] = []


def offers_evidence(offer: Offer) -> Offer:
    """Let `offer` be asked about every slice whose lineage is shown. Declare it with `@offers_evidence`."""
    OFFERS.append(offer)
    return offer


def evidence_of(work: Work, asked: Slice) -> list[Evidence]:
    """All that is offered about the slice."""
    return [one for offer in OFFERS for one in offer(work, asked)]


@offers_evidence
def rows_set_aside(_: Work, asked: Slice) -> Iterable[Evidence]:
    """Whether every row of a file could be read."""
    for batch in asked.batches:
        if batch.kind != "upload" or batch.received is None:
            continue
        aside = batch.quarantined or 0
        yield Evidence(
            kind="check",
            label=f"{aside:,} of {batch.received:,} rows set aside" if aside else "Every row could be read",
            tone="attention" if aside else "good",
            href=f"/data/batches/{batch.id}" + ("#aside" if aside else ""),
            batch_seq=batch.seq,
        )


@offers_evidence
def taken_back(_: Work, asked: Slice) -> Iterable[Evidence]:
    """Whether somebody has taken a file back."""
    for batch in asked.batches:
        if batch.retracted_by_seq is not None:
            label = f"Taken back by file {batch.retracted_by_seq}"
            yield Evidence(kind="resolution", label=label, tone="bad", batch_seq=batch.seq)
