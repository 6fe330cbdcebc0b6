"""Saved templates: a week's rules under a name, made the habit of pages."""

import re
from datetime import date
from html import unescape

import message_world
import pytest
from sqlalchemy import text as sql

from kalends.base.ids import new_id
from kalends.messages import schedule_templates as templates
from kalends.messages import schedules
from kalends.messages.creator_pages import NoSuchPageError, change_page, overrides_of
from kalends.messages.models import MessageSchedule
from kalends.messages.page_schemas import PageChange
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
    assert found["pages"][0]["overrides"]["ppvs"] == 5
    undone = client.post(f"{API}/changes/{found['change_id']}/undo").json()
    assert undone[0]["overrides"]["ppvs"] is None
    assert client.put(f"{API}/{made['id']}", json={"ppvs": 4}).json()["rules"]["ppvs"] == 4
    assert [one["name"] for one in client.get(API).json()] == ["Calm"]
    assert client.patch(f"{API}/{made['id']}", json={"name": "Calmer"}).json()["name"] == "Calmer"
    assert client.delete(f"{API}/{made['id']}").status_code == 204
    assert client.post(f"{API}/{made['id']}/restore").json()["rules"]["ppvs"] == 4
    assert client.delete(f"{API}/{made['id']}").status_code == 204
    assert client.get(API).json() == []
    assert client.post(API, json={"name": "Neither"}).status_code == 422
    assert client.post(API, json={"name": "X", "rules": {"ppvs": -1}}).status_code == 422


def test_viewers_stay_out(signed_in):
    assert signed_in("viewer").get(API).status_code == 403


def test_a_name_is_changed_and_none_is_taken_from_another(work):
    calm, loud = (templates.save_template(work, name=name, rules=TemplateRules(ppvs=5)) for name in ("Calm", "Loud"))
    assert templates.change_template(work, template_id=calm.id, name="CALM").name == "CALM"
    assert templates.rules_of(calm) == TemplateRules(ppvs=5)
    with pytest.raises(templates.TemplateNameTakenError):
        templates.change_template(work, template_id=loud.id, name="calm")


def test_what_was_removed_comes_back_once(work):
    calm = templates.save_template(work, name="Calm", rules=TemplateRules(ppvs=5, days_off=(6,)))
    with pytest.raises(templates.NothingToUndoError):
        templates.restore_template(work, template_id=calm.id)
    templates.remove_template(work, template_id=calm.id)
    back = templates.restore_template(work, template_id=calm.id)
    assert (back.id, back.name, templates.rules_of(back)) == (calm.id, "Calm", TemplateRules(ppvs=5, days_off=(6,)))
    templates.remove_template(work, template_id=calm.id)
    templates.save_template(work, name="calm", rules=TemplateRules())
    with pytest.raises(templates.TemplateNameTakenError):
        templates.restore_template(work, template_id=calm.id)


def test_habits_come_back_but_not_over_what_was_changed_since(work, add_page):
    luna, nova = add_page("Luna", overrides={"ppvs": 9}), add_page("Nova")
    calm = templates.save_template(work, name="Calm", rules=TemplateRules(ppvs=5))
    done = templates.apply_template(work, template_id=calm.id, page_ids=[luna.id, nova.id])
    change_page(work, page_id=nova.id, change=PageChange(overrides={"ppvs": 6}))
    assert templates.undo_apply(work, change_id=done.change_id) == [luna]
    assert (luna.overrides, nova.overrides) == ({"ppvs": 9}, {"ppvs": 6})
    with pytest.raises(templates.NothingToUndoError):
        templates.undo_apply(work, change_id=new_id())


PAGE = "/messages-templates"


def follow(client, path, **data):
    """Post a form; gives the page that it leads to, and what the toast says."""
    answer = client.post(path, data=data | {"csrf_token": client.headers["X-CSRF-Token"]}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    shown = client.get(answer.headers["location"], headers=HTML)
    assert shown.status_code == 200
    return unescape(shown.text)


HTML = {"accept": "text/html"}
BUILDS = sql("SELECT args FROM tasks WHERE kind = 'messages.build'")


def test_the_pages_write_change_apply_and_remove_with_undo(client, work, add_page):
    page = add_page("Luna")
    work.session.commit()
    assert "No templates yet" in client.get(PAGE, headers=HTML).text
    text = follow(client, f"{PAGE}/new", name=" Calm ", ppvs="5", bumps="", follow_ups="false", min_gap_minutes="150")
    assert "“Calm” is saved." in text
    (made,) = client.get(API).json()
    assert made["rules"] == {"ppvs": 5, "bumps": None, "min_gap_minutes": 150, "follow_ups": False,
                             "cooldown_days": None, "days_off": []}  # fmt: skip
    here = f"{PAGE}/{made['id']}"
    assert "5 paid · at least 2 h 30 min apart · without reminders" in unescape(client.get(PAGE, headers=HTML).text)
    assert "Tick the pages" in follow(client, f"{here}/apply")
    text = follow(client, f"{here}/apply", page=[str(page.id)])
    assert "1 page keeps to it" in text
    undo = re.search(rf"{PAGE}/changes/[0-9a-f-]+/undo", text)[0]
    assert "As before: Luna." in follow(client, undo)
    assert "no page" in follow(client, undo)
    assert "Saved." in follow(client, here, name="Calmer", ppvs="4", day_off=["6", "5"])
    rules = client.get(API).json()[0]["rules"]
    assert (rules["ppvs"], rules["follow_ups"], rules["days_off"]) == (4, None, [5, 6])
    assert "Days off are for single weeks" in client.get(here, headers=HTML).text
    text = follow(client, f"{here}/remove")
    assert f"{here}/restore" in text
    assert client.get(API).json() == []
    assert "“Calmer” is back." in follow(client, f"{here}/restore")
    assert client.get(API).json()[0]["rules"] == rules


def test_the_form_says_what_does_not_fit(client, work):
    templates.save_template(work, name="Calm", rules=TemplateRules())
    work.session.commit()
    for wrong, words in (
        ({"name": "calm"}, "already"),
        ({"name": "  "}, "Give it a name"),
        ({"name": "x" * 101}, "Give it a name"),
        ({"name": "Loud", "ppvs": "1000"}, "less than or equal to 100"),
        ({"name": "Loud", "min_gap_minutes": "soon"}, "valid integer"),
        ({"name": "Loud", "day_off": "9"}, "less than or equal to 6"),
    ):
        answer = client.post(f"{PAGE}/new", data=wrong | {"csrf_token": client.headers["X-CSRF-Token"]})
        assert (answer.status_code, words in unescape(answer.text)) == (422, True), wrong
    assert len(client.get(API).json()) == 1


def test_a_week_becomes_a_template_and_others_are_built_with_it(client, house, scope):
    with house.work(scope) as work:
        luna = message_world.add_page(work)
        bank = message_world.add_captions(work, page=luna)
        message_world.add_history(work, [luna], captions=bank)
    week = schedules.build(house, scope, page_id=luna.id, first_day=date(2026, 3, 9))
    text = follow(client, f"/messages/schedule/{week.id}/template", name="As Luna")
    assert "“As Luna” is saved" in text
    assert "Give it a name" in follow(client, f"/messages/schedule/{week.id}/template", name="")
    (made,) = client.get(API).json()
    assert made["rules"]["ppvs"] == week.plan["rules"]["ppv"]
    assert "As Luna" in client.get("/messages", headers=HTML).text
    text = follow(client, "/messages/build", page=[str(luna.id)], template=made["id"])
    assert f'<option value="{made["id"]}" selected>' in text
    with house.work(scope) as work:
        told = work.session.execute(BUILDS).scalars().all()
    assert [each["template_id"] for each in told] == [made["id"]]


def test_viewers_see_no_template_pages(signed_in):
    assert signed_in("viewer").get(PAGE, headers=HTML).status_code == 403
