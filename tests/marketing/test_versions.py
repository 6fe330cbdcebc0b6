"""What the versions promise, one promise per test, on every engine."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from kalends.marketing import versions
from kalends.marketing.records import FACT, LOG
from kalends.marketing.versions import Applied, BatchOutOfOrderError, Window

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
DAY, NEXT = date(2026, 2, 1), date(2026, 2, 2)


def row(ad, spend, day=DAY, **more):
    return {
        "data_source": "facebook_ads",
        "report": "ad",
        "account_id": "act_1",
        "campaign_id": "c1",
        "ad_id": ad,
        "date_from": day,
        "date_to": day,
        "currency": "EUR",
        "spend": Decimal(spend),
    } | more


@pytest.fixture
def apply(tenant, stage):
    def apply_rows(seq, rows, *, hour=None, complete=()):
        stage(rows)
        return versions.apply_batch(
            tenant,
            batch_seq=seq,
            reported_at=START + timedelta(hours=seq if hour is None else hour),
            recorded_at=START + timedelta(days=seq),
            complete=complete,
        )

    return apply_rows


def window(first=DAY, last=NEXT, **more):
    slice_of = {"data_source": "facebook_ads", "report": "ad", "account_id": "act_1"} | more
    return Window(date_from=first, date_to=last, **slice_of)


def spends(tenant, version=None):
    table = tenant.table("facts") if version is None else versions.facts_as_of(tenant, version=version)
    rows = table.select("ad_id", "date_from", "spend").order_by("ad_id", "date_from").to_pyarrow().to_pylist()
    return {(r["ad_id"], r["date_from"].day): str(r["spend"].normalize()) for r in rows}


def log_rows(tenant):
    return tenant.execute(f"SELECT count(*) AS n FROM {LOG} AS l").column("n")[0].as_py()


def test_a_first_load_is_all_new_and_stamped(tenant, apply):
    assert apply(1, [row("x", "1.5"), row("y", "2", NEXT)]) == Applied(received=2, added=2)
    assert spends(tenant) == {("x", 1): "1.5", ("y", 2): "2"}
    stamped = tenant.execute("SELECT DISTINCT batch_seq, reported_at, recorded_at, is_deleted FROM facts").to_pylist()
    reported_at, recorded_at = START + timedelta(hours=1), START + timedelta(days=1)
    assert stamped == [{"batch_seq": 1, "reported_at": reported_at, "recorded_at": recorded_at, "is_deleted": False}]


def test_the_same_rows_shuffled_write_nothing(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2")])
    assert apply(2, [row("y", "2"), row("x", "1")]) == Applied(received=2, unchanged=2)
    assert log_rows(tenant) == 2


def test_a_restatement_is_one_more_version(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2")])
    assert apply(2, [row("x", "9"), row("y", "2")]) == Applied(received=2, changed=1, unchanged=1)
    assert log_rows(tenant) == 3
    assert spends(tenant) == {("x", 1): "9", ("y", 1): "2"}
    assert spends(tenant, 1) == {("x", 1): "1", ("y", 1): "2"}
    assert spends(tenant, 0) == {}


def test_null_is_not_zero_and_any_value_makes_a_version(tenant, apply):
    apply(1, [row("x", "1")])
    assert apply(2, [row("x", "1", clicks=0)]).changed == 1
    assert apply(3, [row("x", "1", clicks=None)]).changed == 1
    assert apply(4, [row("x", "1", campaign_name="renamed")]).changed == 1
    assert apply(5, [row("x", "1", campaign_name="renamed", extra='{"a":1}')]).changed == 1


@pytest.mark.parametrize(
    "part", ["report", "account_id", "campaign_id", "ad_group_id", "ad_id", "breakdowns", "attribution"]
)
def test_every_part_of_the_key_tells_rows_apart(tenant, apply, part):
    assert apply(1, [row("x", "1"), row("x", "2", **{part: "other"})]).added == 2
    assert len(tenant.to_arrow(tenant.table("facts"))) == 2


def test_parts_of_the_key_do_not_run_into_each_other(tenant, apply):
    rows = [row("x", "1", campaign_id="ab", ad_group_id="c"), row("x", "1", campaign_id="a", ad_group_id="bc")]
    assert apply(1, rows).added == 2


def test_of_equal_keys_in_one_batch_the_last_row_wins_and_the_others_are_counted(tenant, apply):
    rows = [row("x", "1"), row("x", "2"), row("y", "5"), row("x", "3"), row("x", "3")]
    assert apply(1, rows) == Applied(received=5, added=2, superseded=2, repeated=1)
    assert spends(tenant) == {("x", 1): "3", ("y", 1): "5"}
    assert tenant.execute("SELECT source_row AS n FROM facts WHERE ad_id = 'x'").column("n").to_pylist() == [5]


def test_an_old_file_that_comes_late_does_not_overwrite(tenant, apply):
    apply(1, [row("x", "1")], hour=5)
    applied = apply(2, [row("x", "7"), row("y", "8")], hour=3)
    assert (applied.is_late, applied.loaded) == (True, 2)
    assert spends(tenant) == {("x", 1): "1", ("y", 1): "8"}


def test_a_late_file_does_not_beat_a_newer_one_that_was_elided(tenant, apply):
    """At hour 5 the platform still said 1; the file of hour 3 must not hide that because nothing was written then."""
    apply(1, [row("x", "1")], hour=1)
    assert apply(2, [row("x", "1")], hour=5).unchanged == 1
    assert apply(3, [row("x", "7")], hour=3).changed == 1
    assert spends(tenant) == {("x", 1): "1"}
    written = tenant.execute("SELECT batch_seq, source_row, recorded_at FROM facts").to_pylist()
    assert written == [{"batch_seq": 2, "source_row": 1, "recorded_at": START + timedelta(days=2)}]
    assert [spends(tenant, version) for version in (1, 2, 3)] == [{("x", 1): "1"}] * 3


def test_a_complete_window_buries_what_vanished_and_only_there(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2"), row("y", "3", NEXT), row("y", "4", account_id="act_2")])
    assert apply(2, [row("x", "1")], complete=[window(DAY, DAY)]).deleted == 1
    assert len(tenant.to_arrow(tenant.table("facts"))) == 3
    assert ("y", 1) in spends(tenant, 1)
    assert apply(3, [row("x", "1")], complete=[window(DAY, DAY)]).deleted == 0  # buried already


def test_a_complete_window_leaves_rows_of_another_attribution_window_alone(tenant, apply):
    asked = [row("x", "1", attribution=f"asked_{one}") for one in ("1d_click", "7d_click")]
    apply(1, [row("x", "1", attribution="1d_click"), *asked])
    assert apply(2, [row("x", "1", attribution="7d_click")], complete=[window()]).deleted == 1
    assert apply(3, [], complete=[window(attribution="asked_1d_click")]).deleted == 1
    assert {one["attribution"] for one in tenant.execute("SELECT attribution FROM facts").to_pylist()} == {
        "7d_click", "asked_7d_click"
    }  # fmt: skip


def test_a_warehouse_of_an_older_version_learns_of_attribution_windows(tenant, apply):
    apply(1, [row("x", "1"), row("y", "1", attribution="asked_1d_click")], complete=[window()])
    tenant.run("ALTER TABLE scopes DROP COLUMN attribution")
    versions.create_tables(tenant)
    assert apply(2, [row("z", "1")], complete=[window()]).deleted == 1
    assert spends(tenant) == {("y", 1): "1", ("z", 1): "1"}


def test_an_upload_that_declares_nothing_buries_nothing(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2")])
    assert apply(2, [row("x", "1")]).deleted == 0
    assert len(spends(tenant)) == 2


def test_a_buried_key_comes_back_when_it_is_reported_again(tenant, apply):
    apply(1, [row("x", "1")])
    apply(2, [], complete=[window()])
    assert spends(tenant) == {}
    assert apply(3, [row("x", "1")]).added == 1
    assert spends(tenant) == {("x", 1): "1"}


def test_a_late_row_stays_absent_where_a_newer_complete_window_did_not_have_it(tenant, apply):
    apply(1, [row("x", "1")], hour=5, complete=[window()])
    apply(2, [row("y", "2")], hour=3)
    assert spends(tenant) == {("x", 1): "1"}


def test_taking_a_batch_back_is_as_if_it_had_never_come(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2")])
    apply(2, [row("x", "9"), row("z", "3")])
    assert versions.retract(tenant, batch_seq=3, retracted=2) == 2
    assert spends(tenant) == {("x", 1): "1", ("y", 1): "2"}
    assert spends(tenant, 2) == {("x", 1): "9", ("y", 1): "2", ("z", 1): "3"}
    assert versions.verify(tenant) == []


def test_taking_back_keeps_rows_that_a_later_batch_repeated(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2")])
    assert apply(2, [row("x", "1")]).unchanged == 1
    versions.retract(tenant, batch_seq=3, retracted=1)
    assert spends(tenant) == {("x", 1): "1"}
    assert spends(tenant, 2) == {("x", 1): "1", ("y", 1): "2"}


def test_taking_back_a_complete_window_revives_what_it_buried(tenant, apply):
    apply(1, [row("x", "1")])
    apply(2, [], complete=[window()])
    versions.retract(tenant, batch_seq=3, retracted=2)
    assert spends(tenant) == {("x", 1): "1"}


def test_rollups_follow_the_facts(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2")])
    apply(2, [row("y", "5"), row("z", "4", NEXT)])

    def daily():
        found = tenant.execute("SELECT date, spend, report FROM daily ORDER BY date").to_pylist()
        return [(r["date"].day, int(r["spend"]), r["report"]) for r in found]

    assert daily() == [(1, 6, "ad"), (2, 4, "ad")]
    versions.retract(tenant, batch_seq=3, retracted=2)
    assert daily() == [(1, 3, "ad")]


def test_a_repeated_call_replaces_what_the_first_one_wrote(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2")])
    first = apply(2, [row("x", "9"), row("z", "3")])
    before = log_rows(tenant)
    assert apply(2, [row("x", "9"), row("z", "3")]) == first
    assert log_rows(tenant) == before
    apply(2, [row("x", "8")])
    assert spends(tenant) == {("x", 1): "8", ("y", 1): "2"}
    assert versions.verify(tenant) == []


def test_batches_come_in_the_order_of_their_numbers(tenant, apply):
    apply(2, [row("x", "1")])
    with pytest.raises(BatchOutOfOrderError, match="Batch 1 comes after batch 2"):
        apply(1, [row("x", "2")])
    assert spends(tenant) == {("x", 1): "1"}


def test_verify_finds_each_kind_of_damage_and_rebuild_mends_it(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2"), row("z", "3")])
    apply(2, [row("y", "5")])
    columns = ", ".join(FACT)
    now, past = (f"INSERT INTO {table} ({columns}) SELECT {columns} FROM" for table in ("facts", "facts_past"))
    tenant.run(f"{past} facts WHERE ad_id IN ('x', 'y')")
    tenant.run("DELETE FROM facts WHERE ad_id IN ('x', 'y')")
    tenant.run(f"{now} facts_past WHERE ad_id = 'y' AND batch_seq = 1")
    tenant.run("DELETE FROM facts_past WHERE ad_id = 'y' AND batch_seq = 1")
    tenant.run("UPDATE facts SET is_deleted = true WHERE ad_id = 'z'")
    found = {(difference.kind, difference.log_batch) for difference in versions.verify(tenant)}
    assert found == {("missing", 1), ("other", 2), ("surplus", None)}
    versions.rebuild(tenant)
    assert versions.verify(tenant) == []
    assert spends(tenant) == {("x", 1): "1", ("y", 1): "5"}


def test_a_log_of_its_own_is_split(tenant, apply):
    """An older version kept the state now twice."""
    apply(1, [row("x", "1"), row("y", "2")])
    apply(2, [row("y", "5")])
    before = tenant.execute(f"SELECT count(*) AS n FROM {LOG} AS l").column("n")[0].as_py()
    tenant.run(f"CREATE TABLE facts_log AS SELECT * FROM {LOG} AS l")
    tenant.run("DROP TABLE facts_past")
    versions.create_tables(tenant)
    assert "facts_log" not in tenant.list_tables()
    assert tenant.execute(f"SELECT count(*) AS n FROM {LOG} AS l").column("n")[0].as_py() == before == 3
    assert versions.verify(tenant) == []


def test_as_of_reads_only_the_dates_asked(tenant, apply):
    apply(1, [row("x", "1"), row("y", "2", NEXT), row("week", "9", DAY, date_to=NEXT)])
    found = versions.facts_as_of(tenant, version=1, date_from=NEXT, date_to=NEXT).select("ad_id").to_pyarrow()
    assert sorted(found.column("ad_id").to_pylist()) == ["week", "y"]
