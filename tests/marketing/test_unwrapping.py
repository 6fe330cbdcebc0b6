"""The rows of answers, held against the same thing said cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_answers import ANSWERS

from kalends.base.reading.documents import flatten, snake
from kalends.marketing.mapping import adobe_analytics, google_analytics, twitter_ads

pytestmark = pytest.mark.unit


def at(value, index):
    """X: one place of every array, in whatever objects they lie."""
    if isinstance(value, dict):
        return {name: at(inner, index) for name, inner in value.items()}
    if isinstance(value, list):
        return value[index] if index < len(value) else None
    return value


def of_x(document):
    answer = document["response"]
    if answer["data_type"] == "names":
        return answer["data"]
    days, params = answer["time_series_length"], answer["request"]["params"]
    return [
        {"account_id": params["account_id"], "campaign_id": entity["id"],
         **({"segment": {"gender": part["segment"]["segment_name"]}} if part["segment"] else {}),
         "date": f"2026-01-0{1 + index}", "metrics": at(part["metrics"], index)}
        for entity in answer["data"] for part in entity["id_data"] for index in range(days)
    ]  # fmt: skip


def of_analytics(document):
    """Each cell belongs to its header by position; a dimension that flat rows do not have is one all the same."""
    answer, rows = document["response"], []
    for cells in answer["rows"]:
        row = {"property_id": "1", "currencyCode": answer["metadata"].get("currencyCode"), "timeZone": None}
        for header, cell in zip(answer["dimensionHeaders"], cells["dimensionValues"], strict=False):
            name = header["name"]
            is_own = name != "date" and snake(name) not in google_analytics.MAPPING.breakdowns
            row[f"dimensions.{name}" if is_own else name] = cell["value"]
        for header, cell in zip(answer["metricHeaders"], cells["metricValues"], strict=False):
            row[header["name"]] = cell["value"]
        rows.append(row)
    return rows


def of_adobe(document):
    """A row for each item and filter; columns that nobody asked for keep their numbers."""
    rows, filters = [], document["request"]["metricContainer"]["metrics"][1]["filters"]
    for item in document["response"]["rows"]:
        cut = {"rsid": "suite", "range_start": "2026-01-01", "range_end": "2026-01-01"}
        cut |= {"dimensions.campaign": str(item["itemId"]), "values.campaign": item["value"]}
        split = cut | {"dimensions.geocountry": "44"} if filters else cut
        named = [(cut, "metrics.visits"), (split, "metrics.revenue"), (cut, "columns.2")]
        found = {}
        for (about, name), value in zip(named, item["data"], strict=False):
            found.setdefault(str(about), dict(about))[name] = value
        rows += found.values()
    return rows


CASES = {
    "twitter_ads": (twitter_ads.unwrap, of_x),
    "google_analytics": (google_analytics.unwrap, of_analytics),
    "adobe_analytics": (adobe_analytics.unwrap, of_adobe),
}


@pytest.mark.parametrize("source", CASES)
@given(data=st.data())
def test_an_answer_is_its_rows(source, data):
    unwrap, plainly = CASES[source]
    document = data.draw(ANSWERS[source]())
    inner = document["response"] if source == "twitter_ads" else document
    assert [flatten(row) for _, row in unwrap(inner)] == [flatten(row) for row in plainly(document)]
