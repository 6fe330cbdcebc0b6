"""Every tenant's key, kept apart from the data it opens: without the key, files and old backups are noise.

A master key wraps one 256-bit data key per tenant (AES-256-GCM); every use derives its own key from that one (HKDF).
Erasing a tenant's key erases what it encrypted, wherever copies lie. The store is a folder outside PostgreSQL and
outside data backups; `KeyStore` is the interface that a key management service would fill instead.
"""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kalends.base.durable import private_folder, shred, sync_folder, write_atomically
from kalends.base.errors import ConflictError, KalendsError, NotFoundError
from kalends.base.keywrap import KEY_BYTES, MasterKeys, WrappedKey, frame, open_box, seal_box
from kalends.base.lockfile import exclusive

DATA = "data"


class KeyErasedError(KalendsError):
    """This tenant's key was erased, so nothing that it encrypted can ever be read again."""

    status = 410
    code = "key_erased"


class KeyMissingError(NotFoundError):
    """This tenant has no key."""

    code = "key_missing"


class MasterKeyMissingError(KalendsError):
    """The master key is missing; restore the key store from its backup."""

    status = 500
    code = "master_key_missing"


class KeyDiffersError(ConflictError):
    """The backup holds another key for a tenant that has one already; restore it into an empty key store."""

    code = "key_differs"


class KeyStore(Protocol):
    """Where tenants' keys live. The four abstract methods are all that another store must bring."""

    @abstractmethod
    def create(self, tenant_id: UUID) -> None:
        """Give the tenant a key if it has none. Raises KeyErasedError for an erased tenant."""

    @abstractmethod
    def data_key(self, tenant_id: UUID) -> bytes:
        """The tenant's 32-byte key. Raises KeyMissingError, KeyErasedError, or DamagedError if it was tampered with."""

    @abstractmethod
    def erase(self, tenant_id: UUID) -> None:
        """Destroy the tenant's key for good, whether it is there or not; a restore will not bring it back."""

    @abstractmethod
    def erased(self) -> frozenset[UUID]:
        """Tenants whose keys were erased: the list that every restore applies."""

    def derive(self, tenant_id: UUID, purpose: str) -> bytes:
        """A 32-byte key for one use ("warehouse", "files", ...): HKDF-SHA256 (RFC 5869) of the tenant's key."""
        info = frame(b"kalends", purpose.encode())
        return HKDF(SHA256(), KEY_BYTES, salt=tenant_id.bytes, info=info).derive(self.data_key(tenant_id))

    def seal(self, tenant_id: UUID, purpose: str, plaintext: bytes, aad: bytes = b"") -> bytes:
        """Encrypt a small secret; it opens only for the same tenant, purpose and `aad` (what it belongs to)."""
        return seal_box(self.derive(tenant_id, f"seal/{purpose}"), plaintext, aad=_context(tenant_id, purpose, aad))

    def open_sealed(self, tenant_id: UUID, purpose: str, sealed: bytes, aad: bytes = b"") -> bytes:
        """What `seal` encrypted. Raises DamagedError if anything differs by a bit."""
        return open_box(self.derive(tenant_id, f"seal/{purpose}"), sealed, aad=_context(tenant_id, purpose, aad))


class FileKeyStore(KeyStore):
    """Keys in a folder: `master.key`, `tenants/<id>.key` (wrapped) and `erased` (one tenant id per line).

    Safe for many processes: each change holds a lock and replaces files whole. Keys are read from disk every time
    (about 50 us), so an erasure holds at once in every process.
    """

    def __init__(self, folder: Path) -> None:
        """Open the store; on first use make it with a fresh master key. Raises MasterKeyMissingError."""
        self._folder = private_folder(folder)
        self._tenants = private_folder(folder / "tenants")
        self._master_file = folder / "master.key"
        with self._changing():
            if not self._master_file.exists():
                self._begin()
            self._finish_rotation()
            self._finish_erasures()

    def create(self, tenant_id: UUID) -> None:
        with self._changing():
            self._refuse_erased(tenant_id)
            if not self._file(tenant_id).exists():
                self._wrap(tenant_id, secrets.token_bytes(KEY_BYTES))

    def data_key(self, tenant_id: UUID) -> bytes:
        self._refuse_erased(tenant_id)
        try:
            wrapped, masters = self._read(tenant_id)
        except FileNotFoundError:
            self._refuse_erased(tenant_id)
            raise KeyMissingError(f"The tenant {tenant_id} has no key.") from None
        return masters.unwrap(wrapped, aad=_owner(tenant_id, DATA))

    def erase(self, tenant_id: UUID) -> None:
        # First the list, then the key: whatever interrupts this, the key counts as erased and the next start ends it.
        with self._changing():
            self._list_erased({tenant_id})
            self._finish_erasures()

    def erased(self) -> frozenset[UUID]:
        try:
            return frozenset(map(UUID, (self._folder / "erased").read_text().split()))
        except FileNotFoundError:
            return frozenset()

    def tenants(self) -> frozenset[UUID]:
        """Tenants that have a key."""
        return frozenset(UUID(file.stem) for file in self._tenants.glob("*.key")) - self.erased()

    def rotate_master(self) -> None:
        """Wrap all keys with a new master key and forget the old one. Killed half way, the next start completes it.

        Data is not touched: the tenants' own keys stay what they are.
        """
        with self._changing():
            self._save_masters(self._masters().with_new())
            self._finish_rotation()

    def export(self) -> tuple[dict[UUID, bytes], frozenset[UUID]]:
        """All tenants' keys in the clear and the erasure list: what a backup of the key store holds."""
        return {tenant_id: self.data_key(tenant_id) for tenant_id in sorted(self.tenants())}, self.erased()

    def adopt(self, keys: dict[UUID, bytes], *, erased: frozenset[UUID]) -> None:
        """Take in what `export` gave, but no erased tenant's key, and erase what `erased` names.

        Raises KeyDiffersError, before anything changes, if a tenant has another key here.
        """
        with self._changing():
            wanted = {tenant: key for tenant, key in keys.items() if tenant not in erased | self.erased()}
            present = self.tenants()
            for tenant_id in wanted.keys() & present:
                if self.data_key(tenant_id) != wanted[tenant_id]:
                    raise KeyDiffersError(tenant=str(tenant_id))
            self._list_erased(erased)
            for tenant_id in wanted.keys() - present:
                self._wrap(tenant_id, wanted[tenant_id])
            self._finish_erasures()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with exclusive(self._folder / ".lock"):
            yield

    def _begin(self) -> None:
        if any(self._tenants.iterdir()):
            # A new master key could open none of these: better no start than tenants that look empty.
            raise MasterKeyMissingError(f"{self._master_file} is missing. Restore the key store from its backup.")
        self._save_masters(MasterKeys.fresh())

    def _masters(self) -> MasterKeys:
        return MasterKeys.parse(self._master_file.read_bytes())

    def _read(self, tenant_id: UUID) -> tuple[WrappedKey, MasterKeys]:
        """A wrapped key and the masters that open it; read again if a rotation ended between the two."""
        wrapped, masters = WrappedKey.parse(self._file(tenant_id).read_bytes()), self._masters()
        if wrapped.master not in masters.keys:
            wrapped = WrappedKey.parse(self._file(tenant_id).read_bytes())
        return wrapped, masters

    def _save_masters(self, masters: MasterKeys) -> None:
        write_atomically(self._master_file, masters.dump())

    def _finish_rotation(self) -> None:
        masters = self._masters()
        if masters.is_settled:
            return
        for tenant_id in self.tenants():
            self._wrap(tenant_id, self.data_key(tenant_id))
        self._save_masters(masters.settled())

    def _finish_erasures(self) -> None:
        for tenant_id in self.erased():
            if self._file(tenant_id).exists():
                shred(self._file(tenant_id))
        sync_folder(self._tenants)

    def _list_erased(self, tenants: set[UUID] | frozenset[UUID]) -> None:
        lines = [f"{tenant_id}\n" for tenant_id in sorted(self.erased() | tenants)]
        write_atomically(self._folder / "erased", "".join(lines).encode())

    def _refuse_erased(self, tenant_id: UUID) -> None:
        if tenant_id in self.erased():
            raise KeyErasedError

    def _wrap(self, tenant_id: UUID, key: bytes) -> None:
        wrapped = self._masters().wrap(key, aad=_owner(tenant_id, DATA))
        write_atomically(self._file(tenant_id), wrapped.dump())

    def _file(self, tenant_id: UUID) -> Path:
        return self._tenants / f"{tenant_id}.key"


def _owner(tenant_id: UUID, purpose: str) -> bytes:
    """Whose key it is and what for: bound to the wrapped key, so that files cannot be swapped."""
    return frame(tenant_id.bytes, purpose.encode())


def _context(tenant_id: UUID, purpose: str, aad: bytes) -> bytes:
    return frame(tenant_id.bytes, purpose.encode(), aad)
