"""The page of series: which there are, by market; their units; their values and markets as CSV."""

import io

import pytest

from kalends.marketing import service

PAGE = "/data/series"
MARKETS = "geo,parent,population\nEurope,,\nDE,Europe,83200000\nAT,Europe,9100000\nAsia,,\nJP,Asia,125000000\n"


@pytest.fixture
def owner(client):
    client.headers["accept"] = "text/html"
    return client


def load(room, table, name="weeks.csv"):
    service.land_file(room.door, io.BytesIO(table.encode()), data_source="file", file_name=name)
    room.work_off()


def by_geo(*geos, columns=("sales_total", "price_index", "weather")):
    rows = (f"2026-01-{5 + 7 * n:02},{geo},{n},{n + 1},{n + 2}" for n in range(3) for geo in geos)
    return "\n".join([f"week,geo,{','.join(columns)}", *rows, ""])


def send_markets(client, content):
    return client.post(f"{PAGE}/markets", files={"file": ("markets.csv", content, "text/csv")}, follow_redirects=True)


def test_nothing_yet_says_what_to_do(owner):
    page = owner.get(PAGE).text
    assert "No series yet" in page
    assert 'href="/data/upload"' in page


def test_series_are_shown_with_their_course_file_and_last_value(owner, room):
    load(room, by_geo("DE"), name="wetter.csv")
    page = owner.get(PAGE).text
    for said in ("price_index", "Outside influence", "wetter.csv", "3 values", '<svg class="spark', "5 Jan"):
        assert said in page
    assert "Nothing fits" in owner.get(PAGE, params={"search": "nowhere"}).text
    found = owner.get(PAGE, params={"search": "PRICE"}).text
    assert "price_index" in found
    assert ">weather<" not in found


def test_many_are_paged_and_found_by_the_market_that_theirs_lies_in(owner, room):
    load(room, by_geo("DE", "AT", "JP", "Mars", *(f"x{n}" for n in range(8))))
    assert "1–25 of 36" in owner.get(PAGE).text
    assert "26–36 of 36" in owner.get(PAGE, params={"page": 2}).text
    assert "5 markets from now on" in send_markets(owner, MARKETS).text
    page = owner.get(PAGE).text + owner.get(PAGE, params={"page": 2}).text
    assert [page.count(f"<h2>{name}</h2>") for name in ("Asia", "Europe")] == [1, 1]
    assert page.index("<h2>Asia</h2>") < page.index("<h2>Europe</h2>") < page.index("<h2>Other markets</h2>")
    assert "83,200,000" in page
    europe = owner.get(PAGE, params={"market": "Europe"}).text
    assert "<h2>Europe</h2>" in europe
    assert "<h2>Asia</h2>" not in europe
    lines = owner.get(f"{PAGE}.csv", params={"market": "Europe", "search": "price"}).text.splitlines()
    assert lines[0] == "name,role,metric,channel,geo,unit,date_from,date_to,value"
    assert len(lines) == 1 + 2 * 3
    assert lines[1] == "price_index,control,,,AT,,2026-01-05,2026-01-11,1.0"
    assert owner.get(f"{PAGE}/markets.csv").text.splitlines()[1:] == [
        "AT,Europe,9100000", "Asia,,", "DE,Europe,83200000", "Europe,,", "JP,Asia,125000000",
    ]  # fmt: skip


def test_a_file_of_markets_that_is_wrong_changes_nothing(owner):
    send_markets(owner, MARKETS)
    answer = send_markets(owner, "geo,parent\nA,B\n")
    assert answer.status_code == 422
    assert "“A” lies in “B”, which is not in the list" in answer.text
    assert "5 markets" in owner.get(PAGE).text


def test_a_unit_is_asked_on_upload_kept_and_changed_later(owner, room):
    href = owner.post(
        "/data/upload?file_name=w.csv", content=by_geo("DE", columns=("sales_total", "Price (EUR)", "t"))
    ).json()["href"]
    look = owner.get(f"{href}/preview").text
    assert 'placeholder="EUR" aria-label="Unit of Price (EUR)"' in look
    fields = {"data_source": "file", "column": ["sales_total", "Price (EUR)", "t"], "field": ["", "", ""]}
    long = owner.post(href, data=fields | {"unit": ["x" * 21, "", ""]}).text
    assert "A unit has at most 20 characters" in long
    told = fields | {"unit": ["pieces", "", "°C"]}
    assert 'value="pieces"' in owner.post(href, data=told).text
    owner.post(f"{href}/load", data=told)
    room.work_off()
    page = owner.get(PAGE).text
    for unit in ("pieces", "EUR", "°C"):
        assert f'name="unit" value="{unit}"' in page
    back = owner.post(f"{PAGE}/units?search=t&page=1", data={"name": "t", "unit": "°F"}, follow_redirects=False)
    assert back.headers["location"] == f"{PAGE}?search=t"
    assert 'value="°F"' in owner.get(PAGE).text


def test_who_may_look_and_not_write_sees_no_forms(signed_in, room):
    load(room, by_geo("DE"))
    viewer = signed_in("viewer")
    viewer.headers["accept"] = "text/html"
    page = viewer.get(PAGE).text
    assert "price_index" in page
    assert 'action="/data/series' not in page.replace('action="/data/series" role="search"', "")
    assert viewer.post(f"{PAGE}/units", data={"name": "t", "unit": "x"}).status_code == 403
