"""Calendar files as companies have them, and a mutator that damages them and knows what it left alone.

A file is a list of lines, each with the number of its owner (an event, a row), or None for what all of them share. What
touches a line touches its neighbours too: a damaged line end or a blank before a line joins them.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

NAMES = (
    "Black Friday", "Frühlingsaktion", "Soldes d’été", "Lanzamiento: otoño", "Saldi, invernali", "Messe Köln; Halle 3",
    "東京ゲームショウ", "Launch 🎉", "Newsletter \\ 12", "Press day, part 2", "Rebajas", "Cyber Monday",
)  # fmt: skip
ZONE = (
    "BEGIN:VTIMEZONE", "TZID:Customized Time Zone", "BEGIN:STANDARD", "DTSTART:16010101T030000",
    "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
    "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE",
)  # fmt: skip
TIMED = (
    "DTSTART;TZID=Europe/Berlin:{day}T093000", "DTSTART:{day}T083000Z", "DTSTART:{day}T180000",
    "DTSTART;TZID=Customized Time Zone:{day}T110000", 'DTSTART;TZID="Pacific Standard Time":{day}T070000',
)  # fmt: skip
RULES = ("FREQ=WEEKLY;COUNT=5", "FREQ=YEARLY", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=6", "FREQ=DAILY;COUNT=4")
ABSURD = (
    "RRULE:FREQ=DAILY;INTERVAL=0", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "RRULE:FREQ=DAILY;COUNT=1000000000",
    "RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z",
    "RRULE:FREQ=DAILY;INTERVAL=99999999999999999999", "RRULE:FREQ=WEEKLY;BYDAY=MO;BYSETPOS=9", "RRULE:", "RRULE:;;;=",
    "RRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6", "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7;BYMINUTE=0,1,2,3,4",
    "DTSTART;VALUE=DATE:99991231", "DTSTART;VALUE=DATE:00010101", "DTSTART:99999999T999999", "DTEND;VALUE=DATE:00010101",
    "DURATION:P99999999999D", "DURATION:-P1D", "DURATION:PT0S", "RECURRENCE-ID:20261127T000000Z", "DTSTART;TZID=:20261127",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20240101", "RDATE;VALUE=PERIOD:20261127T090000Z/P1D,20261128T090000Z/PT1H",
    "RDATE:20261127,20261128T000000Z,nonsense", "EXDATE:" + ",".join(f"2026{m:02}{d:02}" for m in range(1, 13) for d in range(1, 29)),
    "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VALARM", "END:VALARM", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VTIMEZONE",
    "END:VTIMEZONE", "BEGIN:VTODO", "SUMMARY", 'SUMMARY;X="unclosed:a', "UID:", "STATUS:MAYBE", "X-" + "A" * 5000 + ":b",
    "DTSTART;TZID=../../../etc/passwd:20261127T090000", "DTSTART;VALUE=PERIOD:20261127T090000Z/PT1H", ":", ";", "=",
    "CATEGORIES:" + "," * 2000, "DESCRIPTION:" + "\\" * 3001, 'ORGANIZER;CN="a":mailto:', "SEQUENCE:1e9", "URL:\x01",
    "EXDATE;TZID=Nowhere/At/All:20261127T090000", "DTSTART;VALUE=DATE:\uff12\uff10\uff12\uff16\uff11\uff11\uff12\uff17",
)  # fmt: skip
ZONE_ABSURD = (
    "RRULE:FREQ=SECONDLY", "RRULE:FREQ=YEARLY;INTERVAL=0", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
    "DTSTART:00010101T000000", "TZOFFSETTO:+9999", "TZOFFSETFROM:banana", "TZID:", "END:STANDARD", "BEGIN:STANDARD",
)  # fmt: skip
CELLS = (
    "", '"', '""', '"""', ";;;;;;;;", ",,,,,,,,,", "\t", "=cmd|' /C calc'!A0", "99999999999999999999", "31.02.2026",
    "9999-12-31", "0001-01-01", "1e308", "NaN", "\\", "\x00", "\x1b[2J", "a" * 30_000, "2026-11-27 - 2026-11-26", "99999",
    "{", "[", "sep=;", "<script>", "\u202e", "\u2028", "-" * 400, " - " * 200, "1/" * 300, "\u0662\u0660\u0662\u0666-\u0661\u0661-\u0662\u0667",
)  # fmt: skip


@dataclass
class Damaged:
    """A file's lines with their owners, and the owners that were touched."""

    lines: list[tuple[int | None, bytes]]
    touched: set[int | None] = field(default_factory=set)
    end: bytes = b"\r\n"

    def content(self) -> bytes:
        return self.end.join(line for _, line in self.lines) + self.end

    def touch(self, at: int) -> None:
        self.touched.update(owner for owner, _ in self.lines[max(0, at - 1) : at + 2])


def folded(line: str) -> list[bytes]:
    """The line in pieces of 75 octets, which may cut characters."""
    raw = line.encode()
    return [raw[:75], *(b" " + raw[at : at + 74] for at in range(75, len(raw), 74))]


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;").replace("\n", "\\n")


def calendar_file(rng: random.Random) -> Damaged:
    """A calendar with a zone of its own, and events of every kind; a series and its moved day have one owner."""
    lines: list[tuple[int | None, str]] = [
        (None, line) for line in ("BEGIN:VCALENDAR", "VERSION:2.0", "X-WR-CALNAME:Plan")
    ]
    lines += [(None, line) for line in ZONE]
    for owner in range(rng.randint(4, 9)):
        lines += [(owner, line) for line in event(rng, owner)]
    lines.append((None, "END:VCALENDAR"))
    pieces = [(owner, piece) for owner, line in lines for piece in folded(line)]
    return Damaged(pieces, end=rng.choice([b"\r\n", b"\n", b"\r"]))


def event(rng: random.Random, owner: int) -> list[str]:
    day = (date(2026, 1, 1) + timedelta(days=rng.randrange(700))).strftime("%Y%m%d")
    is_timed = rng.random() < 0.5
    start = rng.choice(TIMED).format(day=day) if is_timed else f"DTSTART;VALUE=DATE:{day}"
    lines = ["BEGIN:VEVENT", f"UID:{owner}@aurora.example", f"SUMMARY:{escaped(rng.choice(NAMES))} {owner}", start]
    lines += rng.choice([[], ["DURATION:PT90M" if is_timed else "DURATION:P3D"]])
    lines += rng.choice([[], [f"DESCRIPTION:{escaped('Größe, M; XL ' * 12)}"], ["STATUS:CANCELLED"], ["X-APPLE-ID:1"]])
    lines += rng.choice([[], ["BEGIN:VALARM", "TRIGGER:-PT15M", "DESCRIPTION:Alarm", "END:VALARM"]])
    if rng.random() < 0.3:
        moved = [
            "BEGIN:VEVENT",
            lines[1],
            "SUMMARY:Moved",
            start.replace("DTSTART", "RECURRENCE-ID"),
            start,
            "END:VEVENT",
        ]
        return [*lines, f"RRULE:{rng.choice(RULES)}", "END:VEVENT", *moved]
    return [*lines, "END:VEVENT"]


def table_file(rng: random.Random) -> Damaged:
    """A spreadsheet as CSV: a header, and rows with quoted cells, some of two lines."""
    mark = rng.choice([",", ";", "\t"])
    shape = rng.choice(["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y"])
    lines: list[tuple[int | None, bytes]] = [(None, mark.join(("id", "name", "start", "end", "notes")).encode())]
    for owner in range(rng.randint(6, 30)):
        first = date(2026, 1, 1) + timedelta(days=rng.randrange(700))
        note = rng.choice(["", "plain", f"a{mark} b", 'say "now"', "two\nlines", f"both{mark}\nof them"])
        name = f"{rng.choice(NAMES)} {owner}"
        cells = [str(owner), name, first.strftime(shape), (first + timedelta(days=3)).strftime(shape), note]
        row = mark.join(
            '"' + cell.replace('"', '""') + '"' if set(cell) & set(mark + '"\n') else cell for cell in cells
        )
        lines += [(owner, piece.encode()) for piece in row.split("\n")]
    return Damaged(lines, end=rng.choice([b"\r\n", b"\n"]))


def damage(rng: random.Random, file: Damaged) -> None:
    """One to three mutations, then perhaps another encoding of the whole, which changes nothing."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        rng.choice(MUTATIONS)(rng, file)


def flip(rng, file):
    at = rng.randrange(len(file.lines))
    owner, line = file.lines[at]
    raw = bytearray(line or b"x")
    for _ in range(rng.randint(1, 4)):
        raw[rng.randrange(len(raw))] = rng.randrange(1, 256)
    file.touch(at)
    file.lines[at] = owner, bytes(raw)


def drop(rng, file):
    at = rng.randrange(len(file.lines))
    file.touch(at)
    del file.lines[at]


def double(rng, file):
    source, at = rng.randrange(len(file.lines)), rng.randrange(len(file.lines))
    file.touch(source)
    file.touch(at)
    file.lines.insert(at, (file.lines[at][0], file.lines[source][1]))


def swap(rng, file):
    one, two = rng.randrange(len(file.lines)), rng.randrange(len(file.lines))
    file.touch(one)
    file.touch(two)
    file.lines[one], file.lines[two] = file.lines[two], file.lines[one]


def truncate(rng, file):
    at = rng.randrange(len(file.lines) * 3 // 4, len(file.lines))
    file.touched.update(owner for owner, _ in file.lines[max(0, at - 1) :])
    owner, line = file.lines[at]
    file.lines[at:] = [(owner, line[: rng.randint(0, len(line))])]


def insert(rng, file):
    """An absurd line, or an absurd cell, or a number too large."""
    at = rng.randrange(1, len(file.lines))
    file.touch(at)
    owner, line = file.lines[at]
    is_calendar = file.lines[0][1].startswith(b"BEGIN")
    if is_calendar:
        absurd = rng.choice(ABSURD if owner is not None else ZONE_ABSURD)
        many = rng.choice([1, 1, 1, 50])
        file.lines[at:at] = [(owner, absurd.encode())] * many
        return
    mark = next(mark for mark in (b";", b"\t", b",") if mark in file.lines[0][1] + b",")
    cells = line.split(mark)
    cells[rng.randrange(len(cells))] = rng.choice(CELLS).encode()
    file.lines[at] = owner, mark.join(cells)


def numbers(rng, file):
    at = rng.randrange(len(file.lines))
    owner, line = file.lines[at]
    file.touch(at)
    file.lines[at] = (
        owner,
        line.replace(rng.choice([b"0", b"1", b"2"]), rng.choice([b"99999999999999999999", b"-", b""])),
    )


def quote(rng, file):
    at = rng.randrange(len(file.lines))
    owner, line = file.lines[at]
    place = rng.randint(0, len(line))
    file.touch(at)
    file.lines[at] = owner, line[:place] + rng.choice([b'"', b'""', b'"' * 3]) + line[place:]


def delimiters(rng, file):
    at = rng.randrange(len(file.lines))
    owner, line = file.lines[at]
    file.touch(at)
    file.lines[at] = owner, line.translate(bytes.maketrans(b",;:\t", bytes(rng.choices(b",;:\t|", k=4))))


def encoding(rng, file):
    at = rng.randrange(len(file.lines))
    owner, line = file.lines[at]
    file.touch(at)
    text = line.decode("utf-8", "replace")
    file.lines[at] = (
        owner,
        text.encode(rng.choice(["cp1252", "utf-16-le", "utf-16", "utf-8-sig", "shift-jis"]), "replace"),
    )


MUTATIONS = (flip, drop, double, swap, truncate, insert, insert, insert, numbers, quote, delimiters, encoding)
