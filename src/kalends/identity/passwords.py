"""Passwords: argon2id (RFC 9106), with the cost that OWASP's password storage sheet gives for it."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from kalends.base.errors import BadInputError

SHORTEST, LONGEST = 10, 1000
"""Length is what makes guessing hard (NIST SP 800-63B); the upper end only bounds what one request may cost."""

# 19 MiB and two passes: about 25 ms, and forty sign-ins at once stay under 1 GB.
HASHER: Final = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)


class WeakPasswordError(BadInputError):
    """The password is too easy to guess."""

    code = "weak_password"


def check_strength(password: str, *, email: str) -> None:
    """Raises WeakPasswordError, which says what would be right."""
    if len(password) < SHORTEST:
        raise WeakPasswordError(f"The password has {len(password)} characters; use at least {SHORTEST}.")
    if len(password) > LONGEST:
        raise WeakPasswordError(f"The password has {len(password)} characters; use at most {LONGEST}.")
    if password.casefold() in {email.casefold(), email.partition("@")[0].casefold()}:
        raise WeakPasswordError("The password is the e-mail address; choose another.")


def hash_password(password: str) -> str:
    """The password's argon2id hash in PHC form, salt and cost included."""
    return HASHER.hash(password)


# Checked for people who do not exist, so that they take as long as those who do.
NOBODY: Final = HASHER.hash("nobody has this password")


def is_right(password: str, hashed: str | None) -> bool:
    """Whether `password` is the one behind `hashed`. Takes the same time where there is no hash to compare with."""
    try:
        return HASHER.verify(hashed or NOBODY, password) and hashed is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Whether the hash was made at a lower cost than today's."""
    return HASHER.check_needs_rehash(hashed)
