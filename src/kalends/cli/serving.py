"""Start it, set it up, look after it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalends.base.version import __version__
from kalends.cli.base import Json, app, client, read_settings, show

if TYPE_CHECKING:
    from kalends.client import Client
    from kalends.server import Listener


@app.command()
def version(*, as_json: Json = False) -> None:
    """Print the version."""
    show({"version": __version__}, as_json=as_json, lines=lambda answer: [f"Kalends {answer['version']}"])


@app.command()
def up(*, port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None) -> None:
    """Start the server and print its address. Ctrl-C stops it and everything it started."""
    serve(port=port)


def serve(*, port: int | None, before: Callable[[Client], None] | None = None, **chosen: Any) -> None:
    """Serve until stopped by Ctrl-C, SIGTERM or a closed terminal; `before` runs against the served API first.

    `chosen`: settings that are not the environment's.
    """
    from kalends.base.telemetry import configure_logs
    from kalends.server import running

    settings = read_settings(port=port, **chosen)
    configure_logs(form=settings.log_format, level=settings.log_level if settings.log_format == "json" else "warning")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    listener = None
    try:
        with running(settings, tcp=True) as listener:
            if before:
                fill_beside(listener, before)
            announce(listener, at=settings.public_url or listener.address)
            listener.serve()
    except KeyboardInterrupt:
        typer.echo("Stopped.")
    if listener and listener.worker and listener.worker.is_busy:
        leave()


def leave() -> None:
    """End the process at once: Python would wait for the thread of a task that was cut off, however long that takes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def stop(number: int, _frame: object) -> None:
    """Any wish to stop is taken as Ctrl-C, whose way out closes everything."""
    raise KeyboardInterrupt(signal.strsignal(number))


def announce(listener: Listener, *, at: str) -> None:
    """Say where it is and, before there is anybody, how to become its owner."""
    from kalends.identity.service import first_start_link

    typer.echo(f"Kalends {__version__} at {at}")
    link = first_start_link(listener.house)
    if link:
        typer.echo(f"First start: make yourself the owner at {at}{link}")
        typer.echo("The link works once, for 24 hours; the next start prints a new one.")
    typer.echo("Ctrl-C stops it.")


def fill_beside(listener: Listener, before: Callable[[Client], None]) -> None:
    """Run `before` against the server while only this machine's commands are served."""
    from kalends.client import open_client
    from kalends.identity.service import first_start_link

    first_start_link(listener.house)  # makes the company where there is none; the link to use is announced later
    with listener.serving(), open_client(listener.house.settings) as opened:
        before(opened)


@app.command()
def init(
    *,
    name: Annotated[str, typer.Option(help="The company's name.")],
    email: Annotated[str, typer.Option(help="The owner's e-mail.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, help="The owner's password.")],
    zone: Annotated[str, typer.Option(help="IANA time zone, as Europe/Berlin.")] = "UTC",
    currency: Annotated[str, typer.Option(help="Reporting currency, as EUR.")] = "EUR",
    country: Annotated[str, typer.Option(help="Main country, as DE.")] = "US",
    as_json: Json = False,
) -> None:
    """Set the workspace up without a browser: the company and its owner."""
    with client() as opened:
        answer = opened.post(
            "/setup",
            {
                "company": name,
                "email": email,
                "password": password,
                "zone": zone,
                "currency": currency,
                "country": country,
            },
        )
    show(answer, as_json=as_json, lines=lambda _: [f"{name} is set up; {email} is its owner. Start it: kalends up"])


@app.command()
def demo(
    *,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    connectors: Annotated[
        bool, typer.Option("--connectors", help="Let a stand-in on this machine answer for every platform.")
    ] = False,
) -> None:
    """Start the server with a sample company: three years of generated data, every page alive."""
    from kalends.demo.binding import fill_server

    if not connectors:
        serve(port=port, before=fill_server)
        return
    from kalends.demo.standin.registry import serving_all

    with serving_all() as address:
        typer.echo("Stand-ins answer for every platform: connect them under Data, Platforms.")
        serve(port=port, before=fill_server, platform_gateway=address)


@app.command()
def doctor(
    *, mend: Annotated[bool, typer.Option(help="Build the current tables anew first.")] = False, as_json: Json = False
) -> None:
    """Check the whole installation. Exit code 1 when something is broken."""
    with client() as opened:
        answer = opened.post("/doctor", {"mend": mend})
    show(
        answer,
        as_json=as_json,
        lines=lambda found: [line for item in found["findings"] for line in finding_lines(item)],
    )
    raise typer.Exit(1 if answer["state"] == "broken" else 0)


def finding_lines(item: dict[str, Any]) -> list[str]:
    """One finding, and under it what to do about it."""
    return [
        f"{item['state']:<8} {item['check']}: {item['found']}",
        *([f"         {item['advice']}"] if item["advice"] else []),
    ]


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new folder for the data.")],
    *,
    keys_file: Annotated[Path, typer.Option("--keys", help="A file for the keys; keep it apart from the data.")],
    passphrase: Annotated[
        str | None, typer.Option(envvar="KALENDS_PASSPHRASE", help="Encrypts the keys' file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a backup of everything, read back before it counts as made."""
    body = {"target": str(target.resolve()), "keys": str(keys_file.resolve()), "passphrase": passphrase}
    with client() as opened:
        answer = opened.post("/backup", body)
    show(
        answer,
        as_json=as_json,
        lines=lambda found: [f"{found['parts']} parts, {found['bytes']:,} bytes in {found['target']}"],
    )


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The backup's folder.")],
    *,
    keys_file: Annotated[Path, typer.Option("--keys", exists=True, dir_okay=False, help="The keys' file.")],
    passphrase: Annotated[str | None, typer.Option(envvar="KALENDS_PASSPHRASE")] = None,
    as_json: Json = False,
) -> None:
    """Bring a backup back into an empty data folder. The server must not be running."""
    from kalends.base import backup as backups
    from kalends.base import keybackup
    from kalends.server import open_house

    with open_house(read_settings()) as house:
        backups.require_empty(house)
        keybackup.restore(backups.own_keys(house), keys_file, passphrase=passphrase)
        parts = backups.restore(house, source)
    told = {"parts": len(parts), "tenants": len({part.tenant for part in parts})}
    show(
        told, as_json=as_json, lines=lambda found: [f"{found['parts']} parts of {found['tenants']} companies restored."]
    )
