"""A real server in a process of its own, as a stranger would start it: `kalends up` on an empty data folder."""

import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import httpx
import psutil

KALENDS = Path(sys.executable).with_name("kalends")
START_SECONDS = 120
"""Generous: other tests share the two cores. What is promised is measured and asserted where it is promised."""
QUIET = {name: value for name, value in os.environ.items() if not name.startswith("KALENDS_")}
"""The environment without the settings of whoever runs the tests."""


@contextmanager
def data_folder():
    """A fresh KALENDS_HOME below a folder that every OS user may enter: PostgreSQL runs as another one than root."""
    folder = Path(tempfile.mkdtemp(prefix="kalends-home-"))
    folder.chmod(0o755)
    try:
        yield folder / "home"
    finally:
        for pid in processes_of(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def processes_of(folder):
    """Processes whose command line or environment names `folder`: the server and its PostgreSQL, nobody else's."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline()) + process.environ().get("KALENDS_HOME", "")
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if str(folder) in words and process.pid != os.getpid():
            found.append(process.pid)
    return found


def environment(home, **settings):
    """The environment of a command on `home`."""
    return QUIET | {"KALENDS_HOME": str(home)} | {f"KALENDS_{name.upper()}": str(one) for name, one in settings.items()}


def run(home, *words, given="", **settings):
    """`kalends WORDS` to its end; gives the completed process with text output."""
    return subprocess.run(
        [KALENDS, *map(str, words)],
        env=environment(home, **settings),
        input=given,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


class Served:
    """`kalends up` on `home`: started, spoken to, stopped or killed."""

    def __init__(self, home, **settings):
        self.home = home
        self.settings = {"port": 0} | settings
        self.command = [KALENDS, "up"]
        self.process = None
        self.lines = []

    def start(self):
        """Start it and return when it has said where it is; gives the seconds that took."""
        began = time.monotonic()
        self.lines = []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=environment(self.home, **self.settings),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Ctrl-C"):
                break
        else:
            raise AssertionError(f"the server ended: {self.process.wait()} {self.lines} {self.log.read_text()}")
        self.client().get("/healthz").raise_for_status()
        return time.monotonic() - began

    @property
    def log(self):
        """What it wrote to standard error, over all its starts."""
        return self.home.with_name("server.log")

    @property
    def address(self):
        return re.search(r"http://\S+", self.lines[0])[0]

    @property
    def link(self):
        """The one-time link, if it printed one."""
        found = [re.search(r"http://\S+", line)[0] for line in self.lines if "/start/" in line]
        return found[0] if found else None

    def client(self, **headers):
        return httpx.Client(base_url=self.address, headers=headers, timeout=60)

    def owner(self):
        """A client with the owner's token of this machine."""
        return self.client(authorization=f"Bearer {(self.home / 'owner.token').read_text().strip()}")

    def end(self, number=signal.SIGINT, *, seconds=30):
        """Send the signal and wait; gives the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(seconds)
        self.process.stdout.close()
        return code


@contextmanager
def served(home, **settings):
    """A started server; whatever happens it is gone afterwards."""
    server = Served(home, **settings)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.end(signal.SIGKILL)


def left_behind(home, *, within):
    """The processes that are still there after at most `within` seconds."""
    give_up = time.monotonic() + within
    while (found := processes_of(home)) and time.monotonic() < give_up:
        time.sleep(0.05)
    return found


def set_up(home):
    """Make `home` a data folder with a company and its owner; gives what `kalends init` said.

    Made once per test process and copied from then on: to start a server for it takes as long as everything else.
    """
    folder, said = prepared()
    subprocess.run(["cp", "-a", folder, home], check=True)  # PostgreSQL's files keep their owner
    return said


@cache
def prepared():
    """A data folder that was set up without a browser, and what the command said."""
    folder = Path(tempfile.mkdtemp(prefix="kalends-prepared-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / "home", initialised(folder / "home")


def initialised(home):
    """A company with its owner, made without a browser."""
    made = run(
        home, "init", "--name", "Aurora", "--email", "ada@aurora.example", "--password", "correct horse battery",
        "--zone", "Europe/Berlin", "--json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)
