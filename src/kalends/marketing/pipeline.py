"""One ingest: a landed payload is staged, compared, written, published. Killed anywhere and repeated, it ends the same.

The warehouse's part is one transaction; the publication in Postgres follows it. A kill between the two leaves rows of a
version that no reader asks for; the same batch comes first at the next start, removes them and writes them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO, Final
from uuid import UUID

import duckdb
import orjson
import pyarrow as pa

from kalends.base.errors import KalendsError
from kalends.base.jobs import JobRun, TaskCancelledError, TaskSupersededError
from kalends.base.warehouse import TenantWarehouse
from kalends.identity.service import workspace
from kalends.marketing import attribution, batches, entities, orders, rates, rollup, said, series, versions
from kalends.marketing.batchreport import assumed, describe, kept_though_complete, overshadowed
from kalends.marketing.drift import Terms
from kalends.marketing.intake import contracts, replays, totals
from kalends.marketing.intake.totals import TotalsDifferError
from kalends.marketing.models import Batch
from kalends.marketing.records import NAMES_NO_CURRENCY, QUARANTINE_SCHEMA, STAGED_SCHEMA, hash_in
from kalends.marketing.said import Kind
from kalends.marketing.staging import StageOptions, StageReport, stage
from kalends.marketing.stewardship import counting, retention
from kalends.marketing.stewardship.counting import ConversionRule
from kalends.marketing.stewardship.rules import conversion_rules
from kalends.marketing.versions import Applied

INCOMING = "incoming"
CURRENCY = re.compile("[A-Z]{3}")
WRITTEN = frozenset({entities.TABLE, orders.TABLE, rates.TABLE, totals.TABLE, "series", "quarantine"})
"""The tables, beside those of `versions`, in which rows are a batch's own."""
WORDS = (series.KIND, orders.KIND)
STEPS = 4
"""read and map, write, publish, done."""


class UnforeseenError(KalendsError):
    """The batch could not be applied for a reason that we did not foresee. Its payload is kept; please report this."""

    status = 500
    code = "unforeseen"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: received = loaded + unchanged + quarantined."""

    received: int
    loaded: int
    unchanged: int
    quarantined: int
    report: dict[str, Any]


def apply_next(run: JobRun) -> bool:
    """Apply the tenant's oldest pending batch; False when none is left."""
    with run.work() as work:
        batch = batches.oldest_pending(work)
    if batch is None:
        return False
    try:
        with run.house.warehouse.tenant(run.scope.tenant_id) as warehouse:
            outcome = APPLY[batch.kind](run, batch, warehouse)
        with run.work() as work:
            batches.publish(work, batch_id=batch.id, outcome=asdict(outcome))
            if batch.kind == "replay":
                replays.note_replaced(work, batch)
    except Exception as error:
        problem = answer_to(error, is_last=run.is_last)
        if problem is None:
            raise
        forget(run, batch)
        with run.work() as work:
            batches.fail(work, batch_id=batch.id, problem=problem)
            if batch.kind == "replay":
                replays.note_replaced(work, batch, only_failed=True)
        return True
    if outcome.loaded:
        with run.house.warehouse.tenant(run.scope.tenant_id) as warehouse:
            warehouse.checkpoint()
    return True


def forget(run: JobRun, batch: Batch) -> None:
    """Remove what a batch wrote that cannot be published: nobody asks for it now, but all would with the next one."""
    if batch.kind not in {*batches.FILES, "rates"}:
        return
    with run.house.warehouse.tenant(run.scope.tenant_id) as warehouse, warehouse.write():
        versions.create_tables(warehouse)
        # Taken back for a moment, so that the names that it said are gone from the rollup before they are gone.
        warehouse.run(f"INSERT INTO retractions (batch_seq, retracted_seq) VALUES ({batch.seq}, {batch.seq})")  # noqa: S608
        rollup.rename(warehouse, batches=[batch.seq])
        gone = f"SELECT retracted_seq FROM retractions WHERE batch_seq = {batch.seq}"  # noqa: S608
        stand_again = warehouse.execute(gone).column(0).to_pylist()
        versions.undo_batch(warehouse, batch_seq=batch.seq)
        for name in WRITTEN & set(warehouse.list_tables()):
            warehouse.run(f"DELETE FROM {name} WHERE batch_seq = {batch.seq}")  # noqa: S608 - our names, a number
        rollup.rename(warehouse, batches=stand_again)


def answer_to(error: Exception, *, is_last: bool) -> dict[str, Any] | None:
    """What to tell of a batch that could not be applied; None where it should be tried again.

    After the last try even an unforeseen fault fails the batch: it must not keep the ones behind it waiting for ever.
    """
    if isinstance(error, TaskCancelledError | TaskSupersededError):
        return None
    if isinstance(error, KalendsError) and error.status < 500:
        return error.problem()
    return UnforeseenError(kind=type(error).__name__).problem() if is_last else None


def load(run: JobRun, batch: Batch, warehouse: TenantWarehouse) -> Outcome:
    """Stage the payload and write what it says anew; a replay takes the place of the earlier readings."""
    run.progress(0, STEPS, "reading")
    terms, replaces = agreed(run, batch)
    version, counting_rules = counted_by(run, batch)
    with warehouse.scratch() as con:
        facts = None
        if replaces is None:
            facts = versions.newest_facts(warehouse, batch_seq=batch.seq, reported_at=batch.reported_at)
        currency = currency_of(run, batch)
        staged = stage_batch(run, batch, con, terms=terms, counted=counting_rules, facts=facts, currency=currency)
        report = describe(staged) | promised(batch, staged)
        if counting_rules:
            report["conversions"] = {"version": version, "rules": counting.plain(counting_rules)}
        report["currency"] = currency
        whose = "as the sender or the account said" if batch.options.get("currency") else "the workspace's own"
        report["warnings"] += assumed(con, currency=currency, whose=whose)
        run.progress(1, STEPS, "writing")
        with warehouse.write():
            placed = prepare(run, warehouse)
            hand_over(warehouse, con, currency=currency, parts=staged.parts)
            window = counting.window_of(counting_rules)
            applied = write(warehouse, batch, staged, replaces=replaces, window=window)
            report["warnings"] += [*kept_though_complete(batch, staged), *overshadowed(warehouse, staged)]
            keep_quarantine(warehouse, con, batch)
            totals.keep(warehouse, staged.totals, batch_seq=batch.seq)
            named = entities.apply(warehouse, con, told_by(batch))
            rollup.rename(warehouse, batches=[batch.seq, *(replaces or []), *placed])
            measured = series.apply(warehouse, con, batch_seq=batch.seq)
            sold = orders.apply(warehouse, con, batch_seq=batch.seq, currency=currency)
            if replaces:
                write_out_elided(run, warehouse, batch, gone=replaces)
    run.progress(3, STEPS, "publishing")
    note_shapes(run, batch, staged, terms)
    loaded = applied.loaded + named + measured + sold
    return Outcome(
        received=staged.received,
        loaded=loaded,
        unchanged=staged.received - staged.quarantined - loaded,
        quarantined=staged.quarantined,
        report=report | {"applied": asdict(applied)},
    )


def write(
    warehouse: TenantWarehouse, batch: Batch, staged: StageReport, *, replaces: list[int] | None, window: str = ""
) -> Applied:
    """The staged facts into the log; `replaces`: the earlier readings, of a replay; `window`: the one that counts."""
    complete = complete_windows(batch, counting=window)
    if batch.options.get("is_complete") and (declared := declared_days(batch.options)):
        complete += totals.complete_windows(staged, declared)
    applying = versions.apply_batch
    if replaces is not None:
        says_more = bool(staged.named or staged.series or staged.orders)
        applying = partial(versions.replay_batch, replaces=replaces, says_more=says_more)
    return applying(
        warehouse,
        batch_seq=batch.seq,
        reported_at=batch.reported_at,
        recorded_at=batch.received_at,
        staged=INCOMING,
        # A row that was set aside is there, though nobody knows what it says: nothing has vanished then.
        complete=() if staged.quarantined else complete,
        is_distinct=staged.parts == 1,
    )


def agreed(run: JobRun, batch: Batch) -> tuple[Terms | None, list[int] | None]:
    """The contract that holds for a new file, or the earlier readings of one that is read again."""
    with run.work() as work:
        if batch.kind == "replay":
            return None, replays.earlier_readings(work, batch)
        return contracts.terms_of(work, data_source=batch.data_source), None


def counted_by(run: JobRun, batch: Batch) -> tuple[int, tuple[ConversionRule, ...]]:
    """Which conversions of the batch's platform count today, and the change of rules that said so."""
    with run.work() as work:
        version, rules = conversion_rules(work)
    return version, counting.of_source(rules, batch.data_source)


def note_shapes(run: JobRun, batch: Batch, staged: StageReport, terms: Terms | None) -> None:
    """Remember what the file looked like, and tell of a change."""
    if terms is None:
        return
    with run.work() as work:
        contracts.note(work, batch=batch, mode=terms.mode, shapes=staged.shapes, drifts=staged.drifts)


def promised(batch: Batch, staged: StageReport) -> dict[str, Any]:
    """What the sender declared beside what came. Raises TotalsDifferError where they asked for that."""
    told: dict[str, Any] = {}
    if declared := declared_days(batch.options):
        told["no_data"] = totals.absent_days(staged, declared)
    if expected := batch.options.get("expected"):
        compared = totals.compare(staged, expected, tolerance=Decimal(batch.options.get("tolerance", totals.TOLERANCE)))
        off = [one.sentence() for one in compared if not one.is_equal]
        told["expected"] = [one.plain() for one in compared]
        if off and batch.options.get("refuse_if_differs"):
            raise TotalsDifferError(f"{' '.join(off)} Nothing was loaded.", expected=told["expected"])
        staged.warnings += off
        told["warnings"] = staged.warnings
    return told


def currency_of(run: JobRun, batch: Batch) -> str:
    """What amounts are in that name no currency: as the sender said, else the workspace's own."""
    with run.work() as work:
        return str(batch.options.get("currency") or workspace(work).currency)


def stage_batch(
    run: JobRun,
    batch: Batch,
    con: duckdb.DuckDBPyConnection,
    *,
    terms: Terms | None = None,
    counted: Sequence[ConversionRule] = (),
    facts: str | None = None,
    currency: str = "",
) -> StageReport:
    """The batch's payload in the staging tables of `con`; see `stage` for `facts` and `currency`."""
    assert batch.file_id is not None
    opened: Callable[[], BinaryIO] = partial(run.house.files.open, batch.tenant_id, batch.file_id)
    return stage(
        con,
        opened,
        data_source=batch.data_source,
        now=batch.received_at,
        file_name=batch.file_name,
        date_range=declared_days(batch.options),
        options=replace(stage_options(batch.options), terms=terms, **counting.choice(counted)),
        facts=facts,
        currency=currency,
    )


def declared_days(options: dict[str, Any]) -> tuple[date, date] | None:
    """The first and last day that a batch gives to rows without a date, if it does."""
    days = options.get("date_range")
    return (date.fromisoformat(days[0]), date.fromisoformat(days[1])) if days else None


def stage_options(options: dict[str, Any]) -> StageOptions:
    """What the sender told about how to read the payload, as a batch keeps it."""
    return StageOptions(
        columns=options.get("columns", {}),
        decimal_mark=options.get("decimal_mark"),
        day_order=options.get("day_order"),
        defaults=options.get("defaults", {}),
        attribution=options.get("attribution", ""),
        may_be_empty="complete" in options,
    )


def complete_windows(batch: Batch, *, counting: str = "") -> list[versions.Window]:
    """The slices of which the sender says that the batch has all there is; under the attribution window `counting`,
    they are marked as their rows are.
    """
    own = batch.options.get("attribution")
    stamp = attribution.asked(own, counts=own == counting) if own else None
    return [
        versions.Window(
            data_source=batch.data_source,
            report=told["report"],
            account_id=told["account_id"],
            date_from=date.fromisoformat(told["date_from"]),
            date_to=date.fromisoformat(told["date_to"]),
            attribution=stamp or told.get("attribution"),
        )
        for told in batch.options.get("complete", [])
    ]


def prepare(run: JobRun, warehouse: TenantWarehouse) -> list[int]:
    """Make the tables that are not there yet; gives the batches of which an older version kept the names alone."""
    versions.create_tables(warehouse)
    if not (found := entities.without_day(warehouse)):
        return []
    with run.work() as work:
        kept = batches.numbered(work, found)
    for batch in kept:
        entities.put_right(warehouse, told_by(batch))
    return [batch.seq for batch in kept]


def told_by(batch: Batch) -> entities.Told:
    """Who says the names of a batch, and since when."""
    said = batch.reported_at.astimezone(UTC).date()
    return entities.Told(batch_seq=batch.seq, data_source=batch.data_source, said=said, place=batch.replays_seq)


def take_back(run: JobRun, batch: Batch, warehouse: TenantWarehouse) -> Outcome:
    """Retract all readings of a batch."""
    assert batch.retracts_seq is not None
    with run.work() as work:
        read = replays.earlier_readings(work, batch)
        naming = batches.naming(work, like=batch.retracts_seq)
    with warehouse.write():
        placed = prepare(run, warehouse)
        left = versions.retract(warehouse, batch_seq=batch.seq, retracted=read)
        left += sum(said.count(warehouse, kind, read) for kind in WORDS)
        left += sum(entities.retract(warehouse, batch_seq=seq) for seq in read)
        write_out_elided(run, warehouse, batch, gone=read)
        for repeated in naming:
            with warehouse.scratch() as con:
                stage_batch(run, repeated, con)
                entities.add(warehouse, con, told_by(repeated))
        rollup.rename(warehouse, batches=[*read, *(repeated.seq for repeated in naming), *placed])
    return Outcome(received=0, loaded=0, unchanged=0, quarantined=0, report={"rows_left": left})


def write_out_elided(run: JobRun, warehouse: TenantWarehouse, batch: Batch, *, gone: Sequence[int]) -> None:
    """Write what later files said besides facts in mere repetition of the batches `gone`, which `batch` replaces or
    takes back.
    """
    touched = [kind for kind in WORDS if said.touch(warehouse, kind, gone=gone, own=batch.seq)]
    if not touched:
        return
    with run.work() as work:
        later = batches.keeping_words(work, after=gone[0], version=batch.seq)
    for one in later:
        told = one.report or {}
        elided = [kind for kind in touched if told.get(kind.counted, 0) > said.count(warehouse, kind, [one.seq])]
        if one.seq in gone or not elided:
            continue
        currency = told.get("currency") or currency_of(run, one)
        with warehouse.scratch() as con:
            stage_batch(run, one, con)
            for kind in elided:
                rows = words_of(con, kind, batch_seq=one.seq, currency=currency)
                said.write_out(warehouse, kind, rows, batch_seq=one.seq)


def words_of(con: duckdb.DuckDBPyConnection, kind: Kind, *, batch_seq: int, currency: str) -> pa.Table:
    """The staged words of a kind as rows of the batch."""
    if kind is orders.KIND:
        return orders.staged(con, batch_seq=batch_seq, currency=currency)
    return series.staged(con, batch_seq=batch_seq)


def load_rates(run: JobRun, batch: Batch, warehouse: TenantWarehouse) -> Outcome:
    """Write the exchange rates of the payload; those of one day, pair and source that differ are set aside."""
    assert batch.file_id is not None
    with run.house.files.open(batch.tenant_id, batch.file_id) as clear:
        received = orjson.loads(clear.read())
    told, unsure = rates.told_apart(received)
    aside = [
        {"batch_seq": batch.seq, "source_row": row, "column_name": "rate", "code": "repeated_key", "message":
         "Repeated key: another row has another rate for this day, pair and source; send one of them.",
         "raw": orjson.dumps(said).decode(), "recorded_at": batch.received_at}
        for row, said in unsure.items()
    ]  # fmt: skip
    with warehouse.write():
        versions.create_tables(warehouse)
        fresh = rates.apply(warehouse, told, batch_seq=batch.seq)
        rows = pa.Table.from_pylist(aside, schema=QUARANTINE_SCHEMA.to_pyarrow())
        warehouse.replace_slice("quarantine", lambda table: table.batch_seq == batch.seq, rows)
    unchanged = len(received) - len(unsure) - fresh
    return Outcome(received=len(received), loaded=fresh, unchanged=unchanged, quarantined=len(unsure), report={})


def clear(run: JobRun, batch: Batch, warehouse: TenantWarehouse) -> Outcome:
    """Carry out a confirmed plan of retention, class by class."""
    run_id = UUID(batch.options["run"])
    with run.work() as work:
        planned = retention.get_run(work, run_id=run_id).plan
    removed: dict[str, int] = {}
    for place, entry in enumerate(planned):
        name = entry["data_class"]
        run.progress(place, len(planned) + 1, retention.CLASSES[name])
        if name == "versions":
            with run.work() as work:
                retention.move_horizon(work, before=date.fromisoformat(entry["before"]))
        with run.work() as work:
            removed[name] = retention.clear(work, entry=entry, warehouse=warehouse)
    with run.work() as work:
        retention.finish(work, run_id=run_id, removed=removed)
    return Outcome(received=0, loaded=0, unchanged=0, quarantined=0, report={"removed": removed})


APPLY: Final = {
    "upload": load,
    "replay": load,
    "take_back": take_back,
    "rates": load_rates,
    "clearing": clear,
}


def hand_over(warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, *, currency: str, parts: int) -> None:
    """The staged facts as a temporary table of the warehouse; amounts that name no currency are in `currency`, which is
    part of what they say: told another one later, they are restated.
    """
    assert CURRENCY.fullmatch(currency)
    own = f"coalesce(currency, CASE WHEN {NAMES_NO_CURRENCY} THEN '{currency}' END)"
    said = f"CASE WHEN {NAMES_NO_CURRENCY} THEN {hash_in(currency, 'row_hash')} ELSE row_hash END"
    rows = f"SELECT * REPLACE ({own} AS currency, {said} AS row_hash) FROM staged"  # noqa: S608 - three capital letters
    if warehouse.engine != "duckdb":
        warehouse.stage(INCOMING, con.execute(rows).to_arrow_table(), schema=STAGED_SCHEMA)
    elif parts == 1:
        # Staging has told equal keys of one part apart: nothing will be removed, so nothing need be copied.
        warehouse.run(f"CREATE OR REPLACE TEMP VIEW {INCOMING} AS {rows}")
    else:
        warehouse.stage_query(INCOMING, rows)


def keep_quarantine(warehouse: TenantWarehouse, con: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """The rows that were set aside, with the reason, instead of what an earlier attempt kept."""
    rows: pa.Table = con.execute(
        "SELECT $seq::BIGINT AS batch_seq, source_row::BIGINT AS source_row, column_name, code, message, raw,"
        " $at::TIMESTAMPTZ AS recorded_at FROM quarantined ORDER BY source_row, column_name",
        {"seq": batch.seq, "at": batch.received_at},
    ).to_arrow_table()
    warehouse.replace_slice("quarantine", lambda table: table.batch_seq == batch.seq, rows)
