"""Rows that the store knows are passed over, and everything ends as if they had been read."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouses import open_duck

from kalends.base.ids import new_id
from kalends.marketing import batchreport, pipeline, versions
from kalends.marketing.records import FACT
from kalends.marketing.staging import StageOptions, stage

START = datetime(2024, 6, 1, tzinfo=UTC)
SAID = ("facts", "facts_past", "confirmations", "scopes", "daily", "report_days")
ROWS = 40


def ad(number):
    """An ad's day as Meta tells it."""
    return {
        "account_id": "1", "account_currency": "EUR", "campaign_id": f"C{number % 3}", "campaign_name": "Spring",
        "ad_id": f"A{number}", "ad_name": f"Ad {number}", "date_start": "2024-05-20", "date_stop": "2024-05-20",
        "spend": f"{number}.5", "clicks": str(number), "actions": [{"action_type": "purchase", "value": "2"}],
    }  # fmt: skip


def message(number):
    """A flow message's day, as Klaviyo groups it; it names no currency."""
    return {
        "account_id": "a", "groupings": {"flow_id": "F1", "flow_message_id": f"M{number}", "send_channel": "email"},
        "statistics": {"recipients": 100 + number, "opens": 40, "conversion_value": 1.5},
        "interval_from": "2024-05-20", "interval_to": "2024-05-20",
    }  # fmt: skip


MADE = {"facebook_ads": ad, "klaviyo": message}


def restated(row):
    if "spend" in row:
        return row | {"spend": "77.25"}
    return row | {"statistics": row["statistics"] | {"opens": 41}}


EDITS = {
    "restated": lambda row: [restated(row)],
    "gone": lambda row: [],
    "twice": lambda row: [row, row],
    "both": lambda row: [row, restated(row)],
    "other keys first": lambda row: [dict(reversed(row.items()))],
    "broken": lambda row: [row | {"date_start": "2999-01-01", "interval_from": "2999-01-01"}],
    "more": lambda row: [row | {"newcomer": "7"}],
    "no currency": lambda row: [{name: cell for name, cell in row.items() if name != "account_currency"}],
    "blank line": lambda row: [row, None],
}


def lines(rows):
    return b"".join(b"\n" if row is None else json.dumps(row).encode() + b"\n" for row in rows)


def load(tenant, rows, *, seq, source, is_asked, reported_at=None, options=None, currency="CHF"):
    """Stage and apply rows; gives what is told of them. `is_asked`: whether the store's own rows are passed over."""
    reported_at = reported_at or START + timedelta(hours=seq)
    facts = versions.newest_facts(tenant, batch_seq=seq, reported_at=reported_at) if is_asked else None
    with tenant.scratch() as con:
        payload = lines(rows)
        con.execute("DROP TABLE IF EXISTS known")
        report = stage(
            con,
            lambda: io.BytesIO(payload),
            data_source=source,
            now=START,
            options=options or StageOptions(),
            facts=facts,
            currency=currency,
        )
        assumed = batchreport.assumed(con, currency=currency, whose="the workspace's own")
        con.execute("CREATE TEMP TABLE IF NOT EXISTS known (source_row BIGINT)")
        passed_over = con.execute("SELECT count(*) FROM known").fetchone()[0]
        set_aside = con.execute("SELECT * FROM quarantined ORDER BY ALL").fetchall()
        pipeline.hand_over(tenant, con, currency=currency, parts=report.parts)
        applied = versions.apply_batch(
            tenant, batch_seq=seq, reported_at=reported_at, recorded_at=reported_at, staged=pipeline.INCOMING,
            is_distinct=report.parts == 1,
        )  # fmt: skip
    return passed_over, (batchreport.describe(report), report.received, report.staged, assumed, set_aside, applied)


def said(tenant):
    """All that the tables hold, but by what a row is known."""
    return {name: tenant.execute(f"SELECT * EXCLUDE (raw_hash) FROM {name} ORDER BY ALL").to_pylist()
            if name.startswith("facts") else tenant.execute(f"SELECT * FROM {name} ORDER BY ALL").to_pylist()
            for name in SAID}  # fmt: skip


@pytest.fixture(autouse=True)
def short_parts(monkeypatch):
    monkeypatch.setattr("kalends.marketing.reading.parts.FIRST_BYTES", 2_000)
    monkeypatch.setattr("kalends.marketing.reading.parts.PART_BYTES", 8_000)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    opened = open_duck(folder=tmp_path_factory.mktemp("known"), key_for=lambda tenant_id: tenant_id.bytes * 2)
    yield opened
    opened.close()


@pytest.fixture
def tenant(warehouse):
    with warehouse.tenant(new_id()) as made:
        versions.create_tables(made)
        yield made


@pytest.mark.parametrize("is_asked", [True, False])
def test_the_same_file_in_another_currency_is_restated(tenant, is_asked):
    rows = [MADE["klaviyo"](number) for number in range(ROWS)]
    load(tenant, rows, seq=1, source="klaviyo", is_asked=is_asked)
    _, told = load(tenant, rows, seq=2, source="klaviyo", is_asked=is_asked, currency="USD")
    assert told[-1].changed == ROWS
    assert tenant.execute("SELECT DISTINCT currency FROM facts").to_pylist() == [{"currency": "USD"}]
    _, told = load(tenant, rows, seq=3, source="klaviyo", is_asked=is_asked, currency="USD")
    assert told[-1].unchanged == ROWS


@pytest.mark.parametrize("source", MADE)
def test_a_file_that_comes_again_is_passed_over(tenant, source):
    rows = [MADE[source](number) for number in range(ROWS)]
    passed, _ = load(tenant, rows, seq=1, source=source, is_asked=True)
    assert passed == 0
    rows[-1] = restated(rows[-1])
    passed, (_, received, _, _, _, applied) = load(tenant, rows[::-1], seq=2, source=source, is_asked=True)
    assert ROWS - 15 < passed < ROWS - 1, "all but the first part's rows and one"
    assert (received, applied.changed, applied.unchanged) == (ROWS, 1, ROWS - 1)


@pytest.mark.parametrize("source", MADE)
def test_answers_that_come_again_are_passed_over(tenant, source):
    rows = [MADE[source](number) for number in range(ROWS)]
    answers = [{"request": {}, "response": {"results": rows[place : place + 10]}} for place in range(0, ROWS, 10)]
    load(tenant, answers, seq=1, source=source, is_asked=True)
    passed, (*_, applied) = load(tenant, answers, seq=2, source=source, is_asked=True)
    assert ROWS - 15 < passed < ROWS, "all but the first part's rows"
    assert (applied.changed, applied.unchanged) == (0, ROWS)


@settings(deadline=None)
@given(
    source=st.sampled_from(sorted(MADE)),
    edits=st.lists(st.tuples(st.integers(0, ROWS - 1), st.sampled_from(sorted(EDITS))), max_size=4),
    shuffled=st.randoms(use_true_random=False),
)
def test_all_ends_as_if_every_row_had_been_read(warehouse, source, edits, shuffled):
    first = [MADE[source](number) for number in range(ROWS)]
    second = [[row] for row in first]
    for number, edit in edits:
        second[number] = EDITS[edit](first[number])
    shuffled.shuffle(second)
    again = [row for rows in second for row in rows]
    ends = []
    for is_asked in (False, True):
        with warehouse.tenant(new_id()) as tenant:
            versions.create_tables(tenant)
            told = [load(tenant, rows, seq=seq, source=source, is_asked=is_asked)[1]
                    for seq, rows in enumerate((first, again, first), start=1)]  # fmt: skip
            ends.append((told, said(tenant)))
    assert ends[0] == ends[1]


def test_another_reading_of_the_same_cells_is_read(tenant):
    more = {"action_type": "lead", "value": "3"}
    rows = [row | {"actions": [*row["actions"], more]} for row in map(ad, range(ROWS))]
    load(tenant, rows, seq=1, source="facebook_ads", is_asked=True)
    counted = StageOptions(conversions=("lead",))
    passed, (*_, applied) = load(tenant, rows, seq=2, source="facebook_ads", is_asked=True, options=counted)
    assert (passed, applied.changed) == (0, ROWS)


def test_a_file_that_speaks_of_earlier_is_read(tenant):
    rows = [ad(number) for number in range(ROWS)]
    load(tenant, rows, seq=1, source="facebook_ads", is_asked=True)
    before = START - timedelta(days=1)
    passed, (*_, applied) = load(tenant, rows, seq=2, source="facebook_ads", is_asked=True, reported_at=before)
    assert (passed, applied.is_late) == (0, True)


def test_a_batch_that_was_cut_off_before_it_was_published_is_read_again(tenant):
    rows = [ad(number) for number in range(ROWS)]
    load(tenant, rows, seq=1, source="facebook_ads", is_asked=True)
    before = said(tenant)
    passed, (*_, applied) = load(tenant, rows, seq=1, source="facebook_ads", is_asked=True)
    assert (passed, applied.added) == (0, ROWS)
    assert said(tenant) == before


def test_what_the_first_rows_show_changes_no_fact(tenant):
    """Types of actions that a file's first rows show are looked up another way than those that come later."""
    kinds = [[], [{"action_type": 'Anmeldung für\u0001"Café"', "value": "2"}]]
    rows = [ad(number) | {"actions": kinds[2 * number // (20 * ROWS)]} for number in range(20 * ROWS)]
    load(tenant, rows, seq=1, source="facebook_ads", is_asked=False)
    _, (*_, applied) = load(tenant, rows[::-1], seq=2, source="facebook_ads", is_asked=False)
    assert (applied.changed, applied.unchanged) == (0, 20 * ROWS)


def test_a_store_of_an_older_version_learns_to_know_rows(tenant):
    rows = [ad(number) for number in range(ROWS)]
    load(tenant, rows[:-1], seq=1, source="facebook_ads", is_asked=True)
    for name in ("facts", "facts_past"):
        tenant.run(f"ALTER TABLE {name} DROP COLUMN raw_hash")
    assert versions.newest_facts(tenant, batch_seq=2, reported_at=START + timedelta(days=1)) is None
    with tenant.write():
        versions.create_tables(tenant)
        assert {*FACT, "raw_hash"} == set(tenant.list_columns("facts"))
        passed, (*_, applied) = load(tenant, rows[1:], seq=2, source="facebook_ads", is_asked=True)
    assert (passed, applied.unchanged, applied.added) == (0, ROWS - 2, 1)
