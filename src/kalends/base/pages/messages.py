"""Short messages: kept in a cookie over a redirect (`flash`), or sent with an htmx response (`toast`)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from starlette.responses import Response

COOKIE = "kalends_flash"
# One redirect takes far less; after a minute nobody remembers what was done.
SECONDS = 60

FlashTone = Literal["plain", "bad"]


class Flash(TypedDict):
    """One message. `undo` is a path on this site that takes the action back when posted to."""

    text: str
    tone: FlashTone
    undo: str


def _message(text: str, tone: FlashTone, undo: str) -> Flash:
    return {"text": text, "tone": tone, "undo": undo}


def flash(response: Response, *, text: str, tone: FlashTone = "plain", undo: str = "") -> None:
    """Show `text` on the page that the redirect `response` leads to."""
    packed = base64.urlsafe_b64encode(json.dumps(_message(text, tone, undo)).encode()).decode()
    response.set_cookie(COOKIE, packed, max_age=SECONDS, httponly=True, samesite="lax", path="/")


def read_flash(cookies: Mapping[str, str]) -> Flash | None:
    """The waiting message. The cookie is a stranger's word: anything odd in it is no message."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cookies.get(COOKIE, "")))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        return None
    return _message(found["text"], "bad" if found.get("tone") == "bad" else "plain", _own_path(found.get("undo")))


def _own_path(value: object) -> str:
    """`value` if it is a path on this site, else nothing: two slashes in a row lead to another host."""
    return value if isinstance(value, str) and value.startswith("/") and value[1:2] not in {"/", "\\"} else ""


def trigger(response: Response, **events: Any) -> None:
    """Make the browser fire events after an htmx response; underscores become dashes (`calendar_changed=True`)."""
    waiting = json.loads(response.headers.get("HX-Trigger", "{}"))
    waiting |= {name.replace("_", "-"): value for name, value in events.items()}
    response.headers["HX-Trigger"] = json.dumps(waiting)


def toast(response: Response, *, text: str, tone: FlashTone = "plain", undo: str = "") -> None:
    """Show `text` once the htmx `response` has arrived, with an Undo button if `undo` is a path."""
    trigger(response, toast=_message(text, tone, _own_path(undo)))


def close_dialog(response: Response) -> None:
    """Close the open dialog: its form was accepted."""
    trigger(response, close_dialog=True)
