"""The occurrences of an event: one for an event that does not repeat, and what was changed about single ones."""

from __future__ import annotations

from datetime import date, time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

Impact = Literal["low", "medium", "high", "critical"]
Status = Literal["tentative", "confirmed", "cancelled"]
Direction = Literal["up", "down", "none"]


class OccurrenceChange(BaseModel):
    """What differs about one occurrence of a repeating event; what is not given is as in the others.

    `on`: the day on which the rule has it begin, which it keeps when it is moved (RFC 5545's RECURRENCE-ID).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    on: date
    name: str | None = Field(default=None, min_length=1, max_length=300)
    starts_on: date | None = None
    ends_on: date | None = None
    start_time: time | None = None
    end_time: time | None = None
    type: str | None = None
    impact: Impact | None = None
    direction: Direction | None = None
    status: Status | None = None
    markets: tuple[str, ...] | None = None
    description: str | None = Field(default=None, max_length=20_000)
    days_before: int | None = Field(default=None, ge=0, le=366)
    days_after: int | None = Field(default=None, ge=0, le=366)

    @model_serializer(mode="wrap")
    def _said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Only what differs."""
        return {name: value for name, value in plain(self).items() if value is not None}

    def changes(self) -> dict[str, Any]:
        """Field name -> what it is for this occurrence."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "on"}
        return {name: value for name, value in values.items() if value is not None}
