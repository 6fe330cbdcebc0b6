"""Audiences whose truth is known: for the demo, for tests, and to compare policies before money is spent on them.

`draw_audience` draws the parameters of a page, `Simulator` lets a week's schedule meet it, `simulate` lets an
operator's habits run for a year. Deterministic by seed. It is a model, made to be as unkind as real histories are
(unknown shocks, captions that wear out, prices that rise, half-known holidays); no audience was measured for it.
"""

from kalends.messages.simulator.audience import Audience, Dip, draw_audience
from kalends.messages.simulator.bank import draw_bank
from kalends.messages.simulator.habits import Habits, Simulated, draw_habits, simulate
from kalends.messages.simulator.world import SCHEDULE, Sent, Simulator, Week

__all__ = [
    "SCHEDULE",
    "Audience",
    "Dip",
    "Habits",
    "Sent",
    "Simulated",
    "Simulator",
    "Week",
    "draw_audience",
    "draw_bank",
    "draw_habits",
    "simulate",
]
