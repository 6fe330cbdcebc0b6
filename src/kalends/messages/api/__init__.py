"""Messages over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.messages.api import health, schedules, templates, trials

router = APIRouter()
for part in (health, schedules, templates, trials):
    router.include_router(part.router)
