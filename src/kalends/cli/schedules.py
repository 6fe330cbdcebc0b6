"""Weeks of messages for creator pages: build them, take them out as CSV, bring edited ones back."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalends.base.errors import BadInputError, KalendsError
from kalends.cli.base import Json, app, client, show, table_lines

if TYPE_CHECKING:
    from kalends.client import Client

schedules = typer.Typer(no_args_is_help=True, help="Weekly message schedules of creator pages.")
app.add_typer(schedules, name="schedule")

POLL_SECONDS = 0.3
Day = Annotated[str, typer.Option(help="First of the seven days, such as 2026-11-24.")]


class BuildFailedError(KalendsError):
    """The schedules could not be built."""


@schedules.command("build")
def build_schedules(
    *,
    page_name: Annotated[str, typer.Option(help="The page; or use --all-pages.")] = "",
    start_date: Day,
    week: Annotated[bool, typer.Option("--week", help="Begin on the Monday of that week.")] = False,
    weeks: Annotated[int, typer.Option(min=1, max=12, help="So many weeks, one after the other.")] = 1,
    all_pages: Annotated[bool, typer.Option("--all-pages", help="Every page that you can see.")] = False,
    output: Annotated[Path | None, typer.Option(help="CSV file; a folder with --all-pages or several weeks.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed gives another week, the same one the same.")] = None,
    project_id: Annotated[str | None, typer.Option(help="Of the connected BigQuery, which is read first.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Of that project.")] = None,
    as_json: Json = False,
) -> None:
    """Build weeks and store them as drafts; with --output, write them as CSV, too."""
    if bool(page_name) == all_pages:
        raise BadInputError("Give --page-name or --all-pages, one of them.")
    first = _day(start_date)
    first = first - timedelta(days=first.weekday()) if week else first
    source = {"project_id": project_id, "dataset": dataset}
    source = {name: value for name, value in source.items() if value is not None}
    days = [first + timedelta(weeks=number) for number in range(weeks)]
    with client() as opened:
        if all_pages:
            body = {"start_date": first.isoformat(), "weeks": weeks, **source}
            _follow(opened, opened.post("/messages/schedules/batch", body)["task_id"], quiet=as_json)
            made = [each | {"page_name": each["name"], "id": each["schedule_id"]} for day in days
                    for each in opened.get("/messages/schedules", first_day=day.isoformat())["pages"]
                    if each["schedule_id"]]  # fmt: skip
        else:
            body = {"page_name": page_name, **source, **({} if seed is None else {"seed": seed})}
            made = [opened.post("/messages/schedules", body | {"start_date": day.isoformat()}) for day in days]
        files = _written(opened, made, output, is_folder=all_pages or weeks > 1) if output else []
    lines = [_line(each) | ({"file": str(file)} if file else {}) for each, file in _zipped(made, files)]
    show({"schedules": lines}, as_json=as_json, lines=lambda told: table_lines(told["schedules"]))


@schedules.command("import")
def import_schedule(file: Path, *, as_json: Json = False) -> None:
    """Take an edited CSV back: good rows are taken over, the others are told."""
    with client() as opened:
        answer = opened.call(
            "POST", "/messages/schedules/import", content=file.read_bytes(), headers={"content-type": "text/csv"}
        ).json()
    show(answer, as_json=as_json, lines=_returned_lines)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInputError(f"{given!r} is no day; write it like 2026-11-24.") from None


def _follow(opened: Client, task_id: str, *, quiet: bool) -> None:
    """Wait for the batch, with a progress bar."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("Building", total=None)
        while True:
            task = opened.get(f"/messages/tasks/{task_id}")
            progress.update(
                bar, total=task["total"], completed=task["done"] or 0, description=task["message"] or "Building"
            )
            if task["state"] not in {"queued", "running"}:
                break
            time.sleep(POLL_SECONDS)
    if task["state"] != "done":
        raise BuildFailedError(task["error"] or f"The batch is {task['state']}.")


def _written(opened: Client, made: list[dict[str, Any]], output: Path, *, is_folder: bool) -> list[Path]:
    files = []
    for each in made:
        answer = opened.call("GET", f"/messages/schedules/{each['id']}/csv")
        file = output
        if is_folder:
            output.mkdir(parents=True, exist_ok=True)
            file = output / answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
        file.write_bytes(answer.content)
        files.append(file)
    return files


def _zipped(made: list[dict[str, Any]], files: list[Path]) -> list[tuple[dict[str, Any], Path | None]]:
    found: list[Path | None] = [*files] or [None] * len(made)
    return list(zip(made, found, strict=True))


def _line(each: dict[str, Any]) -> dict[str, Any]:
    return {
        "page": each["page_name"],
        "first day": each["first_day"],
        "messages": each["total_messages"] if "total_messages" in each else each["totals"]["messages"],
        "tier": each["tier"],
        "saturation": each["saturation_zone"],
        "state": each["state"],
        "schedule": each["id"],
    }


def _returned_lines(answer: dict[str, Any]) -> list[str]:
    counts = ", ".join(f"{answer[name]} {name}" for name in ("moved", "swapped", "removed", "unchanged"))
    return [f"{answer['rows']} rows: {counts}.", *(f"row {each['row']}, {each['column']}: {each['message']}"
                                                   for each in answer["problems"])]  # fmt: skip
