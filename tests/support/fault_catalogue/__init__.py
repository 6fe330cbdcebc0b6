"""The faults that quality is tried on: `KINDS`, one function each, put into clean accounts (`clean`) by `running`."""

from .faults import KINDS
from .kinds import Kind
from .unseen import UNSEEN

EVERY: tuple[Kind, ...] = (*KINDS, *UNSEEN)
