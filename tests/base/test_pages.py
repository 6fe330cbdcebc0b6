"""Pages: formats, templates, flash messages, headers, the navigation."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from jinja2 import UndefinedError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from kalends.base import formats
from kalends.base.pages import (
    Chrome,
    PaletteGroup,
    PaletteItem,
    SecurityHeaders,
    flash,
    navigation,
    palette_pages,
    register_room,
    render,
    render_text,
    rooms,
    toast,
    trigger,
)
from kalends.base.pages.gallery import gallery
from kalends.base.pages.messages import COOKIE, read_flash
from kalends.base.pages.rendering import environment

pytestmark = pytest.mark.unit

SIGNED_IN = Chrome(company="Nordlicht <GmbH>", fiscal_place="FY 2026 · week 42", person="Ada", csrf_token="t0ken")


@pytest.fixture
def own_rooms(monkeypatch):
    """The registry as it is, restored afterwards."""
    monkeypatch.setattr(navigation, "_rooms", dict(navigation._rooms))


@pytest.mark.parametrize(
    ("value", "currency", "locale", "written"),
    [
        (1_843_207, "EUR", "en-GB", "€1.84 M"),
        (412_345, "USD", "en-US", "$412 k"),
        (999_600, "EUR", "en-GB", "€1.00 M"),
        (-412_345, "EUR", "en-GB", "−€412 k"),
        (1_843_207, "EUR", "de-DE", "1,84 M €"),
        (18.4, "EUR", "en-GB", "€18.40"),
        (412, "EUR", "en-GB", "€412"),
        (0, "EUR", "en-GB", "€0.00"),
        (18.4, "JPY", "en-GB", "¥18"),
        (1_843_207, "CHF", "en-GB", "CHF 1.84 M"),
        (None, "EUR", "en-GB", "–"),
        (math.nan, "EUR", "en-GB", "–"),
        (Decimal("NaN"), "EUR", "en-GB", "–"),
    ],
)
def test_money_reads_short(value, currency, locale, written):
    assert plain(formats.money(value, currency=currency, locale=locale)) == written


def plain(text: str) -> str:
    """With ordinary spaces, so that the expectation can be read."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_exact_money_keeps_every_unit():
    assert formats.money(Decimal("1843207.55"), currency="EUR", exact=True) == "€1,843,207.55"
    assert formats.money(Decimal("1843207.5554"), currency="KWD", exact=True, locale="de-DE").startswith(
        "1.843.207,555"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [(21_380, "21,380"), (4.4721, "4.47"), (44.72, "44.7"), (447.2, "447"), (-2.0, "−2"), (None, "–")],
)
def test_numbers_keep_about_three_figures(value, written):
    assert formats.number(value) == written


def test_a_number_that_rounds_to_zero_has_no_minus():
    assert formats.number(-0.001, digits=1) == "0.0"
    assert plain(formats.change(-0.0001)) == "0.0 %"
    assert plain(formats.change(0.0001)) == "0.0 %"


def test_changes_carry_their_sign():
    assert plain(formats.change(0.142)) == "+14.2 %"
    assert plain(formats.change(-0.024)) == "−2.4 %"
    assert plain(formats.change(Decimal("0.142"), locale="de")) == "+14,2 %"
    assert formats.change(None) == "–"


@pytest.mark.parametrize(
    ("start", "end", "locale", "written"),
    [
        (date(2026, 10, 1), date(2026, 11, 20), "en-GB", "1 Oct – 20 Nov 2026"),
        (date(2026, 11, 1), date(2026, 11, 20), "en-GB", "1–20 Nov 2026"),
        (date(2025, 12, 28), date(2026, 1, 3), "en-GB", "28 Dec 2025 – 3 Jan 2026"),
        (date(2026, 11, 20), date(2026, 11, 20), "en-GB", "20 Nov 2026"),
        (date(2026, 11, 1), date(2026, 11, 20), "en-US", "Nov 1 – Nov 20, 2026"),
    ],
)
def test_a_period_says_shared_parts_once(start, end, locale, written):
    assert formats.period(start=start, end=end, locale=locale) == written


def test_instants_are_written_on_the_readers_clock():
    assert formats.instant(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), zone="Europe/Berlin") == "21 Nov 2026, 00:30"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "just now"), (4, "4 min ago"), (185, "3 h ago"), (1500, "yesterday"), (3000, "2 days ago")],
)
def test_ago(minutes, words):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert formats.ago(now - timedelta(minutes=minutes), now=now) == words


def test_a_missing_name_is_an_error_not_an_empty_place():
    with pytest.raises(UndefinedError):
        render_text("error.html", chrome=Chrome())


def test_what_people_typed_is_escaped():
    page = gallery(chrome=SIGNED_IN)
    assert "Nordlicht &lt;GmbH&gt;" in page
    assert "<GmbH>" not in page


def test_pages_need_no_inline_script_style_or_handler():
    page = gallery()
    scripts = re.findall(r"<script\b([^>]*)>", page)
    assert scripts
    assert all("src=" in script or "application/json" in script for script in scripts)
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|<style", page)


def test_numbers_follow_the_readers_locale():
    written = (
        environment("de-DE", "EUR").from_string("{{ 1843207|money }} {{ 4.5|number }} {{ 9|plural('row') }}").render()
    )
    assert plain(written) == "1,84 M € 4,50 9 rows"


def visit(*paths: str, chrome: Chrome | None = SIGNED_IN) -> list[httpx.Response]:
    """The answers of a small site to one browser that asks for `paths` in turn and keeps its cookies."""

    def page(request: Request) -> Response:
        if chrome:
            request.state.chrome = chrome
        problem = {"status": 404, "code": "not_found", "title": "t", "detail": "d"}
        return render(request, "error.html", status=404, problem=problem)

    def act(_: Request) -> Response:
        response = PlainTextResponse("done")
        flash(response, text="Sale <moved>.", undo="/undo/1")
        return response

    async def ask() -> list[httpx.Response]:
        app = SecurityHeaders(Starlette(routes=[Route("/page", page), Route("/act", act)]))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kalends.test") as browser:
            return [await browser.get(path) for path in paths]

    return asyncio.run(ask())


def test_a_page_says_its_status_and_carries_the_token():
    (answer,) = visit("/page")
    assert answer.status_code == 404
    assert '<meta name="csrf-token" content="t0ken">' in answer.text
    assert "404" in answer.text


def test_a_flash_message_is_shown_once():
    first, second = [answer.text for answer in visit("/act", "/page", "/page")[1:]]
    assert "Sale &lt;moved&gt;." in first
    assert 'action="/undo/1"' in first
    assert "Sale" not in second


@pytest.mark.parametrize(
    "cookie", ["", "%%%", "e30=", base64.b64encode(b"[1]").decode(), base64.b64encode(b"\xff").decode()]
)
def test_an_odd_flash_cookie_is_no_message(cookie):
    assert read_flash({COOKIE: cookie}) is None


@pytest.mark.parametrize("undo", ["//evil.example/x", "/\\evil.example", "https://evil.example", 5])
def test_undo_stays_on_this_site(undo):
    cookie = base64.urlsafe_b64encode(json.dumps({"text": "x", "undo": undo}).encode()).decode()
    assert read_flash({COOKIE: cookie}) == {"text": "x", "tone": "plain", "undo": ""}


def test_triggers_add_up():
    response = HTMLResponse("")
    trigger(response, calendar_changed=True)
    toast(response, text="Gespeichert – gut", undo="/undo/2")
    sent = json.loads(response.headers["HX-Trigger"])
    assert sent["calendar-changed"] is True
    assert sent["toast"] == {"text": "Gespeichert – gut", "tone": "plain", "undo": "/undo/2"}


def test_every_answer_carries_the_security_headers():
    answer, over_tls = visit("/page", "https://kalends.test/page", chrome=None)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "strict-transport-security" not in answer.headers
    assert "strict-transport-security" in over_tls.headers


@pytest.mark.usefixtures("own_rooms")
def test_a_room_enters_the_navigation_when_it_is_registered(tmp_path: Path):
    (tmp_path / "hello.html").write_text("Hello {{ chrome.company }}")
    register_room(name="late", templates=tmp_path, label="Zebra", href="/zebra", icon="data", order=5)
    register_room(name="silent", templates=tmp_path)
    assert rooms()[0].label == "Zebra"
    assert "silent" not in [room.name for room in rooms()]
    assert render_text("late/hello.html", chrome=SIGNED_IN) == "Hello Nordlicht &lt;GmbH&gt;"
    assert [item.href for item in palette_pages(query=" zE ").items] == ["/zebra"]
    assert palette_pages(query="ebra").items == []
    page = gallery()
    assert page.count('href="/zebra"') == 2


def test_the_palette_says_when_nothing_fits():
    empty = render_text("base/palette.html", chrome=Chrome(), query="<q>", groups=[PaletteGroup("Pages", [])])
    assert "“&lt;q&gt;”" in empty
    found = render_text(
        "base/palette.html",
        chrome=Chrome(),
        query="b",
        groups=[PaletteGroup("Events", [PaletteItem("Black Friday", "/e/1")])],
    )
    assert 'role="option"' in found
    assert "Nothing here" not in found
