"""The command line: thin. Commands speak to the server through `kalends.client`; heavy imports wait until needed."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalends.base.errors import KalendsError
from kalends.base.version import __version__

if TYPE_CHECKING:
    from kalends.base.settings import Settings
    from kalends.client import Client
    from kalends.server import Listener

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help needs no import of Rich, half a second on a slow machine
    pretty_exceptions_enable=False,  # it would print local variables, and with them secrets
    help="The marketing calendar that measures itself.",
)
users = typer.Typer(no_args_is_help=True, help="People of this workspace.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(users, name="user")
app.add_typer(keys, name="key")

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
FIRST_POLL_SECONDS, POLL_SECONDS = 0.02, 0.2  # a small file is there at once; a large one is not asked for often


def main() -> None:
    """The entry point: errors are one line on standard error and an exit code, never a stack trace."""
    try:
        app()
    except (KalendsError, OSError) as error:
        sys.stderr.write(f"kalends: {error.message if isinstance(error, KalendsError) else error}\n")
        sys.exit(1)


def read_settings(**chosen: Any) -> Settings:
    """The settings of the environment with those that were `chosen`; a wrong one is a usage error that names it."""
    from pydantic import ValidationError

    from kalends.base.settings import Settings

    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        wrong = [f"KALENDS_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()]
        raise typer.BadParameter("; ".join(wrong)) from None


@contextmanager
def client() -> Iterator[Client]:
    """The server's client, with the settings of the environment."""
    from kalends.client import open_client

    with open_client(read_settings()) as opened:
        yield opened


def show(answer: Any, *, as_json: bool, lines: Callable[[Any], list[str]]) -> None:
    """Print the answer for programs or for people."""
    if as_json:
        import orjson

        sys.stdout.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    for line in lines(answer):
        typer.echo(line)


@app.command()
def version(*, as_json: Json = False) -> None:
    """Print the version."""
    show({"version": __version__}, as_json=as_json, lines=lambda answer: [f"Kalends {answer['version']}"])


@app.command()
def up(*, port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None) -> None:
    """Start the server and print its address. Ctrl-C stops it and everything it started."""
    serve(port=port)


def serve(*, port: int | None, before: Callable[[Client], None] | None = None) -> None:
    """Serve until stopped by Ctrl-C, SIGTERM or a closed terminal; `before` runs against the served API first."""
    from kalends.base.telemetry import configure_logs
    from kalends.server import running

    settings = read_settings(port=port)
    configure_logs(form=settings.log_format, level=settings.log_level if settings.log_format == "json" else "warning")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with running(settings, tcp=True) as listener:
            if before:
                fill_beside(listener, before)
            announce(listener, at=settings.public_url or listener.address)
            listener.serve()
    except KeyboardInterrupt:
        typer.echo("Stopped.")


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
def ingest(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The export file.")],
    *,
    source: Annotated[str, typer.Option("--source", "-s", help="google_ads, facebook_ads, klaviyo, or file.")] = "file",
    start: Annotated[str | None, typer.Option("--from", help="First day, for rows without a date.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day, for rows without a date.")] = None,
    as_json: Json = False,
) -> None:
    """Load a file and wait until it is visible. Exit code 2: loaded, but some rows are in quarantine."""
    body = {
        "path": str(file.resolve()),
        "data_source": source,
        "date_range_start": start,
        "date_range_end": end,
    }
    with client() as opened:
        batch = opened.post("/marketing/ingest/local", body)
        batch = wait_for(opened, batch, quiet=as_json)
    show(batch, as_json=as_json, lines=describe_batch)
    raise typer.Exit(exit_code(batch))


def wait_for(opened: Client, batch: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Follow the batch until it is published or failed, with a progress bar on anything over a second."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), *Progress.get_default_columns()[:2], TimeElapsedColumn())
    started = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        bar = None
        while batch["state"] not in {"published", "failed"}:
            waited = time.monotonic() - started
            time.sleep(min(max(FIRST_POLL_SECONDS, waited / 50), POLL_SECONDS))
            batch = opened.get(f"/marketing/batches/{batch['id']}")
            if bar is None and time.monotonic() - started > 1:
                bar = progress.add_task(f"Reading {batch['file_name']}", total=None)
            if bar is not None and batch.get("progress"):
                progress.update(bar, total=batch["progress"]["total"], completed=batch["progress"]["done"])
    return batch


def describe_batch(batch: dict[str, Any]) -> list[str]:
    """What came of it, in a few lines."""
    if batch["state"] == "failed":
        return [f"{batch['file_name']} could not be read: {batch['error']['detail']}"]
    counts = f"{batch['loaded']:,} loaded + {batch['unchanged']:,} unchanged + {batch['quarantined']:,} in quarantine"
    lines = [f"{batch['file_name']}: {batch['received']:,} rows received = {counts}"]
    if batch["quarantined"]:
        lines.append(f"See why, row by row: kalends quarantine {batch['id']}")
    return lines


def exit_code(batch: dict[str, Any]) -> int:
    """0 all well, 1 failed, 2 some rows in quarantine."""
    if batch["state"] == "failed":
        return 1
    return 2 if batch["quarantined"] else 0


@app.command()
def quarantine(batch: str, *, as_json: Json = False) -> None:
    """Print the rows of a batch that were not loaded, and why."""
    with client() as opened:
        answer = opened.get(f"/marketing/batches/{batch}/quarantine")
    show(
        answer,
        as_json=as_json,
        lines=lambda found: [
            f"row {row['source_row']}, {row['column_name']}: {row['message']}" for row in found["rows"]
        ],
    )


@app.command()
def calendar(
    *,
    start: Annotated[str, typer.Option("--from", help="First day.")],
    end: Annotated[str, typer.Option("--to", help="Last day.")],
    as_json: Json = False,
) -> None:
    """Print the master calendar's days."""
    with client() as opened:
        answer = opened.call(
            "GET", "/calendar/master-dimension", params={"from": start, "to": end, "format": "json"}
        ).json()
    show(answer, as_json=as_json, lines=lambda found: [describe_day(day) for day in found["days"]])


def describe_day(day: dict[str, Any]) -> str:
    """One day in a line: date, weekday, fiscal place, holiday, moments."""
    notes = [
        day["day_name"][:3],
        day.get("fiscal_label") or "",
        day.get("holiday_name") or "",
        *(day.get("moments") or []),
    ]
    return f"{day['date']}  " + "  ".join(note for note in notes if note)


@app.command()
def source(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=".ics, CSV, Excel or JSON.")],
    *,
    label: Annotated[str, typer.Option("--label", "-l", help="Whose calendar it is; the same again renews it.")],
    as_json: Json = False,
) -> None:
    """Read a calendar into the master calendar, and say what became of every entry. Exit code 2: some were refused."""
    with client() as opened:
        known = {found["label"]: found for found in opened.get("/calendar/sources")["sources"]}
        kept = known.get(label) or opened.post("/calendar/sources", {"label": label})
        told = opened.call(
            "POST",
            f"/calendar/sources/{kept['id']}/file",
            content=file.read_bytes(),
            params={"file_name": file.name},
            headers={"content-type": "application/octet-stream"},
        ).json()
        done = opened.post("/calendar/consolidate", {})
    show(told | {"consolidated": done}, as_json=as_json, lines=describe_reading)
    raise typer.Exit(2 if told["refused"] else 0)


def describe_reading(told: dict[str, Any]) -> list[str]:
    """What became of a calendar's entries, in a few lines."""
    counts = f"{told['kept']:,} kept + {told['mended']:,} mended + {told['refused']:,} refused"
    changes = f"{told['added']:,} new, {told['changed']:,} changed, {told['removed']:,} gone"
    fates = [
        f"{fate['where']} {fate['outcome']}: {fate['name']}: {' '.join(fate['reasons'])}" for fate in told["fates"]
    ]
    return [f"{told['file_name']}: {counts}; {changes}.", *told["notes"], *fates]


@app.command()
def conflicts(*, as_json: Json = False) -> None:
    """List where calendars differ and a person should choose."""
    with client() as opened:
        answer = opened.get("/calendar/conflicts")
    show(answer, as_json=as_json, lines=lambda found: [describe_conflict(item) for item in found["conflicts"]])


def describe_conflict(conflict: dict[str, Any]) -> str:
    """What each calendar says about one thing, in a line."""
    said = "; ".join(f"{said['source']}: {' '.join(map(str, said['values'].values()))}" for said in conflict["said"])
    return f"{conflict['event_name']}, {conflict['fields']} ({conflict['severity']}): {said}"


@app.command()
def query(
    metrics: Annotated[list[str], typer.Argument(help="spend, revenue, roas, conversions ...")],
    *,
    by: Annotated[list[str] | None, typer.Option("--by", help="data_source, channel, campaign_id, date ...")] = None,
    start: Annotated[str, typer.Option("--from", help="First day.")],
    end: Annotated[str, typer.Option("--to", help="Last day.")],
    as_json: Json = False,
) -> None:
    """Ask for figures."""
    body = {"metrics": metrics, "group_by": by or [], "date_range_start": start, "date_range_end": end}
    with client() as opened:
        answer = opened.post("/marketing/insights", body)
    show(answer, as_json=as_json, lines=lambda found: table_lines(found["rows"]))


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="Parts of names; also: best campaigns with conversions.")],
    *,
    start: Annotated[str | None, typer.Option("--from", help="First day; without, the last 30 days.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day.")] = None,
    limit: Annotated[int, typer.Option(help="How many to print.")] = 20,
    as_json: Json = False,
) -> None:
    """Find campaigns, ad groups, ads and accounts, with their figures."""
    body = {"query": " ".join(words), "date_range_start": start, "date_range_end": end, "limit": limit}
    with client() as opened:
        answer = opened.post("/marketing/search", body)
    show(answer, as_json=as_json, lines=describe_hits)


def describe_hits(found: dict[str, Any]) -> list[str]:
    """The hits as a table, or what would help."""
    about = ("level", "data_source", "name", "id")
    rows = [{name: hit[name] for name in about} | hit["metrics"] for hit in found["hits"]]
    return table_lines(rows) if rows else found["suggestions"]


def table_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as aligned columns."""
    if not rows:
        return ["No data in that period."]
    table = [list(rows[0]), *([("" if value is None else str(value)) for value in row.values()] for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="The file to write: .csv or .parquet.")],
    *,
    start: Annotated[str, typer.Option("--from", help="First day.")],
    end: Annotated[str, typer.Option("--to", help="Last day.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="As it was known at this instant or day.")] = None,
    as_json: Json = False,
) -> None:
    """Write the causal-ready daily panel to a file, with a sidecar that says what it was made from."""
    form = out.suffix.lstrip(".").lower()
    if form not in {"csv", "parquet"}:
        raise typer.BadParameter(f"{out.name}: the file must end in .csv or .parquet")
    body = {"date_range_start": start, "date_range_end": end, "format": form, "as_of": as_of}
    with client() as opened:
        answer = opened.call("POST", "/marketing/export/causal", body=body)
    out.write_bytes(answer.content)
    told = {"file": str(out), "bytes": len(answer.content), "sha256": answer.headers.get("x-content-sha256")}
    show(told, as_json=as_json, lines=lambda found: [f"{found['file']}: {found['bytes']:,} bytes"])


@users.command("invite")
def invite_person(email: str, *, role: str = "viewer", as_json: Json = False) -> None:
    """Invite somebody; prints the link that lets them in once."""
    with client() as opened:
        answer = opened.post("/invites", {"email": email, "role": role})
    show(answer, as_json=as_json, lines=lambda found: [found["link"]])


@users.command("list")
def list_people(*, as_json: Json = False) -> None:
    """Print the people of this workspace."""
    with client() as opened:
        answer = opened.get("/people")
    show(answer, as_json=as_json, lines=lambda found: table_lines(found["people"]))


@keys.command("create")
def create_key(label: str, *, role: str = "analyst", as_json: Json = False) -> None:
    """Make an API key; it is shown once."""
    with client() as opened:
        answer = opened.post("/keys", {"label": label, "role": role})
    show(answer, as_json=as_json, lines=lambda found: [found["secret"]])


@keys.command("list")
def list_keys(*, as_json: Json = False) -> None:
    """Print the API keys, without their secrets."""
    with client() as opened:
        answer = opened.get("/keys")
    show(answer, as_json=as_json, lines=lambda found: table_lines(found["keys"]))


@keys.command("revoke")
def revoke_key(key: str, *, as_json: Json = False) -> None:
    """End an API key."""
    with client() as opened:
        opened.call("DELETE", f"/keys/{key}")
    show({"revoked": key}, as_json=as_json, lines=lambda _: ["Revoked."])


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


@app.command()
def demo(*, port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None) -> None:
    """Start the server with a sample company: three years of generated data, every page alive."""
    from kalends.demo.binding import fill_server

    serve(port=port, before=fill_server)
