"""Creator pages, who works on them, and the company's settings, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from kalends.base.errors import ForbiddenError
from kalends.base.work import Work
from kalends.identity.service import Person, permit
from kalends.messages import creator_pages, settings
from kalends.messages.api.keys import IdempotencyKey
from kalends.messages.page_schemas import PageChange, PageIn, PageOut, Pages, PersonOut
from kalends.messages.settings import CompanySettings

router = APIRouter(prefix="/messages", tags=["messages"])

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]


class People(BaseModel):
    """Who shall work on a page."""

    model_config = ConfigDict(extra="forbid")

    person_ids: list[UUID] = Field(max_length=1000)


@router.get("/pages")
def list_pages(
    work: Reader,
    search: Annotated[str, Query(max_length=100, description="A part of the name.")] = "",
    is_active: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Pages:
    """The pages that you work on, by name; all of them for administrators."""
    found = [
        page
        for page in creator_pages.list_pages(work)
        if search.lower() in page.name.lower() and is_active in {None, page.is_active}
    ]
    return Pages(total=len(found), pages=[PageOut.of(page) for page in found[offset : offset + limit]])


@router.post("/pages", status_code=201)
def post_page(body: PageIn, work: Writer, idempotency_key: IdempotencyKey = None) -> PageOut:
    """Add a page. Whoever is no administrator is assigned to it."""
    return PageOut.of(creator_pages.add_page(work, body, idempotency_key=idempotency_key))


@router.get("/pages/{page_id}")
def get_page(page_id: UUID, work: Reader) -> PageOut:
    """One page."""
    return PageOut.of(creator_pages.get_page(work, page_id=page_id))


@router.patch("/pages/{page_id}")
def patch_page(page_id: UUID, body: PageChange, work: Writer) -> PageOut:
    """Change what is given; `overrides` are replaced whole."""
    return PageOut.of(creator_pages.change_page(work, page_id=page_id, change=body))


@router.delete("/pages/{page_id}")
def delete_page(page_id: UUID, work: Writer) -> PageOut:
    """Remove a page; what was sent and planned is kept, and it can be restored. Administrators only."""
    return PageOut.of(creator_pages.remove_page(work, page_id=page_id))


@router.post("/pages/{page_id}/restore")
def restore_page(page_id: UUID, work: Writer) -> PageOut:
    """Bring a removed page back. Administrators only."""
    return PageOut.of(creator_pages.restore_page(work, page_id=page_id))


@router.get("/pages/{page_id}/people")
def list_people(page_id: UUID, work: Reader) -> list[PersonOut]:
    """Who works on the page, besides the administrators."""
    return [_person(one) for one in creator_pages.people_of(work, page_id=page_id)]


@router.put("/pages/{page_id}/people")
def put_people(page_id: UUID, body: People, work: Writer) -> list[PersonOut]:
    """Let exactly these people work on the page. Administrators only."""
    return [_person(one) for one in creator_pages.assign_people(work, page_id=page_id, person_ids=body.person_ids)]


@router.get("/settings")
def get_settings(work: Reader) -> CompanySettings:
    """The company's thresholds and habits."""
    return settings.settings_of(work)


@router.patch("/settings")
def patch_settings(body: dict[str, Any], work: Writer) -> CompanySettings:
    """Set what is given; null sets it back to the usual. Administrators only."""
    if not creator_pages.sees_all(work.scope):
        raise ForbiddenError("Only administrators change the company’s settings.")
    return settings.change_settings(work, body)


def _person(person: Person) -> PersonOut:
    return PersonOut(id=person.id, name=person.name, email=person.email)
