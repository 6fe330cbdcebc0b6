"""The server as a process: it starts on an empty folder, lets its owner in, and leaves nothing behind."""

import re
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from serving import KALENDS, Served, data_folder, environment, left_behind, processes_of, served, set_up

SECOND_START_SECONDS = 5
"""What the product promises for a start on a folder that exists, on a machine that has nothing else to do."""


@pytest.fixture
def home():
    with data_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def running():
    """A server for whoever neither stops nor changes it."""
    with data_folder() as folder, served(folder) as server:
        yield server


def patience(seconds):
    """`seconds` on an idle machine; longer while others use the processors, which a test must not be blamed for."""
    return seconds * max(1.0, psutil.getloadavg()[0] / psutil.cpu_count() * 2)


def test_the_one_time_link_leads_to_home_and_works_once(home):
    with served(home) as server:
        with server.client(accept="text/html", origin=server.address) as browser:
            page = browser.get(server.link)
            assert page.status_code == 200
            form = dict(re.findall(r'<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"', page.text))
            form |= {
                "email": "ada@aurora.example",
                "password": "correct horse battery",
                "company": "Aurora",
                "name": "Ada",
            }
            action = re.search(r'<form[^>]*action="([^"]+)"', page.text)[1]
            entered = browser.post(action, data=form)
            assert entered.status_code == 303, entered.text
            assert entered.headers["location"] == "/"
            landed = browser.get("/")
            assert landed.status_code == 200
            assert "Aurora" in landed.text
            assert browser.get("/api/v1/me").json()["role"] == "owner"
        with server.client(accept="text/html", origin=server.address) as other:
            assert other.post(action, data=form).status_code in {404, 409, 410}
            assert other.get("/api/v1/me").status_code == 401
        assert server.end(signal.SIGINT) == 0
    with served(home) as again:
        assert again.link is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_wish_to_stop_leaves_no_process_and_nothing_locked(home, number):
    with served(home) as server:
        assert len(processes_of(home)) > 1  # the server, and PostgreSQL with its backends
        assert server.end(number) == 0
        assert left_behind(home, within=1) == []
        assert not (home / "run" / "kalends.sock").exists()
        server.start()
        assert server.client().get("/readyz").json() == {"status": "ready"}


STUCK = """
import sys, time
from pathlib import Path
from kalends.base import worker
from kalends.cli.serving import serve
from kalends.marketing import jobs

def stuck(run):
    Path(sys.argv[1]).touch()
    time.sleep(600)

worker.GRACE_SECONDS = 1
jobs.apply_next = stuck
serve(port=0)
"""


def test_a_task_that_does_not_end_does_not_keep_a_server_that_was_stopped(home, tmp_path):
    begun, rows = tmp_path / "begun", tmp_path / "rows.csv"
    rows.write_text("campaign_id,date,spend\n1,2026-01-02,5\n")
    set_up(home)
    server = Served(home)
    server.command = [sys.executable, "-c", STUCK, begun]
    server.start()
    with server.owner() as owner:
        owner.post("/api/v1/marketing/ingest?wait=0", content=rows.read_bytes()).raise_for_status()
    while not begun.exists():
        assert server.process.poll() is None
        time.sleep(0.05)
    assert server.end(signal.SIGTERM, seconds=patience(15)) == 0
    assert left_behind(home, within=patience(3)) == []


def test_killed_alone_it_takes_postgres_along_and_starts_again(home):
    with served(home) as server:
        token = (home / "owner.token").read_text()
        server.end(signal.SIGKILL)
        assert left_behind(home, within=patience(3)) == []
        seconds = server.start()
        assert seconds <= patience(SECOND_START_SECONDS)
        assert (home / "owner.token").read_text() == token
        assert server.client().get("/readyz").status_code == 200


def test_killed_while_it_starts_it_starts_again(home):
    for moment in (0.3, 0.8, 1.5, 2.5):
        process = subprocess.Popen(
            [KALENDS, "up"], env=environment(home, port=0), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moment)
        process.kill()
        process.wait()
        assert left_behind(home, within=patience(3)) == []
    with served(home) as server:
        assert server.link


def test_a_second_server_on_the_same_folder_is_refused_and_told_by_whom(running):
    second = subprocess.run(
        [KALENDS, "up"], env=environment(running.home, port=0), capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert f"process {running.process.pid}" in second.stderr
    assert second.stderr.count("\n") == 1
    assert running.client().get("/readyz").status_code == 200


def test_a_port_that_is_taken_is_named_and_nothing_is_left(home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = subprocess.run(
            [KALENDS, "up"], env=environment(home, port=port), capture_output=True, text=True, timeout=60, check=False
        )
    assert refused.returncode == 1
    assert str(port) in refused.stderr
    assert "KALENDS_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert left_behind(home, within=1) == []
    with served(home):
        pass


def test_a_wrong_setting_is_named(home):
    refused = subprocess.run(
        [KALENDS, "up"], env=environment(home, port="many"), capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert "KALENDS_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_secrets_and_the_socket_are_for_the_owner_alone(running):
    for name in ("owner.token", "installation.secret", "postgres.password", "run/kalends.sock", "run"):
        assert (running.home / name).stat().st_mode & 0o077 == 0, name


def test_a_load_balancer_and_a_monitor_are_answered(running):
    with running.client() as client:
        assert client.get("/healthz").json()["status"] == "ok"
        assert "kalends_http_requests_total" in client.get("/metrics").text
        assert client.post("/api/v1/doctor", json={}).status_code == 401
