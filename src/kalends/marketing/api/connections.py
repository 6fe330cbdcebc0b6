"""Platforms over HTTP: connect one, choose what it brings, and see how its syncs go."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import func, select

from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.marketing.connectors import connections, progress, runs
from kalends.marketing.connectors.models import SyncRun
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.connectors.schemas import (
    ConnectionChange,
    ConnectionOut,
    HealthOut,
    Keys,
    NewConnection,
    PlatformOut,
    RunOut,
    SliceOut,
    Slices,
    Span,
)

router = APIRouter(prefix="/marketing", tags=["connections"])

Reader = Annotated[Work, permit("data.read")]
Loader = Annotated[Work, permit("data.write")]
Manager = Annotated[Work, permit("settings.manage")]


@router.get("/platforms")
def list_platforms(_: Reader) -> list[PlatformOut]:
    """The platforms that can be connected, and what each asks for."""
    return [PlatformOut.of(connector) for connector in CONNECTORS.values()]


@router.get("/connections")
def list_connections(work: Reader) -> list[ConnectionOut]:
    """Every connection, how it is, and its last sync."""
    last = progress.last_runs(work)
    return [ConnectionOut.of(one, last_run=last.get(one.id)) for one in connections.listed(work)]


@router.post("/connections", status_code=201)
def create_connection(body: NewConnection, work: Manager) -> ConnectionOut:
    """Connect a platform. It brings nothing until it was tested and accounts were chosen."""
    made = connections.create(work, data_source=body.data_source, label=body.label, entered=body.entered)
    return ConnectionOut.of(made)


@router.get("/connections/{connection_id}")
def get_connection(connection_id: UUID, work: Reader) -> ConnectionOut:
    """One connection."""
    past = progress.runs_of(work, connection_id=connection_id, limit=1)
    return ConnectionOut.of(connections.get(work, connection_id=connection_id), last_run=past[0] if past else None)


@router.patch("/connections/{connection_id}")
def change_connection(connection_id: UUID, body: ConnectionChange, work: Manager) -> ConnectionOut:
    """Choose what it brings, how often, and for how many days it asks again (null: as the platform restates them)."""
    is_platforms = body.reread is None and "reread" in body.model_fields_set
    changed = connections.choose(
        work,
        connection_id=connection_id,
        accounts=None if body.accounts is None else [one.account() for one in body.accounts],
        reports=body.reports,
        label=body.label,
        every=body.every,
        history=body.history,
        reread="platform" if is_platforms else body.reread,
        attributions=body.attributions,
    )
    return ConnectionOut.of(changed)


@router.put("/connections/{connection_id}/keys")
def replace_keys(connection_id: UUID, body: Keys, work: Manager) -> ConnectionOut:
    """Enter its keys anew."""
    return ConnectionOut.of(connections.replace_secrets(work, connection_id=connection_id, entered=body.entered))


@router.post("/connections/{connection_id}/test")
def test_connection(connection_id: UUID, opened: Annotated[Door, door("settings.manage")]) -> HealthOut:
    """Ask the platform now: how the connection is, why, what to do, and which accounts it can see."""
    return HealthOut.of(connections.test(opened.house, open_work=opened.work, connection_id=connection_id))


@router.post("/connections/{connection_id}/pause")
def pause_connection(connection_id: UUID, work: Loader) -> ConnectionOut:
    """Pause the sync under way, and let no routine one start."""
    return ConnectionOut.of(runs.set_state(work, connection_id=connection_id, state="paused"))


@router.post("/connections/{connection_id}/resume")
def resume_connection(connection_id: UUID, work: Loader) -> ConnectionOut:
    """Go on with the sync that was paused, and let routine ones start again."""
    return ConnectionOut.of(runs.set_state(work, connection_id=connection_id, state="active"))


@router.delete("/connections/{connection_id}", status_code=204)
def remove_connection(connection_id: UUID, work: Manager) -> None:
    """Remove it, and its keys for good; what it brought stays."""
    runs.remove(work, connection_id=connection_id)


@router.post("/connections/{connection_id}/restore")
def restore_connection(connection_id: UUID, work: Manager) -> ConnectionOut:
    """Bring a removed connection back; its keys are entered anew."""
    return ConnectionOut.of(connections.restore(work, connection_id=connection_id))


@router.post("/connections/{connection_id}/sync", status_code=202)
def start_sync(connection_id: UUID, body: Span, work: Loader) -> RunOut | None:
    """Bring it up to date, or fetch some days again. Null where nothing is due yet. There is one sync at a time: to
    bring a connection up to date goes on with one that is paused; while one is under way, 409 `sync_under_way` says so.
    """
    run = runs.start(work, connection_id=connection_id, first=body.first, last=body.last)
    return RunOut.of(progress.counted(work, [run])[0]) if run else None


@router.get("/connections/{connection_id}/syncs")
def list_syncs(connection_id: UUID, work: Reader, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[RunOut]:
    """A connection's syncs, newest first."""
    connections.get(work, connection_id=connection_id)
    return [RunOut.of(one) for one in progress.runs_of(work, connection_id=connection_id, limit=limit)]


@router.get("/syncs/{run_id}")
def get_sync(
    run_id: UUID,
    work: Reader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Slices:
    """One sync, question by question."""
    run = runs.get_run(work, run_id=run_id)
    query = progress.slices_of(run_id)
    total = work.session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    rows = work.session.scalars(query.limit(limit).offset(offset)).all()
    return Slices(
        run=RunOut.of(progress.counted(work, [run])[0]), slices=[SliceOut.of(row) for row in rows], total=total
    )


@router.post("/syncs/{run_id}/pause")
def pause_sync(run_id: UUID, work: Loader) -> RunOut:
    """Stop after the question under way."""
    return _changed(work, runs.set_run_state(work, run_id=run_id, state="paused"))


@router.post("/syncs/{run_id}/resume")
def resume_sync(run_id: UUID, work: Loader) -> RunOut:
    """Go on."""
    return _changed(work, runs.set_run_state(work, run_id=run_id, state="running"))


@router.post("/syncs/{run_id}/cancel")
def cancel_sync(run_id: UUID, work: Loader) -> RunOut:
    """Leave the rest; what was brought stays."""
    return _changed(work, runs.set_run_state(work, run_id=run_id, state="cancelled"))


@router.post("/syncs/{run_id}/retry")
def retry_sync(run_id: UUID, work: Loader) -> RunOut:
    """Ask again for what could not be had."""
    return _changed(work, runs.try_again(work, run_id=run_id))


def _changed(work: Work, run: SyncRun) -> RunOut:
    work.session.flush()
    return RunOut.of(progress.counted(work, [run])[0])
