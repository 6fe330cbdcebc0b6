"""What a trial's pages say, in plain words: arms, power, and the answer with its interval."""

from __future__ import annotations

from typing import Any, Final

from kalends.base.pages.components import Tone
from kalends.messages.trialplans import Power
from kalends.methods.trials import Answer, Rule

POLICIES: Final = {
    "thompson": "captions by what is believed of them, with room to learn (as usual)",
    "greedy": "always the captions that did best so far",
    "uniform": "captions by chance",
}
WAYS: Final = {
    "pages": "Pages: each page sends one way all the time",
    "weeks": "Weeks: each page sends both ways, by turns",
}
RULES: Final = {
    Rule.AT_THE_END.value: "Once, at the end: finds the most",
    Rule.AT_ANY_TIME.value: "Whenever you like: may be stopped early, needs more",
}
TONES: Final[dict[str, Tone]] = {"better": "good", "worse": "bad", "alike": "plain", "not enough data": "attention",
                                 "not finished": "plain"}  # fmt: skip


def arm_words(kind: str, arm: dict[str, Any]) -> str:
    """What an arm does."""
    if kind == "captions":
        return POLICIES[arm["policy"]]
    if arm["ppv_percent"] == arm["bump_percent"] == 100:
        return "as many messages as usual"
    return f"{arm['ppv_percent']} % of the usual paid messages, {arm['bump_percent']} % of the bumps"


def percent(share: float | None) -> str:
    """A share with its sign, as percent."""
    return "no bound" if share is None else f"{100 * share:+.1f} %".replace("-", "\N{MINUS SIGN}")


def span(effect: dict[str, Any]) -> str:
    """An interval."""
    return f"between {percent(effect['low'])} and {percent(effect['high'])}"


def power_words(power: Power, *, smallest: float, way: str) -> list[str]:
    """What a trial can find, before it starts."""
    what = "pairs of pages" if way == "pages" else "pairs of weeks"
    if power.detectable is None:
        return [
            f"It compares {power.blocks} {what}: so few that no difference, however large, could be told from chance.",
            "Add pages or weeks, or let pages send both ways by turns.",
        ]
    least = f"{100 * power.detectable:.0f} %"
    found = f"A true difference of {least} of earnings is found four times in five; smaller ones mostly are not."
    said = [f"It compares {power.blocks} {what}. {found}"]
    if power.is_enough:
        said.append(f"That is enough for the {100 * smallest:.0f} % that would matter to you.")
    elif power.blocks_needed is not None:
        said.append(f"For the {100 * smallest:.0f} % that would matter to you it takes {power.blocks_needed:,} pairs.")
    return said


def headline(result: dict[str, Any], *, has_ended: bool) -> str:
    """The answer in a few words."""
    if has_ended and result["answer"] == Answer.NOT_YET.value:
        return "Ended early, without an answer"
    return {
        Answer.BETTER.value: "The new way earns more",
        Answer.WORSE.value: "The new way earns less",
        Answer.ALIKE.value: "It makes no difference that would matter",
        Answer.TOO_LITTLE.value: "Not enough data to say",
        Answer.NOT_YET.value: "Not finished",
    }[result["answer"]]


def result_words(result: dict[str, Any], *, has_ended: bool, rule: str) -> list[str]:
    """What the answer means."""
    known = f"{result['blocks']} of {result['planned']} pairs are known."
    if result["answer"] == Answer.NOT_YET.value:
        if has_ended:
            return [f"It was ended before its time, and was planned for one reading at the end. {known}"]
        return [f"{known} There is no number before the end: an early one would be wrong more often than it says."]
    effect = result["effect"]
    if effect is None:
        return [f"{known} A week counts once its history is imported, with the earnings of all its paid messages."]
    if effect["low"] is None and effect["high"] is None:
        return [f"{known} From so few, any difference could be chance."]
    by, certain = percent(effect["estimate"]), "in 95 of 100 such trials"
    said = [f"It changed earnings by {by} of a usual week; the truth is {span(effect)}, {certain}."]
    if result["answer"] == Answer.TOO_LITTLE.value:
        said.append("No difference at all is within that: this does not show that the ways are alike.")
    if rule == Rule.AT_ANY_TIME.value:
        said.append("This interval may be looked at as often as you like.")
    return [*said, known]


def carry_words(result: dict[str, Any]) -> str:
    """The warning about weeks that leave something behind; empty without reason."""
    if not result["is_carry_seen"]:
        return ""
    return (
        f"Last week's way still changed this week's earnings, by {percent(result['carry']['estimate'])} "
        f"({span(result['carry'])}): an audience stays tired or rested. So the difference above is not what it would "
        "be if one way were kept up. Compare pages instead of weeks."
    )
