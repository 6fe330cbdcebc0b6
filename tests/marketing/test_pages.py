"""The Data room as a browser meets it: upload, look, correct, load, take back, undo."""

import gzip
import json
import re
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from kalends.base.chores import do_chores
from kalends.base.errors import KalendsError
from kalends.base.worker import run_task
from kalends.marketing import drafts, jobs, overview, service
from kalends.marketing.pages import router
from kalends.notify.service import InboxEntry

CSV = (
    "Datum;Kampagne;Kosten;Klicks;Notiz\n"
    "01.02.2026;Winter;12,50;30;a\n"
    "02.02.2026;Winter;1.013,50;31;b\n"
    "03.02.2026;Winter;viel;32;c\n"
)
META = [
    {"account_id": "act_1", "account_currency": "EUR", "campaign_id": "c1", "adset_id": "s1", "ad_id": f"a{place}",
     "date_start": "2026-02-10", "date_stop": "2026-02-10", "spend": f"{10 + place}.50", "impressions": "1000",
     "clicks": "20", "actions": [{"action_type": "purchase", "value": "2"}]}
    for place in range(4)
]  # fmt: skip
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x06\x00\x00\x00" + bytes(range(256))

assert jobs.apply_batches.kind  # the kind is declared by importing it


@pytest.fixture
def tenant(company):
    """The company itself; the engines' own tenants belong to the tests of versions."""
    return company


@pytest.fixture
def app(house):
    """This room's pages alone."""
    from fastapi import FastAPI
    from starlette.responses import JSONResponse

    made = FastAPI()
    made.state.house = house
    made.include_router(router)
    made.add_exception_handler(KalendsError, lambda _, error: JSONResponse(error.problem(), status_code=error.status))
    return made


@pytest.fixture
def editor(signed_in):
    client = signed_in("editor")
    client.headers["accept"] = "text/html"
    return client


@pytest.fixture
def work_off(house, scope):
    def run():
        from sqlalchemy import text

        with house.work(scope) as work:
            waiting = (
                work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars().all()
            )
        for task_id in waiting:
            run_task(house, scope.tenant_id, task_id)

    return run


def upload(client, body, *, name="file.csv"):
    answer = client.post(f"/data/upload?file_name={name}&modified=1767225600000", content=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["href"]


def load(client, href, **fields):
    answer = client.post(f"{href}/load", data=fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_an_empty_room_has_one_action(editor):
    page = editor.get("/data").text
    assert "No data yet" in page
    assert page.count('href="/data/upload"') == 1


def test_a_viewer_may_look_and_not_load(signed_in):
    viewer = signed_in("viewer")
    viewer.headers["accept"] = "text/html"
    assert "/data/upload" not in viewer.get("/data").text
    assert viewer.get("/data/upload").status_code == 403
    assert viewer.post("/data/upload", content=b"x").status_code == 403


def test_a_file_is_looked_at_before_anything_counts(editor, house, scope):
    href = upload(editor, CSV.encode(), name="kosten.csv")
    assert f"{href}/preview" in editor.get(href).text
    look = editor.get(f"{href}/preview").text
    for said in (
        "1,013.50",
        "Spend (guessed)",
        "Date, or first day (guessed)",
        "1.234,50",
        "viel",
        "Would be set aside",
    ):
        assert said in look
    with house.work(scope) as work:
        assert overview.list_some(work, limit=9, offset=0).total == 0
        assert [draft.file_name for draft in drafts.waiting(work)] == ["kosten.csv"]


def test_uploads_lie_encrypted(editor, house, scope):
    upload(editor, b"date,campaign,spend\n2026-02-01,SECRETNAME,1\n")
    stored = [path for path in (house.settings.home / "files").rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert b"SECRETNAME" not in stored[0].read_bytes()


def test_a_platforms_file_is_recognised(editor):
    body = "\n".join(json.dumps(row) for row in META).encode()
    look = editor.get(f"{upload(editor, gzip.compress(body), name='x.ndjson.gz')}/preview").text
    assert re.search(r'<option value="facebook_ads" selected', look)
    assert "48.00" in look  # the sum of 10.50 … 13.50


def test_a_corrected_column_is_kept_and_loaded(editor, house, scope, work_off):
    href = upload(editor, b"day,campaign,amount,clicks\n2026-02-01,W,7.50,3\n")
    look = editor.post(href, data={"data_source": "file", "column": ["amount"], "field": ["spend"]}).text
    assert re.search(r'<option value="spend" selected', look)
    where = load(editor, href)
    work_off()
    with house.warehouse.tenant(scope.tenant_id) as warehouse:
        assert [str(row["spend"]) for row in warehouse.to_arrow(warehouse.table("facts")).to_pylist()] == ["7.500000"]
    assert "your choice" in editor.get(where).text


def test_a_page_without_scripts_sends_a_field_for_each_of_many_columns(editor, house, scope):
    names = [f"column_{number}" for number in range(1_200)]
    href = upload(editor, ",".join(["date", "spend", *names]) + "\n2026-01-05,1" + ",2" * len(names))
    token = editor.headers.pop("X-CSRF-Token")
    fields = {"data_source": "file", "column": names, "field": [""] * len(names)}
    answer = editor.post(href, data=fields | {"csrf_token": token})
    assert answer.status_code == 200, answer.text[:300]
    assert editor.post(href, data=fields).status_code == 403


def test_two_columns_of_one_meaning_are_refused_in_words(editor):
    href = upload(editor, b"day,campaign,a,b\n2026-02-01,W,7.50,3\n")
    fields = {"data_source": "file", "column": ["a", "b"], "field": ["spend", "spend"]}
    look = editor.post(href, data=fields).text
    assert "“a” and “b” are both “Spend”" in look
    assert look.count('<option value="spend" selected') == 2
    refused = editor.post(f"{href}/load", data=fields)
    assert refused.status_code == 422
    assert "“a” and “b” are both “Spend”" in refused.text


def test_rows_without_a_date_ask_for_their_days(editor, work_off):
    href = upload(editor, b"campaign,spend,clicks\nW,7.50,3\n")
    assert 'id="first"' in editor.get(f"{href}/preview").text
    look = editor.post(href, data={"data_source": "file", "first": "2026-02-01", "last": "2026-01-01"}).text
    assert "The last day comes before the first" in look
    assert 'value="2026-02-01"' in look
    where = load(editor, href, data_source="file", first="2026-02-01", last="2026-02-07")
    work_off()
    assert "2026-02-01 – 2026-02-07" in editor.get(where).text


def test_one_day_of_two_is_kept_and_told_of_only_when_loading(editor, house, scope):
    href = upload(editor, b"campaign,spend,clicks\nW,7.50,3\n")
    fields = {"data_source": "file", "first": "2026-02-01", "last": ""}
    look = editor.post(href, data=fields).text
    assert 'value="2026-02-01"' in look
    assert "Give both" not in look
    refused = editor.post(f"{href}/load", data=fields)
    assert refused.status_code == 422
    assert "Give both the first and the last day" in refused.text
    assert 'value="2026-02-01"' in refused.text
    with house.work(scope) as work:
        assert overview.list_some(work, limit=9, offset=0).total == 0


def test_which_number_is_the_month_is_asked_where_the_file_does_not_say(editor, work_off):
    days = "".join(f"10/{day:02}/2025,W,{day}\n" for day in range(1, 13))
    href = upload(editor, f"date,campaign,spend\n{days}".encode())
    look = editor.get(f"{href}/preview").text
    assert "Day or month first? Please choose." in look
    assert "Day first, 2025-01-10 to 2025-12-10" in look
    assert "Month first, 2025-10-01 to 2025-10-12" in look
    assert "Missing date" not in look
    assert "say which days they stand for" not in look
    chosen = editor.post(href, data={"data_source": "file", "day_order": "month_first"}).text
    assert "Please choose" not in chosen
    assert '<option value="month_first" selected' in chosen
    where = load(editor, href, data_source="file", day_order="month_first")
    work_off()
    assert "All 12 rows are new or changed" in editor.get(where).text


def test_a_file_of_no_platform_has_the_name_that_its_company_gives_it(editor, house, scope, work_off):
    rows = "date,campaign,outlay\n2026-02-01,W,{}\n"
    href = upload(editor, rows.format(1))
    fields = {"data_source": "file", "column": ["outlay"], "field": ["spend"]}
    assert "Name of the source" in editor.get(f"{href}/preview").text
    named = editor.post(href, data=fields | {"own_source": " Agency North "}).text
    assert 'value="Agency North"' in named
    assert re.search(r'<option value="spend" selected', named)
    load(editor, href)
    other = upload(editor, rows.format(2))
    assert "Name of the source" not in editor.post(other, data={"data_source": "klaviyo", "own_source": "x"}).text
    load(editor, other, **fields)
    work_off()
    with house.work(scope) as work:
        assert {source.name: source.rows for source in overview.list_sources(work)} == {"Agency North": 1, "file": 1}
    assert '<option value="Agency North">' in editor.get(f"{upload(editor, rows.format(3))}/preview").text


@pytest.mark.parametrize(
    ("name", "said"),
    [("Google Ads", "“Google Ads” is taken"), ("META", "“META” is taken"), ("x" * 101, "at most 100 characters")],
)
def test_a_name_that_a_source_cannot_have_is_refused_in_words(editor, name, said):
    href = upload(editor, b"date,campaign,spend\n2026-02-01,W,1\n")
    fields = {"data_source": "file", "own_source": name}
    look = editor.post(href, data=fields).text
    assert said in look
    assert f'value="{name}"' in look
    assert editor.post(f"{href}/load", data=fields).status_code == 422


def test_the_whole_life_of_a_file(editor, house, scope, work_off, clock):
    href = upload(editor, CSV.encode(), name="kosten.csv")
    where = load(editor, href)
    assert 'hx-trigger="every' in editor.get(where).text
    assert load(editor, href) == where, "a double click loads once"
    assert editor.get(href).headers["location"] == where, "the way back leads to what became of it"
    work_off()
    page = editor.get(where).text
    assert "every 700ms" not in page
    assert "Of 3 rows: 2 rows new or changed, 1 set aside" in page
    assert "viel" in page
    assert "Editor" in page
    assert "viel" in editor.get(f"{where}/quarantine.csv").text
    assert '<span class="badge tone-attention side-count" title="waiting for you">1<' in page
    editor.post(f"{where}/seen")
    assert "side-count" not in editor.get("/data").text
    clock.advance(hours=1)
    taken = editor.post(f"{where}/take-back")
    work_off()
    assert "taken back" in editor.get(taken.headers["location"]).text
    assert "none of it counts any more" in editor.get(where).text
    again = editor.post(f"{where}/load-again").headers["location"]
    work_off()
    with house.work(scope) as work:
        [source] = overview.list_sources(work)
    assert (source.rows, source.days) == (2, 2)
    assert "2 rows new or changed" in editor.get(again).text


def test_a_source_is_all_that_its_files_brought(editor, house, scope, work_off):
    weeks = "".join(f"2026-01-{5 + 7 * n:02},{n + 1},{n + 2}\n" for n in range(3))
    load(editor, upload(editor, f"week,revenue_total,price_index\n{weeks}".encode(), name="weeks.csv"))
    load(editor, upload(editor, b"date,campaign,spend\n2026-02-01,W,1\n2026-02-02,W,2\n", name="days.csv"))
    work_off()
    with house.work(scope) as work:
        [source] = overview.list_sources(work)
    assert (source.rows, source.first, source.last) == (6 + 2, date(2026, 1, 5), date(2026, 2, 2))


def test_what_is_stored_and_does_not_count_is_said(editor, house, scope, work_off):
    load(editor, upload(editor, b"date,campaign,spend\n2026-02-01,W,10\n2026-02-02,W,20\n", name="agency.csv"))
    work_off()
    where = load(editor, upload(editor, b"date,revenue\n2026-02-01,100\n2026-02-02,200\n", name="crm.csv"))
    work_off()
    assert "On 2 days “account” of this file does not count" in editor.get(where).text


def test_the_list_is_filtered_and_paged(editor, house, scope, work_off, monkeypatch):
    monkeypatch.setattr("kalends.marketing.pages.data.PAGE", 2)
    for place in range(3):
        load(editor, upload(editor, f"date,campaign,spend\n2026-02-0{place + 1},W,1\n".encode(), name=f"f{place}.csv"))
    load(editor, upload(editor, b"\x00\x01\x02 nothing", name="broken.bin"))
    work_off()
    newest = editor.get("/data").text
    assert "broken.bin" in newest
    assert "f0.csv" not in newest
    assert "f0.csv" in editor.get("/data?page=2").text
    failed = editor.get("/data?show=failed").text
    assert "f2.csv" not in failed
    with house.work(scope) as work:
        assert overview.count_each(work)["failed"] == 1
        assert overview.count_waiting(work) == 1
        (told,) = work.session.scalars(select(InboxEntry)).all()  # there is no admin: only the editor, who sent it
        assert told.title == "broken.bin could not be loaded"
        assert editor.get(told.href).status_code == 200


def test_a_picture_is_no_table(editor):
    look = editor.get(f"{upload(editor, PICTURE, name='logo.png')}/preview").text
    assert "The file is no table: its bytes are no text." in look
    assert ">Load<" not in look.replace("</svg>", ">")
    assert "Discard and choose another file" in look


def test_a_correction_that_comes_behind_the_loading_finds_no_draft(editor, house, scope):
    href = upload(editor, b"date,campaign,spend\n2026-02-01,W,1\n")
    draft_id = UUID(href.rpartition("/")[2])
    with house.work(scope) as work:
        held = drafts.get(work, draft_id)
        load(editor, href)
        with pytest.raises(drafts.NoSuchDraftError):
            drafts.change(work, draft_id=held.id, data_source="file", options={})


def test_drafts_expire_after_a_day(editor, house, scope, clock):
    href = upload(editor, CSV.encode())
    clock.advance(hours=23)
    assert editor.get(href).status_code == 200
    clock.advance(hours=2)
    answer = editor.get(href)
    assert answer.status_code == 404
    do_chores(house)
    assert list(house.files.list(scope.tenant_id)) == []
    with house.work(scope) as work:
        assert drafts.sweep(work) == 0


def test_a_discarded_upload_is_gone(editor, house, scope):
    href = upload(editor, CSV.encode())
    editor.post(f"{href}/discard")
    assert editor.get(href).status_code == 404
    assert list(house.files.list(scope.tenant_id)) == []


def test_nobody_elses_files(editor, signed_in, house):
    from kalends.identity.service import create_tenant

    href = upload(editor, CSV.encode())
    stranger = signed_in("owner", tenant_id=create_tenant(house, name="Other"))
    assert stranger.get(href).status_code == 404
    assert stranger.post(f"{href}/load").status_code == 404


def test_from_a_number_back_to_its_line(editor, house, scope, work_off, clock):
    from datetime import date

    rows = "\n".join(json.dumps(row) for row in META)
    load(editor, upload(editor, rows.encode(), name="one.ndjson"))
    work_off()
    clock.advance(hours=1)
    load(editor, upload(editor, rows.replace("12.50", "99.00").encode(), name="two.ndjson"))
    work_off()
    with house.work(scope) as work:
        versions = service.lineage_of(
            work, metric="spend", first=date(2026, 2, 1), last=date(2026, 2, 28), filters={"ad_id": "a2"}
        )
        assert [(str(v.value), v.file_name, v.is_current) for v in versions] == [
            ("99.000000", "two.ndjson", True),
            ("12.500000", "one.ndjson", False),
        ]
        for version in versions:
            line = service.raw_line(
                work, batch=service.get_batch(work, batch_id=version.batch_id), source_row=version.source_row
            )
            assert json.loads(line.text)["ad_id"] == "a2"
            assert line.cells["spend"] == str(version.value).rstrip("0").ljust(5, "0")
