"""Two calendars meet: send both in the browser, see what became of every row, settle where they differ, take it back."""

import pytest
from browsing import CALENDARS, settle, sign_in

PHONE = {"width": 390, "height": 844}

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_calendars_are_sent_and_a_conflict_is_settled(empty, open_page, viewport):
    page = open_page(empty.address, viewport=viewport) if viewport else open_page(empty.address)
    sign_in(page)
    for label, content in CALENDARS.items():
        page.goto("/calendar-sources")
        settle(page)
        page.get_by_label("Whose calendar is it?").fill(label)
        page.get_by_label("The file").set_input_files(
            {"name": f"{label}.csv", "mimeType": "text/csv", "buffer": content}
        )
        page.get_by_role("button", name="Read it").click()
        page.get_by_role("heading", name=label).wait_for()
    page.goto("/calendar-conflicts")
    settle(page)
    if not page.get_by_role("button", name="Take this").count():
        # A strategy has chosen: a settled choice is a person's to change all the same.
        page.goto("/calendar-conflicts?settled=true")
    assert page.get_by_text("2026-01-13 – 2026-01-20").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
