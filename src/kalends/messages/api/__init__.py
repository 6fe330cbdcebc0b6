"""Messages over HTTP."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from kalends.messages.api import health, templates, trials

ROUTERS: Final[list[APIRouter]] = [health.router, templates.router, trials.router]
