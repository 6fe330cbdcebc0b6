"""Who may do what: one table. Every endpoint names one of these permissions; a role either holds it or not."""

from __future__ import annotations

from typing import Final, Literal, get_args

from kalends.base.errors import BadInputError, ForbiddenError

Permission = Literal[
    "me",
    "calendar.read",
    "calendar.write",
    "calendar.approve",
    "data.read",
    "data.write",
    "insight.read",
    "messages.read",
    "messages.write",
    "export.read",
    "people.manage",
    "keys.manage",
    "settings.manage",
    "audit.read",
    "jobs.read",
]
"""`me` is what concerns nobody but the caller: the own profile, the own inbox, signing out."""

Role = Literal["viewer", "analyst", "worker", "editor", "admin", "owner"]

ROLES: Final[tuple[str, ...]] = get_args(Role)
"""In rising order: each role may do all that those before it may. `worker` is a service that loads data."""

ADDS: Final[dict[str, frozenset[str]]] = {
    "viewer": frozenset({"me", "calendar.read", "data.read", "insight.read"}),
    "analyst": frozenset({"export.read", "jobs.read"}),
    "worker": frozenset({"data.write"}),
    "editor": frozenset({"calendar.write", "messages.read", "messages.write"}),
    "admin": frozenset({"calendar.approve", "people.manage", "keys.manage", "settings.manage", "audit.read"}),
    # What an owner has beyond an admin is rank: only an owner makes, changes or disables an owner.
    "owner": frozenset(),
}


class UnknownRoleError(BadInputError):
    """There is no such role."""

    code = "unknown_role"


def rank(role: str) -> int:
    """The role's place in the order, from 0. Raises UnknownRoleError."""
    if role not in ROLES:
        raise UnknownRoleError(f"There is no role {role!r}; the roles are {', '.join(ROLES)}.", role=role)
    return ROLES.index(role)


def permissions_of(role: str) -> frozenset[str]:
    """Everything that `role` may do."""
    return frozenset().union(*(ADDS[lower] for lower in ROLES[: rank(role) + 1]))


def lower_of(one: str, other: str) -> str:
    """The role that may do less: a key never outranks the person it belongs to."""
    return min(one, other, key=rank)


def require(role: str, permission: str) -> None:
    """Raises ForbiddenError, which names the permission, unless `role` holds it."""
    if permission not in permissions_of(role):
        raise ForbiddenError(f"The role {role!r} does not include {permission!r}.", permission=permission)


def require_rank(role: str, *, at_least: str) -> None:
    """Raises ForbiddenError where somebody would touch or hand out a role above their own."""
    if rank(at_least) > rank(role):
        raise ForbiddenError(f"The role {role!r} may not give, change or take the role {at_least!r}.")
