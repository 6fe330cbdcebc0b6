"""What a caption is made of, as people and programs give it and get it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kalends.messages.models import Caption

PriceTier = Literal["Budget", "Mid", "Premium", "Free"]
PRICE_TIERS: Final[tuple[PriceTier, ...]] = ("Budget", "Mid", "Premium", "Free")
MOST_EDITED: Final = 20_000
"""Captions that one bulk edit changes: all of them in memory, and in one line of the trail."""
LARGEST_NO: Final = 2**63 - 1

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Category = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Language = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[a-zA-Z]{2,3}([-_].{1,10})?$")
]
CaptionNo = Annotated[int, Field(ge=1, le=LARGEST_NO)]


class CaptionIn(BaseModel):
    """A caption to add. Without a page every page may use it; without a number it gets the next."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    price_tier: PriceTier
    category: Category = "general"
    has_urgency: bool = False
    language: Language = "en"
    page_id: UUID | None = None
    is_active: bool = True
    caption_no: CaptionNo | None = None


class CaptionChange(BaseModel):
    """What is to be otherwise; what is not given stays. `page_id: null` shares the caption with all pages."""

    model_config = ConfigDict(extra="forbid")

    text: Text | None = None
    price_tier: PriceTier | None = None
    category: Category | None = None
    has_urgency: bool | None = None
    language: Language | None = None
    page_id: UUID | None = None
    is_active: bool | None = None

    def given(self) -> dict[str, Any]:
        """Column -> new value."""
        told = self.model_dump(exclude_unset=True)
        return {name: value for name, value in told.items() if value is not None or name == "page_id"}


class CaptionFilter(BaseModel):
    """Which captions: all that is given must hold."""

    model_config = ConfigDict(extra="forbid")

    search: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    """Words of the text, or its number."""
    page_id: UUID | Literal["shared"] | None = None
    price_tier: PriceTier | None = None
    category: Annotated[str, Field(max_length=60)] | None = None
    language: Annotated[str, Field(max_length=20)] | None = None
    has_urgency: bool | None = None
    is_active: bool | None = None


class BulkChange(BaseModel):
    """One change of many captions: of those with these ids, or of all that a filter finds."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[UUID], Field(max_length=MOST_EDITED)] | None = None
    matching: CaptionFilter | None = None
    change: CaptionChange

    @model_validator(mode="after")
    def _one_way(self) -> BulkChange:
        if (self.ids is None) == (self.matching is None):
            raise ValueError("give ids or matching: which captions?")
        if not self.change.given():
            raise ValueError("change: say what is to be otherwise")
        if self.change.text is not None:
            raise ValueError("change: texts are changed one by one")
        return self


class CaptionOut(BaseModel):
    """A caption."""

    id: UUID
    caption_no: int
    page_id: UUID | None
    text: str
    price_tier: PriceTier
    category: str
    has_urgency: bool
    language: str
    is_active: bool
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, caption: Caption) -> CaptionOut:
        """As it goes out."""
        return cls.model_validate(caption, from_attributes=True)


class CaptionChanged(CaptionOut):
    """A caption after a change. `change_id` takes it back; null: it was so already."""

    change_id: UUID | None


class Captions(BaseModel):
    """Some of the captions, and how many fit."""

    total: int
    captions: list[CaptionOut]


class Edited(BaseModel):
    """What a bulk edit did. `change_id` takes it back."""

    change_id: UUID
    changed: int
    unchanged: int
