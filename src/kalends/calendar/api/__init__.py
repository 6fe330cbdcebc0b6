"""The calendar over HTTP: days and events, sources and what became of them, conflicts."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.calendar.api import calendar, conflicts, consolidations, sources

router = APIRouter(tags=["calendar"])
for part in (calendar, sources, consolidations, conflicts):
    router.include_router(part.router)
