"""A calendar's address is read within a time and a size, only if it changed, and never into our own network."""

import logging
import time
from dataclasses import replace

import pytest
from calendar_server import calendar_server, ics

from kalends.calendar.fetching import BadAddressError, FetchError, Question, clean_address, fetch

pytestmark = pytest.mark.unit
SECRET = "/private-5f3a9c/basic.ics"


@pytest.fixture
def server():
    with calendar_server() as running:
        yield running


@pytest.fixture
def question(server):
    return Question(address=server.address + SECRET, local_allowed=True)


def test_a_calendar_comes_with_its_version_and_next_time_only_if_it_changed(server, question):
    server.put(SECRET, ics(), ETag='"v1"', Last_Modified="Mon, 02 Mar 2026 09:00:00 GMT")
    first = fetch(question)
    assert (first.content, first.etag) == (ics(), '"v1"')
    again = fetch(replace(question, etag=first.etag, modified=first.modified))
    assert again.content is None
    assert server.asked[-1][1]["If-None-Match"] == '"v1"'
    assert server.asked[-1][1]["If-Modified-Since"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    assert server.asked[-1][1]["Host"] == server.address.removeprefix("http://")
    server.put(SECRET, ics(name="Moved"), ETag='"v2"')
    assert fetch(replace(question, etag=first.etag)).content == ics(name="Moved")


def test_a_packed_answer_is_unpacked(server, question):
    server.put(SECRET, ics(), Content_Encoding="gzip")
    assert fetch(question).content == ics()


def test_redirects_are_followed_one_by_one(server, question):
    server.put(SECRET, status=302, Location="/next")
    server.put("/next", status=308, Location=f"{server.address}/last.ics")
    server.put("/last.ics", ics())
    assert fetch(question).content == ics()
    assert [path for path, _ in server.asked] == [SECRET, "/next", "/last.ics"]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/a", "http://u:p@127.0.0.1/", "http://["])
def test_a_redirect_leads_to_web_addresses_only(server, question, location):
    server.put(SECRET, status=302, Location=location)
    with pytest.raises(FetchError, match="leads on to an address that is not fetched"):
        fetch(question)


def test_a_redirect_into_our_own_network_is_refused(server, monkeypatch):
    """Only the first hop passes, as if it were outside."""
    server.put(SECRET, status=302, Location="https://10.0.0.7/inner.ics")
    monkeypatch.setattr("kalends.base.outside.is_outside", lambda number: number == "127.0.0.1")
    with pytest.raises(FetchError, match=r"10\.0\.0\.7 is inside this server"):
        fetch(Question(address=server.address + SECRET, local_allowed=False))
    assert len(server.asked) == 1


def test_a_redirect_without_encryption_is_refused_where_others_could_read_along(server, monkeypatch):
    server.put(SECRET, status=302, Location="http://calendar.example/a.ics")
    monkeypatch.setattr("kalends.base.outside.is_outside", lambda _: True)
    with pytest.raises(FetchError, match="not fetched"):
        fetch(Question(address=server.address + SECRET, local_allowed=False))


def test_redirects_end(server, question):
    server.put(SECRET, status=302, Location=SECRET)
    with pytest.raises(FetchError, match="leads on and on"):
        fetch(question)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "secret address anew"), (403, "lets nobody in"), (404, "knows no calendar"), (410, "knows no calendar"),
     (429, r"error \(429\)"), (500, r"error \(500\)")],
)  # fmt: skip
def test_a_refusal_is_told_in_words(server, question, status, words):
    server.put(SECRET, status=status)
    with pytest.raises(FetchError, match=words):
        fetch(question)


@pytest.mark.parametrize("head", [b"<!DOCTYPE html><html>", b"\xef\xbb\xbf\n <html lang=en>"])
def test_a_web_page_is_no_calendar(server, question, head):
    server.put(SECRET, head)
    with pytest.raises(FetchError, match=r"a web page there, not a calendar"):
        fetch(question)


def test_a_calendar_larger_than_the_limit_is_refused(server, question):
    server.put(SECRET, b"A" * 300_000)
    with pytest.raises(FetchError, match=r"larger than 0\.25 MB"):
        fetch(question, most=1 << 18)
    server.put(SECRET, b"A" * 300_000, Content_Encoding="gzip")
    with pytest.raises(FetchError, match=r"larger than 0\.25 MB"):
        fetch(question, most=1 << 18)


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_never_ends_is_left(server, question, where):
    server.put(SECRET, ics() * 100, drip=0.05, X_Drip=where)
    began = time.monotonic()
    with pytest.raises(FetchError, match="took too long"):
        fetch(question, seconds=0.5)
    assert time.monotonic() - began < 5


def test_nobody_there(server, question):
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 could not be reached"):
        fetch(replace(question, address=f"http://127.0.0.1:1{SECRET}"))
    with pytest.raises(FetchError, match=r"no server called nowhere\.invalid"):
        fetch(replace(question, address=f"https://nowhere.invalid{SECRET}"))


def test_a_server_without_a_certificate_is_told(server, question):
    """It speaks no TLS at all."""
    with pytest.raises(FetchError, match="could not be reached"):
        fetch(replace(question, address=question.address.replace("http:", "https:")))


def test_no_message_and_no_log_line_names_the_address(server, question, caplog):
    caplog.set_level(logging.DEBUG)
    server.put(SECRET, ics())
    fetch(question)
    for status in (302, 404, 500):
        server.put(SECRET, status=status, Location="ftp://x")
        with pytest.raises(FetchError) as caught:
            fetch(question)
        assert "private-5f3a9c" not in str(caught.value) + repr(caught.value.__cause__)
    assert "private-5f3a9c" not in caplog.text
    assert "private-5f3a9c" not in repr(question)


def test_addresses_as_people_paste_them():
    assert clean_address(" webcal://p1.icloud.com/a.ics\n", http_allowed=False) == "https://p1.icloud.com/a.ics"
    assert clean_address("http://intranet/a.ics", http_allowed=True) == "http://intranet/a.ics"
    with pytest.raises(BadAddressError, match="must begin with https"):
        clean_address("http://intranet/a.ics", http_allowed=False)


@pytest.mark.parametrize("text", ["", "agency", "/etc/passwd", "ftp://a.example/b", "https://u:p@a.example/", "https://",
                                  "https://a.example:0/", "https://a.exa\nmple/", "https://[", "file:///a",
                                  "https://a.example/" + "a" * 2000])  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadAddressError, match="no address of a calendar"):
        clean_address(text, http_allowed=True)
