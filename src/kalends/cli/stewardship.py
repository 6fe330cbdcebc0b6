"""How long data is kept."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kalends.cli.base import Json, app, client, show


@app.command()
def retention(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    as_json: Json = False,
) -> None:
    """What would go by the retention rules; without --dry-run it goes, once you have confirmed."""
    with client() as opened:
        plan = opened.post("/retention/plan", {})
        show(plan, as_json=as_json, lines=plan_lines)
        if dry_run or not plan["plan"]:
            return
        typer.confirm("What goes cannot be brought back. Remove it?", abort=True)
        batch = opened.post(f"/retention/runs/{plan['id']}/confirm", {})
    show(batch, as_json=as_json, lines=lambda made: [f"File {made['seq']} carries the plan out."])


def plan_lines(plan: dict[str, Any]) -> list[str]:
    """What would go, two lines for each class of data."""
    lines = [] if plan["plan"] else ["Nothing would go."]
    for entry in plan["plan"]:
        span = f"{entry['oldest'][:10]} to {entry['newest'][:10]}, about {entry['bytes']:,} bytes"
        lines += [f"{entry['data_class']}: {entry['count']:,} before {entry['before']} ({span})", f"  {entry['ends']}"]
    return lines
