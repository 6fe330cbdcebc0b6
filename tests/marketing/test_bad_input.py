"""Bad input: a clear answer with row and column, good rows kept, nothing lost."""

import gzip
import json
import random
import zipfile
from datetime import date
from io import BytesIO

import duckdb
import pytest
from staging_files import faults, staged

from kalends.base.reading import EmptyPayloadError, UnreadablePayloadError
from kalends.base.reading.errors import NoTextError
from kalends.base.reading.sniff import is_binary
from kalends.marketing.staging import StageOptions, StageReport

pytestmark = pytest.mark.unit


def is_whole(con: duckdb.DuckDBPyConnection, report: StageReport) -> bool:
    rows = con.execute("SELECT count(DISTINCT source_row) FROM quarantined").fetchone()[0]
    return rows == report.quarantined and report.received == report.staged + report.quarantined + report.duplicates


def table(cell: str, column: str = "spend", date_cell: str = "2024-03-01") -> bytes:
    cells = {"date": date_cell, "campaign": "A", "spend": "1", "clicks": "2"} | {column: cell}
    line = ";".join(cells.values())
    return f"{';'.join(cells)}\n2024-01-15;B;2.5;3\n{line}\n".encode()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1,234.50 €", 1234.5),
        ("$1,234.50", 1234.5),
        ("USD 12", 12),
        ("1.2k", 1200),
        ("(0)", 0),
        ("1 234.50", 1234.5),
        ("1'234.50", 1234.5),
        ("1.5e3", 1500),
    ],
)
def test_numbers_as_people_write_them(cell: str, expected: float) -> None:
    con, report = staged(table(cell))
    assert report.quarantined == 0
    assert con.execute("SELECT CAST(spend AS DOUBLE) FROM staged WHERE campaign_id = 'A'").fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("cell", "code"),
    [("12 %", "unreadable_number"), ("abc", "unreadable_number"), ("NaN", "unreadable_number"), ("inf", "unreadable_number"),
     ("1.2.3", "unreadable_number"), ("-5", "negative_spend"), ("(5.00)", "negative_spend")],
)  # fmt: skip
def test_spend_that_is_none(cell: str, code: str) -> None:
    con, report = staged(table(cell))
    assert (report.staged, faults(con)) == (1, [(2, "spend", code)])
    message, raw = con.execute("SELECT message, raw FROM quarantined").fetchone()
    assert cell in message
    assert json.loads(raw)["spend"] == cell
    assert is_whole(con, report)


@pytest.mark.parametrize("cell", ["2.5", "5e-1", "15e-1", "15E-1", "-1e-1", "1e-7"])
def test_a_fraction_of_a_click_is_no_click(cell: str) -> None:
    con, _ = staged(table(cell, "clicks"))
    assert faults(con) == [(2, "clicks", "unreadable_number")]
    for written in (cell, f'"{cell}"'):
        con, _ = staged(b'{"ad_id":"1","date_start":"2024-01-01","clicks":%s}\n' % written.encode(), "facebook_ads")
        assert faults(con) == [(1, "clicks", "unreadable_number")]


@pytest.mark.parametrize(("cell", "clicks"), [("1e2", 100), ("20e-1", 2), ("2.0", 2), ("-0", 0)])
def test_whole_clicks_in_any_notation(cell: str, clicks: int) -> None:
    con, _ = staged(table(cell, "clicks"))
    assert con.execute("SELECT clicks FROM staged WHERE campaign_id = 'A'").fetchall() == [(clicks,)]


def test_clicks_below_zero() -> None:
    con, _ = staged(table("-5", "clicks"))
    assert faults(con) == [(2, "clicks", "negative_clicks")]
    con, _ = staged(b'{"ad_id":"1","date_start":"2024-01-01","clicks":-5}\n', "facebook_ads")
    assert faults(con) == [(1, "clicks", "negative_clicks")]


def test_decimal_comma_is_told_by_the_file() -> None:
    con, report = staged(b"date;campaign;spend\n2024-01-01;A;1.234\n2024-01-01;B;12,50\n")
    assert report.decimal_mark == ","
    assert con.execute("SELECT CAST(sum(spend) AS DOUBLE) FROM staged").fetchone() == (1246.5,)


def test_one_thousand_or_one_is_asked() -> None:
    content = b"date;campaign;spend\n2024-01-01;A;1,234\n"
    con, report = staged(content)
    assert (report.decimal_mark, faults(con)) == (None, [(1, "spend", "unreadable_number")])
    told, _ = staged(content, options=StageOptions(decimal_mark=","))
    assert told.execute("SELECT CAST(spend AS DOUBLE) FROM staged").fetchone() == (1.234,)


@pytest.mark.parametrize(("other", "expected"), [("25/12/2023", date(2024, 4, 3)), ("12/25/2023", date(2024, 3, 4))])
def test_the_file_tells_day_from_month(other: str, expected: date) -> None:
    con, _ = staged(f"date,campaign,spend\n{other},A,1\n03/04/2024,B,1\n".encode())
    assert con.execute("SELECT date_from FROM staged WHERE campaign_id = 'B'").fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("cell", "code"),
    [("03/04/2024", "unreadable_date"), ("2024-02-30", "unreadable_date"), ("someday", "unreadable_date"),
     ("2031-01-01", "future_date"), ("1900-01-01", "implausible_date")],
)  # fmt: skip
def test_dates_that_are_none(cell: str, code: str) -> None:
    con, report = staged(table("1", date_cell=cell))
    assert code in {found for _, _, found in faults(con)}
    assert report.staged == 1
    assert is_whole(con, report)


UNDECIDED = {
    "table": ("file", "date,campaign,spend\n10/01/2026,A,1\n10/12/2026,A,2\n"),
    "wide": ("file", "date,tv_s,radio_s,sales\n10/01/2026,1,2,3\n10/12/2026,4,5,6\n"),
    "orders": ("orders", "order_id,date,total\nA-1,10/01/2026,5\nA-2,10/12/2026,6\n"),
    "platform": ("facebook_ads", "account_id,campaign_id,date_start,spend\n1,2,10/01/2026,5\n1,2,10/12/2026,6\n"),
    "lines": ("facebook_ads",
              '{"campaign_id": "2", "date_start": "10/01/2026", "spend": 5}\n{"campaign_id": "2", "date_start": "10/12/2026", "spend": 6}'),
}  # fmt: skip


@pytest.mark.parametrize(("source", "content"), UNDECIDED.values(), ids=UNDECIDED)
def test_days_that_may_be_months_are_asked_about_and_set_aside_once(source: str, content: str) -> None:
    con, report = staged(content.encode(), source=source)
    assert [(row, code.removesuffix("_date").removesuffix("_cell")) for row, _, code in faults(con)] == [
        (1, "unreadable"), (2, "unreadable")
    ]  # fmt: skip
    assert is_whole(con, report)
    assert report.open_days is not None
    assert (report.open_days.count, report.open_days.example) == (2, "10/01/2026")
    assert report.open_days.day_first == (date(2026, 1, 10), date(2026, 12, 10))
    assert report.open_days.month_first == (date(2026, 10, 1), date(2026, 10, 12))
    assert report.open_days.sentence() in report.warnings
    con, report = staged(content.encode(), source=source, options=StageOptions(day_order="month_first"))
    assert (report.open_days, report.quarantined) == (None, 0)
    assert is_whole(con, report)


@pytest.mark.parametrize(("source", "content"), UNDECIDED.values(), ids=UNDECIDED)
def test_a_file_that_decides_is_not_asked_about(source: str, content: str) -> None:
    con, report = staged(content.replace("10/12/", "10/13/").encode(), source=source)
    assert (report.day_order, report.open_days, report.quarantined) == ("month_first", None, 0)
    assert is_whole(con, report)


def test_a_row_without_a_date_beside_one_with_an_unreadable_one() -> None:
    days = date(2026, 1, 1), date(2026, 1, 7)
    content = b"date,campaign,spend\n,A,1\nsomeday,A,2\n2026-01-05,A,3\n"
    con, report = staged(content)
    assert faults(con) == [(1, "date", "missing_date"), (2, "date", "unreadable_date")]
    assert is_whole(con, report)
    con, report = staged(content, date_range=days)
    assert faults(con) == [(2, "date", "unreadable_date")]
    assert is_whole(con, report)


@pytest.mark.parametrize(
    "cell", ["20240301", "2024/03/01", "01.03.2024", "Mar 1, 2024", "1 March 2024", "2024-03-01T08:00:00Z"]
)
def test_dates_as_platforms_write_them(cell: str) -> None:
    con, _ = staged(table("1", date_cell=cell))
    assert con.execute("SELECT date_from FROM staged WHERE campaign_id = 'A'").fetchall() == [(date(2024, 3, 1),)]


NOISE = random.Random(1).randbytes(20_000)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x06\x00\x00\x00" + NOISE


@pytest.mark.parametrize(
    "content",
    [PNG, PNG[:60], gzip.compress(PNG), NOISE, b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + NOISE, b"\x00\x01\x02 nothing",
     b"SQLite format 3\x00" + bytes(4000), b"RIFF$\x00\x00\x00WAVEfmt \x10" + bytes(4000),
     b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"],
)  # fmt: skip
def test_what_is_no_text_is_no_table(content: bytes) -> None:
    with pytest.raises(NoTextError):
        staged(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_odd_text_is_text(encoding: str) -> None:
    content = "date,campaign,spend\n2024-03-01,Frühling,1\n2024-03-02,\x1b[2J,2\n"
    assert staged(content.encode(encoding))[1].staged == 2
    assert not is_binary(b"date,campaign\n2024-03-01,a\0b\n", "utf-8")
    assert not is_binary(b"date,campaign\n2024-03-01,a\n" + "2024-03-02,ü\n".encode("utf-16-le"), "utf-8")


@pytest.mark.parametrize("content", [b"", b" \n\n", gzip.compress(b"", mtime=0)])
def test_empty(content: bytes) -> None:
    with pytest.raises(EmptyPayloadError):
        staged(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(encoding: str) -> None:
    con, _ = staged("date;campaign;spend\n2024-01-01;Größe é;1\n".encode(encoding))
    assert con.execute("SELECT campaign_name FROM staged").fetchall() == [("Größe é",)]


def test_mixed_encodings() -> None:
    content = "date;campaign;spend\n2024-01-01;Größe;1\n".encode() + "2024-01-02;Größe;1\n".encode("cp1252")
    con, report = staged(content)
    assert con.execute("SELECT DISTINCT campaign_name FROM staged").fetchall() == [("Größe",)]
    assert "line 3" in report.warnings[0]


def ndjson(count: int) -> bytes:
    rows = ({"account_id": "1", "ad_id": str(n), "date_start": "2024-01-01", "spend": "1.50"} for n in range(count))
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_truncated_gzip_keeps_the_rows_before_the_cut() -> None:
    packed = gzip.compress(ndjson(5000))
    con, report = staged(packed[: len(packed) // 2], "facebook_ads")
    assert 0 < report.staged < 5000
    assert any("cut off" in warning for warning in report.warnings)
    assert is_whole(con, report)


def test_zip_of_one_and_of_two() -> None:
    for names, refused in ((["a.csv"], False), (["a.csv", "b.csv"], True)):
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, table("1"))
        if refused:
            with pytest.raises(UnreadablePayloadError, match="several files"):
                staged(buffer.getvalue())
        else:
            assert staged(buffer.getvalue())[1].staged == 2


def test_broken_lines_stand_where_they_stood() -> None:
    lines = ndjson(4).splitlines(keepends=True)
    lines[1] = b'{"account_id": \n'
    lines.insert(3, b"[1]\n")
    con, report = staged(b"".join(lines), "facebook_ads")
    assert faults(con) == [(2, None, "unreadable_row"), (4, None, "unreadable_row")]
    assert report.staged == 3


@pytest.mark.parametrize("odd", [b"null", b"{}", b'{"campaign_id":null,"clicks":""}'])
@pytest.mark.parametrize("before", [3, 300])
def test_a_row_of_nothing_is_no_row_of_the_whole_account(odd: bytes, before: int) -> None:
    rows = [b'{"campaign_id":"%d","clicks":3}' % number for number in range(before)]
    con, report = staged(
        b"\n".join([*rows, odd, b'{"campaign_id":"x","clicks":1}', b""]),
        date_range=(date(2024, 1, 1), date(2024, 1, 31)),
    )
    ((line, column, code),) = faults(con)
    assert (line, column) == (before + 1, None)
    assert code in {"empty_row", "unreadable_row"}  # JSON's null is read in place, or is no object
    assert (report.staged, report.quarantined) == (before + 1, 1)


def test_nan_in_json() -> None:
    content = b'{"account_id":"1","ad_id":"1","date_start":"2024-01-01","frequency":NaN,"spend":1}\n' + ndjson(1)
    con, report = staged(content, "facebook_ads")
    assert [code for _, _, code in faults(con)] == ["not_finite"]
    assert report.staged == 1


def test_ragged_row() -> None:
    con, report = staged(b"date,campaign,spend\n2024-01-01,A,5\n2024-01-01,B,1,234\n2024-01-01,C\n")
    assert faults(con) == [(2, None, "unreadable_row")]
    assert report.staged == 2


def test_ids_that_a_spreadsheet_damaged() -> None:
    con, _ = staged(b"date,campaign_id,spend\n2024-01-01,2.38547E+16,5\n")
    assert faults(con) == [(1, "campaign_id", "damaged_id")]


def test_same_row_twice_and_same_key_with_other_values() -> None:
    rows = [("A", 1), ("A", 1), ("B", 2), ("B", 3)]
    content = "date,campaign,spend\n" + "".join(f"2024-01-01,{name},{spend}\n" for name, spend in rows)
    con, report = staged(content.encode())
    assert (report.staged, report.duplicates, report.quarantined) == (1, 1, 2)
    assert {code for _, _, code in faults(con)} == {"repeated_key"}
    assert is_whole(con, report)


def test_changed_type_stops_only_that_field() -> None:
    content = (
        ndjson(2)
        + b'{"account_id":"1","ad_id":"9","date_start":"2024-01-01","spend":"2","actions":"none","new_field":{"b":1,"a":2}}\n'
    )
    con, report = staged(content, "facebook_ads")
    assert report.staged == 3
    assert con.execute("SELECT conversions, extra FROM staged WHERE ad_id = '9'").fetchall() == [
        (None, '{"new_field.a":"2","new_field.b":"1"}')
    ]


def test_what_a_reader_chokes_on_is_told_in_words() -> None:
    with pytest.raises(UnreadablePayloadError, match="nested too deeply"):
        staged(b"[" * 100_000)


def days(*rows: str, end: str = "\n") -> bytes:
    """A file of days, each with the cells that are told."""
    lines = ["date,campaign,clicks,spend", *(f"2024-01-{day:02},{row}" for day, row in enumerate(rows, start=1))]
    return ("\n".join(lines) + end).encode()


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ('"Spring,1,10', "Plain,1,10"),
        ('"Spring,1,10', 'Summer",1,10'),
        ('"Spring,1,10', '"Summer,1,10'),
        ('Spring,1,"10', "Plain,1,10"),
        ('"5 gum",1,"10', "Plain,1,10"),
        ('"Sun, moon","1,10', "Plain,1,10"),
    ],
)
def test_an_open_quote_costs_its_own_line_alone(begins: str, ends: str) -> None:
    rows = [f"c{number},1,10" for number in range(28)]
    rows[5], rows[11] = begins, ends
    con, report = staged(days(*rows))
    broken = [6, 12] if ends.startswith('"') else [6]
    assert faults(con) == [(row, None, "unreadable_row") for row in broken]
    assert (report.received, report.staged) == (28, 28 - len(broken))
    assert con.execute("SELECT sum(spend) FROM staged").fetchone() == (10 * (28 - len(broken)),)
    message, raw = con.execute("SELECT message, raw FROM quarantined ORDER BY source_row").fetchone()
    assert "Line 7 " in message
    assert "is a quote left open?" in message
    assert raw == f"2024-01-06,{begins}"


def test_an_open_quote_in_the_last_line() -> None:
    con, report = staged(days("A,1,10", '"B,1,10'))
    assert (report.staged, faults(con)) == (1, [(2, None, "unreadable_row")])


def test_an_open_quote_with_megabytes_behind_it() -> None:
    con, report = staged(days('"A,1,10') + (b"x" * (1 << 20) + b"\n") * 17 + b"2024-01-02,B,1,10\n")
    assert con.execute("SELECT campaign_id FROM staged").fetchall() == [("B",)]
    assert (report.received, report.quarantined) == (19, 18)


def test_an_open_quote_in_the_header_is_told() -> None:
    with pytest.raises(UnreadablePayloadError, match=r"Line 1 .*is a quote left open"):
        staged(b'date,"campaign,clicks\n2024-01-01,A,1\n2024-01-02,A,1\n')


def test_quoted_cells_of_several_lines() -> None:
    told = 'Dear all,\nplease, note\n\n5 things, 3 of them ""new"":\n1, 2, 3\n'
    con, report = staged(days(f'"{told}",1,10', "B,1,10", f'"{told}2",1,10'))
    assert (report.staged, report.quarantined) == (3, 0)
    names = [name for (name,) in con.execute("SELECT campaign_name FROM staged ORDER BY date_from").fetchall()]
    assert names == [told.strip().replace('""', '"'), "B", told.replace('""', '"') + "2"]


def test_a_compressed_csv_that_is_cut_off() -> None:
    packed = gzip.compress(days(*(f"c{number},{number % 7},1234567" for number in range(28))), mtime=0)
    ends = set()
    for size in range(len(packed) // 2, len(packed) - 8, 3):
        con, report = staged(packed[:size])
        assert con.execute("SELECT DISTINCT spend FROM staged").fetchall() == [(1234567,)]
        assert any("cut off" in warning for warning in report.warnings)
        assert is_whole(con, report)
        ends |= {message for (message,) in con.execute("SELECT message FROM quarantined").fetchall()}
    assert ends == {"The file ends in the middle of this row, without a line end; send the row again."}


@pytest.mark.parametrize(
    ("last", "end", "fault"),
    [
        ("c10,1", "", [(2, None, "unreadable_row")]),
        ("c10", "", [(2, None, "unreadable_row")]),
        ("c10,1,1250", "", []),
        ("c10,1,", "", []),
        ("c10,1", "\n", []),
        ("c10,1", "\r\n", []),
    ],
)
def test_a_last_row_without_its_last_cells(last: str, end: str, fault: list[tuple]) -> None:
    con, report = staged(days("c9,1,1250", last, end=end))
    assert faults(con) == fault
    assert report.staged == 2 - len(fault)


TWO_SYSTEMS = "start,end,campaign,spend\n03/04/2026,04/03/2026,A,1\n25/04/2026,05/25/2026,B,2\n"
BOTH = "date,campaign,spend\n25/12/2025,A,1\n12/26/2025,B,2\n05/05/2026,C,3\n03/04/2026,D,4\n"


def test_each_column_is_read_in_its_own_order() -> None:
    con, report = staged(TWO_SYSTEMS.encode(), options=StageOptions(columns={"start": "date_from", "end": "date_to"}))
    assert con.execute("SELECT date_from, date_to FROM staged ORDER BY ALL").fetchall() == [
        (date(2026, 4, 3), date(2026, 4, 3)), (date(2026, 4, 25), date(2026, 5, 25)),
    ]  # fmt: skip
    assert (report.quarantined, report.day_order, report.open_days) == (0, None, None)
    assert any("“start” with the day first, “end” with the month first" in said for said in report.warnings)


def test_a_column_that_shows_nothing_is_written_as_the_others() -> None:
    content = TWO_SYSTEMS.replace("25/04/2026,05/25/2026", "25/04/2026,06/05/2026")
    con, report = staged(content.encode(), options=StageOptions(columns={"start": "date_from", "end": "date_to"}))
    found = con.execute("SELECT date_to FROM staged WHERE campaign_id = 'B'").fetchall()
    assert (report.day_order, found) == ("day_first", [(date(2026, 5, 6),)])


def test_a_column_of_both_orders_is_read_where_it_is_clear_and_told_of() -> None:
    con, report = staged(BOTH.encode())
    assert con.execute("SELECT campaign_id, date_from FROM staged ORDER BY ALL").fetchall() == [
        ("A", date(2025, 12, 25)), ("B", date(2025, 12, 26)), ("C", date(2026, 5, 5)),
    ]  # fmt: skip
    assert faults(con) == [(4, "date", "unreadable_date")]
    assert (report.open_days.count, report.open_days.example) == (1, "03/04/2026")
    assert any("day first (25/12/2025) and with the month first (12/26/2025)" in said for said in report.warnings)
    told, report = staged(BOTH.encode(), options=StageOptions(day_order="day_first"))
    assert (faults(told), report.open_days) == ([(2, "date", "unreadable_date")], None)
    assert told.execute("SELECT date_from FROM staged WHERE campaign_id = 'D'").fetchall() == [(date(2026, 4, 3),)]


def test_a_date_that_is_none_by_either_order_decides_nothing() -> None:
    _, report = staged(b"date,campaign,spend\n25/13/2025,A,1\n25/12/2025,B,2\n03/04/2026,C,3\n")
    assert (report.day_order, report.quarantined) == ("day_first", 1)
