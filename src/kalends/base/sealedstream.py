"""Streams encrypted in frames, so that any size passes through little memory and no change goes unseen.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online authenticated-encryption and its nonce-reuse
misuse-resistance", CRYPTO 2015) over AES-256-GCM: each frame's nonce is its number and whether it is the last, so
frames that were cut off, repeated, reordered or taken from another file do not open.

Layout: magic (4 bytes), salt (32), then frames of 1 MiB clear + 16 bytes tag; the last is shorter or equal. The key of
a stream is HKDF-SHA256 of the owner's key and the random salt, so that a nonce never meets one key twice.
"""

from __future__ import annotations

import secrets
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kalends.base.keywrap import KEY_BYTES, DamagedError

MAGIC = b"KLS1"
SALT_BYTES, TAG_BYTES = 32, 16
HEADER_BYTES = len(MAGIC) + SALT_BYTES
FRAME_BYTES = 1 << 20


class SealingWriter:
    """Encrypts what is written to it into `target`. `size` is what `target` got, complete after `finish`."""

    def __init__(self, target: BinaryIO, *, key: bytes, aad: bytes) -> None:
        salt = secrets.token_bytes(SALT_BYTES)
        self._target, self._aad, self._cipher = target, aad, _cipher(key, salt)
        self._pending = bytearray()
        self._number = 0
        self.size = target.write(MAGIC + salt)

    def write(self, clear: bytes) -> None:
        """Take `clear` in; whole frames go out at once."""
        self._pending += clear
        # Strictly more than a frame, for the last frame must not be written before it is known to be the last.
        while len(self._pending) > FRAME_BYTES:
            self._emit(bytes(self._pending[:FRAME_BYTES]), last=False)
            del self._pending[:FRAME_BYTES]

    def finish(self) -> None:
        """Write the last frame."""
        self._emit(bytes(self._pending), last=True)

    def _emit(self, clear: bytes, *, last: bool) -> None:
        self.size += self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), clear, self._aad))
        self._number += 1


class OpeningReader:
    """Reads what a SealingWriter wrote, frame by frame. Raises DamagedError where anything differs by a bit."""

    def __init__(self, source: BinaryIO, *, key: bytes, aad: bytes) -> None:
        header = _read_fully(source, HEADER_BYTES)
        if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
            raise DamagedError
        self._source, self._aad, self._cipher = source, aad, _cipher(key, header[len(MAGIC) :])
        self._number = 0
        self._is_done = False
        self._ahead = _read_fully(source, FRAME_BYTES + TAG_BYTES)

    def read(self, _size: int = -1, /) -> bytes:
        """The next frame in the clear, at most 1 MiB whatever is asked for; empty at the end."""
        if self._is_done:
            return b""
        sealed, self._ahead = self._ahead, _read_fully(self._source, FRAME_BYTES + TAG_BYTES)
        self._is_done = not self._ahead
        try:
            clear = self._cipher.decrypt(_nonce(self._number, last=self._is_done), sealed, self._aad)
        except InvalidTag:
            raise DamagedError from None
        self._number += 1
        return clear


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=salt, info=MAGIC).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _read_fully(source: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes, or fewer at the end of the source: raw and network streams may give less per call."""
    parts: list[bytes] = []
    missing = size
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
