"""Addresses that a customer gave never lead into this server's own network, and lead to what was checked."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from kalends.base import outside
from kalends.base.outside import InnerAddressError, call, inner_allowed, is_outside, targets

pytestmark = pytest.mark.unit
INNER = [
    "127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "0.0.0.0", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]",
    "[2002:a00:1::]", "224.0.0.1", "[fe80::1]", "100.64.0.1", "localhost", "2130706433", "0x7f.1",
]  # fmt: skip


@pytest.mark.parametrize("host", INNER)
def test_inner_addresses_are_refused_where_they_could_be_abused(host):
    with pytest.raises(InnerAddressError, match="own network"):
        targets(f"http://{host}/hook", local_allowed=False)
    assert targets(f"http://{host}/hook", local_allowed=True)


def test_outer_addresses_are_fine():
    [target] = targets("https://93.184.215.14:444/hook?a=b", local_allowed=False)
    assert str(target.url) == "https://93.184.215.14:444/hook?a=b"
    assert is_outside("2606:4700::1111")


def test_one_inner_address_among_others_is_enough(monkeypatch):
    found = [(2, 1, 6, "", (number, 443)) for number in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(outside.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(InnerAddressError, match=r"calendar\.example is inside"):
        targets("https://calendar.example/a.ics", local_allowed=False)


def test_a_call_goes_to_the_checked_address_under_the_name_asked_for(monkeypatch):
    """The name leads to an address where nobody answers, then to a server; it is never resolved a second time."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.headers["Host"], self.path))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    port, times = server.server_port, []

    def resolved(host, *_, **__):
        times.append(host)
        return [(2, 1, 6, "", (number, port)) for number in ("127.0.0.9", "127.0.0.1")]

    monkeypatch.setattr(outside.socket, "getaddrinfo", resolved)
    url = f"http://calendar.example:{port}/a?b=c"
    with httpx.Client() as client, call(client, "GET", url, local_allowed=True, headers={}) as answer:
        assert answer.status_code == 200
    server.shutdown()
    assert asked == [(f"calendar.example:{port}", "/a?b=c")]
    assert times.count("calendar.example") == 1


def test_only_a_server_for_this_machine_may_call_its_own_network(settings):
    assert inner_allowed(settings)
    assert not inner_allowed(settings.model_copy(update={"host": "0.0.0.0"}))
