"""How right the numbers are: grades, what was found, and the company's own rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kalends.cli.base import Json, app, client, show, table_lines

quality = typer.Typer(invoke_without_command=True, help="How right the numbers are.")
app.add_typer(quality, name="quality")

From = Annotated[str | None, typer.Option("--from", help="First day; without, ninety days before the last.")]
To = Annotated[str | None, typer.Option("--to", help="Last day.")]


@quality.callback(invoke_without_command=True)
def grades(context: typer.Context, *, start: From = None, end: To = None, as_json: Json = False) -> None:
    """Print each source's grade. Exit code 2: a gate failed."""
    if context.invoked_subcommand:
        return
    with client() as opened:
        answer = opened.call("GET", "/marketing/quality", params=asked(start, end)).json()
    show(answer, as_json=as_json, lines=lambda found: table_lines([describe(source) for source in found["sources"]]))
    raise typer.Exit(2 if any(source["grade"]["gates"] for source in answer["sources"]) else 0)


def describe(source: dict[str, Any]) -> dict[str, Any]:
    """One source in a line."""
    grade = source["grade"]
    return {
        "source": source["data_source"],
        "grade": grade["letter"],
        "score": grade["score"],
        "coverage": grade["coverage"],
        "findings": source["findings"],
        "gates": ", ".join(grade["gates"]),
    }


@quality.command("findings")
def print_findings(
    *,
    source: Annotated[str | None, typer.Option("--source", "-s", help="The platform, such as google_ads.")] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="critical, major or minor.")] = None,
    start: From = None,
    end: To = None,
    as_json: Json = False,
) -> None:
    """Print what was found, the gravest first."""
    params = asked(start, end) | {"data_source": source, "severity": severity}
    with client() as opened:
        answer = opened.call(
            "GET", "/marketing/quality/findings", params={name: each for name, each in params.items() if each}
        ).json()
    show(answer, as_json=as_json, lines=lambda found: [line(each) for each in found["findings"]] or ["Nothing found."])


def line(finding: dict[str, Any]) -> str:
    """One finding in a line."""
    about = " ".join(str(finding[name]) for name in ("subject", "report", "detail") if finding[name])
    place = f"{finding['date']}  {finding['data_source']} {finding['account_id']}"
    return f"{place}  {finding['severity']}: {finding['says']}" + (f" ({about})" if about else "")


@quality.command("rules")
def keep_rules(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, readable=True, help="The rules, in YAML.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Print the rules of your own; with a file, keep them in place of the old ones."""
    with client() as opened:
        if file is None:
            answer = opened.get("/marketing/quality/rules")
        else:
            answer = opened.call("PUT", "/marketing/quality/rules", body={"text": file.read_text()}).json()
    show(answer, as_json=as_json, lines=lambda found: [found["text"].rstrip(), f"# version {found['version']}"])


def asked(start: str | None, end: str | None) -> dict[str, str]:
    """The asked days as the API's parameters."""
    said = {"date_range_start": start, "date_range_end": end}
    return {name: day for name, day in said.items() if day}
