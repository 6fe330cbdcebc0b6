"""The sample company's door: `generate` makes it, `fill` hands it to a workspace."""

from kalends.demo.company import CompanyProfile, DemoCompany, TooShortHistoryError, generate
from kalends.demo.events import DemoEvent
from kalends.demo.fill import Door, Filled, fill
from kalends.demo.reported import DemoFile

__all__ = [
    "CompanyProfile",
    "DemoCompany",
    "DemoEvent",
    "DemoFile",
    "Door",
    "Filled",
    "TooShortHistoryError",
    "fill",
    "generate",
]
