"""`import kalends`: the same doors from Python, with and without a running server."""

import json
import subprocess
import sys

import pytest
from serving import data_folder, environment, left_behind, served, set_up

import kalends
from kalends.client import Answer, ServerError, problem_of

ROWS = [
    {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": "c1", "campaign_name": "Spring",
        "adset_id": "s1", "ad_id": f"ad{place}", "date_start": f"2026-02-{10 + place}",
        "date_stop": f"2026-02-{10 + place}", "spend": "10.50", "impressions": "1000", "clicks": "20",
    }
    for place in range(4)
]  # fmt: skip

pytestmark = pytest.mark.xdist_group(__name__)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with data_folder() as folder:
        set_up(folder)
        (folder.parent / "ads.ndjson").write_text("\n".join(map(json.dumps, ROWS)))
        yield folder


NOTEBOOK = """
import json, sys
import kalends
with kalends.connect(sys.argv[1]) as workspace:
    batch = workspace.ingest(sys.argv[2], data_source="facebook_ads")
    found = workspace.insights(metrics=["spend"], date_range_start="2026-02-10", date_range_end="2026-02-13")
    events = workspace.events(start="2026-02-01", end="2026-02-28")
print(json.dumps({"batch": batch, "found": found, "events": events}, default=str))
"""


def notebook(home, code=NOTEBOOK):
    """Run the code as a notebook would: in a process of its own, for PostgreSQL is started by the main thread."""
    told = subprocess.run(
        [sys.executable, "-c", code, str(home), str(home.parent / "ads.ndjson")],
        env=environment(home), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_a_notebook_loads_and_asks_with_no_server_running(home):
    told = notebook(home)
    assert told["batch"]["state"] == "published"
    assert told["batch"]["received"] == 4
    assert float(told["found"]["rows"][0]["spend"]) == pytest.approx(42.0)
    assert left_behind(home, within=3) == []


@pytest.fixture(scope="module")
def server(home):
    """One that runs from the first test that asks for it on."""
    with served(home) as started:
        yield started


def test_a_notebook_uses_the_server_that_runs(home, server):
    told = notebook(home)
    assert told["batch"]["state"] == "published"
    assert told["batch"]["loaded"] == 0 or told["batch"]["seq"] == 1
    assert server.client().get("/readyz").status_code == 200


def test_the_causal_panel_comes_as_a_frame(home, server):
    code = """
import json, sys, kalends
with kalends.connect(sys.argv[1]) as workspace:
    workspace.ingest(sys.argv[2], data_source="facebook_ads")
    frame = workspace.causal(start="2026-02-10", end="2026-02-13")
print(json.dumps({"rows": frame.height, "columns": frame.columns}))
"""
    told = notebook(home, code)
    assert told["rows"] >= 4
    assert "date" in told["columns"]


def test_tables_and_resources_come_in_as_they_are(home, server):
    code = """
import datetime, json, sys, dlt, polars, pyarrow, kalends
day = datetime.date(2026, 3, 1)
rows = [{"date": day + datetime.timedelta(days=n), "campaign": "Spring", "spend": 1.5 * n} for n in range(1, 4)]
@dlt.resource
def resource():
    yield from rows
with kalends.connect(sys.argv[1]) as workspace:
    found = [workspace.ingest(one, data_source="agency") for one in (
        pyarrow.Table.from_pylist(rows), polars.DataFrame(rows), resource(), rows, iter(rows))]
print(json.dumps([(one["state"], one["received"], one["loaded"], one["quarantined"]) for one in found]))
"""
    told = notebook(home, code)
    assert told[0] == ["published", 3, 3, 0]
    assert told[1:] == [["published", 3, 0, 0]] * 4, "the same rows again write nothing, however they come"


def test_importing_it_costs_next_to_nothing():
    code = "import time; began = time.process_time(); import kalends; print(time.process_time() - began)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(told.stdout) < 0.1


def test_the_public_face_is_what_it_says():
    assert kalends.__all__ == ["ScheduleBuilder", "Workspace", "__version__", "connect"]
    for name in kalends.__all__:
        assert getattr(kalends, name)
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = kalends.nothing_of_this_name


def test_the_servers_own_words_come_out():
    error = ServerError({"detail": "Row 3: that is no date.", "code": "bad_date"})
    assert error.message == "Row 3: that is no date."
    assert error.details["problem"]["code"] == "bad_date"


def test_an_answer_that_is_no_problem_document_is_told_by_its_status():
    assert problem_of(Answer(502, {}, b"<html>")) == {"detail": "The server answered 502."}
    assert problem_of(Answer(409, {}, b'{"detail": "Twice."}')) == {"detail": "Twice."}
