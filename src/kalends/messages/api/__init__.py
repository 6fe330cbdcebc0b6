"""Messages over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.messages.api import schedules

router = APIRouter()
for part in (schedules,):
    router.include_router(part.router)
