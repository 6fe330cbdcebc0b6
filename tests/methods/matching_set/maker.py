"""Makes the labelled set: calendars of several sources that hold the same events, with the mess that calendars have.

    python tests/methods/matching_set/maker.py

writes entries.jsonl (one record of one source a line; `event` is the truth) and pairs.jsonl (labelled pairs: every pair
that is one event, and as many of different events that are near in time, those with words in common first).
What is held out shares no company, no name, no way of writing and hardly a kind of slip with what is for tuning.
"""

import json
import random
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from companies import HELD_OUT, MORE_TUNING, PHRASES, TUNING

HERE = Path(__file__).parent
YEARS = (2025, 2026)


@dataclass(frozen=True)
class Source:
    """One person's or team's calendar and its habits; shares are probabilities per record."""

    name: str
    holds: float
    """Of the events."""
    own_name: float
    """Uses another name than the first one."""
    shifted: float
    """A day early or late, both ends: midnight in another time zone."""
    longer: float
    """Ends a day late: an exclusive end that was taken for the last day."""
    slip: float
    """A slip in the title."""
    split: float
    """Written as two records: the first two thirds, and the rest as the last days."""
    doubled: float
    """The same record twice, with the same key."""
    says_type: float
    says_markets: bool
    """Where not, the country of an event that each country has for itself is written into the title."""
    copies_keys: bool
    """Imported from the first source's calendar: has its keys where it holds the same event."""
    styles: tuple[str, ...]
    """Ways of writing: {t} title, {y} year, {y2} its last two digits, {q} quarter, {c} company."""


@dataclass(frozen=True)
class Half:
    """The parameters of one half."""

    name: str
    letter: str
    """Of its ids."""
    seed: int
    companies: dict[str, str]
    sources: tuple[Source, ...]
    slips: tuple[str, ...]
    countries: dict[str, str]
    in_title: tuple[str, ...]
    """How a country is written into a title: {t} title, {m} code, {n} name."""
    last_days: tuple[str, ...]


TUNING_HALF = Half(
    name="tuning",
    letter="t",
    seed=4_711,
    companies=TUNING,
    sources=(
        Source("brand", .85, .05, .0, .0, .01, .0, .02, .9, True, False, ("{t}", "{t} {y}", "{t}")),
        Source("agency", .7, .25, .25, .0, .05, .05, .0, .5, True, False, ("{c} {t}", "{t} {y}", "{t} FY{y2}", "[{y}] {t}")),
        Source("shops", .6, .3, .05, .1, .05, .0, .03, .3, False, False, ("{t}", "{t}!", "** {t} **", "{t} (tbc)")),
        Source("outlook", .5, .1, .05, .05, .02, .0, .02, .0, True, True, ("{t}", "FW: {t}", "{t}", "Copy of {t}")),
        Source("social", .5, .3, .1, .0, .08, .04, .0, .6, False, False, ("🎉 {t}", "{t} 🔥", "the {t} event", "{t} campaign")),
    ),
    slips=("drop", "swap"),
    countries={"DE": "Germany", "AT": "Austria", "CH": "Switzerland", "FR": "France", "BE": "Belgium", "ES": "Spain",
               "US": "USA", "GB": "UK"},
    in_title=("{t} {m}", "[{m}] {t}", "{t} ({n})"),
    last_days=("{t} - last days", "{t} part 2"),
)  # fmt: skip
MORE_TUNING_HALF = Half(
    name="tuning",
    letter="u",
    seed=90_125,
    companies=MORE_TUNING,
    sources=(
        Source("marketing plan", .8, .05, .02, .0, .0, .0, .01, .8, True, False, ("{t}", "{t} '{y2}", "Campaign: {t}")),
        Source("retail media", .65, .25, .15, .1, .06, .0, .02, .4, False, False, ("{t} — {y}", "{t}", "✅ {t}", "{t} [confirmed]")),
        Source("pr desk", .55, .3, .2, .0, .04, .05, .0, .7, True, False, ("{t}", "{c}: {t}", "{c} – {t}", "{y} {t}")),
        Source("google", .55, .1, .08, .08, .03, .0, .03, .0, True, True, ("{t}", "{t} 📅", "{t} (draft)", "Re: {t}")),
        Source("crm", .5, .3, .05, .05, .08, .04, .0, .5, False, False, ("{t}", "{t} - email", "{t} {y}/{y2}", "{t}")),
    ),
    slips=("double", "neighbour", "drop"),
    countries={"IT": "Italia", "ES": "España", "US": "United States", "GB": "Great Britain", "DE": "Deutschland",
               "IE": "Ireland", "NL": "Netherlands"},
    in_title=("{t} / {m}", "{n}: {t}", "{t} {n}"),
    last_days=("Final days: {t}", "{t} – ends soon, last chance"),
)  # fmt: skip
HELD_OUT_HALF = Half(
    name="held_out",
    letter="h",
    seed=31_415,
    companies=HELD_OUT,
    sources=(
        Source("master plan", .85, .05, .0, .03, .0, .0, .02, .9, True, False, ("{t}", "{t} | {y}", "{t}")),
        Source("country teams", .65, .3, .15, .0, .05, .03, .0, .4, True, False, ("{t}", "({y2}) {t}", "{t} Q{q}/{y}", "{c} | {t}")),
        Source("media agency", .6, .25, .2, .08, .04, .05, .0, .6, False, False, ("{t}", "🛍️ {t}", "{t} // {y}", "{t}: campaign")),
        Source("exchange", .5, .1, .05, .05, .02, .0, .03, .0, True, True, ("{t}", "WG: {t}", "{t} [internal]", "TBC {t}")),
        Source("newsroom", .55, .3, .08, .03, .08, .0, .0, .5, False, False, ("{t}", "{t}...", "{y}: {t}", "📣 {t} 📣")),
    ),
    slips=("wrong", "joined", "double"),
    countries={"DE": "Deutschland", "AT": "Österreich", "CH": "Schweiz", "GB": "England", "FR": "France", "ES": "Spain",
               "IT": "Italy", "US": "USA"},
    in_title=("{m} | {t}", "{t} - {n}", "{t} [{m}]"),
    last_days=("{t} (last chance)", "Last days of {t}"),
)  # fmt: skip
HALVES = (TUNING_HALF, MORE_TUNING_HALF, HELD_OUT_HALF)
KEYBOARD = {"a": "s", "e": "r", "i": "o", "n": "m", "o": "p", "r": "t", "s": "d", "t": "y", "l": "k", "d": "f"}


def events_of(half, company):
    """(event, first, last, type, markets, names, is one of several countries) of every event of a company."""
    for line in half.companies[company].strip().splitlines():
        day, days, kind, where, names = (part.strip() for part in line.split(" | ")) if line.count(" | ") == 4 else (
            part.strip() for part in line.split("|"))  # fmt: skip
        for year in YEARS[:1] if day.startswith("*") else YEARS:
            month, number = map(int, day.lstrip("*").split("-"))
            first = date(year, month, number)
            for place in where.split("/"):
                event = f"{company}:{day}:{names.split(' / ')[0]}:{place}:{year}"
                last = first + timedelta(days=int(days) - 1)
                markets = tuple(filter(None, place.split("+")))
                yield event, first, last, kind, markets, names.split(" / "), "/" in where


def slipped(rng, half, title):
    """The title with one slip in a word of five letters or more; unchanged where there is none."""
    places = [at for at in range(1, len(title) - 2) if title[at - 1 : at + 3].isalpha()]
    long = [at for at in places if len(next((w for w in title.split() if title[at - 1 : at + 3] in w), "")) >= 5]
    if not long:
        return title
    at, kind = rng.choice(long), rng.choice(half.slips)
    letter = title[at]
    return {
        "drop": title[:at] + title[at + 1 :],
        "swap": title[:at] + title[at + 1] + letter + title[at + 2 :],
        "double": title[:at] + letter + title[at:],
        "wrong": title[:at] + rng.choice("aeinrst") + title[at + 1 :],
        "joined": title.replace(" ", "", 1),
        "neighbour": title[:at] + KEYBOARD.get(letter, letter) + title[at + 1 :],
    }[kind]


def moment_in(title):
    """The moment that the caller finds in a title: the longest phrase that is in it as whole words."""
    plain = "".join(
        letter if letter.isalnum() else " " for letter in title.casefold().replace("'s", "").replace("’s", "")
    )
    words = f" {' '.join(plain.split())} "
    for phrase in sorted(PHRASES, key=len, reverse=True):
        folded = "".join(letter if letter.isalnum() else " " for letter in phrase.replace("'s", ""))
        if f" {' '.join(folded.split())} " in words:
            return PHRASES[phrase]
    return None


def records(rng, half, company, source, event):
    """The records that a source has of an event; none if it does not hold it."""
    name, first, last, kind, markets, names, is_of_one_country = event
    if rng.random() >= source.holds:
        return
    title = rng.choice(names[1:]) if rng.random() < source.own_name else names[0]
    if rng.random() < source.slip:
        title = slipped(rng, half, title)
    if is_of_one_country and not source.says_markets:
        title = rng.choice(half.in_title).format(t=title, m=markets[0], n=half.countries[markets[0]])
    written = rng.choice(source.styles).format(
        t=title, y=first.year, y2=first.year % 100, q=(first.month + 2) // 3, c=company
    )
    shift = timedelta(days=rng.choice((-1, 1)) if rng.random() < source.shifted else 0)
    longer = timedelta(days=1 if rng.random() < source.longer else 0)
    key = f"{name}@{source.name if not source.copies_keys else half.sources[0].name}"
    record = {
        "half": half.name, "company": company, "source": source.name, "title": written,
        "first": first + shift, "last": last + shift + longer, "key": key,
        "type": kind if rng.random() < source.says_type else None,
        "markets": list(markets) if source.says_markets else [], "moment": moment_in(written), "event": name,
    }  # fmt: skip
    days = (record["last"] - record["first"]).days + 1
    if days >= 6 and rng.random() < source.split:
        cut = record["first"] + timedelta(days=days * 2 // 3)
        rest = rng.choice(half.last_days).format(t=title)
        yield record | {"last": cut - timedelta(days=1), "key": f"{key}-1"}
        yield record | {
            "first": cut,
            "title": rest,
            "key": f"{key}-2",
            "event": f"{name}:rest",
            "moment": moment_in(rest),
        }
        return
    yield record
    if rng.random() < source.doubled:
        yield dict(record)


def make(half):
    """All entries of a half, numbered."""
    rng = random.Random(half.seed)
    made = [
        record
        for company in half.companies
        for event in events_of(half, company)
        for source in half.sources
        for record in records(rng, half, company, source, event)
    ]
    # Keys say nothing but equality: they are numbers here.
    numbers = {key: f"uid-{n}" for n, key in enumerate(dict.fromkeys(record["key"] for record in made))}
    rng.shuffle(made)
    return [{"id": f"{half.letter}{n:04}", **record, "key": numbers[record["key"]]} for n, record in enumerate(made)]


def labelled(half, entries):
    """The labelled pairs of a half: all that are one event, and as many that are not though they are near."""
    rng = random.Random(half.seed + 1)
    same, near = [], []
    for a, b in combinations(entries, 2):
        if a["company"] != b["company"]:
            continue
        if a["event"] == b["event"]:
            same.append((a, b))
        elif (a["source"] != b["source"] and abs((a["first"] - b["first"]).days) <= 5) or (
            a["event"].rsplit(":", 1)[0] == b["event"].rsplit(":", 1)[0]
            and a["title"].casefold() == b["title"].casefold()
        ):
            near.append((a, b))
    rng.shuffle(near)
    near.sort(key=lambda pair: -len(_words(pair[0]) & _words(pair[1])))
    for is_same, pairs in ((True, same), (False, near[: len(same)])):
        for a, b in pairs:
            yield {"a": a["id"], "b": b["id"], "same": is_same}


def _words(entry):
    return set(entry["title"].casefold().split())


def said(entry):
    """Without what the source does not say."""
    return {name: value for name, value in entry.items() if value}


def main() -> None:
    lines, pairs = [], []
    for half in HALVES:
        entries = make(half)
        lines += [json.dumps(said(entry), default=str, ensure_ascii=False) for entry in entries]
        pairs += [json.dumps(pair) for pair in labelled(half, entries)]
    (HERE / "entries.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (HERE / "pairs.jsonl").write_text("\n".join(pairs) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
