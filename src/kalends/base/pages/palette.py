"""Ctrl-K: the pages that a few typed letters may mean. Rooms add their own groups (campaigns, events)."""

from __future__ import annotations

from collections.abc import Collection

from kalends.base.pages.components import PaletteGroup, PaletteItem
from kalends.base.pages.navigation import rooms


def palette_pages(*, query: str, permissions: Collection[str] = ()) -> PaletteGroup:
    """The navigation's pages whose label has a word that starts with `query`; all of them for an empty query."""
    wanted = query.strip().casefold()
    found = [
        PaletteItem(label=room.label, href=room.href, icon=room.icon, note=f"g {room.key}")
        for room in rooms(permissions)
        if any(word.startswith(wanted) for word in room.label.casefold().split())
    ]
    return PaletteGroup(label="Pages", items=found)
