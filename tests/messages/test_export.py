"""The CSV: eleven columns in order, formulas made harmless, read rightly by LibreOffice."""

import csv
import io
import shutil
import subprocess
from datetime import datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.messages.export import COLUMNS, as_written, harmless, row_of, to_csv

ELEVEN = [
    "schedule_id", "page_name", "day_of_week", "scheduled_send_time", "message_type", "caption_id", "caption_text",
    "price_tier", "content_category", "has_urgency", "performance_score",
]  # fmt: skip
NASTY = [
    "=1+1",
    "+49 123",
    "-5 left",
    "@home",
    "\tx",
    "\rx",
    "'quoted'",
    'say "hi", twice',
    "two\nlines",
    "Grüße, é 💌 日本",
]
FIRST_NO = 10**15 - 20
"""A spreadsheet keeps fifteen digits of a number."""


def rows():
    at = datetime(2026, 11, 24, 20, 7, tzinfo=ZoneInfo("America/New_York"))
    return [
        row_of(schedule_id="s", page_name="Luna", local=at, message_type="PPV", caption_no=FIRST_NO + number, caption_text=nasty,
               price_tier="Mid", category="=cmd", has_urgency=True, performance_score=0.123456)
        for number, nasty in enumerate(NASTY)
    ]  # fmt: skip


@pytest.mark.unit
def test_eleven_columns_in_their_order():
    found = list(csv.reader(io.StringIO(to_csv(rows()).decode("utf-8-sig"), newline="")))
    assert found[0] == list(COLUMNS) == ELEVEN
    assert found[1][2:6] == ["Tuesday", "2026-11-24T20:07:00-05:00", "PPV", str(FIRST_NO)]
    assert [as_written(line[6]) for line in found[1:]] == NASTY
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for line in found for cell in line)


@pytest.mark.unit
@given(st.text())
def test_what_is_guarded_comes_back(text):
    assert as_written(harmless(text)) == text


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed: tests/setup.sh")
def test_a_spreadsheet_reads_it_rightly(tmp_path):
    """As by a double click: whatever looks like a formula, a number or a date is taken for one."""
    header, *lines = cells_of(opened(tmp_path, to_csv(rows()), to="fods"))
    assert [text for _, text in header] == ELEVEN
    assert len(lines) == len(NASTY)
    assert {len(line) for line in lines} == {len(ELEVEN)}
    kinds = dict.fromkeys(ELEVEN, "string") | {
        "caption_id": "float", "has_urgency": "boolean", "performance_score": "float"
    }  # fmt: skip
    assert all([kind for kind, _ in line] == list(kinds.values()) for line in lines)
    assert [line[5][1] for line in lines] == [str(FIRST_NO + number) for number in range(len(NASTY))]
    assert [as_written(line[6][1]) for line in lines] == [nasty.replace("\r", "\n") for nasty in NASTY]
    assert {as_written(line[8][1]) for line in lines} == {"=cmd"}


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed: tests/setup.sh")
def test_saved_by_a_spreadsheet_it_is_still_the_same(tmp_path):
    saved = opened(tmp_path, to_csv(rows()), to=f"csv:{CSV_FILTER}").decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(saved, newline="")))
    expected = csv.DictReader(io.StringIO(to_csv(rows()).decode("utf-8-sig").replace("\rx", "\nx"), newline=""))
    assert found == [line | {"has_urgency": line["has_urgency"].upper()} for line in expected]


CSV_FILTER = "Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false"
"""Comma, double quote, UTF-8, from line 1; texts are quoted where they must be, numbers and dates are recognised."""


def opened(folder, content, *, to):
    """What LibreOffice, with settings of its own, makes of a CSV file."""
    (folder / "week.csv").write_bytes(content)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", f"--infilter={CSV_FILTER}",
         "--convert-to", to, "--outdir", str(folder / "made"), str(folder / "week.csv")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return next((folder / "made").iterdir()).read_bytes()


def cells_of(sheet):
    """Rows of (type, text as it is shown) of a flat OpenDocument spreadsheet."""
    names = {
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    }
    kind = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
    return [
        [(cell.get(kind), "\n".join(map(_shown, cell.findall("text:p", names))))
         for cell in row.findall("table:table-cell", names) if cell.get(kind)]
        for row in ET.fromstring(sheet).iter(f"{{{names['table']}}}table-row")
    ]  # fmt: skip


def _shown(paragraph):
    """A paragraph's text; tabs are elements."""
    parts = [paragraph.text or ""]
    for part in paragraph:
        parts += ["\t" if part.tag.endswith("}tab") else "".join(part.itertext()), part.tail or ""]
    return "".join(parts)
