"""Attribution windows: a platform tells one thing (an ad on a day) again for each window asked for; it counts once.

What was spent is the same under every window, and conversions of a narrow window are among those of a wide one, so
that rows which differ in `attribution` alone are never added up. Rows of different things may well have different
windows and all count: Meta keeps a window per ad set.

Which one counts is the same for every day, so that a series does not jump: the platform's default window, else the rows
that name none, else the nearest to the default, else the first by name. A window that was asked for beside the
account's own setting (`asked`) comes after all of these, and one of them that a company lets count, before: its rows
are marked so when they are read (`kalends.marketing.stewardship.counting`).
"""

# ruff: noqa: S608 -- the statements are composed of declared column names; no text from outside

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ibis.expr import types as ir

from kalends.base.warehouse import TenantWarehouse
from kalends.marketing.records import KEY

THING: tuple[str, ...] = tuple(column for column in KEY if column != "attribution")
"""What two rows that tell the same under two windows have in common."""

FIRST: tuple[str, ...] = ("7d_click_1d_view", "", "7d_click")
"""Before all others: Meta's default (Marketing API, `attribution_setting`; no other platform names its windows so)."""


ASKED: Final = "asked_"
"""How the attribution of rows begins whose window was asked for: what the platform says by itself never does."""


OFFERED: Final[Mapping[str, tuple[str, ...]]] = {
    "facebook_ads": ("1d_click", "7d_click", "28d_click", "1d_view"),
    "pinterest_ads": (
        "1d_click", "7d_click", "30d_click", "1d_click_1d_view", "7d_click_1d_view", "7d_click_7d_engagement_1d_view",
        "30d_click_30d_engagement_30d_view", "60d_click_60d_engagement_60d_view",
    ),
    "snapchat_ads": ("1d_swipe", "7d_swipe", "28d_swipe", "1d_swipe_1d_view", "7d_swipe_1d_view", "28d_swipe_7d_view"),
}  # fmt: skip
"""The attribution windows that connectors can ask for beside an account's own setting."""
COUNTING: Final = f"{ASKED}counting_"
"""How it begins where the company lets that window count."""


def asked(window: str, *, counts: bool = False) -> str:
    """The attribution of rows that were asked for under a window, such as '1d_click'."""
    return f"{COUNTING if counts else ASKED}{window}"


def own(row: str) -> str:
    """The condition that a row of facts was not asked for under a window, so that what it is about is in it once."""
    return f"NOT starts_with({row}.attribution, '{ASKED}')"


def preference(attribution: str) -> tuple[int, str]:
    """A sorting key: the window that counts first.

    >>> sorted(["28d_click", "", "asked_1d_click", "skan", "1d_click", "7d_click_1d_view"], key=preference)
    ['7d_click_1d_view', '', '1d_click', '28d_click', 'skan', 'asked_1d_click']
    >>> sorted(["7d_click_1d_view", "asked_1d_click", "asked_counting_7d_click"], key=preference)
    ['asked_counting_7d_click', '7d_click_1d_view', 'asked_1d_click']
    """
    if attribution.startswith(COUNTING):
        return (-1, attribution)
    if attribution in FIRST:
        return (FIRST.index(attribution), attribution)
    return (len(FIRST) + attribution.startswith(ASKED), attribution)


RANK = (
    f"CASE WHEN starts_with(f.attribution, '{COUNTING}') THEN -1 "
    + " ".join(f"WHEN f.attribution = '{name}' THEN {place}" for place, name in enumerate(FIRST))
    + f" WHEN starts_with(f.attribution, '{ASKED}') THEN {len(FIRST) + 1} ELSE {len(FIRST)} END"
)


def rank(rows: ir.Table) -> ir.IntegerValue:
    """`RANK` as an expression over rows of facts."""
    others = rows.attribution.startswith(ASKED).ifelse(len(FIRST) + 1, len(FIRST))
    others = rows.attribution.startswith(COUNTING).ifelse(-1, others)
    return rows.attribution.cases(*((name, place) for place, name in enumerate(FIRST)), else_=others)


def stage_repeats(tenant: TenantWarehouse, *, days: str, dates: str) -> bool:
    """Collect into `_repeats` the key hashes of daily facts that another window's row stands for; gives whether any.

    `days`: a table of account-days; `dates`: a condition on the facts `f` that holds for all of them.
    """
    facts = f"facts AS f WHERE f.date_from = f.date_to AND {dates}"
    thing = ", ".join(f"f.{column}" for column in THING)
    if not _has_repeats(tenant, facts, thing):
        return False
    place = f"row_number() OVER (PARTITION BY {thing} ORDER BY {RANK}, f.attribution)"
    tenant.stage_query(
        "_repeats",
        f"SELECT key_hash FROM (SELECT f.key_hash, {place} AS place FROM {facts} AND EXISTS (SELECT 1 FROM {days} AS d"
        " WHERE d.data_source = f.data_source AND d.account_id = f.account_id AND d.date = f.date_from)) AS t"
        " WHERE place > 1",
    )
    return bool(tenant.execute("SELECT count(*) FROM _repeats").column(0)[0].as_py())


def _has_repeats(tenant: TenantWarehouse, facts: str, thing: str) -> bool:
    """Whether a thing has several rows. Most data knows one window, so that one look at one column is all; where there
    is a window per ad set, grouping costs a quarter of what ranking the rows would.
    """
    told = tenant.execute(f"SELECT min(f.attribution) AS first, max(f.attribution) AS last FROM {facts}").to_pylist()[0]
    if told["first"] == told["last"]:
        return False
    several = f"SELECT 1 AS one FROM {facts} GROUP BY {thing} HAVING count(*) > 1 LIMIT 1"
    return bool(tenant.execute(several).num_rows)
