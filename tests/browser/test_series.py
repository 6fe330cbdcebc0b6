"""Series as a person meets them: a unit that is typed and left stays, and all ways of the room are within reach."""

import io

import pytest
from browsing import settle, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WEEKS = "week,geo,sales_total,price_index,weather\n" + "".join(f"2025-01-{5 + 7 * n:02},DE,{n},9,8\n" for n in range(3))


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_unit_is_typed_in_the_list(empty, open_page, viewport):
    with empty.owner() as client:
        told = {"file_name": "weeks.csv", "wait": 60}
        client.post("/api/v1/marketing/ingest", params=told, content=io.BytesIO(WEEKS.encode())).raise_for_status()
    page = open_page(empty.address, viewport=viewport)
    sign_in(page)
    page.goto("/data/series?search=price")
    unit = page.get_by_label("Unit of price_index, DE")
    unit.fill(f"index {viewport['width']}")
    unit.press("Tab")
    page.get_by_text("“price_index” is in index").wait_for()
    settle(page)
    assert page.url.endswith("/data/series?search=price")
    assert page.get_by_label("Unit of price_index, DE").input_value() == f"index {viewport['width']}"

    page.locator("summary", has_text="Series").click()
    box = page.locator(".page-tools .menu-list").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= viewport["width"]
    assert page.errors == []
