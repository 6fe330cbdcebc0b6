"""Saved templates: a week's rules under a name, to be used again, or made the habit of pages.

What a template says counts over what the page says, and that over the company (`weekrules`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kalends.base.errors import BadInputError, ConflictError, NotFoundError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.messages.creator_pages import change_page, get_page, overrides_of
from kalends.messages.models import CreatorPage, MessageSchedule, ScheduleTemplate
from kalends.messages.page_schemas import Overrides, PageChange
from kalends.messages.turns import in_turn
from kalends.messages.weekrules import TemplateRules, WeekRules


class NoSuchTemplateError(NotFoundError):
    """There is no such template."""

    code = "no_such_template"


class TemplateNameTakenError(ConflictError):
    """There is a template of this name already."""

    code = "template_name_taken"


class OnlyForWeeksError(BadInputError):
    """Days off are said for single weeks, not as a page's habit: build the weeks with the template instead."""

    code = "only_for_weeks"


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


def save_template(work: Work, *, name: str, rules: TemplateRules) -> ScheduleTemplate:
    """Save rules under a name. Raises TemplateNameTakenError."""
    in_turn(work, "template names")
    taken = select(ScheduleTemplate.id).where(func.lower(ScheduleTemplate.name) == name.lower())
    if work.session.scalar(taken) is not None:
        raise TemplateNameTakenError(f"There is a template called “{name}” already.")
    template = ScheduleTemplate(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
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


def change_template(work: Work, *, template_id: UUID, rules: TemplateRules) -> ScheduleTemplate:
    """Say other rules under the same name. Weeks that were built stay as they are."""
    template = get_template(work, template_id=template_id)
    before, template.rules = _state(template), _plain(rules)
    work.session.flush()
    told = {"before": before, "after": _state(template)}
    work.audit("template.changed", subject_kind="schedule_template", subject_id=template.id, **told)
    return template


def remove_template(work: Work, *, template_id: UUID) -> None:
    """Remove a template. Pages and weeks that used it keep what it said."""
    template = get_template(work, template_id=template_id)
    work.audit("template.removed", subject_kind="schedule_template", subject_id=template.id, before=_state(template))
    work.session.delete(template)
    work.session.flush()


def apply_template(work: Work, *, template_id: UUID, page_ids: Sequence[UUID]) -> list[CreatorPage]:
    """Make what a template says the habit of pages: all, or none. Raises OnlyForWeeksError, NoSuchPageError."""
    said = rules_of(get_template(work, template_id=template_id))
    if said.days_off:
        raise OnlyForWeeksError
    told = said.model_dump(exclude_none=True, exclude={"days_off"})
    changed = []
    for page_id in dict.fromkeys(page_ids):
        own = overrides_of(get_page(work, page_id=page_id, for_update=True)).model_dump(exclude_none=True)
        change = PageChange(overrides=Overrides.model_validate(own | told))
        changed.append(change_page(work, page_id=page_id, change=change))
    return changed


def _plain(rules: TemplateRules) -> dict[str, Any]:
    return rules.model_dump(mode="json", exclude_defaults=True)


def _state(template: ScheduleTemplate) -> dict[str, Any]:
    return {"name": template.name, "rules": dict(template.rules)}
