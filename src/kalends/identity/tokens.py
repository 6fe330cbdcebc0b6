"""Secrets that open a door: session cookies, API keys, invitation links.

A token is `kal_<prefix>_<secret>`. The prefix is public, to tell tokens apart in a list; the secret has 256 random
bits. Only the SHA-256 of the whole is stored: with that many random bits a slow hash would add nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

SHAPE = re.compile(r"kal_[0-9a-z]{5,16}_[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """A fresh token. `text` goes to its holder, once; `digest` is what is kept."""

    text: str = field(repr=False)
    prefix: str
    digest: bytes = field(repr=False)


def new_token(prefix: str | None = None) -> Token:
    """A token that nobody can guess; without a `prefix` it gets one of 8 random hexadecimal digits."""
    prefix = prefix or secrets.token_hex(4)
    text = f"kal_{prefix}_{secrets.token_urlsafe(32)}"
    return Token(text=text, prefix=prefix, digest=digest_of(text))


def digest_of(text: str) -> bytes:
    """The SHA-256 under which a token is found. An index look-up by digest gives nothing away by its timing."""
    return hashlib.sha256(text.encode()).digest()


def looks_like_token(text: str) -> bool:
    """Whether it is worth a look into the database."""
    return SHAPE.fullmatch(text) is not None


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
