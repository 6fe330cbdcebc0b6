"""What goes into and comes out of the insight room over HTTP. Amounts are numbers; null means not known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Number = float | int | None
Text = Annotated[str, Field(min_length=1, max_length=200)]
Comparing = Literal["previous_period", "same_dates_last_year", "same_weekdays_last_year", "none"]
FilterValue = str | bool | int | float | date | None


class FilterIn(BaseModel):
    """Keep what the dimension's value is, is not, or contains."""

    model_config = ConfigDict(extra="forbid")

    dimension: Text
    values: Annotated[list[FilterValue], Field(min_length=1, max_length=1024)]
    operator: Literal["in", "not_in", "contains"] = "in"


class Asked(BaseModel):
    """What every question over HTTP may say."""

    model_config = ConfigDict(extra="forbid")

    data_sources: Annotated[list[Text], Field(max_length=100)] = []
    date_range_start: date | None = None
    date_range_end: date | None = None
    period: Annotated[str | None, Field(max_length=100, description="In words, instead of the dates.")] = None
    filters: Annotated[list[FilterIn], Field(max_length=20)] = []
    calendar_id: UUID | None = None
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = None
    as_of: Annotated[
        str | None, Field(max_length=40, description="An instant (ISO 8601), or a day: its end in the company's zone.")
    ] = None


class InsightsIn(Asked):
    """A question: metrics over a period, by dimensions, with what is remarkable about them."""

    group_by: Annotated[list[Text], Field(max_length=8)] = []
    metrics: Annotated[list[Text], Field(min_length=1, max_length=40)] = [
        "spend", "revenue", "impressions", "clicks", "conversions", "roas", "ctr", "conversion_rate",
    ]  # fmt: skip
    compare_to: Comparing = "previous_period"
    order: Annotated[list[Text], Field(max_length=8)] = []
    limit: Annotated[int, Field(ge=1, le=100_000)] = 1000


class CausalIn(Asked):
    """A panel for a causal model. Without a metric named, revenue is what is explained."""

    kpi: Text = "revenue"
    treatments: Annotated[list[Text], Field(max_length=20)] = ["spend", "impressions"]
    by: Text = "channel"
    grain: Literal["day", "week"] = "day"
    format: Literal["csv", "parquet", "json"] = "json"


class SearchIn(Asked):
    """What to look for, in plain words: parts of names, and what the period's figures should be like."""

    query: Annotated[
        str,
        Field(min_length=1, max_length=500, examples=["high performing campaigns with conversions", "black friday"]),
    ]
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0


class UnderstoodOut(BaseModel):
    """How the words were read: as parts of names, and beyond that as levels, an order, and conditions."""

    words: list[str]
    levels: list[str]
    performance: Literal["high", "low"] | None
    measured_by: str | None
    having: list[str]


class HitOut(BaseModel):
    """Something that was found, with its figures in the period. `score`: how well the name fits, 0 to 1.

    `lineage` and `cell` lead to where its figures come from, at `/lineage`.
    """

    level: str
    data_source: str
    account_id: str
    id: str
    name: str | None
    score: float
    metrics: dict[str, Number]
    lineage: str
    cell: dict[str, str]


class SearchOut(BaseModel):
    """The hits of one page, of `total`. Where there are none, `suggestions` say what would help."""

    understood: UnderstoodOut
    date_range_start: date
    date_range_end: date
    total: int
    limit: int
    offset: int
    hits: list[HitOut]
    currency: str | None
    notes: list[str]
    suggestions: list[str]
    data_version: int


class MissingReportOut(BaseModel):
    """An account that cannot answer for some days, and the report to load for that."""

    data_source: str
    account_id: str
    days: int
    ask_for: str


class CoverageOut(BaseModel):
    """What the numbers rest on."""

    days_asked: int
    days_with_data: int
    missing: list[MissingReportOut]
    from_spans: int
    left_out_spans: int


class KpiOut(BaseModel):
    """A headline number."""

    metric: str
    label: str
    unit: str
    good: int
    value: Number
    before: Number = None
    change: Number = None
    words: str


class MoverOut(BaseModel):
    """A group whose metric changed much."""

    group: dict[str, Any]
    metric: str
    now: Number
    before: Number
    difference: Number
    change: Number
    words: str


class RankedOut(BaseModel):
    """The best or worst group by a ratio."""

    group: dict[str, Any]
    metric: str
    value: Number
    words: str


class AnswerOut(BaseModel):
    """An answer, what it rests on, and the handle that asks it again."""

    words: str
    date_range_start: date
    date_range_end: date
    compared_with: str | None
    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    coverage: CoverageOut
    is_provisional: bool
    provisional_sources: list[str]
    settled_until: date | None
    currency: str | None
    notes: list[str]
    data_version: int
    lineage: str


class InsightsOut(AnswerOut):
    """An answer with what is remarkable about it."""

    kpis: list[KpiOut]
    platforms: list[dict[str, Any]]
    movers: list[MoverOut]
    best: RankedOut | None
    worst: RankedOut | None
    insights: list[str]


class LineageOut(BaseModel):
    """Where a number comes from: the facts that were counted, and the rows of the files that said them."""

    words: str
    metric: str
    cell: dict[str, str]
    value: Number
    currency: str | None
    columns: list[str]
    count: int
    facts: list[dict[str, Any]]
    batches: list[dict[str, Any]]
    reports: list[dict[str, Any]]
    data_version: int


def plain(value: Any) -> Any:
    """A value as JSON has it: amounts as numbers (six decimals fit a double below a billion), everything else as is."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
