"""The faults that quality is tried on: `EVERY`, one function each, put into clean accounts (`clean`) by `running`."""

from .blind import BLIND, BLIND_2
from .faults import KINDS
from .kinds import GROUPS, Kind
from .later import LATER
from .unseen import UNSEEN

EVERY: tuple[Kind, ...] = (*KINDS, *UNSEEN, *LATER, *BLIND, *BLIND_2)
__all__ = ["BLIND", "BLIND_2", "EVERY", "GROUPS", "KINDS", "LATER", "UNSEEN", "Kind"]
