"""The mapping of a company's warehouse: read as it is meant, or refused with its line and what would be right."""

from datetime import UTC, datetime

import ibis
import pytest
import sqlglot

from kalends.messages.source.mapping import REREAD_DAYS, BadMappingError, read_mapping
from kalends.messages.source.queries import columns_of, ordered, rows_of, since, text_cells

WHOLE = """
history:
  table: my-project.sales.mass_messages
  columns:
    sent_at: sending_time
    page: creator_name
    earnings: null
  where:
    creator_name: [Luna, "O'Hara"]
    is_test: false
captions:
  table: bank
zone: America/New_York
reread_days: 60
"""
SENT = ibis.table(
    {"id": "int64", "creator_name": "string", "sending_time": "timestamp('UTC')", "kind": "string", "net_amount": "float64",
     "price": "decimal(10, 2)", "is_test": "boolean"},
    name="mass_messages", catalog="my-project", database="sales",
)  # fmt: skip


def part(text, kind="history"):
    return read_mapping(text).parts[kind]


def test_a_mapping_says_tables_columns_and_filters():
    told = read_mapping(WHOLE)
    assert list(told.parts) == ["captions", "history"]
    assert (told.zone, told.reread_days, read_mapping("pages:\n  table: p").reread_days) == (
        "America/New_York",
        60,
        REREAD_DAYS,
    )
    found = told.parts["history"]
    assert found.table == ("my-project", "sales", "mass_messages")
    assert found.where == {"creator_name": ("Luna", "O'Hara"), "is_test": (False,)}
    assert columns_of(found, SENT) == {
        "message_id": "id", "page": "creator_name", "sent_at": "sending_time", "type": "kind", "price": "price"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "nothing is said"),
        ("zone: UTC", 1, "no table is named"),
        ("histroy:\n  table: a", 1, "did you mean “history”"),
        ("history:\n  tabel: a", 2, "did you mean “table”"),
        ("history:\n  where: {a: 1}", 1, "say which table"),
        ("history:\n  table: a.b.c.d", 2, "catalog.schema.table"),
        ("history:\n  table: a\n  columns:\n    send_at: x", 4, "did you mean “sent_at”"),
        ("history:\n  table: a\n  columns:\n    price: [x]", 4, "one word or number"),
        ("history:\n  table: a\n  where:\n    page: []", 4, "the value that counts"),
        ("history:\n  table: a\n  table: b", 3, "twice"),
        ("history: a", 1, "names and values"),
        ("history:\n  table: [a", 2, "expected"),
        ("history:\n  table: a\nzone: Mars", 3, "no time zone"),
        ("history:\n  table: a\nreread_days: 0", 3, "from 1 to 400"),
        ("history:\n  table: !!python/object/apply:os.system [ls]", 2, "one word or number"),
        ('history:\n  table: "a\\0b"', 2, "one word or number"),
        ("history:\n  table: \x00", 1, "Write “name: value”"),
        ("a: &a [x]\nhistory: *a", 1, "there are history"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, words):
    with pytest.raises(BadMappingError, match=words) as caught:
        read_mapping(text)
    assert caught.value.message.startswith(f"Line {line}: ")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("history:\n  table: m\n  columns:\n    price: pric", 4, "did you mean “price”"),
        ("history:\n  table: m\n  columns:\n    page: null", 2, "no column is known as page"),
        ("history:\n  table: m\n  where:\n    creator: Luna", 4, "no column “creator”"),
        ("history:\n  table: m\n  where:\n    is_test: Luna", 4, "holds boolean"),
        ("history:\n  table: m\n  where:\n    id: Luna", 4, "holds int64"),
    ],
)
def test_what_does_not_fit_the_table_is_told_with_its_line(text, line, words):
    with pytest.raises(BadMappingError, match=words) as caught:
        rows_of(part(text), SENT)
    assert caught.value.message.startswith(f"Line {line}: ")


@pytest.mark.parametrize("dialect", ["bigquery", "postgres", "duckdb", "snowflake"])
def test_the_question_is_sql_of_every_engine(dialect):
    found = part(WHOLE)
    rows = since(rows_of(found, SENT), datetime(2026, 1, 31, 5, tzinfo=UTC), zone="UTC")
    sql = str(ibis.to_sql(ordered(found, text_cells(rows)).limit(10), dialect=dialect))
    (read,) = sqlglot.parse(sql, dialect=dialect)
    (table,) = [one for one in read.find_all(sqlglot.exp.Table) if one.name == "mass_messages"]
    assert (table.catalog, table.db) == ("my-project", "sales")
    values = {one.this for one in read.find_all(sqlglot.exp.Literal)}
    assert {"Luna", "O'Hara"} <= values
    assert any(value.startswith("2026") for value in values)


def test_times_without_a_zone_are_asked_for_on_their_own_clock():
    plain = ibis.table({"sent_at": "timestamp", "page": "string"}, name="m")
    asked = since(plain, datetime(2026, 1, 31, 5, tzinfo=UTC), zone="America/New_York")
    assert "2026-01-31T00:00:00" in str(ibis.to_sql(asked, dialect="bigquery"))
