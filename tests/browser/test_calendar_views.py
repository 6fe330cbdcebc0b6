"""The calendar's other looks in the hand: the year, the timeline, what is switched off; repeating, talking, two at once."""

from datetime import date, timedelta

import pytest
from browsing import settle, sign_in

PHONE = {"width": 390, "height": 844}
SCRIPTS = 150_000
"""Gzipped bytes of script that a page without a chart may load."""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


@pytest.fixture
def page(empty, open_page):
    page = open_page(empty.address)
    sign_in(page)
    return page


@pytest.fixture
def add(empty):
    """`add(name, first, last)` puts an event on the calendar over the API; gives its id."""

    def made(name, first, last=None, **more):
        body = {"name": name, "start": str(first), "end": str(last or first), "type": "promotional_period", **more}
        with empty.owner() as client:
            answer = client.post("/api/v1/calendar/events", json=body)
            answer.raise_for_status()
            return answer.json()["id"]

    return made


@pytest.fixture
def read(empty):
    """`read(id)`: an event as it is kept."""

    def of(event_id):
        with empty.owner() as client:
            return client.get(f"/api/v1/calendar/events/{event_id}").json()

    return of


def mid_quarter(year):
    return date(year, 5, 12)


def bar(page, name):
    return page.locator(".timeline-bar", has_text=name)


def pull(page, name, days, *, edge="middle"):
    """Drag a timeline's bar, or one of its edges, by days."""
    box = bar(page, name).bounding_box()
    width = page.evaluate("document.querySelector('[data-track]').getBoundingClientRect().width / 91")
    x = {"start": box["x"] + 2, "middle": box["x"] + box["width"] / 2, "end": box["x"] + box["width"] - 2}[edge]
    y = box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + days * width, y, steps=8)
    with page.expect_response(lambda answer: "/calendar/move/" in answer.url) as moved:
        page.mouse.up()
    settle(page)
    return moved.value


def test_on_the_timeline_a_bar_is_moved_stretched_and_put_back(page, add, read):
    first = mid_quarter(2031)
    event = add(
        "Lamp sale", first, first + timedelta(days=6), start_time="09:00", end_time="17:00", zone="Europe/Berlin"
    )
    page.goto(f"/calendar?view=timeline&date={first}")
    settle(page)
    assert pull(page, "Lamp sale", 7).ok
    assert pull(page, "Lamp sale", 5, edge="end").ok
    assert pull(page, "Lamp sale", -2, edge="start").ok
    kept = read(event)
    assert (kept["starts_on"], kept["ends_on"]) == (str(first + timedelta(days=5)), str(first + timedelta(days=18)))
    assert kept["start_time"] == "09:00:00"  # a drag moves days, not hours
    page.locator(".toast").last.get_by_role("button", name="Undo").click()
    settle(page)
    assert read(event)["starts_on"] == str(first + timedelta(days=7))
    bar(page, "Lamp sale").click()
    page.get_by_label("Name", exact=True).wait_for()
    assert page.get_by_label("Name", exact=True).input_value() == "Lamp sale"
    assert page.errors == []


def test_who_drags_an_older_state_is_told_and_sees_the_newer_one(page, empty, add, read):
    first = mid_quarter(2032)
    event = add("Contested", first, first + timedelta(days=6))
    page.goto(f"/calendar?view=timeline&date={first}")
    settle(page)
    with empty.owner() as client:
        client.patch(f"/api/v1/calendar/events/{event}", json={"name": "Contested by Ben"}).raise_for_status()
    assert pull(page, "Contested", 7).status == 409
    page.get_by_text("changed this event in the meantime").wait_for()
    bar(page, "Contested by Ben").wait_for()
    assert read(event)["starts_on"] == str(first)


def test_one_occurrence_is_moved_and_the_others_stay(page, add, read):
    first = mid_quarter(2033)
    event = add("Club night", first, recurrence="FREQ=WEEKLY;COUNT=3")
    page.goto(f"/calendar?view=month&date={first}")
    settle(page)
    page.locator(f"td[data-date='{first}'] .fc-event").hover()
    page.mouse.down()
    box = page.locator(f"td[data-date='{first + timedelta(days=1)}']").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=10)
    page.mouse.up()
    with page.expect_response(lambda answer: "/calendar/move/" in answer.url) as moved:
        page.get_by_role("button", name="Only this one").click()
    assert moved.value.ok
    settle(page)
    tomorrow = str(first + timedelta(days=1))
    assert read(event)["overrides"] == [{"on": str(first), "starts_on": tomorrow, "ends_on": tomorrow}]
    page.locator(f"td[data-date='{first + timedelta(days=7)}'] .fc-event").click()
    page.get_by_text("It repeats every week on").wait_for()
    page.get_by_label("Name", exact=True).fill("Last night")
    page.get_by_label("all of them").check()
    page.get_by_role("button", name="Save").click()
    page.locator(f"td[data-date='{first + timedelta(days=14)}'] .fc-event", has_text="Last night").wait_for()


def test_what_is_switched_off_stays_off_in_every_view_and_in_the_address(page, add):
    first = mid_quarter(2034)
    add("Seen", first)
    add("Rival days", first, type="competitor_event")
    page.goto(f"/calendar?view=month&date={first}")
    settle(page)
    page.locator(".switches > summary").click()
    with page.expect_response(lambda answer: "/calendar/feed" in answer.url):
        page.get_by_role("button", name="Competitor", exact=True).click()
    settle(page)
    assert page.locator(".fc-event", has_text="Rival days").count() == 0
    assert "hide=type%3Acompetitor_event" in page.url or "hide=type:competitor_event" in page.url
    page.get_by_role("link", name="Timeline").click()
    page.wait_for_url("**view=timeline**")
    settle(page)
    assert (bar(page, "Seen").count(), bar(page, "Rival days").count()) == (1, 0)
    page.get_by_role("button", name="Competitor", exact=True).click()
    bar(page, "Rival days").wait_for()
    page.get_by_role("link", name="Year", exact=True).first.click()
    page.wait_for_url("**view=year**")
    settle(page)
    assert "Rival days" in page.locator(f"[data-date='{first}']").get_attribute("aria-label")


def test_through_the_year_with_the_keyboard(page, add):
    first = mid_quarter(2035)
    add("Opening", first)
    page.goto(f"/calendar?view=year&date={first}")
    settle(page)
    page.locator(".heat-day[tabindex='0']").focus()
    for key in ("PageDown", "ArrowDown", *["ArrowRight"] * 11):
        page.keyboard.press(key)
    assert "Opening" in page.locator("[data-heat-words]").inner_text()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.dataset.date") == "2035-04-12"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"/calendar?view=day&date={first}")
    page.locator(".fc-event", has_text="Opening").wait_for()


def test_a_comment_reaches_who_is_named(page, empty, add, open_page):
    first = mid_quarter(2036)
    event = add("Talked about", first)
    with empty.owner() as client:
        link = client.post("/api/v1/invites", json={"email": "ben@aurora.example", "role": "editor"}).json()["link"]
    colleague = open_page(empty.address)
    colleague.goto(link)
    colleague.get_by_label("Your name").fill("Ben Ito")
    colleague.get_by_label("Password", exact=True).fill("correct horse battery")
    colleague.get_by_role("button", name="Join").click()
    colleague.wait_for_url("/")
    page.goto(f"/calendar?date={first}&event={event}")
    page.get_by_placeholder("Say something").fill("@ben have a look at https://aurora.example")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("link", name="https://aurora.example").wait_for()
    page.locator("[data-history] > summary").click()
    page.get_by_text("put it on the calendar").wait_for()
    colleague.goto("/inbox")
    colleague.get_by_text("mentioned you at “Talked about”").wait_for()
    colleague.get_by_role("button", name="Open").first.click()
    colleague.get_by_label("Name", exact=True).wait_for()
    assert colleague.get_by_label("Name", exact=True).input_value() == "Talked about"
    assert (page.errors, colleague.errors) == ([], [])


def test_on_a_phone_with_a_finger(empty, open_page, add):
    first = mid_quarter(2037)
    add("Finger sale", first, first + timedelta(days=6))
    page = open_page(empty.address, viewport=PHONE)
    sign_in(page)
    for address in (f"/calendar?view=year&date={first}", f"/calendar?view=timeline&date={first}", "/calendar"):
        page.goto(address)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        low = page.eval_on_selector_all(
            ".page-tools .button, .page-tools a, .toolbar a, .switches > summary, .timeline-bar, .heat-steps .button",
            "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 40).map(one => one.outerHTML)",
        )
        assert low == [], address
    page.goto(f"/calendar?view=year&date={first}")
    settle(page)
    page.locator(f".heat-day[data-date='{first}']").dispatch_event(
        "pointerdown", {"pointerType": "touch", "bubbles": True}
    )
    page.locator(f".heat-day[data-date='{first}']").dispatch_event("click", {"bubbles": True})
    assert "Finger sale" in page.locator("[data-heat-words]").inner_text()
    page.get_by_role("button", name="Day after").click()
    page.get_by_role("link", name="Open the day").click()
    page.wait_for_url(f"/calendar?view=day&date={first + timedelta(days=1)}")


@pytest.mark.parametrize(
    "path", ["/calendar", "/calendar?view=year", "/calendar?view=timeline", "/calendar-sources", "/inbox", "/settings"]
)
def test_no_page_loads_more_script_than_its_budget(page, path):
    page.goto(path)
    settle(page)
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.endsWith('.js')).map(one => one.encodedBodySize)"
    )
    assert 0 < sum(sizes) <= SCRIPTS, sizes
