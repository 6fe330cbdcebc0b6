"""The Messages room's pages."""

from __future__ import annotations

from fastapi import APIRouter

from kalends.messages.pages import captions, imports, settings, trials

router = APIRouter(include_in_schema=False)
for part in (captions, imports, settings, trials):
    router.include_router(part.router)
