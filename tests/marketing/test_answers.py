"""Platforms' answers, in their envelopes: read in place or row by row, they end as the same facts."""

import gc
import io
import json
import tracemalloc
from datetime import UTC, datetime

import pytest
from duckdb_in_memory import connect
from hypothesis import given, settings
from hypothesis import strategies as st
from platform_answers import ANSWERS, beside

from kalends.base.reading.bare import BareRows, OddRowError
from kalends.base.reading.documents import loaded, snake
from kalends.base.reading.sniff import sniff
from kalends.marketing.mapping import unwrap_of
from kalends.marketing.staging import StageOptions, stage

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def read(source, documents, encoding="utf-8"):
    """All that is made of answers, one a line: what is staged, named, set aside and told; and whether in place."""
    con, payload = connect(), "".join(json.dumps(one) + "\n" for one in documents).encode(encoding)
    options = StageOptions(may_be_empty=True)
    told = stage(con, lambda: io.BytesIO(payload), data_source=source, now=NOW, options=options)
    staged = con.execute("SELECT * EXCLUDE (raw_hash) FROM staged ORDER BY source_row, key_hash").fetchall()
    aside = con.execute("SELECT source_row, code FROM quarantined ORDER BY ALL").fetchall()
    named = con.execute("SELECT * FROM named ORDER BY ALL").fetchall()
    counts = (told.received, told.staged, told.quarantined, told.duplicates, told.named, told.totals)
    columns = {snake(name): target for name, target in told.columns.items()}, sorted(map(snake, told.new_columns))
    loaded_rows = con.execute("SELECT sum(estimated_size) FROM duckdb_tables() WHERE table_name IN ('raw_0', 'raw_1')")
    return (staged, aside, named, counts, columns), (loaded_rows.fetchone()[0] or 0) < told.received


@pytest.fixture(scope="module", autouse=True)
def _short_answers_stay_closed_too():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kalends.base.reading.envelopes.WORTH_CHARACTERS", 0)
        yield


@pytest.mark.parametrize("source", ANSWERS)
@settings(max_examples=settings().max_examples // 2)  # of each platform
@given(data=st.data())
def test_both_ways_make_the_same_facts(source, data):
    documents = data.draw(st.lists(ANSWERS[source](), min_size=1, max_size=4))
    by_row, _ = read(source, documents, "utf-16")
    assert read(source, documents)[0] == by_row


def things(count):
    """Names of Snapchat's campaigns."""
    kept = [
        {"campaign": {"id": f"C{place}", "name": "N", "objective": "x", "ad_account_id": "1"}} for place in range(count)
    ]
    return beside({"request_status": "SUCCESS", "campaigns": kept}, asked="campaigns")


def stats(*, days=2, spend=1_000_000):
    """A Snapchat campaign's days."""
    steps = [{"start_time": f"2026-01-0{day + 1}T00:00:00.000-08:00", "stats": {"spend": spend, "swipes": 3}}
             for day in range(days)]  # fmt: skip
    told = {"id": "C0", "type": "CAMPAIGN", "granularity": "DAY", "timeseries": steps}
    return beside({"request_status": "SUCCESS", "timeseries_stats": [{"timeseries_stat": told}]}, asked="stats")


def test_names_behind_the_numbers_are_read_beside_them():
    (_, _, named, counts, _), is_in_place = read("snapchat_ads", [stats(), things(3), things(1)])
    assert is_in_place
    assert counts[:5] == (6, 2, 0, 0, 4)
    assert sorted(one[-1] for one in named) == [3, 4, 5, 6]


def test_numbers_behind_names_take_the_slow_way():
    (_, _, named, counts, _), is_in_place = read("snapchat_ads", [stats(), things(2), stats(days=3)])
    assert not is_in_place
    assert (counts[0], sorted(one[-1] for one in named)) == (7, [3, 4])


def test_more_names_than_memory_is_meant_for_are_odd(monkeypatch):
    monkeypatch.setattr("kalends.base.reading.bare.MOST_ASIDE", 8)  # a name has four cells
    rows = bare("snapchat_ads", [stats(), things(2)])
    assert b"".join(rows).count(b"\n") == 2
    with pytest.raises(OddRowError):
        list(bare("snapchat_ads", [stats(), things(4)]))


def bare(source, documents):
    payload = "".join(json.dumps(one) + "\n" for one in documents).encode()
    return BareRows(opened := lambda: io.BytesIO(payload), sniff(opened), unwrap_of(source))


@given(rows=st.lists(st.dictionaries(st.text(), st.text() | st.lists(st.text())), min_size=1, max_size=5))
def test_bare_rows_are_one_a_line(rows):
    rows = [row | {"_": ",\n,"} for row in rows]
    made = bare("shop", [beside(rows)] * 2)
    assert made.head(1) == rows[:1]
    lines = b"".join(made).split(b"\n")
    assert [*map(json.loads, lines[:-1]), lines[-1]] == [*rows, *rows, b""]


def test_an_answer_is_unwrapped_once():
    opened = []

    def payload():
        opened.append(True)
        return io.BytesIO(json.dumps(stats(days=9)).encode())

    rows = BareRows(payload, sniff(payload), unwrap_of("snapchat_ads"))
    looked = len(opened)
    rows.head(200)
    assert b"".join(rows).count(b"\n") == 9
    assert len(opened) == looked + 1


def test_the_text_of_a_line_is_let_go_before_its_rows_are_read():
    payload = b'{"request":{},"response":[{"a":1},%s{"a":2}]}\n{"a":3}\n' % (b" " * (8 << 20))
    rows = BareRows(opened := lambda: io.BytesIO(payload), sniff(opened), unwrap_of("shop"))
    tracemalloc.start()
    try:
        assert rows.head(1) == [{"a": 1}]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 4 << 20
    assert b"".join(rows).count(b"\n") == 3


@pytest.mark.parametrize("source", ["google_analytics", "klaviyo", "adobe_analytics"])
def test_how_platforms_write_days_and_numbers_is_read_in_place(source):
    day = {"value": "20260102"}
    answers = {
        "google_analytics": {"dimensionHeaders": [{"name": "date"}], "metricHeaders": [{"name": "sessions"}],
                             "rows": [{"dimensionValues": [day], "metricValues": [{"value": "344.6"}]}]},
        "klaviyo": {"data": {"attributes": {"date_times": ["2026-01-02T00:00:00+00:00"], "results": [
            {"groupings": {"flow_id": "F"}, "statistics": {"opens": [345.0]}}]}}},
        "adobe_analytics": {"totalPages": 1, "columns": {"dimension": {"id": "variables/daterangeday"},
                            "columnIds": ["0"]}, "rows": [{"itemId": "1260002", "data": [345.0]}]},
    }  # fmt: skip
    metrics = {"metrics": [{"columnId": "0", "id": "metrics/visits"}]}
    document = beside(answers[source], property="properties/1", rsid="suite", metricContainer=metrics)
    (staged, *_, counts, _), is_in_place = read(source, [document] * 2)
    assert is_in_place
    assert counts[1:4] == (1, 0, 1)
    assert 345 in staged[0]


def test_nobody_looks_for_cycles_while_json_is_read():
    looked = []
    gc.callbacks.append(lambda *_: looked.append(True))
    try:
        assert len(loaded(json.dumps([[]] * 100_000))) == 100_000
        assert not looked
    finally:
        gc.callbacks.pop()
    with pytest.raises(ValueError, match="unexpected"):
        loaded("{")
    assert gc.isenabled()


INSIGHT = {"account_id": "1", "date_start": "2026-01-02", "date_stop": "2026-01-02", "spend": "1.5",
           "results": [{"indicator": "actions:lead", "values": [{"value": "4"}]}]}  # fmt: skip


@pytest.mark.parametrize(
    "document", [INSIGHT, {"data": [INSIGHT]}, beside({"data": [INSIGHT], "paging": {}}), [INSIGHT]]
)
def test_metas_metric_results_is_no_envelope(document):
    con = connect()
    payload = json.dumps(document).encode()
    stage(con, lambda: io.BytesIO(payload), data_source="facebook_ads", now=NOW)
    [(spend, extra)] = con.execute("SELECT spend, extra FROM staged").fetchall()
    assert (float(spend), "actions:lead" in extra) == (1.5, True)


def test_what_is_no_object_in_an_answer_is_set_aside_and_the_rows_beside_it_stay():
    answer = beside({"data": {"attributes": {"results": [None, *values(2), 5]}}}, timeframe=DAY)
    (staged, aside, *_), _ = read("klaviyo", [answer, answer])
    assert len(staged) == 2  # each of them came twice
    assert aside == [(number, "unreadable_row") for number in (1, 4, 5, 8)]


DAY = {"start": "2026-01-02T00:00:00+00:00", "end": "2026-01-02T23:59:59+00:00"}


def values(count):
    """Results of Klaviyo's campaigns."""
    return [
        {"groupings": {"campaign_id": f"C{number}", "send_channel": "email"}, "statistics": {"opens": number}}
        for number in range(count)
    ]
