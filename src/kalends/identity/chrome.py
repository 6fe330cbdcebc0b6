"""What stands around a page for its caller. Higher rooms add to it (a badge, the fiscal week) without being known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from kalends.base.pages import Chrome
from kalends.base.work import Work
from kalends.identity.callers import Caller
from kalends.identity.permissions import permissions_of
from kalends.identity.tenants import workspace

Decoration = Callable[[Work], Mapping[str, Any]]
"""Gives fields of `Chrome` for the page that is being made: `fiscal_place`, or `badges` by room name."""

DECORATIONS: Final[list[Decoration]] = []


def decorate_pages(decoration: Decoration) -> Decoration:
    """Let `decoration` add to every page's surroundings. It must be quick: it runs for each page."""
    DECORATIONS.append(decoration)
    return decoration


def chrome_for(work: Work, caller: Caller) -> Chrome:
    """The surroundings of a page for `caller`."""
    tenant = workspace(work)
    chrome = Chrome(
        company=tenant.name,
        person=caller.name,
        csrf_token=caller.csrf or "",
        currency=tenant.currency,
        permissions=permissions_of(caller.role),
    )
    for decoration in DECORATIONS:
        added = dict(decoration(work))
        badges = {**chrome.badges, **added.pop("badges", {})}
        chrome = replace(chrome, badges=badges, **added)
    return chrome
