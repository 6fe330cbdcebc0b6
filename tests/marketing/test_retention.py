"""Retention: rules, a plan that removes nothing, holds, what goes once it is confirmed, and what answers say then."""

import io
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kalends.base.worker import run_task
from kalends.cli.stewardship import plan_lines
from kalends.identity.service import Door
from kalends.marketing import batches, jobs, lineage, service, versions
from kalends.marketing.intake import replays
from kalends.marketing.quality import results
from kalends.marketing.quality import service as quality
from kalends.marketing.reconciliation import answers, deciding
from kalends.marketing.reconciliation.cells import Cell, Decision
from kalends.marketing.stewardship import clearing, retention
from kalends.marketing.stewardship.retention import months_before

assert jobs.apply_batches.kind  # the kind is declared by importing it


@pytest.fixture
def tenant(company):
    """The company itself; the engines' own tenants belong to the tests of versions."""
    return company


@pytest.fixture
def work_off(house, scope):
    def run():
        with house.work(scope) as work:
            waiting = list(
                work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars()
            )
        for task in waiting:
            run_task(house, scope.tenant_id, task)

    return run


@pytest.fixture
def ingest(house, scope, work_off):
    def load(*rows, source="facebook_ads"):
        body = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
        batch = service.land_file(Door(house=house, scope=scope, is_local=True), body, data_source=source)
        work_off()
        return batch

    return load


def row(day, spend="10", **more):
    return {"account_id": "act_1", "account_currency": "EUR", "campaign_id": "c1", "date_start": day, "date_stop": day,
            "spend": spend, "impressions": "1000", "clicks": "20"} | more  # fmt: skip


@pytest.fixture
def history(ingest, clock):
    """March 2026: a day, and a row that cannot be read. A year later: the same day restated, and a new one."""
    first = ingest(row("2026-02-10"), row("tomorrow"))
    second = ingest(row("2026-02-10", "11"))
    clock.advance(days=365)
    third = ingest(row("2026-02-10", "12"), row("2027-02-20"))
    clock.advance(hours=1)
    return first, second, third


def planned(house, scope, **months):
    with house.work(scope) as work:
        for name, number in months.items():
            retention.set_rule(work, data_class=name, months=number)
        run = retention.plan(work)
        return run.id, {entry["data_class"]: entry for entry in run.plan}


def carry_out(house, scope, run, work_off):
    with house.work(scope) as work:
        made = retention.confirm(work, run_id=run).id
    work_off()
    with house.work(scope) as work:
        return batches.get(work, made)


@pytest.mark.unit
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(1, 300))
def test_months_before_is_the_same_day_of_an_earlier_month_or_its_last(now, months):
    found = months_before(now.replace(tzinfo=UTC), months)
    assert (now.year - found.year) * 12 + now.month - found.month == months
    assert found.day == now.day or (found.day < now.day and (found.toordinal() + 1, 1) == (
        (after := date.fromordinal(found.toordinal() + 1)).toordinal(), after.day))  # fmt: skip


def test_a_plan_says_what_would_go_and_removes_nothing(house, scope, history):
    assert planned(house, scope)[1] == {}  # everything is kept for ever until somebody says otherwise
    _, plan = planned(house, scope, payloads=6, versions=6, facts=6, quarantine=6)
    assert {name: entry["count"] for name, entry in plan.items()} == {
        "payloads": 2, "versions": 1, "facts": 3, "quarantine": 2,
    }  # fmt: skip
    assert plan["payloads"]["bytes"] > 100
    assert (plan["facts"]["oldest"], plan["facts"]["newest"]) == ("2026-02-10", "2026-02-10")
    assert plan["versions"]["before"] == "2026-09-02"
    assert "known only since 2026-09-02" in plan["versions"]["ends"]
    with house.work(scope) as work:
        kept = [int(work.warehouse.table(name).count().execute()) for name in ("facts", "facts_past")]
        assert sum(kept) == 4
        assert batches.get(work, history[0]).file_id is not None
    assert plan_lines({"plan": list(plan.values())})[0].startswith("payloads: 2 before 2026-09-02")


def test_what_is_confirmed_goes_in_its_turn_and_answers_say_so(house, scope, clock, history, work_off, ingest):
    first, _, third = history
    run, plan = planned(house, scope, payloads=6, versions=6, quarantine=6)
    made = carry_out(house, scope, run, work_off)
    assert (made.state, made.report["removed"]) == ("published", {"payloads": 2, "versions": 1, "quarantine": 2})
    with house.work(scope) as work:
        assert {name: entry["count"] for name, entry in plan.items()} == retention.get_run(work, run_id=run).removed
        assert service.data_version(work) == made.seq
        assert versions.verify(work.warehouse) == []
        gone = batches.get(work, first)
        assert (gone.file_id, len(gone.sha256)) == (None, 64)  # what it was can still be proven
        with pytest.raises(lineage.NoSuchRowError):
            lineage.raw_line(work, batch=gone, source_row=1)
        assert len(list(house.files.list(scope.tenant_id))) == 1
        with pytest.raises(batches.CannotTakeBackError, match="kept since 2026-09-02"):
            batches.take_back(work, batch_id=first)
        trail = work.session.execute(text("SELECT action FROM audit_entries WHERE subject_kind = 'retention_run'"))
        assert set(trail.scalars()) == {"confirm_retention", "clear_by_retention"}
        with pytest.raises(retention.NotPlannedError):
            retention.confirm(work, run_id=run)
        batches.take_back(work, batch_id=third)
    work_off()
    with house.work(scope) as work:  # the newest statement before the horizon is there again
        assert [str(v) for v in work.warehouse.execute("SELECT spend FROM facts").column("spend").to_pylist()] == [
            "11.000000"
        ]
    assert planned(house, scope)[1] == {}


def test_as_of_before_the_horizon_is_refused_and_after_it_answered(house, scope, clock, history, work_off):
    from kalends.insight import service as insight
    from kalends.insight.periods import Period
    from kalends.insight.query import Query

    def spend(as_of=None):
        with house.work(scope) as work:
            question = Query(("spend",), Period(date(2026, 2, 1), date(2026, 2, 28)), as_of=as_of)
            return insight.run(work, query=question)

    early, late = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    with house.work(scope) as work:  # the second file came in June
        work.session.execute(
            text("UPDATE batches SET published_at = :at WHERE seq = 2"), {"at": datetime(2026, 6, 1, tzinfo=UTC)}
        )
    old = spend(early)
    assert (float(old.totals["spend"]), float(spend(late).totals["spend"])) == (10, 11)
    handle = old.handle
    run, _ = planned(house, scope, versions=6)
    carry_out(house, scope, run, work_off)
    with pytest.raises(insight.NotKnownYetError, match="Nothing was known"):
        spend(datetime(2026, 3, 1, tzinfo=UTC))
    with pytest.raises(insight.NotKnownYetError, match="Known only since 2026-09-02"):
        spend(early)
    with house.work(scope) as work, pytest.raises(insight.NotKnownYetError, match="Known only since"):
        insight.again(work, handle=handle)
    assert float(spend(late).totals["spend"]) == 11
    assert float(spend().totals["spend"]) == 12

    def reconciled(at):
        question = answers.Question(date(2026, 2, 1), date(2026, 2, 28), ("spend",), at=at)
        with house.work(scope) as work:
            return [total.value for total in answers.ask(work, question).totals]

    with pytest.raises(insight.NotKnownYetError, match="Known only since 2026-09-02"):
        reconciled(early)
    assert reconciled(late) == [11]


def test_what_replaced_something_that_was_removed_is_not_read_again(house, scope, history, work_off):
    first, _, third = history
    with house.work(scope) as work:
        again = replays.replay(work, batch_id=first).id
    work_off()
    run, _ = planned(house, scope, versions=6)
    carry_out(house, scope, run, work_off)
    with house.work(scope) as work:
        for batch in (first, again):
            with pytest.raises(replays.CannotReplayError, match="kept since 2026-09-02"):
                replays.replay(work, batch_id=batch)
            with pytest.raises(batches.CannotTakeBackError, match="kept since 2026-09-02"):
                batches.take_back(work, batch_id=batch)
        assert [batch.id for batch in replays.to_replay(work, is_all=True)] == [third]


def test_nobody_is_answered_while_versions_go(house, scope, history, work_off, monkeypatch):
    """The horizon is known before the first version goes."""
    run, _ = planned(house, scope, versions=6)
    seen, real = [], clearing.forget_versions

    def look(tenant, **told):
        with house.work(scope) as work:
            seen.append(batches.known_since(work)[1])
        return real(tenant, **told)

    monkeypatch.setattr(clearing, "forget_versions", look)
    carry_out(house, scope, run, work_off)
    assert seen == [2]


def test_what_a_held_file_repeated_stays(house, scope, clock, ingest, work_off):
    ingest(row("2026-02-10"))
    ingest(row("2026-02-10"))
    ingest(row("2026-02-10", "12"))
    clock.advance(days=400)
    with house.work(scope) as work:
        hold = retention.place_hold(work, subject_kind="batch", subject="2", reason="A lawsuit")
    assert planned(house, scope, versions=6, facts=6)[1] == {}
    with house.work(scope) as work:
        retention.lift_hold(work, hold_id=hold.id)
    plan = planned(house, scope, versions=6, facts=6)[1]
    assert {name: entry["count"] for name, entry in plan.items()} == {"versions": 1, "facts": 2}


def test_orders_and_control_totals_of_old_days_go_with_them(house, scope, clock, ingest, work_off):
    def load(body):
        door = Door(house=house, scope=scope, is_local=True)
        service.land_file(door, io.BytesIO(body), data_source="orders", file_name="orders.csv")
        work_off()

    def kept():
        with house.work(scope) as work:
            found = work.warehouse.execute("SELECT order_id FROM orders ORDER BY 1").column("order_id").to_pylist()
            totals = work.warehouse.execute("SELECT date_from FROM control_totals").column("date_from").to_pylist()
        return found, totals

    clock.advance(days=365)
    head = b"order_id,date,market,total,currency\n"
    load(head + b"A,2026-02-01,DE,100,EUR\n")
    load(head + b"A,2026-02-01,DE,100,EUR\n")
    load(head + b"B,2026-02-01,DE,50,EUR\nC,2027-02-01,DE,70,EUR\n")
    ingest(row("2026-02-10"), row("2027-02-20"))
    with house.work(scope) as work:  # it only repeats what the first one said
        hold = retention.place_hold(work, subject_kind="batch", subject="2", reason="A lawsuit")
    run, plan = planned(house, scope, facts=6)
    assert (plan["facts"]["count"], plan["facts"]["oldest"]) == (2, "2026-02-01")
    assert carry_out(house, scope, run, work_off).report["removed"] == {"facts": 2}
    assert kept() == (["A", "C"], [date(2027, 2, 20)])
    with house.work(scope) as work:
        retention.lift_hold(work, hold_id=hold.id)
    carry_out(house, scope, planned(house, scope)[0], work_off)
    assert kept() == (["C"], [date(2027, 2, 20)])


def test_series_of_old_days_go_with_them(house, scope, clock, ingest, work_off):
    def load(body):
        door = Door(house=house, scope=scope, is_local=True)
        columns = {"index": "series:kpi", "date": "date_from"}
        options = {"columns": columns}
        service.land_file(door, io.BytesIO(body), data_source="file", file_name="index.csv", options=options)
        work_off()

    def kept():
        with house.work(scope) as work:
            return work.warehouse.execute("SELECT date_to FROM series ORDER BY 1").column("date_to").to_pylist()

    clock.advance(days=365)
    ingest(row("2027-02-20"))
    load(b"date,index\n2026-02-01,7\n2027-02-01,8\n")
    assert kept() == [date(2026, 2, 1), date(2027, 2, 1)]
    with house.work(scope) as work:
        hold = retention.place_hold(work, subject_kind="batch", subject="2", reason="A lawsuit")
    assert planned(house, scope, facts=6)[1] == {}
    with house.work(scope) as work:
        retention.lift_hold(work, hold_id=hold.id)
    run, plan = planned(house, scope)
    assert (plan["facts"]["count"], plan["facts"]["newest"]) == (1, "2026-02-01")
    carry_out(house, scope, run, work_off)
    assert kept() == [date(2027, 2, 1)]


def test_what_is_held_stays(house, scope, history, work_off):
    with house.work(scope) as work:
        with pytest.raises(retention.NothingHeldError):
            retention.place_hold(work, subject_kind="source", subject="nobody", reason="?")
        hold = retention.place_hold(work, subject_kind="batch", subject="1", reason="A lawsuit")
    run, plan = planned(house, scope, payloads=6, versions=6, facts=6, quarantine=6)
    assert {name: entry["count"] for name, entry in plan.items()} == {"payloads": 1}
    with house.work(scope) as work:
        made = retention.confirm(work, run_id=run).id
    with house.work(scope) as work:  # placed after the plan was confirmed: it counts all the same
        retention.place_hold(work, subject_kind="source", subject="facebook_ads", reason="An audit")
    work_off()
    with house.work(scope) as work:
        assert batches.get(work, made).report["removed"] == {"payloads": 0}
        retention.lift_hold(work, hold_id=hold.id)
        with pytest.raises(retention.NoSuchHoldError):
            retention.lift_hold(work, hold_id=hold.id)
        assert [one.reason for one in retention.list_holds(work)] == ["An audit"]


ALL = {"payloads": 6, "facts": 6, "quarantine": 6}


@pytest.mark.parametrize("change", ["lift", "place", "rule"])
def test_a_plan_is_void_once_holds_or_rules_are_others(house, scope, clock, history, work_off, change):
    with house.work(scope) as work:
        hold = retention.place_hold(work, subject_kind="batch", subject="1", reason="A lawsuit")
    run, plan = planned(house, scope, **ALL)
    assert "facts" not in plan
    clock.advance(minutes=1)
    with house.work(scope) as work:
        match change:
            case "lift":
                retention.lift_hold(work, hold_id=hold.id)
            case "place":
                retention.place_hold(work, subject_kind="batch", subject="2", reason="An audit")
            case "rule":
                retention.set_rule(work, data_class="payloads", months=1)
    with house.work(scope) as work, pytest.raises(retention.PlanVoidError, match="Look again"):
        retention.confirm(work, run_id=run)
    work_off()
    again, plan = planned(house, scope)
    removed = carry_out(house, scope, again, work_off).report["removed"]
    assert removed == {name: entry["count"] for name, entry in plan.items()}


def test_no_more_goes_than_the_plan_listed(house, scope, clock, history, work_off, ingest):
    with house.work(scope) as work:
        hold = retention.place_hold(work, subject_kind="batch", subject="1", reason="A lawsuit")
    run, plan = planned(house, scope, **ALL)
    counts = {name: entry["count"] for name, entry in plan.items()}
    assert counts == {"payloads": 1}
    with house.work(scope) as work:
        made = retention.confirm(work, run_id=run).id
        retention.lift_hold(work, hold_id=hold.id)  # lifted before what was confirmed has had its turn
    work_off()
    with house.work(scope) as work:
        assert batches.get(work, made).report["removed"] == counts
    run, plan = planned(house, scope, facts=6)
    assert plan["facts"]["count"] == 3
    ingest(row("2026-02-10", campaign_id="c2"), row("2026-02-11"))  # old days that came since
    assert carry_out(house, scope, run, work_off).report["removed"]["facts"] == 3
    with house.work(scope) as work:
        days = work.warehouse.execute("SELECT date_from, campaign_id FROM facts ORDER BY 1, 2").to_pylist()
    assert [(str(one["date_from"]), one["campaign_id"]) for one in days] == [
        ("2026-02-10", "c2"), ("2026-02-11", "c1"), ("2027-02-20", "c1"),
    ]  # fmt: skip


def test_a_file_whose_words_others_need_stays(house, scope, clock, ingest, work_off):
    body = io.BytesIO(b"week,sales,tv_spend,search_spend\n2026-01-05,1,2,3\n2026-01-12,2,3,4\n2026-01-19,2,3,4\n")
    batch = service.land_file(Door(house=house, scope=scope, is_local=True), body, data_source="file")
    work_off()
    with house.work(scope) as work:
        assert batches.get(work, batch).report["series"] == 9
    ingest({"id": "c1", "name": "Spring", "account_id": "1", "objective": "X", "status": "ACTIVE"})
    clock.advance(days=400)
    assert planned(house, scope, payloads=6)[1] == {}


def test_a_file_that_was_read_again_stays_as_long_as_its_last_reading(house, scope, clock, ingest, work_off):
    first = ingest(row("2026-02-10"))
    clock.advance(days=200)
    with house.work(scope) as work:
        again = service.replay(work, batch_id=first).id
    work_off()
    middle = clock.now.date()

    def doomed(before):
        with house.work(scope) as work:
            return {batch.id for batch in work.session.scalars(retention._payloads(before, retention.Holds()))}

    assert doomed(middle) == set()
    assert doomed(date(2027, 6, 1)) == {first, again}


def test_over_http_and_as_a_page(house, scope, history, signed_in, work_off):
    admin = signed_in("admin")
    assert signed_in("editor").get("/api/v1/retention").status_code == 403
    told = admin.put("/api/v1/retention", json={"facts": 6}).json()
    assert (told["months"]["facts"], told["months"]["versions"], told["known_since"]) == (6, None, None)
    assert admin.put("/api/v1/retention", json={"audit": 6}).json()["code"] == "unknown_data_class"
    assert admin.put("/api/v1/retention", json={"facts": 0}).json()["code"] == "bad_months"
    run = admin.post("/api/v1/retention/plan").json()
    assert [(entry["data_class"], entry["count"]) for entry in run["plan"]] == [("facts", 3)]
    admin.headers["accept"] = "text/html"
    page = admin.get("/settings/retention").text
    assert "Numbers of old days" in page
    assert 'value="6" selected' in page
    assert "Days before 2026-09-02 have no data any more" in page
    wrong = admin.post(f"/settings/retention/{run['id']}/confirm", data={"sure": "yes, it goes"})
    assert wrong.status_code == 422
    assert 'value="yes, it goes"' in wrong.text
    assert "type the word “remove”" in wrong.text
    assert "Numbers of old days" in wrong.text
    wrong = admin.post("/settings/retention/holds", data={"subject": "Gogle Ads", "reason": "An old case"})
    assert wrong.status_code == 422
    assert 'value="An old case"' in wrong.text
    assert "nothing has come. There are: facebook_ads." in wrong.text
    assert "Say why" in admin.post("/settings/retention/holds", data={"subject": "1"}).text
    assert "no file" in admin.post("/settings/retention/holds", data={"subject": "9" * 30, "reason": "?"}).text
    admin.post("/settings/retention/holds", data={"subject": "Meta Ads", "reason": "By its name"})
    with house.work(scope) as work:
        [hold] = retention.list_holds(work)
        assert (hold.subject_kind, hold.subject) == ("source", "facebook_ads")
        retention.lift_hold(work, hold_id=hold.id)
    held = admin.post("/settings/retention/holds", data={"subject": "1", "reason": "A lawsuit"})
    assert held.status_code == 303
    page = admin.get("/settings/retention").text
    assert "A lawsuit" in page
    assert "this plan can no longer be confirmed" in page
    assert admin.post(f"/api/v1/retention/runs/{run['id']}/confirm").json()["code"] == "plan_void"
    refused = admin.post(f"/settings/retention/{run['id']}/confirm", data={"sure": "remove"})
    assert "nothing was removed" in admin.get(refused.headers["location"]).text
    admin.post("/settings/retention/plan")
    assert "Nothing would go" in admin.get("/settings/retention").text
    with house.work(scope) as work:
        [hold] = retention.list_holds(work)
        assert work.warehouse.table("facts").count().execute() == 2  # held
    admin.post(f"/settings/retention/holds/{hold.id}/lift")
    admin.post("/settings/retention", data={"facts": "6"})
    newest = admin.get("/api/v1/retention/runs").json()[0]
    assert newest["plan"][0]["count"] == 3
    went = admin.post(f"/settings/retention/{newest['id']}/confirm", data={"sure": "Remove"})
    assert "is being removed" in admin.get(went.headers["location"]).text
    work_off()
    page = admin.get(went.headers["location"]).text
    assert "Removed for good: 3 of “Numbers of old days”." in page
    assert "received" not in page
    assert "carried out" in admin.get("/settings/retention").text
    with house.work(scope) as work:
        assert work.warehouse.table("facts").count().execute() == 1
    listed = admin.get("/data?show=all").text
    assert "Cleared by retention rules" in listed


def test_what_was_found_on_old_days_and_decided_about_them_goes_with_them(house, scope, clock, ingest, work_off):
    clock.advance(days=365)
    ingest(*(row(f"{month}-10", clicks="2000") for month in ("2026-02", "2026-03", "2027-02")))
    ingest(row("2026-02-10", clicks="2000") | {"account_id": "act_2"})
    with house.work(scope) as work:
        quality.score_everything(work)
        for one in results.findings(work, results.Wanted(first=date(2026, 1, 1), last=date(2027, 12, 31))):
            quality.acknowledge(work, finding=one.id, note="so it was")
    for day in ("2026-02-10", "2027-02-10"):
        cell = Cell("spend", date.fromisoformat(day), "facebook_ads")
        with house.work(scope) as work:
            deciding.decide(work, cells=[cell], decision=Decision(value=12.0))
    assert left(house, scope) == {
        "quality_days": {"2026-02", "2026-03", "2027-02"}, "quality_findings": {"2026-02", "2026-03", "2027-02"},
        "quality_acknowledgements": {"2026-02", "2026-03", "2027-02"}, "claim_resolutions": {"2026-02", "2027-02"},
    }  # fmt: skip

    with house.work(scope) as work:
        hold = retention.place_hold(work, subject_kind="batch", subject="2", reason="A lawsuit")
    run, _ = planned(house, scope, facts=11)  # before April 2026
    carry_out(house, scope, run, work_off)
    with house.work(scope) as work:
        quality.score_news(work)
    # Of the other account, February is held, and with it what was found on it and decided about it.
    assert left(house, scope) == {
        "quality_days": {"2026-02", "2027-02"}, "quality_findings": {"2026-02", "2027-02"},
        "quality_acknowledgements": {"2026-02", "2027-02"}, "claim_resolutions": {"2026-02", "2027-02"},
    }  # fmt: skip
    with house.work(scope) as work:
        retention.lift_hold(work, hold_id=hold.id)
    run, _ = planned(house, scope, facts=11)
    carry_out(house, scope, run, work_off)
    assert set(map(frozenset, left(house, scope).values())) == {frozenset({"2027-02"})}


def left(house, scope):
    """Of which months something is kept that was found or decided."""
    with house.work(scope) as work:
        found = {
            name: work.warehouse.execute(f"SELECT DISTINCT date FROM {name}").column("date").to_pylist()
            for name in ("quality_days", "quality_findings")
        }
        for name, day in (("quality_acknowledgements", "date"), ("claim_resolutions", "day")):
            found[name] = work.session.execute(text(f"SELECT {day} FROM {name}")).scalars().all()
    return {name: {f"{day:%Y-%m}" for day in days} for name, days in found.items()}
