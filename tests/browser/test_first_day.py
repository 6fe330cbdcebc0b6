"""Somebody's first day: from the one-time link to a number, down to the line it comes from, and out again as a file."""

import csv
import io
import re
from datetime import timedelta

import pytest
from browsing import ACCOUNT, CAMPAIGN, DAYS, EMAIL, PASSWORD, last_day, meta_export, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1440", "390"])
def test_from_the_one_time_link_to_the_raw_line(fresh, open_page, viewport):
    page = open_page(fresh.address, viewport=viewport)
    become_owner(page, fresh.link)
    page.get_by_role("heading", name="Four steps to your own numbers").wait_for()
    page.get_by_role("link", name="Load a file").click()
    load(page)
    page.goto("/")
    page.get_by_label("This quarter. Choose another period").click()
    page.get_by_role("link", name="Last 28 days").click()
    figure = page.get_by_role("link", name=re.compile("^Spend "))
    assert figure.locator(".figure-value").inner_text() == "€843"
    settle(page)
    assert fits(page)
    figure.click()
    follow_to_the_line(page)
    assert fits(page)
    export(page)
    assert page.errors == []


def become_owner(page, link):
    page.goto(link)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Company").fill("Aurora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open my workspace").click()
    page.wait_for_url("/")


def load(page):
    """Choose the file in the drop zone, look, load, and wait until it counts."""
    page.wait_for_url("/data/upload")
    page.locator("input[type=file]").set_input_files(
        {"name": "meta-autumn.ndjson", "mimeType": "application/x-ndjson", "buffer": meta_export()}
    )
    page.get_by_role("heading", name="NDJSON, read by the rules of Meta Ads").wait_for()
    assert page.locator(".data-sum dd").first.inner_text() == str(DAYS)
    page.get_by_role("button", name="Load", exact=True).click()
    page.wait_for_url("/data/batches/*")
    page.get_by_text(f"All {DAYS} rows are new or changed, and count from now on.").wait_for()


def follow_to_the_line(page):
    """Number -> account -> day -> version -> line, each with the same money."""
    page.get_by_role("heading", name="Where Spend comes from").wait_for()
    assert "€843.00" in page.locator(".data-facts").first.inner_text()
    page.get_by_role("link", name=f"Meta Ads {ACCOUNT}").click()
    page.get_by_role("heading", name="By day").wait_for()
    page.get_by_role("region", name="The account's days").get_by_role("link").first.click()
    page.get_by_role("heading", name="What files said about this day").wait_for()
    page.get_by_role("link", name="row ").first.click()
    line = page.locator("pre").inner_text()
    assert CAMPAIGN in line
    assert '"spend": "42.15"' in line


def export(page):
    """The same days as a table for a model: one row per day, the spend of each."""
    page.goto("/")
    page.get_by_label("Save or show the chart’s numbers").click()
    page.get_by_role("link", name="Export for a model").click()
    page.get_by_label("First day").fill((last_day() - timedelta(days=DAYS - 1)).isoformat())
    page.get_by_label("Last day").fill(last_day().isoformat())
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [row["date"] for row in rows] == [(last_day() - timedelta(days=back)).isoformat() for back in range(DAYS)][
        ::-1
    ]
    (spend,) = [name for name in rows[0] if name.startswith("spend")]
    assert {float(row[spend]) for row in rows} == {42.15}


def fits(page):
    """Whether nothing sticks out sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")
