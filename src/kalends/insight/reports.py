"""Which report answers: reports of one account tell the same money several times, so exactly one is read per day.

A report's name is its level and its breakdowns: 'campaign', 'ad/age+gender'. Among those that cover the account's
total and are split by all that is asked, the finest is taken; for values that cannot be summed, the coarsest, because
its rows are the likeliest to answer alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

_CAMPAIGN: Final = frozenset({"campaign_id"})
_AD_GROUP: Final = _CAMPAIGN | {"ad_group_id"}
_MESSAGE_IDS: Final = frozenset({"list_id", "segment_id", "flow_id", "message_id"})

LEVELS: Final[Mapping[str, tuple[int, frozenset[str]]]] = {
    "account": (0, frozenset()),
    "list": (1, frozenset({"list_id"})),
    "segment": (1, frozenset({"segment_id"})),
    "flow": (1, _CAMPAIGN | {"flow_id", "message_id"}),
    "message": (1, _CAMPAIGN | _MESSAGE_IDS),
    "campaign": (2, _CAMPAIGN | _MESSAGE_IDS),  # an e-mail campaign names its list and message
    "ad_group": (3, _AD_GROUP),
    "asset_group": (3, _AD_GROUP),
    "ad": (4, _AD_GROUP | {"ad_id"}),
    "keyword": (5, _AD_GROUP | {"keyword"}),
    "search_term": (6, _AD_GROUP | {"search_term"}),
}
"""How fine a level is (as the rollup by day and campaign ranks it), and what its rows are split by."""
_SAME: Final[Mapping[str, str]] = {"geocountry": "country", "device_category": "device"}
"""What platforms call a breakdown whose value stands in the record's own column, too."""
_OTHERWISE: Final = (1, frozenset[str]())
"""Of a level that is not listed no more is known than that it is finer than the account."""


def split_by(report: str, /) -> frozenset[str]:
    """What the rows of `report` are split by: key columns of its level, and its breakdowns.

    >>> sorted(split_by("ad_group/age+gender"))
    ['ad_group_id', 'age', 'campaign_id', 'gender']
    """
    level, _, breakdowns = report.partition("/")
    named = frozenset(filter(None, breakdowns.split("+")))
    return LEVELS.get(level, _OTHERWISE)[1] | named | {_SAME[name] for name in named & _SAME.keys()}


def finest_first(report: str, /) -> tuple[int, bool, str]:
    """A sorting key: fine levels first, at one level the report without breakdowns first, then by name."""
    level, _, breakdowns = report.partition("/")
    return (-LEVELS.get(level, _OTHERWISE)[0], bool(breakdowns), report)


def coarsest_first(report: str, /) -> tuple[int, int, str]:
    """A sorting key: coarse levels first, at one level few breakdowns first, then by name."""
    depth, has_breakdowns, name = finest_first(report)
    return (-depth, 1 + name.count("+") if has_breakdowns else 0, name)


def able(reports: Iterable[str], /, *, needs: Collection[str]) -> tuple[str, ...]:
    """Those `reports` that are split by all that is needed, the finest first."""
    wanted = frozenset(needs)
    return tuple(sorted({r for r in reports if wanted <= split_by(r)}, key=finest_first))


def wanted_report(*, needs: Collection[str]) -> str:
    """The name of the coarsest report that would answer: what to ask the platform for.

    >>> wanted_report(needs={"campaign_id", "country"})
    'campaign/country'
    """
    needed = frozenset(needs) | ({"keyword"} if _OF_KEYWORD & frozenset(needs) else frozenset())
    keys = needed & frozenset[str]().union(*(split for _, split in LEVELS.values()))
    level = next((level for level, (_, split) in LEVELS.items() if keys <= split and level not in _ODD), "ad")
    breakdowns = "+".join(sorted(needed - LEVELS[level][1]))
    return f"{level}/{breakdowns}" if breakdowns else level


_OF_KEYWORD: Final = frozenset({"keyword_text", "match_type"})
"""Breakdowns that only keywords have."""
_ODD: Final = frozenset({"list", "segment", "flow", "message", "asset_group"})
"""Levels that not every platform has; a campaign report serves in their place."""
