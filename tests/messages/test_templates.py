"""Saved templates: a week's rules under a name, made the habit of pages."""

from datetime import date

import pytest

from kalends.base.ids import new_id
from kalends.messages import schedule_templates as templates
from kalends.messages.creator_pages import NoSuchPageError, overrides_of
from kalends.messages.models import MessageSchedule
from kalends.messages.weekrules import TemplateRules, WeekRules

API = "/api/v1/messages/templates"
WEEK = WeekRules(date(2026, 3, 9), 7, "UTC", ppv=9, bumps=6, gap_minutes=210, cooling_days=0, quiet_from=180,
                 quiet_until=420, follow_ups=6, days_off=(6,))  # fmt: skip


def test_a_week_says_what_it_had_but_not_its_gap():
    """The gap of a week has the extension of its saturation zone in it, which the next week adds anew."""
    assert templates.rules_of_week(WEEK) == TemplateRules(ppvs=9, bumps=6, follow_ups=True, days_off=(6,))


def test_a_built_week_becomes_a_template(work, add_page):
    page = add_page("Luna")
    schedule = MessageSchedule(
        tenant_id=work.scope.tenant_id, id=new_id(), page_id=page.id, first_day=WEEK.first_day, days=7, zone="UTC",
        seed=1, state="draft", tier="SMALL", saturation_zone="GREEN", total_messages=15,
        plan={"rules": WEEK.as_dict()}, analysis={}, inputs={}, seconds=1.0, created_by=None, created_at=work.now,
        approved_by=None, approved_at=None, superseded_at=None,
    )  # fmt: skip
    work.session.add(schedule)
    work.session.flush()
    saved = templates.save_week(work, name="Quiet Sundays", schedule_id=schedule.id)
    assert templates.rules_of(saved) == templates.rules_of_week(WEEK)


def test_nobody_makes_a_template_of_a_week_that_they_do_not_see(work, add_page, acting_as):
    with pytest.raises(templates.NoSuchTemplateError):
        templates.save_week(acting_as("editor"), name="Theirs", schedule_id=new_id())


def test_a_name_is_used_once_whatever_its_case(work):
    templates.save_template(work, name="Calm", rules=TemplateRules(ppvs=5))
    with pytest.raises(templates.TemplateNameTakenError):
        templates.save_template(work, name="CALM", rules=TemplateRules(ppvs=6))


def test_applied_to_pages_it_changes_what_it_says_and_leaves_the_rest(work, add_page):
    page = add_page("Luna", overrides={"bumps": 3, "webhook": "https://hooks.aurora.example/luna"})
    calm = templates.save_template(work, name="Calm", rules=TemplateRules(ppvs=5, cooldown_days=40))
    templates.apply_template(work, template_id=calm.id, page_ids=[page.id])
    told = overrides_of(page).model_dump(mode="json", exclude_none=True)
    assert told == {"ppvs": 5, "bumps": 3, "cooldown_days": 40, "webhook": "https://hooks.aurora.example/luna"}


def test_days_off_are_no_habit_of_a_page(work, add_page):
    off = templates.save_template(work, name="Quiet Sundays", rules=TemplateRules(days_off=(6,)))
    with pytest.raises(templates.OnlyForWeeksError):
        templates.apply_template(work, template_id=off.id, page_ids=[add_page("Luna").id])


def test_over_http_all_pages_or_none(client, work, add_page):
    page = add_page("Luna")
    work.session.commit()
    made = client.post(API, json={"name": "Calm", "rules": {"ppvs": 5}}).json()
    both = {"page_ids": [str(page.id), str(new_id())]}
    assert client.post(f"{API}/{made['id']}/apply", json=both).json()["code"] == NoSuchPageError.code
    found = client.post(f"{API}/{made['id']}/apply", json={"page_ids": [str(page.id)]}).json()
    assert found[0]["overrides"]["ppvs"] == 5
    assert client.put(f"{API}/{made['id']}", json={"ppvs": 4}).json()["rules"]["ppvs"] == 4
    assert [one["name"] for one in client.get(API).json()] == ["Calm"]
    assert client.delete(f"{API}/{made['id']}").status_code == 204
    assert client.get(API).json() == []
    assert client.post(API, json={"name": "Neither"}).status_code == 422
    assert client.post(API, json={"name": "X", "rules": {"ppvs": -1}}).status_code == 422


def test_viewers_stay_out(signed_in):
    assert signed_in("viewer").get(API).status_code == 403
