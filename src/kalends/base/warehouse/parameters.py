"""Parameters of SQL texts: written `$name` everywhere, handed to each engine in its own way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# A quoted text or name is stepped over, so that a '$' in a literal is left alone.
TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<name>[A-Za-z_]\w*)""")


def used(sql: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters that `sql` names. Raises KeyError for one that was not given."""
    found = {match["name"] for match in TOKEN.finditer(sql) if match["name"]}
    return {name: (params or {})[name] for name in sorted(found)}


def to_psycopg(sql: str) -> str:
    """`$name` as psycopg's `%(name)s`; a per cent sign elsewhere is doubled.

    >>> to_psycopg("select '$5', x % $n")
    "select '$5', x %% %(n)s"
    """
    return TOKEN.sub(lambda match: f"%({match['name']})s" if match["name"] else match[0], sql.replace("%", "%%"))
