"""The faults that quality is tried on: `EVERY`, one function each, put into clean accounts (`clean`) by `running`."""

from .faults import KINDS
from .kinds import GROUPS, Kind
from .later import LATER
from .unseen import UNSEEN

EVERY: tuple[Kind, ...] = (*KINDS, *UNSEEN, *LATER)
__all__ = ["EVERY", "GROUPS", "KINDS", "LATER", "UNSEEN", "Kind"]
