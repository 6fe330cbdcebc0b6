"""Identity over HTTP: its own routes and a few that only show who was let in."""

import time
from typing import Annotated

import pytest
from fastapi import FastAPI, Request
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from kalends.base.errors import BadInputError, KalendsError
from kalends.base.work import Work
from kalends.identity import api, pages
from kalends.identity.service import NotSignedInError, answer_not_signed_in, permit


def answer(request: Request, error: KalendsError) -> Response:
    return JSONResponse(error.problem(), status_code=error.status, media_type="application/problem+json")


@pytest.fixture
def app(house):
    """Identity alone, wired as the whole application wires it."""
    made = FastAPI()
    made.state.house = house
    made.add_exception_handler(KalendsError, answer)
    made.add_exception_handler(NotSignedInError, answer_not_signed_in)
    made.include_router(api.router, prefix="/api/v1")
    made.include_router(pages.router)

    @made.post("/api/v1/notes/{fate}")
    def note(fate: str, work: Annotated[Work, permit("calendar.write")]) -> dict[str, str]:
        """Writes an announcement, and then fails as it is told to."""
        work.announce("test.noted")
        if fate == "slow":
            time.sleep(0.02)
        if fate == "refused":
            raise BadInputError
        if fate == "uncommittable":
            # Fails at commit only: by then the endpoint has returned.
            work.session.execute(text("CREATE TEMP TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
            work.session.execute(text("INSERT INTO late VALUES (1), (1)"))
        return {"fate": fate}

    @made.post("/forms")
    def form(work: Annotated[Work, permit("me")]) -> dict[str, str]:
        return {"role": work.scope.role}

    return made


@pytest.fixture
def owner(work):
    """The scope of the fixture `work` is an owner's; this is a person with that role."""
    from kalends.identity.service import add_person

    return add_person(work, email="ada@aurora.example", name="Ada", role="owner", password="a long sentence")
