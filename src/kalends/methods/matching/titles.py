"""Titles in plain form: what is left when years, editions and filler words are gone."""

from __future__ import annotations

from collections.abc import Mapping


def normalise_title(text: str, *, aliases: Mapping[str, str] | None = None) -> str:
    """The title's words in plain form, joined by spaces; `aliases`: phrase -> canonical word."""
    raise NotImplementedError
