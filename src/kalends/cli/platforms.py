"""Platforms: connect them, bring their days, see how they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalends.base.errors import BadInputError, KalendsError, NotFoundError
from kalends.cli.base import Json, app, client, show, table_lines

if TYPE_CHECKING:
    from kalends.client import Client

platforms = typer.Typer(no_args_is_help=True, help="Platforms whose days come in by themselves.")
app.add_typer(platforms, name="platform")

POLL_SECONDS = 0.5


@platforms.command("list")
def list_connections(*, as_json: Json = False) -> None:
    """Print what is connected, and how it is."""
    with client() as opened:
        answer = opened.get("/marketing/connections")
    show(answer, as_json=as_json, lines=lambda found: table_lines([line_of(one) for one in found]))


def line_of(one: dict[str, Any]) -> dict[str, Any]:
    """A connection in a line."""
    run = one["last_run"] or {}
    return {
        "label": one["label"],
        "platform": one["data_source"],
        "health": one["health"] if one["state"] == "active" else one["state"],
        "accounts": len(one["accounts"]),
        "last sync": f"{run['state']}, {run['landed']} of {run['slices']}" if run else "none",
        "problem": f"{one['problem'] or ''} {one['advice'] or ''}".strip(),
    }


@platforms.command("fields")
def show_fields(data_source: str, *, as_json: Json = False) -> None:
    """Print what a platform asks for."""
    with client() as opened:
        found = [one for one in opened.get("/marketing/platforms") if one["data_source"] == data_source]
    if not found:
        raise NotFoundError(f"There is no connector for {data_source!r}.")
    show(found[0], as_json=as_json, lines=lambda one: table_lines([field_line(entry) for entry in one["entries"]]))


def field_line(entry: dict[str, Any]) -> dict[str, Any]:
    """A field in a line."""
    return {
        "field": entry["name"],
        "what": entry["label"],
        "kept": "sealed" if entry["is_secret"] else "open",
        "where": entry["help"],
    }


@platforms.command("connect")
def connect_platform(
    data_source: Annotated[
        str, typer.Argument(help="Such as google_ads; `kalends platform fields` says what it asks.")
    ],
    *,
    label: Annotated[str, typer.Option(help="What you call it.")] = "",
    fields: Annotated[
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            help="JSON: field -> value. Asked for if not given, so that keys stay out of the shell's history.",
        ),
    ],
    history: Annotated[int, typer.Option(help="Days that the first sync brings.")] = 90,
    attribution: Annotated[
        list[str] | None,
        typer.Option(help="A window to have beside the account's own setting, such as 7d_click; more than once."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Connect a platform with all accounts that its keys can see, and start the first sync."""
    with client() as opened:
        made = opened.post(
            "/marketing/connections", {"data_source": data_source, "label": label, "entered": entered_of(fields)}
        )
        path = f"/marketing/connections/{made['id']}"
        try:
            health = opened.post(f"{path}/test")
            if not health["accounts"]:
                raise BadInputError(f"{health['problem']} {health['advice']}")
            chosen = {"accounts": health["accounts"], "history": history, "attributions": attribution or []}
            opened.call("PATCH", path, body=chosen)
        except KalendsError:
            opened.call("DELETE", path)  # half a connection is none
            raise
        answer = opened.post(f"{path}/sync", {})
    show(
        {"connection": made["id"], "accounts": health["accounts"], "sync": answer},
        as_json=as_json,
        lines=lambda found: [f"{len(found['accounts'])} accounts; their days come in: kalends platform list"],
    )


def entered_of(text: str) -> dict[str, str]:
    """The fields as JSON. Raises BadInputError."""
    import json

    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadInputError('Give the fields as JSON, such as {"access_token": "..."}.')
    return {str(name): str(value) for name, value in found.items()}


@platforms.command("sync")
def sync(
    label: Annotated[str, typer.Argument(help="What you call the connection, or its id.")],
    *,
    start: Annotated[str | None, typer.Option("--from", help="First day to fetch again.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day to fetch again.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until all is here.")] = True,
    as_json: Json = False,
) -> None:
    """Bring a connection up to date, or fetch some days again. Of a sync that is under way already the end is waited
    for. Exit code 1: a part could not be had.
    """
    with client() as opened:
        known = opened.get("/marketing/connections")
        found = next((one for one in known if label in {one["label"], one["id"]}), None)
        if found is None:
            raise NotFoundError(
                f"There is no connection {label!r}; there are {', '.join(one['label'] for one in known) or 'none'}."
            )
        run = found["last_run"]
        if start or end or not run or run["state"] != "running":
            run = opened.post(f"/marketing/connections/{found['id']}/sync", {"first": start, "last": end})
        if run and wait:
            run = follow(opened, run, quiet=as_json)
    show(run, as_json=as_json, lines=lambda one: [sentence(one)])
    raise typer.Exit(1 if run and run["state"] == "failed" else 0)


def follow(opened: Client, run: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Wait for a sync, with a progress bar."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("Parts", total=run["slices"])
        while run["state"] == "running":
            time.sleep(POLL_SECONDS)
            run = opened.get(f"/marketing/syncs/{run['id']}", limit=1)["run"]
            progress.update(bar, total=run["slices"], completed=run["landed"] + run["failed"])
    return run


def sentence(run: dict[str, Any] | None) -> str:
    """What came of a sync."""
    if run is None:
        return "There is nothing new yet."
    said = {"done": "all here", "failed": f"{run['failed']} parts could not be had", "running": "coming in"}
    ended = said.get(run["state"], run["state"])
    counts = f"{run['landed']} of {run['slices']} parts, {run['calls']} calls"
    return f"{run['date_from']} to {run['date_to']}: {ended}; {counts}."
