"""Signing in at a platform: the app in whose name one does, the way there, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kalends.base.forms import SentForm
from kalends.base.pages import render
from kalends.base.settings import Settings
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit
from kalends.marketing import words
from kalends.marketing.connectors import apps, connections, signin
from kalends.marketing.connectors.connections import connector_of
from kalends.marketing.connectors.models import Connection
from kalends.marketing.pages.platforms import after_test, choices_of, errors_of, show_form, to

router = APIRouter(include_in_schema=False)

Manager = Annotated[Work, permit("settings.manage")]
Managing = Annotated[Door, door("settings.manage")]
Known = Annotated[UUID | None, Query()]


@router.get("/data/platforms/apps/{data_source}")
def show_app(request: Request, work: Manager, data_source: str, connection: Known = None) -> Response:
    """The form of the company's app; `connection`: which one is to be signed in afterwards."""
    return _app_form(request, work, data_source, connection=connection)


@router.post("/data/platforms/apps/{data_source}")
def save_app(request: Request, work: Manager, data_source: str, sent: SentForm, connection: Known = None) -> Response:
    """Keep it, sealed; then people sign in."""
    connector = connector_of(data_source)
    fields = signin.consent_of(connector).app
    entered = {entry.name: str(sent.get(entry.name, "")) for entry in fields}
    kept = apps.company_app(work, connector)
    try:
        keys = connections.fitting(fields, kept | {name: value for name, value in entered.items() if value.strip()})
    except connections.BadConnectionError as error:
        return _app_form(request, work, data_source, connection=connection, entered=entered, errors=errors_of(error))
    apps.save_app(work, connector, keys)
    return to(form_of(data_source, connection), f"{words.source_name(data_source)} knows your app now: sign in there.")


@router.post("/data/platforms/apps/{data_source}/forget")
def forget_app(work: Manager, data_source: str) -> Response:
    """Forget the company's app for good."""
    apps.forget_app(work, connector_of(data_source))
    return to("/data/platforms", f"Your app at {words.source_name(data_source)} is forgotten.")


@router.get("/data/platforms/new/{data_source}")
def show_sign_in(request: Request, work: Manager, data_source: str) -> Response:
    """The first step: to sign in at the platform; where it knows no such way, its keys."""
    if connector_of(data_source).consent is None:
        return show_form(request, work, data_source)
    return _form(request, work, data_source)


@router.get("/data/platforms/{connection_id}/sign-in")
def show_sign_in_again(request: Request, work: Manager, connection_id: UUID) -> Response:
    """The same for a connection that is there."""
    found = connections.get(work, connection_id=connection_id)
    return _form(request, work, found.data_source, connection=found, entered=found.options)


@router.post("/data/platforms/new/{data_source}/sign-in")
def sign_in(request: Request, work: Manager, data_source: str, sent: SentForm) -> Response:
    """To the platform's page, for a new connection."""
    return _leave(request, work, data_source, sent)


@router.post("/data/platforms/{connection_id}/sign-in")
def sign_in_again(request: Request, work: Manager, connection_id: UUID, sent: SentForm) -> Response:
    """To the platform's page, to let a connection in again."""
    found = connections.get(work, connection_id=connection_id)
    return _leave(request, work, found.data_source, sent, connection=found)


@router.get("/data/platforms/{data_source}/callback")
def come_back(request: Request, managing: Managing, data_source: str) -> Response:
    """From the platform's page: the code becomes a connection, which is after_test at once."""
    connector_of(data_source)
    answer = {name: value for name, value in request.query_params.items() if len(value) <= 10_000}
    back = f"/data/platforms/new/{data_source}"
    try:
        with managing.work() as work:
            state = answer.get("state", "")
            plan = signin.take(work, data_source=data_source, session_id=_session(request), state=state)
        back = form_of(data_source, UUID(plan.connection_id) if plan.connection_id else None)
        connection_id = signin.finish(
            managing.house, open_work=managing.work, data_source=data_source, plan=plan, answer=answer
        )
    except signin.SignInFailedError as error:
        return to(back, error.message, tone="bad")
    answered = after_test(managing, connection_id, back="sign-in")
    with managing.work() as work:
        found = connections.get(work, connection_id=connection_id)
        if found.health == "healthy" and found.accounts:
            return to(f"/data/platforms/{connection_id}", "It is signed in again; its days go on.")
    return answered


def form_of(data_source: str, connection_id: UUID | None) -> str:
    """Where one signs in: for a new connection, or for one that is there."""
    return f"/data/platforms/{connection_id}/sign-in" if connection_id else f"/data/platforms/new/{data_source}"


def redirect_of(request: Request, settings: Settings, data_source: str) -> str:
    """Where the platform sends people back to: it must know this address beforehand."""
    site = (settings.public_url or str(request.base_url)).rstrip("/")
    return f"{site}/data/platforms/{data_source}/callback"


def _session(request: Request) -> UUID | None:
    found: UUID | None = request.state.permitted.caller.session_id
    return found


def _leave(
    request: Request, work: Work, data_source: str, sent: SentForm, *, connection: Connection | None = None
) -> Response:
    """A page that leads on by itself. A redirect would not do: our pages let no form lead to another site."""
    connector, connection_id = connector_of(data_source), connection.id if connection else None
    entered = {entry.name: str(sent.get(entry.name, "")) for entry in connector.beside}
    try:
        page = signin.set_out(
            work,
            data_source=data_source,
            session_id=_session(request),
            redirect=redirect_of(request, work.house.settings, data_source),
            label=str(sent.get("label", ""))[:200],
            entered=entered,
            connection_id=connection_id,
        )
    except connections.BadConnectionError as error:
        return _form(request, work, data_source, connection=connection, entered=entered, errors=errors_of(error))
    except signin.SignInFailedError as error:
        return to(form_of(data_source, connection_id), error.message, tone="bad")
    answer = render(request, "data/leaving.html", name=words.source_name(data_source), page=page)
    answer.headers["Refresh"] = f"0; url={page}"
    return answer


def _form(
    request: Request,
    work: Work,
    data_source: str,
    *,
    connection: Connection | None = None,
    entered: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    connector = connector_of(data_source)
    demo = connections.demo_keys(work.house, data_source)
    shown = entered or {entry.name: demo.get(entry.name, entry.default) for entry in connector.beside}
    return render(
        request,
        "data/signin.html",
        status=422 if errors else 200,
        connector=connector,
        connection=connection,
        entered=shown,
        errors=errors or {},
        is_known=bool(apps.app_keys(work, connector)),
        is_demo=bool(demo),
        choices=choices_of(connector, shown),
        words=words,
    )


def _app_form(
    request: Request,
    work: Work,
    data_source: str,
    *,
    connection: UUID | None,
    entered: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    connector = connector_of(data_source)
    kept = apps.company_app(work, connector)
    shown = entered or kept or connections.demo_keys(work.house, data_source)
    return render(
        request,
        "data/app.html",
        status=422 if errors else 200,
        connector=connector,
        consent=signin.consent_of(connector),
        redirect=redirect_of(request, work.house.settings, data_source),
        # What is secret is shown only where it is a stand-in's.
        entered={
            entry.name: shown.get(entry.name, "")
            for entry in signin.consent_of(connector).app
            if not entry.is_secret or not (kept or entered)
        },
        errors=errors or {},
        is_kept=bool(kept),
        is_server=bool(apps.server_app(work.house.settings, connector)),
        connection=connection,
        back=form_of(data_source, connection),
        words=words,
    )
