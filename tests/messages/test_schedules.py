"""Schedules on real stores: built whole, changed within the rules, taken out and back."""

from datetime import date, timedelta

import pytest
from message_world import add_captions, add_history, add_page
from sqlalchemy import select, text

from kalends.messages import schedules
from kalends.messages.choosing import NoCaptionsError
from kalends.messages.editing import IllegalMoveError, WrongCaptionError
from kalends.messages.locks import CaptionTakenError
from kalends.messages.models import ScheduleExport
from kalends.messages.returning import take_csv_back
from kalends.messages.storing import WeekTakenError

MONDAY = date(2026, 3, 9)


@pytest.fixture
def luna(house, scope):
    """A page with captions and a history."""
    with house.work(scope) as work:
        page = add_page(work)
        bank = add_captions(work, page=page)
        add_history(work, [page], captions=bank)
        return page


@pytest.fixture
def week(house, scope, luna):
    """Its week."""
    return schedules.build(house, scope, page_id=luna.id, first_day=MONDAY)


def count(house, scope, query, **values):
    with house.work(scope) as work:
        return work.session.scalar(text(query), values)


LOCKS = "SELECT count(*) FROM caption_locks WHERE released_at IS NULL"


def test_a_week_is_stored_whole_with_its_reservations(house, scope, week):
    with house.work(scope) as work:
        seen = schedules.view(work, schedule_id=week.id)
        assert len(seen.messages) == week.total_messages == seen.totals["messages"] > 5
        assert all(one.why["sentences"] for one in seen.messages)
        assert [one.send_at for one in seen.messages] == sorted(one.send_at for one in seen.messages)
        row = work.session.execute(text("SELECT * FROM schedule_recommendations")).one()
        assert (row.page_name, row.total_messages) == ("Luna", week.total_messages)
        assert work.session.scalar(text("SELECT count(*) FROM active_caption_assignments")) == week.total_messages
        log = work.session.execute(text("SELECT * FROM schedule_export_log")).one()
        assert (log.status, log.message_count) == ("success", week.total_messages)


def test_the_same_inputs_give_the_same_week_and_replace_the_draft(house, scope, luna, week):
    again = schedules.build(house, scope, page_id=luna.id, first_day=MONDAY)
    assert again.id != week.id
    assert (again.plan, again.inputs) == (week.plan, week.inputs)
    with house.work(scope) as work:
        assert schedules.get(work, schedule_id=week.id).state == "replaced"
    assert count(house, scope, LOCKS) == again.total_messages
    other = schedules.build(house, scope, page_id=luna.id, first_day=MONDAY, seed=7)
    assert other.plan["messages"] != week.plan["messages"]


def test_the_next_week_takes_other_captions_and_keeps_the_gaps(house, scope, luna, week):
    after = schedules.build(house, scope, page_id=luna.id, first_day=MONDAY + timedelta(days=7))
    one, other = ({each["caption_no"] for each in found.plan["messages"]} for found in (week, after))
    assert not one & other


def test_an_approved_week_is_not_built_over(house, scope, luna, week):
    with house.work(scope) as work:
        assert schedules.approve(work, schedule_id=week.id).state == "approved"
    with pytest.raises(WeekTakenError):
        schedules.build(house, scope, page_id=luna.id, first_day=MONDAY + timedelta(days=3))
    with house.work(scope) as work:
        listed = schedules.listed(work, first_day=MONDAY)
        assert (listed[0].state, listed[0].health) == ("approved", "ok")
        builds = select(ScheduleExport.status).where(ScheduleExport.way == "build")
        assert list(work.session.scalars(builds)) == ["success"]  # refused is not failed
        schedules.discard(work, schedule_id=week.id)
    assert count(house, scope, LOCKS) == 0


def test_a_failed_week_reserves_nothing_and_is_noted(house, scope):
    with house.work(scope) as work:
        page = add_page(work)
    with pytest.raises(NoCaptionsError, match="add about"):
        schedules.build(house, scope, page_id=page.id, first_day=MONDAY)
    assert count(house, scope, LOCKS) == count(house, scope, "SELECT count(*) FROM message_schedules") == 0
    assert "no captions" in count(house, scope, "SELECT error_message FROM schedule_export_log WHERE status = 'failed'")


def test_a_message_moves_only_where_the_rules_let_it(house, scope, week):
    with house.work(scope) as work:
        seen = schedules.view(work, schedule_id=week.id)
        first, second = [one for one in seen.messages if one.message_type == "PPV"][:2]
        near = second.send_at + timedelta(minutes=7)
        judged = schedules.check_move(work, assignment_id=first.id, to=near)
        assert not judged.is_legal
        assert second.id in judged.broken[0].others
        with pytest.raises(IllegalMoveError, match="apart"):
            schedules.move(work, assignment_id=first.id, to=near)
        spans = schedules.legal_slots(work, assignment_id=first.id)
        assert any(span.start <= judged.nearest < span.end for span in spans)
        moved = schedules.move(work, assignment_id=first.id, to=judged.nearest)
        assert next(one for one in moved.messages if one.id == first.id).local == judged.nearest
        lock = work.session.scalar(
            text("SELECT lower(during) FROM caption_locks WHERE caption_id = :id AND released_at IS NULL"),
            {"id": first.caption_id},
        )
        assert lock == judged.nearest


def test_a_caption_is_swapped_for_a_free_one_of_its_type(house, scope, week):
    with house.work(scope) as work:
        seen = schedules.view(work, schedule_id=week.id)
        one = next(each for each in seen.messages if each.message_type == "PPV")
        bump = next(each for each in seen.messages if each.message_type == "Bump")
        offered = schedules.candidates(work, assignment_id=one.id)
        assert one.price_tier == offered[0].price_tier
        used = {each.caption_id for each in seen.messages}
        assert not used & {each.caption_id for each in offered}
        with pytest.raises(WrongCaptionError):
            schedules.swap_caption(work, assignment_id=one.id, caption_id=bump.caption_id)
        other = next(each for each in seen.messages if each.message_type == "PPV" and each.id != one.id)
        with pytest.raises(CaptionTakenError):
            schedules.swap_caption(work, assignment_id=one.id, caption_id=other.caption_id)
        after = schedules.swap_caption(work, assignment_id=one.id, caption_id=offered[0].caption_id)
        assert next(each for each in after.messages if each.id == one.id).caption_no == offered[0].caption_no


def test_what_is_taken_out_can_be_put_back(house, scope, week):
    with house.work(scope) as work:
        one = schedules.view(work, schedule_id=week.id).messages[0]
        after = schedules.remove(work, assignment_id=one.id)
        assert len(after.messages) == week.total_messages - 1
    assert count(house, scope, LOCKS) == week.total_messages - 1
    with house.work(scope) as work:
        assert len(schedules.restore(work, assignment_id=one.id).messages) == week.total_messages
    assert count(house, scope, LOCKS) == week.total_messages


def test_an_edited_csv_comes_back_with_row_errors(house, scope, week):
    with house.work(scope) as work:
        seen = schedules.view(work, schedule_id=week.id)
        lines = schedules.export_csv(work, schedule_id=week.id).content.decode("utf-8-sig").split("\r\n")
    ppv = [one for one in seen.messages if one.message_type == "PPV"]
    with house.work(scope) as work:
        free = schedules.candidates(work, assignment_id=ppv[0].id)[0].caption_no
        span = max(schedules.legal_slots(work, assignment_id=ppv[1].id), key=lambda span: span.end - span.start)
    to = span.start + timedelta(minutes=1 if span.start.minute % 15 == 0 else 0)
    at = {one.id: place for place, one in enumerate(seen.messages, start=1)}

    def put(one, column, value):
        cells = lines[at[one.id]].split(",")
        cells[column] = value
        lines[at[one.id]] = ",".join(cells)

    put(ppv[0], 5, str(free))
    put(ppv[1], 3, to.isoformat())
    put(ppv[2], 3, ppv[3].local.isoformat())
    put(ppv[3], 5, "999999")
    gone = next(one for one in seen.messages if one.message_type == "Bump")
    del lines[at[gone.id]]
    with house.work(scope) as work:
        done = take_csv_back(work, "\r\n".join(lines).encode())
        after = {one.id: one for one in schedules.view(work, schedule_id=week.id).messages}
    assert (done.moved, done.swapped, done.removed) == (1, 1, 1)
    assert [(problem.column, problem.row) for problem in done.problems] == sorted(
        [("scheduled_send_time", line(at, gone, ppv[2])), ("caption_id", line(at, gone, ppv[3]))],
        key=lambda one: one[1],
    )
    assert after[ppv[0].id].caption_no == free
    assert after[ppv[1].id].local == to
    assert after[ppv[2].id].local == ppv[2].local
    assert gone.id not in after


def line(at, gone, one):
    """Where its row is in the file, one row having gone."""
    return at[one.id] + 1 - (at[one.id] > at[gone.id])


def test_nothing_changed_changes_nothing(house, scope, week):
    with house.work(scope) as work:
        content = schedules.export_csv(work, schedule_id=week.id).content
        before = schedules.view(work, schedule_id=week.id)
        done = take_csv_back(work, content)
        assert (done.unchanged, done.problems) == (week.total_messages, [])
        assert schedules.view(work, schedule_id=week.id) == before


def test_a_number_that_a_spreadsheet_rounded_is_told_and_changes_nothing(house, scope, week):
    with house.work(scope) as work:
        first, *lines = schedules.export_csv(work, schedule_id=week.id).content.decode("utf-8-sig").splitlines()
        before = schedules.view(work, schedule_id=week.id)
        cells = lines[0].split(",")
        lines[0] = ",".join([*cells[:5], "1.15292150460685E+018", *cells[6:]])
        done = take_csv_back(work, "\r\n".join([first, *lines]).encode())
        assert [(problem.row, "rounded" in problem.message) for problem in done.problems] == [(2, True)]
        assert schedules.view(work, schedule_id=week.id) == before


@pytest.mark.parametrize("kind", ["PPV", "Bump"])
def test_a_caption_taken_by_hand_brings_its_own_score(house, scope, week, kind):
    with house.work(scope) as work:
        before = schedules.view(work, schedule_id=week.id)
        one = next(each for each in before.messages if each.message_type == kind)
        offered = schedules.candidates(work, assignment_id=one.id)
        assert len({each.performance_score for each in offered}) > 3
        alike = [each.performance_score for each in offered if each.price_tier == one.price_tier and not each.note]
        assert alike == sorted(alike, reverse=True)
        other = next(each for each in offered if each.performance_score != one.performance_score)
        after = schedules.swap_caption(work, assignment_id=one.id, caption_id=other.caption_id)
        swapped = next(each for each in after.messages if each.id == one.id)
        assert swapped.performance_score == other.performance_score
        back = schedules.swap_caption(work, assignment_id=one.id, caption_id=one.caption_id)
        assert next(each for each in back.messages if each.id == one.id).performance_score == one.performance_score
