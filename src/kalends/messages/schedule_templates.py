"""Saved templates: a week's rules under a name, to be used again, or made the habit of pages.

What a template says counts over what the page says, and that over the company (`weekrules`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.messages.creator_pages import change_page, get_page, overrides_of
from kalends.messages.models import CreatorPage, MessageSchedule, ScheduleTemplate
from kalends.messages.page_schemas import Overrides, PageChange
from kalends.messages.turns import in_turn
from kalends.messages.weekrules import TemplateRules, WeekRules

APPLIED: Final = "template.applied"
FIND_REMOVED: Final = text(
    "SELECT before FROM audit_entries WHERE action = 'template.removed' AND subject_kind = 'schedule_template'"
    " AND subject_id = :id ORDER BY at DESC LIMIT 1"
)
FIND_APPLIED: Final = text(
    "SELECT before, after FROM audit_entries WHERE action = :action AND subject_kind = 'schedule_templates'"
    " AND subject_id = :id"
)


class NoSuchTemplateError(NotFoundError):
    """There is no such template."""

    code = "no_such_template"


class TemplateNameTakenError(ConflictError):
    """There is a template of this name already."""

    code = "template_name_taken"


class NothingToUndoError(NotFoundError):
    """There is nothing to take back here."""

    code = "nothing_to_undo"


class OnlyForWeeksError(BadInputError):
    """Days off are said for single weeks, not as a page's habit: build the weeks with the template instead."""

    code = "only_for_weeks"


@dataclass(frozen=True, slots=True)
class Applied:
    """A template made the habit of pages; `undo_apply` takes it back."""

    change_id: UUID
    pages: list[CreatorPage]


def list_templates(work: Work) -> list[ScheduleTemplate]:
    """All templates, by name."""
    return list(work.session.scalars(select(ScheduleTemplate).order_by(func.lower(ScheduleTemplate.name))))


def get_template(work: Work, *, template_id: UUID) -> ScheduleTemplate:
    """One template. Raises NoSuchTemplateError."""
    found = work.session.get(ScheduleTemplate, (work.scope.tenant_id, template_id))
    if found is None:
        raise NoSuchTemplateError
    return found


def rules_of(template: ScheduleTemplate) -> TemplateRules:
    """What it says of a week."""
    return TemplateRules.model_validate(template.rules)


def save_template(work: Work, *, name: str, rules: TemplateRules, template_id: UUID | None = None) -> ScheduleTemplate:
    """Save rules under a name. Raises TemplateNameTakenError."""
    _refuse_taken(work, name)
    template = ScheduleTemplate(
        tenant_id=work.scope.tenant_id,
        id=template_id or new_id(),
        name=name,
        rules=_plain(rules),
        created_by=work.scope.person_id,
        created_at=work.now,
    )
    work.session.add(template)
    work.session.flush()
    work.audit("template.saved", subject_kind="schedule_template", subject_id=template.id, after=_state(template))
    return template


def save_week(work: Work, *, name: str, schedule_id: UUID) -> ScheduleTemplate:
    """Save the rules that a week was built with. Raises NoSuchTemplateError where no such week is to be seen."""
    schedule = work.session.get(MessageSchedule, (work.scope.tenant_id, schedule_id))
    if schedule is None:
        raise NoSuchTemplateError("There is no such week to make a template of.")
    get_page(work, page_id=schedule.page_id)
    return save_template(work, name=name, rules=rules_of_week(WeekRules.of(schedule.plan["rules"])))


def rules_of_week(week: WeekRules) -> TemplateRules:
    """What a week's rules say to other weeks. Without the gap: the zone's extension is in it, and would come twice."""
    return TemplateRules(ppvs=week.ppv, bumps=week.bumps, follow_ups=week.follow_ups > 0, days_off=week.days_off)


def change_template(
    work: Work, *, template_id: UUID, rules: TemplateRules | None = None, name: str | None = None
) -> ScheduleTemplate:
    """Say other rules, or call it otherwise. Weeks that were built stay as they are. Raises TemplateNameTakenError."""
    template = get_template(work, template_id=template_id)
    before = _state(template)
    if name is not None and name.lower() != template.name.lower():
        _refuse_taken(work, name)
    template.name = template.name if name is None else name
    template.rules = template.rules if rules is None else _plain(rules)
    work.session.flush()
    if before != _state(template):
        told = {"before": before, "after": _state(template)}
        work.audit("template.changed", subject_kind="schedule_template", subject_id=template.id, **told)
    return template


def remove_template(work: Work, *, template_id: UUID) -> None:
    """Remove a template. Pages and weeks that used it keep what it said."""
    template = get_template(work, template_id=template_id)
    work.audit("template.removed", subject_kind="schedule_template", subject_id=template.id, before=_state(template))
    work.session.delete(template)
    work.session.flush()


def restore_template(work: Work, *, template_id: UUID) -> ScheduleTemplate:
    """Bring back a template that was removed. Raises NothingToUndoError, TemplateNameTakenError."""
    found = work.session.execute(FIND_REMOVED, {"id": str(template_id)}).one_or_none()
    if found is None or work.session.get(ScheduleTemplate, (work.scope.tenant_id, template_id)) is not None:
        raise NothingToUndoError
    rules = TemplateRules.model_validate(found.before["rules"])
    return save_template(work, name=found.before["name"], rules=rules, template_id=template_id)


def apply_template(work: Work, *, template_id: UUID, page_ids: Sequence[UUID]) -> Applied:
    """Make what a template says the habit of pages: all, or none. Raises OnlyForWeeksError, NoSuchPageError."""
    said = rules_of(get_template(work, template_id=template_id))
    if said.days_off:
        raise OnlyForWeeksError
    told = said.model_dump(exclude_none=True, exclude={"days_off"})
    changed, before = [], {}
    for page_id in dict.fromkeys(page_ids):
        page = get_page(work, page_id=page_id, for_update=True)
        before[str(page_id)] = dict(page.overrides)
        own = overrides_of(page).model_dump(exclude_none=True)
        change = PageChange(overrides=Overrides.model_validate(own | told))
        changed.append(change_page(work, page_id=page_id, change=change))
    change_id, after = new_id(), {str(page.id): dict(page.overrides) for page in changed}
    work.audit(APPLIED, subject_kind="schedule_templates", subject_id=change_id, before=before, after=after)
    return Applied(change_id, changed)


def undo_apply(work: Work, *, change_id: UUID) -> list[CreatorPage]:
    """Give pages their own habits back, but those that were changed since then. Raises NothingToUndoError."""
    found = work.session.execute(FIND_APPLIED, {"action": APPLIED, "id": str(change_id)}).one_or_none()
    if found is None:
        raise NothingToUndoError
    changed = []
    for page_id, was in found.before.items():
        page = get_page(work, page_id=UUID(page_id), for_update=True)
        if dict(page.overrides) == found.after[page_id] != was:
            change = PageChange(overrides=Overrides.model_validate(was))
            changed.append(change_page(work, page_id=page.id, change=change))
    return changed


def _refuse_taken(work: Work, name: str) -> None:
    in_turn(work, "template names")
    taken = select(ScheduleTemplate.id).where(func.lower(ScheduleTemplate.name) == name.lower())
    if work.session.scalar(taken) is not None:
        raise TemplateNameTakenError(f"There is a template called “{name}” already.")


def _plain(rules: TemplateRules) -> dict[str, Any]:
    return rules.model_dump(mode="json", exclude_defaults=True)


def _state(template: ScheduleTemplate) -> dict[str, Any]:
    return {"name": template.name, "rules": dict(template.rules)}
