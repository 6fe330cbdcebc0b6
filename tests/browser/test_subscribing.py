"""A private address is made on the page; a program without cookies reads it, sees an event move, and is turned away."""

from datetime import date

import httpx
import pytest
from browsing import settle, sign_in, until, violations
from calendar_server import calendar_server, ics
from icalendar import Calendar

PHONE = {"width": 390, "height": 844}

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


def days(answer):
    """Name -> the first day of each event of the feed."""
    answer.raise_for_status()
    return {str(event["summary"]): event["dtstart"].dt for event in Calendar.from_ical(answer.content).walk("VEVENT")}


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_somebody_subscribes(empty, open_page, viewport):
    page = open_page(empty.address, viewport=viewport) if viewport else open_page(empty.address)
    name = f"Summer sale {'phone' if viewport else 'desk'}"
    with empty.owner() as client:
        made = client.post("/api/v1/calendar/events", json={"name": name, "start": "2027-06-01", "end": "2027-06-03"})
        event = made.raise_for_status().json()
    sign_in(page)
    page.goto("/calendar-feeds")
    settle(page)
    page.get_by_label("Where you use it").fill("My phone")
    page.get_by_role("button", name="Make the address").click()
    address = page.get_by_label("The private address").input_value()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page) == []
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied.").wait_for()
    first = httpx.get(address)
    assert days(first)[name] == date(2027, 6, 1)
    with empty.owner() as client:
        path = f"/api/v1/calendar/events/{event['id']}"
        client.patch(path, json={"start": "2027-06-02", "end": "2027-06-04"}).raise_for_status()
    assert days(httpx.get(address, headers={"If-None-Match": first.headers["etag"]}))[name] == date(2027, 6, 2)
    page.goto("/calendar-feeds")
    settle(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke").first.click()
    page.get_by_text("no longer works").wait_for()
    assert httpx.get(address).status_code == 410
    assert page.errors == []


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_a_file_is_looked_at_its_columns_corrected_and_then_read(empty, open_page, viewport):
    page = open_page(empty.address, viewport=viewport) if viewport else open_page(empty.address)
    label = f"Sales {'phone' if viewport else 'desk'}"
    sign_in(page)
    page.goto("/calendar-sources")
    settle(page)
    page.get_by_label("Whose calendar is it?").first.fill(label)
    content = b"Vorhaben,Wann,Bis\nSpring sale,2027-04-01,2027-04-03\nBroken,soon,\n"
    page.get_by_label("The file").set_input_files({"name": "p.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("heading", name="What would become of it").wait_for()
    page.get_by_label("Vorhaben").select_option("name")
    settle(page)
    page.get_by_label("Wann").select_option("starts_on")
    page.get_by_text("2027-04-01 to 2027-04-03").wait_for()
    page.get_by_text("'soon' is no day").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page) == []
    page.locator("#preview").get_by_role("button", name="Read it").click()
    page.get_by_role("heading", name=label).wait_for()
    page.get_by_text("1 refused").or_(page.get_by_text("'soon' is no day")).first.wait_for()
    assert page.errors == []


def test_an_address_is_added_and_read_now(empty, open_page):
    page = open_page(empty.address)
    sign_in(page)
    with calendar_server() as server:
        server.put("/a.ics", ics(name="Autumn fair", start="20271001", end="20271004"))
        page.goto("/calendar-sources")
        settle(page)
        form = page.locator("form[action='/calendar-sources/address']")
        form.get_by_label("Whose calendar is it?").fill("Agency")
        form.get_by_label("Its address").fill(server.address + "/a.ics")
        form.get_by_role("button", name="Add and read it").click()
        page.get_by_role("heading", name="Agency", exact=True).wait_for()
        server.put("/a.ics", ics(name="Autumn fair", start="20271002", end="20271005"))
        page.get_by_role("button", name="Read it now").click()
        page.get_by_text("0 new, 1 changed").wait_for()
        page.get_by_role("button", name="Change it").click()
        page.get_by_label("How often it is read").select_option("1440")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("read every 24 hours").wait_for()
    until(page, "!document.querySelector('dialog[open]')")
    assert violations(page) == []
    assert page.errors == []
