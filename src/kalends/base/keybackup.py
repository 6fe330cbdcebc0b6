"""A backup of the key store in one file, apart from data backups: who holds both can read everything."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from kalends.base.durable import write_atomically
from kalends.base.errors import BadInputError
from kalends.base.keys import FileKeyStore
from kalends.base.keywrap import KEY_BYTES, DamagedError, decode, encode, open_box, read_object, seal_box

FORMAT = "kalends-keys-1"
SALT_BYTES = 16
# OWASP's first choice for scrypt (2^17, 8, 1): 128 MB and about 0.3 s per guess.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1


class PassphraseError(BadInputError):
    """The passphrase does not fit this backup of the key store, or the backup is damaged."""

    code = "passphrase"


def backup(store: FileKeyStore, target: Path, *, passphrase: str | None = None) -> None:
    """Write all keys and the erasure list to `target` (mode 0600), encrypted if there is a passphrase."""
    keys, erased = store.export()
    body = {
        "tenants": {str(tenant_id): encode(key) for tenant_id, key in keys.items()},
        "erased": sorted(map(str, erased)),
    }
    write_atomically(target, _close(json.dumps(body).encode(), passphrase))


def restore(
    store: FileKeyStore, source: Path, *, passphrase: str | None = None, erased: frozenset[UUID] = frozenset()
) -> None:
    """Bring the keys of `source` back, except those on an erasure list: the store's, the backup's, or `erased` (one
    that was kept elsewhere, for a store that was lost as a whole).

    Raises PassphraseError, DamagedError, or KeyDiffersError if a tenant has another key in the store.
    """
    body = read_object(_open(source.read_bytes(), passphrase), "tenants", "erased")
    keys = {UUID(tenant_id): decode(key) for tenant_id, key in body["tenants"].items()}
    store.adopt(keys, erased=erased | frozenset(map(UUID, body["erased"])))


def _close(body: bytes, passphrase: str | None) -> bytes:
    if passphrase is None:
        sealed = {"format": FORMAT, "salt": "", "check": hashlib.sha256(body).hexdigest(), "body": encode(body)}
    else:
        salt = secrets.token_bytes(SALT_BYTES)
        box = seal_box(_stretch(passphrase, salt), body, aad=FORMAT.encode())
        sealed = {"format": FORMAT, "salt": encode(salt), "check": "", "body": encode(box)}
    return json.dumps(sealed).encode()


def _open(content: bytes, passphrase: str | None) -> bytes:
    sealed = read_object(content, "format", "salt", "check", "body")
    if sealed["format"] != FORMAT:
        raise DamagedError
    body = decode(sealed["body"])
    if sealed["salt"]:
        return _decrypt(body, decode(sealed["salt"]), passphrase)
    if hashlib.sha256(body).hexdigest() != sealed["check"]:
        raise DamagedError
    return body


def _decrypt(box: bytes, salt: bytes, passphrase: str | None) -> bytes:
    if passphrase is None:
        raise PassphraseError("This backup of the key store is encrypted: give its passphrase.")
    try:
        return open_box(_stretch(passphrase, salt), box, aad=FORMAT.encode())
    except DamagedError as error:
        raise PassphraseError from error


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(passphrase.encode())
