"""Writes docs/reference/quality.md out of the checks: `python -m kalends.marketing.quality.reference`."""

# ruff: noqa: E501 -- texts

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from kalends.marketing.quality import digits, exchanges, spells, unusual  # noqa: F401 -- each declares its checks
from kalends.marketing.quality.checks import DIMENSIONS, ROW_CHECKS, SEVERITIES, RowCheck
from kalends.marketing.quality.daychecks import DAY_CHECKS
from kalends.marketing.quality.grading import LOSS
from kalends.marketing.quality.rules import CHECKS, EXAMPLE, RATES
from kalends.marketing.quality.setchecks import SET_CHECKS
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

66 kinds of fault are put into clean accounts, each kind into ten of them, one fault in each
(`tests/support/fault_catalogue`, `python benchmarks/quality.py --trials 10`). Found is what is found on the fault's own
days, and is not found there without the fault. *tuned*: thresholds were chosen with these in sight. *unseen*: put in
when all thresholds stood; what was missed of them was looked at afterwards. *later*: written after that by somebody who
had read this page's list of checks, and not their code or thresholds.

| group | kinds | critical, first look | all, first look | critical, second look | all, second look |
| --- | --- | --- | --- | --- | --- |
| tuned | 20 | 140 of 140 | 200 of 200 | 140 of 140 | 200 of 200 |
| unseen | 26 | 140 of 140 | 250 of 260 | 139 of 140 | 249 of 260 |
| later | 20 | 87 of 100 | 154 of 200 | 90 of 100 | 166 of 200 |
| unseen and later | 46 | 94.6 % | 87.8 % | 95.4 % | 90.2 % |
| all | 66 | 96.6 % | 91.5 % | 97.1 % | 93.2 % |

The *first look* at the group *later* came before anything was changed because of it, and says what to expect of faults
that nobody has thought of. After it two checks were widened (a campaign's channel; a single absurd order), so the
*second look*, in other accounts, is no longer a blind one. False alarms in the clean accounts: 136 in 3,300
account-months at the first look, 151 in 3,300 at the second: 0.04 and 0.05 a month.

What is mostly missed: two campaigns' numbers exchanged, tax in the amounts, conversions counted twice for some days,
a budget taken for what was spent (where no account total tells), numbers copied in short form (12.3K). They look like
days that might have been.
"""


def _head() -> str:
    return f"""# How right the numbers are

Every account's day is checked when a batch changes it, and again when it has settled. What the checks find lies beside
the facts and changes none of them. This page is written by `python -m kalends.marketing.quality.reference`.

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
accept at {unusual.RATE:.0%}: so about that share of months in which nothing is wrong has any alarm by size, and no more.
Campaigns are tested in the same way, apart from the account and from half as much again on.

**Steady shifts** are spells of {spells.LENGTHS[0]} to {spells.LENGTHS[-1]} days on which a price (per thousand impressions, per click, the rates,
an order's value) is off by a tenth or more from both the two weeks before and the two weeks after: tax in what was
spent, purchases counted twice, a tag that was off. Special days are left out of that. A price that changes and stays is
not said to be wrong.

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
