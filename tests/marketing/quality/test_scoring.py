"""Scoring on every engine, and what grades are made of."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouses import open_duck

from kalends.base.ids import new_id
from kalends.base.warehouse import PostgresWarehouse
from kalends.marketing import fingerprints, versions
from kalends.marketing.quality import loading, scoring
from kalends.marketing.quality.grading import Finding, grade_of
from kalends.marketing.quality.rules import EXAMPLE, own_checks
from kalends.marketing.records import KEY, STAGED_SCHEMA
from kalends.methods.grades import CAP

TODAY = date(2026, 3, 2)
RAW = {name: kind for name, kind in STAGED_SCHEMA.items() if name not in {"key_hash", "row_hash"}}
BLANK = dict.fromkeys(RAW) | dict.fromkeys(KEY, "") | {"breakdowns": "{}"}


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request, tmp_path):
    """An empty tenant on each engine."""
    if request.param == "duckdb":
        opened = open_duck(folder=tmp_path, key_for=lambda tenant_id: tenant_id.bytes * 2)
    else:
        opened = PostgresWarehouse(url=request.getfixturevalue("postgres").server.dsn)
    with opened.tenant(new_id()) as made:
        versions.create_tables(made)
        yield made
    opened.close()


def facts(*, without=()):
    """Ten weeks of two campaigns by day."""
    made = []
    for back in range(1, 71):
        day = TODAY - timedelta(days=back)
        for campaign in (1, 2):
            unrest = (day.toordinal() * 2654435761 + campaign * 40503) % 1000 / 1000
            spend = Decimal(str(round(100 * campaign * (0.93 + 0.14 * unrest), 2)))
            if (day, campaign) not in without and day not in without:
                made.append(
                    BLANK
                    | {
                        "data_source": "google_ads", "report": "campaign", "account_id": "7", "currency": "EUR",
                        "campaign_id": f"3344556677{campaign}", "campaign_name": f"DE {campaign}", "date_from": day,
                        "date_to": day, "spend": spend, "impressions": int(spend * 90), "clicks": int(spend * 2),
                        "conversions": float(int(spend / 9)), "revenue": spend * 3,
                        "source_row": len(made) + 1, "date_zone": "Europe/Berlin",
                    }
                )  # fmt: skip
    return made


def load(warehouse, rows, *, seq=1):
    schema = pa.schema([(name, kind.to_pyarrow()) for name, kind in RAW.items()])
    fingerprints.stage(warehouse, rows=pa.Table.from_pylist(rows, schema=schema))
    said = datetime(2026, 3, 2, 6, seq, tzinfo=UTC)
    versions.apply_batch(warehouse, batch_seq=seq, reported_at=said, recorded_at=said)


def scored(warehouse, **scope):
    asked = scoring.Scope(rules="t", today=TODAY, settling=lambda source: 30, **scope)
    scoring.score(warehouse, asked)
    rows = warehouse.execute("SELECT * FROM quality_findings ORDER BY date, check_name, subject").to_pylist()
    return [(row["check_name"], row["date"], row["subject"]) for row in rows]


def test_every_engine_finds_the_same(warehouse):
    missing, lost, twice, swapped, renamed = (TODAY - timedelta(days=back) for back in (40, 35, 30, 25, 20))
    rows = facts(without=(missing, (lost, 2)))
    rows[0] |= {"clicks": 10**7}
    rows.append(
        next(row for row in rows if row["date_from"] == twice) | {"campaign_id": "99999999", "source_row": 9999}
    )
    others = {"33445566771": "33445566772", "33445566772": "33445566771"}
    for row in (each for each in rows if each["date_from"] in {swapped, renamed}):
        other = others[row["campaign_id"]]
        row["campaign_name"] = f"DE {other[-1]}"
        row["campaign_id"] = other if row["date_from"] == swapped else row["campaign_id"]
    load(warehouse, rows)
    scoring.touch_all(warehouse)
    found = scored(warehouse, own=own_checks(EXAMPLE, warehouse.engine))
    checks = {(check, day) for check, day, _ in found}
    assert {
        ("day_missing", missing),
        ("campaign_lost", lost),
        ("campaign_twice", twice),
        ("campaigns_exchanged", swapped),
        ("label_differs", renamed),
        ("clicks_above_impressions", rows[0]["date_from"]),
    } <= checks
    days = warehouse.execute("SELECT date, rows, evidence FROM quality_days ORDER BY date").to_pylist()
    assert len(days) == 70
    assert next(day["rows"] for day in days if day["date"] == missing) == 0
    before = warehouse.to_arrow(
        warehouse.table("quality_findings").order_by(ibis.desc("date"), "check_name", "subject")
    )
    scoring.touch_all(warehouse)
    scored(warehouse, own=own_checks(EXAMPLE, warehouse.engine))
    after = warehouse.to_arrow(warehouse.table("quality_findings").order_by(ibis.desc("date"), "check_name", "subject"))
    assert before.equals(after)


def test_only_touched_days_are_scored_again(warehouse):
    load(warehouse, facts())
    scoring.touch_all(warehouse)
    assert scored(warehouse) == []
    one = facts()[0] | {"clicks": 10**7}
    load(warehouse, [one], seq=2)
    assert scoring.touch_batches(warehouse, [2]) == 1
    assert {check for check, _, _ in scored(warehouse)} == {"clicks_above_impressions", "profile_new"}
    assert warehouse.table("quality_days").count().execute() == 70


def test_a_campaign_known_by_its_name_alone_may_be_in_several_accounts(warehouse):
    def told(name, campaign_id):
        first = [row | {"campaign_id": campaign_id, "campaign_name": name} for row in facts()[::2]]
        other = [row | {"account_id": "8", "source_row": row["source_row"] + 1000} for row in first[-30:]]
        return [*first, *other]

    load(warehouse, [row | {"spend": row["spend"] + row["source_row"]} for row in told("(organic)", "(organic)")])
    scoring.touch_all(warehouse)
    assert "campaign_in_two_accounts" not in {check for check, _, _ in scored(warehouse)}
    load(warehouse, [row | {"spend": row["spend"] + row["source_row"]} for row in told("Brand", "33445566779")], seq=2)
    scoring.touch_all(warehouse)
    assert "campaign_in_two_accounts" in {check for check, _, _ in scored(warehouse)}


def finding(severity, kind="row", check="x"):
    return Finding(
        id="1",
        data_source="s",
        account_id="a",
        date=TODAY,
        check=check,
        dimension="validity",
        severity=severity,
        kind=kind,
    )


MEASURED = {"rows": 10, "weight": 100.0, "good": 60.0, "evidence": "validity"}


def test_gate_first_then_grade():
    assert grade_of(MEASURED, [finding("major")]).score == pytest.approx(0.6)
    assert grade_of(MEASURED, [finding("critical")]).score == CAP
    assert grade_of(MEASURED | {"good": 10.0}, [finding("critical")]).score == pytest.approx(0.1)
    assert grade_of(MEASURED | {"good": 100.0}, []).score == 1


@given(
    good=st.lists(st.floats(0, 1e6), min_size=1, max_size=20),
    failing=st.integers(0, 20),
    more=st.integers(0, 20),
    days=st.lists(st.sampled_from(["critical", "major", "minor"]), max_size=5),
    added=st.lists(st.sampled_from(["critical", "major", "minor"]), max_size=3),
)
def test_more_faults_never_raise_a_score(good, failing, more, days, added):
    weights = [weight + 0.01 for weight in good]
    fewer, many = min(failing, len(good)), min(failing + more, len(good))

    def graded(count, severities):
        measured = {"rows": len(good), "weight": sum(weights), "good": sum(weights[count:]), "evidence": ""}
        rows = [finding("major")] if count else []
        of_days = [finding(severity, "day", f"c{place}") for place, severity in enumerate(severities)]
        return grade_of(measured, rows + of_days).score

    assert graded(many, days + added) <= graded(fewer, days) + 1e-12


def test_beyond_the_largest_campaigns_the_others_are_one(warehouse, monkeypatch):
    """Who sends e-mails has thousands of campaigns: the checks do not look at a matrix of all of them and all days."""
    yesterday = TODAY - timedelta(days=1)
    small = [
        row | {"campaign_id": f"small {back}", "spend": Decimal(back), "source_row": 1000 + back}
        for back, row in enumerate(facts()[-10:], start=1)
    ]
    load(warehouse, [*facts(), *small])
    monkeypatch.setattr(loading, "MOST_CAMPAIGNS", 2)
    scoring.touch_all(warehouse)
    scored(warehouse)
    [history] = loading.histories(warehouse, days=scoring.MONTHS, first=yesterday, last=yesterday, today=TODAY)
    assert history.campaigns == (loading.OTHERS, "33445566771", "33445566772")
    assert np.nansum(history.by_campaign["spend"][:, 0]) == sum(range(1, 11))
    assert np.nansum(history.by_campaign["spend"]) == pytest.approx(np.nansum(history.totals["spend"]))
    assert set(history.currencies) == {frozenset({"EUR"}), frozenset()}
