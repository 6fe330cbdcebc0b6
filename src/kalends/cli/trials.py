"""Trials of volume and of captions at the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kalends.cli.base import Json, client, show, table_lines
from kalends.cli.messages import messages

trials = typer.Typer(invoke_without_command=True, help="One way to send against another, told by what was earned.")
messages.add_typer(trials, name="trials")

TrialId = Annotated[str, typer.Argument(help="The trial's id, as the list has it.")]


@trials.callback(invoke_without_command=True)
def print_trials(context: typer.Context, *, as_json: Json = False) -> None:
    """Print all trials, the newest first."""
    if context.invoked_subcommand:
        return
    with client() as opened:
        answer = opened.get("/messages/trials")
    rows = [{"id": one["id"], "name": one["name"], "about": one["kind"], "state": one["state"],
             "from": one["first_day"], "weeks": one["weeks"]} for one in answer]  # fmt: skip
    show(answer, as_json=as_json, lines=lambda _: table_lines(rows) if rows else ["No trials yet."])


@trials.command("show")
def print_result(trial_id: TrialId, *, as_json: Json = False) -> None:
    """Print what a trial says now."""
    with client() as opened:
        answer = opened.get(f"/messages/trials/{trial_id}/result")
    show(answer, as_json=as_json, lines=result_lines)


@trials.command("end")
def end_trial(trial_id: TrialId, *, as_json: Json = False) -> None:
    """Read a trial for the last time and end it."""
    with client() as opened:
        opened.post(f"/messages/trials/{trial_id}/end", {})
        answer = opened.get(f"/messages/trials/{trial_id}/result")
    show(answer, as_json=as_json, lines=result_lines)


@trials.command("start")
def start_trial(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    *,
    first_day: Annotated[str, typer.Option("--from", help="First day, as in 2026-11-30.")],
    page: Annotated[list[str] | None, typer.Option("--page-name", help="A page; all of them without.")] = None,
    paid: Annotated[int, typer.Option("--paid", help="Paid messages the new way, in percent of the usual.")] = 100,
    bumps: Annotated[int, typer.Option("--bumps", help="Bumps the new way, in percent of the usual.")] = 100,
    captions: Annotated[str | None, typer.Option("--captions", help="greedy or uniform, in place of volume.")] = None,
    weeks: Annotated[int, typer.Option("--weeks")] = 8,
    way: Annotated[str, typer.Option("--compare", help="pages or weeks.")] = "pages",
    any_time: Annotated[bool, typer.Option("--any-time", help="Read it when you like, for a wider answer.")] = False,
    smallest: Annotated[float, typer.Option("--smallest", help="The least percent that would matter.")] = 5.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it could find, and start nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Start a trial, or with --dry-run say what it could find."""
    new = {"policy": captions} if captions else {"ppv_percent": paid, "bump_percent": bumps}
    told: dict[str, Any] = {
        "name": name,
        "kind": "captions" if captions else "volume",
        "way": way,
        "new": new,
        "weeks": weeks,
        "first_day": first_day,
        "rule": "at any time" if any_time else "at the end",
        "smallest": smallest / 100,
    }
    with client() as opened:
        told["page_ids"] = chosen_pages(opened.get("/messages/pages")["pages"], page)
        power = opened.post("/messages/trials/power", told)
        answer = power if dry_run else opened.post("/messages/trials", told)
    show(
        answer,
        as_json=as_json,
        lines=lambda _: [*power_lines(power), *([] if dry_run else [f"Started {answer['id']}."])],
    )


def chosen_pages(pages: list[dict[str, Any]], names: list[str] | None) -> list[str]:
    """Ids of the named pages, or of all that are active."""
    if not names:
        return [one["id"] for one in pages if one["is_active"]]
    known = {one["name"].lower(): one["id"] for one in pages}
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise typer.BadParameter(f"there is no page {', '.join(unknown)}", param_hint="--page-name")
    return [known[name.lower()] for name in names]


def power_lines(power: dict[str, Any]) -> list[str]:
    """What a trial can find."""
    if power["detectable"] is None:
        return [f"{power['blocks']} pairs: too few to find anything, however large."]
    return [f"{power['blocks']} pairs find a true difference of {100 * power['detectable']:.0f} % four times in five."]


def result_lines(result: dict[str, Any]) -> list[str]:
    """What a trial says."""
    lines = [f"{result['answer']} ({result['blocks']} of {result['planned']} pairs known)"]
    if effect := result["effect"]:
        low, high = (
            f"{100 * effect[end]:+.1f} %" if effect[end] is not None else "no bound" for end in ("low", "high")
        )
        middle = "" if effect["estimate"] is None else f"{100 * effect['estimate']:+.1f} % of a usual week, "
        lines.append(f"{middle}95 % interval {low} to {high}")
    if result["is_carry_seen"]:
        lines.append("Careful: the week before still shows in a week's earnings. Compare pages instead.")
    return lines
