"""How differences are settled: by strategy, by fields, by the order of sources; and who may settle critical ones."""

from datetime import date

import pytest
from sqlalchemy import select, text

from kalends.base.errors import ConflictError
from kalends.base.scope import Scope
from kalends.calendar import conflicts, policies, service, sources
from kalends.calendar.consolidating import consolidate_pending
from kalends.calendar.consolidation import Policy
from kalends.calendar.models import StoredConflict
from kalends.calendar.sourcereading import read_file
from kalends.identity.service import add_person
from kalends.methods.truth import STRATEGIES, register
from kalends.notify.models import InboxEntry

JANUARY = {"first": date(2026, 1, 1), "last": date(2026, 1, 31)}
HEAD = "id,name,start,end,country,impact,type,status"
TEAM = f"{HEAD}\nt1,Winter clearance,2026-01-12,2026-01-18,US,high,promotional_period,confirmed\n"
AGENCY = "id,name,start,end,country\na1,Winter clearance,2026-01-13,2026-01-19,US\n"
CRITICAL = TEAM.replace("high", "critical")


def read(work, label, content, **more):
    known = {source.label: source for source in sources.list_sources(work)}
    source = known.get(label) or sources.add_source(work, label=label, **more)
    read_file(work, source_id=source.id, content=content.encode(), file_name=f"{label}.csv")
    return consolidate_pending(work, calendar_id=source.calendar_id)


@pytest.fixture
def disagreeing(work):
    """Two calendars that differ about the days of one event; nothing tells which is right."""
    read(work, "Team", TEAM)
    read(work, "Agency", AGENCY)
    return work


def days(work):
    return work.session.scalars(select(StoredConflict).where(StoredConflict.field_group == "days")).one()


def first_day(work):
    [event] = service.list_events(work, **JANUARY)
    return event.starts_on.day


def test_two_that_differ_without_a_ground_wait_for_a_person(disagreeing):
    assert (days(disagreeing).state, days(disagreeing).strategy) == ("open", "intelligent")


def test_another_strategy_decides_anew_what_was_open(disagreeing):
    done = policies.set_policy(disagreeing, policy=Policy("highest_quality"))
    assert done.events == 1
    assert (days(disagreeing).state, days(disagreeing).strategy) == ("settled", "highest_quality")
    assert first_day(disagreeing) == 12  # the team's calendar says more


def test_what_a_person_decided_no_policy_decides_anew(disagreeing):
    conflicts.decide(disagreeing, conflict_id=days(disagreeing).id, source="agency")
    policies.set_policy(disagreeing, policy=Policy("highest_quality"))
    assert (days(disagreeing).state, first_day(disagreeing)) == ("decided", 13)


def test_single_fields_have_their_own_strategy(disagreeing):
    policies.set_policy(disagreeing, policy=Policy("highest_quality", {"days": "manual"}))
    assert (days(disagreeing).state, days(disagreeing).strategy) == ("open", "manual")


def test_the_policy_is_used_by_every_later_run(work):
    policies.set_policy(work, policy=Policy("highest_quality"))
    read(work, "Team", TEAM)
    read(work, "Agency", AGENCY)
    assert days(work).strategy == "highest_quality"


def test_a_registered_strategy_may_be_named(disagreeing):
    register("newest", STRATEGIES["highest_quality"])
    try:
        policies.set_policy(disagreeing, policy=Policy("newest"))
        assert days(disagreeing).strategy == "newest"
    finally:
        del STRATEGIES["newest"]


@pytest.mark.parametrize(
    ("policy", "priorities", "words"),
    [
        (Policy("luck"), {}, "No strategy is called 'luck'; known: .*intelligent"),
        (Policy("manual", {"days": "luck"}), {}, "No strategy is called 'luck'"),
        (Policy("manual", {"name": "majority"}), {}, "No strategy settles 'name'; it may be days"),
        (Policy("manual"), {"nobody": 1}, "No source is called 'nobody'; known: agency, team"),
    ],
)
def test_a_policy_that_names_what_is_not_there_is_refused(disagreeing, policy, priorities, words):
    with pytest.raises(policies.BadPolicyError, match=words):
        policies.set_policy(disagreeing, policy=policy, priorities=priorities)
    assert policies.get_policy(disagreeing).row_version == 0


def test_the_order_of_the_sources_changes_what_holds_meanwhile(disagreeing):
    policies.set_policy(disagreeing, policy=Policy("fixed_priority"), priorities={"agency": 1, "team": 2})
    assert first_day(disagreeing) == 13
    policies.set_policy(disagreeing, policy=Policy("fixed_priority"), priorities={"agency": 3})
    assert first_day(disagreeing) == 12


def test_two_who_change_it_at_once_are_told(disagreeing):
    policies.set_policy(disagreeing, policy=Policy("manual"), row_version=0)
    with pytest.raises(ConflictError):
        policies.set_policy(disagreeing, policy=Policy("majority"), row_version=0)


def test_the_same_policy_again_does_nothing(disagreeing):
    policies.set_policy(disagreeing, policy=Policy("manual"))
    assert policies.set_policy(disagreeing, policy=Policy("manual")).events == 0


def test_over_http_it_is_read_set_and_refused_in_words(client):
    found = client.get("/api/v1/calendar/policy").json()
    assert (found["strategy"], found["by_fields"], found["critical_waits"]) == ("intelligent", {}, True)
    assert {each["name"] for each in found["strategies"]} >= {"intelligent", "manual", "weighted_average"}
    assert all(each["about"].endswith(".") for each in found["strategies"])
    answer = client.put(
        "/api/v1/calendar/policy", json={"strategy": "highest_quality", "by_fields": {"days": "manual"}}
    )
    assert answer.json()["policy"]["by_fields"] == {"days": "manual"}
    assert client.get("/api/v1/calendar/policy").json()["row_version"] == 1
    refused = client.put("/api/v1/calendar/policy", json={"strategy": "luck"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_policy")
    assert client.put("/api/v1/calendar/policy", json={"critical_waits": False}).status_code == 422


# Critical differences.


@pytest.fixture
def critical(work):
    """The same two calendars, and much depends on the event."""
    read(work, "Team", CRITICAL)
    read(work, "Agency", AGENCY)
    return work


def editor(house, work):
    """A transaction of an editor; what `work` wrote is committed first."""
    person = add_person(work, email="ed@x.example", name="Ed Itor", role="editor")
    work.session.commit()
    return house.work(Scope(tenant_id=work.scope.tenant_id, role="editor", person_id=person.id))


def test_a_critical_difference_waits_whatever_the_strategy_chose(critical):
    policies.set_policy(critical, policy=Policy("highest_quality"))
    found = days(critical)
    assert (found.severity, found.state, found.strategy) == ("critical", "waiting", "highest_quality")


def test_an_editor_settles_what_is_not_critical(house, disagreeing):
    conflict_id = days(disagreeing).id
    with editor(house, disagreeing) as theirs:
        conflicts.decide(theirs, conflict_id=conflict_id, source="agency")
        found = days(theirs)
        assert (found.state, found.decided_label, found.approved_by) == ("decided", "Ed Itor", None)


def test_an_editor_may_not_settle_what_is_critical(house, critical):
    conflict_id = days(critical).id
    with editor(house, critical) as theirs:
        with pytest.raises(conflicts.ApprovalNeededError):
            conflicts.decide(theirs, conflict_id=conflict_id, source="agency")
        assert conflicts.accept_safe(theirs) == []


def test_who_approved_and_when_is_kept_and_audited(critical, clock):
    conflicts.decide(critical, conflict_id=days(critical).id, source="agency")
    found = days(critical)
    assert (found.state, found.approved_label, found.approved_at) == ("decided", "test", clock.now)
    said = critical.session.execute(text("SELECT action FROM audit_entries WHERE subject_kind = 'conflict'"))
    assert said.scalars().all() == ["conflict.approve"]


def test_an_editors_decision_waits_once_the_event_is_critical(house, disagreeing, scope):
    conflict_id = days(disagreeing).id
    with editor(house, disagreeing) as theirs:
        conflicts.decide(theirs, conflict_id=conflict_id, source="agency")
    with house.work(scope) as later:
        read(later, "Team", CRITICAL)
        found = days(later)
        assert (found.state, found.strategy, first_day(later)) == ("waiting", "person", 13)
        conflicts.decide(later, conflict_id=conflict_id)
        read(later, "Team", CRITICAL.replace("confirmed", "tentative"))
        assert (days(later).state, first_day(later)) == ("decided", 13)


def test_approvers_are_told_once_for_each_run(work):
    boss = add_person(work, email="boss@x.example", name="Boss", role="admin")
    add_person(work, email="ed@x.example", name="Ed", role="editor")
    second = "t2,Spring gala,2026-03-02,2026-03-08,US,critical,promotional_period,confirmed\n"
    read(work, "Team", CRITICAL + second)
    read(work, "Agency", AGENCY + "a2,Spring gala,2026-03-03,2026-03-09,US\n")
    [told] = work.session.scalars(select(InboxEntry)).all()
    assert (told.person_id, told.title) == (boss.id, "2 critical differences wait for your approval")
    read(work, "Agency", AGENCY.replace("-19", "-20") + "a2,Spring gala,2026-03-03,2026-03-09,US\n")
    assert len(work.session.scalars(select(InboxEntry)).all()) == 1  # nothing that was not known


def test_taking_back_gives_the_choice_to_the_strategy_again(critical, clock):
    conflict_id = days(critical).id
    conflicts.decide(critical, conflict_id=conflict_id, source="agency")
    assert conflicts.take_back(critical, at=clock.now) == [conflict_id]
    found = days(critical)
    assert (found.state, found.approved_at, first_day(critical)) == ("open", None, 12)
