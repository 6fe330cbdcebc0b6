"""Chromium on a real server. Where either cannot be had, the tests are skipped and say why."""

import pytest
from browsing import CHROMIUM, MANIFEST, add_calendars, fill, watch
from serving import data_folder, served, set_up

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium():
    """The browser itself, without a window."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    if not MANIFEST.exists():
        pytest.skip("the front end is not built: npm ci && npm run build in frontend/")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers run as root, where Chromium's own sandbox cannot start; only our own pages are opened.
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """`open_page(address)` gives a tab of a fresh browser profile; its `errors` fill with what the console says."""
    contexts = []

    def make(address, *, viewport=DESKTOP, scheme="light"):
        context = chromium.new_context(
            base_url=address, viewport=viewport, color_scheme=scheme, locale="en-GB", accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.errors = []
        watch(page)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def fresh(chromium):
    """A server that nobody has set up yet."""
    with data_folder() as home, served(home) as server:
        yield server


@pytest.fixture(scope="module")
def empty(chromium):
    """A server with an owner and nothing else."""
    with data_folder() as home:
        set_up(home)
        with served(home) as server:
            yield server


@pytest.fixture(scope="session")
def filled(chromium):
    """For whoever changes nothing: a server with an owner, a file (of which one row was set aside) and an event, and two calendars; `.batch` is the file's."""
    with data_folder() as home:
        set_up(home)
        with served(home) as server:
            server.batch = fill(server)
            server.source = add_calendars(server)
            yield server
