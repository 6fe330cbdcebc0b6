"""Thirty ways in which a source's files change their shape: none is silent, and every row can be had again.

Each is tried under each contract. What must hold: the change is named; received = loaded + unchanged + quarantined; a
number that was not delivered is null and not zero; what was not read stands beside its row, and what was set aside can
be had again as it came.
"""

import csv
import io
import json
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_rows import lines, meta_rows
from sqlalchemy import select

from kalends.base.reading.documents import snake
from kalends.marketing import drift, service
from kalends.marketing.models import SeenShape
from kalends.marketing.staging import StageOptions, stage
from kalends.notify.models import InboxEntry

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ROWS = [row | {"note": "a plain word", "quality": "7", "seen_on": "2026-01-09"} for row in meta_rows(12)]
NEXT = [row | {"date_start": "2026-01-20", "date_stop": "2026-01-20"} for row in ROWS[:4]]


def adding(name, value):
    return lambda rows: ([{**row, name: value} for row in rows], {name})


def dropping(*names):
    return lambda rows: ([{key: cell for key, cell in row.items() if key not in names} for row in rows], set(names))


def holding(name, value):
    return lambda rows: ([{**row, name: value} for row in rows], {name})


def renaming(old, new):
    return lambda rows: ([{new if key == old else key: cell for key, cell in row.items()} for row in rows], {old, new})


def some(change, *, share):
    """The change in the first rows only."""

    def changed(rows):
        cut = round(len(rows) * share)
        head, names = change(rows[:cut])
        return [*head, *rows[cut:]], names

    return changed


KINDS = {
    "a new number": adding("video_p25", "17"),
    "a new text": adding("creative_tone", "cheerful"),
    "a new date": adding("approved_on", "2026-01-02"),
    "a new flag": adding("is_test", True),
    "a new object": adding("targeting", {"age_min": 18}),
    "a new list": adding("labels", ["a", "b"]),
    "a new column in one row of four": some(adding("video_p50", "4"), share=0.25),
    "a new column with another case": adding("Spend_Total", "3"),
    "a new column with an odd name": adding('wish: bid/äöü "x"', "3"),
    "two new columns": lambda rows: ([{**row, "one": "1", "two": "2"} for row in rows], {"one", "two"}),
    "spend is gone": dropping("spend"),
    "impressions are gone": dropping("impressions"),
    "clicks are gone": dropping("clicks"),
    "the actions are gone": dropping("actions"),
    "a name is gone": dropping("ad_name"),
    "the currency is gone": dropping("account_currency"),
    "two metrics are gone": dropping("spend", "clicks"),
    "a kept column is gone": dropping("note"),
    "spend is renamed": renaming("spend", "amount_spent"),
    "clicks are renamed": renaming("clicks", "clicks_all"),
    "a kept column is renamed": renaming("note", "remark"),
    "spend becomes words": holding("spend", "a lot"),
    "spend becomes a date": holding("spend", "2026-01-01"),
    "spend becomes a flag": holding("spend", "true"),
    "spend becomes a list": holding("spend", [{"currency": "EUR", "value": "3"}]),
    "impressions become words": holding("impressions", "many thousands"),
    "clicks become an object": holding("clicks", {"all": "3", "link": "2"}),
    "the actions become a number": holding("actions", "12"),
    "a kept number becomes words": holding("quality", "good"),
    "a kept date becomes words": holding("seen_on", "yesterday"),
    "a kept text becomes a number": holding("note", "12"),
    "most of spend becomes words": some(holding("spend", "soon"), share=0.75),
}
FEEDS = {"spend": "spend", "impressions": "impressions", "clicks": "clicks", "actions": "conversions"}
assert len(KINDS) >= 30


def flattened(row):
    """Names and texts of a row's cells, nested names with dots, as the reader has them."""
    found = {}
    for name, cell in row.items():
        inner = cell if isinstance(cell, dict) else {}
        found |= {f"{name}.{below}": value for below, value in inner.items()} if inner else {name: cell}
    return found


def tell(room, mode):
    with room.door.work() as work:
        service.set_contract(work, data_source="facebook_ads", mode=mode)


class Staged:
    """What came of rows that were read under a contract, without a store."""

    def __init__(self, rows, mode, known):
        self.rows = rows
        terms = drift.Terms(mode, known)
        with duckdb.connect() as con:
            raw = lines(rows)
            self.report = stage(con, lambda: io.BytesIO(raw), data_source="facebook_ads", now=NOW,
                                options=StageOptions(terms=terms))  # fmt: skip
            self.facts = con.execute("FROM staged").to_arrow_table().to_pylist()
            self.aside = con.execute("FROM quarantined").to_arrow_table().to_pylist()

    def names(self):
        return {
            name
            for one in self.report.drifts
            for name in (*one.new, *one.vanished, *(change.column for change in one.changed))
        }

    def tells(self, name):
        """A changed column is named; of an object, its parts are."""
        return any(one == snake(name) or one.startswith(f"{name}.") for one in self.names())


def known_of(*staged):
    """What the next file is held against, as the contract keeps it."""
    return tuple(
        drift.Known(report, columns, frozenset(columns), 1) for one in staged for report, columns in one.report.shapes
    )


@pytest.fixture(scope="module")
def first():
    return known_of(Staged(ROWS, "evolve", ()))


@pytest.mark.parametrize("kind", KINDS)
def test_no_drift_is_silent(first, kind):
    rows, names = KINDS[kind](NEXT)

    with pytest.raises(drift.DriftRefusedError) as refused:
        Staged(rows, "freeze", first)
    assert all(snake(name) in refused.value.message for name in names)
    assert refused.value.details["examples"]

    held = Staged(rows, "quarantine", first)
    assert all(held.tells(name) for name in names)
    kept = {row["source_row"]: json.loads(row["raw"]) for row in held.aside}
    assert held.report.received == held.report.staged + held.report.quarantined == 4
    assert held.report.quarantined == len(kept) > 0
    assert kept.keys() | {row["source_row"] for row in held.facts} == {1, 2, 3, 4}
    for place, raw in kept.items():
        came = {snake(name): cell for name, cell in flattened(rows[place - 1]).items()}
        assert {name for name, cell in raw.items() if cell is not None} == came.keys()
        assert all(raw[name] == came[name] for name in came if isinstance(came[name], str))

    loaded = Staged(rows, "evolve", first)
    assert all(loaded.tells(name) for name in names)
    assert loaded.report.received == loaded.report.staged + loaded.report.quarantined == 4
    found = {row["source_row"]: row for row in loaded.facts}
    assert {row["source_row"] for row in loaded.aside} | found.keys() == {1, 2, 3, 4}
    touched = {
        column for column in FEEDS if any(row.get(column) != was[column] for row, was in zip(rows, NEXT, strict=True))
    }
    for place, row in found.items():
        check_row(row, came=rows[place - 1], was=NEXT[place - 1], names=names, touched=touched)

    assert not Staged(rows, "evolve", known_of(loaded)).report.drifts  # known by now


@pytest.fixture
def short_parts(monkeypatch):
    monkeypatch.setattr("kalends.marketing.reading.parts.FIRST_BYTES", 50_000)
    monkeypatch.setattr("kalends.marketing.reading.parts.PART_BYTES", 200_000)


def many(changed, *, count=2_000):
    """Rows of many ads, of which those in the range `changed` hold something else in a column that feeds nothing."""
    return [
        NEXT[0] | {"ad_id": f"A{number}", "note": "17" if number in changed else "a plain word"}
        for number in range(count)
    ]


@pytest.mark.usefixtures("short_parts")
def test_a_change_far_down_in_a_file_is_seen(first):
    rows = many(range(250, 2_000))
    with pytest.raises(drift.DriftRefusedError, match="'note' held text and now holds number"):
        Staged(rows, "freeze", first)
    assert Staged(rows, "evolve", first).names() == {"note"}
    held = Staged(rows, "quarantine", first).report
    assert (held.staged, held.quarantined) == (250, 1_750)


@pytest.mark.usefixtures("short_parts")
def test_the_first_rows_do_not_speak_for_the_file(first):
    rows = many(range(220))
    assert not Staged(rows, "freeze", first).report.drifts
    assert not Staged(rows, "quarantine", first).report.drifts


@pytest.mark.parametrize("kind", ["a new column in one row of four", "spend becomes words", "clicks are renamed"])
def test_each_contract_holds_from_the_door_to_the_store(room, clock, kind):
    room.load(ROWS)
    clock.advance(hours=1)
    rows, names = KINDS[kind](NEXT)
    tell(room, "freeze")
    frozen = room.load(rows)
    assert (frozen.state, frozen.error["code"]) == ("failed", "drift_refused")
    assert len(room.facts()) == 12
    tell(room, "quarantine")
    held = room.load(rows)
    with room.door.work() as work:
        aside = {row.source_row for row in service.quarantine(work, batch_id=held.id, limit=10, offset=0).rows}
    assert held.received == held.loaded + held.unchanged + held.quarantined == 4
    assert len(aside) == held.quarantined > 0
    tell(room, "evolve")
    loaded = room.load(rows)
    assert names == {name for one in loaded.report["drift"] for name in (*one["new"], *one["vanished"],
                     *(change["column"] for change in one["changed"]))}  # fmt: skip
    assert (loaded.received, loaded.quarantined, len(room.facts())) == (4, 0, 16)
    assert room.load(rows).report["drift"] == []


def check_row(row, *, came, was, names, touched):
    """A metric is what came, or null: never zero, never the old value; a cell that was not read stands in `extra`."""
    extra = json.loads(row["extra"] or "{}")
    for column, metric in FEEDS.items():
        assert (row[metric] is None) == (column in touched), metric
    for name in names & came.keys():
        if name in was and came[name] == was[name]:
            continue  # a row in which nothing changed
        assert [cell for key, cell in extra.items() if key in {name, snake(name)} or key.startswith(f"{name}.")], (
            name,
            extra,
        )


def test_what_comes_only_now_and_then_is_not_missed(room, clock):
    for place, rows in enumerate((ROWS, [{**row, "bonus": "1"} for row in ROWS], ROWS, ROWS)):
        clock.advance(hours=1)
        found = room.load(rows).report["drift"]
        assert bool(found) == (place == 1)


def test_a_report_with_other_breakdowns_is_its_own(room):
    room.load(ROWS)
    cut = [{key: cell for key, cell in row.items() if key not in {"ad_id", "ad_name", "adset_id", "note", "quality"}}
           for row in ROWS[:1]]  # fmt: skip
    assert room.load(cut).report["drift"] == []
    with room.house.work(room.scope) as work:
        assert set(work.session.execute(select(SeenShape.report)).scalars()) == {"ad", "campaign"}


def test_admins_are_told_once(room, signed_in):
    signed_in("admin")
    room.load(ROWS)
    tell(room, "quarantine")
    for _ in range(3):
        room.load([{**row, "fresh": "1"} for row in NEXT])
    with room.house.work(room.scope) as work:
        told = [entry for entry in work.session.execute(select(InboxEntry)).scalars() if entry.kind == "batch.drift"]
    assert len(told) == 1
    assert "fresh" in told[0].body


def test_a_csv_with_other_columns_is_held_to_its_contract_too(room):
    def written(rows):
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()

    plain = [{name: cell for name, cell in row.items() if name != "actions"} for row in ROWS]
    room.load(written(plain))
    tell(room, "freeze")
    assert room.load(written([{**row, "more": "1"} for row in plain])).error["code"] == "drift_refused"
    assert room.load(written(plain)).state == "published"


def test_contracts_over_http(client, room, signed_in):
    room.load(ROWS)
    url = "/api/v1/marketing/contracts"
    [one] = client.get(url).json()["contracts"]
    assert (one["mode"], one["columns"]["ad"]["spend"]) == ("evolve", "number")
    assert client.put(f"{url}/meta", json={"mode": "freeze"}).status_code == 204
    assert client.get(url).json()["contracts"][0]["mode"] == "freeze"
    assert client.put(f"{url}/meta", json={"mode": "melt"}).status_code == 422
    assert signed_in("viewer").put(f"{url}/meta", json={"mode": "evolve"}).status_code == 403


CELLS = {
    "number": ["12", "-1.50", "1,234.50", "1.234,50", "12 %", "$3.20", "EUR 12", "12 €", "1e6", "-2E-18", "(5.00)", ".5"],
    "date": ["2026-01-31", "2026-01-31T10:00:00Z", "31.12.2026", "12/31/26", "2026/01/02"],
    "flag": ["true", "False", "yes"],
    "list": ['[{"a": 1}]', "{}", "[]"],
    "text": ["a lot", "Ad 1", "c1", "12 apples a day", "x12"],
}  # fmt: skip


@pytest.mark.unit
@pytest.mark.parametrize(("kind", "cell"), [(kind, cell) for kind, cells in CELLS.items() for cell in cells])
def test_what_a_cell_looks_like(kind, cell):
    assert drift.kind_of([cell, None, "", "--"]) == kind
    if kind in drift.KINDS:
        with duckdb.connect() as con:
            told = con.execute("SELECT regexp_full_match(trim(?), ?)", [cell, drift.KINDS[kind]]).fetchone()
        assert told == (True,)


@pytest.mark.unit
@given(st.lists(st.text(max_size=12) | st.none(), max_size=20))
def test_any_column_looks_like_something(cells):
    assert drift.kind_of(cells) in {"number", "date", "flag", "list", "text", "empty"}
