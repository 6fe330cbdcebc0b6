"""Every page is usable by everybody: axe finds nothing serious, in light and dark, on a desk and on a phone.

Every page is judged on a desk by day, and none may stick out on a phone. The colours of the dark, which are made in one
place for all pages, and what axe says of the phone are asked of every sixth page; with `KALENDS_PROVE` set, of all.
"""

import os
import re

import pytest
from browsing import AXE, by_day_and_night, settle, sign_in, violations
from proof import proof

PHONE = {"width": 390, "height": 844}
PAGES = (
    "/",
    "/calendar",
    "/calendar?view=week",
    "/calendar?view=year",
    "/calendar?view=timeline",
    "/calendar?view=timeline&zoom=year&rows=market",
    "/calendar-sources",
    "/calendar-sources/{source}",
    "/calendar-conflicts",
    "/calendar-setup/business",
    "/calendar-setup/fiscal",
    "/calendar-setup/periods",
    "/calendar-setup/market",
    "/calendar-setup/platforms",
    "/data",
    "/data/upload",
    "/data/batches/{batch}",
    "/data/batches/{batch}/lineage",
    "/data/platforms",
    "/data/platforms/new/google_ads",
    "/data/quality",
    "/data/quality/rules",
    "/data/reconciliation",
    "/data/lineage",
    "/data/names",
    "/data/conversions",
    "/data/series",
    "/data/settling",
    "/data/shapes",
    "/data/hooks",
    "/data/rates",
    "/export",
    "/messages",
    "/messages-captions",
    "/messages-captions/new",
    "/messages-import",
    "/messages-warehouse",
    "/messages-templates",
    "/messages-templates/new",
    "/messages-trials",
    "/messages-trials/new",
    "/messages-settings",
    "/messages-pages/new",
    "/inbox",
    "/settings",
    "/settings/people",
    "/settings/keys",
    "/settings/retention",
    "/settings/you",
    "/nothing-here",
)
SOME = PAGES if os.environ.get("KALENDS_PROVE") else PAGES[::6]
"""Those that are also judged in the dark and on a phone."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("filled"),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci in frontend/"),
]


def test_a_company_with_data(filled, open_page):
    page = open_page(filled.address)
    sign_in(page)
    found = {}
    for path in PAGES:
        page.goto(path.format(batch=filled.batch, source=filled.source))
        settle(page)
        found[path] = by_day_and_night(page) if path in SOME else violations(page)
    for path in trail(page):
        found[path] = by_day_and_night(page)
    found["an event's panel"] = judged_panel(page)
    assert not {path: bad for path, bad in found.items() if bad}
    proof("access, pages judged by day, of them also in the dark", f"{len(found)}, {len(SOME) + 5}")


def test_a_company_without_data(empty, open_page):
    page = open_page(empty.address)
    found = {"/sign-in": judged(page, "/sign-in")}
    sign_in(page)
    found |= {path: judged(page, path) for path in ("/", "/calendar", "/data", "/inbox", "/export")}
    page.goto("/calendar")
    settle(page)
    page.get_by_role("button", name="New event").click()
    page.get_by_label("Name", exact=True).wait_for()
    settle(page)
    found["an event's form"] = by_day_and_night(page)
    assert not {path: bad for path, bad in found.items() if bad}


def test_on_a_phone_nothing_sticks_out(filled, open_page):
    page = open_page(filled.address, viewport=PHONE)
    sign_in(page)
    found, wide = {}, []
    for path in PAGES:
        page.goto(path.format(batch=filled.batch, source=filled.source))
        settle(page)
        found[path] = violations(page) if path in SOME else []
        wide += [path] if page.evaluate("document.documentElement.scrollWidth > innerWidth") else []
    assert not {path: bad for path, bad in found.items() if bad}
    assert wide == []
    proof("access, pages judged on a phone", len(SOME))


def test_on_a_phone_the_types_of_conversions_stand_below_each_other(filled, open_page):
    page = open_page(filled.address, viewport=PHONE)
    sign_in(page)
    page.goto("/data/conversions")
    sizes = "all => all.map(one => [one.scrollWidth, one.clientWidth])"
    found = page.eval_on_selector_all(".conversion-types .table-wrap", sizes)
    assert found
    assert all(wanted <= there for wanted, there in found), found


def test_the_first_start(fresh, open_page):
    assert judged(open_page(fresh.address), fresh.link) == []


def test_the_judge_sees_what_is_wrong(filled, open_page):
    page = open_page(filled.address)
    page.goto("/sign-in")
    page.evaluate("document.querySelector('label[for=email]').remove()")
    # A colour that is right by day only.
    page.evaluate("document.querySelector('h1').style.color = getComputedStyle(document.querySelector('h1')).color")
    found = by_day_and_night(page)
    assert any("label" in one for one in found)
    assert any("color-contrast" in one and one.startswith("in the dark") for one in found)
    assert not any("color-contrast" in one and not one.startswith("in the dark") for one in found)


def judged(page, path):
    page.goto(path)
    settle(page)
    return by_day_and_night(page)


def judged_panel(page):
    """An event's panel with everything in it open, beside the switches."""
    page.goto("/calendar?view=list")
    settle(page)
    page.locator(".switches > summary").click()
    page.locator(".fc-event", has_text="Autumn sale").first.click()
    page.get_by_label("Name", exact=True).wait_for()
    for part in page.locator("dialog details > summary").all():
        part.click()
    settle(page)
    return by_day_and_night(page)


def trail(page):
    """The pages from Home's spend down to the raw line, one after another."""
    page.goto("/?period=last+28+days")
    for pattern in ("metric=spend", "account_id=", "day=", "row="):
        links = page.eval_on_selector_all("main a[href]", "all => all.map(one => one.getAttribute('href'))")
        page.goto(next(link for link in links if re.search(pattern, link)))
        settle(page)
        yield f"lineage, by {pattern}"
