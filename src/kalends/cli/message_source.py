"""The company's own warehouse, which messages are read from, at the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kalends.cli.base import Json, client, show
from kalends.cli.messages import messages

source = typer.Typer(invoke_without_command=True, help="Your own warehouse: history and captions read from there.")
messages.add_typer(source, name="source")

WAIT_SECONDS = 300


@source.callback(invoke_without_command=True)
def print_source(context: typer.Context, *, as_json: Json = False) -> None:
    """Print which warehouse is connected, how it is, and what came last."""
    if context.invoked_subcommand:
        return
    with client() as opened:
        answer = opened.get("/messages/source")
    show(answer, as_json=as_json, lines=source_lines)


@source.command("connect")
def connect_source(
    *,
    url: Annotated[
        str,
        typer.Option(
            prompt="Address",
            hide_input=True,
            envvar="KALENDS_SOURCE_URL",
            help="postgresql://user:password@host/database, bigquery://project/dataset, duckdb:///file, snowflake://..."
            " Asked for if not given, so that it stays out of the shell's history; - keeps the present one.",
        ),
    ],
    key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="BigQuery: the service account's JSON file.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="YAML: which tables and columns are what.")
    ] = None,
    daily: Annotated[bool | None, typer.Option("--daily/--by-hand", help="Read it once a day by itself.")] = None,
    as_json: Json = False,
) -> None:
    """Connect the warehouse, or change it, and test it. Exit code 1: it does not answer as it should."""
    body = {
        "url": "" if url == "-" else url,
        "key": key.read_text() if key else "",
        "mapping": mapping.read_text() if mapping else "",
        "is_daily": daily,
    }
    with client() as opened:
        opened.put("/messages/source", body)
        answer = opened.post("/messages/source/test", {})
    show(answer, as_json=as_json, lines=look_lines)
    raise typer.Exit(1 if answer["problem"] else 0)


@source.command("test")
def try_source(*, as_json: Json = False) -> None:
    """Go there now, and print which columns are what. Exit code 1: something is wrong."""
    with client() as opened:
        answer = opened.post("/messages/source/test", {})
    show(answer, as_json=as_json, lines=look_lines)
    raise typer.Exit(1 if answer["problem"] else 0)


@source.command("read")
def read_source(
    *,
    whole: Annotated[bool, typer.Option("--whole", help="From the oldest message on.")] = False,
    as_json: Json = False,
) -> None:
    """Bring in what is new there, and wait for it."""
    with client() as opened:
        told = {"is_whole": whole, "wait": WAIT_SECONDS}
        answer = opened.call("POST", "/messages/source/read", params=told).json()
    show(answer, as_json=as_json, lines=source_lines)


@source.command("remove")
def remove_source() -> None:
    """Forget the warehouse, its address and its key; what it brought stays."""
    with client() as opened:
        opened.call("DELETE", "/messages/source")
    typer.echo("Forgotten.")


def source_lines(answer: dict[str, Any]) -> list[str]:
    """A warehouse in words."""
    read = f"read {answer['read_at']}, up to {answer['watermark']}" if answer["read_at"] else "not read yet"
    how = "being read" if answer["is_reading"] else answer["health"]
    brought = [
        f"  {one['kind']}: " + (f"{one['loaded']} of {one['received']} new, {one['rejected']} set aside"
                                if one["received"] is not None else one["state"])
        for one in answer["imports"]
    ]  # fmt: skip
    return [f"{answer['engine']}, {answer['place']}: {how}; {read}.", *filter(None, [answer["problem"]]), *brought]


def look_lines(answer: dict[str, Any]) -> list[str]:
    """What a test saw, in words."""
    lines = []
    for one in answer["seen"]:
        columns = ", ".join(f"{field} = {column}" for field, column in one["columns"].items())
        lines += [f"{one['kind']}: {one['rows']} rows of {one['table']}; {columns}.", *filter(None, [one["note"]])]
    return [*lines, answer["problem"] or "It answers."]
