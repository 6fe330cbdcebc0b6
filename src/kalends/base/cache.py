"""A cache that can be slow but never wrong.

A key holds the tenant, the permission scope and the data version, so a stale answer has a key that nobody asks for
any more: nothing has to be cleared. When the cache cannot be reached, the answer is made anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from cashews import Cache as Cashews
from cashews.exceptions import CacheBackendInteractionError
from prometheus_client import Counter
from redis.exceptions import RedisError

from kalends.base.version import __version__

T = TypeVar("T")

LOG = structlog.get_logger(__name__)
LOOKUPS = Counter("kalends_cache_lookups", "Cache look-ups by outcome.", ["outcome"])

KEEP_SECONDS = 3600
"""A working hour: long enough for a morning's click path; keys of old versions age out by themselves."""


class Cache:
    """Bytes by key, in this process or in Redis; one maker per key and process at a time."""

    def __init__(self, url: str) -> None:
        """`url`: mem:// or redis://..."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cache", daemon=True)
        self._thread.start()
        self._cashews = Cashews()
        options: dict[str, Any] = {"size": 10_000} if url.startswith("mem") else {"suppress": False}
        self._cashews.setup(url, **options)
        self._making: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get_or_make(
        self,
        make: Callable[[], bytes],
        *,
        tenant_id: UUID,
        scope: str,
        version: str,
        question: object,
        keep: Callable[[], bool] = lambda: True,
    ) -> bytes:
        """The bytes for `question` (JSON-able), from the cache or from `make`.

        `scope` names what the asker may see; `version` names the state of everything the answer depends on; `keep` says
        once it is made whether that state was still the one that it was made from.
        """
        key = cache_key(tenant_id=tenant_id, scope=scope, version=version, question=question)
        found = self._read(key)
        if found is not None:
            LOOKUPS.labels("hit").inc()
            return found
        with self._maker(key):
            found = self._read(key)
            if found is not None:
                LOOKUPS.labels("coalesced").inc()
                return found
            LOOKUPS.labels("miss").inc()
            made = make()
            if keep():
                self._try(self._cashews.set(key, made, expire=KEEP_SECONDS))
            return made

    def forget(self, *, tenant_id: UUID) -> None:
        """Drop all of a tenant's answers: what they were made from was mended without a new version."""
        self._try(self._cashews.delete_match(f"{_prefix(tenant_id)}*"))

    def close(self) -> None:
        """Let connections go."""
        self._try(self._cashews.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)

    def _read(self, key: str) -> bytes | None:
        found = self._try(self._cashews.get(key))
        return found if isinstance(found, bytes) else None

    def _try(self, doing: Coroutine[Any, Any, T]) -> T | None:
        """Do it if the cache is there; a second without an answer counts as not there."""
        future = asyncio.run_coroutine_threadsafe(doing, self._loop)
        try:
            return future.result(timeout=1)
        except (OSError, TimeoutError, RedisError, CacheBackendInteractionError) as error:
            future.cancel()
            LOG.warning("cache unreachable", error=repr(error.__cause__ or error))
        return None

    def _maker(self, key: str) -> threading.Lock:
        """The lock of whoever makes `key` in this process. Forgotten together, so that the table stays small."""
        with self._guard:
            if len(self._making) > 1000:
                self._making = {k: lock for k, lock in self._making.items() if lock.locked()}
            return self._making.setdefault(key, threading.Lock())


def cache_key(*, tenant_id: UUID, scope: str, version: str, question: object) -> str:
    """`tenant:sha256`: the tenant stands readable in front, all the rest is digested, and with it this program's own
    version: a server that was upgraded must not read what the one before it wrote.
    """
    told = [__version__, scope, version, question]
    digest = hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str))
    return f"{_prefix(tenant_id)}{digest.hexdigest()}"


def _prefix(tenant_id: UUID) -> str:
    return f"kalends:{tenant_id}:"
