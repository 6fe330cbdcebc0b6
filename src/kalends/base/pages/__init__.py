"""Everything a page stands on: layout, components, formats, icons, flash messages, security headers."""

from kalends.base.pages.assets import STATIC, HashedFiles
from kalends.base.pages.chrome import Chrome
from kalends.base.pages.components import (
    Change,
    Choice,
    Column,
    KeyFigure,
    Paging,
    PaletteGroup,
    PaletteItem,
)
from kalends.base.pages.messages import close_dialog, flash, toast, trigger
from kalends.base.pages.navigation import Room, register_room, rooms
from kalends.base.pages.palette import palette_pages
from kalends.base.pages.rendering import render, render_text
from kalends.base.pages.security import SecurityHeaders

__all__ = [
    "STATIC",
    "Change",
    "Choice",
    "Chrome",
    "Column",
    "HashedFiles",
    "KeyFigure",
    "Paging",
    "PaletteGroup",
    "PaletteItem",
    "Room",
    "SecurityHeaders",
    "close_dialog",
    "flash",
    "palette_pages",
    "register_room",
    "render",
    "render_text",
    "rooms",
    "toast",
    "trigger",
]
