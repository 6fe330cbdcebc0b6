"""What `of_page` takes of a history, whatever it comes as."""

from datetime import UTC, datetime

import polars as pl
import pytest

from kalends.messages.history import HISTORY, of_page

pytestmark = pytest.mark.unit
AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


def test_only_the_page_before_the_instant_in_order_and_once():
    frame = pl.DataFrame(
        {
            "page_id": ["a", "a", "a", "b", "a", "a", "a"],
            "message_id": ["1", "2", "2", "3", None, None, "4"],
            "sent_at": [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (5, 1, 2, 3, 4, 3)]
            + [datetime(2026, 3, 2, tzinfo=UTC)],
            "price": [1, 2, 3, 4, 5, 6, 7],
        }
    )
    own = of_page(frame, page_id="a", as_of=AS_OF)
    assert own.schema == HISTORY
    assert own["price"].cast(pl.Int64).to_list() == [3, 6, 5, 1]


def test_other_types_and_columns_are_read_and_what_cannot_be_is_null():
    frame = pl.DataFrame(
        {
            "sent_at": [datetime(2026, 3, 1, 12), datetime(2026, 3, 1, 13)],
            "page_id": ["a", "a"],
            "message_id": ["1", "2"],
            "price": [9.99, None],
            "viewed": ["12", "many"],
            "mood": ["good", "bad"],
        }
    )
    own = of_page(frame, page_id="a", as_of=AS_OF)
    assert own["viewed"].to_list() == [12, None]
    assert own["sent_at"][0] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert [own[name].null_count() for name in ("price", "purchased", "earnings")] == [1, 2, 2]
