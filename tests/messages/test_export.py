"""The CSV: eleven columns in order, formulas made harmless, read rightly by LibreOffice."""

import csv
import io
import shutil
import subprocess
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.messages.export import COLUMNS, as_written, harmless, row_of, to_csv

ELEVEN = [
    "schedule_id", "page_name", "day_of_week", "scheduled_send_time", "message_type", "caption_id", "caption_text",
    "price_tier", "content_category", "has_urgency", "performance_score",
]  # fmt: skip
NASTY = ["=1+1", "+49 123", "-5 left", "@home", "\tx", "\rx", "'quoted'", 'say "hi", twice', "two\nlines", "é 💌 日本"]


def rows():
    at = datetime(2026, 11, 24, 20, 7, tzinfo=ZoneInfo("America/New_York"))
    return [
        row_of(schedule_id="s", page_name="Luna", local=at, message_type="PPV", caption_no=2**60 + number, caption_text=nasty,
               price_tier="Mid", category="=cmd", has_urgency=True, performance_score=0.123456)
        for number, nasty in enumerate(NASTY)
    ]  # fmt: skip


@pytest.mark.unit
def test_eleven_columns_in_their_order():
    found = list(csv.reader(io.StringIO(to_csv(rows()).decode("utf-8-sig"), newline="")))
    assert found[0] == list(COLUMNS) == ELEVEN
    assert found[1][2:6] == ["Tuesday", "2026-11-24T20:07:00-05:00", "PPV", str(2**60)]
    assert [as_written(line[6]) for line in found[1:]] == NASTY
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for line in found for cell in line)


@pytest.mark.unit
@given(st.text())
def test_what_is_guarded_comes_back(text):
    assert as_written(harmless(text)) == text


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_it_rightly(tmp_path):
    (tmp_path / "week.csv").write_bytes(to_csv(rows()))
    # As it is opened by a double click: UTF-8, commas, and whatever looks like a formula evaluated.
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
         "--infilter=Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false",
         "--outdir", str(tmp_path / "out"), str(tmp_path / "week.csv")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    made = next((tmp_path / "out").glob("*.csv")).read_text(encoding="utf-8-sig")
    found = list(csv.reader(io.StringIO(made, newline="")))
    assert found[0] == ELEVEN
    assert len(found) == len(NASTY) + 1
    assert [line[6].removeprefix("'").strip() for line in found[1:]] == [
        nasty.removeprefix("'").strip() for nasty in NASTY
    ]
    assert all("#" not in cell and "Err" not in cell for line in found[1:] for cell in line)
