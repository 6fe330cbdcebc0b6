"""Logs and metrics. Both are about requests and tasks by template and kind: no tenant's figures, no personal data."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kalends.base.ids import new_id

CALLS = Counter(
    "kalends_http_requests", "Requests by route template, method and status.", ["route", "method", "status"]
)
SECONDS = Histogram("kalends_http_seconds", "Time to answer by route template.", ["route"])

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(*, form: str, level: str) -> None:
    """Structured lines on standard error: JSON for machines, aligned text for people. Values, never payloads."""
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


class Telemetry:
    """ASGI middleware: a request id on every answer and log line, a count and a time per route template."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(new_id())
        started, status = time.perf_counter(), 500

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                await self.app(scope, receive, send_marked)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                CALLS.labels(route, scope["method"], status).inc()
                SECONDS.labels(route).observe(time.perf_counter() - started)
