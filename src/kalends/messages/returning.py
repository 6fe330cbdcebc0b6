"""An edited CSV comes back: by schedule and caption it is known which message each row is; good rows are taken over.

A row whose time or caption changed is a change by hand, and judged as one. A message whose row is missing is taken out.
What cannot be taken is told by row, and its message stays as it was. Order does not matter: all new times are judged
together, so that two messages may change places.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kalends.base.database import attempt
from kalends.base.errors import BadInputError, KalendsError
from kalends.base.work import Work
from kalends.messages.captions import by_number
from kalends.messages.editing import ReminderLeftAloneError, remove, reserve_again, swap_caption
from kalends.messages.export import COLUMNS, as_written
from kalends.messages.models import Assignment
from kalends.messages.placing import words_of
from kalends.messages.standing import Standing, key_of, minute_of, problem_at, require_living, standing
from kalends.methods.planning import violations

LARGEST: Final = 2_000_000
"""Bytes; a year of a busy page is a tenth of it."""
NEEDED: Final = ("schedule_id", "scheduled_send_time", "message_type", "caption_id")


class NotAScheduleError(BadInputError):
    """This is not a schedule's CSV."""

    code = "not_a_schedule"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was not taken over."""

    row: int
    """Line of the file, the header is 1; 0: a message whose row is missing."""
    column: str
    message: str


@dataclass(slots=True)
class Returned:
    """What a file changed."""

    rows: int = 0
    unchanged: int = 0
    moved: int = 0
    swapped: int = 0
    removed: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    schedules: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    at: datetime
    message_type: str
    caption_no: int


def take_csv_back(work: Work, content: bytes) -> Returned:
    """Take an edited CSV over. Raises NotAScheduleError for a file that is none."""
    found, done = _read(content), Returned()
    by_schedule: dict[UUID, list[_Row]] = {}
    for line, cells in found:
        done.rows += 1
        problem = _parsed(line, cells)
        if isinstance(problem, RowProblem):
            done.problems.append(problem)
        else:
            by_schedule.setdefault(problem[0], []).append(problem[1])
    # A schedule with an unreadable row keeps what it has no row for: it may be that one.
    is_whole = not done.problems
    for schedule_id, rows in by_schedule.items():
        try:
            stands = standing(work, schedule_id=schedule_id, for_update=True)
            require_living(stands.schedule)
        except KalendsError as error:
            done.problems += [RowProblem(row.line, "schedule_id", error.message) for row in rows]
            continue
        done.schedules.append(schedule_id)
        _take(work, stands, rows, done, is_whole=is_whole)
    done.problems.sort(key=lambda each: each.row)
    return done


def _read(content: bytes) -> list[tuple[int, dict[str, str]]]:
    if len(content) > LARGEST:
        raise NotAScheduleError(f"The file has more than {LARGEST:,} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotAScheduleError("The file is not UTF-8: save it as CSV UTF-8.") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise NotAScheduleError(f"The file is no CSV: {error}.") from None
    header = [name.strip().lower() for name in lines[0][1]] if lines else []
    if missing := [name for name in NEEDED if name not in header]:
        raise NotAScheduleError(
            f"The columns {', '.join(missing)} are missing; a schedule has {', '.join(COLUMNS)}.", missing=missing
        )
    return [(line, dict(zip(header, map(as_written, cells), strict=False))) for line, cells in lines[1:]]


def _parsed(line: int, cells: dict[str, str]) -> RowProblem | tuple[UUID, _Row]:
    try:
        schedule_id = UUID(cells.get("schedule_id", "").strip())
    except ValueError:
        return RowProblem(line, "schedule_id", "this is no schedule's id")
    try:
        at = minute_of(datetime.fromisoformat(cells.get("scheduled_send_time", "").strip()))
    except (ValueError, KalendsError):
        return RowProblem(line, "scheduled_send_time", "write it like 2026-11-24T20:07:00-05:00, with the offset")
    kind = {"ppv": "PPV", "bump": "Bump"}.get(cells.get("message_type", "").strip().lower())
    if kind is None:
        return RowProblem(line, "message_type", "it is PPV or Bump")
    told = cells.get("caption_id", "").strip()
    if "E+" in told.upper():
        rounded = "a spreadsheet has rounded this number: type it anew in a cell of text, or edit the file as text"
        return RowProblem(line, "caption_id", rounded)
    try:
        number = int(told)
    except ValueError:
        return RowProblem(line, "caption_id", "it is the number of a caption")
    return schedule_id, _Row(line, at, kind, number)


def _take(work: Work, stands: Standing, rows: Sequence[_Row], done: Returned, *, is_whole: bool) -> None:
    pairs, strange = _matched(stands, rows)
    done.problems += [
        RowProblem(row.line, "caption_id", "no message of this schedule fits: messages are added in Kalends")
        for row in strange
    ]
    _move(work, stands, [(row, one) for row, one in pairs if row.at != one.send_at], done)
    captions = by_number(work, [row.caption_no for row, _ in pairs])
    numbers = {one.id: caption.caption_no for one, caption in stands.messages}
    for row, one in pairs:
        if row.caption_no == numbers[one.id]:
            done.unchanged += row.at == one.send_at and not one.is_edited
            continue
        if row.caption_no not in captions:
            done.problems.append(RowProblem(row.line, "caption_id", f"there is no caption {row.caption_no}"))
            continue
        try:
            with attempt(work.session):
                swap_caption(work, assignment_id=one.id, caption_id=captions[row.caption_no].id)
            done.swapped += 1
        except KalendsError as error:
            done.problems.append(RowProblem(row.line, "caption_id", error.message))
    kept = {one.id for _, one in pairs}
    if is_whole and not strange:
        # Reminders go first: what they follow cannot go before them.
        gone = sorted((one for one, _ in stands.messages if one.id not in kept), key=lambda one: one.follows_id is None)
        for one in gone:
            try:
                remove(work, assignment_id=one.id)
                done.removed += 1
            except ReminderLeftAloneError as error:
                done.problems.append(RowProblem(0, "scheduled_send_time", error.message))


def _matched(stands: Standing, rows: Sequence[_Row]) -> tuple[list[tuple[_Row, Assignment]], list[_Row]]:
    """Rows and their messages: by caption, else by time and type."""
    left = {one.id: (one, caption.caption_no) for one, caption in stands.messages}
    pairs: list[tuple[_Row, Assignment]] = []
    waiting: list[_Row] = []
    for row in rows:
        fits = [
            one for one, number in left.values() if number == row.caption_no and one.message_type == row.message_type
        ]
        if fits:
            pairs.append((row, fits[0]))
            del left[fits[0].id]
        else:
            waiting.append(row)
    strange = []
    for row in waiting:
        fits = [one for one, _ in left.values() if one.send_at == row.at and one.message_type == row.message_type]
        if fits:
            pairs.append((row, fits[0]))
            del left[fits[0].id]
        else:
            strange.append(row)
    return pairs, strange


def _move(work: Work, stands: Standing, moved: Sequence[tuple[_Row, Assignment]], done: Returned) -> None:
    """All new times at once; those that break a rule stay, and what breaks one because of that stays, too."""
    if not moved:
        return
    problem, now = problem_at(work, stands)
    row_of = {key_of(one): (row, one) for row, one in moved}
    wanted = {key: problem.grid.slot(row.at) for key, (row, _) in row_of.items()}
    for key, slot in list(wanted.items()):
        if slot is None or not problem.offered(problem.by_id[key])[slot]:
            done.problems.append(RowProblem(row_of[key][0].line, "scheduled_send_time", "this is not in the week"))
            del wanted[key]
    while wanted:
        placement = now | {key: slot for key, slot in wanted.items() if slot is not None}
        faults = {
            fault.want: words_of(fault) for fault in reversed(violations(problem, placement)) if fault.want in wanted
        }
        if not faults:
            break
        for key, words in faults.items():
            done.problems.append(RowProblem(row_of[key][0].line, "scheduled_send_time", words))
            del wanted[key]
    captions = {one.id: caption for one, caption in stands.messages}
    for key in wanted:
        row, one = row_of[key]
        one.send_at, one.is_edited = row.at, True
        done.moved += 1
    work.session.flush()
    for key in sorted(wanted):
        one = row_of[key][1]
        reserve_again(work, stands, one, captions[one.id])
