"""What a creator page is made of, as people and programs give it and get it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from kalends.messages.models import CreatorPage
from kalends.messages.settings import Clock

MOST_MESSAGES: Final = 100
"""A week has 10,080 minutes; more messages than one in two hours is a slip of the finger."""


def known_zone(name: str) -> str:
    """The zone's name as IANA writes it. Raises ValueError."""
    found = _ZONES.get(name.casefold())
    if found is None:
        raise ValueError(f"{name!r} is no time zone; write it like Europe/Berlin or America/New_York")
    return found


_ZONES: Final = {name.casefold(): name for name in sorted(available_timezones())}


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _none_of_blank(value: Any) -> Any:
    return None if value == "" else value


Zone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), AfterValidator(known_zone)]
Currency = Annotated[str, BeforeValidator(_upper), StringConstraints(pattern=r"^[A-Z]{3}$")]
PageName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
ExternalId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Overrides(BaseModel):
    """What a page does otherwise than the company; what it does not say is as usual."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ppvs: Annotated[int, Field(ge=0, le=MOST_MESSAGES, description="Paid messages a week.")] | None = None
    bumps: Annotated[int, Field(ge=0, le=MOST_MESSAGES, description="Free messages a week.")] | None = None
    min_gap_minutes: (
        Annotated[int, Field(ge=15, le=24 * 60, description="Minutes between two paid messages.")] | None
    ) = None
    follow_ups: Annotated[bool, Field(description="Whether a reminder follows each paid message.")] | None = None
    cooldown_days: Annotated[int, Field(ge=0, le=730, description="Days until a caption may come again.")] | None = None
    webhook: (
        Annotated[AnyHttpUrl, BeforeValidator(_none_of_blank), Field(description="Where approved weeks are sent.")]
        | None
    ) = None


class PageIn(BaseModel):
    """A page to add. Quiet hours that begin when they end are none."""

    model_config = ConfigDict(extra="forbid")

    name: PageName
    external_id: ExternalId | None = None
    zone: Zone
    currency: Currency
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    overrides: Overrides = Overrides()
    is_active: bool = True


class PageChange(BaseModel):
    """What is to be otherwise; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    name: PageName | None = None
    external_id: ExternalId | None = None
    zone: Zone | None = None
    currency: Currency | None = None
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    overrides: Overrides | None = None
    is_active: bool | None = None

    def given(self) -> dict[str, Any]:
        """Column -> new value. Only the platform's own id may become nothing."""
        told = self.model_dump(mode="json", include=self.model_fields_set & {"overrides"}, exclude_none=True)
        plain = self.model_dump(exclude_unset=True, exclude={"overrides"})
        return {name: value for name, value in plain.items() if value is not None or name == "external_id"} | told


class PageOut(BaseModel):
    """A creator page."""

    id: UUID
    name: str
    external_id: str | None
    zone: str
    currency: str
    quiet_from: Clock
    quiet_until: Clock
    overrides: Overrides
    tier: str | None
    is_active: bool
    created_at: datetime

    @classmethod
    def of(cls, page: CreatorPage) -> PageOut:
        """As it goes out."""
        return cls.model_validate(page, from_attributes=True)


class PersonOut(BaseModel):
    """Somebody who works on a page."""

    id: UUID
    name: str
    email: str


class Pages(BaseModel):
    """Some of the pages, and how many there are."""

    total: int
    pages: list[PageOut]
