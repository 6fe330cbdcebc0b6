"""The web application: the rooms wired together. It holds no logic of its own."""

from __future__ import annotations

import json
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

import kalends.calendar.api
import kalends.calendar.jobs
import kalends.calendar.pages
import kalends.identity.api
import kalends.identity.pages
import kalends.insight.api
import kalends.insight.jobs
import kalends.insight.pages
import kalends.marketing.api
import kalends.marketing.jobs
import kalends.marketing.pages
import kalends.marketing.quality.jobs
import kalends.messages.api
import kalends.messages.jobs
import kalends.messages.monitoring
import kalends.messages.pages
import kalends.messages.schedule_jobs
import kalends.notify.api
import kalends.notify.jobs
import kalends.notify.pages
import kalends.operations
import kalends.web.pages
from kalends.base.errors import BadInputError, ForbiddenError, KalendsError, NotFoundError
from kalends.base.openapi import describe_problems, refuse_unread_parameters
from kalends.base.pages import HashedFiles, SecurityHeaders, render
from kalends.base.telemetry import Telemetry
from kalends.base.version import __version__
from kalends.base.work import House
from kalends.identity.service import NotSignedInError, answer_not_signed_in

LOG = structlog.get_logger(__name__)

APIS = (
    kalends.identity.api.router,
    kalends.notify.api.router,
    kalends.calendar.api.router,
    kalends.marketing.api.router,
    kalends.insight.api.router,
    *kalends.messages.api.ROUTERS,
    kalends.operations.api,
)
PAGES = (
    kalends.identity.pages.router,
    kalends.notify.pages.router,
    kalends.calendar.pages.router,
    kalends.marketing.pages.router,
    kalends.insight.pages.router,
    *kalends.messages.pages.ROUTERS,
    kalends.web.pages.router,
)

SUBSCRIPTIONS: dict[str, list[str]] = {
    "marketing.batch_published": ["marketing.score_batch"],
    "marketing.settling_changed": ["marketing.score_all"],
    "messages.pages_changed": ["messages.renew_names"],
}
"""What is announced -> the kinds of job that answer it."""


class Application(FastAPI):
    """FastAPI whose document also says how requests are refused, and how a caller is let in."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = describe_problems(super().openapi())
        return self.openapi_schema


def create_app(house: House) -> FastAPI:
    """The application that serves `house`."""
    app = wire()
    hand_over(app, house)
    return app


def hand_over(app: FastAPI, house: House) -> None:
    """Have `app` serve `house` from here on."""
    app.state.house = house
    house.subscriptions = SUBSCRIPTIONS


def wire() -> FastAPI:
    """The application without a house. API paths answer under /api/v1 and, as older clients ask, without it."""
    app = Application(
        title="Kalends",
        version=__version__,
        description="The marketing calendar that measures itself.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Telemetry)
    strict = [Depends(refuse_unread_parameters)]
    for router in APIS:
        app.include_router(router, prefix="/api/v1", dependencies=strict)
        app.include_router(router, include_in_schema=False, dependencies=strict)
    for router in (*PAGES, kalends.operations.router):
        app.include_router(router, include_in_schema=False)
    app.mount("/static", HashedFiles(), name="static")
    app.add_exception_handler(NotSignedInError, answer_not_signed_in)
    app.add_exception_handler(KalendsError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_error)
    app.add_exception_handler(HTTPException, answer_error)
    app.add_exception_handler(DataError, answer_error)
    app.add_exception_handler(Exception, answer_error)
    return app


def answer_error(request: Request, error: Exception) -> Response:
    """Any error as a problem document, or as a page for somebody at a browser."""
    known = as_kalends_error(error)
    if known.status >= 500:
        # The route, not the path: some paths hold a secret.
        path = getattr(request.scope.get("route"), "path", request.url.path)
        LOG.error("request failed", path=path, exc_info=error)
    if wants_page(request):
        return render(request, "error.html", status=known.status, problem=known.problem())
    return ProblemResponse(known.problem(), status_code=known.status)


class ProblemResponse(JSONResponse):
    """A problem document. In ASCII: what a caller sent travels back in it, and that need not be valid Unicode."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        """The document's bytes."""
        return json.dumps(content).encode()


class UnstorableError(BadInputError):
    """A value is more than a database holds: a NUL character, a number or a date beyond all bounds."""

    code = "unstorable"


class UnexpectedError(KalendsError):
    """Something went wrong on our side. It has been written down; what you sent was not changed."""

    status = 500
    code = "unexpected"


def as_kalends_error(error: Exception) -> KalendsError:
    """The framework's own errors in our words."""
    match error:
        case KalendsError():
            return error
        case RequestValidationError():
            return BadInputError(
                "; ".join(f"{place(item)}: {item['msg']}" for item in error.errors()),
                errors=[{"where": place(item), "what": item["msg"]} for item in error.errors()],
            )
        case DataError():
            # The database is the last to check; whatever it refuses as a value came from the caller.
            LOG.warning("a value could not be stored", reason=str(error.orig))
            return UnstorableError()
        case HTTPException():
            return http_problem(error)
    return UnexpectedError()


def http_problem(error: HTTPException) -> KalendsError:
    """A framework error: as ours where we have one, else (405, 413 ...) with its own status."""
    if ours := {403: ForbiddenError, 404: NotFoundError}.get(error.status_code):
        return ours()
    kind = type("HttpError", (KalendsError,), {"status": error.status_code, "code": f"http_{error.status_code}"})
    made: KalendsError = kind(str(error.detail))
    return made


def place(item: Any) -> str:
    """Where in the request a validation error is: `body.events.3.start`."""
    return ".".join(str(part) for part in item["loc"])


def wants_page(request: Request) -> bool:
    """Whether a person's browser asked, rather than a program."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
