"""The faults that quality is tried on: `EVERY`, one function each, put into clean accounts (`clean`) by `running`."""

from .blind import BLIND, BLIND_2
from .blind3 import BLIND_3
from .blind4 import BLIND_4
from .faults import KINDS
from .kinds import GROUPS, Kind
from .later import LATER
from .unseen import UNSEEN

EVERY: tuple[Kind, ...] = (*KINDS, *UNSEEN, *LATER, *BLIND, *BLIND_2, *BLIND_3, *BLIND_4)
__all__ = ["BLIND", "BLIND_2", "BLIND_3", "BLIND_4", "EVERY", "GROUPS", "KINDS", "LATER", "UNSEEN", "Kind"]
