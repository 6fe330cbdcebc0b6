"""Reading payloads again, control totals and contracts over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import service
from kalends.marketing.schemas import BatchOut, ContractOut, Contracts, ReplayAll, ReplayState, Terms, Totals

router = APIRouter(prefix="/marketing", tags=["marketing"])

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]


@router.post("/batches/{batch_id}/replay", status_code=202)
def replay(batch_id: UUID, work: Writer) -> BatchOut:
    """Read the stored payload again by today's mapping. The new batch takes the place of the earlier readings; what is
    read as before writes nothing.
    """
    return BatchOut.of(service.replay(work, batch_id=batch_id))


@router.get("/replays")
def get_replays(work: Reader) -> ReplayState:
    """How many files an older mapping has read, and how far reading them again is."""
    return service.replay_state(work)


@router.post("/replays", status_code=202)
def start_replays(body: ReplayAll, work: Writer) -> ReplayState:
    """Read again, one after the other, every file that an older mapping has read."""
    return service.replay_older(work, data_source=body.data_source, is_all=body.is_all)


@router.post("/replays/cancel")
def cancel_replays(work: Writer) -> ReplayState:
    """Stop after the file that is being read."""
    service.cancel_replays(work)
    return service.replay_state(work)


@router.get("/batches/{batch_id}/totals")
def get_totals(
    batch_id: UUID,
    work: Reader,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Totals:
    """Control totals per report, account and day."""
    return service.control_totals(work, batch_id=batch_id, limit=limit, offset=offset)


@router.get("/batches/{batch_id}/totals.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def download_totals(batch_id: UUID, work: Reader) -> Response:
    """The same as a file."""
    return Response(
        service.control_totals_csv(work, batch_id=batch_id),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="totals-{batch_id}.csv"'},
    )


@router.get("/contracts")
def list_contracts(work: Reader) -> Contracts:
    """What is done when a source's files change their shape, and the shape as it is known."""
    return Contracts(contracts=[ContractOut(**one) for one in service.list_contracts(work)])


@router.put("/contracts/{data_source}", status_code=204)
def set_contract(data_source: Annotated[str, Path(max_length=100)], body: Terms, work: Writer) -> None:
    """evolve: load, keep new columns, report. freeze: load nothing of another shape. quarantine: set the rows aside."""
    service.set_contract(work, data_source=data_source, mode=body.mode)
