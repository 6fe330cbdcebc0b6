"""A server on this machine that gives calendars as Google, Outlook and worse do: versions, redirects, faults."""

import gzip
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nX-WR-CALNAME:Agency\r\n{head}"
    "BEGIN:VEVENT\r\nUID:one@agency\r\nSUMMARY:{name}\r\nDTSTART;VALUE=DATE:{start}\r\nDTEND;VALUE=DATE:{end}\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def ics(name="Black Friday Sale", start="20261127", end="20261201", head=""):
    return ICS.format(name=name, start=start, end=end, head=head).encode()


class CalendarServer:
    """What it gives at each path: `put(path, ...)`; `asked`: every request's path and headers."""

    def __init__(self):
        self.pages = {}
        self.asked = []

    def put(self, path, content=b"", *, status=200, drip=None, **headers):
        """`drip`: seconds between bytes; underscores of headers' names are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (content, status, drip, named)

    def start(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request):
        self.asked.append((request.path, dict(request.headers)))
        content, status, drip, headers = self.pages.get(request.path, (b"", 404, None, {}))
        if status == 200 and any(
            theirs and theirs == headers.get(ours)
            for ours, theirs in (("ETag", request.headers["If-None-Match"]),
                                 ("Last-Modified", request.headers["If-Modified-Since"]))
        ):  # fmt: skip
            content, status = b"", 304
        if headers.get("Content-Encoding") == "gzip":
            content = gzip.compress(content)
        if drip and headers.get("X-Drip") == "head":
            self.drip(request, b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 1000, drip)
            return
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        self.drip(request, content, drip) if drip else request.wfile.write(content)

    def drip(self, request, content, seconds):
        try:
            for place in range(len(content)):
                request.wfile.write(content[place : place + 1])
                request.wfile.flush()
                time.sleep(seconds)
        except OSError:
            pass


@contextmanager
def calendar_server():
    """A running one."""
    server = CalendarServer()
    server.start()
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()
