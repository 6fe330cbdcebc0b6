"""History out of files as operators have them: what is used, what is set aside, and what is said of it."""

import io
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.marketing.reading import Way, open_raw
from kalends.messages.intake.fields import layout
from kalends.messages.intake.history import (
    Bank,
    KnownPage,
    NoPageColumnError,
    NoTimeColumnError,
    Terms,
    stage_history,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LUNA = KnownPage("p1", ("Luna", "4711", "p1"), "America/New_York", "USD")
NOVA = KnownPage("p2", ("Nova", "4712", "p2"), "Europe/Berlin", "EUR")
BANK = Bank(
    pages=(LUNA, NOVA), captions=[(7, None, "Come and see"), (8, "p1", "Only for you"), (9, "p2", "Only for you")]
)
HEAD = "message_id,page_name,sent_at,message_type,caption_id,price,recipients,viewed,purchased,earnings"


def stage(content, *, bank=BANK, terms=None, told=None):
    content = content if isinstance(content, bytes) else content.encode()
    with duckdb.connect() as con, open_raw(con, lambda: io.BytesIO(content), way=Way.ROWS) as raw:
        table = raw.tables[0]
        columns = layout("history", table.columns, told or {})
        return stage_history(con, table, columns, bank=bank, terms=terms or Terms(), now=NOW, most_problems=1000)


def staged(*lines, head=HEAD, **more):
    return stage("\n".join([head, *lines]), **more)


def codes(found):
    return [(one.row, one.code) for one in found.problems]


def test_a_plain_file_is_read_as_it_is():
    found = staged("m1,Luna,2026-02-01T18:05:00-05:00,PPV,7,9.99,1000,400,12,119.88")
    assert found.rows.to_pylist() == [
        {"page_id": "p1", "message_id": "m1", "sent_at": datetime(2026, 2, 1, 23, 5, tzinfo=UTC), "type": "PPV",
         "caption_no": 7, "price": Decimal("9.99"), "recipients": 1000, "viewed": 400, "purchased": 12,
         "earnings": Decimal("119.88"), "currency": "USD", "source_row": 1}
    ]  # fmt: skip
    assert (found.received, found.rejected, found.repeated, found.problems) == (1, 0, 0, [])


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("message_id,creator_id,sending_time,send_type_key,price,sent_count,viewed_count,purchased_count,net_amount",
         "1,4711,2026-02-01 18:05:00,ppv_unlock,9.99,1000,400,12,119.88"),
        ("id,creator,date,price,sent,purchases,earnings,text", "1,luna,2026-02-01 18:05,$9.99,1000,12,$119.88,Come  and see"),
        ("Nachrichtentyp,Seite,Gesendet am,Preis,Empfänger,Gekauft,Umsatz",
         '"PPV",Luna,01.02.2026 18:05,"9,99","1.000",12,"119,88"'),
        ("page,date,time,type,price,recipients,purchased,earnings", "Luna,2026-02-01,6:05 PM,paid,9.99,1000,12,119.88"),
        ("page,sent_at,timezone,is_paid,price,recipients,purchased,earnings",
         "Luna,2026-02-02 00:05:00,europe/berlin,true,9.99,1000,12,119.88"),
        ("page,timestamp,price,recipients,purchased,earnings", "Luna,1769987100,9.99,1000,12,119.88"),
        ("page,timestamp,price,recipients,purchased,earnings", "Luna,2026-02-01 23:05:00 UTC,9.99,1000,12,119.88"),
        ("page,sent_at,price,recipients,purchased,earnings", 'Luna,"Feb 1, 2026, 6:05 PM",9.99,1000,12,119.88'),
    ],
)  # fmt: skip
def test_the_usual_exports_are_understood(head, line):
    found = staged(line, head=head)
    assert [one for one in found.problems if one.code != "missing_recipients"] == []
    (row,) = found.rows.to_pylist()
    assert row["sent_at"] == datetime(2026, 2, 1, 23, 5, tzinfo=UTC)
    told = (row["page_id"], row["type"], row["price"], row["recipients"], row["purchased"], row["earnings"])
    assert told == ("p1", "PPV", Decimal("9.99"), 1000, 12, Decimal("119.88"))


def test_every_format_says_the_same():
    rows = [{"message_id": "m1", "page": "Luna", "sent_at": "2026-02-01T18:05:00-05:00", "type": "PPV", "price": 9.99,
             "recipients": 10, "viewed": 4, "purchased": 1, "earnings": 9.99}]  # fmt: skip
    frame, parquet, excel = pl.DataFrame(rows), io.BytesIO(), io.BytesIO()
    frame.with_columns(pl.col("sent_at").str.to_datetime(time_unit="us", time_zone="UTC")).write_parquet(parquet)
    frame.write_excel(excel)
    forms = [
        frame.write_csv().encode(), frame.write_csv(separator="\t").encode(), frame.write_ndjson().encode(),
        frame.write_json().encode(), parquet.getvalue(), excel.getvalue(),
    ]  # fmt: skip
    tables = [stage(form).rows.to_pylist() for form in forms]
    assert len(tables[0]) == 1
    assert tables == [tables[0]] * len(forms)


def test_bad_rows_are_set_aside_one_by_one_and_the_rest_is_used():
    good = "m0,Luna,2026-02-01 18:05,PPV,7,9.99,1000,400,12,119.88"
    bad = {
        "unknown_page": "b1,Stella,2026-02-01 18:05,PPV,7,9.99,1000,400,12,119.88",
        "missing_page": "b2,,2026-02-01 18:05,PPV,7,9.99,1000,400,12,119.88",
        "missing_time": "b3,Luna,,PPV,7,9.99,1000,400,12,119.88",
        "no_time_of_day": "b4,Luna,2026-02-01,PPV,7,9.99,1000,400,12,119.88",
        "unreadable_time": "b5,Luna,yesterday at 18:05,PPV,7,9.99,1000,400,12,119.88",
        "future_date": "b6,Luna,2026-03-02 18:05,PPV,7,9.99,1000,400,12,119.88",
        "unknown_type": "b7,Luna,2026-02-01 18:05,Poll,7,9.99,1000,400,12,119.88",
        "unreadable_number": "b8,Luna,2026-02-01 18:05,PPV,7,9.99,many,400,12,119.88",
        "negative_earnings": "b9,Luna,2026-02-01 18:05,PPV,7,9.99,1000,400,12,-119.88",
        "more_viewed_than_sent": "b10,Luna,2026-02-01 18:05,PPV,7,9.99,300,400,12,119.88",
        "more_purchased_than_viewed": "b11,Luna,2026-02-01 18:05,PPV,7,9.99,1000,4,12,119.88",
        "more_purchased_than_sent": "b12,Luna,2026-02-01 18:05,PPV,7,9.99,10,,12,119.88",
        "negative_price": "b13,Luna,2026-02-01 18:05,PPV,7,-9.99,1000,400,12,119.88",
    }
    found = staged(good, *bad.values())
    assert codes(found) == list(enumerate(bad, start=2))
    assert found.rows.column("message_id").to_pylist() == ["m0"]
    assert (found.received, found.rejected) == (14, 13)
    (unknown,) = [one for one in found.problems if one.code == "unknown_page"]
    assert "“Stella”" in unknown.message
    assert "add the page" in unknown.message.lower()
    assert '"Stella"' in unknown.raw


def test_some_rows_are_used_with_a_word_of_warning():
    found = staged(
        "m1,Luna,2026-02-01 18:05,PPV,7,,1000,400,12,119.88",
        "m2,Luna,2026-02-02 18:05,PPV,7,0,1000,400,12,119.88",
        "m3,Luna,2026-02-03 18:05,PPV,4711,9.99,1000,400,12,119.88",
        "m4,Luna,2026-02-04 18:05,PPV,blue,9.99,1000,400,12,119.88",
        "m5,Luna,2026-02-05 18:05,Bump,7,,,400,0,0",
    )
    said = ["missing_price", "missing_price", "unknown_caption", "unreadable_caption", "missing_recipients"]
    assert codes(found) == list(enumerate(said, start=1))
    assert found.rejected == 0
    rows = found.rows.to_pylist()
    assert [row["price"] for row in rows] == [None, None, Decimal("9.99"), Decimal("9.99"), None]
    assert [row["caption_no"] for row in rows] == [7, 7, 4711, None, 7]
    assert rows[4]["recipients"] is None


def test_a_time_without_offset_is_read_in_the_rows_the_senders_or_the_pages_zone():
    head = "message_id,page,sent_at,zone,type,price,recipients"

    def when(line, **more):
        return staged(line, head=head, **more).rows.column("sent_at").to_pylist()

    assert when("1,Luna,2026-02-01 12:00,,Bump,,9") == [datetime(2026, 2, 1, 17, tzinfo=UTC)]
    assert when("1,Nova,2026-02-01 12:00,,Bump,,9") == [datetime(2026, 2, 1, 11, tzinfo=UTC)]
    assert when("1,Nova,2026-02-01 12:00,,Bump,,9", terms=Terms(zone="UTC")) == [datetime(2026, 2, 1, 12, tzinfo=UTC)]
    assert when("1,Nova,2026-02-01 12:00,Asia/Tokyo,Bump,,9", terms=Terms(zone="UTC")) == [
        datetime(2026, 2, 1, 3, tzinfo=UTC)
    ]
    found = staged("1,Luna,2026-02-01 12:00,Mars/Base,Bump,,9", "2,Luna,2026-02-01 12:00Z,,Bump,,9", head=head)
    assert codes(found) == [(1, "unknown_zone")]
    assert "“Mars/Base”" in found.problems[0].message
    assert found.rows.column("message_id").to_pylist() == ["2"]


def test_wall_times_become_the_same_instants_as_in_python():
    zones = ("America/New_York", "Europe/Berlin", "Asia/Kolkata")
    changes = (datetime(2024, 3, 10), datetime(2024, 3, 31), datetime(2024, 10, 27), datetime(2024, 11, 3))
    walls = [day + timedelta(minutes=15 * step) for day in changes for step in range(-16, 32)]
    pages = [KnownPage(zone, (zone,), zone, "USD") for zone in zones]
    lines = [f"{zone}{wall},{zone},{wall:%m/%d/%Y %I:%M %p},Bump,7,,9,3,0,0" for zone in zones for wall in walls]
    found = staged(*lines, bank=Bank(pages=pages), terms=Terms(day_order="month_first"))
    wanted = [wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in zones for wall in walls]
    assert found.rows.column("sent_at").to_pylist() == wanted


def test_the_file_decides_which_comes_first_day_or_month():
    line = "{},Luna,{} 18:05,Bump,7,,9,3,0,0"
    both = staged(line.format(1, "03/04/2025"), line.format(2, "13/04/2025"))
    assert both.day_order == "day_first"
    assert [one.day for one in both.rows.column("sent_at").to_pylist()] == [3, 13]
    neither = staged(line.format(1, "03/04/2025"))
    assert codes(neither) == [(1, "ambiguous_date")]
    assert staged(line.format(1, "03/04/2025"), terms=Terms(day_order="month_first")).rejected == 0


def test_of_one_message_the_row_that_is_further_on_counts():
    early = "m1,Luna,2026-02-01 18:05,PPV,7,9.99,1000,200,5,49.95"
    late = "m1,Luna,2026-02-01 18:05,PPV,7,9.99,1000,400,12,119.88"
    for lines in ((early, late, late), (late, late, early), (late, early, late)):
        found = staged(*lines)
        assert found.rows.column("purchased").to_pylist() == [12]
        assert (found.received, found.repeated, found.rejected) == (3, 2, 0)
        assert [one.code for one in found.problems] == ["older_version"]
    assert "row 2" in staged(early, late).problems[0].message


def test_one_number_for_two_messages_is_nobodys():
    found = staged(
        "m1,Luna,2026-02-01 18:05,PPV,7,9.99,1000,400,12,119.88",
        "m1,Luna,2026-02-03 18:05,PPV,7,9.99,1000,400,12,119.88",
        "m1,Nova,2026-02-03 18:05,PPV,7,9.99,1000,400,12,119.88",
    )
    assert codes(found) == [(1, "repeated_id"), (2, "repeated_id")]
    assert found.rows.column("page_id").to_pylist() == ["p2"]


def test_messages_without_numbers_are_told_apart_by_what_they_are():
    head = "page,sent_at,type,caption_id,price,recipients,purchased,earnings"
    first = staged("Luna,2026-02-01 18:05,PPV,7,9.99,1000,5,50", "Luna,2026-02-01 18:05,Bump,7,,1000,0,0", head=head)
    later = staged("Luna,2026-02-01T23:05:00Z,ppv,7,9.99,1000,12,120", head=head)
    ids = first.rows.column("message_id").to_pylist()
    assert len(set(ids)) == 2
    assert later.rows.column("message_id").to_pylist() == ids[:1]
    assert any("own numbers" in one for one in first.warnings)


def test_captions_are_known_by_their_text_on_the_page_first():
    head = "message_id,page,sent_at,type,text,recipients"
    found = staged(
        "1,Luna,2026-02-01 18:05,Bump,ONLY for  you,9",
        "2,Nova,2026-02-01 18:05,Bump,Only for you,9",
        "3,Nova,2026-02-01 18:05,Bump,come and see,9",
        "4,Nova,2026-02-01 18:05,Bump,never heard,9",
        head=head,
    )
    assert found.rows.column("caption_no").to_pylist() == [8, 9, 7, None]


def test_a_file_of_one_page_needs_no_column_for_it():
    head, line = "message_id,sent_at,type,recipients", "1,2026-02-01 12:00,Bump,9"
    with pytest.raises(NoPageColumnError):
        staged(line, head=head)
    found = staged(line, head=head, bank=Bank(pages=(LUNA, NOVA), only_page="p2"))
    assert found.rows.to_pylist()[0]["page_id"] == "p2"
    assert found.rows.to_pylist()[0]["sent_at"] == datetime(2026, 2, 1, 11, tzinfo=UTC)
    with pytest.raises(NoTimeColumnError):
        staged("1,9", head="message_id,recipients")


def test_corrected_columns_win():
    found = staged("m1,Luna,2026-02-01 18:05,PPV,7,9.99,50,400,12,119.88", told={"viewed": None, "recipients": "purchased",
                   "purchased": None})  # fmt: skip
    assert found.rows.to_pylist()[0]["purchased"] == 50
    assert found.rows.to_pylist()[0]["viewed"] is None


LINES = [
    "m1,Luna,2026-02-01 18:05,PPV,7,9.99,1000,400,12,119.88", "m1,Luna,2026-02-01 18:05,PPV,7,9.99,1000,500,20,199.80",
    "m1,Luna,2026-02-01 18:05,PPV,7,9.99,1000,400,12,119.88", "m2,Luna,2026-02-01 18:05,PPV,7,9.99,10,400,12,119.88",
    "m3,Nova,2026-02-02 18:05,Bump,7,,10,4,0,0", "m3,Nova,2026-02-03 18:05,Bump,7,,10,4,0,0",
    "m4,Nova,2026-02-03 18:05,PPV,99,,10,4,0,0", "m5,Nobody,2026-02-03,Poll,99,x,-1,4,0,-7", "m6,Nova,,,,,,,,",
]  # fmt: skip


@settings(max_examples=8)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=14), st.randoms(use_true_random=False))
def test_every_row_is_somewhere_and_their_order_does_not_matter(lines, shuffler):
    found = staged(*lines)
    assert found.received == len(lines) == found.rows.num_rows + found.repeated + found.rejected
    shuffled = random.Random(shuffler.random()).sample(lines, len(lines))
    said = [[{**row, "source_row": 0} for row in one.rows.to_pylist()] for one in (found, staged(*shuffled))]
    assert sorted(said[0], key=str) == sorted(said[1], key=str)
