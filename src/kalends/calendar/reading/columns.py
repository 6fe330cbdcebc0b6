"""Which column of somebody's spreadsheet is which field of an event: a guess by its heading, that a person corrects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

# In the order in which a heading is tried; the languages are those of the calendars that companies mostly keep.
HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "starts_on": (
        "start", "starts", "start date", "starts on", "date start", "from", "begin", "begins", "begin date", "date",
        "day", "event date", "launch date", "go live", "von", "beginn", "start datum", "startdatum", "anfang", "datum",
        "tag", "debut", "date de debut", "du", "jour", "desde", "inicio", "fecha", "fecha de inicio", "fecha inicio",
        "inizio", "data inizio", "data", "dal", "date range", "dates", "zeitraum", "period", "ds", "calendar date",
        "full date", "date day", "campaign start", "campaign start date", "flight start", "event start",
    ),
    "ends_on": (
        "end", "ends", "end date", "ends on", "date end", "to", "until", "through", "finish", "bis", "ende",
        "end datum", "enddatum", "fin", "date de fin", "au", "hasta", "fecha de fin", "fecha fin", "fine", "data fine",
        "al", "campaign end", "campaign end date", "flight end", "event end",
    ),
    "name": (
        "name", "title", "event", "event name", "event title", "campaign", "campaign name", "summary", "subject",
        "promotion", "promo", "what", "activity", "holiday name", "holiday", "moment", "titel", "bezeichnung",
        "veranstaltung", "kampagne", "aktion", "ereignis", "nom", "titre", "evenement", "campagne", "nombre", "titulo",
        "evento", "campana", "nome", "titolo",
    ),
    "key": ("id", "uid", "key", "event id", "campaign id", "external id", "ref", "reference", "nr", "no", "number"),
    "type": ("type", "event type", "category", "kind", "campaign type", "typ", "art", "kategorie", "categorie", "tipo",
             "categoria"),
    "impact": ("impact", "impact level", "importance", "priority", "size", "wichtigkeit", "prioritat", "importancia",
               "impact score", "expected impact"),
    "direction": ("direction", "expected direction", "effect", "expected effect", "wirkung", "effect size", "lift",
                  "expected lift", "uplift"),
    "status": ("status", "campaign status", "state", "stand", "statut", "estado", "stato"),
    "markets": ("market", "markets", "country", "countries", "region", "geo", "land", "lander", "markt", "pays",
                "marche", "pais", "mercado", "paese", "mercato"),
    "channels": ("channel", "channels", "platform", "platforms", "medium", "kanal", "kanale", "canal", "canale",
                 "marketing channel", "marketing channels"),
    "brands": ("brand", "brands", "marke", "marque", "marca"),
    "owner": ("owner", "responsible", "contact", "who", "verantwortlich", "zustandig", "responsable", "responsabile",
              "campaign owner", "manager"),
    "description": ("description", "notes", "note", "details", "comment", "comments", "beschreibung", "notiz",
                    "kommentar", "commentaire", "descripcion", "notas", "descrizione"),
    "days_before": ("days before", "pre window", "pre window days", "lead days", "lower window", "pre days"),
    "days_after": ("days after", "post window", "post window days", "lag days", "upper window", "post days"),
    "start_time": ("start time", "time", "startzeit", "uhrzeit", "heure", "hora", "ora"),
    "end_time": ("end time", "endzeit", "heure de fin", "hora fin"),
    "zone": ("zone", "time zone", "timezone", "tz", "zeitzone"),
    "url": ("url", "link", "website", "page"),
    "weekday": ("weekday", "day of week", "wochentag", "jour de la semaine", "dia de la semana",
                "giorno della settimana", "day name", "weekday name"),
    "flag": ("is holiday", "is event", "is public holiday", "holiday flag"),
}  # fmt: skip
LONGEST: Final = 100
"""Characters of a heading that are looked at."""
NEEDED: Final = ("name", "starts_on")
FIELDS: Final = tuple(HEADINGS)
MEANINGS: Final = {
    heading: (place, field) for field, headings in HEADINGS.items() for place, heading in enumerate(headings)
}
"""Heading -> its place among those of its field, and the field."""


@lru_cache(maxsize=10_000)
def plain_heading(text: str) -> str:
    """A heading without case, accents, marks and underscores: 'Start_Date (UTC)' and 'start date' are one."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text[:LONGEST])
    bare = "".join(c for c in unicodedata.normalize("NFKD", split) if not unicodedata.combining(c))
    without_brackets = re.sub(r"\([^)]*\)", " ", bare)
    return " ".join(re.sub(r"[^0-9a-z]+", " ", without_brackets.casefold()).split())


def guess_columns(columns: Sequence[str], *, corrections: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Field -> column. `corrections`: column -> field, or None to leave the column out; they win over the guess.

    Of two columns whose headings mean the same field, the one that is tried first in HEADINGS takes it.
    """
    told = corrections or {}
    found = {field: column for column, field in told.items() if field is not None}
    places = {column: MEANINGS[plain] for column in columns if (plain := plain_heading(column)) in MEANINGS}
    for column, (_, field) in sorted(places.items(), key=lambda item: item[1][0]):
        if column not in told:
            found.setdefault(field, column)
    return {field: found[field] for field in HEADINGS if field in found}
