"""What tests in a real browser share: a file to load, a company with data, and axe's judgement of a page."""

import json
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
MANIFEST = ROOT / "src/kalends/web/static/manifest.json"
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""All that another scheme can change: the same document is drawn in other colours."""
BAD = ("serious", "critical")
AT_REST = "!document.querySelector('.htmx-request') && document.getAnimations().length === 0"
QUIET_SECONDS = 0.1
"""How long nothing may be under way: what a page asks for, it asks for as soon as it can. (Playwright's own "network
idle" is half a second, on every page.)"""
SETTLED_WITHIN = 20

EMAIL, PASSWORD = "ada@aurora.example", "correct horse battery"
DAYS = 20
SPEND = Decimal("42.15")
"""A campaign's spend on each of DAYS days; 20 of them are exactly 843 euros."""
ACCOUNT, CAMPAIGN = "318840275519406", "Autumn, prospecting"


def last_day():
    """The newest day of the file: before yesterday, so that it is past in every time zone."""
    return datetime.now(UTC).date() - timedelta(days=2)


def meta_export(*, days=DAYS):
    """Rows of the Marketing API's insights, one campaign a day, as NDJSON."""
    return b"".join(json.dumps(meta_row(last_day() - timedelta(days=back))).encode() + b"\n" for back in range(days))


def meta_row(day: date):
    return {
        "account_currency": "EUR",
        "account_id": ACCOUNT,
        "account_name": "Aurora DE",
        "campaign_id": "23851234567890123",
        "campaign_name": CAMPAIGN,
        "objective": "OUTCOME_SALES",
        "date_start": day.isoformat(),
        "date_stop": day.isoformat(),
        "spend": str(SPEND),
        "impressions": "4000",
        "clicks": "80",
        "actions": [{"action_type": "omni_purchase", "value": "3"}],
        "action_values": [{"action_type": "omni_purchase", "value": "150.00"}],
    }


def fill(server):
    """Give the workspace of `server` the file, with one row that cannot count, and an event; gives the batch's id."""
    bad = json.dumps(meta_row(last_day()) | {"date_start": "2025-13-41", "date_stop": "2025-13-41"}).encode() + b"\n"
    with server.owner() as client:
        landed = client.post(
            "/api/v1/marketing/ingest",
            params={"data_source": "facebook_ads", "file_name": "meta.ndjson", "wait": 60},
            content=meta_export() + bad,
            headers={"content-type": "application/octet-stream", "idempotency-key": "browser-tests"},
        )
        landed.raise_for_status()
        said = {"source": "tests", "events": [event_in(last_day() - timedelta(days=6))]}
        client.put("/api/v1/calendar/events", json=said).raise_for_status()
        return landed.json()["id"]


CALENDARS = {
    "Sales team": b"id,name,start,end,impact\n1,Winter clearance,2026-01-12,2026-01-20,high\n2,Broken,soon,,\n",
    "Agency": b"id,name,start,end,impact\na,Winter clearance 2026,2026-01-13,2026-01-20,\n",
}
"""Two calendars that differ about the first day of one event; one of them has a row that cannot be read."""


def add_calendars(server):
    """Send `CALENDARS`; gives the first source's id."""
    ids = []
    with server.owner() as client:
        for label, content in CALENDARS.items():
            source = client.post("/api/v1/calendar/sources", json={"label": label}).json()["id"]
            path, raw = f"/api/v1/calendar/sources/{source}/file", {"content-type": "application/octet-stream"}
            client.post(path, content=content, headers=raw).raise_for_status()
            client.post("/api/v1/calendar/consolidate", json={}).raise_for_status()
            ids.append(source)
    return ids[0]


def event_in(start: date):
    return {
        "key": "sale",
        "name": "Autumn sale",
        "type": "promotional_period",
        "impact": "high",
        "start": start.isoformat(),
        "end": (start + timedelta(days=3)).isoformat(),
    }


def sign_in(page):
    """As the owner that `serving.set_up` made."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")


def watch(page):
    """Have `page.asked` hold what the document asks for and has not been given yet."""

    def note(request):
        if request.is_navigation_request() and request.frame == page.main_frame:
            page.asked.clear()  # whatever the last document waited for; of the new one, "load" tells
        else:
            page.asked.add(request)

    def forget(request):
        page.asked.discard(request)

    page.asked = set()
    page.on("request", note)
    page.on("requestfinished", forget)
    page.on("requestfailed", forget)


def settle(page):
    """Until nothing is loading, moving or waiting to be swapped, and nothing of that begins again at once."""
    page.wait_for_load_state("load")
    give_up, quiet_since = time.monotonic() + SETTLED_WITHIN, None
    while quiet_since is None or time.monotonic() - quiet_since < QUIET_SECONDS:
        quiet_since = (quiet_since or time.monotonic()) if is_at_rest(page) else None
        assert time.monotonic() < give_up, f"never at rest: {page.url} waits for {[one.url for one in page.asked]}"
        page.wait_for_timeout(25)


def is_at_rest(page):
    """Whether nothing is under way; while one document takes another's place, something is."""
    from playwright.sync_api import Error

    try:
        return page.evaluate(AT_REST) and not page.asked
    except Error as error:
        if "context was destroyed" in str(error):
            return False
        raise


def until(page, condition, *, seconds=20):
    """Until the JavaScript `condition` holds. (Playwright's own wait needs eval, which our pages forbid.)"""
    give_up = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < give_up, f"never so on {page.url}: {condition}"
        page.wait_for_timeout(50)


def violations(page):
    """What axe finds serious or critical, as lines that say what and where."""
    # Through the debugger's door: our content security policy lets no foreign script in.
    page.evaluate(AXE.read_text())
    return judge(page, type="tag", values=WCAG)


def by_day_and_night(page):
    """The same, and what axe finds of the colours once it is dark."""
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    settle(page)
    found += [f"in the dark: {line}" for line in judge(page, type="rule", values=COLOURS)]
    page.emulate_media(color_scheme="light")
    settle(page)
    return found


def judge(page, **rules):
    """What axe, which the page has, finds by those rules."""
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})", rules
    )
    return [
        f"{rule['impact']} {rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in BAD
        for node in rule["nodes"]
    ]
