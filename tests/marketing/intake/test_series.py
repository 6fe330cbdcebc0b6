"""Series over HTTP: which there are, their values by day, and as they were known before."""

import io
from datetime import timedelta

from kalends.marketing import service

URL = "/api/v1/marketing/series"
WEEKS = "week,revenue_total,price_index\n" + "".join(f"2026-01-{5 + 7 * n:02},{100 + n},{n}\n" for n in range(3))


def load(room, text):
    service.land_file(room.door, io.BytesIO(text.encode()), data_source="file", file_name="weeks.csv")
    room.work_off()


def test_series_and_their_values(room, client, clock):
    assert client.get(URL).json() == []
    load(room, WEEKS)
    before = clock()
    found = client.get(URL).json()
    assert [(one["name"], one["first"], one["values"]) for one in found] == [
        ("price_index", "2026-01-05", 3), ("revenue_total", "2026-01-05", 3),
    ]  # fmt: skip
    clock.advance(hours=1)
    load(room, WEEKS.replace("100,", "90,"))
    asked = {"name": "revenue_total", "date_range_end": "2026-01-18"}
    now = client.get(f"{URL}/values", params=asked).json()
    assert [(one["date_from"], one["value"], one["batch_seq"]) for one in now] == [
        ("2026-01-05", 90, 2), ("2026-01-12", 101, 1),
    ]  # fmt: skip
    then = client.get(f"{URL}/values", params=asked | {"as_of": (before + timedelta(minutes=1)).isoformat()}).json()
    assert [one["value"] for one in then] == [100, 101]
    assert client.get(f"{URL}/values", params={"name": "nothing"}).status_code == 404
