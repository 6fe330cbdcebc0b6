"""What a house must do now and then, whoever calls: throw away what nobody can use any more.

A room declares a chore with `@chore`, and one that cannot wait an hour with `@frequent_chore`. The worker does them
all; one that fails is logged and tried again with the next round. Several servers may do the same chore at the same
time, so each must be harmless when repeated.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from kalends.base.priority import give_way
from kalends.base.work import House

Chore = Callable[[House], None]

LOG = structlog.get_logger(__name__)
FIRST_SECONDS, FREQUENT_SECONDS, ROUNDS_AN_HOUR = 60, 300, 12
"""A start should not be slower for them; a server that runs for minutes a day must come to them too."""

LEFT_AFTER: Final = timedelta(days=1)
"""No upload takes a day: a file that was begun before that is nobody's."""
CHORES: Final[list[Chore]] = []
FREQUENT: Final[list[Chore]] = []


def chore(do: Chore) -> Chore:
    """Let `do` be done once an hour."""
    CHORES.append(do)
    return do


def frequent_chore(do: Chore) -> Chore:
    """Let `do` be done every five minutes: it looks whether anything is due, and that costs little."""
    FREQUENT.append(do)
    return do


def do_chores(house: House, *, only_frequent: bool = False) -> None:
    """Do them all, or those that come every five minutes."""
    give_way()
    for do in FREQUENT if only_frequent else [*FREQUENT, *CHORES]:
        began = time.monotonic()
        try:
            do(house)
        except Exception:
            LOG.exception("chore failed", chore=do.__qualname__)
        else:
            LOG.info("chore done", chore=do.__qualname__, seconds=round(time.monotonic() - began, 3))


async def keep_house(house: House) -> None:
    """Do them for as long as the worker lives."""
    await asyncio.sleep(FIRST_SECONDS)
    for place in itertools.count():
        await asyncio.to_thread(do_chores, house, only_frequent=place % ROUNDS_AN_HOUR > 0)
        await asyncio.sleep(FREQUENT_SECONDS)


@chore
def sweep_unfinished_files(house: House) -> None:
    """Remove what killed writers left."""
    house.files.sweep(before=house.clock() - LEFT_AFTER)
