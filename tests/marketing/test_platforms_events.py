"""Mixpanel and Amplitude: exported events become facts, each once; what counts as a conversion is said by its name."""

import gzip
import io
import json
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from duckdb_in_memory import connect

from kalends.base.reading.errors import UnreadablePayloadError
from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.staging import StageOptions, stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def staged(content, source, **options):
    con = connect()
    report = stage(con, lambda: BytesIO(content), data_source=source, now=NOW, options=StageOptions(**options))
    return con, report


def lines(*rows):
    return "\n".join(map(json.dumps, rows)).encode()


def exported(name, *, insert_id, time=1_602_611_311, **properties):
    return {"event": name, "properties": {"time": time, "$insert_id": insert_id, "distinct_id": "p1", **properties}}


def test_an_export_counts_every_event_once():
    row = exported("Purchase", insert_id="a", **{"$revenue": 12.5})
    con, report = staged(lines(row, exported("Signed up", insert_id="b"), row), "mixpanel")
    assert (report.staged, report.duplicates) == (2, 1)
    found = con.execute(
        "SELECT conversion_types, conversions, CAST(revenue AS DOUBLE), date_from FROM staged ORDER BY 1"
    ).fetchall()
    day = date(2020, 10, 13)
    assert found == [
        ('{"Purchase":[1.0,12.5]}', 1.0, 12.5, day),
        ('{"Signed up":[1.0,null]}', None, None, day),
    ]


def test_times_in_milliseconds_are_the_same_day():
    con, _ = staged(
        lines(exported("A", insert_id="a", time=1_602_611_311_000), exported("A", insert_id="b")), "mixpanel"
    )
    assert con.execute("SELECT DISTINCT date_from FROM staged").fetchall() == [(date(2020, 10, 13),)]


def test_people_say_which_events_count():
    content = lines(exported("Purchase", insert_id="a"), exported("Signed up", insert_id="b"))
    con, _ = staged(content, "mixpanel", conversions=("Signed up",))
    assert con.execute("SELECT conversion_types, conversions FROM staged WHERE conversions > 0").fetchall() == [
        ('{"Signed up":[1.0,null]}', 1.0)
    ]


def test_counts_by_day_are_one_row_for_each_event_and_day():
    values = {"Purchase": {"2024-01-01": 3, "2024-01-02": 0}, "Seen": {"2024-01-01": 70}}
    answer = {"data": {"series": ["2024-01-01", "2024-01-02"], "values": values}, "legend_size": 2}
    con, report = staged(json.dumps(answer).encode(), "mixpanel")
    assert report.staged == 3
    assert con.execute("SELECT sum(conversions) FROM staged").fetchall() == [(3.0,)]


def cost(day, *, ad_id, spend):
    return {
        "uuid": f"{day}-{ad_id}", "app": 434735, "event_type": "Daily Ad Metrics", "event_time": f"{day} 07:00:00.000000",
        "event_properties": {
            "ad_metrics.cost": spend, "ad_metrics.impressions": 10, "ad_metrics.clicks": 2, "ad_metrics.conversions": 0.5,
            "ad_id": ad_id, "campaign_id": 9007199254740993, "ad_segment_device": "DESKTOP",
        },
    }  # fmt: skip


def test_the_cost_that_amplitude_imports_is_spend():
    con, report = staged(
        lines(cost("2024-01-01", ad_id=1, spend=0.25), cost("2024-01-02", ad_id=1, spend=1)), "amplitude"
    )
    assert report.summed("event/event+event_id") == {"spend": 1.25, "impressions": 20, "clicks": 4, "conversions": 1.0}
    assert con.execute("SELECT DISTINCT account_id, campaign_id FROM staged").fetchall() == [
        ("434735", "9007199254740993")
    ]


@pytest.mark.parametrize("source", ["mixpanel", "amplitude"])
@pytest.mark.parametrize(
    "document",
    [{"data": [{"event": 1}]}, {"data": {"rows": []}}, {"results": {"events": [1]}}, [], None, "x", {"series": 3}],
)
def test_no_other_document_is_taken_for_an_envelope(source, document):
    assert MAPPINGS[source].unwrap(document) is None


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("434735/", b"")
        for index, member in enumerate(members):
            archive.writestr(f"434735/434735_2024-01-0{index + 1}_7#0.json.gz", member)
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_an_export_of_many_files_is_read_whole(method, pack):
    days = [lines(cost(f"2024-01-0{day}", ad_id=day, spend=day)) for day in (1, 2, 3)]
    con, report = staged(zipped(*map(pack, days), method=method), "amplitude")
    assert report.staged == 3
    assert con.execute("SELECT CAST(sum(spend) AS DOUBLE) FROM staged").fetchall() == [(6.0,)]


class Unseekable(io.BytesIO):
    """As Amplitude writes its zips: sizes stand behind what is stored."""

    def seekable(self):
        return False

    def tell(self):
        raise OSError

    def seek(self, *_):
        raise OSError


def test_a_zip_that_was_written_as_a_stream_is_read():
    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for day in (1, 2):
            archive.writestr(f"{day}.json.gz", gzip.compress(lines(cost(f"2024-01-0{day}", ad_id=day, spend=day))))
    _, report = staged(out.getvalue(), "amplitude")
    assert report.staged == 2


def test_two_tables_in_a_zip_are_refused():
    with pytest.raises(UnreadablePayloadError, match="several files"):
        staged(zipped(b"day,cost\n2024-01-01,1\n", b"day,cost\n2024-01-02,1\n"), "amplitude")
