"""Load data, and ask for figures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalends.cli.base import Json, app, client, show, table_lines

if TYPE_CHECKING:
    from kalends.client import Client

QUIET_SECONDS, BAR_SECONDS = 60, 0.5  # of waiting in one request: until it is there, and until the bar goes on


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The export file.")],
    *,
    source: Annotated[
        str, typer.Option("--source", "-s", help="The platform, such as google_ads; else a name of your own.")
    ] = "file",
    start: Annotated[str | None, typer.Option("--from", help="First day, for rows without a date.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day, for rows without a date.")] = None,
    day_order: Annotated[
        str | None, typer.Option("--day-order", help="What 3/4/2026 means: day_first or month_first; else as it shows.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Load a file and wait until it is visible. Exit code 2: loaded, but some rows are in quarantine."""
    body = {
        "path": str(file.resolve()),
        "data_source": source,
        "date_range_start": start,
        "date_range_end": end,
        "day_order": day_order,
    }
    with client() as opened:
        batch = opened.post("/marketing/ingest/local", body)
        batch = wait_for(opened, batch, quiet=as_json)
    show(batch, as_json=as_json, lines=describe_batch)
    raise typer.Exit(exit_code(batch))


@app.command()
def replay(batch: str, *, as_json: Json = False) -> None:
    """Read the file of a batch again by today's rules; what they read as before changes nothing."""
    with client() as opened:
        made = opened.post(f"/marketing/batches/{batch}/replay", {})
        made = wait_for(opened, made, quiet=as_json)
    show(made, as_json=as_json, lines=describe_batch)
    raise typer.Exit(exit_code(made))


def wait_for(opened: Client, batch: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Follow the batch until it is published or failed, with a progress bar on anything over a second."""
    if not quiet:
        return _watched(opened, batch)
    while not _is_done(batch):
        batch = opened.get(f"/marketing/batches/{batch['id']}", wait=QUIET_SECONDS)
    return batch


def _is_done(batch: dict[str, Any]) -> bool:
    return batch["state"] in {"published", "failed"}


def _watched(opened: Client, batch: dict[str, Any]) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), *Progress.get_default_columns()[:2], TimeElapsedColumn())
    started = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = None
        while not _is_done(batch):
            batch = opened.get(f"/marketing/batches/{batch['id']}", wait=BAR_SECONDS)
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


@app.command()
def reconcile(
    *,
    start: Annotated[str, typer.Option("--from", help="First day, as 2026-01-01.")],
    end: Annotated[str, typer.Option("--to", help="Last day, included.")],
    metric: Annotated[list[str] | None, typer.Option("--metric", "-m", help="Such as revenue; may come twice.")] = None,
    by: Annotated[list[str] | None, typer.Option("--by", help="day, week, month, channel, campaign, platform.")] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="Instead of the company's own rule.")] = None,
    as_json: Json = False,
) -> None:
    """Show each metric once, however many sources report it. Exit code 2: some numbers wait for a person."""
    body: dict[str, Any] = {"date_range_start": start, "date_range_end": end, "group_by": by or []}
    body |= {"metrics": metric} if metric else {}
    body |= {"strategy": strategy} if strategy else {}
    with client() as opened:
        answer = opened.post("/data/aggregate", body)
    show(answer, as_json=as_json, lines=reconciled_lines)
    raise typer.Exit(2 if any(cell["open_days"] for cell in answer["cells"]) else 0)


def reconciled_lines(answer: dict[str, Any]) -> list[str]:
    """The numbers with their intervals, how sources read, and what to know."""
    rows = [
        {
            **cell["group"],
            "metric": cell["metric"],
            "value": _figure(cell["value"]),
            "from": _figure(cell["low"]),
            "to": _figure(cell["high"]),
            "days": f"{cell['days']} of {cell['asked_days']}",
            "open days": str(cell["open_days"]),
            "claimed": _figure(cell["claims"]["claimed_total"] if cell["claims"] else None),
            "without twice": _figure(cell["claims"]["deduplicated"] if cell["claims"] else None),
        }
        for cell in answer["cells"]
    ]
    lines = table_lines(rows) if rows else ["Nothing is known of these days."]
    lines += [f"{source['metric']}: {source['words']}" for source in answer["sources"] if source["is_biased"]]
    waiting = sum(conflict["state"] == "open" for conflict in answer["conflicts"])
    lines += [f"Numbers that wait for a decision: {waiting}; see Data, Reconciliation."] if waiting else []
    return [*lines, *answer["notes"]]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
