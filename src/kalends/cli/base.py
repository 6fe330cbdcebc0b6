"""What every command stands on: the program, the settings, the server's client, and how answers are printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kalends.base.settings import Settings
    from kalends.client import Client

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help needs no import of Rich, half a second on a slow machine
    pretty_exceptions_enable=False,  # it would print local variables, and with them secrets
    help="The marketing calendar that measures itself.",
)

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]


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


def table_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as aligned columns."""
    if not rows:
        return ["Nothing to show."]
    table = [list(rows[0]), *([("" if value is None else str(value)) for value in row.values()] for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
