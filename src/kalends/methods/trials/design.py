"""Who gets what in a trial: by lot, within blocks of units that are alike, so that it can be repeated by its seed.

A *unit* is the least thing that gets one arm or the other as a whole: a page for the whole trial, or a page's week.
Its outcome is one number; a page with five weeks in one arm is one unit, not five. A *block* is a set of units that
would do about the same without any trial.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Design:
    """Blocks and what the lot said; arrays (units,)."""

    block: Ints
    treated: Ints
    """1: the new arm; 0: the old one."""

    def __post_init__(self) -> None:
        """Raise ValueError for arrays of unlike length, or arms that are not 0 and 1."""
        if self.block.shape != self.treated.shape or not np.isin(self.treated, (0, 1)).all():
            raise ValueError("block and treated must be of one length, treated 0 or 1")


def draw_lots(block: Ints, *, dice: np.random.Generator) -> Design:
    """Half of each block to the new arm; of an odd one out, a coin says which arm gets one more.

    So each outcome of the lot is as likely as the one with the arms exchanged, on which the sequence of `watching`
    rests. Give blocks of two (pairs) or more; a block of one tells nothing.
    """
    return Design(block, lots(block, dice=dice, draws=1)[0])


def lots(block: Ints, *, dice: np.random.Generator, draws: int) -> Ints:
    """`draws` lots (draws, units) of the same design."""
    _, place, sizes = np.unique(block, return_inverse=True, return_counts=True)
    order = np.argsort(dice.random((draws, block.size)), axis=1, kind="stable")
    by_block = np.take_along_axis(np.broadcast_to(place, order.shape), order, axis=1)
    # In the order of blocks, and within a block in an order of chance.
    order = np.take_along_axis(order, np.argsort(by_block, axis=1, kind="stable"), axis=1)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rank = np.arange(block.size) - np.repeat(first, sizes)
    coin = dice.integers(0, 2, size=(draws, sizes.size))
    treated = (rank[None, :] + np.repeat(coin, sizes, axis=1)) % 2
    found = np.empty_like(order)
    np.put_along_axis(found, order, treated, axis=1)
    return found


def pair_weeks(page: Ints, week: Ints) -> Ints:
    """Blocks (units,) for a switchback: each page's weeks two by two, so that both arms see each page at about the
    same time. `week` counts weeks; each page and week once. The last of an odd number stands alone and tells nothing.
    """
    order = np.lexsort((week, page))
    pages, sizes = np.unique(page, return_counts=True)
    rank = np.concatenate([np.arange(size) // 2 for size in sizes]) if pages.size else np.empty(0, np.int64)
    most = int(rank.max(initial=0)) + 1
    blocks = np.empty(page.size, dtype=np.int64)
    blocks[order] = np.repeat(np.arange(pages.size), sizes) * most + rank
    return np.unique(blocks, return_inverse=True)[1].astype(np.int64)


def pair_alike(before: Floats) -> Ints:
    """Blocks (units,) of two units next to each other in what they did before; of an odd number the last has three."""
    rank = np.argsort(np.argsort(before, kind="stable"), kind="stable")
    blocks: Ints = np.minimum(rank // 2, max(before.size // 2 - 1, 0)).astype(np.int64)
    return blocks
