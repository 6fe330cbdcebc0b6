"""What holds when sources disagree: strategies by name, each of which keeps what it did not choose."""

from kalends.methods.truth.claims import UNRESOLVED, Choice, Choices, Claim, Losing, Strategy
from kalends.methods.truth.strategies import STRATEGIES, UnknownStrategyError, register, resolve

__all__ = [
    "STRATEGIES",
    "UNRESOLVED",
    "Choice",
    "Choices",
    "Claim",
    "Losing",
    "Strategy",
    "UnknownStrategyError",
    "register",
    "resolve",
]
