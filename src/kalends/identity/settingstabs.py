"""The tabs of the settings: other rooms add what is set in them."""

from __future__ import annotations

from fastapi import Request

from kalends.base.pages import Choice
from kalends.identity.permissions import Permission

TABS: list[tuple[str, str, Permission]] = [
    ("Workspace", "/settings", "me"),
    ("People", "/settings/people", "people.manage"),
    ("API keys", "/settings/keys", "keys.manage"),
    ("You", "/settings/you", "me"),
]


def add_settings_tab(label: str, href: str, permission: Permission) -> None:
    """Let a page under /settings stand among the tabs, before one's own."""
    TABS.insert(-1, (label, href, permission))


def settings_tabs(request: Request) -> list[Choice]:
    """The tabs that the caller may open, the current one marked."""
    here, permitted = request.url.path, request.state.permitted
    return [
        Choice(label=label, href=href, current=here == href or (href != "/settings" and here.startswith(href)))
        for label, href, permission in TABS
        if permitted.may(permission)
    ]
