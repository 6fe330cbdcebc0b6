"""Pairs over HTTP: two entries that may be one event, what a person says of them, and taking that back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from kalends.base.work import Work
from kalends.calendar import pairs
from kalends.calendar.conflictschemas import AnswerIn, PairIn, PairOut, PairsOut, PairState, ReopenedOut
from kalends.identity.service import permit

router = APIRouter()

Reader = Annotated[Work, permit("calendar.read")]
Writer = Annotated[Work, permit("calendar.write")]


@router.get("/calendar/pairs")
def read_pairs(
    work: Reader,
    state: Annotated[list[PairState] | None, Query(description="By default those that nobody has answered.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    calendar_id: UUID | None = None,
) -> PairsOut:
    """Pairs of entries that may be one event, the most alike first."""
    found = pairs.list_pairs(work, states=state or ("open",), calendar_id=calendar_id, limit=limit, offset=offset)
    return PairsOut(
        pairs=[PairOut.model_validate(pairs.plain_pair(pair)) for pair in found],
        counts=pairs.count_pairs(work, calendar_id=calendar_id),
    )


@router.post("/calendar/pairs")
def post_pair(work: Writer, body: PairIn) -> PairOut:
    """Say of any two entries whether they are one event, though nobody asked."""
    pair = pairs.join_or_part(work, entries=body.entries, answer=body.answer, calendar_id=body.calendar_id)
    return PairOut.model_validate(pairs.plain_pair(pair))


@router.post("/calendar/pairs/{pair_id}/answer")
def post_answer(work: Writer, pair_id: UUID, body: AnswerIn) -> PairOut:
    """Say whether two entries are one event; every later consolidation heeds it."""
    return PairOut.model_validate(pairs.plain_pair(pairs.answer_pair(work, pair_id=pair_id, answer=body.answer)))


@router.post("/calendar/pairs/{pair_id}/reopen")
def post_reopen_pair(work: Writer, pair_id: UUID) -> ReopenedOut:
    """Take an answer back; `pair` is null where there is no question any more."""
    pair = pairs.reopen_pair(work, pair_id=pair_id)
    return ReopenedOut(pair=PairOut.model_validate(pairs.plain_pair(pair)) if pair else None)
