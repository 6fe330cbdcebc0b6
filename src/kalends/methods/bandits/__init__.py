"""Choosing among many arms whose purchase rates must be learned while they are used."""

from kalends.methods.bandits.beliefs import Beliefs, NestingError, fading, learn
from kalends.methods.bandits.choosing import Choice, choose, generator, sample_scores
from kalends.methods.bandits.offpolicy import Estimate, Log, doubly_robust, normalised, weighted
from kalends.methods.bandits.policies import UCB1, ChernoffUCB, Greedy, Policy, RoundRobin, Thompson, Uniform

__all__ = [
    "UCB1",
    "Beliefs",
    "ChernoffUCB",
    "Choice",
    "Estimate",
    "Greedy",
    "Log",
    "NestingError",
    "Policy",
    "RoundRobin",
    "Thompson",
    "Uniform",
    "choose",
    "doubly_robust",
    "fading",
    "generator",
    "learn",
    "normalised",
    "sample_scores",
    "weighted",
]
