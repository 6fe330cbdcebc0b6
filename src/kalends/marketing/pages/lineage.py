"""Where a file's numbers come from, as a picture."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from kalends.base.pages import Column, render
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.marketing import batches, words
from kalends.marketing.quality.standing import days_by_grade
from kalends.marketing.stewardship import graph
from kalends.marketing.stewardship.drawing import draw
from kalends.marketing.stewardship.report import report_of

router = APIRouter(include_in_schema=False)

COLUMNS: Final = {
    "sources": [
        Column("Source"),
        *(Column(label, is_number=True) for label in ("Data points", "Accounts", "Days")),
        Column("From and to"),
    ],
    "use": [Column("Who"), Column("Part of Kalends"), Column("Calls", is_number=True)],
}
Reader = Annotated[Work, permit("data.read")]


@router.get("/data/batches/{batch_id}/lineage")
def show_file_lineage(request: Request, work: Reader, batch_id: UUID) -> Response:
    """One file: what it brought, how it was read, what was checked."""
    batch = batches.get(work, batch_id)
    drawn = draw(graph.of_batch(work, batch_id=batch_id).named())
    return render(request, "data/filelineage.html", batch=batch, drawing=drawn, words=words)


@router.get("/data/lineage")
def show_report(request: Request, work: Reader) -> Response:
    """What there is, how good it is, and who uses it."""
    return render(
        request,
        "data/lineage.html",
        report=report_of(work, days_by_grade=days_by_grade(work)),
        columns=COLUMNS,
        words=words,
    )
