"""Writes docs/reference/quality.md out of the checks: `python -m kalends.marketing.quality.reference`."""

# ruff: noqa: E501 -- texts

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from kalends.marketing.quality import composed, digits, exchanges, order, profile, spells, unusual  # noqa: F401 -- each declares its checks
from kalends.marketing.quality.checks import DIMENSIONS, ROW_CHECKS, SEVERITIES, RowCheck
from kalends.marketing.quality.daychecks import DAY_CHECKS
from kalends.marketing.quality.grading import LOSS
from kalends.marketing.quality.loading import MOST_PARTS
from kalends.marketing.quality.rules import CHECKS, EXAMPLE, RATES
from kalends.marketing.quality.setchecks import SET_CHECKS
from kalends.marketing.quality.statistics import STATISTICS
from kalends.methods.anomalies import LEVEL_DAYS, WEEKS
from kalends.methods.grades import CAP

KINDS: Final = {"row": "each row", "set": "rows beside each other", "day": "an account's days"}


def every_check(own: Sequence[RowCheck] = ()) -> Iterator[tuple[str, Any]]:
    """All checks with what they look at: row, set, day; the company's own rows' checks last."""
    yield from (("row", check) for check in ROW_CHECKS)
    yield from (("set", check) for check in SET_CHECKS)
    yield from (("day", check) for check in DAY_CHECKS)
    yield from (("row", check) for check in own)


def reference() -> str:
    """The whole page."""
    return "\n".join([_head(), *map(_dimension, DIMENSIONS), _rules(), MEASURED])


MEASURED: Final = """\
## How much of it is found

171 kinds of fault are put into clean accounts, each kind into ten of them, one fault in each
(`tests/support/fault_catalogue`, `python benchmarks/quality.py --trials 10`). Found is what is found on the fault's own
days, and is not found there without the fault. The groups were written one after the other, and each was first looked
at without any check having been changed because of it: that *first look* says what to expect of faults that nobody has
thought of.

| group | kinds | critical, first look | all, first look |
| --- | --- | --- | --- |
| tuned: thresholds were chosen with these in sight | 20 | 140 of 140 | 200 of 200 |
| unseen: put in when those thresholds stood | 26 | 140 of 140 | 250 of 260 |
| later: by somebody who had read the list of checks alone | 20 | 87 of 100 | 154 of 200 |
| blind: by somebody who had read nothing about the checks | 24 | 123 of 130 (94.6 %) | 194 of 240 (80.8 %) |
| blind 2: written together with *blind*, looked at last | 14 | 64 of 70 (91.4 %) | 118 of 140 (84.3 %) |
| blind 3: by somebody who had read nothing about the checks | 24 | 128 of 140 (91.4 %) | 190 of 240 (79.2 %) |
| blind 4: written before the profile and before a check was read | 43 | 174 of 180 (96.7 %) | 407 of 430 (94.7 %) |

Before *blind 4*, every group was answered with checks for what was missed of it, and the next one found other holes. So
the checks were given a **profile**: what each day's rows are made of, in statistics that know no fault by name. With it
came names that pass, lasting steps, numbers that are the mean of others, and newest days that know too much. Whoever
wrote *blind 4* wrote all of these afterwards, without running it, and changed nothing after the one look. False alarms
in its clean accounts: 0.47 in an account's month, where a shift of a week counts as seven.

What to make of that: these accounts are made by a generator, whose noise is calmer than the world's, and whose rows are
complete. Two kinds of *blind 4* were found by a slip of their own alone (evenings lost by an unchanged reach beside
fewer impressions, days not read again by amounts rounded apart from their orders): without those two it is 387 of 430
(90.0 %). Changes that stay are found least, since they may be decisions: revenue that is told in dollars from one day on
(3 of 10), a shorter attribution window (6 of 10), and then a quarter of all orders lost for ten days (5 of 10).
"""


def _head() -> str:
    return f"""# How right the numbers are

Every account's day is checked when a batch changes it, and again when it has settled; a batch of 100,000 rows or more
when it is ten seconds old, for behind one large file often comes the next. What the checks find lies beside the facts
and changes none of them. This page is written by `python -m kalends.marketing.quality.reference`.

**Gate first, then grade.** A critical finding is a gate: whatever else is right, the day has {100 * CAP:.0f} at most, and the
gate is named. The grade is the share of the day's rows that pass every check, by what they spent (and a cent each, so
that rows without money count among themselves). A finding about the day as a whole leaves {LOSS["major"]:.0%} of the
grade if it is major, {LOSS["minor"]:.0%} if it is minor. A day that should have rows and has none is worth 0. A source's
grade is its days' by weight (none more than ten middling days): A above 97, B above 90, C above 75, D above {100 * CAP:.0f}, E to {100 * CAP:.0f}.

**Coverage** stands apart: of how many of the {len(DIMENSIONS)} dimensions there was anything to judge by. What cannot be
checked (a first week, a single report, a day too young) lowers coverage and passes nothing.

**Called right.** Whoever may load data can say that a finding is right as it is: it counts no more, and can be taken
back. What was said stays said when rules change.

**Unusual days** are compared with the same weekday of {WEEKS} weeks on each side, on a logarithmic scale, moved to the
level of the {LEVEL_DAYS} days on each side; the tested day takes no part in that. Days on which something is in the
calendar (holidays, Black Friday, Cyber Monday, Prime Day, events) are not tested and are no standard for others, except
for prices that are off by a factor of five. Spend, impressions and clicks are tested from the second day on, conversions
and revenue when they have settled. Of all tests of an account's month, those are alarms that Benjamini and Hochberg
accept at {unusual.RATE:.0%}. Campaigns are tested in the same way, apart from the account and from half as much again on.
The checks by size are set so that together they give about one false alarm in two months of an account (measured below).

**Steady shifts** are spells of {spells.LENGTHS[0]} to {spells.LENGTHS[-1]} days on which a price (per thousand impressions, per click, the rates,
an order's value) is off by a tenth or more from both the two weeks before and the two weeks after: tax in what was
spent, purchases counted twice, a tag that was off. It is looked for in the account, in its campaigns, and in the
{MOST_PARTS} largest parts (ads, values of a breakdown), of which the share of their campaign's impressions is compared, too.
Special days are left out of that. **Lasting steps**, prices that change on one day and stay changed for a fortnight,
are said once, of their first day: they may be right, and mean that something is counted differently.

**The profile** holds {len(STATISTICS)} statistics of each report's rows (how many are empty, zero, negative, whole or round, how
long ids are, what share the largest has, how far prices lie apart), and how far campaigns are from what is expected of
them, against the four weeks before and the four weeks after. A day is new when its most unlike statistic is more unlike
than that of all but one of {1 / profile.CHANCE:.0f} days would be by chance, as the account's own other days tell. The finding names the
statistic, its usual value, and how many spreads lie between. What goes on for more than {profile.LONGEST} days is said once.

**The newest day** is compared with what was expected of the campaigns that are on: when a fifth or more is missing, it
is said not to be complete yet. **Weeks** whose numbers fit their weekdays far better backwards, or moved by a day, are
named by their first day.

Rows of periods longer than a day are counted, and are not scored.
"""


def _dimension(dimension: str) -> str:
    checks = sorted(
        ((SEVERITIES.index(check.severity), check.name, kind, check) for kind, check in every_check()
         if check.dimension == dimension),
        key=lambda each: each[:2],
    )  # fmt: skip
    rows = "".join(
        f"| `{name}` | {check.severity} | {KINDS[kind]} | {check.says} |\n" for _, name, kind, check in checks
    )
    return f"## {dimension.capitalize()}\n\n| check | severity | looks at | what it says |\n| --- | --- | --- | --- |\n{rows}"


def _rules() -> str:
    return f"""## Rules of your own

Under Data, Quality, Rules, with `kalends quality rules FILE`, or `PUT /api/v1/marketing/quality/rules`, in YAML:

```yaml
{EXAMPLE.strip()}
```

`column` is a column of the record or one of {", ".join(f"`{name}`" for name in RATES)}. `check` is one of
{", ".join(f"`{name}`" for name in CHECKS)}: pandera's, by their short names, with their argument, or with several as
`{{in_range: {{min_value: 0, max_value: 1}}}}`. `severity` is major where nothing is said, `dimension` plausibility;
`sources` and `reports` narrow a rule down. A mistake is answered with its line. Every change is a version of its own,
and everything is scored again by it; until that is done, the old results are shown.
"""


if __name__ == "__main__":
    sys.stdout.write(reference())
