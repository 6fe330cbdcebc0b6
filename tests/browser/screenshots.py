"""Pictures of the sample company: for the README and the guides, and of every page for whoever wants to look.

    python tests/browser/screenshots.py docs/images       the pictures that the documents show
    python tests/browser/screenshots.py --all FOLDER      every page at three widths, light and dark

`--at http://127.0.0.1:8400` looks at a running server instead of making one (its owner as in tests/support).
"""

import argparse
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from browsing import CHROMIUM, EMAIL, PASSWORD, meta_export, settle, sign_in, until, watch
from playwright.sync_api import sync_playwright
from serving import data_folder, served, set_up

from kalends.base.settings import Settings
from kalends.client import open_client
from kalends.demo.binding import fill_server

WIDTHS = {1440: 900, 1024: 768, 390: 844}


@contextmanager
def sample_company():
    """The address of a server that holds the sample company."""
    with data_folder() as home:
        set_up(home)
        with served(home) as server:
            # Through the socket of that server: the settings of whoever takes the pictures have no say.
            os.environ["KALENDS_HOME"] = str(home)
            with open_client(Settings(home=home)) as client:
                fill_server(client)
            yield server.address


def first_link(page, pattern):
    """The first address on the page that matches."""
    links = page.eval_on_selector_all("main a[href]", "all => all.map(one => one.getAttribute('href'))")
    return next(link for link in links if re.search(pattern, link))


def trail(page):
    """From Home's spend down to one raw line: the address of each step."""
    steps = []
    page.goto("/")
    link = first_link(page, r"metric=spend")
    for pattern in ("account_id=", "day=", "row="):
        steps.append(link)
        page.goto(link)
        link = first_link(page, pattern)
    return [*steps, link]


def draft(page):
    """The address of a file that was uploaded and not loaded yet."""
    page.goto("/data/upload")
    page.locator("input[type=file]").set_input_files(
        {"name": "meta-autumn.ndjson", "mimeType": "application/x-ndjson", "buffer": meta_export()}
    )
    page.wait_for_url("**/data/upload/*-*")
    page.locator("#check").wait_for()
    return page.url


def name_fiscal_year(page):
    """What the set-up asks for and does not guess: without it there is nothing to review."""
    page.goto("/calendar-setup/fiscal")
    page.get_by_label("The year in which it begins").check()
    settle(page)
    page.get_by_role("button", name="Next: your busy periods").click()


def of_messages(page):
    """Names and addresses of the message pages: the list, one page's, one of each kind of thing, and the forms."""
    page.goto("/messages")
    week = first_link(page, r"/week/")
    found = {
        "messages": "/messages",
        "messages-week": week,
        "messages-why": f"{week}#why",
        "messages-beside": f"{week}?beside=true",
        "messages-analysis": f"/messages/{week.split('/')[2]}/analysis",
        "messages-page": f"/messages-pages/{week.split('/')[2]}/settings",
    }
    for part in ("captions", "import", "templates", "trials", "settings"):
        found[f"messages-{part}"] = f"/messages-{part}"
    for part in ("captions", "import"):
        page.goto(f"/messages-{part}")
        found[f"messages-{part}-one"] = first_link(page, rf"^/messages-{part}/[0-9a-f]{{8}}-")
    return found | {f"messages-{part}-new": f"/messages-{part}/new" for part in ("templates", "trials")}


def every_page(page):
    """Names and addresses of all pages."""
    steps = trail(page)
    name_fiscal_year(page)
    page.goto("/data?show=attention")
    return {
        "home": "/",
        "calendar": "/calendar",
        "sources": "/calendar-sources",
        "conflicts": "/calendar-conflicts",
        "settled": "/calendar-conflicts?settled=true",
        **{
            f"setup-{step}": f"/calendar-setup/{step}" for step in ("business", "fiscal", "periods", "market", "review")
        },
        "data": "/data",
        "batch": first_link(page, r"^/data/batches/"),
        "upload": "/data/upload",
        **{
            page: f"/data/{page}"
            for page in (
                "platforms",
                "quality",
                "quality/rules",
                "reconciliation",
                "names",
                "series",
                "settling",
                "shapes",
                "hooks",
                "rates",
            )
        },
        "origins": "/data/lineage",
        "retention": "/settings/retention",
        "preview": draft(page),
        "lineage": steps[0],
        "days": steps[1],
        "versions": steps[2],
        "line": steps[3],
        "export": "/export",
        **of_messages(page),
        "inbox": "/inbox",
        "settings": "/settings",
        "people": "/settings/people",
        "keys": "/settings/keys",
        "you": "/settings/you",
        "nothing": "/nothing-here",
    }


def shoot(page, address, path, *, full=False):
    """Take one picture once the page stands still; a preview comes by itself, so it is waited for."""
    page.goto(address)
    if "/data/upload/" in page.url:
        page.locator("#check").wait_for()
    if page.url.endswith("#why"):
        page.locator("[data-message]").first.click()
        page.locator("#message").wait_for()
    until(page, "[...document.querySelectorAll('.chart-view')].every(one => one.querySelector('svg'))")
    settle(page)
    page.screenshot(path=path, full_page=full)
    sys.stdout.write(f"{path} {path.stat().st_size // 1000} kB\n")


def take(browser, at, folder, *, is_all):
    """All pictures into `folder`."""
    context = browser.new_context(base_url=at, viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    watch(page)
    sign_in(page)
    if not is_all:
        steps = trail(page)
        name_fiscal_year(page)
        pictures = {
            "home": "/",
            "calendar": "/calendar",
            "calendar-sources": "/calendar-sources",
            "calendar-conflicts": "/calendar-conflicts",
            "setup-fiscal": "/calendar-setup/fiscal",
            "setup-review": "/calendar-setup/review",
            "preview": draft(page),
            "lineage": steps[3],
        }
        for name, address in pictures.items():
            shoot(page, address, folder / f"{name}.png")
        return
    pages = every_page(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            for name, address in pages.items():
                shoot(page, address, folder / f"{name}-{width}-{scheme}.png", full=True)


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--all", action="store_true", dest="is_all")
    asked.add_argument("--at", help=f"a running server with {EMAIL} as owner, password {PASSWORD!r}")
    told = asked.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        if told.at:
            take(browser, told.at, told.folder, is_all=told.is_all)
        else:
            with sample_company() as address:
                take(browser, address, told.folder, is_all=told.is_all)
        browser.close()


if __name__ == "__main__":
    main()
