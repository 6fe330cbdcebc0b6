"""Events by hand and by key: overrides, history, undo, optimistic locking, idempotency."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kalends.calendar import service
from kalends.calendar.errors import EventChangedError, EventError, EventNotFoundError, NothingToUndoError
from kalends.calendar.eventrows import fields_of
from kalends.calendar.events import EventFields

DAY = date(2025, 6, 10)


def fields(**more):
    return EventFields(**{"name": "Sale", "starts_on": DAY, "ends_on": DAY, "type": "promotional_period"} | more)


def june(work):
    return service.list_events(work, first=date(2025, 6, 1), last=date(2025, 6, 30))


def keyed(**more):
    return [service.KeyedEvent(key="a-1", fields=fields(**more))]


def test_create_read_change_delete(work):
    event = service.create_event(work, fields=fields())
    assert (event.source, event.row_version) == ("manual", 1)
    assert [e.id for e in june(work)] == [event.id]
    service.change_event(work, event_id=event.id, changes={"name": "Big sale", "impact": "high"}, row_version=1)
    assert fields_of(event) == fields(name="Big sale", impact="high")
    service.delete_event(work, event_id=event.id, row_version=2)
    assert list(june(work)) == []
    with pytest.raises(EventNotFoundError):
        service.get_event(work, event_id=event.id)
    assert [(h.version, h.is_deleted) for h in service.event_history(work, event_id=event.id)] == [
        (3, True),
        (2, False),
        (1, False),
    ]


def test_whoever_looked_at_an_older_version_is_told(work):
    event = service.create_event(work, fields=fields())
    service.change_event(work, event_id=event.id, changes={"name": "Hers"}, row_version=1)
    with pytest.raises(EventChangedError) as caught:
        service.change_event(work, event_id=event.id, changes={"name": "His"}, row_version=1)
    assert caught.value.details["current"]["name"] == "Hers"
    assert event.name == "Hers"


def test_a_change_that_changes_nothing_makes_no_version(work):
    event = service.create_event(work, fields=fields())
    service.change_event(work, event_id=event.id, changes={"name": "Sale"})
    assert event.row_version == 1


def test_upserting_the_same_again_changes_nothing(work):
    events = [service.KeyedEvent(key=f"k{n}", fields=fields(name=f"Event {n}")) for n in range(20)]
    first = service.upsert_events(work, events=events, source="agency")
    again = service.upsert_events(work, events=events[::-1], source="agency")
    assert (first.created, first.updated, first.unchanged) == (20, 0, 0)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 20)
    assert again.ids == first.ids[::-1]
    events[3] = service.KeyedEvent(key="k3", fields=fields(name="Renamed"))
    third = service.upsert_events(work, events=events, source="agency")
    assert (third.created, third.updated, third.unchanged) == (0, 1, 19)
    assert len(june(work)) == 20


def test_a_drag_is_an_override_that_outlives_the_sources_next_word(work):
    [event_id] = service.upsert_events(work, events=keyed(), source="agency").ids
    event = service.change_event(
        work, event_id=event_id, changes={"starts_on": date(2025, 6, 12), "ends_on": date(2025, 6, 13)}
    )
    assert event.provenance["starts_on"] == "manual"
    assert event.provenance["name"] == "agency"
    service.upsert_events(work, events=keyed(name="Sale, renamed", starts_on=date(2025, 6, 2)), source="agency")
    assert fields_of(event) == fields(name="Sale, renamed", starts_on=date(2025, 6, 12), ends_on=date(2025, 6, 13))
    manual = [h.fields for h in service.event_history(work, event_id=event_id) if h.source == "manual"]
    assert manual == [{"starts_on": "2025-06-12", "ends_on": "2025-06-13"}]


def test_what_a_person_deleted_stays_deleted(work):
    [event_id] = service.upsert_events(work, events=keyed()).ids
    service.delete_event(work, event_id=event_id)
    service.upsert_events(work, events=keyed(name="Again"))
    assert list(june(work)) == []
    service.undo_event(work, event_id=event_id)


def test_undo_takes_back_change_after_change(work):
    event = service.create_event(work, fields=fields())
    service.change_event(work, event_id=event.id, changes={"name": "Second"})
    service.change_event(work, event_id=event.id, changes={"name": "Third"})
    assert service.undo_event(work, event_id=event.id).name == "Second"
    assert service.undo_event(work, event_id=event.id).name == "Sale"
    assert service.undo_event(work, event_id=event.id).deleted_at is not None
    with pytest.raises(NothingToUndoError):
        service.undo_event(work, event_id=event.id)


def test_undo_of_a_drag_gives_the_source_its_say_back(work):
    [event_id] = service.upsert_events(work, events=keyed(), source="agency").ids
    service.change_event(work, event_id=event_id, changes={"name": "Ours"})
    event = service.undo_event(work, event_id=event_id)
    assert event.name == "Sale"
    assert set(event.provenance.values()) == {"agency"}


def test_undo_of_a_deletion_brings_the_event_back(work):
    event = service.create_event(work, fields=fields())
    service.delete_event(work, event_id=event.id)
    service.undo_event(work, event_id=event.id)
    assert [e.id for e in june(work)] == [event.id]


CHANGES = st.sampled_from(["rename", "move", "delete", "undo", "impact"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, min_size=1, max_size=8))
def test_undoing_everything_after_a_point_returns_to_it(work, steps):
    """The oracle: a stack of states. Undo pops one; everything else pushes."""
    event = service.create_event(work, fields=fields())
    states = [("Sale", DAY, "medium", True)]

    def push(**change):
        name, day, impact, alive = states[-1]
        states.append(
            (change.get("name", name), change.get("day", day), change.get("impact", impact), change.get("alive", alive))
        )

    for number, step in enumerate(steps):
        alive = states[-1][3]
        if step == "undo" and len(states) > 1:
            service.undo_event(work, event_id=event.id)
            states.pop()
        elif step == "rename" and alive:
            service.change_event(work, event_id=event.id, changes={"name": f"Name {number}"})
            push(name=f"Name {number}")
        elif step == "move" and alive:
            day = date(2025, 7, 1 + number)
            service.change_event(work, event_id=event.id, changes={"starts_on": day, "ends_on": day})
            push(day=day)
        elif step == "impact" and alive and states[-1][2] != "high":
            service.change_event(work, event_id=event.id, changes={"impact": "high"})
            push(impact="high")
        elif step == "delete" and alive:
            service.delete_event(work, event_id=event.id)
            push(alive=False)
        name, day, impact, alive = states[-1]
        assert (event.deleted_at is None) == alive
        if alive:
            assert (event.name, event.starts_on, event.impact) == (name, day, impact)
    while len(states) > 1:
        service.undo_event(work, event_id=event.id)
        states.pop()
    assert fields_of(event) == fields()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends_on": date(2025, 6, 9)}, "comes before"),
        ({"impact": "huge"}, "impact"),
        ({"colour": "red"}, "no field colour"),
        ({"name": ""}, "name"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(work, changes, words):
    event = service.create_event(work, fields=fields())
    with pytest.raises(EventError, match=words):
        service.change_event(work, event_id=event.id, changes=changes)
    assert fields_of(event) == fields()
    assert event.row_version == 1


def test_keys_must_be_told_apart(work):
    with pytest.raises(EventError, match=r"events\.1"):
        service.upsert_events(work, events=[*keyed(), *keyed(name="Twin")])
    with pytest.raises(EventError, match="manual"):
        service.upsert_events(work, events=keyed(), source="manual")


def test_the_same_key_of_two_sources_is_two_events(work):
    service.upsert_events(work, events=keyed(), source="agency")
    service.upsert_events(work, events=keyed(), source="sheet")
    assert len(june(work)) == 2


def test_every_write_is_in_the_audit_trail(work):
    event = service.create_event(work, fields=fields())
    service.change_event(work, event_id=event.id, changes={"name": "New"})
    service.undo_event(work, event_id=event.id)
    service.delete_event(work, event_id=event.id)
    actions = work.session.execute(text("SELECT action FROM audit_entries WHERE subject_kind = 'event' ORDER BY id"))
    assert list(actions.scalars()) == ["event.create", "event.change", "event.undo", "event.delete"]


def test_history_cannot_be_rewritten(work):
    service.create_event(work, fields=fields())
    with pytest.raises(Exception, match="permission denied"), work.session.begin_nested():
        work.session.execute(text("UPDATE source_events SET fields = '{}'"))
