"""The Data room: what every source has delivered, files to load and to take back, and what became of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from kalends.base.pages import Choice, Paging, flash, register_room, render
from kalends.base.work import Work
from kalends.identity.service import NoSuchPersonError, decorate_pages, permit, person_of, workspace
from kalends.marketing import batches, drafts, overview, service, words
from kalends.marketing.intake import replays
from kalends.marketing.models import Batch
from kalends.marketing.preview import cells_of
from kalends.marketing.quality import standing
from kalends.marketing.quality import words as quality_words
from kalends.marketing.quality.grading import letter

register_room(
    name="data",
    templates=Path(__file__).parents[1] / "templates" / "data",
    label="Data",
    href="/data",
    icon="data",
    order=30,
)

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Writer = Annotated[Work, permit("data.write")]
PAGE = 25
FILTERS = (
    ("all", "All"),
    ("attention", "Need a look"),
    ("loaded", "Loaded"),
    ("running", "Being loaded"),
    ("failed", "Failed"),
    ("taken_back", "Taken back"),
)


@decorate_pages
def waiting_badge(work: Work) -> dict[str, Any]:
    """How many batches wait for somebody, for the navigation."""
    waiting = overview.count_waiting(work)
    return {"badges": {"data": waiting}} if waiting else {}


@router.get("/data")
def show_data(
    request: Request,
    work: Reader,
    show: Annotated[str, Query(max_length=20)] = "all",
    source: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Sources and batches."""
    show = show if show in overview.SHOWS else "all"
    found = overview.list_some(work, show=show, data_source=source or None, limit=PAGE, offset=(page - 1) * PAGE)
    counts = overview.count_each(work, data_source=source or None)
    zone = workspace(work).zone
    return render(
        request,
        "data/overview.html",
        sources=overview.list_sources(work),
        grades=standing.grades(work),
        quality=quality_words,
        letter=letter,
        batches=found.batches,
        filters=[
            Choice(label, _address(show=name, source=source), current=name == show, count=counts[name])
            for name, label in FILTERS
            if counts[name] or name in {"all", show}
        ],
        paging=_paging(total=found.total, page=page, show=show, source=source),
        source=source,
        drafts=drafts.waiting(work) if _may_write(request) else [],
        today=work.now.astimezone(ZoneInfo(zone)).date(),
        zone=zone,
        now=work.now,
        words=words,
        may_write=_may_write(request),
    )


@router.get("/data/batches/{batch_id}")
def show_batch(
    request: Request, work: Reader, batch_id: UUID, page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> Response:
    """One batch: how it was read, what came of it, who sent it. While it runs the page asks again by itself."""
    batch = batches.get(work, batch_id)
    aside = service.quarantine(work, batch_id=batch_id, limit=PAGE, offset=(page - 1) * PAGE)
    return render(
        request,
        "data/batch.html",
        batch=service.describe(work, batch_id=batch_id),
        record=batch,
        score=standing.quick_score(work, batch),
        aside=[(row, cells_of(row.raw)) for row in aside.rows],
        paging=Paging.of(
            page, size=PAGE, total=aside.total, address=lambda number: f"/data/batches/{batch_id}?page={number}"
        ),
        sender=_name_of(work, batch),
        other=_other(work, batch),
        read_again=overview.neighbour(work, seq=batch.replayed_by_seq or batch.replays_seq),
        zone=workspace(work).zone,
        now=work.now,
        words=words,
        may_write=_may_write(request),
    )


@router.get("/data/batches/{batch_id}/quarantine.csv")
def download_quarantine(batch_id: UUID, work: Reader) -> Response:
    """The rows that were set aside, to mend and load again."""
    return Response(
        service.quarantine_csv(work, batch_id=batch_id),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="set-aside-{batch_id}.csv"'},
    )


@router.get("/data/batches/{batch_id}/totals.csv")
def download_totals(batch_id: UUID, work: Reader) -> Response:
    """Control totals by account and day."""
    return Response(
        service.control_totals_csv(work, batch_id=batch_id),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="totals-{batch_id}.csv"'},
    )


@router.post("/data/batches/{batch_id}/take-back")
def take_back(batch_id: UUID, work: Writer) -> Response:
    """Take a batch back; the page that follows offers to undo it."""
    made = service.take_back(work, batch_id=batch_id)
    answer = _go(made)
    flash(answer, text="Taken back.", undo=f"/data/batches/{batch_id}/load-again")
    return answer


@router.post("/data/batches/{batch_id}/load-again")
def load_again(batch_id: UUID, work: Writer) -> Response:
    """Load the stored file once more: undoes a take-back, or tries a failed file again."""
    answer = _go(replays.replay(work, batch_id=batch_id))
    flash(answer, text="The file is being loaded again.")
    return answer


@router.post("/data/batches/{batch_id}/seen")
def mark_seen(batch_id: UUID, work: Writer) -> Response:
    """It no longer waits for anybody."""
    overview.mark_seen(work, batch_id=batch_id)
    answer = RedirectResponse("/data", status_code=303)
    flash(answer, text="Marked as seen. The rows stay where they are.")
    return answer


def _go(batch: Batch) -> RedirectResponse:
    return RedirectResponse(f"/data/batches/{batch.id}", status_code=303)


def _may_write(request: Request) -> bool:
    return bool(request.state.permitted.may("data.write"))


def _name_of(work: Work, batch: Batch) -> str:
    """Who sent it: a person's name, or that it was a program."""
    if batch.person_id is None:
        return "a program"
    try:
        return person_of(work, person_id=batch.person_id).name
    except NoSuchPersonError:
        return "somebody who has left"


def _other(work: Work, batch: Batch) -> Batch | None:
    """The batch that took this one back, or that this one took back."""
    return overview.neighbour(work, seq=batch.retracted_by_seq or batch.retracts_seq)


def _address(*, show: str, source: str, page: int = 1) -> str:
    asked = {"show": show if show != "all" else "", "source": source, "page": str(page) if page > 1 else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/data?{query}#files" if query else "/data#files"


def _paging(*, total: int, page: int, show: str, source: str) -> Paging:
    return Paging.of(
        page, size=PAGE, total=total, address=lambda number: _address(show=show, source=source, page=number)
    )
