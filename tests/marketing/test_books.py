"""Workbooks and Parquet: all sheets, moments in their zones, structs, and what is damaged."""

from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from staging_files import faults, staged

from kalends.base.reading import UnreadablePayloadError
from kalends.marketing.staging import StageOptions

pytestmark = pytest.mark.unit


def test_excel_with_titles_and_merged_headers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Weekly report"], [None, None, "Results", None], ["Date", "Campaign", "Clicks", "Impressions"],
                [datetime(2024, 1, 1), "A", 3, 40], [datetime(2024, 1, 2), "A", "x", 40]):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("C2:D2")
    path = tmp_path / "report.xlsx"
    book.save(path)
    con, report = staged(
        path, options=StageOptions(columns={"Results Clicks": "clicks", "Results Impressions": "impressions"})
    )
    assert con.execute("SELECT date_from, clicks, impressions FROM staged").fetchall() == [(date(2024, 1, 1), 3, 40)]
    assert faults(con) == [(2, "Results Clicks", "unreadable_number")]
    assert any("row 3" in warning for warning in report.warnings)


def test_excel_of_several_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    header = ["Date", "Campaign", "Clicks"]
    sheets = {
        "Sheet": [],
        "January": [header, [datetime(2024, 1, 1), "A", 3], [datetime(2024, 1, 2), "A", "x"]],
        "Notes": [["Made by", "Ann"], ["on", "Monday"]],
        "February": [["February"], header[::-1], [4, "A", datetime(2024, 2, 1)], ["y", "A", datetime(2024, 2, 2)]],
        "Empty": [[None, None]],
    }
    for name, rows in sheets.items():
        sheet = book.active if name == "Sheet" else book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = tmp_path / "months.xlsx"
    book.save(path)
    con, report = staged(path)
    assert con.execute("SELECT date_from, clicks FROM staged ORDER BY ALL").fetchall() == [
        (date(2024, 1, 1), 3), (date(2024, 2, 1), 4)
    ]  # fmt: skip
    assert faults(con) == [(2, "Clicks", "unreadable_number"), (4, "Clicks", "unreadable_number")]
    told = " ".join(report.warnings)
    assert "From row 3 on, the rows are those of the sheet 'February'." in told
    assert "Not read, for the columns are others: 'Notes'" in told
    assert "Empty" not in told


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"date": [date(2024, 1, 1)], "campaign_id": [2**62 + 1], "spend": [1.25]}), path)
    con, _ = staged(path)
    assert con.execute("SELECT campaign_id, CAST(spend AS DOUBLE) FROM staged").fetchall() == [(str(2**62 + 1), 1.25)]


MOMENTS = [datetime(2024, 3, 30, 22, 30, tzinfo=UTC), datetime(2024, 3, 31, 22, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("zone", "days", "is_told"),
    [
        ("Europe/Berlin", [30, 1], True), ("+02:00", [31, 1], True), ("-23:30", [29, 30], True),
        ("UTC", [30, 31], True), ("Mars/Base", [30, 31], False), (None, [30, 31], False),
    ],
)  # fmt: skip
def test_a_moment_in_parquet_is_of_the_day_in_its_zone(
    tmp_path: Path, zone: str | None, days: list[int], is_told: bool
) -> None:
    path, cells = tmp_path / "a.parquet", {"campaign": ["A", "B"], "spend": [1, 1]}
    moments = pa.array(MOMENTS, pa.timestamp("us", zone or "UTC"))
    pq.write_table(pa.table({"date": moments, **cells}), path, store_schema=zone is not None)
    con, report = staged(path)
    found = [day.day for (day,) in con.execute("SELECT date_from FROM staged ORDER BY campaign_id").fetchall()]
    assert found == days
    assert any("does not say the time zone of 'date'" in warning for warning in report.warnings) is not is_told


def test_structs_in_parquet_are_columns_as_in_json(tmp_path: Path) -> None:
    rows = [
        {
            "campaign": {"id": str(number)}, "metrics": {"cost_micros": 1_500_000 * number, "clicks": number},
            "segments": {"date": "2024-03-01"}, "other": {"at": {"moment": MOMENTS[0], "kinds": [1, 2]}},
        }
        for number in range(2)
    ]  # fmt: skip
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    con, _ = staged(path, "google_ads")
    told = "SELECT campaign_id, CAST(spend AS DOUBLE), clicks, json_extract_string(extra, '/other.at.kinds')"
    assert con.execute(f"{told} FROM staged ORDER BY ALL").fetchall() == [("0", 0, 0, "[1,2]"), ("1", 1.5, 1, "[1,2]")]


@pytest.mark.parametrize("name", ["__row", "__fault", "__RAW", "file_row_number", "File_Row_Number", "file", ""])
def test_columns_of_parquet_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.parquet"
    columns = {"date": ["2024-03-01", "someday"], "campaign": ["A", "B"], "spend": [1, 2], name: [7, 8]}
    pq.write_table(pa.table(columns), path)
    con, report = staged(path)
    assert (report.staged, faults(con)) == (1, [(2, "date", "unreadable_date")])
    assert con.execute("SELECT extra LIKE '%\"7\"%' FROM staged").fetchall() == [(True,)]


def test_a_damaged_parquet_file_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {"date": ["2024-03-01"] * 100, "campaign": [f"A{number}" for number in range(100)], "spend": [1] * 100}
    pq.write_table(pa.table(columns), path, compression="none", use_dictionary=False)
    whole = path.read_bytes()
    in_page, in_footer = whole.index(b"A7") - 4, len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for damaged in (
        whole[: len(whole) // 2],
        whole[:in_page] + b"\xff" * 40 + whole[in_page + 40 :],
        whole[:in_footer] + b"\xff" * 40 + whole[in_footer + 40 :],
    ):
        with pytest.raises(UnreadablePayloadError, match="Parquet"):
            staged(damaged)
