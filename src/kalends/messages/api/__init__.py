"""Messages over HTTP."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from kalends.messages.api import captions, health, imports, pages, schedules, templates, trials

PARTS = (pages, captions, imports, schedules, templates, trials, health)
ROUTERS: Final[list[APIRouter]] = [part.router for part in PARTS]
