"""The caption bank: added, changed one by one or many at once (and taken back), searched, numbered.

A caption belongs to one page or is shared by all. People see the shared ones and those of their own pages. The number
is the company's own: imports bring theirs along, what is added here counts on from the highest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Select, String, Uuid, any_, cast, func, literal, or_, select, text

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.messages.caption_schemas import (
    LARGEST_NO,
    MOST_EDITED,
    BulkChange,
    CaptionChange,
    CaptionFilter,
    CaptionIn,
)
from kalends.messages.creator_pages import get_page, visible
from kalends.messages.models import Caption, CreatorPage
from kalends.messages.turns import in_turn

FIELDS: Final = ("text", "price_tier", "category", "has_urgency", "language", "page_id", "is_active")
BULK: Final = "captions.changed"
FIND_EDIT: Final = text(
    "SELECT before, after FROM audit_entries WHERE action = :action AND subject_kind = 'captions' AND subject_id = :id"
)


class NoSuchCaptionError(NotFoundError):
    """There is no such caption here, or it belongs to a page that you are not assigned to."""

    code = "no_such_caption"


class CaptionNoTakenError(ConflictError):
    """There is a caption with this number already."""

    code = "caption_no_taken"


class TooManyCaptionsError(BadInputError):
    """These are more captions than can be changed at once; narrow the selection."""

    code = "too_many_captions"


class NoSuchEditError(NotFoundError):
    """There is no such change to take back."""

    code = "no_such_edit"


@dataclass(frozen=True, slots=True)
class Edit:
    """What a bulk edit did."""

    change_id: UUID
    changed: int
    unchanged: int


def visible_captions(work: Work) -> Select[Caption]:
    """The shared captions and those of the pages that the caller may see."""
    pages = visible(work).with_only_columns(CreatorPage.id)
    return select(Caption).where(or_(Caption.page_id.is_(None), Caption.page_id.in_(pages)))


def matching(work: Work, wanted: CaptionFilter) -> Select[Caption]:
    """The visible captions that the filter lets through."""
    query = visible_captions(work)
    for name in ("price_tier", "category", "language", "has_urgency", "is_active"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(Caption, name) == value)
    if wanted.page_id == "shared":
        query = query.where(Caption.page_id.is_(None))
    elif wanted.page_id is not None:
        query = query.where(Caption.page_id == wanted.page_id)
    for word in wanted.search.split():
        in_text = Caption.text.icontains(word, autoescape=True)
        query = query.where(or_(in_text, cast(Caption.caption_no, String) == word))
    return query


def list_captions(
    work: Work, *, wanted: CaptionFilter | None = None, limit: int = 50, offset: int = 0
) -> tuple[int, list[Caption]]:
    """How many captions fit, and a part of them by number."""
    query = matching(work, wanted or CaptionFilter())
    total = work.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return total, list(work.session.scalars(query.order_by(Caption.caption_no).limit(limit).offset(offset)))


def usable_captions(work: Work, *, page_id: UUID) -> list[Caption]:
    """The active captions that a page may send: its own and the shared ones, by number."""
    get_page(work, page_id=page_id)
    own = or_(Caption.page_id.is_(None), Caption.page_id == page_id)
    return list(work.session.scalars(select(Caption).where(own, Caption.is_active).order_by(Caption.caption_no)))


def get_caption(work: Work, *, caption_id: UUID, for_update: bool = False) -> Caption:
    """One caption. Raises NoSuchCaptionError, also for one of a page of others."""
    query = visible_captions(work).where(Caption.id == caption_id)
    found = work.session.scalar(query.with_for_update(key_share=True) if for_update else query)
    if found is None:
        raise NoSuchCaptionError
    return found


def choices_of(work: Work) -> dict[str, list[str]]:
    """The categories and languages in use, for forms."""
    seen = visible_captions(work)
    return {
        name: list(work.session.scalars(seen.with_only_columns(column).distinct().order_by(column)))
        for name, column in (("categories", Caption.category), ("languages", Caption.language))
    }


def add_caption(work: Work, told: CaptionIn, *, idempotency_key: str | None = None) -> Caption:
    """Add a caption. The same key again gives the caption that it added, as it is now. Raises NoSuchPageError,
    CaptionNoTakenError, and NoSuchCaptionError for the key of a caption that is not to be seen.
    """
    if idempotency_key:
        in_turn(work, f"caption {idempotency_key}")
        known = work.session.scalar(select(Caption.id).where(Caption.idempotency_key == idempotency_key))
        if known is not None:
            return get_caption(work, caption_id=known)
    if told.page_id is not None:
        get_page(work, page_id=told.page_id)
    in_turn(work, "caption numbers")
    if told.caption_no is not None and work.session.scalar(
        select(Caption.id).where(Caption.caption_no == told.caption_no)
    ):
        raise CaptionNoTakenError(f"There is a caption {told.caption_no} already.")
    made = new_caption(work, told, caption_no=told.caption_no or next_no(work))
    made.idempotency_key = idempotency_key or None
    work.session.add(made)
    work.session.flush()
    work.audit("caption.added", subject_kind="caption", subject_id=made.id, after=state(made))
    return made


def new_caption(work: Work, told: CaptionIn, *, caption_no: int) -> Caption:
    """The caption as a row that is not written yet."""
    fields = told.model_dump(exclude={"caption_no"})
    return Caption(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        caption_no=caption_no,
        created_at=work.now,
        changed_at=work.now,
        **fields,
    )


def next_no(work: Work) -> int:
    """The number after the highest; to be asked in turn. Raises CaptionNoTakenError when all are used up."""
    highest = work.session.scalar(select(func.max(Caption.caption_no))) or 0
    if highest >= LARGEST_NO:
        raise CaptionNoTakenError("The highest number there is has been given away: give the caption a number.")
    return highest + 1


def change_caption(work: Work, *, caption_id: UUID, change: CaptionChange) -> Edit:
    """Change one caption; `undo_edit` takes it back. Raises NoSuchCaptionError, NoSuchPageError."""
    get_caption(work, caption_id=caption_id)
    return _edit(work, visible_captions(work).where(Caption.id == caption_id), change.given())


def change_captions(work: Work, bulk: BulkChange) -> Edit:
    """Change many captions alike, all or none. Raises NoSuchCaptionError where an id is not there."""
    if bulk.matching is not None:
        return _edit(work, matching(work, bulk.matching), bulk.change.given())
    wanted = set(bulk.ids or ())
    query = visible_captions(work).where(Caption.id == any_(literal(sorted(wanted), ARRAY(Uuid))))
    found = work.session.scalar(select(func.count()).select_from(query.subquery()))
    if found != len(wanted):
        raise NoSuchCaptionError(f"Of these {len(wanted)} captions only {found} are here: nothing was changed.")
    return _edit(work, query, bulk.change.given())


def undo_edit(work: Work, *, change_id: UUID) -> Edit:
    """Take a change back. What somebody has changed again since then stays as it is now. Raises NoSuchEditError."""
    told = work.session.execute(FIND_EDIT, {"action": BULK, "id": str(change_id)}).one_or_none()
    if told is None:
        raise NoSuchEditError
    ids = [UUID(one) for one in told.before]
    query = visible_captions(work).where(Caption.id == any_(literal(ids, ARRAY(Uuid))))
    found = _locked(work, query)
    before, after = {}, {}
    for caption in found:
        was, became = told.before[str(caption.id)], told.after
        back = {name: was[name] for name in was if _plain(getattr(caption, name)) == became[name] != was[name]}
        if back:
            before[str(caption.id)] = {name: _plain(getattr(caption, name)) for name in back}
            after[str(caption.id)] = back
            _set(work, caption, back)
    work.session.flush()
    work.audit("captions.change_undone", subject_kind="captions", subject_id=change_id, before=before, after=after)
    return Edit(change_id=change_id, changed=len(after), unchanged=len(found) - len(after))


def state(caption: Caption) -> dict[str, Any]:
    """What the audit trail keeps of a caption."""
    return {"caption_no": caption.caption_no} | {name: _plain(getattr(caption, name)) for name in FIELDS}


def _edit(work: Work, query: Select[Caption], given: dict[str, Any]) -> Edit:
    if given.get("page_id") is not None:
        get_page(work, page_id=given["page_id"])
    found, change_id = _locked(work, query), new_id()
    plain = {name: _plain(value) for name, value in given.items()}
    before = {}
    for caption in found:
        was = {name: _plain(getattr(caption, name)) for name in given}
        if was != plain:
            before[str(caption.id)] = was
            _set(work, caption, given)
    work.session.flush()
    if before:
        work.audit(BULK, subject_kind="captions", subject_id=change_id, before=before, after=plain)
    return Edit(change_id=change_id, changed=len(before), unchanged=len(found) - len(before))


def _locked(work: Work, query: Select[Caption]) -> Sequence[Caption]:
    """The captions, locked in one order so that two edits cannot wait for each other."""
    in_order = query.order_by(Caption.id).limit(MOST_EDITED + 1)
    found = work.session.scalars(in_order.with_for_update(key_share=True)).all()
    if len(found) > MOST_EDITED:
        raise TooManyCaptionsError(f"At most {MOST_EDITED:,} captions are changed at once; narrow the selection.")
    return found


def _set(work: Work, caption: Caption, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(caption, name, UUID(value) if name == "page_id" and isinstance(value, str) else value)
    caption.changed_at = work.now


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def by_number(work: Work, numbers: Iterable[int]) -> dict[int, Caption]:
    """The company's captions with these numbers, whoever may see them: for imports, which must not double a number."""
    wanted = sorted(set(numbers))
    query = select(Caption).where(Caption.caption_no == any_(literal(wanted, ARRAY(BigInteger))))
    return {one.caption_no: one for one in work.session.scalars(query)}
