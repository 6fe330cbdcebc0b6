"""The Messages room's pages."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from kalends.base.pages import register_room
from kalends.messages.pages import explain, message, overview, week

register_room(
    name="messages",
    templates=Path(__file__).parents[1] / "templates" / "messages",
    label="Messages",
    href="/messages",
    icon="messages",
    order=70,
)

router = APIRouter(include_in_schema=False)
for part in (explain, message, overview, week):
    router.include_router(part.router)
