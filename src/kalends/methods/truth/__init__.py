"""What holds when sources disagree: strategies by name, each of which keeps what it did not choose."""

from kalends.methods.truth.claims import UNRESOLVED, Choice, Choices, Claim, Learned, Losing, Strategy
from kalends.methods.truth.learned import learn
from kalends.methods.truth.numbers import how_far, learn_numbers, reconcile_numbers
from kalends.methods.truth.strategies import STRATEGIES, TakenNameError, UnknownStrategyError, register, resolve

__all__ = [
    "STRATEGIES",
    "UNRESOLVED",
    "Choice",
    "Choices",
    "Claim",
    "Learned",
    "Losing",
    "Strategy",
    "TakenNameError",
    "UnknownStrategyError",
    "how_far",
    "learn",
    "learn_numbers",
    "reconcile_numbers",
    "register",
    "resolve",
]
