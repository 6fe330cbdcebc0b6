"""Calls to addresses that a customer gave: never into this server's own network, and to the very address checked.

A name is resolved once; what it resolves to is checked, and the call goes to that address. Were the name resolved
again for the call, it could lead elsewhere by then.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from kalends.base.errors import BadInputError
from kalends.base.settings import Settings

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as networks without IPv4 write them (RFC 6052)."""
# They name every address that is called, and some addresses are secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class InnerAddressError(BadInputError):
    """The address is inside this server's own network."""

    code = "inner_address"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: the address by number, and the name that it is asked for."""

    url: httpx.URL
    headers: dict[str, str]
    extensions: dict[str, Any]


def inner_allowed(settings: Settings) -> bool:
    """Whether this server may call its own network: it serves nobody but the people on this machine."""
    return settings.host in LOOPBACK


def targets(url: str, *, local_allowed: bool) -> Sequence[Target]:
    """Where `url` leads, each address once. Raises InnerAddressError, and OSError for a name that nobody knows.

    Without the check a customer could make a hosted server call what only it can reach.
    """
    asked = httpx.URL(url)
    found = socket.getaddrinfo(asked.raw_host.decode(), asked.port, proto=socket.IPPROTO_TCP)
    numbers = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not local_allowed and not all(map(is_outside, numbers)):
        raise InnerAddressError(f"{asked.host} is inside this server's own network.", field="url")
    return [_target(asked, number) for number in numbers]


def _target(asked: httpx.URL, number: str) -> Target:
    named = {"sni_hostname": asked.raw_host.decode()}
    return Target(asked.copy_with(host=number), {"Host": asked.netloc.decode()}, named)


def is_outside(number: str) -> bool:
    """Whether an IP address is one of the public internet's, also where it wraps another one."""
    address = ipaddress.ip_address(number.partition("%")[0])
    inner = _wrapped(address) if isinstance(address, ipaddress.IPv6Address) else None
    if inner is not None:
        return is_outside(str(inner))
    return address.is_global and not address.is_multicast


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside an IPv6 one: mapped, 6to4 or NAT64."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


@contextmanager
def call(
    client: httpx.Client, method: str, url: str, *, local_allowed: bool, headers: dict[str, str], body: bytes = b""
) -> Iterator[httpx.Response]:
    """One call, its answer open for reading; redirects are the caller's. The first address that answers is taken.

    Raises InnerAddressError, OSError, and httpx's errors.
    """
    answer = _first(client, method, targets(url, local_allowed=local_allowed), headers, body)
    try:
        yield answer
    finally:
        answer.close()


def _first(
    client: httpx.Client, method: str, found: Sequence[Target], headers: dict[str, str], body: bytes
) -> httpx.Response:
    for place, target in enumerate(found, start=1):
        request = client.build_request(
            method, target.url, headers=headers | target.headers, content=body, extensions=target.extensions
        )
        try:
            return client.send(request, stream=True, follow_redirects=False)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if place == len(found):
                raise
    raise OSError("the name leads nowhere")
