"""The messages room's pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from kalends.messages.pages import captions, explain, imports, message, overview, settings, week

ROUTERS: Final[list[APIRouter]] = [
    captions.router, imports.router, settings.router, overview.router, week.router, message.router, explain.router
]  # fmt: skip
