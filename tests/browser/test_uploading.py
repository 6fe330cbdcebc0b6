"""A file that says not all of itself: the page asks, keeps what one answers, and loads nothing before it knows."""

import re

import pytest
from browsing import fill, settle, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LAPTOP = {"width": 1366, "height": 768}
"""So wide that the cards of the sources are at their narrowest."""
DATELESS = "campaign,spend,clicks\nWinter {0},7.50,3\nSpring {0},8.50,4\n"
SLOWLY = 200
"""Milliseconds between two digits, as people type: time enough to look into the file in between."""


def upload(page, content, *, name="weeks.csv"):
    """Choose the file in the drop zone; until the page has looked into it."""
    page.goto("/data/upload")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.wait_for_url(re.compile("/data/upload/.+"))
    page.locator("form#check").wait_for()
    settle(page)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_days_of_rows_without_a_date_are_typed_one_after_the_other(empty, open_page, viewport):
    page = open_page(empty.address, viewport=viewport)
    sign_in(page)
    upload(page, DATELESS.format(viewport["width"]).encode())
    first, last = page.get_by_label("First day"), page.get_by_label("Last day")
    assert first.bounding_box()["height"] == last.bounding_box()["height"]
    first.press_sequentially("02022025", delay=SLOWLY)  # the same in every order of day and month
    last.focus()
    settle(page)
    assert first.input_value() == "2025-02-02"
    assert page.locator(".field-error").count() == 0

    page.get_by_role("button", name="Load", exact=True).click()
    page.get_by_text("Give both the first and the last day, or neither.").first.wait_for()
    assert page.get_by_label("First day").input_value() == "2025-02-02"

    page.get_by_label("Last day").press_sequentially("03032025", delay=SLOWLY)
    page.get_by_label("When was it exported?").focus()
    settle(page)
    assert [page.get_by_label(name).input_value() for name in ("First day", "Last day")] == ["2025-02-02", "2025-03-03"]
    assert page.locator(".field-error").count() == 0
    page.get_by_role("button", name="Load", exact=True).click()
    page.get_by_text("All 2 rows are new or changed, and count from now on.").wait_for()
    assert [one for one in page.errors if "422" not in one] == []


STICKING_OUT = """card => [...card.querySelectorAll("*")].filter(part => part.getBoundingClientRect().right >
    card.getBoundingClientRect().right - parseFloat(getComputedStyle(card).paddingRight) + 0.5).length"""


def test_a_sources_grade_and_files_stay_within_its_card(empty, open_page):
    fill(empty)
    page = open_page(empty.address, viewport=LAPTOP)
    sign_in(page)
    card = page.locator(".data-source", has_text="Meta Ads")
    graded = card.get_by_text("Grade")
    for _ in range(60):
        page.goto("/data")
        if graded.count():
            break
        page.wait_for_timeout(500)
    assert card.locator(".badge").count() == 2
    assert card.evaluate(STICKING_OUT) == 0
