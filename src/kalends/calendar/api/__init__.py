"""The calendar over HTTP: days and events, setting it up, sources and what became of them, conflicts."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.calendar.api import calendar, comments, conflicts, consolidations, feeds, pairs, setup, sources

router = APIRouter(tags=["calendar"])
for part in (calendar, comments, setup, sources, feeds, consolidations, conflicts, pairs):
    router.include_router(part.router)
