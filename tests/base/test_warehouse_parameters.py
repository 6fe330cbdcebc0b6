import pytest

from kalends.base.warehouse.parameters import to_psycopg, used

pytestmark = pytest.mark.unit


def test_names_are_found_outside_of_quotes_only():
    sql = """SELECT "a$b", '$c', 'it''s $d' FROM t WHERE x = $e AND y > $e + $f_1"""
    assert used(sql, {"e": 1, "f_1": 2, "c": 3}) == {"e": 1, "f_1": 2}


def test_a_missing_parameter_is_named():
    with pytest.raises(KeyError, match="day"):
        used("SELECT $day", None)


def test_psycopg_gets_its_own_placeholders_and_doubled_per_cents():
    assert to_psycopg("SELECT '5%', x % 2 WHERE y = $y") == "SELECT '5%%', x %% 2 WHERE y = %(y)s"
