"""Number cells as SQL."""

import time
from decimal import Decimal

import pytest
from duckdb_in_memory import connect
from hypothesis import given
from hypothesis import strategies as st

from kalends.marketing.mapping.cells import plain_sql

pytestmark = pytest.mark.unit
CON = connect()


def read(kind: str, cell: str | None) -> object:
    return CON.execute(f"SELECT {plain_sql('cell', kind)} FROM (SELECT ?::VARCHAR AS cell)", [cell]).fetchone()[0]


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_whole_micros_are_exact(micros):
    assert read("micros", str(micros)) == Decimal(micros).scaleb(-6)


@given(st.decimals(-(10**9), 10**9, places=3))
def test_micros_may_have_a_fraction(micros):
    assert abs(read("micros", str(micros)) - micros.scaleb(-6)) <= Decimal("0.000001")


@given(st.decimals(-(10**12), 10**12, places=2))
def test_counts_with_a_fraction_are_rounded(number):
    assert abs(read("rounded", str(number)) - number) <= Decimal("0.5")
    assert read("rounded", str(int(number))) == int(number)


@pytest.mark.parametrize(
    ("cell", "is_rounded"), [("2.5", 3), ("-2.5", -3), ("0.499999999", 0), (f"{10**18 - 1}.5", 10**18)]
)
def test_halves_are_rounded_away_from_zero(cell, is_rounded):
    assert read("rounded", cell) == is_rounded


@pytest.mark.parametrize("kind", ["rounded", "count", "micros"])
@pytest.mark.parametrize("cell", [str(2**63), f"{2**63}.0", "9" * 29, "1.8446744073709552e+19"])
def test_what_no_column_holds_is_null(kind, cell):
    assert read(kind, cell) is None


@given(st.integers(0, 2**63 - 1))
def test_whole_counts_are_exact_also_as_floats(count):
    assert read("count", str(count)) == read("count", f"{count}.0") == count


@pytest.mark.parametrize("cell", ["12.5", "12.05", "-1", "-1.0", "5e-1", "1.0e1"])
def test_a_count_in_no_plain_notation_is_null(cell):
    assert read("count", cell) is None


@given(st.dates())
def test_days_are_plain_with_hyphens_and_without(day):
    assert read("date", day.isoformat()) == read("date", day.strftime("%Y%m%d").zfill(8)) == day


@pytest.mark.parametrize("kind", ["micros", "rounded", "count", "money", "number", "date"])
@pytest.mark.parametrize("cell", [None, "", "none", "1,5", "--5"])
def test_what_is_no_number_is_null(kind, cell):
    assert read(kind, cell) is None


@pytest.mark.parametrize(("kind", "fraction"), [("micros", ""), ("micros", ".0"), ("rounded", ""), ("rounded", ".25")])
def test_a_cell_takes_no_long_arithmetic(kind, fraction):
    CON.execute(f"CREATE OR REPLACE TEMP TABLE many AS SELECT range * 977 || '{fraction}' AS cell FROM range(50_000)")
    begin = time.process_time()
    CON.execute(f"SELECT sum({plain_sql('cell', kind)}) FROM many").fetchone()
    took = time.process_time() - begin
    begin = time.process_time()
    CON.execute(f"SELECT sum({plain_sql('cell', 'money')}) FROM many").fetchone()
    assert took < 40 * max(time.process_time() - begin, 0.005)  # 400 times, as a decimal of 24 digits
