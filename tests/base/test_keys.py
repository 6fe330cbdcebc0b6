"""The key store: keys open for their tenant and purpose alone, erasure is final, rotation survives a kill."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from kalends.base import keybackup
from kalends.base.keys import FileKeyStore, KeyDiffersError, KeyErasedError, KeyMissingError, MasterKeyMissingError
from kalends.base.keywrap import DamagedError, MasterKeys, frame

pytestmark = pytest.mark.unit

ACME, BETA = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def store(tmp_path):
    store = FileKeyStore(tmp_path / "keys")
    store.create(ACME)
    store.create(BETA)
    return store


def _key_file(tmp_path, tenant):
    return tmp_path / "keys" / "tenants" / f"{tenant}.key"


def test_keys_differ_by_tenant_and_purpose_and_last(store, tmp_path):
    again = FileKeyStore(tmp_path / "keys")
    derived = {(tenant, use): store.derive(tenant, use) for tenant in (ACME, BETA) for use in ("files", "warehouse")}
    assert len(set(derived.values())) == 4
    assert all(again.derive(*what) == key and len(key) == 32 for what, key in derived.items())


def test_create_twice_keeps_the_key(store):
    before = store.data_key(ACME)
    store.create(ACME)
    assert store.data_key(ACME) == before


def test_files_are_for_the_owner_alone(store, tmp_path):
    store.erase(BETA)
    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert _key_file(tmp_path, ACME).parent.stat().st_mode & 0o777 == 0o700


def test_a_key_is_not_made_by_asking(store):
    with pytest.raises(KeyMissingError):
        store.data_key(uuid.UUID(int=3))


def test_every_flipped_byte_of_a_key_file_is_rejected(store, tmp_path):
    path = _key_file(tmp_path, ACME)
    whole, key = path.read_bytes(), store.data_key(ACME)
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DamagedError):
            store.data_key(ACME)
    path.write_bytes(whole)
    assert store.data_key(ACME) == key


def test_a_key_file_of_another_tenant_is_rejected(store, tmp_path):
    _key_file(tmp_path, ACME).write_bytes(_key_file(tmp_path, BETA).read_bytes())
    with pytest.raises(DamagedError):
        store.data_key(ACME)


def test_every_flipped_bit_of_a_sealed_secret_is_rejected(store):
    sealed = store.seal(ACME, "token", b"hunter2", b"connector 7")
    assert store.open_sealed(ACME, "token", sealed, b"connector 7") == b"hunter2"
    assert b"hunter2" not in sealed
    for bit in range(len(sealed) * 8):
        broken = bytearray(sealed)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedError):
            store.open_sealed(ACME, "token", bytes(broken), b"connector 7")


@pytest.mark.parametrize(
    ("tenant", "purpose", "aad"),
    [(BETA, "token", b"seven"), (ACME, "cookie", b"seven"), (ACME, "token", b"eight"), (ACME, "token", b"")],
)
def test_a_secret_opens_only_where_it_belongs(store, tenant, purpose, aad):
    sealed = store.seal(ACME, "token", b"hunter2", b"seven")
    with pytest.raises(DamagedError):
        store.open_sealed(tenant, purpose, sealed, aad)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(11), b"\x01" + bytes(12)])
def test_a_cut_secret_is_rejected(store, sealed):
    with pytest.raises(DamagedError):
        store.open_sealed(ACME, "token", sealed)


def test_framed_parts_cannot_be_shifted():
    assert frame(b"ab", b"c") != frame(b"a", b"bc")


def test_an_erased_key_is_gone_for_good(store, tmp_path):
    sealed = store.seal(ACME, "token", b"hunter2")
    old_file = _key_file(tmp_path, ACME).read_bytes()
    store.erase(ACME)
    assert not _key_file(tmp_path, ACME).exists()
    _key_file(tmp_path, ACME).write_bytes(old_file)
    for refused in (store.create, store.data_key, lambda tenant: store.open_sealed(tenant, "token", sealed)):
        with pytest.raises(KeyErasedError):
            refused(ACME)
    assert FileKeyStore(tmp_path / "keys").erased() == {ACME}
    assert not _key_file(tmp_path, ACME).exists(), "a start destroys what an erasure left"
    assert store.data_key(BETA)


def test_rotation_changes_the_master_but_no_tenants_key(store, tmp_path):
    master, keys = (tmp_path / "keys" / "master.key").read_bytes(), store.export()[0]
    stale = _key_file(tmp_path, ACME).read_bytes()
    store.rotate_master()
    assert store.export()[0] == keys
    assert not set(MasterKeys.parse(master).keys) & set(
        MasterKeys.parse((tmp_path / "keys" / "master.key").read_bytes()).keys
    )
    _key_file(tmp_path, ACME).write_bytes(stale)
    with pytest.raises(DamagedError):
        store.data_key(ACME)


class _KilledError(BaseException):
    pass


@pytest.mark.parametrize("writes", range(4))
def test_a_rotation_cut_at_any_write_is_completed(store, tmp_path, monkeypatch, writes):
    keys, done = store.export()[0], []

    def cut(old, new):
        if len(done) == writes:
            raise _KilledError
        done.append(new)
        Path(old).rename(new)

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", cut)
        with pytest.raises(_KilledError):
            store.rotate_master()
    assert store.export()[0] == keys
    reopened = FileKeyStore(tmp_path / "keys")
    assert reopened.export()[0] == keys
    assert len(json.loads((tmp_path / "keys" / "master.key").read_bytes())["keys"]) == 1


def test_a_lost_master_key_stops_the_start(store, tmp_path):
    (tmp_path / "keys" / "master.key").unlink()
    with pytest.raises(MasterKeyMissingError):
        FileKeyStore(tmp_path / "keys")


@pytest.mark.parametrize("passphrase", [None, "four words of mine"])
def test_a_backup_restores_into_an_empty_store(store, tmp_path, passphrase):
    keybackup.backup(store, tmp_path / "backup", passphrase=passphrase)
    other = FileKeyStore(tmp_path / "other")
    keybackup.restore(other, tmp_path / "backup", passphrase=passphrase)
    assert other.export() == store.export()
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600


def test_an_encrypted_backup_needs_its_passphrase(store, tmp_path):
    keybackup.backup(store, tmp_path / "backup", passphrase="right")
    for wrong in (None, "wrong"):
        with pytest.raises(keybackup.PassphraseError):
            keybackup.restore(store, tmp_path / "backup", passphrase=wrong)


def test_a_damaged_backup_is_rejected(store, tmp_path):
    keybackup.backup(store, tmp_path / "backup")
    whole = (tmp_path / "backup").read_bytes()
    for at in range(0, len(whole), 7):
        (tmp_path / "backup").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DamagedError):
            keybackup.restore(store, tmp_path / "backup")


def test_an_old_backup_does_not_bring_an_erased_key_back(store, tmp_path):
    keybackup.backup(store, tmp_path / "backup")
    store.erase(ACME)
    keybackup.restore(store, tmp_path / "backup")
    with pytest.raises(KeyErasedError):
        store.data_key(ACME)
    fresh = FileKeyStore(tmp_path / "fresh")
    keybackup.restore(fresh, tmp_path / "backup", erased=store.erased())
    assert fresh.tenants() == {BETA}
    with pytest.raises(KeyErasedError):
        fresh.data_key(ACME)


def test_a_backup_carries_its_erasures_into_the_store(store, tmp_path):
    other = FileKeyStore(tmp_path / "other")
    keybackup.backup(store, tmp_path / "before")
    keybackup.restore(other, tmp_path / "before")
    store.erase(ACME)
    keybackup.backup(store, tmp_path / "after")
    keybackup.restore(other, tmp_path / "after")
    assert other.tenants() == {BETA}


def test_a_restore_never_replaces_a_key(store, tmp_path):
    keybackup.backup(store, tmp_path / "backup")
    other = FileKeyStore(tmp_path / "other")
    other.create(BETA)
    key = other.data_key(BETA)
    with pytest.raises(KeyDiffersError):
        keybackup.restore(other, tmp_path / "backup")
    assert other.tenants() == {BETA}
    assert other.data_key(BETA) == key


RACER = """
import sys, uuid
from pathlib import Path
from kalends.base.keys import FileKeyStore
sys.stdin.read()
store = FileKeyStore(Path(sys.argv[1]))
store.create(uuid.UUID(sys.argv[2]))
print(store.data_key(uuid.UUID(sys.argv[2])).hex())
"""


def test_processes_that_start_together_agree_on_the_keys(tmp_path):
    command = [sys.executable, "-c", RACER, tmp_path / "keys", str(ACME)]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for racer in racers:
        racer.stdin.close()
        racer.stdin = None
    assert {racer.communicate(timeout=60)[0].strip() for racer in racers} == {
        FileKeyStore(tmp_path / "keys").data_key(ACME).hex()
    }
