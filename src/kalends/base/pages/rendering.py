"""Templates to HTML: autoescaped, strict about missing names, formats bound to the reader's locale."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from starlette.requests import Request
from starlette.responses import HTMLResponse

from kalends.base import formats
from kalends.base.charts.sparkline import sparkline
from kalends.base.pages.assets import asset, icon
from kalends.base.pages.chrome import Chrome
from kalends.base.pages.messages import COOKIE, read_flash
from kalends.base.pages.navigation import register_room, rooms, template_folder

register_room(name="base", templates=Path(__file__).resolve().parents[1] / "templates")


class RoomLoader(BaseLoader):
    """Finds "{room}/{file}" in that room's folder, however late the room was registered; else "{file}" in base's."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Any]:
        """The source of `template` (Jinja2's own contract)."""
        name, _, rest = template.partition("/")
        folder = template_folder(name) if rest else None
        base = template_folder("base")
        if folder is None and base is None:
            raise TemplateNotFound(template)
        return FileSystemLoader(folder or base or "").get_source(environment, rest if folder else template)


@lru_cache(maxsize=64)
def environment(locale: str, currency: str) -> Environment:
    """The Jinja2 environment for readers of `locale` whose money is in `currency`."""
    made = Environment(
        loader=RoomLoader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.policies["json.dumps_kwargs"] = {"sort_keys": False}  # a table's columns keep their order
    made.globals |= {"asset": asset, "icon": icon, "rooms": rooms, "sparkline": sparkline}
    made.filters |= {
        "number": partial(formats.number, locale=locale),
        "compact": partial(formats.compact, locale=locale),
        "money": partial(_money, default=currency, locale=locale),
        "percent": partial(formats.percent, locale=locale),
        "change": partial(formats.change, locale=locale),
        "day": partial(formats.day, locale=locale),
        "short_day": partial(formats.short_day, locale=locale),
        "period": partial(_period, locale=locale),
        "instant": partial(_instant, locale=locale),
        "ago": _ago,
        "ahead": _ahead,
        "plural": _plural,
    }
    return made


def _money(
    value: formats.Number, currency: str | None = None, *, default: str, locale: str, exact: bool = False
) -> str:
    return formats.money(value, currency=currency or default, locale=locale, exact=exact)


def _period(start: Any, end: Any, *, locale: str) -> str:
    return formats.period(start=start, end=end, locale=locale)


def _instant(value: Any, zone: str = "UTC", *, locale: str) -> str:
    return formats.instant(value, zone=zone, locale=locale)


def _ago(value: Any, now: Any) -> str:
    return formats.ago(value, now=now)


def _ahead(value: Any, now: Any) -> str:
    return formats.ahead(value, now=now)


def _plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def render_text(template: str, /, *, chrome: Chrome, **context: Any) -> str:
    """`template` filled in: for a page without a request (the gallery, an e-mail)."""
    surroundings = {"chrome": chrome, "flash": None, "path": "", **context}
    return environment(chrome.locale, chrome.currency).get_template(template).render(surroundings)


def render(request: Request, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The page `template` ("calendar/month.html") filled with `context`, plus `chrome`, `flash`, `path`, `request`."""
    chrome = getattr(request.state, "chrome", None) or Chrome()
    message = read_flash(request.cookies)
    html = render_text(template, chrome=chrome, request=request, path=request.url.path, flash=message, **context)
    response = HTMLResponse(html, status_code=status)
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path="/")
    return response
