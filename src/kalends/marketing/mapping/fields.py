"""The words of a mapping: a platform is written down as data, and `compiler` makes one SELECT of it."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from kalends.base.reading.documents import Unwrap, no_envelope
from kalends.base.reading.envelopes import Envelope

Kind = Literal[
    "text", "upper", "id", "given", "account", "customer", "tail", "urn", "date", "month", "month_end", "first_day",
    "last_day", "count", "number", "money", "micros", "share", "percent", "rounded",
]  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One column of the record and where it comes from: the first of `sources` that has a value.

    Sources are flat snake_case names, dotted where the platform nests ('metrics.cost_micros'). Kinds: `text`; `upper`
    (a code); `id` (text, never a number: ids pass 2^53); `given` (an id, unless it says '(not set)'); `account` (an id
    with Meta's 'act_' taken off); `customer` and `tail` (the account, or the last part, of a Google resource name);
    `urn` (the id that ends a URN); `date`; `month` and `month_end` (a month's first and last day); `first_day` and
    `last_day` (of '2023-10-01 - 2023-10-31');
    `count` (whole, not negative); `number` (double); `money`; `micros` (money / 1,000,000); `share` (a ratio; '12 %' is
    0.12); `percent` (a ratio that is delivered as a percentage, with its sign or without: '12 %' and 12 are both 0.12);
    `rounded` (a count that the platform estimates and may print with a fraction).
    """

    target: str
    sources: tuple[str, ...]
    kind: Kind = "text"
    is_sum: bool = False
    """The sum of the sources that have a value, for different things that count as one: purchases and leads."""


@dataclass(frozen=True)
class Entity:
    """How rows look that only name something: they have `needs`, none of `without`, and no metric. `level` is account
    ... ad, flow. `above`: columns of ids -> where rows say what it is in, for platforms whose figures do not:
    'campaign_id' of an ad.
    """

    level: str
    entity_id: tuple[str, ...]
    name: tuple[str, ...]
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    above: Dictionary[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ActionRule:
    """Meta's lists of {action_type, value}: which column counts, which gives values, and which type is *the*
    conversion: the first of `conversions` that the row has. One event comes under several types, so types are never
    added together.
    """

    counts: str
    values: str
    conversions: tuple[str, ...]


@dataclass(frozen=True)
class TypedColumn:
    """Conversions of one type that have columns of their own: how many, and what they were worth. `is_own`: they are
    the record's own number, which a rule may name, and which is not kept a second time.
    """

    type: str
    counts: tuple[str, ...]
    values: tuple[str, ...] = ()
    value_kind: Kind = "money"
    is_own: bool = False


@dataclass(frozen=True)
class EventRule:
    """Rows that are single events, or how many there were of one: a table that has all the columns of one of `shapes`.

    `name`, `counts`, `values`: the columns that say which event, how often (once where none does) and what it was
    worth. Events whose name, in lower case, is among `conversions` count as such; all are kept by type.
    """

    shapes: tuple[frozenset[str], ...]
    name: tuple[str, ...]
    counts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    conversions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Trailing:
    """For how many days a platform's numbers of a day still change, and why."""

    days: int = 30
    why: str = "the commonest conversion window"


@dataclass(frozen=True)
class Mapping:
    """One platform.

    `levels`: (level, columns) in order, the first whose column has a value names the row's level. `breakdowns`: column
    -> name of the breakdown in the key ('' for none); `breakdown_prefixes`: every column that starts so is one too;
    `breakdown_kinds`: column -> the kind of text that it is read as. `ignored`: patterns of columns that are not kept:
    ratios that are derived when asked, and bookkeeping whose change is no news. `streams`: a connector's streams that
    hold a report as it is; another stream's rows, which may be the same report cut in a way that the rows do not show,
    get the stream's name as a breakdown. Whatever is neither mapped nor ignored is kept in `extra`. `typed`:
    conversions by type, kept beside the one number that counts; `typed_like`: patterns of columns that count a type
    which the company named itself: 'key_events:sign_up' is the type 'sign_up'. `events`: rows that are single events.
    `hours`: columns whose cells may say an hour ('2021-03-31 09:00'): '9' is a breakdown, with its offset where
    one is written, for an hour comes twice when clocks go back. `named_cuts`: (name, value) columns of a breakdown
    that is named in the row: 'GENDER', 'female' is the breakdown gender, which `cut_names` may call otherwise; one that
    is called as a column of the record fills it. `ids`: columns that are enough to say what a
    row is about, where the platform gives no id of the record's own. `files`: what other rules hold for files whose
    names match a pattern, where one column means different things and nothing in the file says which.
    `aside`: columns that together show a table of single events or objects, which is no report and is not guessed to
    be one. `needs_id`: a row without any id is a fault; not so where a whole project is one account that its rows do
    not name. `unwrap` takes the platform's own envelope off a JSON document (`records` knows the common ones), and must
    say None for a document that is not so shaped; `envelope` is the same of answers whose rows can stay closed.
    `trailing`: for how long its numbers still change.
    """

    data_source: str
    version: int
    fields: tuple[Field, ...]
    levels: tuple[tuple[str, tuple[str, ...]], ...]
    breakdowns: Dictionary[str, str] = field(default_factory=dict)
    breakdown_prefixes: tuple[str, ...] = ()
    breakdown_kinds: Dictionary[str, Kind] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    streams: frozenset[str] = frozenset()
    entities: tuple[Entity, ...] = ()
    constants: Dictionary[str, str] = field(default_factory=dict)
    channel_by_type: Dictionary[str, str] = field(default_factory=dict)
    actions: ActionRule | None = None
    typed: tuple[TypedColumn, ...] = ()
    typed_like: tuple[str, ...] = ()
    events: EventRule | None = None
    needs_id: bool = True
    hours: tuple[str, ...] = ()
    named_cuts: tuple[tuple[str, str], ...] = ()
    cut_names: Dictionary[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    files: tuple[tuple[str, Mapping], ...] = ()
    unwrap: Unwrap = no_envelope
    envelope: Envelope[Any] | None = None
    aside: tuple[frozenset[str], ...] = ()
    trailing: Trailing = Trailing()
    guessed: Dictionary[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What lineage calls this mapping."""
        return f"{self.data_source}@{self.version}"

    def lists(self) -> frozenset[str]:
        """The columns that are lists of actions, by their plain names."""
        return frozenset({self.actions.counts, self.actions.values}) if self.actions else frozenset()

    def of_file(self, name: str) -> Mapping:
        """The rules that hold for a file of this name."""
        return next((rules for pattern, rules in self.files if fnmatchcase(name.lower(), pattern)), self)

    def breakdown_of(self, column: str) -> str | None:
        """The breakdown that a column is, if it is one."""
        if column in self.breakdowns:
            return self.breakdowns[column] or None
        prefix = next((start for start in self.breakdown_prefixes if column.startswith(start)), None)
        return column.removeprefix(prefix) if prefix and not self.is_ignored(column) else None

    def is_ignored(self, column: str) -> bool:
        """True for a column that is neither mapped nor kept."""
        return any(fnmatchcase(column, pattern) for pattern in self.ignored)


BOOKKEEPING = ("_fivetran_*", "_airbyte_*", "_dlt_*", "_sdc_*", "_extracted_at", "emitted_at")
METRIC_TARGETS = frozenset(
    {
        "spend", "impressions", "clicks", "conversions", "revenue", "reach", "video_views", "sends", "deliveries",
        "opens", "unsubscribes", "bounces", "leads", "opportunities", "deals_won", "pipeline_value", "sessions",
        "users",
    }
)  # fmt: skip
