"""Messages: load history, captions and pages; list what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalends.base.errors import BadInputError, NotFoundError
from kalends.cli.base import Json, app, client, show, table_lines

if TYPE_CHECKING:
    from kalends.client import Client

messages = typer.Typer(no_args_is_help=True, help="Creator pages, their captions and what was sent.")
app.add_typer(messages, name="messages")

KINDS = ("history", "captions", "pages")
WAIT_SECONDS = 300


@messages.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, Excel, JSON, NDJSON or Parquet.")],
    *,
    kind: Annotated[str, typer.Option(help="history, captions or pages.")],
    page: Annotated[str | None, typer.Option(help="The page of rows that name none.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of times without an offset; else the page's.")] = None,
    as_json: Json = False,
) -> None:
    """Load a file and wait until it is read. Exit code 1: it could not be, or rows were set aside."""
    if kind not in KINDS:
        raise BadInputError(f"--kind is {', '.join(KINDS)}, not {kind!r}.")
    with client() as opened:
        told = {"kind": kind, "file_name": path.name, "zone": zone, "wait": WAIT_SECONDS}
        told["page_id"] = page_named(opened, page)["id"] if page else None
        params = {name: value for name, value in told.items() if value is not None}
        answer = opened.call("POST", "/messages/imports", content=path.read_bytes(), params=params).json()
        problems = opened.get(f"/messages/imports/{answer['id']}/problems", limit=20)["problems"]
    show(answer | {"problems": problems}, as_json=as_json, lines=outcome)
    raise typer.Exit(1 if answer["state"] == "failed" or answer["rejected"] else 0)


def outcome(answer: dict[str, Any]) -> list[str]:
    """What became of a file, in words."""
    if answer["state"] == "failed":
        return [answer["error"]["detail"]]
    if answer["state"] == "landed":
        return ["It is still being read: see the import page."]
    fates = (("loaded", "new"), ("unchanged", "known"), ("rejected", "set aside"))
    head = f"{answer['received']} rows: {', '.join(f'{answer[name]} {words}' for name, words in fates)}."
    remarks = [f"  row {one['source_row']}: {one['message']}" for one in answer["problems"]]
    return [head, *answer["warnings"], *remarks]


def page_named(opened: Client, name: str) -> dict[str, Any]:
    """The page of that name. Raises NotFoundError."""
    found: list[dict[str, Any]] = opened.get("/messages/pages", search=name)["pages"]
    exact = [one for one in found if one["name"].lower() == name.lower()]
    if not exact:
        raise NotFoundError(f"There is no page {name!r}: kalends messages pages lists them.")
    return exact[0]


@messages.command("pages")
def list_pages(*, as_json: Json = False) -> None:
    """Print the pages that you work on."""
    with client() as opened:
        answer = opened.get("/messages/pages", limit=1000)["pages"]
    names = ("name", "zone", "currency", "tier", "is_active")
    show(
        answer, as_json=as_json, lines=lambda found: table_lines([{name: one[name] for name in names} for one in found])
    )


@messages.command("captions")
def list_captions(
    *,
    search: Annotated[str, typer.Option(help="Words of the text, or the number.")] = "",
    limit: Annotated[int, typer.Option(help="How many to print.")] = 50,
    as_json: Json = False,
) -> None:
    """Print the caption bank."""
    with client() as opened:
        answer = opened.get("/messages/captions", search=search, limit=limit)["captions"]
    names = ("caption_no", "price_tier", "category", "text")
    show(
        answer, as_json=as_json, lines=lambda found: table_lines([{name: one[name] for name in names} for one in found])
    )
