"""Creator pages for the sample company: a year of messages to audiences whose truth only the simulator knows.

One page is large and tired, one is small, one is new, one has hardly any captions left: whoever looks around meets a
rested audience, a tired one, too little data and a week that cannot hold all it should.
"""

from __future__ import annotations

import csv
import io
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from kalends.client import Client
from kalends.messages.simulator import Audience, Habits, simulate

WAIT: Final = 120
"""Seconds at most for a file of a year's messages to be read; it takes one or two."""
NUMBERS: Final = 1_000
"""Between the caption numbers of two pages."""


@dataclass(frozen=True, slots=True)
class DemoPage:
    """A creator's page, her audience, and how much was sent to it."""

    name: str
    audience: Audience
    habits: Habits
    weeks: int = 40
    captions: int = 180
    """How many of the drawn captions she really has."""


def _page(name: str, zone: str, fans: int, price: float, bears: float, paid: float, **more: Any) -> DemoPage:
    audience = Audience(recipients=fans, zone_name=zone, reference_price=price, capacity=bears)
    return DemoPage(name, audience, Habits(paid=paid, bumps=paid * 0.7), **more)


PAGES: Final = (
    _page("Luna Vance", "America/New_York", 14_000, 14.0, 24.0, 12.0),
    _page("Mara Reyes", "America/Los_Angeles", 38_000, 18.0, 10.0, 22.0),
    _page("Kira Holm", "Europe/Berlin", 5_200, 9.0, 16.0, 9.0),
    _page("Ava Okafor", "Europe/London", 2_100, 8.0, 14.0, 6.0),
    _page("Noor Lind", "America/New_York", 900, 7.0, 12.0, 4.0, weeks=3),
    _page("Tess Moreau", "Europe/Berlin", 7_500, 12.0, 15.0, 11.0, captions=14),
)

TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "Lifestyle": ("Sunday light, the whole roll", "What I really do on a day off", "The red dress came today"),
    "Behind the scenes": ("What happened after the camera stopped", "How this set was made", "Nobody saw these takes"),
    "Workout": ("Leg day, uncut: you asked for it", "My whole routine, start to end", "Stretching, slowly"),
    "Story": ("The longest story I have told you", "Part two, as promised", "It began on the train"),
    "Question": ("Would you rather see the red or the black one?", "Guess where I am", "What shall I wear on Friday?"),
    "Special": ("I made this one just for you", "Only for those who stayed", "The one everybody wrote me about"),
    "Seasonal": ("First snow, first set", "From the warm side of the window", "A little early for presents?"),
}
URGENT: Final = ("Only until midnight: ", "Tonight only: ", "Last hours: ")
ENDS: Final = ("", " \N{EN DASH} tell me what you think", " ❤", ", and it gets better", " (you will see)", "!")


@dataclass(frozen=True, slots=True)
class DemoMessages:
    """What the company would import: pages as the API takes them, captions and history as files."""

    pages: tuple[dict[str, Any], ...]
    captions: bytes
    history: bytes


def generate_messages(*, seed: int, monday: date, pages: Sequence[DemoPage] = PAGES) -> DemoMessages:
    """The pages with everything that was sent before `monday`. The same seed and day give the same bytes."""
    captions, history = [], []
    for at, page in enumerate(pages):
        told = simulate(
            seed=seed * 100 + at, weeks=page.weeks, audience=page.audience, habits=page.habits,
            starts_on=monday - timedelta(weeks=page.weeks), before=0 if page.weeks < 10 else 10,
        )  # fmt: skip
        first = NUMBERS * (at + 1)
        captions += _captions(page, told.captions.iter_rows(named=True), first=first, seed=seed + at)
        history += [
            {
                "message_id": f"{first}-{row['message_id']}",
                "page_name": page.name,
                "sent_at": row["sent_at"].isoformat(),
                "message_type": row["type"],
                "caption_id": first + row["caption_no"],
                **{name: row[name] for name in ("price", "recipients", "viewed", "purchased", "earnings", "currency")},
            }
            for row in told.history.iter_rows(named=True)
        ]
    told_pages = tuple({"name": page.name, "zone": page.audience.zone_name, "currency": "USD"} for page in pages)
    return DemoMessages(told_pages, _csv(captions), _csv(history))


def fill_messages(client: Client, *, seed: int, today: date, pages: Sequence[DemoPage] = PAGES) -> None:
    """Give the workspace the pages, what they sent, and drafts of the two weeks to come; some are approved."""
    if client.get("/messages/pages")["total"]:
        return
    monday = today - timedelta(days=today.weekday())
    made = generate_messages(seed=seed, monday=monday, pages=pages)
    for page in made.pages:
        client.post("/messages/pages", page)
    for kind, content in (("captions", made.captions), ("history", made.history)):
        client.call(
            "POST",
            "/messages/imports",
            params={"kind": kind, "file_name": f"{kind}.csv", "wait": WAIT},
            content=content,
            headers={"content-type": "application/octet-stream", "idempotency-key": f"demo/{seed}/{today}/{kind}"},
        )
    coming, after = monday + timedelta(days=7), monday + timedelta(days=14)
    build(client, first_day=coming, pages=len(made.pages))
    build(client, first_day=after, pages=len(made.pages))
    ready = [each["schedule_id"] for each in listed(client, coming) if each["schedule_id"]]
    for schedule_id in ready[:3]:
        client.post(f"/messages/schedules/{schedule_id}/approve", {})


def build(client: Client, *, first_day: date, pages: int) -> None:
    """Build every page's week and wait until each has one, or a reason why not."""
    client.post("/messages/schedules/batch", {"start_date": first_day.isoformat()})
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        found = listed(client, first_day)
        if sum(each["schedule_id"] is not None or each["problem"] is not None for each in found) == pages:
            return
        time.sleep(0.3)


def listed(client: Client, first_day: date) -> Sequence[dict[str, Any]]:
    """The pages with their schedules of a week."""
    found: list[dict[str, Any]] = client.get("/messages/schedules", first_day=first_day.isoformat())["pages"]
    return found


def _captions(page: DemoPage, rows: Iterable[dict[str, Any]], *, first: int, seed: int) -> list[dict[str, Any]]:
    dice = random.Random(seed)  # noqa: S311 (made-up texts, no secrets)
    kept = list(rows)
    dice.shuffle(kept)
    return [
        {
            "caption_id": first + row["caption_no"],
            "caption_text": (dice.choice(URGENT) if row["has_urgency"] else "")
            + dice.choice(TEXTS[row["category"]])
            + dice.choice(ENDS),
            "page_name": page.name,
            "price_tier": row["price_tier"],
            "content_category": row["category"],
            "has_urgency": "yes" if row["has_urgency"] else "no",
        }
        for row in sorted(kept[: page.captions], key=lambda row: row["caption_no"])
    ]


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
