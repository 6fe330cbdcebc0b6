"""Setting up in five steps: what was said so far is kept, right or wrong, until it is built or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.calendar.calendars import default_calendar, definition_of
from kalends.calendar.events import SETUP
from kalends.calendar.industry import industry_of, is_known_industry
from kalends.calendar.models import Event, Setup
from kalends.calendar.wizard.forms import STEPS, Errors, Said, Step, checked_step, one, suggestions
from kalends.calendar.wizard.plan import Competitor, Plan, plan_of, usual_moments
from kalends.identity.service import workspace

BOOKS = "books"
"""How fiscal years run: asked for in the first step, shown in the second."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was said so far: every step's form, as sent or as suggested, and the plan where nothing is wrong."""

    setup: Setup | None
    forms: Mapping[str, Said]
    plan: Plan | None
    errors: Mapping[str, Errors]

    @property
    def step(self) -> str:
        """Where to go on."""
        return self.setup.step if self.setup else STEPS[0].name


def open_draft(work: Work) -> Draft:
    """The caller's draft; before anything was said, what is known of the company or usual in its industry."""
    setup = _open_setup(work)
    return _assembled(setup, setup.said if setup else {}, start=start_plan(work), is_first=not was_set_up(work))


def keep_step(work: Work, *, step: Step, said: Said, go_to: str) -> Draft:
    """Keep a step's form as it was sent, and where its person goes next."""
    setup = _open_setup(work) or _new_setup(work)
    forms = dict(setup.said) | {step.name: {name: list(found) for name, found in said.items()}}
    if step.name == "business" and said.get(BOOKS):
        forms["fiscal"] = dict(forms.get("fiscal") or open_draft(work).forms["fiscal"]) | {BOOKS: list(said[BOOKS])}
    setup.said, setup.step, setup.updated_at = forms, go_to, work.now
    work.session.flush()
    return open_draft(work)


def discard_draft(work: Work) -> None:
    """Throw away what was said so far."""
    setup = _open_setup(work)
    if setup is not None:
        work.session.delete(setup)
        work.session.flush()


def finish_draft(work: Work, *, plan: Plan) -> None:
    """Note that the caller's draft, or a file, was built."""
    setup = _open_setup(work) or _new_setup(work)
    setup.plan, setup.finished_at = plan.model_dump(mode="json"), work.now
    work.session.flush()


def start_plan(work: Work) -> Plan:
    """What the calendar is made of now; of a company that never set it up, what its profile says."""
    definition = definition_of(default_calendar(work))
    events = work.session.scalars(select(Event).where(Event.source == SETUP, Event.deleted_at.is_(None)))
    found = [Competitor(name=event.name, starts_on=event.starts_on, ends_on=event.ends_on) for event in events]
    last = _last_finished(work)
    platforms = last.plan.get("platforms", ()) if last and last.plan else ()
    plan = plan_of(definition, competitors=sorted(found, key=lambda event: event.key), platforms=platforms)
    return plan if last else _suggested(plan, company=workspace(work).name)


def _suggested(plan: Plan, *, company: str) -> Plan:
    """The plan with what is usual in its industry."""
    industry = industry_of(code=plan.industry)
    usual = suggestions(industry, moments=usual_moments(industry))
    return Plan.model_validate(plan.model_dump() | usual | {"name": company})


def _assembled(setup: Setup | None, said: Mapping[str, Said], *, start: Plan, is_first: bool) -> Draft:
    """Every step's form, and the plan that they make together."""
    base = start
    if is_first and "business" in said and is_known_industry(code=one(said["business"], "industry")):
        chosen = Plan.model_validate(start.model_dump() | {"industry": one(said["business"], "industry")})
        base = _suggested(chosen, company=start.name)
    forms = {step.name: said.get(step.name) or _suggestion(step, base, is_first=is_first) for step in STEPS}
    plan: Plan = base
    errors: dict[str, Errors] = {}
    for step in STEPS:
        better, wrong = checked_step(step, forms[step.name], base=plan)
        plan = better or plan
        if wrong:
            errors[step.name] = wrong
    return Draft(setup, forms, None if errors else plan, errors)


def _suggestion(step: Step, base: Plan, *, is_first: bool) -> Said:
    """A step's form before anything was said in it. The name of a fiscal year is never suggested."""
    form = step.filled(base)
    if step.name == "fiscal" and is_first:
        return {name: found for name, found in form.items() if name != "named_by"}
    return form


def _open_setup(work: Work) -> Setup | None:
    query = select(Setup).where(Setup.person_id == work.scope.person_id, Setup.finished_at.is_(None))
    return work.session.scalars(query).first()


def _last_finished(work: Work) -> Setup | None:
    query = select(Setup).where(Setup.finished_at.is_not(None)).order_by(Setup.finished_at.desc())
    return work.session.scalars(query.limit(1)).first()


def was_set_up(work: Work) -> bool:
    """Whether somebody has built the calendar from a plan."""
    return _last_finished(work) is not None


def _new_setup(work: Work) -> Setup:
    setup = Setup(
        tenant_id=work.scope.tenant_id,
        id=new_id(),
        person_id=work.scope.person_id,
        step=STEPS[0].name,
        said={},
        plan=None,
        started_at=work.now,
        updated_at=work.now,
        finished_at=None,
    )
    work.session.add(setup)
    return setup
