"""Authenticated boxes (AES-256-GCM) and the master keys that wrap other keys."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kalends.base.errors import KalendsError

KEY_BYTES, NONCE_BYTES = 32, 12
BOX_FORMAT = b"\x01"


class DamagedError(KalendsError):
    """This was changed since it was written, or belongs to somebody else; restore it from a backup."""

    status = 500
    code = "damaged"


def frame(*parts: bytes) -> bytes:
    """The parts in one, each behind its length, so that no other parts give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def seal_box(key: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """Format byte, random nonce (12), ciphertext with tag (16). At most 2^32 boxes per key (NIST SP 800-38D, 8.3)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return BOX_FORMAT + nonce + AESGCM(key).encrypt(nonce, plaintext, BOX_FORMAT + aad)


def open_box(key: bytes, box: bytes, *, aad: bytes) -> bytes:
    """What `seal_box` closed with the same key and `aad`. Raises DamagedError otherwise."""
    nonce, sealed = box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :]
    if box[:1] != BOX_FORMAT or len(nonce) < NONCE_BYTES:
        raise DamagedError
    try:
        return AESGCM(key).decrypt(nonce, sealed, BOX_FORMAT + aad)
    except InvalidTag:
        raise DamagedError from None


def encode(value: bytes) -> str:
    """Base64 text, for JSON."""
    return b64encode(value).decode()


def decode(text: str) -> bytes:
    """Base64 text back to bytes. Raises DamagedError."""
    try:
        return b64decode(text, validate=True)
    except (NotBase64, TypeError, ValueError):
        raise DamagedError from None


def read_object(content: bytes, *fields: str) -> dict[str, Any]:
    """A JSON object that has exactly `fields`. Raises DamagedError."""
    try:
        found = json.loads(content)
    except ValueError:
        raise DamagedError from None
    if not isinstance(found, dict) or found.keys() != set(fields):
        raise DamagedError
    return found


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key in a box that the master key of version `master` opens."""

    master: int
    box: bytes

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """From a file's content. Raises DamagedError."""
        found = read_object(content, "master", "box")
        return cls(master=found["master"], box=decode(found["box"]))

    def dump(self) -> bytes:
        """The content of a file."""
        return json.dumps({"master": self.master, "box": encode(self.box)}).encode()


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master keys by version: one, or two while a rotation is under way. The greatest version wraps."""

    keys: dict[int, bytes]

    @classmethod
    def fresh(cls) -> Self:
        """A first master key."""
        return cls({1: secrets.token_bytes(KEY_BYTES)})

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """From a file's content. Raises DamagedError."""
        found = read_object(content, "keys")["keys"]
        try:
            return cls({int(version): decode(text) for version, text in found.items()})
        except (AttributeError, ValueError):
            raise DamagedError from None

    def dump(self) -> bytes:
        """The content of a file."""
        return json.dumps({"keys": {str(version): encode(key) for version, key in self.keys.items()}}).encode()

    @property
    def current(self) -> int:
        """The version that wraps."""
        return max(self.keys)

    @property
    def is_settled(self) -> bool:
        """Whether no rotation is under way."""
        return len(self.keys) == 1

    def with_new(self) -> Self:
        """These and a new one, which wraps from now on."""
        return type(self)({**self.keys, self.current + 1: secrets.token_bytes(KEY_BYTES)})

    def settled(self) -> Self:
        """The current one alone."""
        return type(self)({self.current: self.keys[self.current]})

    def wrap(self, key: bytes, *, aad: bytes) -> WrappedKey:
        """`key` in a box of the current master key; `aad` says whose it is, and the version is bound too."""
        return WrappedKey(self.current, seal_box(self.keys[self.current], key, aad=_bound(aad, self.current)))

    def unwrap(self, wrapped: WrappedKey, *, aad: bytes) -> bytes:
        """The key in the box. Raises DamagedError, also for a master key that is no longer known."""
        if wrapped.master not in self.keys:
            raise DamagedError
        return open_box(self.keys[wrapped.master], wrapped.box, aad=_bound(aad, wrapped.master))


def _bound(aad: bytes, version: int) -> bytes:
    return frame(aad, str(version).encode())
