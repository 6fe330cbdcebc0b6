"""The company's own warehouse over HTTP: connected, tested and read by administrators; its secrets never come back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.messages.intake.schemas import ImportOut
from kalends.messages.source import sources

router = APIRouter(
    prefix="/messages/source",
    tags=["messages"],
    responses={404: {"description": "No warehouse is connected.", "content": {"application/problem+json": {}}}},
)

Manager = Annotated[Work, permit("settings.manage")]
Managing = Annotated[Door, door("settings.manage")]


class SourceIn(BaseModel):
    """The warehouse; what is left empty stays as it was."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str, Field(max_length=2000, description="postgresql://, duckdb://, bigquery:// or snowflake://; kept sealed.")
    ] = ""
    key: Annotated[
        str, Field(max_length=20_000, description="For BigQuery: the service account's key, as JSON; kept sealed.")
    ] = ""
    mapping: Annotated[
        str, Field(max_length=50_000, description="YAML: which tables and columns are what, and which rows count.")
    ] = ""
    is_daily: Annotated[bool | None, Field(description="Whether it is read once a day by itself.")] = None


class SourceOut(BaseModel):
    """The warehouse without its secrets, and what its latest reading brought."""

    engine: str
    place: str
    mapping: str
    is_daily: bool
    health: str
    problem: str | None
    checked_at: datetime | None
    read_at: datetime | None
    watermark: datetime | None
    is_reading: bool
    imports: list[ImportOut]

    @classmethod
    def of(cls, now: sources.State) -> SourceOut:
        """As it goes out."""
        names = ("engine", "place", "mapping", "is_daily", "health", "problem", "checked_at", "read_at", "watermark")
        told: dict[str, Any] = {name: getattr(now.source, name) for name in names}
        return cls(**told, is_reading=now.is_reading, imports=[ImportOut.of(one) for one in now.imports])


class SeenOut(BaseModel):
    """One table: our field -> its column, what is not read, how many rows count, and a few of them."""

    kind: str
    table: str
    columns: dict[str, str]
    not_used: list[str]
    rows: int
    sample: list[dict[str, Any]]
    note: str


class LookOut(BaseModel):
    """What a test saw; `problem` is empty where nothing is wrong."""

    problem: str
    seen: list[SeenOut]


@router.get("")
def get_source(work: Manager) -> SourceOut:
    """The company's warehouse."""
    return SourceOut.of(sources.state(work))


@router.put("")
def put_source(caller: Managing, body: SourceIn) -> SourceOut:
    """Connect the company's warehouse, or change it. Another place or mapping is read from the beginning."""
    with caller.work() as work:
        sources.connect(work, **body.model_dump(), is_local=caller.is_local)
        return SourceOut.of(sources.state(work))


@router.delete("", status_code=204)
def delete_source(work: Manager) -> None:
    """Forget it, with its address and key; what it brought stays."""
    sources.remove(work)


@router.post("/test")
def test_source(caller: Managing) -> LookOut:
    """Go there now: which columns are what, how many rows count, and a few of them."""
    seen = sources.test(caller)
    return LookOut(problem=seen.problem, seen=[SeenOut.model_validate(one, from_attributes=True) for one in seen.seen])


@router.post("/read", status_code=202)
def read_source(
    caller: Managing,
    is_whole: Annotated[bool, Query(description="From the oldest message on, not from where it ended.")] = False,
    wait: Annotated[float, Query(ge=0, le=300, description="Seconds to wait until all is in.")] = 0,
) -> SourceOut:
    """Bring in what is new there, in the background."""
    with caller.work() as work:
        (sources.read_whole if is_whole else sources.start)(work)
    if wait:
        return SourceOut.of(sources.wait(caller, seconds=wait))
    with caller.work() as work:
        return SourceOut.of(sources.state(work))
