"""The rooms of the house as pages know them: a template folder each, and an entry in the navigation when it works."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """One room. `templates` are found as "{name}/{file}"; a room without `href` is not in the navigation."""

    name: str
    templates: Path
    label: str = ""
    href: str = ""
    icon: str = ""
    order: int = 0
    key: str = ""
    """The letter that leads here after "g"."""
    needs: str = ""
    """The permission without which nobody sees the entry."""


_rooms: dict[str, Room] = {}


def register_room(
    *,
    name: str,
    templates: Path,
    label: str = "",
    href: str = "",
    icon: str = "",
    order: int = 0,
    key: str = "",
    needs: str = "",
) -> Room:
    """Make a room's templates known and, with `label` and `href`, give it an entry in the navigation.

    Orders: home 10, calendar 20, data 30, ask 40, impact 50, content 60, messages 70, inbox 75, settings 80.
    `key` (the label's first letter unless given) leads there after "g"; icons: frontend/icons.mjs.
    """
    room = Room(
        name=name,
        templates=templates,
        label=label,
        href=href,
        icon=icon,
        order=order,
        key=key or label[:1].lower(),
        needs=needs,
    )
    _rooms[name] = room
    return room


def rooms(permissions: Collection[str] = ()) -> tuple[Room, ...]:
    """The navigation of somebody with these permissions: rooms that work, in order."""
    found = (room for room in _rooms.values() if room.href and (not room.needs or room.needs in permissions))
    return tuple(sorted(found, key=lambda room: (room.order, room.name)))


def template_folder(name: str) -> Path | None:
    """Where the templates of room `name` are; None if there is no such room."""
    room = _rooms.get(name)
    return room.templates if room else None
