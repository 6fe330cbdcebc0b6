"""The master calendar: its days, the calendars that it is made of, and where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kalends.cli.base import Json, app, client, show

calendar = typer.Typer(no_args_is_help=True, help="The master calendar.")
app.add_typer(calendar, name="calendar")


@calendar.command("days")
def print_days(
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


@calendar.command("source")
def read_source(
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


@calendar.command("conflicts")
def list_conflicts(*, as_json: Json = False) -> None:
    """List where calendars differ and a person should choose."""
    with client() as opened:
        answer = opened.get("/calendar/conflicts")
    show(answer, as_json=as_json, lines=lambda found: [describe_conflict(item) for item in found["conflicts"]])


def describe_conflict(conflict: dict[str, Any]) -> str:
    """What each calendar says about one thing, in a line."""
    said = "; ".join(f"{said['source']}: {' '.join(map(str, said['values'].values()))}" for said in conflict["said"])
    return f"{conflict['event_name']}, {conflict['fields']} ({conflict['severity']}): {said}"
