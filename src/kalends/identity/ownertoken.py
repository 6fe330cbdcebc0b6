"""The local owner's token: a file that only the operating-system user of the server can read.

Whoever can read it could read the whole data folder, so it grants what that would: everything. It is for the commands
on the machine itself; being on the machine without being able to read the file grants nothing.
"""

from __future__ import annotations

from typing import Final

from kalends.base.durable import write_atomically
from kalends.base.settings import Settings
from kalends.identity.tokens import new_token, same

PREFIX: Final = "kal_owner_"
FILE: Final = "owner.token"


def ensure_owner_token(settings: Settings) -> str:
    """The token, made on first use (mode 0600). Call it before the server takes requests."""
    path = settings.home / FILE
    if not path.exists():
        write_atomically(path, new_token("owner").text.encode())
    return path.read_text().strip()


def is_owner_token(settings: Settings, presented: str) -> bool:
    """Whether `presented` is this installation's token. No file means that no token is right."""
    path = settings.home / FILE
    return presented.startswith(PREFIX) and path.exists() and same(path.read_text().strip(), presented)
