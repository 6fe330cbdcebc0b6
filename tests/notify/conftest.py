"""A mail server and a web server that are really there: they speak the protocol and keep what they were given."""

import http.server
import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy

import pytest

from kalends.base.worker import run_task
from kalends.identity.service import add_person


@dataclass
class Mailbox:
    """What the mail server took, and what it answers to the next RCPT commands (250 when there is nothing left)."""

    port: int = 0
    mails: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    logins: list = field(default_factory=list)


class SmtpHandler(socketserver.StreamRequestHandler):
    """Just enough of RFC 5321 for one client at a time."""

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 ready")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"QUIT":
                return self.say("221 bye")
            self.answer(verb, line)
        return None

    def answer(self, verb, line):
        box = self.server.box
        if verb == b"EHLO":
            self.say("250-test")
            self.say("250 AUTH PLAIN")
        elif verb == b"AUTH":
            box.logins.append(line.split()[-1])
            self.say("235 welcome")
        elif verb == b"RCPT":
            self.say(box.answers.pop(0) if box.answers else "250 ok")
        elif verb == b"DATA":
            self.say("354 go on")
            # A line that begins with a dot was given one more (RFC 5321, 4.5.2).
            lines = [line[line.startswith(b".") :] for line in iter(self.rfile.readline, b".\r\n")]
            box.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
            self.say("250 taken")
        else:
            self.say("250 ok")


@dataclass
class Receiver:
    """What was posted to the web server, and the statuses it answers with (200 when there is none left)."""

    port: int = 0
    posts: list = field(default_factory=list)
    statuses: list = field(default_factory=list)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"


class HookHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.box.posts.append((dict(self.headers), body))
        status = self.server.box.statuses.pop(0) if self.server.box.statuses else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Silent."""


def serve(server, box):
    server.box, box.port = box, server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield box
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mailbox(settings):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), SmtpHandler)
    server.daemon_threads = True
    settings.smtp_url = f"smtp://127.0.0.1:{server.server_address[1]}?from=kalends@aurora.example"
    yield from serve(server, Mailbox())


@pytest.fixture
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HookHandler)
    yield from serve(server, Receiver())


@pytest.fixture
def run_tasks(house, scope):
    """Runs every queued task once, as the worker would; gives what made them wait for another try."""
    from sqlalchemy import text

    def run():
        with house.work(scope) as work:
            tasks = work.session.execute(text("SELECT id FROM tasks WHERE state IN ('queued', 'running')")).scalars()
            waiting = list(tasks)
        errors = []
        for task in waiting:
            try:
                run_task(house, scope.tenant_id, task)
            except Exception as error:  # noqa: BLE001  the queue would try again, whatever it was
                errors.append(error)
        return errors

    return run


@pytest.fixture
def admin(house, scope):
    with house.work(scope) as work:
        add_person(work, email="vic@aurora.example", name="Vic", role="viewer")
        return add_person(work, email="ada@aurora.example", name="Ada", role="admin")
