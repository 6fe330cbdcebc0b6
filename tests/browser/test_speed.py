"""Pages are light: little script, and the first page stands quickly."""

import gzip
import sys

import pytest
from browsing import settle, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("filled")]

MOST_SCRIPT = 150_000
"""Gzipped bytes of script on a page without calendar or chart."""
MOST_SECONDS = 3.0
"""On a machine that others use too; what is promised for an idle one is 1 s."""
PLAIN = (
    "/sign-in",
    "/data",
    "/data/upload",
    "/data/batches/{batch}",
    "/export",
    "/inbox",
    "/settings",
    "/settings/people",
    "/settings/you",
)


def scripts(page, path):
    """Gzipped bytes of all script that the page loads."""
    sizes = []

    def weigh(response):
        if response.request.resource_type == "script":
            sizes.append(len(gzip.compress(response.body())))

    page.on("response", weigh)
    page.goto(path)
    settle(page)
    page.remove_listener("response", weigh)
    return sum(sizes)


def test_plain_pages_load_little_script(filled, open_page):
    page = open_page(filled.address)
    sign_in(page)
    loaded = {}
    for path in PLAIN:
        # What a page needs is asked of a browser that has nothing yet.
        fresh = open_page(filled.address)
        fresh.context.add_cookies(page.context.cookies())
        loaded[path] = scripts(fresh, path.format(batch=filled.batch, source=filled.source))
    assert all(0 < size <= MOST_SCRIPT for size in loaded.values()), loaded


def test_home_stands_quickly(filled, open_page, record_property):
    page = open_page(filled.address)
    sign_in(page)
    page.goto("/")
    seconds = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
    record_property("seconds", seconds)
    sys.stdout.write(f"Home: {seconds:.2f} s until loaded\n")
    assert 0 < seconds < MOST_SECONDS


def test_nothing_comes_from_another_house(filled, open_page):
    """No page asks a foreign server for anything: fonts, scripts and pictures are our own."""
    page = open_page(filled.address)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page)
    for path in ("/", "/calendar", "/data", "/export"):
        page.goto(path)
        settle(page)
    assert asked
    assert [url for url in asked if not url.startswith((filled.address, "data:", "blob:"))] == []
