"""The causal-ready export: the panel of a workspace, its files, and the sidecar that says what they were made from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson
import polars as pl

from kalends.base.version import __version__
from kalends.base.work import Work
from kalends.calendar import service as calendar
from kalends.insight import causal, engine
from kalends.insight.asking import asker
from kalends.insight.causal import Checks, Panel, Span
from kalends.insight.metrics import metric
from kalends.insight.query import BadQueryError, Query
from kalends.insight.result import Result
from kalends.insight.schemas import CausalIn
from kalends.insight.survey import Survey
from kalends.marketing import series

CALENDAR_FEATURES: Final = (
    "is_weekend", "is_holiday", "is_business_day", "is_bridge_day", "is_half_day", "is_payday_window",
    "is_black_friday", "is_cyber_monday", "is_prime_day", "holiday_share", "day_seasonality_factor",
    "week_seasonality_factor", "month_seasonality_factor", "quarter_seasonality_factor", "event_impact",
)  # fmt: skip
MOST_COLUMNS: Final = 500
"""More is a breakdown that nobody models; every column costs a join and a row in the checks."""


class TooManyColumnsError(BadQueryError):
    """This panel would have too many columns."""

    code = "too_many_columns"


@dataclass(frozen=True, slots=True)
class Export:
    """The panel, what to look at first, and everything that its bytes depend on."""

    panel: Panel
    checks: Checks
    outcome: Result
    causes: Result

    def content(self, form: str) -> bytes:
        """The file; the same export gives the same bytes."""
        return causal.as_parquet(self.panel) if form == "parquet" else causal.as_csv(self.panel)

    def sidecar(self) -> dict[str, Any]:
        """What the files were made from, their digests, and the checks."""
        snapshot = self.outcome.snapshot
        return {
            "made_by": f"kalends {__version__}",
            "snapshot": {
                "data_version": snapshot.data_version,
                "calendar_version": snapshot.calendar_version,
                "today": snapshot.today.isoformat(),
            },
            "kpi": self.outcome.words,
            "treatments": self.causes.words,
            "lineage": [self.outcome.handle, self.causes.handle],
            "currency": self.outcome.currency,
            "grain": self.panel.grain,
            "rows": self.panel.frame.height,
            "columns": [asdict(column) for column in self.panel.columns],
            "sha256": {form: causal.digest(self.content(form)) for form in ("csv", "parquet")},
            "coverage": asdict(self.outcome.coverage),
            "notes": [*dict.fromkeys((*self.outcome.notes, *self.causes.notes))],
            "checks": asdict(self.checks),
        }

    def as_json(self) -> bytes:
        """The sidecar with the rows."""
        rows = self.panel.frame.with_columns(pl.col(pl.Float64).round(causal.PLACES)).to_dicts()
        return orjson.dumps({**self.sidecar(), "data": rows})


def export(work: Work, *, asked: CausalIn, question: Query) -> Export:
    """The panel of what was asked; `question` holds its period, filters, calendar, currency and instant."""
    ask = asker(work, as_of=question.as_of)
    by_day = replace(question, metrics=(asked.kpi,), dimensions=("date",))
    outcome = engine.run(ask, by_day)
    causes = engine.run(ask, replace(question, metrics=tuple(asked.treatments), dimensions=("date", asked.by)))
    daily, weekly, warnings = _series(work, question, ask.snapshot.data_version)
    panel = causal.build_panel(
        period=question.period,
        kpi=_renamed(outcome.frame, metric(asked.kpi).name),
        treatments=wide(causes.frame, causes.query.dimensions[1], causes.query.metrics),
        controls=daily,
        days=_days(work, question),
        observed=_survey(ask, by_day).answered,
        settled_until=outcome.settled_until,
    )
    if asked.grain == "week":
        panel = causal.with_series(causal.weekly(panel), weekly)
    elif weekly.width > 1:
        warnings.append("Weekly series are left out of a daily panel: they are never spread. Ask for weeks.")
    checks = causal.check(panel, events=_events(work, question))
    return Export(panel, replace(checks, warnings=[*checks.warnings, *warnings]), outcome, causes)


def _survey(ask: engine.Asker, query: Query) -> Survey:
    return ask.survey(query, query.period.start, query.period.end)


def _renamed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.rename({name: f"kpi_{name}"})


def column_name(*parts: object) -> str:
    """A name that every modelling library takes: letters, digits and underscores.

    >>> column_name("spend", "Paid Social (DE)")
    'spend__paid_social_de'
    """
    clean = [re.sub(r"[^a-z0-9]+", "_", str(part or "unknown").casefold()).strip("_") for part in parts]
    return "__".join(part or "unknown" for part in clean)


def wide(frame: pl.DataFrame, by: str, metrics: Sequence[str]) -> pl.DataFrame:
    """One row per date, one column per metric and value of `by`, columns in order of their names.

    Two values whose names become the same text are told apart by a number.
    """
    values = sorted(frame[by].unique().to_list(), key=lambda value: (value is None, str(value)))
    if len(values) * len(metrics) > MOST_COLUMNS:
        raise TooManyColumnsError(f"{len(values)} values of {by} times {len(metrics)} treatments: ask for fewer.")
    made, names = frame.select("date").unique().sort("date"), set[str]()
    for name in metrics:
        for value in values:
            column = plain = column_name(name, value)
            for number in range(2, MOST_COLUMNS):
                if column not in names:
                    break
                column = f"{plain}_{number}"
            names.add(column)
            own = frame.filter(pl.col(by).eq_missing(pl.lit(value))).select("date", pl.col(name).alias(column))
            made = made.join(own, on="date", how="left")
    return made


def _days(work: Work, question: Query) -> pl.DataFrame:
    """The calendar's numeric features of the days that it knows."""
    chosen = calendar.existing_default(work)
    if chosen is None:
        return pl.DataFrame(schema={"date": pl.Date})
    definition = calendar.definition_of(chosen)
    first = max(question.period.start, definition.first_day)
    last = min(question.period.end, definition.last_day)
    if last < first or not calendar.published_version(work, calendar_id=chosen.id, as_of=question.as_of):
        return pl.DataFrame(schema={"date": pl.Date})
    frame = calendar.days(work, first=first, last=last, calendar_id=chosen.id, as_of=question.as_of).frame
    return frame.select("date", *CALENDAR_FEATURES)


def _events(work: Work, question: Query) -> list[Span]:
    if calendar.existing_default(work) is None:
        return []
    found = calendar.list_occurrences(work, first=question.period.start, last=question.period.end)
    return [Span(each.fields.name, each.fields.starts_on, each.fields.ends_on) for _, each in found]


def _series(work: Work, question: Query, version: int) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Series of single days, those of whole weeks from Monday, and what could not be placed."""
    empty = pl.DataFrame(schema={"date": pl.Date})
    if not {"series", "retractions"} <= set(work.warehouse.list_tables()):
        return empty, empty, []
    held = series.current(work.warehouse, version=version)
    start, end = question.period.start, question.period.end
    inside = held.filter(held.date_from >= start, held.date_to <= end)
    rows = pl.DataFrame(work.warehouse.to_arrow(inside.select("name", "role", "geo", "date_from", "date_to", "value")))
    length = (pl.col("date_to") - pl.col("date_from")).dt.total_days() + 1
    is_week = (length == 7) & (pl.col("date_from").dt.weekday() == 1)
    odd = rows.filter((length != 1) & ~is_week)["name"].unique().sort().to_list()
    said = [f"{name} has spans that are neither days nor weeks from Monday: left out." for name in odd]
    return _wide_series(rows.filter(length == 1)), _wide_series(rows.filter(is_week)), said


def _wide_series(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per date; a column per role, series and market."""
    names = [
        column_name(role, name, *([geo] if geo else []))
        for role, name, geo in rows.select("role", "name", "geo").iter_rows()
    ]
    long = rows.select(pl.col("date_from").alias("date"), pl.Series("column", names, dtype=pl.String), "value")
    found = long.pivot(on="column", index="date", values="value", aggregate_function="first").sort("date")
    return found.select("date", *sorted(name for name in found.columns if name != "date"))
