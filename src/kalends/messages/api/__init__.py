"""Messages over HTTP."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from kalends.messages.api import captions, imports, pages, schedules

ROUTERS: Final[list[APIRouter]] = [pages.router, captions.router, imports.router, schedules.router]
