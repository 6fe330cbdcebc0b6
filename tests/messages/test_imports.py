"""Imports from the file to the store: rights of the sender, the same again, corrected, taken back."""

import io

import pytest
from sqlalchemy import text

from kalends.base.ids import new_id
from kalends.base.jobs import JobRun
from kalends.base.scope import Scope
from kalends.base.warehouse import TenantWarehouse
from kalends.base.worker import run_task
from kalends.identity.service import Door, add_person
from kalends.messages import captions, creator_pages, jobs, page_messages
from kalends.messages.intake import imports, reading
from kalends.messages.intake.imports import CannotTakeBackError, EmptyFileError, ImportOptions, NoSuchImportError
from kalends.messages.page_schemas import PageIn

HISTORY = """message_id,page_name,sent_at,message_type,price,recipients,viewed,purchased,earnings
m1,Luna,2026-02-01 18:05,PPV,9.99,1000,400,12,119.88
m2,Luna,2026-02-02 18:05,Bump,,1000,300,0,0
m3,Nova,2026-02-02 18:05,PPV,9.99,1000,300,8,79.92
m4,Stella,2026-02-02 18:05,PPV,9.99,1000,300,8,79.92
"""
CAPTIONS = """caption_id,caption_text,page_name,price_tier,content_category,has_urgency
4711,Come and see,,mid,teaser,no
4712,Only today,Luna,Premium,sale,yes
,Good morning,,free,greeting,
4713,No tier,,,greeting,
"""


@pytest.fixture
def pages(house, scope):
    """Luna and Nova."""
    with house.work(scope) as work:
        return [
            creator_pages.add_page(work, PageIn(name=name, zone="UTC", currency="USD")).id for name in ("Luna", "Nova")
        ]


@pytest.fixture
def door(house, scope):
    return Door(house=house, scope=scope, is_local=False)


@pytest.fixture
def editor(house, scope, pages):
    """The door of an editor who works on Luna alone."""
    with house.work(scope) as work:
        person = add_person(work, email="eda@aurora.example", name="Eda", role="editor")
        creator_pages.assign_people(work, page_id=pages[0], person_ids=[person.id])
    return Door(house=house, scope=Scope(tenant_id=scope.tenant_id, role="editor", person_id=person.id), is_local=False)


def run_jobs(house, tenant_id):
    """Run what is queued, as the worker would."""
    assert jobs.read_import.queue == "heavy"
    scope = Scope(tenant_id=tenant_id, role="worker", label="job")
    with house.work(scope) as work:
        waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
    for task_id in waiting:
        run_task(house, tenant_id, task_id)


def load(door, content, kind="history", **more):
    made = imports.land(door, io.BytesIO(content.encode()), kind=kind, file_name=f"{kind}.csv", **more)
    run_jobs(door.house, door.scope.tenant_id)
    return outcome(door, made)


def outcome(door, made):
    with door.work() as work:
        found = imports.get_import(work, import_id=made)
        work.session.expunge(found)
    return found


def counts(found):
    return found.state, found.received, found.loaded, found.unchanged, found.rejected


def sent(door):
    with door.house.warehouse.tenant(door.scope.tenant_id) as warehouse:
        return {one["page_id"]: one["messages"] for one in page_messages.counts(warehouse)}


def problems(door, found):
    with door.work() as work:
        return [(one.source_row, one.code) for one in imports.problems_of(work, import_id=found.id)[1]]


def test_history_lands_in_the_warehouse_and_the_same_again_writes_nothing(door, pages):
    first = load(door, HISTORY)
    assert counts(first) == ("loaded", 4, 3, 0, 1)
    assert problems(door, first) == [(4, "unknown_page")]
    assert sent(door) == {str(pages[0]): 2, str(pages[1]): 1}
    assert first.report["columns"]["sent_at"] == "sent_at"
    again = load(door, HISTORY)
    assert counts(again) == ("loaded", 4, 0, 3, 1)


def test_rows_of_pages_that_the_sender_does_not_work_on_are_set_aside(editor, pages):
    found = load(editor, HISTORY)
    assert counts(found) == ("loaded", 4, 2, 0, 2)
    assert problems(editor, found) == [(3, "unknown_page"), (4, "unknown_page")]
    assert sent(editor) == {str(pages[0]): 2}


def test_imports_hold_raw_rows_and_are_their_senders(door, editor):
    found = load(door, HISTORY)
    with editor.work() as work:
        assert imports.list_imports(work) == (0, [])
        with pytest.raises(NoSuchImportError):
            imports.problems_of(work, import_id=found.id)


def test_a_corrected_reading_takes_the_place_of_the_first(door, pages):
    wrong = load(door, HISTORY, options=ImportOptions(zone="Asia/Tokyo"))
    with door.work() as work:
        made = imports.read_again(work, import_id=wrong.id, page_id=None, options=ImportOptions()).id
    run_jobs(door.house, door.scope.tenant_id)
    assert counts(outcome(door, made)) == ("loaded", 4, 3, 0, 1)
    with door.house.warehouse.tenant(door.scope.tenant_id) as warehouse:
        rows = page_messages.history(warehouse, page_ids=[str(pages[0])]).to_pylist()
    assert [row["sent_at"].hour for row in rows] == [18, 18]


def test_history_is_taken_back(door):
    found = load(door, HISTORY)
    with door.work() as work:
        imports.take_back(work, import_id=found.id)
    run_jobs(door.house, door.scope.tenant_id)
    assert sent(door) == {}
    with door.work() as work, pytest.raises(CannotTakeBackError):
        imports.take_back(work, import_id=found.id)


@pytest.mark.parametrize(
    ("owner", "name"), [(TenantWarehouse, "append"), (page_messages, "apply"), (imports, "keep_outcome")]
)
def test_an_import_that_is_cut_off_and_begun_again_loses_and_doubles_nothing(door, pages, monkeypatch, owner, name):
    """Cut off with the old rows deleted and the new ones not yet there, after the write, and before it is noted."""
    load(door, HISTORY)
    newer = HISTORY.replace("400,12,119.88", "500,15,149.85") + "m5,Nova,2026-02-03 18:05,Bump,,1000,300,0,0\n"
    made = imports.land(door, io.BytesIO(newer.encode()), kind="history", file_name="newer.csv")
    with door.work() as work:
        task = work.session.execute(text("UPDATE tasks SET state = 'running', attempt = 1 WHERE subject_id = :id"
                                         " RETURNING id"), {"id": made}).scalar()  # fmt: skip
    run = JobRun(door.house, Scope(tenant_id=door.scope.tenant_id, role="worker", label="job"), task, 1, {})
    whole = getattr(owner, name)

    def cut(*told, **more):
        if owner is page_messages:
            whole(*told, **more)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, cut)
        with pytest.raises(ConnectionResetError):
            reading.read_import(run, import_id=made)
    was_written = owner is not TenantWarehouse
    assert sent(door) == {str(pages[0]): 2, str(pages[1]): 1 + was_written}
    reading.read_import(run, import_id=made)
    assert counts(outcome(door, made)) == ("loaded", 5, 2, 2, 1)
    with door.house.warehouse.tenant(door.scope.tenant_id) as warehouse:
        rows = page_messages.history(warehouse, page_ids=[str(page) for page in pages]).to_pylist()
    assert sorted((row["message_id"], row["purchased"]) for row in rows) == [
        ("m1", 15),
        ("m2", 0),
        ("m3", 8),
        ("m5", 0),
    ]


def test_a_file_that_cannot_be_read_says_why(door, pages):
    found = load(door, "colour,taste\nred,sweet\n")
    assert found.state == "failed"
    assert "column" in found.error["detail"]
    with pytest.raises(EmptyFileError):
        load(door, "")


def test_the_same_key_is_one_import(door, pages):
    one = imports.land(door, io.BytesIO(HISTORY.encode()), kind="history", file_name="a.csv", idempotency_key="k")
    two = imports.land(door, io.BytesIO(HISTORY.encode()), kind="history", file_name="a.csv", idempotency_key="k")
    assert one == two


def test_captions_keep_their_numbers_and_are_renewed(door, pages):
    first = load(door, CAPTIONS, kind="captions")
    assert counts(first) == ("loaded", 4, 3, 0, 1)
    assert problems(door, first) == [(4, "missing_tier")]
    with door.work() as work:
        bank = captions.list_captions(work)[1]
        assert [(one.caption_no, one.price_tier, one.has_urgency) for one in bank] == [
            (4711, "Mid", False), (4712, "Premium", True), (4714, "Free", False)
        ]  # fmt: skip
        assert [one.page_id for one in bank] == [None, pages[0], None]
    assert counts(load(door, CAPTIONS, kind="captions")) == ("loaded", 4, 0, 3, 1)
    changed = CAPTIONS.replace("Only today", "Only tonight")
    assert counts(load(door, changed, kind="captions")) == ("loaded", 4, 1, 2, 1)


def test_captions_of_others_are_not_renewed(door, editor, pages):
    load(door, "caption_id,text,page,tier\n1,Nova's own,Nova,Mid\n", kind="captions")
    found = load(editor, "caption_id,text,tier\n1,Mine now,Free\n", kind="captions")
    assert problems(editor, found) == [(1, "not_yours")]


def test_two_captions_with_one_number_are_both_set_aside(door, pages):
    found = load(door, "caption_id,text,tier\n1,One,Free\n1,Two,Free\n2,Three,Free\n", kind="captions")
    assert counts(found) == ("loaded", 3, 1, 0, 2)
    assert problems(door, found) == [(1, "repeated_id"), (2, "repeated_id")]


def test_pages_come_from_a_file(door):
    content = "page_name,timezone,currency,ppvs\nLuna,america/new_york,usd,9\nNova,Mars,EUR,\nStella,Europe/Berlin,,\n"
    found = load(door, content, kind="pages")
    assert counts(found) == ("loaded", 3, 2, 0, 1)
    assert problems(door, found) == [(2, "bad_page")]
    with door.work() as work:
        told = [(one.name, one.zone, one.currency, one.overrides) for one in creator_pages.list_pages(work)]
    assert told == [("Luna", "America/New_York", "USD", {"ppvs": 9}), ("Stella", "Europe/Berlin", "EUR", {})]
    assert counts(load(door, content, kind="pages")) == ("loaded", 3, 0, 2, 1)


def test_the_problems_are_a_file_without_formulas(door, pages):
    found = load(door, HISTORY.replace("m4,Stella", '"=cmd()",Stella'))
    with door.work() as work:
        told = imports.problems_csv(work, import_id=found.id)
    assert told.splitlines()[0] == "row,column,code,problem,as_sent"
    assert imports.harmless("=1+1") == "'=1+1"


def test_an_unknown_import_is_nobodys(door):
    with door.work() as work, pytest.raises(NoSuchImportError):
        imports.get_import(work, import_id=new_id())
