"""Messages over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.messages.api import captions, health, imports, pages, schedules, templates, trials

router = APIRouter()
for part in (captions, health, imports, pages, schedules, templates, trials):
    router.include_router(part.router)
