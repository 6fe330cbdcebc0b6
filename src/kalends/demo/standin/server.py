"""The local server in front of the stand-ins: one port for all hosts of all platforms."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from kalends.demo.standin.speaking import Asked, Reply, Standin

METHODS = ["GET", "POST", "PUT", "DELETE"]


def application(standins: Sequence[Standin]) -> Starlette:
    """The web application that answers as all of them."""
    by_host: dict[str, list[Standin]] = {}
    for standin in standins:
        for host in standin.hosts:
            by_host.setdefault(host, []).append(standin)
    turn = threading.Lock()

    async def answer(request: Request) -> Response:
        host, _, path = request.path_params["rest"].partition("/")
        if host not in by_host:
            return Response(f"Nobody stands in for {host}.", 404)
        asked = Asked(
            method=request.method,
            host=host,
            path="/" + path,
            query=parse_qs(request.url.query, keep_blank_values=True),
            headers=dict(request.headers),
            body=await request.body(),
        )
        with turn:
            reply = spoken_to(by_host[host], asked).take(asked)
        return cut_off(reply) if reply.is_cut else Response(reply.content, reply.status, dict(reply.headers))

    def tell_keys(request: Request) -> Response:
        found = {standin.data_source: standin.known for standin in standins}
        return JSONResponse(found.get(request.path_params["data_source"], {}))

    return Starlette(routes=[Route("/keys/{data_source}", tell_keys), Route("/{rest:path}", answer, methods=METHODS)])


def spoken_to(standins: Sequence[Standin], asked: Asked) -> Standin:
    """Who of those at one host is meant: several of a company's platforms get their tokens at one place."""
    return next((one for one in standins if one.is_meant(asked)), standins[0])


def cut_off(reply: Reply) -> Response:
    """An answer whose connection breaks off in the middle."""

    async def half() -> AsyncIterator[bytes]:
        yield reply.content[: len(reply.content) // 2]
        await asyncio.sleep(0)
        raise BrokenPipeError("as was asked for")

    headers = dict(reply.headers) | {"content-length": str(max(len(reply.content), 1))}
    return StreamingResponse(half(), reply.status, headers)


@contextmanager
def serving(standins: Sequence[Standin], *, port: int = 0) -> Iterator[str]:
    """The stand-ins at an address on loopback, which is given; they end with the block."""
    config = uvicorn.Config(
        application(standins), host="127.0.0.1", port=port, log_level="critical", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="standins", daemon=True)
    thread.start()
    give_up = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > give_up or not thread.is_alive():
            raise TimeoutError("the stand-ins did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
