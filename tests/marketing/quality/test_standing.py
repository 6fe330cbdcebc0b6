"""What other rooms are told of quality: how good sources are, and what was checked where a number comes from."""

from datetime import date, timedelta

from kalends.identity.service import Door
from kalends.marketing import service as marketing
from kalends.marketing.quality import standing
from kalends.marketing.reconciliation import deciding
from kalends.marketing.reconciliation.cells import Cell, Decision
from kalends.marketing.stewardship.evidence import Slice, evidence_of
from kalends.marketing.stewardship.report import report_of

DAY = date(2026, 2, 10)
ACCOUNT = ("facebook_ads", "318840275519406")


def asked(day, *accounts):
    return Slice((), (day, day), frozenset(accounts))


def test_before_anything_is_scored_nothing_is_said(house, scope):
    with house.work(scope) as work:
        assert standing.grades(work) == {}
        assert standing.newest_days(work) is None
        assert evidence_of(work, asked(DAY)) == []
        assert sum(standing.days_by_grade(work).values()) == 0


def test_the_grade_is_what_reconciliation_weighs_by(house, scope, rows, load):
    load([row for row in rows if row["date_start"] != str(DAY)])
    with house.work(scope) as work:
        (score,) = deciding.quality_of(work).values()
        assert score == standing.grades(work)["facebook_ads"].score
    assert 0.97 < score < 1, "one day of seventy is missing"


def test_the_report_counts_days_by_grade(house, scope, rows, load):
    load([row for row in rows if row["date_start"] != str(DAY)])
    with house.work(scope) as work:
        told = report_of(work, days_by_grade=standing.days_by_grade(work))
    assert told.quality_distribution == {"A": 69, "B": 0, "C": 0, "D": 0, "E": 1, "ungraded": 0}
    assert told.files_read["clean"] == 1


def test_a_number_tells_what_was_checked_and_decided(house, scope, rows, load):
    load([row for row in rows if row["date_start"] != str(DAY)])
    cell = Cell("spend", DAY, "facebook_ads")
    with house.work(scope) as work:
        account = work.warehouse.execute("SELECT min(account_id) AS a FROM facts").column("a")[0].as_py()
        mine = ("facebook_ads", account)
        deciding.decide(work, cells=[cell], decision=Decision(value=12.5, note="by invoice"))
        found, decided = evidence_of(work, asked(DAY, mine))
        (fine,) = evidence_of(work, asked(DAY + timedelta(days=1), mine))
        assert [one.kind for one in evidence_of(work, asked(DAY, ("google_ads", "1")))] == ["check"]
    assert (found.label, found.detail, found.tone) == (
        "A day on which the account usually delivers has no rows at all.", "2026-02-10", "bad",
    )  # fmt: skip
    assert found.href.startswith("/data/quality/findings/")
    assert (decided.kind, decided.label, decided.detail) == (
        "resolution", "Spend of 2026-02-10 is 12.5", "test: by invoice",
    )  # fmt: skip
    assert (fine.label, fine.tone) == ("Every check of these days passes", "good")


def test_a_file_tells_its_score(house, scope, rows, load):
    batch = load([rows[0] | {"clicks": "99999999"}, *rows[1:]])
    with house.work(scope) as work:
        record = marketing.get_batch(work, batch_id=batch)
        assert 98 < standing.quick_score(work, record) < 100
        (read, told) = evidence_of(work, Slice((record,)))
    assert read.label == "Every row could be read"
    assert told.label.endswith("of 100 by its rows")
    assert told.batch_seq == record.seq
    door = Door(house=house, scope=scope, is_local=True)
    answer = marketing.wait_for(door, batch_id=batch, seconds=1)
    assert 98 < answer.quality_summary.score < 100
