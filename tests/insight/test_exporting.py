"""The export by hand: a page with a form, and the same file as from the API; not for everybody."""

import csv
import hashlib
import io

ASKED = {"first": "2026-02-01", "last": "2026-02-10"}


def test_the_form_leads_to_the_same_file_as_the_api(signed_in):
    analyst = signed_in("analyst")
    page = analyst.get("/export")
    assert page.status_code == 200
    assert 'action="/export/file"' in page.text
    assert all(f'name="{name}"' in page.text for name in ("first", "last", "kpi", "by", "grain", "format"))
    made = analyst.get("/export/file", params=ASKED)
    told = {"date_range_start": ASKED["first"], "date_range_end": ASKED["last"], "format": "csv"}
    assert made.content == analyst.post("/api/v1/marketing/export/causal", json=told).content
    assert made.headers["x-content-sha256"] == hashlib.sha256(made.content).hexdigest()
    assert made.headers["content-disposition"].endswith('.csv"')
    rows = list(csv.DictReader(io.StringIO(made.text)))
    assert [row["date"] for row in rows] == [f"2026-02-{day:02d}" for day in range(1, 11)]
    assert {row["kpi_revenue"] for row in rows} == {""}  # nothing was delivered, so nothing is known


def test_parquet_and_another_figure(signed_in):
    made = signed_in("analyst").get("/export/file", params=ASKED | {"format": "parquet", "kpi": "conversions"})
    assert made.content[:4] == b"PAR1"


def test_what_cannot_be_asked_is_refused_in_words(signed_in):
    analyst = signed_in("analyst")
    backwards = analyst.get("/export/file", params={"first": "2026-02-10", "last": "2026-02-01"})
    assert backwards.status_code == 422
    assert "detail" in backwards.json()
    assert analyst.get("/export/file", params=ASKED | {"kpi": "happiness"}).status_code == 422


def test_a_viewer_may_look_but_not_take_the_table_along(signed_in):
    viewer = signed_in("viewer")
    assert viewer.get("/export").status_code == 403
    assert viewer.get("/export/file", params=ASKED).status_code == 403
