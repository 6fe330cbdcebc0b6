"""The master calendar: its days, the calendars that it is made of, and where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kalends.cli.asking import asked_plan
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


@calendar.command("init")
def set_up_calendar(
    *,
    file: Annotated[
        Path | None, typer.Option("--from", exists=True, dir_okay=False, readable=True, help="The plan: company.yaml.")
    ] = None,
    is_trial: Annotated[bool, typer.Option("--trial", help="Only say what would be built.")] = False,
    example: Annotated[bool, typer.Option("--example", help="Print a commented plan to start from.")] = False,
    current: Annotated[bool, typer.Option("--show", help="Print the plan of the calendar as it is.")] = False,
    moments: Annotated[bool, typer.Option("--moments", help="Print the codes of the trade's moments.")] = False,
    as_json: Json = False,
) -> None:
    """Set the calendar up: from a file, or step by step in the terminal."""
    if example or moments:
        print_help_for_plans(moments=moments)
        return
    with client() as opened:
        known = opened.get("/calendar/setup")["plan"]
        if current:
            show(known, as_json=as_json, lines=as_lines)
            return
        said = file.read_bytes() if file else "\n".join(as_lines(asked_plan(known))).encode()
        answer = opened.call(
            "POST",
            "/calendar/setup/file",
            content=said,
            params={"is_trial": str(is_trial).lower()},
            headers={"content-type": "application/yaml"},
        ).json()
    show(answer, as_json=as_json, lines=describe_built)


def print_help_for_plans(*, moments: bool) -> None:
    """What a plan may say."""
    from kalends.calendar.moments import moment_book
    from kalends.calendar.wizard import template_yaml

    if moments:
        for code, moment in moment_book().moments.items():
            typer.echo(f"{code:<28}{moment.name}")
        return
    typer.echo(template_yaml(), nl=False)


def as_lines(plan: dict[str, Any]) -> list[str]:
    """A plan as YAML."""
    from kalends.calendar.wizard import as_yaml

    return as_yaml(plan).splitlines()


def describe_built(built: dict[str, Any]) -> list[str]:
    """What was built, or would be."""
    what = "would have" if built["is_trial"] else "has"
    year = f"{built['fiscal_year']}, {built['fiscal_first']} to {built['fiscal_last']}"
    inside = f"{built['holidays']} holidays, {built['moment_days']} days with a moment of the trade"
    return [
        f"The calendar of {built['name']} {what} {built['days']:,} days, {built['first_day']} to {built['last_day']}.",
        f"{year}: {inside}, {built['competitor_events']} events of competitors.",
    ]


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
