"""Scoring behind an ingest, grades, what people say of findings, the company's rules: on real stores."""

import io
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from kalends.base.chores import do_chores
from kalends.base.worker import run_task
from kalends.marketing import batches
from kalends.marketing import service as marketing
from kalends.marketing.batches import APPLY
from kalends.marketing.quality import results, service
from kalends.marketing.quality.checks import CHECKS_VERSION
from kalends.marketing.quality.overview import overview
from kalends.marketing.quality.results import Wanted
from kalends.marketing.quality.rules import BadRulesError

DAY = date(2026, 2, 10)
SPAN = {"first": date(2025, 12, 1), "last": date(2026, 3, 2)}
RULE = """\
rules:
  - name: cheap_clicks
    says: A click costs a cent at least.
    column: cpc
    check: {ge: 0.6}
"""


def found(house, scope, **wanted):
    with house.work(scope) as work:
        return results.findings(work, Wanted(**SPAN, **wanted))


def seen(house, scope):
    with house.work(scope) as work:
        return overview(work, **SPAN)


def score(house, scope):
    """Score what is new; gives how many account-days that were."""
    with house.work(scope) as work:
        return service.score_news(work).days


def grade_of(house, scope, day):
    with house.work(scope) as work:
        days, _ = results.days(work, first=day, last=day)
    return days[0].grade


def test_clean_data_is_graded_best_and_nothing_is_found(house, scope, rows, load):
    load(rows)
    (source,) = seen(house, scope).sources
    assert (source.name, source.days, source.findings) == ("facebook_ads", 70, 0)
    assert source.grade.score == 1
    assert source.grade.failed == ()
    assert 0.4 < source.grade.coverage < 1, "one report, days too young: some of it cannot be judged"
    assert [each.date for each in source.course] == sorted(each.date for each in source.course)


def test_rows_under_another_attribution_window_change_no_grade(house, scope, rows, load, work_off):
    load(rows)
    before = seen(house, scope)
    newest = "\n".join(json.dumps(each) for each in rows[-3 * 10 :]).encode()
    with house.work(scope) as work:
        batches.land(
            work, io.BytesIO(newest), data_source="facebook_ads", file_name="x", options={"attribution": "1d_click"}
        )
    work_off()
    with house.work(scope) as work:
        counted = work.warehouse.execute("SELECT count(*) AS n FROM facts").to_pylist()
        [day], _ = results.days(work, first=date(2026, 3, 1), last=date(2026, 3, 1))
    assert (counted, day.rows) == ([{"n": len(rows) + 30}], 3)
    assert found(house, scope) == []
    assert [each.grade for each in seen(house, scope).sources] == [each.grade for each in before.sources]


def test_a_missing_day_is_worth_nothing_and_names_its_gate(house, scope, rows, load):
    load([row for row in rows if row["date_start"] != str(DAY)])
    (source,) = seen(house, scope).sources
    assert source.grade.failed == ("day_missing",)
    grade = grade_of(house, scope, DAY)
    assert (grade.score, grade.failed) == (0, ("day_missing",))
    assert grade_of(house, scope, DAY + timedelta(days=1)).score == 1
    (worst, *_) = seen(house, scope).worst
    assert (worst[0].date, [finding.check for finding in worst[1]]) == (DAY, ["day_missing"])


def test_a_day_that_comes_later_is_mended_and_only_its_month_is_looked_at(house, scope, rows, load):
    load([row for row in rows if row["date_start"] != str(DAY)])
    load([row for row in rows if row["date_start"] == str(DAY)])
    assert found(house, scope) == []
    assert grade_of(house, scope, DAY).score == 1


def test_a_unit_slip_caps_the_day_at_half(house, scope, rows, load):
    slipped = [
        row | {"spend": str(float(row["spend"]) * 100)} if row["date_start"] == str(DAY) else row for row in rows
    ]
    load(slipped)
    grade = grade_of(house, scope, DAY)
    assert grade.score <= 0.5
    assert "unit_slip" in grade.failed
    assert seen(house, scope).sources[0].grade.score > 0.9, "one day's false spend does not outweigh 69 days"
    (slip,) = found(house, scope, check_name="unit_slip")
    assert (slip.date, slip.subject) == (DAY, "spend")
    assert 60 < slip.observed / slip.expected < 160
    assert "cost per thousand impressions" in slip.detail


def test_taking_a_batch_back_takes_its_findings_back(house, scope, rows, load, work_off):
    load([row for row in rows if row["date_start"] != str(DAY)])
    bad = load([rows[0] | {"date_start": str(DAY), "date_stop": str(DAY), "clicks": "99999"}])
    assert "clicks_above_impressions" in {finding.check for finding in found(house, scope)}
    with house.work(scope) as work:
        marketing.take_back(work, batch_id=bad)
    work_off()
    assert {finding.check for finding in found(house, scope)} == {"day_missing"}


def test_a_large_batch_is_scored_once_it_was_quiet_for_a_while(house, scope, rows, land, work_off, clock, monkeypatch):
    monkeypatch.setattr(service, "LARGE", len(rows))
    land(rows)
    work_off(APPLY)

    def score_task():
        with house.work(scope) as work:
            query = "SELECT id FROM tasks WHERE state = 'queued' AND kind = 'marketing.score_batch' ORDER BY id"
            (task,) = work.session.execute(text(query)).scalars()
        run_task(house, scope.tenant_id, task)

    score_task()
    assert seen(house, scope).sources == (), "the next file may be coming"
    clock.advance(seconds=9)
    score_task()
    assert seen(house, scope).sources == ()
    clock.advance(seconds=1)
    score_task()
    assert [source.days for source in seen(house, scope).sources] == [70]


def test_scoring_again_changes_nothing(house, scope, rows, load):
    load([row for row in rows if row["date_start"] != str(DAY)])
    before = seen(house, scope), found(house, scope)
    with house.work(scope) as work:
        assert service.score_news(work).days == 0
        service.score_everything(work)
    assert (seen(house, scope), found(house, scope)) == before


def test_what_is_called_right_counts_no_more_until_that_is_taken_back(house, scope, rows, load):
    load([row for row in rows if row["date_start"] != str(DAY)])
    (finding,) = found(house, scope)
    with house.work(scope) as work:
        assert service.acknowledge(work, finding=finding.id, note="closed for stocktaking").acknowledged_by == "test"
        service.acknowledge(work, finding=finding.id)
    assert grade_of(house, scope, DAY).score is None
    assert seen(house, scope).sources[0].grade.failed == ()
    with house.work(scope) as work:
        service.take_back(work, finding=finding.id)
    assert grade_of(house, scope, DAY).score == 0


def test_unknown_findings_are_not_acknowledged(house, scope, rows, load):
    load(rows)
    with house.work(scope) as work, pytest.raises(service.NoSuchFindingError):
        service.acknowledge(work, finding="0" * 32)


def test_own_rules_are_asked_of_everything_once_they_are_kept(house, scope, rows, load, work_off):
    load(rows)
    with house.work(scope) as work:
        service.put_rules(work, text=RULE)
        assert results.scored_rules(work) == f"{CHECKS_VERSION}.0", (
            "the old results are shown until the new ones are there"
        )
    work_off()
    broken = found(house, scope, check_name="cheap_clicks")
    assert len(broken) == 70
    assert {finding.rows for finding in broken} == {3}
    assert grade_of(house, scope, DAY).score == 0
    with house.work(scope) as work:
        assert service.rows_of(work, broken[0], limit=2, offset=0)[1] == 3
        service.put_rules(work, text="rules: []")
    work_off()
    assert found(house, scope) == []


def test_wrong_rules_are_refused_and_the_old_ones_stay(house, scope):
    with house.work(scope) as work:
        with pytest.raises(BadRulesError, match="Line 2: column: there is no column 'spent'"):
            service.put_rules(work, text="rules:\n - {name: abc, says: too much, column: spent, check: {le: 3}}\n")
        assert service.rules_of(work) is None


def test_many_batches_are_scored_once(house, scope, rows, land, work_off):
    for place in range(0, len(rows), 30):
        land(rows[place : place + 30])
    work_off(APPLY)
    assert score(house, scope) == 70
    assert [score(house, scope) for _ in range(3)] == [0, 0, 0]
    work_off()
    assert grade_of(house, scope, DAY).score == 1


def test_scoring_waits_for_what_is_coming_but_not_for_long(house, scope, rows, land, load, work_off, clock):
    load(rows[:-6])
    land(rows[-6:-3])
    work_off(APPLY)
    land(rows[-3:])
    assert score(house, scope) == 0
    clock.advance(minutes=3)
    assert score(house, scope) == 1
    work_off()
    assert seen(house, scope).sources[0].days == 70


def test_what_waited_for_a_file_that_failed_is_scored_all_the_same(house, scope, rows, land, load, work_off):
    load(rows[:-3])
    land(rows[-3:])
    land([{"nothing": "known"}])
    work_off(APPLY)
    with house.work(scope) as work:
        work.session.execute(text("DELETE FROM tasks WHERE kind = 'marketing.score_batch'"))
    do_chores(house, only_frequent=True)
    work_off()
    assert seen(house, scope).sources[0].days == 70


def test_a_new_day_is_looked_at_once(house, scope, rows, load, work_off, clock):
    load(rows)
    do_chores(house)
    with house.work(scope) as work:
        assert not service.is_new_day(work)
    clock.advance(days=1)
    do_chores(house)
    work_off()
    with house.work(scope) as work:
        assert not service.is_new_day(work)
        assert (
            work.session.execute(text("SELECT count(*) FROM tasks WHERE kind = 'marketing.score_new_day'")).scalar()
            == 1
        )


def test_a_batch_has_a_grade_of_its_own(house, scope, rows, load):
    load(rows)
    day = [row for row in rows if row["date_start"] == str(DAY)]
    batch = load([day[0] | {"clicks": "99999"}, day[1] | {"date_start": "2025-13-41"}])
    with house.work(scope) as work:
        grade = service.batch_grade(work, batch_id=batch)
    assert (grade["rows"], grade["quarantined"], grade["score"]) == (1, 1, 0)
    assert grade["checks"] == {"clicks_above_impressions": 1}


def test_before_anything_was_loaded_there_is_nothing(house, scope):
    with house.work(scope) as work:
        assert overview(work, **SPAN).sources == ()
        assert service.score_everything(work).days == 0
