"""What goes into and out of the marketing room over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kalends.marketing.models import Batch
from kalends.marketing.records import EARLIEST, LATEST

TOTALLED = ("rows", "spend", "impressions", "clicks", "conversions", "revenue")


SourceName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
"""A platform, or the name that a company gives to files of its own."""
DayOrder = Literal["day_first", "month_first"]
DecimalMark = Literal[".", ","]


class Reading(BaseModel):
    """How rows are to be read: the days that those without a date of their own stand for, and how days and numbers are
    written where the rows themselves do not decide.
    """

    date_range_start: date | None = Field(default=None, description="First day, for rows that carry no date.")
    date_range_end: date | None = Field(default=None, description="Last day, included.")
    day_order: DayOrder | None = Field(
        default=None, description="Whether 3/4/2026 has the day first or the month; else as the rows show."
    )
    decimal_mark: DecimalMark | None = Field(
        default=None, description="Whether 1,234 is a thousand (.) or not (,); else as the rows show."
    )

    @model_validator(mode="after")
    def check_order(self) -> Self:
        """Refuse a window that ends before it starts, or that has one edge only."""
        start, end = self.date_range_start, self.date_range_end
        if (start is None) != (end is None):
            raise ValueError("give both date_range_start and date_range_end, or neither")
        if start and end and end < start:
            raise ValueError(f"date_range_end {end} is before date_range_start {start}")
        if start and end and not EARLIEST <= start <= end <= LATEST:
            raise ValueError(f"the declared days must lie between {EARLIEST} and {LATEST}")
        return self

    def options(self) -> dict[str, Any]:
        """As a batch keeps it."""
        told: dict[str, Any] = {"day_order": self.day_order, "decimal_mark": self.decimal_mark}
        if self.date_range_start and self.date_range_end:
            told["date_range"] = [self.date_range_start.isoformat(), self.date_range_end.isoformat()]
        return {name: value for name, value in told.items() if value}


Expected = dict[str, Annotated[Decimal, Field(max_digits=28, decimal_places=9)]]


class Promise(Reading):
    """What the sender says of what it sends."""

    is_complete: bool = Field(
        default=False,
        description="Nothing but these rows exists in the declared days: what was known there and is not among them is"
        " deleted. For each report and account of the rows.",
    )
    expected: Expected = Field(
        default_factory=dict, max_length=20, description="Totals to hold the rows against: metric, or rows -> total."
    )
    tolerance: Annotated[Decimal, Field(ge=0, le=1)] = Field(
        default=Decimal("0.000001"), description="How far a total may be off, in proportion."
    )
    refuse_if_differs: bool = Field(default=False, description="Load nothing where a total is not as expected.")

    @model_validator(mode="after")
    def check_promise(self) -> Self:
        """Refuse a complete window without days, and totals of what is no metric."""
        if self.is_complete and self.date_range_start is None:
            raise ValueError("is_complete needs date_range_start and date_range_end: complete in which days?")
        unknown = sorted(self.expected.keys() - set(TOTALLED))
        if unknown:
            raise ValueError(f"expected: {', '.join(unknown)} has no control total; known are {', '.join(TOTALLED)}")
        return self

    def options(self) -> dict[str, Any]:
        """As a batch keeps it."""
        told: dict[str, Any] = {"is_complete": True} if self.is_complete else {}
        if self.expected:
            told |= {
                "expected": {metric: str(total) for metric, total in self.expected.items()},
                "tolerance": str(self.tolerance),
                "refuse_if_differs": self.refuse_if_differs,
            }
        return super().options() | told


class Entries(Promise):
    """Rows in a platform's own shape."""

    model_config = ConfigDict(extra="forbid")

    data_source: SourceName = Field(
        description="The platform, such as google_ads or tiktok_ads; else file, or a name of your own."
    )
    data_entries: list[dict[str, Any]] = Field(min_length=1, description="The rows, as the platform gave them.")


class Preview(Entries):
    """Rows to look at before they are loaded, perhaps with corrected guesses."""

    columns: dict[str, str | None] = Field(default_factory=dict, description="Corrected guesses: raw name -> field.")


class LocalFile(Promise):
    """A file on the server's own disk; only its owner may name one."""

    path: str = Field(description="Absolute path.")
    data_source: SourceName = "file"
    columns: dict[str, str | None] = Field(default_factory=dict, description="Corrected guesses: raw name -> field.")
    wait: bool = Field(default=False, description="Answer when the data is visible.")


class Rate(BaseModel):
    """`rate` units of `quote` for one unit of `base` on `date`."""

    model_config = ConfigDict(extra="forbid")

    date: date
    base: str = Field(pattern=r"^[A-Z]{3}$")
    quote: str = Field(pattern=r"^[A-Z]{3}$")
    rate: Decimal = Field(gt=0, max_digits=18, decimal_places=9)
    source: str = Field(min_length=1, max_length=100, description="Who says so, as ECB.")


class Rates(BaseModel):
    """Exchange rates by day."""

    model_config = ConfigDict(extra="forbid")

    rates: list[Rate] = Field(min_length=1, max_length=100_000)


class Progress(BaseModel):
    """How far a running batch is."""

    done: int
    total: int | None
    message: str


class BatchOut(BaseModel):
    """One ingest and what came of it: received = loaded + unchanged + quarantined, always."""

    id: UUID
    seq: int
    kind: str
    state: str
    data_source: str
    file_name: str
    size: int
    received_at: datetime
    reported_at: datetime
    published_at: datetime | None
    received: int | None
    loaded: int | None
    unchanged: int | None
    quarantined: int | None
    taken_back: bool
    replays_seq: int | None = Field(default=None, description="The batch whose payload was read again.")
    replayed_by_seq: int | None = Field(default=None, description="The later reading that stands for this payload.")
    report: dict[str, Any] | None
    error: dict[str, Any] | None
    progress: Progress | None = None

    @classmethod
    def of(cls, batch: Batch, *, progress: Progress | None = None) -> Self:
        """The batch as an answer."""
        shared = cls.model_fields.keys() - {"taken_back", "progress"}
        return cls(
            **{name: getattr(batch, name) for name in shared},
            taken_back=batch.retracted_by_seq is not None,
            progress=progress,
        )


class Batches(BaseModel):
    """A page of batches, newest first."""

    batches: list[BatchOut]
    total: int


class QualitySummary(BaseModel):
    """How much of what came could be used, and how good it is: `score` is the share of its rows that pass every check,
    0 to 100, by what they spent; null while the batch is being applied, and for very large ones. `page` tells more.
    """

    received: int
    good: int
    quarantined: int
    share_good: float | None
    score: float | None = None
    page: str = "/data/quality"
    warnings: list[str]


class BatchRef(BaseModel):
    """Which batch it is, to ask for it again."""

    id: UUID
    seq: int
    state: str


class IngestAnswer(BatchOut):
    """The batch, and in short what it brought."""

    ingested_count: int
    insights: list[str]
    quality_summary: QualitySummary
    batch: BatchRef


class QuarantinedRow(BaseModel):
    """A row that was not loaded: where it is, what was wrong, what would be right, and the row itself."""

    source_row: int
    column_name: str | None
    code: str
    message: str
    raw: str | None


class Quarantine(BaseModel):
    """Rows that were set aside."""

    rows: list[QuarantinedRow]
    total: int


class Transformed(BaseModel):
    """What an ingest would store, without storing it."""

    rows: list[dict[str, Any]]
    mapping: dict[str, Any]
    warnings: list[str]
    quarantined: list[QuarantinedRow]


class DayTotal(BaseModel):
    """Sums of one report and account on one day, or over one period; null where no row has the metric."""

    report: str
    account_id: str
    date_from: date
    date_to: date
    rows: int
    spend: Decimal | None
    impressions: float | None
    clicks: float | None
    conversions: float | None
    revenue: Decimal | None


class Totals(BaseModel):
    """Control totals of a batch, per report, account and day: to hold against the file or the platform."""

    totals: list[DayTotal]


class ReplayAll(BaseModel):
    """Which batches to read again."""

    model_config = ConfigDict(extra="forbid")

    data_source: str | None = Field(default=None, max_length=100)
    is_all: bool = Field(default=False, description="Every file that counts, not only those an older mapping read.")


class ReplayState(BaseModel):
    """How far reading again is."""

    batches: int = Field(description="How many files an older mapping has read.")
    state: str | None = None
    done: int = 0
    total: int | None = None
    message: str = ""


class ContractOut(BaseModel):
    """What is done when a source's files change their shape, and the shape as it is known."""

    data_source: str
    mode: str = Field(description="evolve, freeze or quarantine")
    updated_at: datetime | None
    columns: dict[str, dict[str, str]] = Field(description="Report -> column -> what it held last.")


class Contracts(BaseModel):
    """All contracts."""

    contracts: list[ContractOut]


class Terms(BaseModel):
    """A contract to set."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["evolve", "freeze", "quarantine"]
