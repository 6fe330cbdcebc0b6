"""Pages: described rightly, removed and brought back, and seen by whom they concern."""

from dataclasses import replace
from datetime import time

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from kalends.base.ids import new_id
from kalends.identity.service import NoSuchPersonError
from kalends.messages import creator_pages, settings
from kalends.messages.creator_pages import (
    AdministratorsOnlyError,
    CannotWorkOnPagesError,
    NoSuchPageError,
    PageNameTakenError,
)
from kalends.messages.page_schemas import Overrides, PageChange, PageIn


def names(work):
    return [page.name for page in creator_pages.list_pages(work)]


def test_a_page_has_usual_quiet_hours_unless_it_says_others(add_page, work):
    settings.change_settings(work, {"quiet_from": "01:30", "quiet_until": "06:00"})
    usual, own = add_page("Luna"), add_page("Nova", quiet_from=time(22), quiet_until=time(6))
    assert (usual.quiet_from, usual.quiet_until) == (time(1, 30), time(6))
    assert (own.quiet_from, own.quiet_until) == (time(22), time(6))


def test_zones_are_iana_and_written_as_it_writes_them():
    assert PageIn(name="Luna", zone="america/new_york", currency="usd").zone == "America/New_York"
    for zone in ("Mars/Olympus", "EST5", "", "+02:00"):
        with pytest.raises(ValidationError, match="is no time zone"):
            PageIn(name="Luna", zone=zone, currency="USD")
    with pytest.raises(ValidationError):
        PageIn(name="Luna", zone="UTC", currency="dollars")


def test_overrides_know_their_fields():
    found = Overrides(ppvs=9, webhook="https://hooks.example/luna")
    assert found.model_dump(mode="json", exclude_none=True) == {"ppvs": 9, "webhook": "https://hooks.example/luna"}
    for wrong in ({"ppv": 9}, {"ppvs": -1}, {"min_gap_minutes": 5}, {"webhook": "file:///etc/passwd"}):
        with pytest.raises(ValidationError):
            Overrides(**wrong)


def test_a_name_is_taken_once_in_any_case_until_its_page_is_removed(add_page, work):
    first = add_page("Luna")
    with pytest.raises(PageNameTakenError):
        add_page("LUNA")
    creator_pages.remove_page(work, page_id=first.id)
    second = add_page("luna")
    with pytest.raises(PageNameTakenError):
        creator_pages.restore_page(work, page_id=first.id)
    creator_pages.change_page(work, page_id=second.id, change=PageChange(name="Nova"))
    creator_pages.restore_page(work, page_id=first.id)
    assert names(work) == ["Luna", "Nova"]


def test_a_change_touches_only_what_is_given(add_page, work):
    page = add_page("Luna", external_id="x1", overrides=Overrides(ppvs=9))
    creator_pages.change_page(work, page_id=page.id, change=PageChange(zone="Europe/Berlin"))
    assert (page.zone, page.external_id, page.overrides, page.currency) == ("Europe/Berlin", "x1", {"ppvs": 9}, "USD")
    creator_pages.change_page(work, page_id=page.id, change=PageChange(external_id=None, overrides=Overrides(bumps=3)))
    assert (page.external_id, page.overrides) == (None, {"bumps": 3})


def test_below_an_administrator_people_see_only_their_own_pages(add_page, work, acting_as):
    luna, nova = add_page("Luna"), add_page("Nova")
    editor = acting_as("editor")
    assert names(editor) == []
    assert names(acting_as("admin")) == ["Luna", "Nova"]
    creator_pages.assign_people(work, page_id=luna.id, person_ids=[editor.scope.person_id])
    assert names(editor) == ["Luna"]
    assert creator_pages.find_page(editor, name="luna").id == luna.id
    for hidden in (
        lambda: creator_pages.get_page(editor, page_id=nova.id),
        lambda: creator_pages.find_page(editor, name="Nova"),
        lambda: creator_pages.change_page(editor, page_id=nova.id, change=PageChange(name="Mine")),
        lambda: creator_pages.people_of(editor, page_id=nova.id),
    ):
        with pytest.raises(NoSuchPageError) as told:
            hidden()
        assert "Nova" not in told.value.message.partition(":")[2]
    creator_pages.assign_people(work, page_id=luna.id, person_ids=[])
    assert names(editor) == []


def test_a_key_without_a_person_has_nobodys_pages(add_page, work):
    add_page()
    key = replace(work.scope, role="editor", person_id=None)
    assert names(replace(work, scope=key)) == []


def test_whoever_adds_a_page_works_on_it(acting_as):
    editor = acting_as("editor")
    page = creator_pages.add_page(editor, PageIn(name="Luna", zone="UTC", currency="USD"))
    assert names(editor) == ["Luna"]
    for forbidden in (
        lambda: creator_pages.remove_page(editor, page_id=page.id),
        lambda: creator_pages.assign_people(editor, page_id=page.id, person_ids=[]),
    ):
        with pytest.raises(AdministratorsOnlyError):
            forbidden()


def test_only_people_who_reach_the_messages_are_assigned(add_page, work, acting_as):
    page = add_page()
    with pytest.raises(CannotWorkOnPagesError, match="make them an editor"):
        creator_pages.assign_people(work, page_id=page.id, person_ids=[acting_as("viewer").scope.person_id])
    with pytest.raises(NoSuchPersonError):
        creator_pages.assign_people(work, page_id=page.id, person_ids=[new_id()])


def test_a_page_is_found_by_its_platforms_id_too(add_page, work):
    page = add_page("Luna", external_id="4711")
    add_page("4712")
    assert creator_pages.find_page(work, name=" 4711 ").id == page.id
    with pytest.raises(NoSuchPageError, match="4712, Luna"):
        creator_pages.find_page(work, name="Stella")


def test_changes_are_in_the_trail(add_page, work):
    page = add_page()
    creator_pages.change_page(work, page_id=page.id, change=PageChange(name="Nova"))
    creator_pages.change_page(work, page_id=page.id, change=PageChange(name="Nova"))
    creator_pages.remove_page(work, page_id=page.id)
    actions = work.session.execute(
        text("SELECT action FROM audit_entries WHERE subject_kind = 'message_page' ORDER BY id")
    )
    assert actions.scalars().all() == ["page.added", "page.changed", "page.removed"]
