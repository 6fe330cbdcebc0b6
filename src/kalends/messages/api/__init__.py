"""Messages over HTTP."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from kalends.messages.api import captions, health, imports, pages, schedules, source, templates, trials

PARTS = (pages, captions, imports, source, schedules, templates, trials, health)
ROUTERS: Final[list[APIRouter]] = [part.router for part in PARTS]
