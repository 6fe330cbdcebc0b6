"""The OS user that PostgreSQL runs as: it refuses to run as root, so as root an unprivileged one is found for it."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

CANDIDATES = ("postgres", "nobody")


class Credentials(TypedDict, total=False):
    """The arguments of `subprocess` that start a child as another user; empty for the same user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class OsUser:
    """One OS user by its numbers."""

    name: str
    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        """Whether this process already runs as this user."""
        return self.uid == os.geteuid()

    def credentials(self) -> Credentials:
        """How `subprocess` starts a child as this user, without any group of ours."""
        return {} if self.is_me else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if not self.is_me:
            os.chown(path, self.uid, self.gid)


def unprivileged(*, data: Path) -> OsUser:
    """Who runs PostgreSQL on `data`: this user; for root the owner of existing data, else `postgres`, else `nobody`.

    Raises LookupError if this is root and the system knows no such user.
    """
    if os.geteuid() != 0:
        # Not from the password database: a container may run as a number that has no entry there.
        return OsUser(name=str(os.geteuid()), uid=os.geteuid(), gid=os.getegid())
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return OsUser(name=str(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in CANDIDATES:
        if name in known:
            return _of(known[name])
    raise LookupError(f"none of the OS users {', '.join(CANDIDATES)} exists")


def blocked_at(path: Path, *, user: OsUser) -> Path | None:
    """The first folder on the way down to the folder `path` that `user` may not enter, or None if all are open."""
    way = [*reversed(path.resolve().parents), path.resolve()]
    return next((folder for folder in way if not _may_enter(folder.stat(), user)), None)


def _may_enter(folder: os.stat_result, user: OsUser) -> bool:
    if user.uid == 0:
        return True
    if folder.st_uid == user.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == user.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _of(entry: pwd.struct_passwd) -> OsUser:
    return OsUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
