"""The built front end: hashed file names for long caching, icons to draw into pages.

Without a built front end (`npm run build` in frontend/) a page still renders, bare: names stay unhashed, icons empty.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from markupsafe import Markup
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"

# A name that carries its content's hash never changes its content: a year, the longest that RFC 9111 caches honour.
FOREVER = "public, max-age=31536000, immutable"
HASHED = re.compile(r"-[0-9A-Za-z]{8,10}\.(?:js|css|svg)$|\.woff2$")


@lru_cache(maxsize=16)
def _read(path: Path, modified: int) -> dict[str, str]:
    """A JSON object of names; `modified` is part of the key so that a new build is seen without a restart."""
    content: dict[str, str] = orjson.loads(path.read_bytes()) if modified else {}
    return content


def read_names(path: Path) -> dict[str, str]:
    """The JSON object in `path`; empty where the front end has not been built."""
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0)


def asset(name: str) -> str:
    """The address of a built file: `app.css` -> `/static/app-1f3c….css`."""
    return f"/static/{read_names(STATIC / 'manifest.json').get(name, name)}"


def icon(name: str, *, kind: str = "") -> Markup:
    """One icon as inline SVG, silent to screen readers: the words stand beside it."""
    inner = Markup(read_names(STATIC / "icons.json").get(name, ""))  # noqa: S704 - our own build's file
    return Markup('<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>').format(kind, inner)


class HashedFiles(StaticFiles):
    """Static files of which the hashed ones are cached for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with the caching that its name allows."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOREVER if HASHED.search(path) else "no-cache"
        return response

    def __init__(self, **options: Any) -> None:
        """Serve STATIC; it may be built after the server has started."""
        super().__init__(directory=STATIC, check_dir=False, **options)
