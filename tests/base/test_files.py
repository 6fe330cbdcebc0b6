"""The file store: what went in comes out, and nothing that was changed, cut, moved or erased does."""

import errno
import hashlib
import io
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kalends.base.blobs import FolderBlobs, MissingExtraError, ObjectBlobs, StorageFullError
from kalends.base.files import FileMissingError, FilesAddressError, FileStore, open_file_store
from kalends.base.keys import FileKeyStore, KeyErasedError, KeyMissingError
from kalends.base.keywrap import DamagedError
from kalends.base.sealedstream import FRAME_BYTES, HEADER_BYTES, TAG_BYTES, OpeningReader, SealingWriter

pytestmark = pytest.mark.unit

ACME, BETA = uuid.UUID(int=1), uuid.UUID(int=2)
ONE, TWO = uuid.UUID(int=0x11), uuid.UUID(int=0x22)
SEALED_FRAME = FRAME_BYTES + TAG_BYTES
EDGES = [edge + step for edge in (0, FRAME_BYTES, 2 * FRAME_BYTES) for step in (-1, 0, 1) if edge + step >= 0]


@pytest.fixture
def keys(tmp_path):
    keys = FileKeyStore(tmp_path / "keys")
    keys.create(ACME)
    keys.create(BETA)
    return keys


@pytest.fixture(params=["folder", "object store"])
def store(request, tmp_path, keys):
    if request.param == "folder":
        yield FileStore(FolderBlobs(tmp_path / "files"), keys=keys)
    else:
        system = fsspec.filesystem("memory")
        yield FileStore(ObjectBlobs(system, f"bucket/{uuid.uuid4()}"), keys=keys)
        system.store.clear()


@pytest.fixture
def local(tmp_path, keys):
    return open_file_store(None, folder=tmp_path / "files", keys=keys)


def _path(tmp_path, file_id, tenant=ACME):
    return tmp_path / "files" / str(tenant) / file_id.hex[-2:] / str(file_id)


def _noise(size, seed=1):
    """Bytes that do not compress, so that sizes reach the frames as they are."""
    return hashlib.shake_128(str(seed).encode()).digest(size)


def _read(store, file_id=ONE, tenant=ACME):
    with store.open(tenant, file_id) as stream:
        return stream.read()


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 5_000_000])
def test_round_trip(store, size):
    clear = _noise(size)
    stored = store.write(ACME, ONE, io.BytesIO(clear))
    assert _read(store) == clear
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(clear).hexdigest())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.one_of(st.sampled_from(EDGES), st.integers(0, 3 * FRAME_BYTES)),
    cuts=st.lists(st.integers(1, 2**21)),
    seed=st.integers(0, 9),
)
def test_sealed_streams_round_trip_around_frame_edges(size, cuts, seed):
    clear, sealed = _noise(size, seed), io.BytesIO()
    writer = SealingWriter(sealed, key=bytes(32), aad=b"a")
    source = io.BytesIO(clear)
    for cut in cuts:
        writer.write(source.read(cut))
    writer.write(source.read())
    writer.finish()
    assert writer.size == len(sealed.getvalue())
    reader = OpeningReader(io.BytesIO(sealed.getvalue()), key=bytes(32), aad=b"a")
    assert b"".join(iter(reader.read, b"")) == clear


def _sealed(clear, key=bytes(32), aad=b"a"):
    target = io.BytesIO()
    writer = SealingWriter(target, key=key, aad=aad)
    writer.write(clear)
    writer.finish()
    return target.getvalue()


def _opened(sealed, key=bytes(32), aad=b"a"):
    reader = OpeningReader(io.BytesIO(sealed), key=key, aad=aad)
    return b"".join(iter(reader.read, b""))


@pytest.mark.parametrize("size", EDGES)
def test_any_truncation_is_detected(size):
    sealed = _sealed(_noise(size))
    edges = [HEADER_BYTES + number * SEALED_FRAME for number in range(len(sealed) // SEALED_FRAME + 1)]
    for cut in {0, 1, HEADER_BYTES - 1, len(sealed) - 1, len(sealed) - TAG_BYTES, *edges}:
        if cut >= len(sealed):
            continue
        with pytest.raises(DamagedError):
            _opened(sealed[:cut])


def test_reordered_repeated_added_and_foreign_frames_are_detected():
    sealed, foreign = _sealed(_noise(3 * FRAME_BYTES)), _sealed(_noise(3 * FRAME_BYTES, seed=2))
    head, body = sealed[:HEADER_BYTES], sealed[HEADER_BYTES:]
    one, two, three = (body[at * SEALED_FRAME : (at + 1) * SEALED_FRAME] for at in range(3))
    other = foreign[HEADER_BYTES : HEADER_BYTES + SEALED_FRAME]
    assert _opened(head + one + two + three) == _noise(3 * FRAME_BYTES)
    for frames in (
        two + one + three,
        one + one + two + three,
        one + three,
        other + two + three,
        body + three,
        body + b"x",
    ):
        with pytest.raises(DamagedError):
            _opened(head + frames)


@settings(max_examples=300, deadline=None)
@given(bit=st.integers(0, 8 * (HEADER_BYTES + 40 + TAG_BYTES) - 1))
def test_any_flipped_bit_is_detected(bit):
    broken = bytearray(_sealed(bytes(40)))
    broken[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DamagedError):
        _opened(bytes(broken))


def test_flipped_bits_of_a_stored_file_are_detected_while_reading(local, tmp_path):
    local.write(ACME, ONE, io.BytesIO(_noise(2_500_000)))
    path = _path(tmp_path, ONE)
    whole = path.read_bytes()
    for at in (0, HEADER_BYTES, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 128]) + whole[at + 1 :])
        with pytest.raises(DamagedError):
            _read(local)


def test_files_cannot_be_swapped(local, tmp_path):
    for tenant, file_id in ((ACME, ONE), (ACME, TWO), (BETA, ONE)):
        local.write(tenant, file_id, io.BytesIO(b"whose?"))
    mine = _path(tmp_path, ONE)
    for other in (_path(tmp_path, TWO), _path(tmp_path, ONE, BETA)):
        mine.write_bytes(other.read_bytes())
        with pytest.raises(DamagedError):
            _read(local)


def test_nothing_shows_in_the_clear_and_only_to_its_owner(local, tmp_path):
    stored = local.write(ACME, ONE, io.BytesIO(b'{"spend": 1234}\n' * 1000))
    path = _path(tmp_path, ONE)
    assert stored.stored_size == path.stat().st_size < 1000
    assert b"spend" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)} == {0o700}


def test_listing_deleting_and_erasing_a_tenant(store):
    for tenant, file_id in ((ACME, ONE), (ACME, TWO), (BETA, ONE)):
        store.write(tenant, file_id, io.BytesIO(b"x"))
    assert set(store.list(ACME)) == {ONE, TWO}
    store.delete(ACME, ONE)
    store.delete(ACME, ONE)
    assert set(store.list(ACME)) == {TWO}
    store.erase_tenant(ACME)
    store.erase_tenant(ACME)
    assert not set(store.list(ACME))
    with pytest.raises(FileMissingError):
        store.open(ACME, TWO)
    assert _read(store, tenant=BETA) == b"x"


def test_an_erased_key_makes_files_unreadable(local, keys, tmp_path):
    local.write(ACME, ONE, io.BytesIO(b"secret"))
    keys.erase(ACME)
    assert _path(tmp_path, ONE).exists()
    for refused in (lambda: local.open(ACME, ONE), lambda: local.write(ACME, TWO, io.BytesIO(b"x"))):
        with pytest.raises(KeyErasedError):
            refused()


def test_a_tenant_without_a_key_stores_nothing(local):
    with pytest.raises(KeyMissingError):
        local.write(uuid.UUID(int=9), ONE, io.BytesIO(b"x"))


class _BreakingSource(io.RawIOBase):
    def __init__(self, error):
        self._error = error

    def read(self, size=-1):
        if self.tell_once():
            return b"x" * 100_000
        raise self._error

    def tell_once(self):
        first, self._told = not getattr(self, "_told", False), True
        return first


def test_a_source_that_breaks_leaves_no_file(store):
    with pytest.raises(ConnectionError):
        store.write(ACME, ONE, _BreakingSource(ConnectionError("gone")))
    assert not set(store.list(ACME))


def test_a_full_disk_is_said_plainly(local, tmp_path):
    with pytest.raises(StorageFullError):
        local.write(ACME, ONE, _BreakingSource(OSError(errno.ENOSPC, "No space left on device")))
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


WRITER = """
import io, sys, time, uuid
from pathlib import Path
from kalends.base.files import open_file_store
from kalends.base.keys import FileKeyStore

class Slow(io.RawIOBase):
    def read(self, size=-1):
        print("reading", flush=True)
        time.sleep(0.05)
        return b"x" * 100_000

home = Path(sys.argv[1])
store = open_file_store(None, folder=home / "files", keys=FileKeyStore(home / "keys"))
store.write(uuid.UUID(int=1), uuid.UUID(int=0x11), Slow())
"""


def test_a_killed_writer_leaves_no_file_and_its_remains_are_swept(local, tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE)
    for _ in range(3):
        assert writer.stdout.readline()
    writer.kill()
    writer.communicate()
    assert not set(local.list(ACME))
    assert local.sweep(before=datetime.now(UTC) - timedelta(hours=1)) == 0
    assert local.sweep(before=datetime.now(UTC) + timedelta(seconds=1)) == 1
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("url", ["ftp://host/files", "files", "file://relative", "s3://"])
def test_an_address_that_is_not_understood_is_refused(tmp_path, keys, url):
    with pytest.raises(FilesAddressError):
        open_file_store(url, folder=tmp_path, keys=keys)


def test_a_file_address_names_a_folder(tmp_path, keys):
    store = open_file_store(f"file://{tmp_path}/elsewhere", folder=tmp_path / "files", keys=keys)
    store.write(ACME, ONE, io.BytesIO(b"x"))
    assert (tmp_path / "elsewhere" / str(ACME) / "11" / str(ONE)).exists()


@pytest.mark.skipif(find_spec("s3fs") is not None, reason="s3fs is installed here")
def test_s3_without_its_extra_says_what_to_install(tmp_path, keys):
    with pytest.raises(MissingExtraError, match=r"kalends\[s3\]"):
        open_file_store("s3://bucket/prefix", folder=tmp_path, keys=keys)
