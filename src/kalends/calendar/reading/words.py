"""Words by which people say what kind of event something is, in the languages that calendars are mostly kept in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

TYPE_WORDS: Final[dict[str, str]] = {
    "product_launch": r"launch|release|go[- ]?live|markteinf\w+|produktstart|lancement|lanzamiento|lancio",
    "trade_show": r"trade ?show|expo|conference|summit|fair|messe|konferenz|salon|congr[eè]s|feria|fiera|congreso",
    "competitor_event": r"competitor\w*|rival|wettbewerb\w*|konkurrenz\w*|concurrent\w*|competencia|concorrent\w*",
    "pr_event": r"press|pr|media day|interview|presse\w*|prensa|stampa",
    "holiday": r"(bank |public )?holiday|feiertag|jour f[eé]ri[eé]|festivo|feriado|closed",
    "content_campaign": r"blog|newsletter|webinar|podcast|content|video|redaktion\w*|contenu|contenido",
    "seasonal_campaign": r"season\w*|christmas|xmas|easter|summer|winter|spring|autumn|weihnacht\w*|saison\w*|no[eë]l",
    "promotional_period": r"sale|promo\w*|discount|deal\w*|offer|\d+ ?% off|coupon|black friday"
    r"|rabatt\w*|angebot\w*|soldes|rebajas|saldi",
    "market_event": r"market|index|earnings|fed|rate decision|marktereignis",
}
"""Tried in this order: 'launch sale' is a launch, 'Black Friday press day' is for the press."""
_PATTERNS: Final = {kind: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for kind, words in TYPE_WORDS.items()}
IMPACT_WORDS: Final[dict[str, str]] = {
    "critical": r"critical|very high|huge|must|kritisch|critique|cr[ií]tic[oa]|xl|5",
    "high": r"high|big|major|large|hoch|gro(ß|ss)|haute?|[eé]lev[eé]e?|alt[oa]|p1|l|4",
    "medium": r"medium|mid|normal|moderate|mittel|moyenn?e?|medi[oa]|p2|m|3",
    "low": r"low|small|minor|niedrig|gering|klein|faible|baj[oa]|bass[oa]|p3|s|1|2",
}
DIRECTION_WORDS: Final[dict[str, str]] = {
    "up": r"up|positive|increase|\+|more|positiv|hausse|sube|su",
    "down": r"down|negative|decrease|-|less|negativ|baisse|baja|gi[uù]",
    "none": r"none|neutral|flat|neutre|neutro|keine",
}
STATUS_WORDS: Final[dict[str, str]] = {
    "cancelled": r"cancell?ed|called off|dropped|abgesagt|annul[eé]e?|cancelad[oa]|annullat[oa]|storniert",
    "tentative": r"tentative|planned|draft|tbc|tbd|idea|proposed|maybe|paused|on hold"
    r"|geplant|vorl[aä]ufig|pr[eé]vue?|provisoire|previst[oa]|provisional|borrador",
    "confirmed": r"confirmed|final|approved|live|done|scheduled|active|booked|running|completed?|finished|ended"
    r"|best[aä]tigt|fix|confirm[eé]e?|confirmad[oa]|confermat[oa]|aprobad[oa]",
}


def type_of(texts: Iterable[str]) -> str | None:
    """The event type that the texts name; the first text that names any decides. None: nothing is said."""
    for text in texts:
        plain = text.replace("_", " ")
        for kind, pattern in _PATTERNS.items():
            if pattern.search(plain):
                return kind
    return None


def word_of(text: str, words: dict[str, str]) -> str | None:
    """The key of `words` whose pattern the whole text matches; None where none does."""
    plain = text.strip().casefold().replace("_", " ")
    return next((key for key, pattern in words.items() if re.fullmatch(pattern, plain)), None)
