"""The room's place in the navigation, and what its pages share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from kalends.base.pages import Choice, Paging, flash, register_room

register_room(
    name="messages",
    templates=Path(__file__).parents[1] / "templates" / "messages",
    label="Messages",
    href="/messages",
    icon="messages",
    order=70,
    needs="messages.read",
)

ROWS: Final = 50


def may(request: Request, permission: str) -> bool:
    """Whether to show what needs `permission`."""
    return bool(request.state.permitted.may(permission))


def gone_to(href: str, text: str, *, undo: str = "", is_bad: bool = False) -> Response:
    """Go on to a page and say there what was done."""
    answer = RedirectResponse(href, status_code=303)
    flash(answer, text=text, undo=undo, tone="bad" if is_bad else "plain")
    return answer


def address(path: str, **told: Any) -> str:
    """An address with what is told in it."""
    query = urlencode({name: value for name, value in told.items() if value not in {None, ""}})
    return f"{path}?{query}" if query else path


def paging(path: str, *, page: int, total: int, **told: Any) -> Paging:
    """Which part of a long list is shown."""

    def at(number: int) -> str:
        return address(path, **told, page=number if number > 1 else None)

    return Paging.of(page, size=ROWS, total=total, address=at)


def choices(pairs: list[tuple[str, str]], current: str) -> list[Choice]:
    """What a select field offers: value and label."""
    return [Choice(label, value=value, current=value == current) for value, label in pairs]
