"""Weeks of messages in a real browser: the list, the board by mouse, by keys and by finger, what is said and undone."""

import os
import re
from datetime import UTC, datetime

import pytest
from browsing import AXE, settle, sign_in, until, violations
from serving import data_folder, served, set_up

from kalends.base.settings import Settings
from kalends.client import open_client
from kalends.demo.messages import PAGES, fill_messages

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


@pytest.fixture(scope="module")
def operated(chromium):
    """A server with two creator pages, what they sent, and their next weeks."""
    with data_folder() as home:
        set_up(home)
        with served(home) as server, pytest.MonkeyPatch.context() as patch:
            patch.setitem(os.environ, "KALENDS_HOME", str(home))
            with open_client(Settings(home=home)) as client:
                fill_messages(client, seed=7, today=datetime.now(UTC).date(), pages=PAGES[1:3])
            yield server


@pytest.fixture
def desk(operated, open_page):
    page = open_page(operated.address, viewport=DESK)
    sign_in(page)
    return page


@pytest.fixture
def phone(operated, open_page):
    page = open_page(operated.address, viewport=PHONE)
    sign_in(page)
    return page


def open_week(page, name="Kira Holm", *, later=0):
    page.goto("/messages")
    page.get_by_role("link", name=name).click()
    for _ in range(later):
        page.get_by_role("link", name="The week after").click()
    page.locator("#week").wait_for()
    settle(page)


def paid(page, at=0):
    return page.locator(".msg-paid").nth(at)


def instant(page, message):
    return page.locator(f'[data-message="{message}"]').get_attribute("data-instant")


def changed(page, message, before):
    until(page, f"document.querySelector('[data-message=\"{message}\"]')?.dataset.instant !== '{before}'")
    settle(page)
    return instant(page, message)


def undo(page):
    page.locator(".toast").last.get_by_role("button", name="Undo").click()


def test_the_list_finds_builds_approves_and_exports(desk):
    desk.goto("/messages")
    rows = desk.locator(".msg-page")
    assert rows.count() == 2
    desk.get_by_label("Find a page").fill("kira")
    desk.get_by_label("Find a page").press("Enter")
    desk.wait_for_url("**q=kira**")
    assert rows.count() == 1
    desk.goto("/messages")
    assert desk.get_by_role("button", name="Approve").is_disabled()
    desk.get_by_label("All pages shown").check()
    assert desk.get_by_text("2 ticked").is_visible()
    with desk.expect_download() as waiting:
        desk.get_by_role("button", name="Export").click()
    assert waiting.value.suggested_filename.endswith(".zip")
    desk.get_by_role("link", name="The week after").click()
    desk.get_by_role("link", name="The week after").click()
    until(desk, "[...document.querySelectorAll('.msg-page .badge')].every(one => one.textContent === 'None yet')")
    desk.get_by_role("button", name=re.compile("^Build .* for all")).click()
    until(desk, "[...document.querySelectorAll('.msg-page .badge')].every(one => one.textContent === 'Draft')")
    desk.get_by_label("Kira Holm").check()
    desk.get_by_role("button", name="Approve").click()
    desk.get_by_text("1 week approved.").wait_for()
    assert desk.errors == []


def test_arrows_carry_a_message_from_free_minute_to_free_minute(desk):
    open_week(desk, later=1)
    card = paid(desk)
    message, before = card.get_attribute("data-message"), card.get_attribute("data-instant")
    card.focus()
    card.press("ArrowUp")
    desk.locator(".msg-ghost").wait_for()
    assert desk.locator(".msg-free").count() > 0
    card.press("Escape")
    assert desk.locator(".msg-ghost").count() == 0
    assert instant(desk, message) == before
    card.press("ArrowUp")
    desk.locator(".msg-ghost").wait_for()
    assert "Enter puts it there" in desk.locator("[data-week-says]").inner_text()
    card.press("Enter")
    after = changed(desk, message, before)
    assert datetime.fromisoformat(after) < datetime.fromisoformat(before)
    assert datetime.fromisoformat(after).minute % 15 != 0
    assert desk.evaluate("document.activeElement.dataset.message") == message
    undo(desk)
    assert changed(desk, message, after) == before
    assert desk.errors == []


def test_a_drag_lands_where_it_is_legal_and_is_told_why_elsewhere(desk):
    open_week(desk, later=1)
    card = paid(desk)
    message, before = card.get_attribute("data-message"), card.get_attribute("data-instant")
    drag(desk, card, minute=5 * 60)
    refusal = desk.locator("[data-week-refusal]")
    refusal.wait_for()
    assert "is quiet" in refusal.inner_text()
    assert instant(desk, message) == before
    refusal.get_by_role("button", name=re.compile("^Put it at")).click()
    near = changed(desk, message, before)
    drag(desk, desk.locator(f'[data-message="{message}"]'), minute=11 * 60 + 7)
    assert "T" in (after := changed(desk, message, near))
    undo(desk)
    assert changed(desk, message, after) == near
    assert desk.errors == []


def drag(page, card, *, minute):
    """Take the card to a minute of its own day."""
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 24, box["y"] - 8, steps=3)
    page.locator(".msg-free").first.wait_for(state="attached")
    for _ in range(60):
        track = card.locator("xpath=ancestor::*[@data-track]").bounding_box()
        wanted = track["y"] + track["height"] * minute / 1440 + 5
        page.mouse.move(box["x"] + 24, min(max(wanted, 30), 870), steps=2)
        if 50 < wanted < 850:
            break
        page.wait_for_timeout(10)
    page.mouse.move(box["x"] + 24, wanted, steps=2)
    page.mouse.up()


def test_the_panel_says_why_and_swaps_and_takes_out(desk):
    open_week(desk, later=1)
    card = paid(desk)
    message, words = card.get_attribute("data-message"), card.locator(".msg-card-text").inner_text()
    card.click()
    panel = desk.locator("#message")
    panel.get_by_text("Expected of 1,000 recipients").wait_for()
    assert panel.get_by_text(re.compile("a hundred times from the same facts|practically no other choice")).is_visible()
    number = panel.locator(".msg-text footer").inner_text()
    panel.get_by_role("button", name=re.compile("^Send caption")).first.click()
    until(desk, f"document.querySelector('#message .msg-text footer').textContent !== '{number}'")
    panel.get_by_role("button", name="Close").click()
    undo(desk)
    until(desk, f"document.querySelector('[data-message=\"{message}\"] .msg-card-text').textContent === {words!r}")
    settle(desk)
    count = desk.locator("[data-message]").count()
    desk.locator(f'[data-message="{message}"]').click()
    desk.locator("#message").get_by_role("button", name="Take it out of the week").click()
    until(desk, f"document.querySelectorAll('[data-message]').length === {count - 1}")
    undo(desk)
    until(desk, f"document.querySelectorAll('[data-message]').length === {count}")
    assert desk.errors == []


def test_on_a_phone_a_tap_opens_a_sheet_that_moves(phone):
    open_week(phone, later=1)
    card = paid(phone)
    message, before = card.get_attribute("data-message"), card.get_attribute("data-instant")
    card.click()
    sheet = phone.locator("#message")
    sheet.get_by_role("button", name="Earlier").click()
    after = changed(phone, message, before)
    assert datetime.fromisoformat(after) < datetime.fromisoformat(before)
    until(phone, "document.activeElement?.textContent.includes('Earlier')")
    sheet.get_by_label("At exactly").fill(f"{after[:10]}T05:00")
    sheet.get_by_role("button", name="Move", exact=True).click()
    sheet.get_by_text("Not possible").wait_for()
    assert sheet.get_by_role("button", name=re.compile("^Put it at")).is_visible()
    assert instant(phone, message) == after
    assert phone.errors == []


def test_an_edited_csv_comes_back_with_its_errors(desk, tmp_path):
    open_week(desk, later=1)
    with desk.expect_download() as waiting:
        desk.get_by_role("button", name="Export CSV").click()
    lines = waiting.value.path().read_text().splitlines()
    lines[2] = re.sub(",(PPV|Bump),", ",Letter,", lines[2])
    (tmp_path / "edited.csv").write_text("\n".join(lines))
    desk.locator("#content summary", has_text="More").click()
    desk.get_by_role("button", name="Bring an edited CSV back").click()
    desk.get_by_label("The file").set_input_files(tmp_path / "edited.csv")
    desk.get_by_role("button", name="Bring it back").click()
    desk.get_by_role("heading", name="Not taken over").wait_for()
    assert desk.get_by_role("cell", name="3", exact=True).is_visible()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci in frontend/")
@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")])
def test_everybody_can_use_them(operated, open_page, viewport, scheme):
    page = open_page(operated.address, viewport=viewport, scheme=scheme)
    sign_in(page)
    found, wide = {}, []
    page.goto("/messages")
    week = page.get_by_role("link", name="Mara Reyes").get_attribute("href")
    empty, analysis = re.sub(r"/week/.*", "/week/2020-01-06", week), re.sub(r"/week/.*", "/analysis", week)
    with operated.owner() as client:
        told = {"name": f"Calm {scheme} {viewport['width']}", "rules": {"ppvs": 5, "follow_ups": True}}
        template = client.post("/api/v1/messages/templates", json=told).json()["id"]
    pages = ["/messages", week, f"{week}?beside=true", analysis, empty, "/messages-templates",
             f"/messages-templates/{template}", "/messages-captions", "/messages-import", "/messages-settings",
             f"/messages-pages/{week.split('/')[2]}/settings", "/messages-trials/new"]  # fmt: skip
    for path in ("/messages-captions", "/messages-import"):
        page.goto(path)
        links = page.eval_on_selector_all("main a[href]", "all => all.map(one => one.getAttribute('href'))")
        pages.append(next(link for link in links if re.match(rf"{path}/[0-9a-f]{{8}}-", link)))
    for path in pages:
        page.goto(path)
        settle(page)
        found[path] = violations(page)
        wide += [path] if page.evaluate("document.documentElement.scrollWidth > innerWidth") else []
    page.goto(week)
    page.locator("[data-message]").first.click()
    page.locator("#message").wait_for()
    settle(page)
    found["panel"] = violations(page)
    assert not {path: bad for path, bad in found.items() if bad}
    assert wide == []


def test_a_template_with_keys_alone(desk):
    """Saved from a week, called otherwise, removed, and back."""
    open_week(desk)
    desk.locator("#content summary", has_text="More").focus()
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Save as a template").focus()
    desk.keyboard.press("Enter")
    name = desk.get_by_label("Name", exact=True)
    name.wait_for()
    name.focus()
    desk.keyboard.type("As Kira")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/messages-templates/*")
    name = desk.get_by_label("Name", exact=True)
    name.focus()
    desk.keyboard.press("Control+A")
    desk.keyboard.type("Like Kira")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/messages-templates")
    desk.get_by_role("button", name="Remove Like Kira").focus()
    desk.keyboard.press("Enter")
    desk.locator(".toast", has_text="was removed").wait_for()
    undo(desk)
    desk.get_by_role("link", name="Like Kira").wait_for()
    assert desk.errors == []
