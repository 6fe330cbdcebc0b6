"""Exchange rates by file: whence each is, what is missing, and that a missing one is null and counted."""

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_rows import ECB, meta_rows

from kalends.marketing import ratefiles, service
from kalends.marketing.intake import replays
from kalends.marketing.schemas import Rate, Rates

URL = "/api/v1/marketing"
FILE = {"content-type": "text/csv"}


def by_pair(rates):
    return {(str(one.date), one.base, one.quote): (one.rate, one.source) for one in rates}


@pytest.mark.unit
def test_the_banks_file_gives_what_it_says_and_what_follows():
    found = by_pair(ratefiles.read_rates(ECB, into="EUR"))
    assert found["2026-01-12", "EUR", "USD"] == (Decimal("1.25"), "ECB")
    assert found["2026-01-12", "USD", "EUR"] == (Decimal("0.8"), "ECB, crossed over EUR")
    assert ("2026-01-09", "JPY", "EUR") not in found
    crossed = by_pair(ratefiles.read_rates(ECB, into="GBP"))
    assert crossed["2026-01-12", "USD", "GBP"][0] == Decimal("0.64")


@pytest.mark.unit
def test_a_zip_and_a_plain_file():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("eurofxref-hist.csv", ECB)
    assert ratefiles.read_rates(packed.getvalue(), into="EUR") == ratefiles.read_rates(ECB, into="EUR")
    [one] = ratefiles.read_rates(b"rate,date,base,quote,source\n0.9,2026-01-05,usd,eur,our bank\n", into="EUR")
    assert (one.base, one.rate, one.source) == ("USD", Decimal("0.9"), "our bank")


@pytest.mark.unit
@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", b"date,base,quote,rate\n2026-01-05,USD,EUR,-1\n", b"Date,USD\nsoon,1.2\n", b"\xff\xfe"],
)
def test_what_is_no_file_of_rates_is_refused(content):
    with pytest.raises(ratefiles.BadRateFileError):
        ratefiles.read_rates(content, into="EUR")


@pytest.mark.unit
@given(st.lists(st.dates(date(2026, 1, 1), date(2026, 2, 1)), unique=True, min_size=1), st.integers(0, 7))
def test_carried_rates_fill_gaps_and_say_from_which_day(days, most):
    told = [Rate(date=day, base="USD", quote="EUR", rate=Decimal(day.day), source="ECB") for day in days]
    more = list(ratefiles.carried(told, days=most))
    filled = {one.date: one for one in more}
    assert len(filled) == len(more)
    assert not filled.keys() & set(days)
    for day, one in filled.items():
        last = max(known for known in days if known < day)
        assert (day - last).days <= most
        assert one.rate == Decimal(last.day)
        assert one.source == f"ECB, carried from {last}"
    for day in days:
        for step in range(1, most + 1):
            after = day + timedelta(days=step)
            assert after in filled or any(day < known <= after for known in days)


def test_amounts_without_a_rate_are_null_and_counted_and_the_rates_say_whence(room, client, monkeypatch):
    rows = meta_rows(12, account_currency="USD")  # on the 10th, 11th and 12th
    room.load(rows)
    told = client.get(f"{URL}/rates").json()
    assert told["gaps"] == [{"currency": "USD", "first": "2026-01-10", "last": "2026-01-12", "days": 3}]
    answer = client.post(f"{URL}/rates/file", content=ECB, headers=FILE)
    assert answer.status_code == 202, answer.text
    room.work_off()
    asked = {"metrics": ["spend"], "currency": "EUR", "date_range_start": "2026-01-10", "date_range_end": "2026-01-12"}
    found = client.post(f"{URL}/insights", json=asked).json()
    assert found["totals"]["spend"] is None
    assert any("4 amounts have no exchange rate into EUR" in note for note in found["notes"]), found["notes"]
    client.post(f"{URL}/rates/file?carry_days=3", content=ECB, headers=FILE)
    room.work_off()
    found = client.post(f"{URL}/insights", json=asked).json()
    by_day = [sum(Decimal(row["spend"]) for row in rows[start : start + 4]) for start in (0, 4, 8)]
    right = (by_day[0] + by_day[1]) / Decimal("1.2") + by_day[2] / Decimal("1.25")
    assert found["totals"]["spend"] == pytest.approx(float(right), abs=1e-4)
    [used] = [note for note in found["notes"] if note.startswith("Amounts in USD")]
    assert "ECB, crossed over EUR" in used
    assert "carried from 2026-01-09" in used
    known = client.get(f"{URL}/rates?base=USD&quote=EUR&date_range_start=2026-01-10&date_range_end=2026-01-12").json()
    assert known["gaps"] == []
    assert {one["source"] for one in known["rates"]} >= {"ECB, crossed over EUR"}
    for bad in (
        b"nothing", b"PK\x03\x04xxxx", b"Date,USD\n2024-03-07,0", b"Date,USD,CHF\n2024-03-07,0,1",
        b"Date,USD\n2024-03-07,NaN", b"Date,USD\n2024-03-07,1e30", b"Date,USD\n2024-03-07,1e400",
    ):  # fmt: skip
        assert client.post(f"{URL}/rates/file", content=bad, headers=FILE).json()["code"] == "bad_rate_file", bad


def land(room, *rates, day="2026-02-10"):
    told = [{"date": day, "base": "USD", "quote": "EUR", "rate": rate, "source": "x"} for rate in rates]
    batch = service.land_rates(room.door, Rates.model_validate({"rates": told}))
    room.work_off()
    return room.batch(batch)


def test_old_rates_are_not_read_again(room):
    """What is read last counts, so they would count again."""
    first, _ = land(room, "0.9"), land(room, "0.8")
    with room.door.work() as work, pytest.raises(replays.CannotReplayError):
        replays.replay(work, batch_id=first.id)


def test_two_rates_for_one_day_and_pair_of_one_source_are_set_aside(room):
    batch = land(room, "0.9", "0.8")
    assert (batch.received, batch.loaded, batch.quarantined) == (2, 0, 2)
    assert [(row["source_row"], row["code"]) for row in rows_aside(room)] == [(1, "repeated_key"), (2, "repeated_key")]
    batch = land(room, "0.9", "0.90")
    assert (batch.received, batch.loaded, batch.unchanged, batch.quarantined) == (2, 1, 1, 0)


def rows_aside(room):
    with room.house.warehouse.tenant(room.scope.tenant_id) as warehouse:
        return warehouse.to_arrow(warehouse.table("quarantine")).to_pylist()
