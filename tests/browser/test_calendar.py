"""The calendar in the hand: make an event, drag it, find it where it was put, take it back; leave and come again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from browsing import settle, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


@pytest.fixture
def page(empty, open_page):
    page = open_page(empty.address)
    sign_in(page)
    return page


def middle_of_month():
    """A Wednesday in the middle of the month that is shown: there is room to drag on either side."""
    today = datetime.now(UTC).date().replace(day=15)
    return today - timedelta(days=today.weekday()) + timedelta(days=2)


def make_event(page, name, day: date):
    page.goto("/calendar")
    settle(page)
    page.get_by_role("button", name="New event").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("First day").fill(day.isoformat())
    page.get_by_label("Last day").fill(day.isoformat())
    page.get_by_role("button", name="Save").click()
    bar(page, name).wait_for()
    settle(page)


def bar(page, name):
    return page.locator("[data-calendar] .fc-event", has_text=name)


def day_of(page, name):
    """The day in whose cell the event is drawn."""
    return bar(page, name).locator("xpath=ancestor::td[@data-date]").get_attribute("data-date")


def drag(page, name, to: date):
    """With the mouse: press, move in steps, let go over the cell of `to`."""
    bar(page, name).hover()
    page.mouse.down()
    box = page.locator(f"td[data-date='{to}']").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=12)
    with page.expect_response(lambda answer: "/calendar/move/" in answer.url) as moved:
        page.mouse.up()
    assert moved.value.ok


def test_an_event_stays_where_it_was_dragged_until_it_is_taken_back(page):
    first = middle_of_month()
    moved = first + timedelta(days=1)
    make_event(page, "Spring launch", first)
    assert day_of(page, "Spring launch") == first.isoformat()
    drag(page, "Spring launch", moved)
    page.reload()
    bar(page, "Spring launch").wait_for()
    assert day_of(page, "Spring launch") == moved.isoformat()
    with page.expect_response(lambda answer: "/calendar/feed" in answer.url):
        page.get_by_role("button", name="Undo").first.click()
    page.locator(f"td[data-date='{first}'] .fc-event", has_text="Spring launch").wait_for()
    page.reload()
    bar(page, "Spring launch").wait_for()
    assert day_of(page, "Spring launch") == first.isoformat()
    assert page.errors == []


def test_a_form_says_at_its_field_what_does_not_fit(page):
    page.goto("/calendar")
    settle(page)
    page.get_by_role("button", name="New event").click()
    page.get_by_label("Name", exact=True).fill("Backwards")
    page.get_by_label("First day").fill("2026-05-10")
    page.get_by_label("Last day").fill("2026-05-01")
    page.get_by_role("button", name="Save").click()
    page.locator(".field-error").first.wait_for()
    assert page.get_by_label("Name", exact=True).input_value() == "Backwards"


def test_who_leaves_is_asked_again_and_comes_back(page):
    page.get_by_label("Account and appearance").first.click()
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("/sign-in")
    page.goto("/calendar")
    assert "/sign-in" in page.url
    sign_in(page)
    page.get_by_role("heading", name="Welcome to Aurora").wait_for()


def test_the_palette_leads_to_an_event_by_its_name(page):
    first = middle_of_month() + timedelta(days=7)
    make_event(page, "Palette sale", first)
    page.goto("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Jump to").fill("palette")
    page.get_by_role("option", name="Palette sale").click()
    page.wait_for_url(f"/calendar?date={first}")
    bar(page, "Palette sale").wait_for()
    assert day_of(page, "Palette sale") == first.isoformat()
