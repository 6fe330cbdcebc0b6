"""The platforms' pages: connect one in three steps, see how it is and how far its syncs are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kalends.base.errors import KalendsError
from kalends.base.forms import SentForm
from kalends.base.pages import Choice, flash, render
from kalends.base.pages.messages import FlashTone
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit, workspace
from kalends.marketing import words
from kalends.marketing.connectors import connections, progress, rereads, runs
from kalends.marketing.connectors.apps import app_keys
from kalends.marketing.connectors.connections import connector_of
from kalends.marketing.connectors.declared import Connector
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.settling import LONGEST

router = APIRouter(include_in_schema=False)

Reader = Annotated[Work, permit("data.read")]
Loader = Annotated[Work, permit("data.write")]
Manager = Annotated[Work, permit("settings.manage")]
Managing = Annotated[Door, door("settings.manage")]
EVERY: Final = {60: "Every hour", 360: "Every 6 hours", 1440: "Once a day", 10080: "Once a week"}
HISTORY: Final = {30: "A month", 90: "Three months", 365: "A year", 730: "Two years", 1100: "Three years"}
RUNS, SLICES = 8, 50


@router.get("/data/platforms")
def show_platforms(request: Request, work: Reader, seen: str = "") -> Response:
    """What is connected, how it is, and what can be connected; no content to whom has `seen` the newest mark."""
    if seen == (mark := progress.mark(work)):
        return Response(status_code=204)
    found = connections.listed(work)
    return render(
        request,
        "data/platforms.html",
        connections=found,
        runs=progress.last_runs(work),
        mark=mark,
        spans={one.id: progress.covered_span(work, one.id) for one in found},
        platforms=[(name, label) for name, label in words.PLATFORM_NAMES.items() if name in CONNECTORS],
        manages=request.state.permitted.may("settings.manage"),
        words=words,
        now=work.now,
    )


@router.get("/data/platforms/new/{data_source}/keys")
def show_form(request: Request, work: Manager, data_source: str) -> Response:
    """The first step by keys: what the platform asks for."""
    demo = connections.demo_keys(work.house, data_source)
    return keys_form(request, data_source, demo=demo, app=app_keys(work, connector_of(data_source)))


@router.post("/data/platforms/new/{data_source}")
def connect(request: Request, managing: Managing, data_source: str, sent: SentForm) -> Response:
    """Keep what was entered, sealed, and ask the platform whether it is right."""
    entered = entered_of(data_source, sent)
    try:
        with managing.work() as work:
            made = connections.create(work, data_source=data_source, label=str(sent.get("label", "")), entered=entered)
            connection_id = made.id
    except connections.BadConnectionError as error:
        app = known_app(managing, data_source)
        return keys_form(request, data_source, entered=entered, errors=errors_of(error), app=app)
    return after_test(managing, connection_id)


@router.post("/data/platforms/{connection_id}/keys")
def replace_keys(request: Request, managing: Managing, connection_id: UUID, sent: SentForm) -> Response:
    """Enter keys anew, and test them."""
    with managing.work() as work:
        data_source = connections.get(work, connection_id=connection_id).data_source
    entered = entered_of(data_source, sent)
    try:
        with managing.work() as work:
            connections.replace_secrets(work, connection_id=connection_id, entered=entered)
    except connections.BadConnectionError as error:
        app, errors = known_app(managing, data_source), errors_of(error)
        return keys_form(request, data_source, entered=entered, errors=errors, connection_id=connection_id, app=app)
    return after_test(managing, connection_id)


@router.get("/data/platforms/{connection_id}/keys")
def show_keys(request: Request, work: Manager, connection_id: UUID) -> Response:
    """The form of keys once more; what is secret is not shown."""
    found = connections.get(work, connection_id=connection_id)
    app = app_keys(work, connector_of(found.data_source))
    return keys_form(request, found.data_source, entered=found.options, connection_id=connection_id, app=app)


@router.post("/data/platforms/{connection_id}/test")
def test_now(managing: Managing, connection_id: UUID) -> Response:
    """Ask the platform how things are."""
    health = connections.test(managing.house, open_work=managing.work, connection_id=connection_id)
    said = {"healthy": f"It answers: {words.count(len(health.accounts), 'account')} can be seen."}
    tone: FlashTone = "plain" if health.state == "healthy" else "bad"
    return to(
        f"/data/platforms/{connection_id}", said.get(health.state, f"{health.problem} {health.advice}"), tone=tone
    )


def after_test(managing: Door, connection_id: UUID, *, back: str = "keys") -> Response:
    """To the next step where the platform lets us in; else back to the first, with what is wrong."""
    health = connections.test(managing.house, open_work=managing.work, connection_id=connection_id)
    if health.state == "broken" or not health.accounts:
        return to(f"/data/platforms/{connection_id}/{back}", f"{health.problem} {health.advice}", tone="bad")
    return RedirectResponse(f"/data/platforms/{connection_id}/choose", status_code=303)


@router.get("/data/platforms/{connection_id}/choose")
def show_choice(request: Request, work: Manager, connection_id: UUID) -> Response:
    """The second step: accounts, reports, how far back, how often."""
    found = connections.get(work, connection_id=connection_id)
    accounts = connections.known_accounts(found)
    return render(
        request,
        "data/choose.html",
        connection=found,
        connector=connector_of(found.data_source),
        accounts=accounts,
        chosen={one["id"] for one in found.accounts} or {one.id for one in accounts},
        longest=LONGEST,
        rhythms=_choices(EVERY, found.every),
        spans=_choices(HISTORY, found.history),
        words=words,
    )


@router.post("/data/platforms/{connection_id}/choose")
def choose(work: Manager, connection_id: UUID, sent: SentForm) -> Response:
    """Keep the choice and begin to bring the data."""
    here = f"/data/platforms/{connection_id}"
    wanted = set(map(str, sent.getlist("account")))
    known = connections.known_accounts(connections.get(work, connection_id=connection_id))
    try:
        connections.choose(
            work,
            connection_id=connection_id,
            accounts=[one for one in known if one.id in wanted],
            reports=list(map(str, sent.getlist("report"))),
            attributions=list(map(str, sent.getlist("attribution"))),
            label=str(sent.get("label", "")),
            every=whole(sent.get("every"), connections.EVERY),
            history=whole(sent.get("history"), connections.HISTORY),
            reread=rereads.read(sent.get("reread")),
        )
        if runs.running(work, connection_id) is None:
            runs.start(work, connection_id=connection_id)
    except KalendsError as error:
        return to(f"{here}/choose", error.message, tone="bad")
    return to(here, "It is connected; its days come in, the newest first.")


@router.get("/data/platforms/{connection_id}")
def show_connection(request: Request, work: Reader, connection_id: UUID, seen: str = "") -> Response:
    """One connection: how it is, how far its syncs are, what went wrong; no content to whom has `seen` it."""
    found = connections.get(work, connection_id=connection_id)
    if seen == (mark := progress.mark(work, connection_id=connection_id)):
        return Response(status_code=204)
    past = progress.runs_of(work, connection_id=connection_id, limit=RUNS)
    last = progress.last_runs(work).get(connection_id)
    failed = last and work.session.scalars(progress.slices_of(last.run.id).limit(SLICES)).all()
    return render(
        request,
        "data/connection.html",
        connection=found,
        connector=connector_of(found.data_source),
        runs=past,
        last=last,
        mark=mark,
        longest=LONGEST,
        problems=[one for one in failed or () if one.problem],
        span=progress.covered_span(work, connection_id),
        usage=progress.usage(work, found),
        every=EVERY.get(found.every, f"Every {found.every} minutes"),
        manages=request.state.permitted.may("settings.manage"),
        loads=request.state.permitted.may("data.write"),
        today=work.now.date(),
        zone=workspace(work).zone,
        words=words,
        now=work.now,
    )


@router.post("/data/platforms/{connection_id}/reread")
def set_reread(work: Manager, connection_id: UUID, reread: Annotated[str, Form(max_length=20)] = "") -> Response:
    """For how many days it asks again; empty: as the platform restates them."""
    here = f"/data/platforms/{connection_id}"
    try:
        connections.choose(work, connection_id=connection_id, reread=rereads.read(reread))
    except rereads.BadRereadError as error:
        return to(here, error.message, tone="bad")
    return to(here, "From the next sync on, so many days are asked for again.")


@router.post("/data/platforms/{connection_id}/sync")
def sync_now(
    work: Loader,
    connection_id: UUID,
    first: Annotated[date | None, Form()] = None,
    last: Annotated[date | None, Form()] = None,
) -> Response:
    """Bring it up to date, or fetch some days again."""
    here = f"/data/platforms/{connection_id}"
    if first and last and last < first:
        return to(here, "The last day is before the first one.", tone="bad")
    try:
        run = runs.start(work, connection_id=connection_id, first=first, last=last)
    except (runs.NothingToSyncError, runs.SyncUnderWayError) as error:
        return to(here, error.message, tone="bad")
    return to(here, "The days come in, the newest first." if run else "There is nothing new yet.")


@router.post("/data/platforms/{connection_id}/runs/{run_id}/{verb}")
def steer(work: Loader, connection_id: UUID, run_id: UUID, verb: str) -> Response:
    """Pause a sync, let it go on, leave the rest, or ask again for what failed."""
    here = f"/data/platforms/{connection_id}"
    states = {"pause": "paused", "resume": "running", "cancel": "cancelled"}
    try:
        if verb == "retry":
            runs.try_again(work, run_id=run_id)
        elif verb in states:
            runs.set_run_state(work, run_id=run_id, state=states[verb])
    except (runs.RunIsOverError, runs.SyncUnderWayError) as error:
        return to(here, error.message, tone="bad")
    return RedirectResponse(here, status_code=303)


@router.post("/data/platforms/{connection_id}/state")
def set_state(work: Loader, connection_id: UUID, state: Annotated[str, Form(pattern="^(active|paused)$")]) -> Response:
    """Let syncs rest, the one under way too, or go on."""
    runs.set_state(work, connection_id=connection_id, state=state)
    said = "It rests: no new days come in until you let it go on." if state == "paused" else "It goes on."
    return to(f"/data/platforms/{connection_id}", said)


@router.post("/data/platforms/{connection_id}/remove")
def remove(work: Manager, connection_id: UUID) -> Response:
    """Forget its keys; what it brought stays."""
    label = connections.get(work, connection_id=connection_id).label
    runs.remove(work, connection_id=connection_id)
    answer = RedirectResponse("/data/platforms", status_code=303)
    undo = f"/data/platforms/{connection_id}/restore"
    flash(answer, text=f"{label} was removed and its keys forgotten; what it brought stays.", undo=undo)
    return answer


@router.post("/data/platforms/{connection_id}/restore")
def restore(work: Manager, connection_id: UUID) -> Response:
    """Bring it back; its keys are entered anew."""
    connections.restore(work, connection_id=connection_id)
    return RedirectResponse(f"/data/platforms/{connection_id}/keys", status_code=303)


def known_app(managing: Door, data_source: str) -> Collection[str]:
    """What the platform's app gives, by name."""
    with managing.work() as work:
        return app_keys(work, connector_of(data_source)).keys()


def errors_of(error: connections.BadConnectionError) -> dict[str, str]:
    """What is wrong, under the field that it is about."""
    return {str(error.details.get("field")): error.message}


def keys_form(
    request: Request,
    data_source: str,
    *,
    entered: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    connection_id: UUID | None = None,
    demo: Mapping[str, str] | None = None,
    app: Collection[str] = (),
) -> Response:
    """The form of keys. `app`: what need not be entered, for the platform's app gives it."""
    connector = connector_of(data_source)
    shown = {**(demo or {})} or {
        entry.name: (entered or {}).get(entry.name, entry.default) for entry in connector.entries if not entry.is_secret
    }
    return render(
        request,
        "data/connect.html",
        status=422 if errors else 200,
        connector=connector,
        entered=shown,
        errors=errors or {},
        connection_id=connection_id,
        is_demo=bool(demo),
        app=frozenset(app),
        choices=choices_of(connector, shown),
        words=words,
    )


def choices_of(connector: Connector, shown: Mapping[str, str]) -> dict[str, list[Choice]]:
    """What can be chosen in each field."""
    return {
        entry.name: [
            Choice(label, value=value, current=value == shown.get(entry.name, entry.default))
            for value, label in entry.choices
        ]
        for entry in connector.entries
    }


def entered_of(data_source: str, sent: FormData) -> dict[str, str]:
    """The platform's fields among those of the form."""
    return {entry.name: str(sent.get(entry.name, "")) for entry in connector_of(data_source).entries}


def whole(text: Any, otherwise: int) -> int:
    """A whole number of a form."""
    return int(text) if isinstance(text, str) and text.isdigit() else otherwise


def _choices(offered: Mapping[int, str], current: int) -> list[Choice]:
    known = dict(offered) if current in offered else {**offered, current: f"{current}"}
    return [Choice(label, value=str(value), current=value == current) for value, label in known.items()]


def to(path: str, text: str, *, tone: FlashTone = "plain") -> Response:
    """On to another page, with a message."""
    answer = RedirectResponse(path, status_code=303)
    flash(answer, text=text, tone=tone)
    return answer
