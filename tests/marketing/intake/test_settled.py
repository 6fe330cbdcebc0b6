"""How long days take to settle, as a company says: it holds in answers and quality, and answers as of earlier keep theirs."""

from datetime import date, timedelta

import pytest
from intake_rows import meta_rows
from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.insight import service as insight
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing import batches
from kalends.marketing.connectors import connections, runs
from kalends.marketing.quality import service as quality
from kalends.marketing.quality.jobs import SCORE_NEW_DAY
from kalends.marketing.settling import BY_RULE, ENOUGH, SEEN_BY, Curve, Settling, SettlingRule, measured
from kalends.marketing.stewardship import rules, settled

HERE = "/api/v1/marketing/settling"
LAST = date(2026, 3, 10)
SPAN = Period(LAST - timedelta(days=9), LAST)
"""Ten days, the last of them 19 days old at the end of the month."""


@pytest.fixture
def march(room, clock):
    """A company of ten days of Meta, at the end of March."""
    clock.now = clock.now.replace(month=3, day=29)
    room.load([row for day in SPAN.dates() for row in meta_rows(1, date_start=f"{day}", date_stop=f"{day}")])
    return room


def answer(house, scope, **more):
    with house.work(scope) as work:
        return insight.run(work, query=Query(("spend",), SPAN, **more))


def told(client, source="facebook_ads"):
    return client.get(HERE, params={"data_source": source}).json()["sources"][0]


def connected(house, scope, *, reread, label="Shop"):
    with house.work(scope) as work:
        made = connections.create(work, data_source="facebook_ads", label=label, entered={"access_token": "a"})
        connections.choose(work, connection_id=made.id, reread=reread)
        return made.id


def test_what_a_company_says_holds_in_answers(house, scope, client, march):
    assert answer(house, scope).is_provisional
    said = client.put(f"{HERE}/meta", json={"way": "days", "days": 18}).json()
    assert (said["data_source"], said["way"], said["provisional_days"], said["trailing_days"]) == (
        "facebook_ads", "days", 18, 28
    )  # fmt: skip
    assert said["settled_until"] == f"{LAST}"
    assert not answer(house, scope).is_provisional
    client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 19})
    found = answer(house, scope)
    assert (found.is_provisional, found.settled_until) == (True, LAST - timedelta(days=1))
    client.put(f"{HERE}/facebook_ads", json={"way": "rule"})
    assert answer(house, scope).settled_until == date(2026, 2, 28)
    assert told(client)["chosen_days"] is None


def test_an_answer_as_of_earlier_keeps_what_was_said_then(house, scope, client, march, clock):
    first, then = answer(house, scope), clock()
    clock.advance(hours=1)
    client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 0})
    assert not answer(house, scope).is_provisional
    past = answer(house, scope, as_of=then)
    assert (past.is_provisional, past.settled_until, past.handle) == (True, first.settled_until, first.handle)
    with house.work(scope) as work:
        assert insight.again(work, handle=first.handle).is_provisional


def test_home_and_exports_follow(house, scope, client, march):
    asked = {"date_range_start": f"{SPAN.start}", "date_range_end": f"{SPAN.end}", "treatments": ["spend"],
             "kpi": "conversions", "format": "csv"}  # fmt: skip
    with house.work(scope) as work:
        assert insight.home(work, period=SPAN).by_day.is_provisional
    assert ",True," in client.post("/api/v1/marketing/export/causal", json=asked).text.replace("true", "True")
    client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 7})
    with house.work(scope) as work:
        home = insight.home(work, period=SPAN)
    assert (home.by_day.is_provisional, home.by_day.settled_until) == (False, None)
    panel = client.post("/api/v1/marketing/export/causal", json=asked).text.splitlines()
    place = panel[0].split(",").index("is_provisional")
    assert {line.split(",")[place].lower() for line in panel[1:]} == {"false"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"way": "days"}, "bad_settling"),
        ({"way": "days", "days": -1}, "bad_settling"),
        ({"way": "days", "days": 401}, "bad_settling"),
        ({"way": "rule", "days": 3}, "bad_settling"),
        ({"way": "measured"}, "too_few_days"),
    ],
)
def test_says_what_is_wrong(client, march, said, code):
    refused = client.put(f"{HERE}/facebook_ads", json=said)
    assert (refused.status_code, refused.json()["code"]) == (409 if code == "too_few_days" else 422, code)
    assert told(client)["way"] == "rule"


def test_a_source_that_nobody_knows_is_named(client):
    refused = client.put(f"{HERE}/facbook_ads", json={"way": "rule"})
    assert (refused.status_code, refused.json()["detail"]) == (
        422, "“facbook_ads” is not known; did you mean facebook_ads?"
    )  # fmt: skip


def test_only_who_may_load_says_it_and_it_is_written_down(signed_in, house, scope, march):
    assert signed_in("viewer").put(f"{HERE}/facebook_ads", json={"way": "days", "days": 3}).status_code == 403
    signed_in("owner").put(f"{HERE}/facebook_ads", json={"way": "days", "days": 3})
    with house.work(scope) as work:
        trail = text("SELECT after::text FROM audit_entries WHERE subject_kind = 'settling'")
        assert '"days": 3' in work.session.execute(trail).scalar_one()
        kept = work.session.execute(
            text("SELECT name FROM announcements WHERE name = :name"), {"name": settled.CHANGED}
        )
        assert len(kept.all()) == 1


def test_quality_goes_by_it(house, scope, client, march):
    client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 120})
    with house.work(scope) as work:
        assert quality.scope_of(work).settling("facebook_ads") == 120
        assert settled.settling_of(work).longest == 120


def test_the_same_again_changes_nothing(house, scope, client, march):
    for _ in range(2):
        client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 3})
    with house.work(scope) as work:
        assert len(rules.history_of(work, kind="settling")) == 1
    assert client.get("/api/v1/marketing/rules/settling").status_code == 422, "it has an address of its own"


def test_what_is_asked_for_again_is_provisional_at_least_so_long(house, scope, client, march):
    one = connected(house, scope, reread=40)
    found = told(client)
    assert (found["asked_again_days"], found["provisional_days"], found["way"]) == (40, 40, "rule")
    assert answer(house, scope).settled_until == date(2026, 2, 16)
    client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 3})
    assert told(client)["provisional_days"] == 40
    other = connected(house, scope, reread=60, label="Other")
    assert told(client)["provisional_days"] == 60
    with house.work(scope) as work:
        runs.remove(work, connection_id=other)
    assert told(client)["provisional_days"] == 40
    with house.work(scope) as work:
        connections.restore(work, connection_id=other)
    assert told(client)["provisional_days"] == 60
    for connection_id in (one, other):
        client.patch(f"/api/v1/marketing/connections/{connection_id}", json={"reread": None})
    assert (told(client)["asked_again_days"], told(client)["provisional_days"]) == (None, 3)


def test_a_shorter_window_does_not_settle_a_day_sooner(house, scope, client, march):
    connected(house, scope, reread=3)
    assert told(client)["provisional_days"] == 28


SEEN, DONE = 15, 19
"""Days that are told while they are one to three days old, and how old the first of them is when their spend is final."""


def load_days(room, clock, *, again, quick=(), seen_little=()):
    """Days that come three at a time; on the last load, all are told once more, at least `again` days old. What
    accounts `quick` say at first is their last word; of `seen_little` nobody asks again but for their first days.
    """
    start = date(2026, 1, 1)
    loads = [(start + timedelta(days=first + 3), range(first, first + 3), "50") for first in range(0, SEEN, 3)]
    loads.append((start + timedelta(days=DONE), range(SEEN), "100"))
    loads.append((start + timedelta(days=SEEN - 1 + again), range(SEEN), "100"))
    for number, (today, places, spend) in enumerate(loads, start=1):
        clock.now = clock.now.replace(year=today.year, month=today.month, day=today.day)
        told = [
            {"account_id": one, "spend": "100" if one in quick else spend}
            | dict.fromkeys(("date_start", "date_stop"), f"{start + timedelta(days=place)}")
            for place in places
            for one in ("1", "2")
            if not (one in seen_little and number == len(loads) and place > 2)
        ]
        room.load([row for more in told for row in meta_rows(1, **more)])
    clock.advance(days=40)


def test_as_measured_is_what_was_seen(house, scope, client, room, clock):
    load_days(room, clock, again=28)
    found = told(client)
    assert (found["measured_days"], found["measured_over"]) == (DONE, SEEN)
    said = client.put(f"{HERE}/facebook_ads", json={"way": "measured"}).json()
    assert (said["way"], said["chosen_days"], said["provisional_days"]) == ("measured", DONE, DONE)
    client.headers["accept"] = "text/html"
    assert '<option value="measured" selected>As measured: 19 days</option>' in client.get("/data/settling").text
    with house.work(scope) as work:
        kept = SettlingRule(data_source="facebook_ads", days=9, is_measured=True)
        rules.save(work, kind="settling", rules=(kept,))
    score_new_day(house, scope)
    assert told(client)["provisional_days"] == DONE


def test_an_account_of_which_enough_was_seen_is_measured_by_itself(house, scope, client, room, clock):
    load_days(room, clock, again=28, quick=("2",))
    found = told(client)
    assert found["measured_accounts"] == [{"account_id": "1", "days": DONE}, {"account_id": "2", "days": SEEN_BY}]
    said = client.put(f"{HERE}/facebook_ads", json={"way": "measured"}).json()
    assert (said["chosen_accounts"], said["provisional_days"]) == (found["measured_accounts"], DONE)
    client.headers["accept"] = "text/html"
    page = client.get("/data/settling").text
    assert f"measured over all accounts; by account: 1 after {DONE} days, 2 after {SEEN_BY} days" in page
    today = date(2026, 1, SEEN + SEEN_BY)  # the last day of the quick account is settled, of the other none
    clock.now = clock.now.replace(month=today.month, day=today.day + 1)
    found = {one: asked_of(house, scope, one) for one in ("1", "2")}
    assert (found["1"].is_provisional, found["2"].is_provisional) == (True, False)
    assert found["1"].settled_until == clock.now.date() - timedelta(days=DONE + 1)
    client.put(f"{HERE}/facebook_ads", json={"way": "rule"})
    assert told(client)["chosen_accounts"] == []


def asked_of(house, scope, account, **more):
    """The spend of one account in the days that were seen."""
    days = Period(date(2026, 1, 1), date(2026, 1, SEEN))
    with house.work(scope) as work:
        return insight.run(work, query=Query(("spend",), days, (), (Filter("account_id", (account,)),), **more))


def test_an_account_of_which_too_little_was_seen_goes_by_the_source(house, scope, client, room, clock):
    load_days(room, clock, again=28, seen_little=("2",))
    found = told(client)
    assert found["measured_accounts"] == [{"account_id": "1", "days": DONE}]
    client.put(f"{HERE}/facebook_ads", json={"way": "measured"})
    with house.work(scope) as work:
        now = settled.settling_of(work)
    assert [now.days("facebook_ads", one) for one in ("1", "2", "never seen")] == [DONE, DONE, DONE]
    with house.work(scope) as work:
        kept = SettlingRule(data_source="facebook_ads", days=9, is_measured=True, accounts={"2": 4})
        rules.save(work, kind="settling", rules=(kept,))
    score_new_day(house, scope)
    # What can be measured no more stays as it was.
    assert told(client)["chosen_accounts"] == [{"account_id": "1", "days": DONE}, {"account_id": "2", "days": 4}]


def score_new_day(house, scope):
    """Have the worker do what it does when a day has begun."""
    with house.work(scope) as work:
        task = work.defer(SCORE_NEW_DAY)
    run_task(house, scope.tenant_id, task)


def test_days_that_nobody_looked_at_again_prove_nothing(client, room, clock):
    load_days(room, clock, again=13)
    found = told(client)
    assert (found["measured_days"], found["measured_over"]) == (None, 0)
    assert found["curves"][0]["days"] == 2 * SEEN


def test_a_day_that_is_settled_to_the_company_alone_says_nothing_of_settling(client, room, clock):
    day = clock.now.date() - timedelta(days=1)
    room.load(meta_rows(1, date_start=f"{day}", date_stop=f"{day}"))
    clock.advance(days=10)
    client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 3})
    assert told(client)["curves"] == []
    clock.advance(days=19)
    assert told(client)["curves"][0]["days"] == 1
    client.put(f"{HERE}/facebook_ads", json={"way": "days", "days": 60})
    assert told(client)["curves"] == []


def test_days_that_were_taken_back_prove_nothing(client, room, clock, house, scope):
    load_days(room, clock, again=28)
    with house.work(scope) as work:
        newest = batches.listing().limit(1)
        batches.take_back(work, batch_id=work.session.scalars(newest).one().id)
    room.work_off()
    assert told(client)["measured_over"] == 0


def test_the_page_shows_and_changes_it(client, march):
    client.headers["accept"] = "text/html"
    page = client.get("/data/settling").text
    assert "28 days: longest click window" in page
    assert f"0 days of at least {ENOUGH}" in page
    assert 'value="measured"' not in page
    client.post("/data/settling/facebook_ads", data={"way": "days", "days": "12"})
    page = client.get("/data/settling").text
    assert "provisional for 12 days" in page
    assert '<option value="days" selected>' in page
    for days in ("401", "x", ""):
        client.post("/data/settling/facebook_ads", data={"way": "days", "days": days})
        assert "Give a whole number of days from 0 to 400" in client.get("/data/settling").text
    assert "provisional for 12 days" in client.get("/data/settling").text


@pytest.mark.unit
def test_what_a_rule_says():
    source = {"data_source": "facebook_ads"}
    assert [SettlingRule(**source, **more).holds for more in (
        {}, {"days": 3}, {"asked_again": 40}, {"days": 3, "asked_again": 20}, {"asked_again": 2}
    )] == [28, 3, 40, 20, 28]  # fmt: skip
    assert Settling.of([SettlingRule(**source, days=200)]).longest == 200
    by_account = SettlingRule(**source, days=9, is_measured=True, accounts={"1": 4, "2": 12}, asked_again=6)
    assert ([by_account.days_of(one) for one in ("1", "2", "3")], by_account.holds) == ([6, 12, 9], 12)
    now = Settling.of([by_account])
    assert [now.days("facebook_ads", one) for one in ("1", "2", "3", None)] == [6, 12, 9, 12]
    assert now.days("google_ads", "1") == 30
    assert BY_RULE.longest == 90


@pytest.mark.unit
def test_what_can_be_measured():
    curve = Curve("facebook_ads", "spend", ENOUGH, ENOUGH, (0.5, 1.0))
    late = Curve("facebook_ads", "revenue", ENOUGH, ENOUGH, (0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0))
    assert (measured([curve]), measured([curve, late])) == (SEEN_BY, 6)
    assert measured([Curve("facebook_ads", "spend", 2 * ENOUGH, ENOUGH - 1, (1.0,))]) is None, "of two accounts"
    assert measured([]) is None
