"""A shop's orders: recognised, read, loaded, restated, taken back, and summed by day."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from sqlalchemy import text

from kalends.base.reading.documents import no_envelope
from kalends.base.worker import run_task
from kalends.identity.service import Door
from kalends.marketing import jobs, orders, overview, service
from kalends.marketing.mapping import unwrap_of
from kalends.marketing.mapping.orders import orders_layout
from kalends.marketing.staging import StageOptions, stage
from kalends.marketing.versions import create_tables

assert jobs.apply_batches.kind  # the kind is declared by importing it

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SHOP = (
    "Bestellnummer;Bestelldatum;Land;Brutto;Netto;Erstattung;Währung;Kundentyp\n"
    "A-1;27.02.2026;DE;119,00;100,00;;EUR;neu\n"
    "A-2;27.02.2026;DE;59,50;50,00;-10,00;EUR;Bestandskunde\n"
    "A-3;28.02.2026;AT;1.190,00;1.000,00;;EUR;\n"
)
SHOPIFY = (
    "Name,Email,Created at,Total,Subtotal,Refunded Amount,Currency,Lineitem name\n"
    "#1001,a@b.example,2026-02-27 23:10:00 +0100,50.00,40.00,0.00,EUR,Shirt\n"
    "#1001,a@b.example,2026-02-27 23:10:00 +0100,,,,,Socks\n"
    "#1002,c@d.example,2026-02-28 00:20:00 +0100,20.00,16.00,0.00,EUR,Hat\n"
)


def staged(body, *, source="file", **options):
    con = duckdb.connect()
    report = stage(con, lambda: io.BytesIO(body.encode()), data_source=source, now=NOW, options=StageOptions(**options))
    return report, con


def rows_of(con, table="orders_staged"):
    return con.execute(f"FROM {table} ORDER BY source_row").to_arrow_table().to_pylist()


@pytest.mark.unit
def test_a_shops_table_is_recognised_and_read_in_its_notation():
    report, con = staged(SHOP)
    assert (report.received, report.orders, report.quarantined, report.mapping) == (3, 3, 0, "orders@1")
    first, second, third = rows_of(con)
    assert (first["order_id"], first["date"], first["gross"]) == ("A-1", date(2026, 2, 27), Decimal(119))
    assert (first["customer"], second["customer"], third["customer"]) == ("new", "returning", None)
    assert second["refunds"] == Decimal(10)
    assert first["refunds"] is None  # nothing was said of refunds, which is not that there were none
    assert third["gross"] == Decimal(1190)


@pytest.mark.unit
def test_amounts_are_read_one_by_one_in_the_file_s_notation():
    english = 'order_id,date,total,refunded\nA,2026-02-01,"1,234.50","-1,000.00"\nB,2026-02-01,3.25,-1.5\n'
    german = "order_id;date;total;refunded\nA;2026-02-01;1.234;-12,50\nB;2026-02-01;3,25;\n"
    read = [[(row["gross"], row["refunds"]) for row in rows_of(staged(body)[1])] for body in (english, german)]
    assert read == [
        [(Decimal("1234.5"), Decimal(1000)), (Decimal("3.25"), Decimal("1.5"))],
        [(Decimal(1234), Decimal("12.5")), (Decimal("3.25"), None)],
    ]


@pytest.mark.unit
def test_a_document_of_orders_is_asked_of_no_platform():
    assert unwrap_of("orders") is no_envelope
    assert unwrap_of("file") is not no_envelope


@pytest.mark.unit
def test_further_articles_of_an_order_count_once_and_its_day_is_the_shops():
    report, con = staged(SHOPIFY, source="orders")
    assert (report.received, report.orders, report.duplicates, report.quarantined) == (3, 2, 1, 0)
    assert [row["date"].day for row in rows_of(con)] == [27, 28]
    assert rows_of(con)[0]["ordered_at"].astimezone(UTC) == datetime(2026, 2, 27, 22, 10, tzinfo=UTC)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",2026-02-01,10,,EUR", "missing_order_id"),
        ("5.1E+12,2026-02-01,10,,EUR", "damaged_id"),
        ("B-1,,10,,EUR", "missing_date"),
        ("B-1,yesterday,10,,EUR", "unreadable_date"),
        ("B-1,2027-01-01,10,,EUR", "future_date"),
        ("B-1,2026-02-01,,,EUR", "missing_amount"),
        ("B-1,2026-02-01,ten,,EUR", "unreadable_number"),
        ("B-1,2026-02-01,-10,,EUR", "negative_gross"),
        ("B-1,2026-02-01,10,11,EUR", "refund_above_order"),
        ("B-1,2026-02-01,10,,euros", "unknown_currency"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_the_good_one_stays(row, code):
    report, con = staged(f"order_id,created_at,total,refunded,currency\nB-0,2026-02-01,10,,EUR\n{row}\n")
    assert (report.received, report.orders, report.quarantined) == (2, 1, 1)
    assert code in {problem["code"] for problem in rows_of(con, "quarantined")}


@pytest.mark.unit
def test_two_different_rows_of_one_number_are_both_set_aside_and_equal_ones_count_once():
    report, _ = staged("order_id,date,total\nC,2026-02-01,10\nC,2026-02-01,11\nD,2026-02-01,5\nD,2026-02-01,5\n")
    assert (report.received, report.orders, report.quarantined, report.duplicates) == (4, 1, 2, 1)


@pytest.mark.unit
def test_an_ad_report_is_no_shop_and_a_correction_makes_one():
    assert orders_layout(("date", "campaign", "spend", "orders", "revenue"), {}) is None
    assert orders_layout(("id", "date", "total"), {}) is None
    assert orders_layout(("id", "date", "total"), {}, is_told=True) == {
        "order_id": "id",
        "time": "date",
        "gross": "total",
    }
    told = orders_layout(("Vorgang", "date", "total"), {"Vorgang": "order:order_id"})
    assert told == {"order_id": "Vorgang", "time": "date", "gross": "total"}


def test_what_an_order_is_now_is_the_newest_standing_batch_on_both_engines(tenant):
    """Load, restate, load the same again, take the restatement back."""

    def load(seq, body):
        _, con = staged(body, source="orders")
        with tenant.write():
            return orders.apply(tenant, con, batch_seq=seq, currency="EUR")

    create_tables(tenant)
    head = "order_id,date,market,total,refunded\n"
    assert load(1, f"{head}A,2026-02-01,DE,100,\nB,2026-02-01,AT,50,\n") == 2
    assert load(2, f"{head}A,2026-02-01,DE,100,40\nB,2026-02-01,AT,50,\n") == 1
    assert load(2, f"{head}A,2026-02-01,DE,100,40\nB,2026-02-01,AT,50,\n") == 1  # killed and repeated: the same
    assert load(3, f"{head}A,2026-02-01,DE,100,40\n") == 0

    def refunds(version=None):
        days = orders.by_day(tenant, first=date(2026, 2, 1), last=date(2026, 2, 1), version=version)
        return {row["market"]: (row["orders"], row["gross"], row["refunds"], row["currency"]) for row in days}

    assert refunds() == {"DE": (1, 100, 40, "EUR"), "AT": (1, 50, None, "EUR")}
    assert refunds(version=1)["DE"] == (1, 100, None, "EUR")
    tenant.run("INSERT INTO retractions (batch_seq, retracted_seq) VALUES (4, 2)")
    assert refunds()["DE"] == (1, 100, None, "EUR")
    assert refunds(version=3)["DE"] == (1, 100, 40, "EUR")


class TestPipeline:
    @pytest.fixture
    def tenant(self, company):
        return company

    @pytest.fixture
    def work_off(self, house, scope):
        def run():
            with house.work(scope) as work:
                found = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id"))
                waiting = found.scalars().all()
            for task_id in waiting:
                run_task(house, scope.tenant_id, task_id)

        return run

    @pytest.fixture
    def load(self, house, scope, work_off):
        def run(body):
            door = Door(house=house, scope=scope, is_local=True)
            batch_id = service.land_file(door, io.BytesIO(body.encode()), data_source="orders", file_name="shop.csv")
            work_off()
            with house.work(scope) as work:
                return service.describe(work, batch_id=batch_id)

        return run

    def test_a_file_taken_back_leaves_what_a_later_one_repeated(self, house, scope, load, work_off):
        first = load(SHOP)
        assert (first.received, first.loaded, first.unchanged, first.quarantined) == (3, 3, 0, 0)
        again = load(SHOP)
        assert (again.loaded, again.unchanged) == (0, 3)
        with house.work(scope) as work:
            service.take_back(work, batch_id=first.id)
        work_off()
        with house.work(scope) as work:
            days = service.order_days(work, first=date(2026, 2, 1), last=date(2026, 2, 28))
            assert sum(day["orders"] for day in days) == 3  # the second file said so, too
            assert service.data_version(work) == 3

    def test_a_source_s_days_are_those_of_all_its_files(self, house, scope, load):
        load("order_id,date,total\nC-1,2026-01-05,10\nC-2,2026-01-06,10\n")
        load("order_id,date,total\nC-3,2026-01-06,10\nC-4,2026-01-07,10\n")
        with house.work(scope) as work:
            [source] = overview.list_sources(work)
        assert (source.days, source.rows) == (3, 4)
        assert (source.first, source.last) == (date(2026, 1, 5), date(2026, 1, 7))

    def test_orders_come_over_the_api_with_bad_ones_set_aside(self, client, work_off):
        body = {
            "orders": [
                {"id": "9007199254740993", "time": "2026-02-27T22:10:00+01:00", "gross": "12.50", "market": "DE",
                 "currency": "EUR", "customer": "new"},
                {"id": 2, "time": "2026-02-27", "gross": -1},
            ]
        }  # fmt: skip
        answer = client.post("/api/v1/marketing/orders?wait=0", json=body)
        assert answer.status_code == 202, answer.text
        work_off()
        batch = client.get(f"/api/v1/marketing/batches/{answer.json()['id']}").json()
        assert (batch["received"], batch["loaded"], batch["quarantined"]) == (2, 1, 1)
        days = client.get("/marketing/orders/days?first=2026-02-01&last=2026-02-28").json()["days"]
        assert [(day["date"], day["orders"], day["gross"]) for day in days] == [("2026-02-27", 1, "12.500000")]
        assert client.post("/api/v1/marketing/orders", json={"orders": []}).status_code == 422

    def test_orders_that_tell_no_customer_are_counted(self, client, work_off):
        body = {"orders": [{"order_id": "1", "time": "2026-02-27", "gross": 10}]}
        client.post("/api/v1/marketing/orders?wait=0", json=body)
        work_off()
        [day] = client.get("/marketing/orders/days?first=2026-02-01&last=2026-02-28").json()["days"]
        assert (day["orders"], day["new_customers"], day["returning_customers"]) == (1, None, None)
        assert "1 row" in client.get("/data").text
