"""Two calendars meet: send both in the browser, see what became of every row, settle where they differ, take it back."""

import pytest
from browsing import CALENDARS, settle, sign_in

SALES = "12 Jan 2026 – 20 Jan 2026"
"""What holds at first is the agency's: its table was read without a fault, the sales team's had a row refused."""
PHONE = {"width": 390, "height": 844}

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_calendars_are_sent_and_a_conflict_is_settled(empty, open_page, viewport):
    page = open_page(empty.address, viewport=viewport) if viewport else open_page(empty.address)
    sign_in(page)
    for label, content in CALENDARS.items():
        page.goto("/calendar-sources")
        settle(page)
        page.locator("#label").fill(label)
        page.locator("#file").set_input_files({"name": f"{label}.csv", "mimeType": "text/csv", "buffer": content})
        page.locator("#preview").get_by_role("button", name="Read it").click()
        page.get_by_role("heading", name=label).wait_for()
    page.goto("/calendar-conflicts")
    settle(page)
    if not page.get_by_text(SALES).count():
        page.goto("/calendar-conflicts?view=settled")  # a strategy has chosen, which a person may still change
    row = page.get_by_role("listitem").filter(has_text=SALES)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    row.get_by_role("button", name="Take this").click()
    page.get_by_text("settled.").wait_for()
    assert first_day(page) == "2026-01-12"
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 choice was taken back.").wait_for()
    assert first_day(page) == "2026-01-13"
    page.goto("/calendar-conflicts")
    settle(page)
    page.keyboard.press("j")
    page.keyboard.press("2")  # the second of the calendars, by name: the sales team's
    page.get_by_text("settled.").wait_for()
    assert first_day(page) == "2026-01-12"
    page.goto("/calendar-conflicts?view=settled")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("the decision was taken back").wait_for()
    assert first_day(page) == "2026-01-13"


def first_day(page):
    """When the event of both calendars begins, as the calendar's feed says."""
    answer = page.request.get("/calendar/feed?start=2026-01-01&end=2026-02-01").json()
    return next(event["start"] for event in answer["events"] if event["title"].startswith("Winter clearance"))
