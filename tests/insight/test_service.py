"""Questions to a workspace whose data came through the whole ingest."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from kalends import doctor
from kalends.base.errors import KalendsError
from kalends.base.worker import run_task
from kalends.insight import engine, service
from kalends.insight.asking import ENGINE, asker
from kalends.insight.periods import Period
from kalends.insight.query import Filter, Query
from kalends.marketing import jobs

FEBRUARY = Period(date(2026, 2, 1), date(2026, 2, 28))
assert jobs.apply_batches.kind  # declared by importing it


def row(day, *, campaign="c1", spend="10.00", purchases="2", value="50.00", **more):
    return {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": campaign, "campaign_name": campaign.upper(),
        "adset_id": "s1", "ad_id": f"{campaign}-1", "date_start": day, "date_stop": day, "spend": spend,
        "impressions": "1000", "clicks": "20",
        "actions": [{"action_type": "purchase", "value": purchases}],
        "action_values": [{"action_type": "purchase", "value": value}],
    } | more  # fmt: skip


def ask(house, scope, *metrics, period=FEBRUARY, **more):
    with house.work(scope) as work:
        return service.run(work, query=Query(metrics, period, **more))


def test_before_the_first_load_everything_is_unknown(house, scope):
    answer = ask(house, scope, "spend", "reach", dimensions=("channel",))
    assert (answer.rows, answer.totals) == ([], {"spend": None, "reach": None})
    assert (answer.snapshot.data_version, answer.coverage.days_with_data) == (0, 0)


def test_as_of_answers_what_was_known_then_and_a_handle_asks_it_again(house, scope, clock, ingest):
    ingest(row("2026-02-10"), row("2026-02-11", campaign="c2"))
    first = ask(house, scope, "spend", "revenue", dimensions=("campaign_id",))
    then = clock()
    clock.advance(days=1)
    ingest(row("2026-02-10", spend="30.00"), row("2026-02-12"))
    now = ask(house, scope, "spend", "revenue", dimensions=("campaign_id",))
    assert [r["spend"] for r in first.rows] == [10, 10]
    assert [r["spend"] for r in now.rows] == [40, 10]
    past = ask(house, scope, "spend", "revenue", dimensions=("campaign_id",), as_of=then + timedelta(hours=1))
    assert past.rows == first.rows
    assert past.handle == first.handle
    with house.work(scope) as work:
        assert service.again(work, handle=first.handle).rows == first.rows
        assert service.again(work, handle=now.handle).rows == now.rows
    by_ad = ask(house, scope, "spend", dimensions=("ad_id", "date"), as_of=then + timedelta(hours=1))
    assert [(r["ad_id"], r["spend"]) for r in by_ad.rows] == [("c1-1", 10), ("c2-1", 10)]


def test_the_same_ads_under_two_attribution_windows_count_once(house, scope, clock, ingest):
    wide, narrow = {"attribution_setting": "7d_click"}, {"attribution_setting": "1d_click"}
    ingest(row("2026-02-10", **wide), row("2026-02-11", campaign="c2", **wide))
    then = clock()
    clock.advance(days=1)
    ingest(row("2026-02-10", purchases="1", **narrow), row("2026-02-12", **narrow))
    for dimensions in ((), ("ad_id",)):  # from the rollup, from the facts
        told = ask(house, scope, "spend", "conversions", dimensions=dimensions)
        assert told.totals == {"spend": 30, "conversions": 6}
        assert "facebook_ads says the same under several attribution windows" in told.notes[0]
        assert "under 7d_click, else 1d_click;" in told.notes[0]
        past = ask(house, scope, "spend", "conversions", dimensions=dimensions, as_of=then + timedelta(hours=1))
        assert past.totals == {"spend": 20, "conversions": 4}
        assert past.notes == ()
    chosen = Filter("attribution", ("1d_click",))
    told = ask(house, scope, "spend", "conversions", filters=(chosen,))
    assert (told.totals, told.notes) == ({"spend": 20, "conversions": 3}, ())
    with house.work(scope) as work:
        traced = service.trace(work, handle=ask(house, scope, "conversions").handle)
    assert (traced.value, traced.count) == (6, 3)
    ingest(row("2026-02-10", spend="11.00", attribution_setting="7d_click_1d_view"))
    assert ask(house, scope, "spend").totals["spend"] == 31  # the platform's default before all others


def test_what_is_loaded_between_two_questions_of_one_asker_is_seen_by_neither(house, scope, ingest):
    ingest(row("2026-02-10"))
    query = Query(("spend",), FEBRUARY)
    with house.work(scope) as work:
        one = asker(work)
        ingest(row("2026-02-11"))
        assert engine.run(one, query).totals == {"spend": 10}
        assert "facts" not in one.tables.instead  # which would be the slow way, out of the log
        assert engine.run(asker(work), query).totals == {"spend": 20}


def test_mended_tables_are_read_anew_though_the_version_is_the_same(house, scope, ingest):
    ingest(row("2026-02-10"))
    with house.work(scope) as work:
        work.warehouse.run("INSERT INTO facts_past SELECT * FROM facts")
        for table in ("facts", "daily", "report_days"):
            work.warehouse.run(f"DELETE FROM {table}")
    assert ask(house, scope, "spend").totals == {"spend": None}
    doctor.mend(house)
    healed = ask(house, scope, "spend")
    assert (healed.totals, healed.coverage.days_with_data) == ({"spend": 10}, 1)


def test_nothing_was_known_before_the_first_load(house, scope, ingest):
    ingest(row("2026-02-10"))
    with pytest.raises(service.NotKnownYetError, match="Nothing was known"):
        ask(house, scope, "spend", as_of=datetime(2020, 1, 1, tzinfo=UTC))


def test_rollups_of_the_past_are_made_by_the_same_rules(house, scope, ingest):
    from kalends.insight.past import daily, daily_rows, report_days

    # Two accounts without ads: one whose campaigns tell all that was sold, one whose do not.
    for account, sold in (("act_2", 3), ("act_3", 2)):
        for campaign, purchases in (("c1", sold), (None, 3)):
            ingest(
                *(
                    {"account_id": account, "date_start": f"2026-02-{n:02}", "date_stop": f"2026-02-{n:02}"}
                    | ({"campaign_id": campaign} if campaign else {})
                    | {"actions": [{"action_type": "purchase", "value": str(purchases)}]}
                    for n in range(1, 10)
                )
            )
    ingest(*(row(f"2026-02-{n:02}", campaign=f"c{n % 3}", spend=f"{n}.25") for n in range(1, 28)))
    ingest(*(row(f"2026-02-{n:02}", campaign=f"c{n % 3}", attribution_setting="1d_click") for n in range(10, 28)))
    with house.work(scope) as work:
        facts = daily_rows(work.warehouse.table("facts"), has_windows=True)
        days = report_days(facts)
        made = work.warehouse.to_arrow(daily(facts, days).order_by("date", "account_id", "campaign_id")).to_pylist()
        held = work.warehouse.to_arrow(
            work.warehouse.table("daily").order_by("date", "account_id", "campaign_id")
        ).to_pylist()
        assert [{k: r[k] for k in held[0]} for r in made] == held
        speaks = {account: {r["report"] for r in held if r["account_id"] == account} for account in ("2", "3")}
        assert speaks == {"2": {"campaign"}, "3": {"account"}}
        covers = ["date", "data_source", "account_id", "report", "is_covering", "repeats"]
        told = work.warehouse.table("report_days").select(*covers).order_by(covers)
        assert (
            work.warehouse.to_arrow(days.select(*covers).order_by(covers)).to_pylist()
            == work.warehouse.to_arrow(told).to_pylist()
        )


def test_calendar_columns_group_facts_without_repeating_them(house, scope, ingest):
    from kalends.calendar import service as calendar

    ingest(row("2026-02-13"), row("2026-02-14", spend="7.00"), row("2026-02-15", spend="5.00"))
    with house.work(scope) as work:
        chosen = calendar.default_calendar(work)
        assert calendar.rebuild_days  # the kind is declared by importing it
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
        calendar_id = str(chosen.id)
    for task in waiting:
        run_task(house, scope.tenant_id, task)
    answer = ask(house, scope, "spend", dimensions=("is_weekend",), calendar=calendar_id)
    assert [(r["is_weekend"], r["spend"]) for r in answer.rows] == [(False, 10), (True, 12)]
    assert answer.totals["spend"] == Decimal(22)
    with house.work(scope) as work:
        assert service.period_of(work, words="this fiscal year").start == date(2026, 1, 1)


def test_home_is_two_answers_of_one_snapshot(house, scope, ingest):
    ingest(row("2026-02-10"), row("2026-02-20", spend="20.00"), row("2026-01-20", spend="6.00"))
    with house.work(scope) as work:
        home = service.home(work, period=FEBRUARY)
    assert home.by_channel.totals["spend"] == 30
    assert home.by_channel.totals["spend_before"] == 6
    assert [(r["date"].day, r["spend"]) for r in home.by_day.rows if r["spend"]] == [(10, 10), (20, 20)]
    assert home.by_day.totals == home.by_channel.totals


REQUEST = {
    "data_sources": ["meta_business", "google_ads", "klaviyo"],
    "date_range_start": "2026-02-01",
    "date_range_end": "2026-02-28",
    "group_by": ["data_source", "campaign_id"],
    "metrics": ["spend", "impressions", "clicks", "conversions", "revenue"],
}


def test_insights_over_http(client, ingest):
    ingest(row("2026-02-10"), row("2026-02-11", campaign="c2", spend="40.00"), row("2026-01-20", campaign="c2"))
    for path in ("/api/v1/marketing/insights", "/marketing/insights"):
        told = client.post(path, json=REQUEST)
        assert told.status_code == 200, told.text
    answer = told.json()
    assert [(r["campaign_id"], r["spend"], r["revenue"]) for r in answer["rows"]] == [("c1", 10, 50), ("c2", 40, 50)]
    assert answer["totals"]["spend"] == 50
    assert {kpi["metric"]: kpi["value"] for kpi in answer["kpis"]}["roas"] == 2.0
    assert answer["platforms"][0]["data_source"] == "facebook_ads"
    assert answer["best"]["group"]["campaign_id"] == "c1"
    assert answer["worst"]["group"]["campaign_id"] == "c2"
    assert "There is data for 2 of 28 days." in answer["insights"]
    again = client.get("/api/v1/insights/again", params={"handle": answer["lineage"]})
    assert again.json()["rows"] == answer["rows"]


def test_insights_of_the_last_days(client, ingest):
    ingest(row("2026-02-27"))
    answer = client.get("/api/v1/insights", params={"data_source": "facebook_ads", "date_range_days": 30}).json()
    assert (answer["date_range_end"], answer["totals"]["spend"]) == ("2026-03-01", 10)
    assert answer["is_provisional"] is True


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metrics": ["sped"]}, "There is no metric"),
        ({"group_by": ["campain"]}, "There is no dimension"),
        ({"date_range_end": None}, "Give both"),
        ({"date_range_end": "2026-01-01"}, "before it starts"),
        ({"filters": [{"dimension": "channel", "values": [3]}]}, "not with 3"),
        ({"period": "soonish", "date_range_start": None, "date_range_end": None}, "is not a period"),
        ({"data_sources": "x"}, "list"),
    ],
)
def test_a_bad_question_is_told_what_would_be_right(client, change, said):
    told = client.post("/api/v1/marketing/insights", json=REQUEST | change)
    assert told.status_code == 422, told.text
    assert said in told.json()["detail"]


def test_a_catalogue_is_kept_per_tenant_and_version(house, scope, ingest):
    ingest(row("2026-02-10"))
    ask(house, scope, "spend")
    before = len(ENGINE._catalogues)
    ask(house, scope, "clicks", dimensions=("date",))
    assert len(ENGINE._catalogues) == before
    ingest(row("2026-02-11", campaign="c3"))
    assert ask(house, scope, "spend").totals["spend"] == 20
    assert len(ENGINE._catalogues) == before + 1


CAUSAL = {"date_range_start": "2026-02-01", "date_range_end": "2026-02-28", "treatments": ["spend"], "kpi": "revenue"}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_causal_export_is_complete_and_the_same_bytes_as_of_then(client, ingest, clock, form):
    ingest(row("2026-02-10"), row("2026-02-12", spend="40.00"))
    then = clock().isoformat()
    clock.advance(days=2)
    ingest(row("2026-02-10", spend="77.00"))
    first, second = (
        client.post("/api/v1/marketing/export/causal", json={**CAUSAL, "format": form, "as_of": then}) for _ in range(2)
    )
    assert first.status_code == 200, first.text
    assert first.content == second.content
    sidecar = client.post("/marketing/export/causal", json={**CAUSAL, "as_of": then}).json()
    assert sidecar["sha256"][form] == first.headers["x-content-sha256"]
    assert sidecar["rows"] == len(sidecar["data"]) == 28
    spend = {r["date"]: r["spend__paid_social"] for r in sidecar["data"]}
    assert (spend["2026-02-10"], spend["2026-02-11"], spend["2026-02-12"]) == (10.0, None, 40.0)
    now = client.post("/marketing/export/causal", json=CAUSAL).json()
    assert {r["date"]: r["spend__paid_social"] for r in now["data"]}["2026-02-10"] == 77.0
    assert now["snapshot"]["data_version"] == sidecar["snapshot"]["data_version"] + 1
    assert any("gap, not zero" in said for said in now["checks"]["warnings"])


def test_as_of_a_day_means_its_end_in_the_companys_zone(house, scope):
    with house.work(scope) as work:
        told = service.instant_of(work, "2026-02-10")
        assert told == service.instant_of(work, "2026-02-10T23:59:59.999999")
        with pytest.raises(KalendsError, match="neither a day"):
            service.instant_of(work, "yesterday")
        for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
            with pytest.raises(KalendsError, match="beyond the years"):
                service.instant_of(work, beyond)


def test_from_a_number_to_the_rows_of_the_files(client, ingest):
    ingest(row("2026-02-10"), row("2026-02-11", campaign="c2", spend="40.00"))
    ingest(row("2026-02-12", campaign="c2", spend="2.00"), row("2026-02-10", spend="11.00"))
    answer = client.post("/api/v1/marketing/insights", json=REQUEST).json()
    total = client.get("/api/v1/lineage", params={"handle": answer["lineage"], "metric": "spend"}).json()
    assert total["value"] == 53 == sum(fact["spend"] for fact in total["facts"])
    assert (total["count"], [batch["facts"] for batch in total["batches"]]) == (3, [1, 2])
    assert [report["report"] for report in total["reports"]] == ["ad"]
    cell = client.get(
        "/lineage", params={"handle": answer["lineage"], "metric": "spend", "cell": ["campaign_id=c2"]}
    ).json()
    assert cell["value"] == 42
    assert [(fact["date_from"], fact["spend"], fact["source_row"]) for fact in cell["facts"]] == [
        ("2026-02-11", 40, 2), ("2026-02-12", 2, 1),
    ]  # fmt: skip
    for wrong in ({"metric": "reach"}, {"cell": "ad_id=1"}, {"handle": "q1-abc-def"}):
        told = client.get("/lineage", params={"handle": answer["lineage"], **wrong})
        assert told.status_code == 422, told.text
