"""How the building of weeks goes: bounds, one message for each thing that begins, figures and rules for Prometheus."""

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from prometheus_client import generate_latest

from kalends.base.ids import new_id
from kalends.identity.service import add_person
from kalends.messages.health import Alert, health_of, watch
from kalends.messages.models import MessageSchedule, PagePerson, ScheduleExport
from kalends.messages.monitoring import watch_builds
from kalends.notify.models import InboxEntry

RULES = Path(__file__).parents[2] / "deploy" / "alerts.yaml"


@pytest.fixture
def ran(work, add_page):
    """`ran(status="failed", ago=hours)` notes a build, of a page of its own unless one is given."""
    usual = add_page("Luna")

    def note(*, count=1, status="success", hours=0.0, seconds=2.0, way="build", page=usual):
        for _ in range(count):
            work.session.add(
                ScheduleExport(
                    tenant_id=work.scope.tenant_id, id=new_id(), schedule_id=None, page_id=page.id, person_id=None,
                    label="", way=way, exported_at=work.now - timedelta(hours=hours), rows=10, seconds=seconds,
                    status=status, error=None if status == "success" else "no captions",
                )
            )  # fmt: skip
        work.session.flush()

    return note


def test_a_room_that_is_not_used_is_well(work):
    assert health_of(work).alerts == ()
    assert health_of(work).success_rate is None


@pytest.mark.parametrize(
    ("good", "failed", "alerts"),
    [(9, 1, ()), (8, 1, (Alert.FAILING,)), (0, 1, (Alert.FAILING,))],
)
def test_fewer_than_nine_of_ten_are_too_few(work, ran, good, failed, alerts):
    ran(count=good)
    ran(count=failed, status="failed", hours=2)
    assert health_of(work).alerts == alerts


def test_what_is_older_than_a_week_is_forgotten(work, ran):
    ran(count=5, status="failed", hours=7 * 24)
    ran(hours=1)
    assert (health_of(work).runs, health_of(work).alerts) == (1, ())


@pytest.mark.parametrize(("seconds", "alerts"), [(30.0, ()), (30.1, (Alert.SLOW,))])
def test_more_than_half_a_minute_is_slow_and_failures_do_not_count(work, ran, seconds, alerts):
    ran(count=10, seconds=seconds)
    ran(status="failed", hours=2, seconds=900)
    assert health_of(work).alerts == alerts


@pytest.fixture
def planned(work):
    """`planned(page, hours)` gives the page a schedule that ends in so many hours on the page's clock."""

    def put(page, hours, *, state="approved"):
        zone = ZoneInfo(page.zone)
        end = (work.now.astimezone(zone) + timedelta(hours=hours)).date()
        # The day is one whose midnight is at least so far away.
        while datetime.combine(end, time(0), tzinfo=zone) < work.now + timedelta(hours=hours):
            end += timedelta(days=1)
        work.session.add(
            MessageSchedule(
                tenant_id=work.scope.tenant_id, id=new_id(), page_id=page.id, first_day=end - timedelta(days=7), days=7,
                zone=page.zone, seed=1, state=state, tier="SMALL", saturation_zone="GREEN", total_messages=0, plan={},
                analysis={}, inputs={}, seconds=1.0, created_by=None, created_at=work.now, approved_by=None,
                approved_at=None, superseded_at=None,
            )
        )  # fmt: skip
        work.session.flush()

    return put


@pytest.mark.parametrize(("hours", "alerts"), [(24, ()), (24.1, (Alert.SILENT,)), (9 * 24, (Alert.SILENT,))])
def test_a_day_without_a_build_is_silence_when_a_week_is_due(work, ran, add_page, planned, hours, alerts):
    planned(add_page("Nova", zone="Asia/Tokyo"), 1)
    ran(hours=hours)
    ran(way="csv")
    assert health_of(work).alerts == alerts


@pytest.mark.parametrize(
    ("ends_in", "due"), [(1, 1), (23, 1), (48, 0), (7 * 24, 0), (-5 * 24, 1), (-8 * 24, 0)]
)  # fmt: skip
def test_who_builds_once_a_week_is_not_disturbed(work, ran, add_page, planned, ends_in, due):
    page = add_page("Nova", zone="Australia/Lord_Howe")
    planned(page, ends_in)
    planned(page, ends_in + 24 * 30, state="discarded")
    add_page("Never planned")
    ran(hours=100)
    found = health_of(work)
    assert (found.due, found.is_silent, found.alerts) == (due, True, (Alert.SILENT,) * due)
    page.is_active = False
    work.session.flush()
    assert health_of(work).due == 0


def test_the_alert_says_how_many_pages_wait(work, ran, add_page, planned):
    planned(add_page("Nova"), 1)
    ran(hours=100)
    found = health_of(work)
    assert "1 page has none for the next two days" in found.words(Alert.SILENT)


@pytest.mark.parametrize(("count", "way", "alerts"), [(2, "csv", ()), (3, "webhook", (Alert.NOISY,))])
def test_three_errors_in_an_hour_of_any_kind(work, ran, count, way, alerts):
    ran()
    ran(count=count, way=way, status="failed", hours=0.9)
    ran(count=5, way=way, status="failed", hours=1)
    assert health_of(work).alerts == alerts


def test_everybody_sees_the_health_of_their_own_pages(work, ran, add_page, acting_as):
    mine, own = add_page("Nova"), acting_as("editor")
    work.session.add(PagePerson(tenant_id=work.scope.tenant_id, id=new_id(), page_id=mine.id,
                                person_id=own.scope.person_id, assigned_at=work.now))  # fmt: skip
    ran(status="failed")
    ran(page=mine)
    assert (health_of(own).runs, health_of(own).failed) == (1, 0)
    assert health_of(work).runs == 2


def test_administrators_are_told_once_and_again_when_it_begins_again(work, ran):
    admin = add_person(work, email="ada@aurora.example", name="Ada", role="admin")

    def told():
        entries = work.session.query(InboxEntry).filter_by(person_id=admin.id)
        return sorted(entry.kind for entry in entries)

    ran(status="failed", hours=2)
    watch(work)
    watch(work)
    assert told() == ["messages.failing"]
    ran(count=20)
    watch(work)
    assert told() == ["messages.failing"]
    ran(count=9, status="failed", hours=3)
    watch(work)
    assert told() == ["messages.failing", "messages.failing"]


def test_the_chore_sets_the_figures_that_the_rules_ask_for(house, work, ran):
    ran(count=3, seconds=4.0)
    ran(status="failed")
    work.session.commit()
    watch_builds(house)
    shown = dict(line.rsplit(" ", 1) for line in generate_latest().decode().splitlines() if not line.startswith("#"))
    assert float(shown['kalends_message_builds{status="success"}']) == 3
    assert float(shown['kalends_message_builds{status="failed"}']) == 1
    assert float(shown["kalends_message_build_seconds"]) == 4.0
    assert float(shown["kalends_message_last_build_timestamp_seconds"]) == work.now.timestamp()
    assert float(shown["kalends_message_errors"]) == 1
    assert float(shown["kalends_message_pages_due"]) == 0
    rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    asked = {name for expr in rules for name in re.findall(r"kalends_\w+", expr)}
    assert len(rules) == len(Alert)
    assert asked <= {name.split("{")[0] for name in shown}


def test_over_http(client, anonymous):
    assert anonymous.get("/api/v1/messages/health").status_code == 401
    assert client.get("/api/v1/messages/health").json() == {
        "builds": 0, "failed": 0, "success_rate": None, "mean_seconds": None, "last_success_at": None,
        "pages_due": 0, "errors_last_hour": 0, "alerts": [],
    }  # fmt: skip
