"""Where in a company's warehouse our fields are: a YAML text that says tables, columns and filters.

    history:
      table: analytics.mass_messages
      columns:
        sent_at: sending_time
        price: null              # there is none
      where:
        creator_name: [Luna, Nova]
    captions:
      table: caption_bank

Under `columns` stands our field, and behind it the table's column; what is not named is guessed by its name, as in a
file. Whatever is wrong is told with its line and what would be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any, Final, cast
from zoneinfo import available_timezones

import yaml

from kalends.base.errors import BadInputError
from kalends.messages.intake.fields import NAMES, ImportKind

KINDS: Final[tuple[ImportKind, ...]] = ("pages", "captions", "history")
"""In the order in which they are read: a message belongs to a page, and counts for a caption."""
TOP: Final = (*reversed(KINDS), "zone", "reread_days")
INSIDE: Final = ("table", "columns", "where")
LONGEST: Final = 20_000
REREAD_DAYS: Final = 35
"""Platforms go on counting views and purchases for weeks: rows this old are read again each time."""
USUAL: Final = "history:\n  table: page_messages\ncaptions:\n  table: captions\n"
"""Our own names for the tables."""

Scalar = str | int | float | bool | date
Node = yaml.Node


class BadMappingError(BadInputError):
    """The mapping of the warehouse's tables is not as it should be."""

    code = "bad_mapping"


@dataclass(frozen=True, slots=True)
class Part:
    """One table: its name (catalog, schema and table, or less), our field -> its column, and which rows count."""

    kind: ImportKind
    table: tuple[str, ...]
    columns: Mapping[str, str | None] = field(default_factory=dict)
    where: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where in the text what was said: 'table', a field, or 'where ' and a column."""

    def fault(self, about: str, words: str) -> BadMappingError:
        """An error at the line that says something `about`."""
        return fault(self.lines.get(about, self.lines.get("table", 1)), f"{self.kind}: {words}")


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """All tables by kind; the zone of times that say none, and how far back rows are read again."""

    parts: Mapping[ImportKind, Part]
    zone: str = "UTC"
    reread_days: int = REREAD_DAYS


def fault(line: int, words: str) -> BadMappingError:
    """An error at a line."""
    return BadMappingError(f"Line {line}: {words}", line=line, field="mapping")


def read_mapping(text: str) -> SourceMapping:
    """The mapping. Raises BadMappingError, with the line and what would be right."""
    if len(text) > LONGEST:
        raise BadMappingError(f"The mapping is longer than {LONGEST:,} characters.", field="mapping")
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or "it is not YAML"
        raise fault(mark.line + 1 if mark else 1, f"{said}. Write “name: value”, two spaces deeper inside.") from None
    if root is None:
        raise fault(1, "nothing is said: name at least one table, as in “history:” and “  table: page_messages”.")
    told = dict(_entries(loader, root, TOP, "the mapping"))
    parts = {kind: _part(loader, kind, told[kind][0], told[kind][1]) for kind in KINDS if kind in told}
    if not parts:
        raise fault(1, "no table is named: write history:, captions: or pages:, and the table below it.")
    return SourceMapping(parts, zone=_zone(loader, told), reread_days=_days(loader, told))


def _entries(
    loader: yaml.SafeLoader, node: Node, known: tuple[str, ...] | None, where: str
) -> Iterator[tuple[str, tuple[Node, int]]]:
    """Each name of a mapping, with what stands there and its line."""
    if not isinstance(node, yaml.MappingNode):
        raise fault(_line(node), f"{where} holds names and values: write “name: value”.")
    seen = set()
    for key, value in node.value:
        name = str(_scalar(loader, key, where))
        if known is not None and name not in known:
            raise fault(_line(key), f"{where} has no “{name}”{_meant(name, known)}; there are {', '.join(known)}.")
        if name in seen:
            raise fault(_line(key), f"“{name}” stands there twice: keep one.")
        seen.add(name)
        yield name, (value, _line(key))


def _part(loader: yaml.SafeLoader, kind: ImportKind, node: Node, line: int) -> Part:
    told = dict(_entries(loader, node, INSIDE, kind))
    if "table" not in told:
        raise fault(line, f"{kind}: say which table, as in “table: analytics.mass_messages”.")
    lines = {"table": told["table"][1]}
    columns: dict[str, str | None] = {}
    for name, (value, at) in _inside(loader, told, "columns", kind, tuple(NAMES[kind])):
        said = _scalar(loader, value, name)
        columns[name], lines[name] = None if said is None else str(said), at
    where = {}
    for name, (value, at) in _inside(loader, told, "where", kind, None):
        where[name], lines[f"where {name}"] = _values(loader, value, name), at
    return Part(kind, _table(loader, told["table"][0], kind), columns, where, lines)


def _inside(
    loader: yaml.SafeLoader, told: Mapping[str, tuple[Node, int]], name: str, kind: str, known: tuple[str, ...] | None
) -> Iterator[tuple[str, tuple[Node, int]]]:
    return _entries(loader, told[name][0], known, f"{kind}, {name},") if name in told else iter(())


def _table(loader: yaml.SafeLoader, node: Node, kind: str) -> tuple[str, ...]:
    parts = tuple(str(_scalar(loader, node, "table") or "").strip().split("."))
    if not all(parts) or len(parts) > 3:
        raise fault(_line(node), f"{kind}: a table is written as table, schema.table or catalog.schema.table.")
    return parts


def _values(loader: yaml.SafeLoader, node: Node, name: str) -> tuple[Scalar, ...]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    found = tuple(_scalar(loader, one, name) for one in nodes)
    if not found or any(one is None for one in found):
        raise fault(_line(node), f"{name}: write the value that counts, or several, as in “[Luna, Nova]”.")
    return cast("tuple[Scalar, ...]", found)


def _scalar(loader: yaml.SafeLoader, node: Node, where: str) -> Scalar | None:
    found: Any = None
    if isinstance(node, yaml.ScalarNode):
        try:
            found = loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            found = b""
    is_odd = isinstance(found, str) and not found.isprintable()
    if not isinstance(node, yaml.ScalarNode) or not isinstance(found, Scalar | None) or is_odd:
        raise fault(_line(node), f"{where}: one word or number belongs here.")
    return found


def _zone(loader: yaml.SafeLoader, told: Mapping[str, tuple[Node, int]]) -> str:
    if "zone" not in told:
        return "UTC"
    node, line = told["zone"]
    zone = str(_scalar(loader, node, "zone"))
    if zone not in available_timezones():
        raise fault(line, f"zone: “{zone}” is no time zone; write one like America/New_York, or UTC.")
    return zone


def _days(loader: yaml.SafeLoader, told: Mapping[str, tuple[Node, int]]) -> int:
    if "reread_days" not in told:
        return REREAD_DAYS
    node, line = told["reread_days"]
    days = _scalar(loader, node, "reread_days")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 400:
        raise fault(line, "reread_days: a whole number from 1 to 400.")
    return days


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _meant(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" (did you mean “{near[0]}”?)" if near else ""
