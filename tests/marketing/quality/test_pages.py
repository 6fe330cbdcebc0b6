"""The quality pages and API as a browser and a program meet them."""

import re
from datetime import date

import pytest

from kalends.marketing.batches import APPLY

DAY = date(2026, 2, 10)


@pytest.fixture
def editor(signed_in):
    client = signed_in("editor")
    client.headers["accept"] = "text/html"
    return client


@pytest.fixture
def gap(rows, load):
    """The company's data with one day missing."""
    return load([row for row in rows if row["date_start"] != str(DAY)])


def test_before_any_data_the_page_says_what_to_do(editor):
    page = editor.get("/data/quality").text
    assert "Nothing checked yet" in page
    assert 'href="/data/upload"' in page


def test_while_new_data_is_checked_the_page_says_so_and_renews_itself(editor, rows, land, load, work_off):
    land(rows[:-3])
    work_off(APPLY)
    page = editor.get("/data/quality").text
    assert "Your data is being checked" in page
    assert 'hx-trigger="every 3s"' in page
    work_off()
    assert "being checked" not in editor.get("/data/quality").text
    land(rows[-3:])
    work_off(APPLY)
    page = editor.get("/data/quality?severity=minor").text
    assert "shows what was found before" in page
    assert 'hx-get="/data/quality?severity=minor"' in page


def test_the_page_names_grade_gate_and_day(editor, gap):
    page = editor.get("/data/quality").text
    for said in ("Grade ", "day missing", "Days that lose most", "has no rows at all", "could be checked", "10 Feb"):
        assert said in page, said
    assert "Nothing of this kind" in editor.get("/data/quality?severity=minor").text


def test_a_finding_is_called_right_and_that_is_undone(editor, gap):
    (action, *_) = re.findall(r'action="(/data/quality/findings/\w+/right)"', editor.get("/data/quality").text)
    answer = editor.post(action)
    assert answer.status_code == 303
    page = editor.get("/data/quality").text
    assert "right, says Editor" in page
    assert "no gate failed" in page
    editor.post(action.replace("/right", "/take-back"))
    assert "right, says" not in editor.get("/data/quality").text


def test_down_to_the_rows(editor, rows, load):
    load([rows[0] | {"clicks": "99999"}, *rows[1:]])
    page = editor.get("/data/quality?check=clicks_above_impressions").text
    href = re.search(r'href="(/data/quality/findings/\w+)"[^>]*>There are more clicks', page)[1]
    found = editor.get(href).text
    assert "99,999" in found
    assert found.count("<tr>") == 2, "the heading, and the one row that fails"
    assert editor.get(href[:-4] + "0000").status_code == 404


def test_rules_are_kept_or_refused_with_their_line(editor):
    page = editor.get("/data/quality/rules").text
    assert "roas_ceiling" in page
    wrong = editor.post("/data/quality/rules", data={"text": "rules:\n  - {name: abc}\n"})
    assert wrong.status_code == 422
    assert "Line 2" in wrong.text
    assert "name: abc" in wrong.text
    assert editor.post("/data/quality/rules", data={"text": "rules: []\r\n"}).status_code == 303
    assert "version 1" in editor.get("/data/quality/rules").text


def test_viewers_look_and_say_nothing(signed_in, gap):
    viewer = signed_in("viewer")
    viewer.headers["accept"] = "text/html"
    page = viewer.get("/data/quality").text
    assert "This is right" not in page
    assert viewer.post("/data/quality/findings/x/right").status_code == 403
    assert viewer.post("/data/quality/rules", data={"text": "rules: []"}).status_code == 403


def test_the_api_tells_the_same(client, gap):
    told = client.get("/api/v1/marketing/quality").json()
    (source,) = told["sources"]
    assert (source["data_source"], source["grade"]["gates"]) == ("facebook_ads", ["day_missing"])
    assert len(source["trend"]) == 70
    assert next(day for day in source["trend"] if day["date"] == str(DAY))["score"] == 0
    assert told["worst"][0]["findings"][0]["check"] == "day_missing"
    found = client.get("/api/v1/marketing/quality/findings", params={"severity": "critical"}).json()
    assert found["total"] == 1
    finding = found["findings"][0]["id"]
    said = client.put(f"/api/v1/marketing/quality/findings/{finding}/acknowledgement", json={"note": "closed"}).json()
    assert said["acknowledged_by"]
    assert client.get("/api/v1/marketing/quality").json()["sources"][0]["grade"]["gates"] == []
    assert client.delete(f"/api/v1/marketing/quality/findings/{finding}/acknowledgement").status_code == 204
    assert client.get(f"/api/v1/marketing/quality/findings/{finding}/rows").json()["total"] == 0
    assert client.get(f"/api/v1/marketing/quality/batches/{gap}").json()["score"] == 100
    checks = client.get("/api/v1/marketing/quality/checks").json()
    assert {"row", "set", "day"} == {check["kind"] for check in checks}


def test_the_api_keeps_rules_and_refuses_odd_spans(client):
    assert client.get("/api/v1/marketing/quality/rules").json()["version"] == 0
    kept = client.put("/api/v1/marketing/quality/rules", json={"text": "rules: []"}).json()
    assert kept == {"version": 1, "text": "rules: []"}
    answer = client.put("/api/v1/marketing/quality/rules", json={"text": "rules: ["})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_rules")
    backwards = {"date_range_start": "2026-02-01", "date_range_end": "2026-01-01"}
    assert client.get("/api/v1/marketing/quality", params=backwards).status_code == 422
