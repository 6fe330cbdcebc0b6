"""Two entries that may be one event: asked about, answered, heeded ever after, carried over, taken back."""

from datetime import date

import pytest
from sqlalchemy import select

from kalends.calendar import pairs, service, sources
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.consolidation import SourceCalendar, consolidate
from kalends.calendar.events import EventFields
from kalends.calendar.models import EventPair
from kalends.calendar.reading import SourceEntry
from kalends.calendar.sourcereading import read_file

YEAR = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}
TEAM = "id,name,start,end\nt1,Aurora lamp launch,2026-03-10,2026-03-12\nt2,Summer fair,2026-07-01,2026-07-02\n"
AGENCY = "id,name,start,end\na1,Aurora lamp roll-out,2026-03-11,2026-03-15\n"


def read(work, label, content):
    known = {source.label: source for source in sources.list_sources(work)}
    source = known.get(label) or sources.add_source(work, label=label)
    read_file(work, source_id=source.id, content=content.encode(), file_name=f"{label}.csv")
    return consolidate_pending(work, calendar_id=source.calendar_id)


@pytest.fixture
def doubtful(work):
    """Two calendars with an entry each that may be one event."""
    read(work, "Team", TEAM)
    read(work, "Agency", AGENCY)
    return work


def the_pair(work, *states):
    [pair] = pairs.list_pairs(work, states=states or ("open", "same", "different"))
    return pair


def lamps(work):
    return sorted(event.name for event in service.list_events(work, **YEAR) if "lamp" in event.name)


def test_a_doubtful_pair_is_kept_with_the_reasons_of_its_score(doubtful):
    pair = the_pair(doubtful)
    assert (pair.left_entry, pair.right_entry, pair.state) == ("agency/a1", "team/t1", "open")
    assert 0.65 <= pair.score < 0.85
    assert {part["name"] for part in pair.parts} >= {"title", "interval"}
    assert pair.said["left"]["fields"]["name"] == "Aurora lamp roll-out"
    assert len(lamps(doubtful)) == 2


def test_one_event_joins_them_and_stays_so(doubtful):
    pairs.answer_pair(doubtful, pair_id=the_pair(doubtful).id, answer="same")
    assert len(lamps(doubtful)) == 1
    read(doubtful, "Agency", AGENCY.replace("03-15", "03-16"))
    read(doubtful, "Team", TEAM.replace("Aurora lamp launch", "Launch: Aurora"))
    assert len(service.list_events(doubtful, **YEAR)) == 2
    assert the_pair(doubtful).state == "same"


def test_two_events_keeps_them_apart_and_asks_no_more(doubtful):
    pairs.answer_pair(doubtful, pair_id=the_pair(doubtful).id, answer="different")
    read(
        doubtful,
        "Agency",
        AGENCY.replace("Aurora lamp roll-out,2026-03-11,2026-03-15", "Aurora lamp launch,2026-03-10,2026-03-12"),
    )
    assert lamps(doubtful) == ["Aurora lamp launch", "Aurora lamp launch"]  # alike in all, and yet two
    assert the_pair(doubtful).state == "different"


def test_an_answer_taken_back_gives_both_events_back_by_their_ids(doubtful):
    before = {event.name: event.id for event in service.list_events(doubtful, **YEAR)}
    pair_id = the_pair(doubtful).id
    pairs.answer_pair(doubtful, pair_id=pair_id, answer="same")
    assert pairs.reopen_pair(doubtful, pair_id=pair_id).state == "open"
    assert {event.name: event.id for event in service.list_events(doubtful, **YEAR)} == before


def test_two_events_taken_back_is_a_question_again(doubtful):
    pair_id = the_pair(doubtful).id
    pairs.answer_pair(doubtful, pair_id=pair_id, answer="different")
    assert pairs.reopen_pair(doubtful, pair_id=pair_id).state == "open"
    assert the_pair(doubtful).score >= 0.65


@pytest.mark.parametrize("answer", ["same", "different"])
def test_an_answer_follows_an_entry_to_its_new_key(work, answer):
    bare = "name,start,end\nAurora lamp roll-out,2026-03-11,2026-03-15\n"
    read(work, "Team", TEAM)
    read(work, "Agency", bare)
    pairs.answer_pair(work, pair_id=the_pair(work).id, answer=answer)
    read(work, "Agency", bare.replace("roll-out", "roll-out week"))
    assert len(lamps(work)) == (1 if answer == "same" else 2)
    assert the_pair(work).state == answer


def test_a_question_that_no_longer_arises_goes(doubtful):
    read(doubtful, "Agency", AGENCY.replace("2026-03-11,2026-03-15", "2026-05-11,2026-05-15"))
    assert doubtful.session.scalars(select(EventPair)).all() == []


def test_entries_that_went_take_their_question_along(doubtful):
    read(doubtful, "Agency", "id,name,start,end\na2,Other thing,2026-09-01,2026-09-02\n")
    assert doubtful.session.scalars(select(EventPair)).all() == []


def test_any_two_entries_may_be_called_two_events(work):
    read(work, "Team", TEAM)
    read(work, "Agency", TEAM.replace("t1", "a1").replace("t2", "a2"))
    assert len(lamps(work)) == 1
    pairs.join_or_part(work, entries=("team/t1", "agency/a1"), answer="different")
    assert len(lamps(work)) == 2
    with pytest.raises(pairs.BadPairError, match="source/key"):
        pairs.join_or_part(work, entries=("team/t1", "agency/none"), answer="same")


def test_answering_again_and_running_again_changes_nothing(doubtful):
    pair_id = the_pair(doubtful).id
    pairs.answer_pair(doubtful, pair_id=pair_id, answer="same")
    before = [(event.id, event.row_version) for event in service.list_events(doubtful, **YEAR)]
    pairs.answer_pair(doubtful, pair_id=pair_id, answer="same")
    assert [(event.id, event.row_version) for event in service.list_events(doubtful, **YEAR)] == before


def test_an_event_made_by_hand_keeps_its_id_when_a_sources_event_was_there_first(work):
    read(work, "Team", TEAM)
    made = service.create_event(
        work,
        fields=EventFields(
            name="Aurora lamp launch", starts_on=date(2026, 3, 10), ends_on=date(2026, 3, 12), owner="Ann"
        ),
    )
    read(work, "Team", TEAM.replace("2026-07-01", "2026-06-30"))
    assert [(event.id, event.owner) for event in service.list_events(work, **YEAR) if "lamp" in event.name] == [
        (made.id, "Ann")
    ]


def test_over_http(client):
    for label, content in (("Team", TEAM), ("Agency", AGENCY)):
        source = client.post("/api/v1/calendar/sources", json={"label": label}).json()
        client.post(
            f"/api/v1/calendar/sources/{source['id']}/file?file_name=x.csv",
            content=content.encode(),
            headers={"content-type": "application/octet-stream"},
        )
    client.post("/api/v1/calendar/consolidate", json={})
    found = client.get("/api/v1/calendar/pairs").json()
    [pair] = found["pairs"]
    assert found["counts"] == {"open": 1}
    assert [side["source"] for side in pair["entries"]] == ["agency", "team"]
    answered = client.post(f"/api/v1/calendar/pairs/{pair['id']}/answer", json={"answer": "same"}).json()
    assert answered["state"] == "same"
    again = client.post(f"/api/v1/calendar/pairs/{pair['id']}/reopen").json()
    assert again["pair"]["state"] == "open"
    assert client.post(f"/api/v1/calendar/pairs/{pair['id']}/answer", json={"answer": "maybe"}).status_code == 422


# The pure function.


def entry(key, name, first, last):
    return SourceEntry(key, {"name": name, "starts_on": first, "ends_on": last})


LAUNCH = entry("x1", "Aurora lamp launch", "2026-03-10", "2026-03-12")
ROLL_OUT = entry("y2", "Aurora lamp roll-out", "2026-03-11", "2026-03-15")
WEEK = entry("z3", "Aurora lamp launch", "2026-03-10", "2026-03-12")


def members(master):
    return sorted(event.members for event in master.events)


@pytest.mark.parametrize("names", [("a", "b", "c"), ("c", "a", "b")])
def test_what_is_the_same_as_one_member_is_the_same_as_all(names):
    kept = dict(zip(names, (LAUNCH, ROLL_OUT, WEEK), strict=True))
    calendars = [SourceCalendar(name, [said]) for name, said in kept.items()]
    one, two = f"{names[0]}/x1", f"{names[1]}/y2"
    assert len(consolidate(calendars).events) == 2
    answers = {(min(one, two), max(one, two)): True}
    assert members(consolidate(calendars, answers=answers)) == [tuple(sorted((one, two, f"{names[2]}/z3")))]
    apart = consolidate(calendars, answers={(min(one, two), max(one, two)): False})
    assert (len(apart.events), apart.asks) == (2, ())
