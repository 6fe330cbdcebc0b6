"""Saved templates of weeks over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kalends.base.work import Work
from kalends.identity.service import permit
from kalends.messages import schedule_templates
from kalends.messages.models import ScheduleTemplate
from kalends.messages.page_schemas import PageOut
from kalends.messages.weekrules import TemplateRules

router = APIRouter(prefix="/messages/templates", tags=["messages"])

Reader = Annotated[Work, permit("messages.read")]
Writer = Annotated[Work, permit("messages.write")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class TemplateIn(BaseModel):
    """A template to save: rules, or the week (`schedule_id`) whose rules they are."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    rules: TemplateRules | None = None
    schedule_id: UUID | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.rules is None) is (self.schedule_id is None):
            raise ValueError("give either rules or a schedule_id")
        return self


class TemplateOut(BaseModel):
    """A saved template."""

    id: UUID
    name: str
    rules: TemplateRules
    created_at: datetime

    @classmethod
    def of(cls, template: ScheduleTemplate) -> TemplateOut:
        """As it goes out."""
        rules = schedule_templates.rules_of(template)
        return cls(id=template.id, name=template.name, rules=rules, created_at=template.created_at)


class TemplateChange(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class AppliedOut(BaseModel):
    """The pages as they are now; `change_id` takes it back."""

    change_id: UUID
    pages: list[PageOut]


class ApplyIn(BaseModel):
    """Pages that shall do from now on what the template says."""

    page_ids: list[UUID] = Field(min_length=1, max_length=1000)


@router.get("")
def list_templates(work: Reader) -> list[TemplateOut]:
    """All templates, by name."""
    return [TemplateOut.of(one) for one in schedule_templates.list_templates(work)]


@router.post("", status_code=201)
def save_template(body: TemplateIn, work: Writer) -> TemplateOut:
    """Save rules under a name."""
    if body.schedule_id is not None:
        return TemplateOut.of(schedule_templates.save_week(work, name=body.name, schedule_id=body.schedule_id))
    rules = body.rules or TemplateRules()
    return TemplateOut.of(schedule_templates.save_template(work, name=body.name, rules=rules))


@router.put("/{template_id}")
def change_template(template_id: UUID, body: TemplateRules, work: Writer) -> TemplateOut:
    """Say other rules under the same name."""
    return TemplateOut.of(schedule_templates.change_template(work, template_id=template_id, rules=body))


@router.patch("/{template_id}")
def rename_template(template_id: UUID, body: TemplateChange, work: Writer) -> TemplateOut:
    """Call it otherwise."""
    return TemplateOut.of(schedule_templates.change_template(work, template_id=template_id, name=body.name))


@router.delete("/{template_id}", status_code=204)
def remove_template(template_id: UUID, work: Writer) -> None:
    """Remove a template."""
    schedule_templates.remove_template(work, template_id=template_id)


@router.post("/{template_id}/restore")
def restore_template(template_id: UUID, work: Writer) -> TemplateOut:
    """Bring a removed template back."""
    return TemplateOut.of(schedule_templates.restore_template(work, template_id=template_id))


@router.post("/{template_id}/apply")
def apply_template(template_id: UUID, body: ApplyIn, work: Writer) -> AppliedOut:
    """Make what it says the habit of pages: all, or none."""
    done = schedule_templates.apply_template(work, template_id=template_id, page_ids=body.page_ids)
    return AppliedOut(change_id=done.change_id, pages=[PageOut.of(page) for page in done.pages])


@router.post("/changes/{change_id}/undo")
def undo_apply(change_id: UUID, work: Writer) -> list[PageOut]:
    """Give those pages their own habits back; gives the pages that changed."""
    return [PageOut.of(page) for page in schedule_templates.undo_apply(work, change_id=change_id)]
