"""Creator pages: added, described, removed and brought back; who works on them; and who may see which.

Below the rank of an administrator people see only the pages that they are assigned to, and a page that somebody may
not see does not exist for them. Background jobs see all of their company's.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from kalends.base.errors import ConflictError, ForbiddenError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.scope import Scope
from kalends.base.work import Work
from kalends.identity.service import Person, permissions_of, person_of, rank
from kalends.messages.models import CreatorPage, PagePerson
from kalends.messages.page_schemas import Overrides, PageChange, PageIn
from kalends.messages.settings import settings_of
from kalends.messages.turns import in_turn

RENAMED = "messages.pages_changed"
"""Announced when the name of a page, or which pages there are, is not what it was."""


class NoSuchPageError(NotFoundError):
    """There is no such page here, or you are not assigned to it."""

    code = "no_such_page"


class PageNameTakenError(ConflictError):
    """There is a page of this name already."""

    code = "page_name_taken"


class CannotWorkOnPagesError(ConflictError):
    """This person's role does not reach the messages: make them an editor first."""

    code = "cannot_work_on_pages"


class AdministratorsOnlyError(ForbiddenError):
    """Only administrators add and remove pages and say who works on them."""

    code = "administrators_only"


def sees_all(scope: Scope) -> bool:
    """Whether `scope` sees every page: administrators, and jobs (a `worker`, whom no address of this room lets in)."""
    return scope.role == "worker" or rank(scope.role) >= rank("admin")


def visible(work: Work, *, with_removed: bool = False) -> Select[CreatorPage]:
    """The pages that whoever works may see."""
    query = select(CreatorPage)
    if not with_removed:
        query = query.where(CreatorPage.removed_at.is_(None))
    if not sees_all(work.scope):
        # A key without a person has nobody's assignments.
        mine = select(PagePerson.page_id).where(PagePerson.person_id == work.scope.person_id)
        query = query.where(CreatorPage.id.in_(mine))
    return query


def list_pages(work: Work, *, only_active: bool = False) -> list[CreatorPage]:
    """The pages that the caller may see, by name."""
    query = visible(work).order_by(func.lower(CreatorPage.name), CreatorPage.id)
    return list(work.session.scalars(query.where(CreatorPage.is_active) if only_active else query))


def get_page(work: Work, *, page_id: UUID, for_update: bool = False, with_removed: bool = False) -> CreatorPage:
    """One page. Raises NoSuchPageError, also for a page of others."""
    query = visible(work, with_removed=with_removed).where(CreatorPage.id == page_id)
    found = work.session.scalar(query.with_for_update() if for_update else query)
    if found is None:
        raise NoSuchPageError
    return found


def find_page(work: Work, *, name: str) -> CreatorPage:
    """The page of that name, or with that id on its platform. Raises NoSuchPageError, which names those there are."""
    wanted = name.strip()
    fits = (func.lower(CreatorPage.name) == wanted.lower()) | (CreatorPage.external_id == wanted)
    found = work.session.scalars(visible(work).where(fits).order_by(CreatorPage.page_no)).all()
    exact = [page for page in found if page.name.lower() == wanted.lower()] or list(found)
    if not exact:
        known = ", ".join(page.name for page in list_pages(work)[:10]) or "none yet"
        raise NoSuchPageError(f"There is no page “{wanted}”. Pages that you can see: {known}.")
    return exact[0]


def overrides_of(page: CreatorPage) -> Overrides:
    """What the page does otherwise than the company."""
    return Overrides.model_validate(page.overrides)


def add_page(work: Work, told: PageIn, *, idempotency_key: str | None = None) -> CreatorPage:
    """Add a page; whoever is no administrator is assigned to what they add. The same key again gives the page that it
    added, as it is now. Raises PageNameTakenError, and NoSuchPageError for the key of a page that is not to be seen.
    """
    if idempotency_key:
        in_turn(work, f"page {idempotency_key}")
        known = work.session.scalar(select(CreatorPage.id).where(CreatorPage.idempotency_key == idempotency_key))
        if known is not None:
            return get_page(work, page_id=known, with_removed=True)
    _refuse_taken(work, name=told.name)
    usual = settings_of(work)
    page = CreatorPage(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        name=told.name,
        external_id=told.external_id,
        zone=told.zone,
        currency=told.currency,
        quiet_from=told.quiet_from if told.quiet_from is not None else usual.quiet_from,
        quiet_until=told.quiet_until if told.quiet_until is not None else usual.quiet_until,
        overrides=told.overrides.model_dump(mode="json", exclude_none=True),
        tier=None,
        is_active=told.is_active,
        created_at=work.now,
        removed_at=None,
        idempotency_key=idempotency_key or None,
    )
    work.session.add(page)
    work.session.flush()
    if not sees_all(work.scope) and work.scope.person_id is not None:
        _assign(work, page_id=page.id, person_id=work.scope.person_id)
    work.audit("page.added", subject_kind="message_page", subject_id=page.id, after=state(page))
    work.announce(RENAMED)
    return page


def change_page(work: Work, *, page_id: UUID, change: PageChange) -> CreatorPage:
    """Change what is given. Raises NoSuchPageError, PageNameTakenError."""
    page = get_page(work, page_id=page_id, for_update=True)
    before, given = state(page), change.given()
    if given.get("name", page.name).lower() != page.name.lower():
        _refuse_taken(work, name=given["name"])
    for name, value in given.items():
        setattr(page, name, value)
    work.session.flush()
    if state(page) != before:
        work.audit("page.changed", subject_kind="message_page", subject_id=page.id, before=before, after=state(page))
    if page.name != before["name"]:
        work.announce(RENAMED)
    return page


def remove_page(work: Work, *, page_id: UUID) -> CreatorPage:
    """Take a page out of all lists. What was sent and planned is kept, so that it can come back."""
    _require_administrator(work)
    page = get_page(work, page_id=page_id, for_update=True)
    page.removed_at = work.now
    work.session.flush()
    work.audit("page.removed", subject_kind="message_page", subject_id=page.id, before=state(page))
    work.announce(RENAMED)
    return page


def restore_page(work: Work, *, page_id: UUID) -> CreatorPage:
    """Undo a removal. Raises NoSuchPageError, PageNameTakenError."""
    _require_administrator(work)
    page = get_page(work, page_id=page_id, for_update=True, with_removed=True)
    if page.removed_at is not None:
        _refuse_taken(work, name=page.name)
        page.removed_at = None
        work.session.flush()
        work.audit("page.restored", subject_kind="message_page", subject_id=page.id, after=state(page))
        work.announce(RENAMED)
    return page


def people_of(work: Work, *, page_id: UUID) -> list[Person]:
    """Who is assigned to the page, by name."""
    get_page(work, page_id=page_id)
    return list(work.session.scalars(_people(page_id)))


def assign_people(work: Work, *, page_id: UUID, person_ids: list[UUID]) -> list[Person]:
    """Let exactly these people work on the page. Raises NoSuchPersonError, CannotWorkOnPagesError."""
    _require_administrator(work)
    get_page(work, page_id=page_id, for_update=True)
    wanted = set(person_ids)
    for person_id in wanted:
        person = person_of(work, person_id=person_id)
        if "messages.read" not in permissions_of(person.role):
            raise CannotWorkOnPagesError(
                f"{person.name} is {person.role}, a role that does not reach the messages: make them an editor first."
            )
    before = set(work.session.scalars(select(PagePerson.person_id).where(PagePerson.page_id == page_id)))
    gone = delete(PagePerson).where(PagePerson.page_id == page_id, PagePerson.person_id.in_(before - wanted))
    work.session.execute(gone)
    for person_id in sorted(wanted - before):
        _assign(work, page_id=page_id, person_id=person_id)
    if wanted != before:
        told = {"before": {"people": sorted(map(str, before))}, "after": {"people": sorted(map(str, wanted))}}
        work.audit("page.people_assigned", subject_kind="message_page", subject_id=page_id, **told)
    return list(work.session.scalars(_people(page_id)))


def state(page: CreatorPage) -> dict[str, Any]:
    """What the audit trail keeps of a page."""
    return {
        "name": page.name,
        "external_id": page.external_id,
        "zone": page.zone,
        "currency": page.currency,
        "quiet": [page.quiet_from.isoformat(), page.quiet_until.isoformat()],
        "overrides": dict(page.overrides),
        "is_active": page.is_active,
    }


def _people(page_id: UUID) -> Select[Person]:
    assigned = select(PagePerson.person_id).where(PagePerson.page_id == page_id)
    return select(Person).where(Person.id.in_(assigned)).order_by(Person.name, Person.id)


def _assign(work: Work, *, page_id: UUID, person_id: UUID) -> None:
    row = {"tenant_id": work.scope.tenant_id, "id": new_id(), "page_id": page_id, "person_id": person_id}
    added = insert(PagePerson).values({**row, "assigned_at": work.now})
    work.session.execute(added.on_conflict_do_nothing(index_elements=["tenant_id", "page_id", "person_id"]))


def _refuse_taken(work: Work, *, name: str) -> None:
    in_turn(work, "page names")
    taken = select(CreatorPage.id).where(func.lower(CreatorPage.name) == name.lower(), CreatorPage.removed_at.is_(None))
    if work.session.scalar(taken) is not None:
        raise PageNameTakenError(f"There is a page called “{name}” already.")


def _require_administrator(work: Work) -> None:
    if not sees_all(work.scope):
        raise AdministratorsOnlyError
