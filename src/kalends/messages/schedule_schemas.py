"""What programs say about schedules."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from kalends.messages.schedule_views import BrokenRule, CandidateView, LegalSpan, ListedPage


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Source(_In):
    """Which days, and where the history is read when the warehouse is BigQuery."""

    start_date: Annotated[date, Field(description="First of seven days.")]
    week: Annotated[bool, Field(description="Begin on the Monday of that week.")] = False
    template_id: UUID | None = None
    project_id: Annotated[
        str | None, Field(max_length=100, description="Of the connected BigQuery: it is read first.")
    ] = None
    dataset: Annotated[str | None, Field(max_length=100, description="Of that project.")] = None

    @property
    def first_day(self) -> date:
        """The first of the seven days."""
        return self.start_date - timedelta(days=self.start_date.weekday()) if self.week else self.start_date


class BuildIn(Source):
    """A page's week to build: the page by its id or by its name."""

    page_id: UUID | None = None
    page_name: Annotated[str | None, Field(max_length=200)] = None
    seed: Annotated[int | None, Field(ge=0, lt=2**31)] = None

    @model_validator(mode="after")
    def _one_page(self) -> Self:
        if (self.page_id is None) == (self.page_name is None):
            raise ValueError("give page_id or page_name, one of them")
        return self


class BatchIn(Source):
    """The weeks of all pages to build."""

    weeks: Annotated[int, Field(ge=1, le=12)] = 1


class TaskOut(BaseModel):
    """Work that goes on in the background; `GET /messages/tasks/{task_id}` says how far it is."""

    task_id: UUID


class TaskState(BaseModel):
    """How far it is."""

    state: str
    done: int | None
    total: int | None
    message: str | None
    error: str | None


class MoveIn(_In):
    """Where to."""

    to: AwareDatetime


class SwapIn(_In):
    """What to send instead."""

    caption_id: UUID


class ListedOut(BaseModel):
    """Pages with their schedules."""

    first_day: date
    pages: list[ListedPage]


class SpansOut(BaseModel):
    """Where a message may go."""

    spans: list[LegalSpan]


class CandidatesOut(BaseModel):
    """Captions that could take a place."""

    captions: list[CandidateView]


class MoveOut(BaseModel):
    """What a move would break."""

    is_legal: bool
    broken: list[BrokenRule]
    nearest: datetime | None


class RowProblemOut(BaseModel):
    """A row that was not taken over."""

    row: int
    column: str
    message: str


class ReturnedOut(BaseModel):
    """What an edited file changed."""

    rows: int
    unchanged: int
    moved: int
    swapped: int
    removed: int
    problems: list[RowProblemOut]
    schedules: list[UUID]
