"""What an operator and a load balancer ask of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text

from kalends import doctor
from kalends.base import backup, keybackup
from kalends.base.version import __version__
from kalends.base.work import House
from kalends.identity.service import Door, door, public

router = APIRouter(tags=["operations"])
api = APIRouter(tags=["operations"])

Owner = Annotated[Door, door("settings.manage")]


@router.get("/healthz", dependencies=[public("a load balancer asks whether the process lives")])
def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", dependencies=[public("a load balancer asks whether to send people here")])
def readyz(request: Request) -> dict[str, str]:
    """The database answers."""
    house: House = request.app.state.house
    with house.database.lookup() as session:
        session.execute(text("SELECT 1"))
    return {"status": "ready"}


@router.get("/metrics", dependencies=[public("figures about the process, none about any tenant")])
def metrics() -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class Examination(BaseModel):
    """How to examine."""

    mend: bool = False


@api.post("/doctor")
def examine(body: Examination, door: Owner) -> dict[str, Any]:
    """Check the whole installation; `mend` builds the current tables anew from the log first."""
    door.require_local()
    if body.mend:
        doctor.mend(door.house)
    return doctor.as_answer(doctor.examine(door.house))


class BackupOrder(BaseModel):
    """Where a backup goes: the data, and apart from it the keys."""

    target: str
    keys: str
    passphrase: str | None = None


@api.post("/backup")
def make_backup(body: BackupOrder, door: Owner) -> dict[str, Any]:
    """Write the data to the new folder `target`, and the keys that open it to the file `keys`."""
    door.require_local()
    house = door.house
    keys = backup.own_keys(house)
    parts = backup.backup(house, Path(body.target), now=house.clock(), version=__version__)
    keybackup.backup(keys, Path(body.keys), passphrase=body.passphrase)
    return {"target": body.target, "keys": body.keys, "parts": len(parts), "bytes": sum(part.size for part in parts)}
