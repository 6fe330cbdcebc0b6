"""The caption bank over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages import captions
from kalends.messages.api.keys import IdempotencyKey
from kalends.messages.caption_schemas import (
    BulkChange,
    CaptionChange,
    CaptionChanged,
    CaptionFilter,
    CaptionIn,
    CaptionOut,
    Captions,
    Edited,
    PriceTier,
)
from kalends.messages.captions import Edit

router = APIRouter(prefix="/messages/captions", tags=["messages"])

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]


@router.get("")
def list_captions(
    work: Reader,
    search: Annotated[str, Query(max_length=200, description="Words of the text, or the number.")] = "",
    page_id: Annotated[UUID | Literal["shared"] | None, Query(description="Of one page alone, or the shared.")] = None,
    price_tier: PriceTier | None = None,
    category: Annotated[str | None, Query(max_length=60)] = None,
    language: Annotated[str | None, Query(max_length=20)] = None,
    has_urgency: bool | None = None,
    is_active: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Captions:
    """The shared captions and those of your pages, by number."""
    wanted = CaptionFilter(
        search=search,
        page_id=page_id,
        price_tier=price_tier,
        category=category,
        language=language,
        has_urgency=has_urgency,
        is_active=is_active,
    )
    total, found = captions.list_captions(work, wanted=wanted, limit=limit, offset=offset)
    return Captions(total=total, captions=[CaptionOut.of(one) for one in found])


@router.post("", status_code=201)
def post_caption(body: CaptionIn, work: Writer, idempotency_key: IdempotencyKey = None) -> CaptionOut:
    """Add a caption."""
    return CaptionOut.of(captions.add_caption(work, body, idempotency_key=idempotency_key))


@router.post("/bulk")
def post_bulk(body: BulkChange, work: Writer) -> Edited:
    """Change many captions alike, all or none."""
    return _edited(captions.change_captions(work, body))


@router.post("/changes/{change_id}/undo")
def undo_change(change_id: UUID, work: Writer) -> Edited:
    """Take a change back; what was changed again since then stays."""
    return _edited(captions.undo_edit(work, change_id=change_id))


@router.get("/{caption_id}")
def get_caption(caption_id: UUID, work: Reader) -> CaptionOut:
    """One caption."""
    return CaptionOut.of(captions.get_caption(work, caption_id=caption_id))


@router.patch("/{caption_id}")
def patch_caption(caption_id: UUID, body: CaptionChange, work: Writer) -> CaptionChanged:
    """Change what is given; `change_id` takes it back."""
    edit = captions.change_caption(work, caption_id=caption_id, change=body)
    found = CaptionOut.of(captions.get_caption(work, caption_id=caption_id))
    return CaptionChanged(**found.model_dump(), change_id=edit.change_id if edit.changed else None)


def _edited(edit: Edit) -> Edited:
    return Edited(change_id=edit.change_id, changed=edit.changed, unchanged=edit.unchanged)
