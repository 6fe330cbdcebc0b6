"""What a house must do now and then, whoever calls: throw away what nobody can use any more.

A room declares a chore with `@chore`. The worker does them all, once an hour; one that fails is logged and tried again
with the next round. Several servers may do the same chore at the same time, so each must be harmless when repeated.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from kalends.base.priority import give_way
from kalends.base.work import House

Chore = Callable[[House], None]

LOG = structlog.get_logger(__name__)
FIRST_SECONDS, EVERY_SECONDS = 60, 3600
"""A start should not be slower for them; a server that runs for minutes a day must come to them too."""

LEFT_AFTER: Final = timedelta(days=1)
"""No upload takes a day: a file that was begun before that is nobody's."""
CHORES: Final[list[Chore]] = []


def chore(do: Chore) -> Chore:
    """Let `do` be done once an hour."""
    CHORES.append(do)
    return do


def do_chores(house: House) -> None:
    """Do them all."""
    give_way()
    for do in CHORES:
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
    while True:
        await asyncio.to_thread(do_chores, house)
        await asyncio.sleep(EVERY_SECONDS)


@chore
def sweep_unfinished_files(house: House) -> None:
    """Remove what killed writers left."""
    house.files.sweep(before=house.clock() - LEFT_AFTER)
