"""Damaged and hostile calendars: never a crash, never a lost good event, always a report.

`KALENDS_PROVE` is the share of the full 10,000 files to read; 1 is the proof, the default its fiftieth part.
"""

import gzip
import io
import os
import random
import re
import time
import zipfile
from collections import Counter

import pytest
from calendar_files import FIRST, LAST, read, table, vcalendar, vevent
from hostile_files import calendar_file, damage, table_file
from proof import proof

from kalends.base.errors import BadInputError
from kalends.base.reading import PayloadTooLargeError, sheets
from kalends.calendar.reading import read_ics, read_table

FILES = max(100, round(5_000 * float(os.environ.get("KALENDS_PROVE", "0.02"))))
"""Of each kind."""
SEED = int(os.environ.get("KALENDS_PROVE_SEED", "1"))
SLOWEST = 2.0
"""Seconds of this process's own time; the machine may be busy with others."""


def plain(entry):
    """What an entry says, in an order of its own; a damaged key may be another's, and then both are counted."""
    fields = tuple(sorted((name, str(value)) for name, value in entry.fields.items()))
    return entry.key.partition("#")[0], fields, entry.url, entry.support


def timed(reader, content):
    """The reading, or the error of bad input, and the seconds that it took."""
    began = time.process_time()
    try:
        found = reader(content)
    except BadInputError as error:
        found = error
    seconds = time.process_time() - began
    assert seconds < SLOWEST, f"{seconds:.1f} s"
    return found, seconds


def run(make, reader, check):
    """Read FILES damaged files; what became of their parts, and the longest time that one took."""
    total, longest = Counter(), 0.0
    for seed in range(SEED * 1_000_000, SEED * 1_000_000 + FILES):
        rng = random.Random(seed)
        file = make(rng)
        whole = reader(file.content())
        assert whole.counts()["refused"] == 0
        damage(rng, file)
        try:
            found, seconds = timed(reader, file.content())
            check(whole, found, file)
        except Exception as error:
            error.add_note(f"seed {seed}, touched {file.touched}:\n{file.content()[:6_000]!r}")
            raise
        longest = max(longest, seconds)
        total["files"] += 1
        if isinstance(found, BadInputError):
            total["files refused"] += 1
        else:
            total.update(found.counts())
            total["untouched"] += len({owner for owner, _ in file.lines} - file.touched - {None})
    return total, longest


def told(what, total, longest):
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(total.items()))
    proof(f"hostile {what}", f"{counts}; longest {longest:.2f} s; seed {SEED}")


def vevents(content: bytes) -> int:
    """How many events a file has, told without the reader: a BEGIN, or an END that has none."""
    lines = [line for line in re.split(rb"\r\n|\r|\n", content) if line]
    unfolded = re.sub(rb"\n[ \t]", b"", b"\n".join(lines)).replace(b"\x00", b"")
    marks = re.findall(
        rb"^\s*(BEGIN:VEVENT|END:VEVENT|BEGIN:VTIMEZONE|END:VTIMEZONE)\s*$", unfolded, re.MULTILINE | re.IGNORECASE
    )
    count, inside = 0, None
    for mark in (mark.upper() for mark in marks):
        count += mark == b"BEGIN:VEVENT" or (mark == b"END:VEVENT" and inside is None)
        if mark.startswith(b"BEGIN"):
            inside = mark[6:]
        elif mark == b"END:VEVENT" or mark[4:] == inside:
            inside = None
    return count


def check_calendar(whole, found, file):
    """Every event has one fate, and those that were not touched are there as before."""
    assert not isinstance(found, BadInputError), found
    assert len(found.fates) == vevents(file.content())
    assert all(fate.reasons for fate in found.fates if fate.outcome != "kept")
    entries = {plain(entry) for entry in found.entries}
    names = Counter(entry.fields["name"] for entry in found.entries)
    for entry in whole.entries:
        owner = int(entry.key.partition("@")[0])
        if owner in file.touched:
            continue
        if None in file.touched and "start_time" in entry.fields:  # its zone may be what was damaged
            assert names[entry.fields["name"]], entry
        else:
            assert plain(entry) in entries, entry


def check_table(whole, found, file):
    """Every row that was not touched has one fate and is there as before; where the header is damaged, there is a report."""
    if None in file.touched:
        return
    assert not isinstance(found, BadInputError), found
    assert all(fate.reasons for fate in found.fates if fate.outcome != "kept")
    assert len({fate.where for fate in found.fates}) == len(found.fates) < len(file.lines)
    fates = Counter(fate.name for fate in found.fates)
    entries = {plain(entry) for entry in found.entries}
    for entry in whole.entries:
        if int(entry.key) not in file.touched:
            assert plain(entry) in entries, entry
            assert fates[entry.fields["name"]] >= 1  # a damaged row may have got its name


def test_damaged_calendars():
    told("calendars", *run(calendar_file, read, check_calendar))


def test_damaged_tables():
    told("tables", *run(table_file, table, check_table))


ENCODINGS = {
    "utf-16": lambda raw: raw.decode().encode("utf-16"),
    "utf-16-be": lambda raw: raw.decode().encode("utf-16-be"),
    "bom": lambda raw: b"\xef\xbb\xbf" + raw,
    "gzip": gzip.compress,
}


@pytest.mark.parametrize("how", ENCODINGS)
@pytest.mark.parametrize(("make", "reader"), [(calendar_file, read), (table_file, table)])
def test_another_encoding_changes_nothing(how, make, reader):
    for seed in range(10):
        file = make(random.Random(seed))
        raw = file.content()
        if how.startswith("utf-16"):  # pieces of characters have no UTF-16
            raw = raw.replace(file.end + b" ", b"") if make is calendar_file else raw
        found = reader(ENCODINGS[how](raw))
        assert list(map(plain, found.entries)) == list(map(plain, reader(file.content()).entries))


@pytest.mark.parametrize("share", [0.001, 0.01, 0.2])
@pytest.mark.parametrize(("make", "reader"), [(calendar_file, read), (table_file, table)])
def test_noise_all_over_is_survived(share, make, reader):
    for seed in range(10):
        rng = random.Random(seed)
        raw = bytearray(make(rng).content())
        for at in range(len(raw)):
            if rng.random() < share:
                raw[at] = rng.randrange(256)
        timed(reader, bytes(raw))


# What is made to take long, or to fill the memory.


def test_a_bomb_is_refused():
    members = gzip.compress((b"0" * 99_999 + b"\n") * 80) * 10  # to pack it once is enough
    for start in (b"BEGIN:VCALENDAR\r\n", b"name,start\n"):
        for reader in (read, table):
            with pytest.raises(PayloadTooLargeError, match="times its size"):
                reader(gzip.compress(start) + members)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_EXCEL_PLAIN_BYTES", 1 << 20)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
    with pytest.raises(PayloadTooLargeError, match="unpacks to more"):
        table(content.getvalue())


class Endless(io.RawIOBase):
    """A start, and then a gigabyte without a line end, none of which is kept."""

    def __init__(self, start: bytes) -> None:
        self.start, self.left = start, 1 << 30

    def readable(self):
        return True

    def readinto(self, buffer):
        if self.start:
            size = min(len(buffer), len(self.start))
            buffer[:size], self.start = self.start[:size], self.start[size:]
            return size
        size = min(len(buffer), self.left)
        buffer[:size] = b"x" * size
        self.left -= size
        return size


def test_a_line_of_a_gigabyte_is_refused():
    with pytest.raises(PayloadTooLargeError, match="Line 2"):
        read_ics(lambda: io.BufferedReader(Endless(b"BEGIN:VCALENDAR\r\n")), zone="UTC", first=FIRST, last=LAST)
    with pytest.raises(PayloadTooLargeError, match="Line 2"):
        read_table(lambda: io.BufferedReader(Endless(b"name,start\n")), zone="UTC", order="dmy")


@pytest.mark.parametrize(
    "part",
    [
        "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "RRULE:FREQ=DAILY;COUNT=1000000000",
        "\r\n".join(f"EXDATE;VALUE=DATE:{year}{n:04}" for year in range(2010, 2030) for n in range(101, 129)) * 8,
        "RDATE;VALUE=DATE:" + ",".join(f"2026{n:04}" for n in range(101, 129)) * 300,
        "ATTENDEE;CN=x:mailto:a@b.example\r\n" * 20_000,
        "DESCRIPTION:" + "a\\,b;" * 400_000,
        "DESCRIPTION:" + "\r\n ".join(["0123456789" * 7] * 30_000),
    ],
)
def test_what_one_event_may_cost(part):
    found, _ = timed(read, vcalendar(vevent("DTSTART;VALUE=DATE:20240101", part)))
    assert len(found.fates) == 1


@pytest.mark.parametrize(
    "rule", ["BYDAY=SU", "BYMONTH=1;BYMONTHDAY=1", "BYDAY=MO,TU,WE,TH,FR,SA,SU", "BYMONTH=2;BYMONTHDAY=31"]
)
@pytest.mark.parametrize("year", ["0001", "1601", "1900"])
def test_what_one_time_zone_may_cost(rule, year):
    kind = (
        "BEGIN:STANDARD",
        f"DTSTART:{year}0101T000000",
        "TZOFFSETFROM:+0000",
        "TZOFFSETTO:+0100",
        f"RRULE:FREQ=YEARLY;{rule}",
        "END:STANDARD",
    )
    zone = "\r\n".join(["BEGIN:VTIMEZONE", "TZID:Odd", *kind * 20, "END:VTIMEZONE", ""])
    found, _ = timed(read, vcalendar(zone, vevent("DTSTART;TZID=Odd:20240101T100000")))
    assert len(found.entries) == 1


@pytest.mark.parametrize(
    "cell", ["a" * (1 << 20), "1-" * (1 << 19), '"' * (1 << 20), " - " * (1 << 18), "é" * (1 << 19), "1/2/" * (1 << 18)]
)
def test_what_one_cell_may_cost(cell):
    for row in (f"{cell},2026-11-27", f"Sale,{cell}"):
        found, _ = timed(table, f"name,start\n{row}\nLaunch,2026-11-27\n")
        assert found.fates[-1].name == "Launch"
        assert found.fates[-1].outcome == "kept"
