"""A platform is connected in three steps, brings its days, is paused and removed: with the mouse and on a phone."""

import re

import pytest
from browsing import settle, sign_in, violations
from serving import data_folder, served, set_up

from kalends.demo.standin.registry import serving_all

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


@pytest.fixture(scope="module")
def connected(chromium):
    """A server for whose platforms stand-ins answer."""
    with serving_all() as gateway, data_folder() as home:
        set_up(home)
        with served(home, platform_gateway=gateway) as server:
            yield server


def brings(page, name):
    """From the list of platforms to the first days."""
    page.goto("/data/platforms")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("link", name="enter them yourself").click()
    page.get_by_role("button", name="Test and go on").click()
    page.wait_for_url(re.compile("/choose$"))
    page.get_by_role("button", name="Bring it in").click()
    page.get_by_text(re.compile("^All is here")).wait_for(timeout=60_000)


def test_is_connected_in_three_steps(connected, open_page):
    page = open_page(connected.address, viewport=DESK)
    sign_in(page)
    brings(page, "TikTok Ads")
    assert page.get_by_text("Sync").first.is_visible()

    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("To", exact=True).fill("2026-01-20")
    page.get_by_role("button", name="Fetch").click()
    page.get_by_text("Back-fill").wait_for()

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_text("its keys forgotten").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("/keys$"))
    assert page.errors == []


def test_attribution_windows_are_ticked_and_told(connected, open_page):
    page = open_page(connected.address, viewport=PHONE)
    sign_in(page)
    page.goto("/data/platforms/new/facebook_ads/keys")
    page.get_by_role("button", name="Test and go on").click()
    page.wait_for_url(re.compile("/choose$"))
    page.get_by_label("7 days after a click").check()
    page.get_by_label("How far back at first").select_option("30")
    settle(page)
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.get_by_role("button", name="Bring it in").click()
    page.get_by_text(re.compile("^All is here")).wait_for(timeout=60_000)
    assert page.get_by_text("and beside it 7 days after a click").is_visible()
    assert page.errors == []


def test_an_open_page_sees_what_begins_elsewhere(connected, open_page):
    page = open_page(connected.address, viewport=DESK)
    sign_in(page)
    brings(page, "Pinterest Ads")
    page.get_by_label("Days asked for again").fill("12")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("the last 12 days, each time").wait_for()
    settle(page)
    assert violations(page) == []
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("From").fill("2026-01-01")
    other.get_by_label("To", exact=True).fill("2026-01-20")
    other.get_by_role("button", name="Fetch").click()
    page.get_by_text("Back-fill").wait_for(timeout=60_000)
    assert page.errors == []


def test_wrong_keys_are_told_on_a_phone(connected, open_page):
    page = open_page(connected.address, viewport=PHONE)
    sign_in(page)
    page.goto("/data/platforms/new/google_ads/keys")
    page.get_by_label("Refresh token").fill("mistyped")
    page.get_by_role("button", name="Test and go on").click()
    page.get_by_text("something was mistyped").first.wait_for()
    page.get_by_label("Refresh token").fill("google-key-1")
    page.get_by_role("button", name="Test and go on").click()
    page.wait_for_url(re.compile("/choose$"))
    settle(page)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert page.errors == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_one_signs_in_at_a_platform_instead_of_entering_keys(connected, open_page, viewport):
    source, name = ("google_ads", "Google Ads") if viewport == DESK else ("linkedin_ads", "LinkedIn Ads")
    page = open_page(connected.address, viewport=viewport)
    sign_in(page)
    page.goto("/data/platforms")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("link", name="Enter the app").click()
    address = page.get_by_label("The address that people are sent back to").input_value()
    assert address == f"{connected.address}/data/platforms/{source}/callback"
    assert_fits(page)
    page.get_by_role("button", name="Keep and go on").click()

    page.get_by_role("button", name=f"Sign in at {name}").click()
    page.get_by_role("button", name="Deny").click()
    page.get_by_text("You did not allow it").wait_for()
    assert_fits(page)

    page.get_by_label("What do you call it?").fill(f"{name}, by signing in")
    page.get_by_role("button", name=f"Sign in at {name}").click()
    page.get_by_role("heading", name="May Kalends read your reports?").wait_for()
    assert_fits(page)
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(re.compile("/choose$"))
    page.get_by_role("button", name="Bring it in").click()
    page.get_by_text(re.compile("^All is here")).wait_for(timeout=60_000)
    assert page.get_by_role("heading", name=f"{name}, by signing in").is_visible()

    page.get_by_role("link", name="Keys").click()
    page.get_by_role("button", name=f"Sign in at {name}").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("It is signed in again").wait_for()
    assert page.errors == []


def assert_fits(page):
    """Nothing is wider than the window, and nothing that axe calls serious."""
    settle(page)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert violations(page) == []
