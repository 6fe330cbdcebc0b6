"""The caption bank's pages: found, marked, changed together and taken back; added and changed one by one."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from kalends.base.errors import KalendsError
from kalends.base.forms import SentForm
from kalends.base.pages import render
from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages import captions, creator_pages
from kalends.messages.caption_schemas import PRICE_TIERS, BulkChange, CaptionChange, CaptionFilter, CaptionIn
from kalends.messages.captions import FIELDS
from kalends.messages.pages.room import ROWS, address, choices, gone_to, may, paging

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
PAGE = "/messages-captions"
BULK_FIELDS = ("price_tier", "category", "has_urgency", "language", "is_active", "page_id")
FILTERS = ("search", "page_id", "price_tier", "category", "language", "has_urgency", "is_active")


@router.get(PAGE)
def show_captions(
    request: Request,
    work: Reader,
    search: Annotated[str, Query(max_length=200)] = "",
    page_id: Annotated[str, Query(max_length=40)] = "",
    price_tier: Annotated[str, Query(max_length=10)] = "",
    category: Annotated[str, Query(max_length=60)] = "",
    language: Annotated[str, Query(max_length=20)] = "",
    has_urgency: Annotated[str, Query(max_length=5)] = "",
    is_active: Annotated[str, Query(max_length=5)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """The bank, or what of it was searched for."""
    told = {"search": search, "page_id": page_id, "price_tier": price_tier, "category": category,
            "language": language, "has_urgency": has_urgency, "is_active": is_active}  # fmt: skip
    wanted = read_filter(told)
    total, found = captions.list_captions(work, wanted=wanted, limit=ROWS, offset=(page - 1) * ROWS)
    pages = creator_pages.list_pages(work)
    return render(
        request,
        "messages/captions.html",
        captions=found,
        total=total,
        has_any=bool(total) or captions.list_captions(work, limit=1)[0] > 0,
        told=told,
        names={one.id: one.name for one in pages},
        fields=_fields(work, told, pages),
        bulk=_fields(work, {}, pages),
        paging=paging(PAGE, page=page, total=total, **told),
        may_write=may(request, "messages.write"),
    )


def read_filter(told: dict[str, str]) -> CaptionFilter:
    """The filter that an address says; what is none of its values is left out."""
    given: dict[str, Any] = {name: value for name, value in told.items() if value}
    for name in list(given):
        try:
            CaptionFilter.model_validate({name: given[name]})
        except ValidationError:
            del given[name]
    return CaptionFilter.model_validate(given)


@router.post(f"{PAGE}/bulk")
def change_many(work: Writer, sent: SentForm) -> Response:
    """Change the marked captions, or all that fit."""
    told = {name: str(value) for name, value in sent.items()}
    back = address(PAGE, **{name: told.get(f"f_{name}", "") for name in FILTERS})
    change = {name: told[name] for name in BULK_FIELDS if told.get(name)}
    if change.get("page_id") == "shared":
        change["page_id"] = None  # type: ignore[assignment]
    if told.get("all") == "yes":
        which: dict[str, Any] = {"matching": read_filter({name: told.get(f"f_{name}", "") for name in FILTERS})}
    else:
        which = {"ids": [one for one in sent.getlist("caption") if isinstance(one, str)]}
    if which.get("ids") == []:
        return gone_to(back, "Mark the captions that are to change first.", is_bad=True)
    try:
        edit = captions.change_captions(work, BulkChange.model_validate({**which, "change": change}))
    except ValidationError:
        return gone_to(back, "Choose what is to be otherwise.", is_bad=True)
    except KalendsError as error:
        return gone_to(back, error.message, is_bad=True)
    words = f"{edit.changed:,} captions changed." if edit.changed != 1 else "One caption changed."
    return gone_to(back, words, undo=f"{PAGE}/changes/{edit.change_id}/undo" if edit.changed else "")


@router.post(f"{PAGE}/changes/{{change_id}}/undo")
def undo(work: Writer, change_id: UUID) -> Response:
    """Take a change back."""
    edit = captions.undo_edit(work, change_id=change_id)
    kept = f" {edit.unchanged:,} were changed again since then and stay." if edit.unchanged else ""
    return gone_to(PAGE, f"Taken back: {edit.changed:,} captions are as before.{kept}")


@router.get(f"{PAGE}/new")
def show_new(request: Request, work: Writer) -> Response:
    """The form for a new caption."""
    return _form(request, work, told={}, caption=None, errors={})


@router.get(f"{PAGE}/{{caption_id}}")
def show_caption(request: Request, work: Reader, caption_id: UUID) -> Response:
    """One caption, to be changed."""
    found = captions.get_caption(work, caption_id=caption_id)
    told = {name: _plain(getattr(found, name)) for name in FIELDS}
    return _form(request, work, told=told, caption=found, errors={})


@router.post(PAGE)
def add(request: Request, work: Writer, sent: SentForm) -> Response:
    """Add a caption."""
    told = _told(sent)
    try:
        made = captions.add_caption(work, CaptionIn.model_validate(_given(told)))
    except ValidationError as error:
        return _form(request, work, told=told, caption=None, errors=_errors(error))
    return gone_to(PAGE, f"Caption {made.caption_no} is in the bank.")


@router.post(f"{PAGE}/{{caption_id}}")
def change(request: Request, work: Writer, caption_id: UUID, sent: SentForm) -> Response:
    """Change a caption."""
    told = _told(sent)
    try:
        edit = captions.change_caption(
            work, caption_id=caption_id, change=CaptionChange.model_validate({"page_id": None} | _given(told))
        )
    except ValidationError as error:
        found = captions.get_caption(work, caption_id=caption_id)
        return _form(request, work, told=told, caption=found, errors=_errors(error))
    undo_path = f"{PAGE}/changes/{edit.change_id}/undo" if edit.changed else ""
    return gone_to(PAGE, "Changed." if edit.changed else "It was so already.", undo=undo_path)


def _form(request: Request, work: Work, *, told: dict[str, Any], caption: Any, errors: dict[str, str]) -> Response:
    return render(
        request,
        "messages/caption.html",
        status=422 if errors else 200,
        told={"text": "", "category": "", "language": "en"} | told,
        caption=caption,
        errors=errors,
        fields=_fields(work, told, creator_pages.list_pages(work)),
        known=captions.choices_of(work),
        may_write=may(request, "messages.write"),
    )


def _fields(work: Work, told: dict[str, Any], pages: list[Any]) -> dict[str, Any]:
    """The choices of every select field: the first is none of them."""
    known = captions.choices_of(work)
    offered: dict[str, list[tuple[str, str]]] = {
        "page_id": [("shared", "Shared by all"), *((str(one.id), one.name) for one in pages)],
        "price_tier": [(tier, tier) for tier in PRICE_TIERS],
        "category": [(one, one) for one in known["categories"]],
        "language": [(one, one) for one in known["languages"]],
        "has_urgency": [("true", "Urgent"), ("false", "Not urgent")],
        "is_active": [("true", "In use"), ("false", "Not used")],
    }
    return {name: choices(pairs, str(told.get(name, ""))) for name, pairs in offered.items()}


def _told(sent: FormData) -> dict[str, Any]:
    return {name: str(value) for name, value in sent.items() if name in FIELDS}


def _given(told: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in told.items() if value != ""}
    if given.get("page_id") == "shared":
        del given["page_id"]
    return given | {name: told.get(name) == "true" for name in ("has_urgency", "is_active")}


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else "shared" if value is None else str(value)


def _errors(error: ValidationError) -> dict[str, str]:
    return {str(one["loc"][0]): one["msg"] for one in error.errors()}
