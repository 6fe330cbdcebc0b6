"""The pages of messages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from kalends.messages.pages import (
    captions,
    explain,
    imports,
    message,
    overview,
    settings,
    source,
    templates,
    trials,
    week,
)

PARTS = (captions, imports, source, settings, overview, week, message, explain, templates, trials)
ROUTERS: Final[list[APIRouter]] = [part.router for part in PARTS]
