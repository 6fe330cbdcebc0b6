"""The cache on its two stores: it may be slow, it may be gone, it is never wrong."""

import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kalends.base.cache import Cache, cache_key
from kalends.base.ids import new_id

TENANT, OTHER = new_id(), new_id()


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory):
    """A Redis server of our own."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: tests/setup.sh installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    process = start_redis(port, folder)
    yield port
    process.terminate()
    process.wait()


def start_redis(port, folder):
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return process
    raise AssertionError("redis-server did not start")


@pytest.fixture(params=["mem", "redis"])
def url(request):
    return "mem://" if request.param == "mem" else f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}"


@pytest.fixture
def cache(url):
    opened = Cache(url)
    yield opened
    opened.close()


class Maker:
    """Makes an answer and counts how often it was asked to."""

    def __init__(self, answer=b"made", seconds=0.0):
        self.answer, self.seconds, self.calls = answer, seconds, 0

    def __call__(self):
        self.calls += 1
        time.sleep(self.seconds)
        return self.answer


def ask(cache, make, **changes):
    asked = {"tenant_id": TENANT, "scope": "owner", "version": "1", "question": ["fresh", new_id().hex]} | changes
    return cache.get_or_make(make, **asked)


def test_what_was_made_once_is_not_made_again(cache):
    make, question = Maker(), ["spend", new_id().hex]
    assert [ask(cache, make, question=question) for _ in range(3)] == [b"made"] * 3
    assert make.calls == 1


@pytest.mark.parametrize(
    "change", [{"tenant_id": OTHER}, {"scope": "viewer"}, {"version": "2"}, {"question": ["roas"]}]
)
def test_another_asker_version_or_question_gets_an_answer_of_its_own(cache, change):
    question = ["spend", new_id().hex]
    ask(cache, Maker(b"first"), question=question)
    assert ask(cache, Maker(b"second"), **({"question": question} | change)) == b"second"


def test_many_who_ask_at_once_wait_for_one_maker(cache):
    make, question = Maker(seconds=0.2), ["slow", new_id().hex]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(cache, make, question=question), range(8)))
    assert answers == [b"made"] * 8
    assert make.calls == 1


def test_a_maker_that_fails_leaves_nothing_and_is_asked_again(cache):
    question = ["broken", new_id().hex]

    def fail():
        raise ValueError("no figures")

    with pytest.raises(ValueError, match="no figures"):
        ask(cache, fail, question=question)
    assert ask(cache, Maker(b"now"), question=question) == b"now"


def test_two_processes_share_what_redis_holds(redis_port):
    one, other = (Cache(f"redis://127.0.0.1:{redis_port}") for _ in range(2))
    question = ["shared", new_id().hex]
    try:
        assert ask(one, Maker(b"first"), question=question) == b"first"
        assert ask(other, Maker(b"second"), question=question) == b"first"
    finally:
        one.close()
        other.close()


def test_without_redis_every_answer_is_made_anew_and_right():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cache, question = Cache(f"redis://127.0.0.1:{port}"), ["gone", new_id().hex]
    try:
        assert ask(cache, Maker(b"first"), question=question) == b"first"
        assert ask(cache, Maker(b"second"), question=question) == b"second"
    finally:
        cache.close()


def test_redis_may_go_and_come_back(tmp_path):
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: tests/setup.sh installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start_redis(port, tmp_path)
    cache, question = Cache(f"redis://127.0.0.1:{port}"), ["back", new_id().hex]
    try:
        assert ask(cache, Maker(b"first"), question=question) == b"first"
        process.kill()
        process.wait()
        assert ask(cache, Maker(b"second"), question=question) == b"second"
        process = start_redis(port, tmp_path)
        assert ask(cache, Maker(b"third"), question=question) == b"third"
        assert ask(cache, Maker(b"fourth"), question=question) == b"third"
    finally:
        cache.close()
        process.kill()
        process.wait()


def test_closing_ends_its_thread(url):
    before = threading.active_count()
    cache = Cache(url)
    assert threading.active_count() == before + 1
    cache.close()
    assert threading.active_count() == before


@pytest.mark.unit
def test_a_key_names_its_tenant_and_hides_the_question():
    key = cache_key(tenant_id=TENANT, scope="owner", version="7", question={"metric": "revenue"})
    assert key.startswith(f"kalends:{TENANT}:")
    assert "revenue" not in key
    assert key == cache_key(tenant_id=TENANT, scope="owner", version="7", question={"metric": "revenue"})


def test_what_is_not_to_be_kept_is_made_again(cache):
    make, question = Maker(), new_id().hex
    keeps = iter([False, True])
    assert [ask(cache, make, question=question, keep=lambda: next(keeps)) for _ in range(3)] == [b"made"] * 3
    assert make.calls == 2


def test_a_tenants_answers_can_be_dropped_and_nobody_elses(cache):
    make, question = Maker(), new_id().hex
    for tenant in (TENANT, OTHER):
        ask(cache, make, question=question, tenant_id=tenant)
    cache.forget(tenant_id=TENANT)
    for tenant in (TENANT, OTHER):
        ask(cache, make, question=question, tenant_id=tenant)
    assert make.calls == 3
