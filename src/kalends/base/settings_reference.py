"""Writes docs/reference/settings.md out of the settings themselves: `python -m kalends.base.settings_reference`."""

from __future__ import annotations

import sys
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from kalends.base.settings import Settings

HEAD = """# Settings

Each is an environment variable. None is required: without any, Kalends runs on this machine alone, in one data folder.
This page is written by `python -m kalends.base.settings_reference`.

| variable | kind | default | what it does |
| --- | --- | --- | --- |
"""
DEFAULTS_IN_WORDS = {"home": "`/var/lib/kalends` as root, else the user's data folder"}
"""What depends on who asks."""


def reference() -> str:
    """The whole page."""
    return HEAD + "".join(line(name, field) for name, field in Settings.model_fields.items())


def line(name: str, field: FieldInfo) -> str:
    """One setting as a row of the table."""
    default = DEFAULTS_IN_WORDS.get(name) or shown(field.default)
    return f"| `KALENDS_{name.upper()}` | {kind(field.annotation)} | {default} | {field.description} |\n"


def kind(annotation: Any) -> str:
    """What may be written there: `text`, `number`, `true or false`, or the allowed words."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if parts and all(isinstance(part, str) for part in parts):
        return ", ".join(f"`{part}`" for part in parts)
    words = {int: "number", bool: "`true` or `false`", SecretStr: "secret"}
    return words.get(parts[0] if parts else annotation, "text")


def shown(default: object) -> str:
    """A default as it would be written; nothing where there is none."""
    match default:
        case None:
            return ""
        case bool():
            return f"`{str(default).lower()}`"
    return f"`{default}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
