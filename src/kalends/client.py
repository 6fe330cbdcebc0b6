"""How commands and notebooks talk to Kalends: to the running server, or to one of their own while they need it.

There is one way in, the HTTP API over the data folder's Unix socket, so a command does exactly what a page does. The
owner token in the data folder says who asks; being on this machine alone grants nothing.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from kalends.base.errors import KalendsError, UnavailableError
from kalends.base.settings import Settings

PATIENCE_SECONDS = 600


class ServerUnreachableError(UnavailableError):
    """No server answers."""

    code = "server_unreachable"


class ServerError(KalendsError):
    """The server refused."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        """`problem`: the server's problem document."""
        super().__init__(
            str(problem.get("detail") or problem.get("title") or "The server refused."), problem=dict(problem)
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The content, which is JSON."""
        return json.loads(self.content)


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket. The standard library's, because a command spends its first moments on imports: with
    httpx and the root certificates that it reads, they took 0.1 s longer.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("kalends.local", timeout=PATIENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Client:
    """The HTTP API with the owner's rights."""

    def __init__(self, path: Path, *, token: str) -> None:
        """`path`: the server's Unix socket; `token`: says who asks."""
        self._path = path
        self._headers = {"authorization": f"Bearer {token}", "accept": "application/json"}

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to `body` as JSON or to `content` as it is; the server's own words as ServerError."""
        sent = self._headers | dict(headers or {})
        if body is not None:
            content, sent["content-type"] = json.dumps(body).encode(), "application/json"
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        try:
            # A connection of its own costs microseconds here, and none goes stale between calls.
            with closing(_SocketConnection(self._path)) as connection:
                connection.request(method, f"/api/v1{path}{query}", body=content, headers=sent)
                got = connection.getresponse()
                answer = Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnreachableError(f"The server does not answer: {error!r}.") from error
        if answer.status >= http.client.BAD_REQUEST:
            raise ServerError(problem_of(answer))
        return answer

    def get(self, path: str, **params: Any) -> Any:
        """The JSON answer to a GET."""
        return self.call("GET", path, params={k: v for k, v in params.items() if v is not None}).json()

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer to a POST of `body` as JSON."""
        return self.call("POST", path, body=body).json()

    def put(self, path: str, body: Any) -> Any:
        """The JSON answer to a PUT of `body`."""
        return self.call("PUT", path, body=body).json()


def problem_of(answer: Answer) -> dict[str, Any]:
    """The problem document, or one made of whatever came instead."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"detail": f"The server answered {answer.status}."}


def is_listening(path: Path) -> bool:
    """Whether a server accepts connections at the Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


@contextmanager
def open_client(settings: Settings) -> Iterator[Client]:
    """A client of the running server; where none runs, of one that lives as long as the block (main thread only)."""
    with ExitStack() as stack:
        if not is_listening(settings.socket):
            # Only here: the whole server is heavy to import, and mostly one is running already.
            from kalends.base.telemetry import configure_logs  # noqa: PLC0415
            from kalends.server import running  # noqa: PLC0415

            # To standard error, and little of it: standard output belongs to the command's answer.
            configure_logs(form=settings.log_format, level="warning")
            stack.enter_context(stack.enter_context(running(settings, tcp=False)).serving())
        token = (settings.home / "owner.token").read_text().strip()
        yield Client(settings.socket, token=token)


class Workspace:
    """What one company sees, from Python. Made by `kalends.connect()`; use it in a `with` block or call `close()`."""

    def __init__(self, settings: Settings) -> None:
        """Connect, starting a server if none runs."""
        self._stack = ExitStack()
        self.client = self._stack.enter_context(open_client(settings))

    def close(self) -> None:
        """Let go of the connection, and stop the server if it was started for this."""
        self._stack.close()

    def __enter__(self) -> Self:
        """The workspace itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def ingest(self, rows: Any, *, data_source: str = "file") -> dict[str, Any]:
        """Load one export file and wait until it is visible; gives the batch with its counts and report.

        `rows`: the file's path; or any Arrow table or stream (pyarrow, Polars, pandas, DuckDB); or dicts one after the
        other, such as a dlt resource gives.
        """
        with _as_file(rows) as path:
            answer: dict[str, Any] = self.client.post(
                "/marketing/ingest/local", {"path": str(path.resolve()), "data_source": data_source, "wait": True}
            )
        return answer

    def events(self, *, start: str, end: str) -> list[dict[str, Any]]:
        """The calendar's events that touch the days from `start` to `end` (ISO dates, both included)."""
        found: list[dict[str, Any]] = self.client.get("/calendar/events", start=start, end=end)["events"]
        return found

    def insights(self, **question: Any) -> dict[str, Any]:
        """`POST /marketing/insights` with `question` as its body."""
        answer: dict[str, Any] = self.client.post("/marketing/insights", question)
        return answer

    def causal(self, *, start: str, end: str, **options: Any) -> Any:
        """The causal-ready daily panel as a Polars frame; `frame.to_pandas()` where pandas is wanted."""
        import polars as pl  # noqa: PLC0415  heavy, and only wanted here

        body = {"date_range_start": start, "date_range_end": end, "format": "parquet", **options}
        return pl.read_parquet(self.client.call("POST", "/marketing/export/causal", body=body).content)


@contextmanager
def _as_file(rows: Any) -> Iterator[Path]:
    """The rows as a file on this machine, which only this OS user can read; a file stays where it is."""
    if isinstance(rows, str | Path):
        yield Path(rows)
        return
    with TemporaryDirectory(prefix="kalends-") as folder:
        if hasattr(rows, "__arrow_c_stream__"):
            from pyarrow import RecordBatchReader, parquet  # noqa: PLC0415  heavy, and only wanted here

            path = Path(folder) / "table.parquet"
            reader = RecordBatchReader.from_stream(rows)
            with parquet.ParquetWriter(path, reader.schema) as out:
                for batch in reader:
                    out.write_batch(batch)
        else:
            path = Path(folder) / "rows.ndjson"
            with path.open("w") as out:
                out.writelines(json.dumps(row, default=str) + "\n" for row in rows)
        yield path


class Schedule:
    """A page's week, as `ScheduleBuilder.build` gives it."""

    def __init__(self, client: Client, told: dict[str, Any]) -> None:
        """`told`: the schedule as the API shows it."""
        self._client = client
        self.told = told
        """All of it: messages, totals, analysis, what gave way, what has no place."""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.told["id"])

    @property
    def frame(self) -> Any:
        """Its messages by time, as a Polars frame with the columns of the CSV."""
        import polars as pl  # noqa: PLC0415  heavy, and only wanted here

        return pl.read_csv(self._csv(), schema_overrides={"caption_text": pl.String, "caption_id": pl.Int64})

    def to_csv(self, path: str | Path) -> Path:
        """Write it to `path`; noted in the log of exports."""
        written = Path(path)
        written.write_bytes(self._csv())
        return written

    def summary(self) -> str:
        """What it holds, in a few lines."""
        told, totals = self.told, self.told["totals"]
        what = f"{totals['ppv']} paid messages and {totals['bumps']} bumps"
        lines = [
            f"{told['page_name']}, {told['days']} days from {told['first_day']} ({told['zone']}): {what}",
            f"{told['tier']} ({told['strategy']}), saturation {told['saturation_zone']} {told['saturation_score']:.2f}"
            + ("" if told["is_saturation_known"] else ", insufficient data"),
            "by day: " + ", ".join(f"{day} {count}" for day, count in totals["by_day"].items()),
            "by price tier: " + ", ".join(f"{tier} {count}" for tier, count in totals["by_tier"].items()),
        ]
        lines += [f"gave way: {each['rule']} ({each['words']})" for each in told["relaxed"]]
        lines += [f"without a place: {each['message_type']}, because {each['reason']}" for each in told["unplaced"]]
        return "\n".join(lines)

    def _csv(self) -> bytes:
        return self._client.call("GET", f"/messages/schedules/{self.id}/csv").content


class ScheduleBuilder:
    """Weeks of creator pages.

    >>> with kalends.connect() as workspace:
    ...     ScheduleBuilder(workspace).build("Luna", "2026-11-23").to_csv("luna.csv")  # doctest: +SKIP
    """

    def __init__(self, workspace: Workspace) -> None:
        """`workspace`: as `connect` gives it."""
        self._client = workspace.client

    def build(self, page: str, week: Any, *, seed: int | None = None) -> Schedule:
        """Build and store the seven days from `week` (a date, or an ISO text) of the page of that name, as a draft."""
        body = {"page_name": page, "start_date": str(week)} | ({} if seed is None else {"seed": seed})
        return Schedule(self._client, self._client.post("/messages/schedules", body))


def connect(home: str | Path | None = None) -> Workspace:
    """Open the workspace in `home` (else KALENDS_HOME, else the default data folder)."""
    return Workspace(Settings(home=Path(home)) if home else Settings())
