"""The messages room's pages."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from kalends.messages.pages import captions, imports, settings, trials

ROUTERS: Final[list[APIRouter]] = [captions.router, imports.router, settings.router, trials.router]
