"""Threads that run after those that serve people."""

import os
import sys
import threading

NICENESS = 10
"""Of background work: a tenth of the weight of what people wait for; not less, as others wait for what it holds."""


def give_way() -> None:
    """Let the thread that calls this, and those that it starts, run after the others, where the system knows a thread's
    own rank.
    """
    if sys.platform == "linux":
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, max(NICENESS, os.getpriority(os.PRIO_PROCESS, own)))
