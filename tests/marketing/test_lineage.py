"""Where data comes from: graphs and their drawing, the report, what was checked, and events for a catalogue."""

import io
import json
from datetime import date

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kalends.base.errors import KalendsError
from kalends.base.worker import run_task
from kalends.identity.service import Door, create_key
from kalends.marketing import jobs, service
from kalends.marketing.api import router
from kalends.marketing.models import Batch
from kalends.marketing.pages import router as pages
from kalends.marketing.stewardship import drawing, graph
from kalends.marketing.stewardship.drawing import ACROSS, HEIGHT, WIDTH, columns_of, draw
from kalends.marketing.stewardship.evidence import OFFERS, Evidence, offers_evidence
from kalends.marketing.stewardship.graph import Graph, Node
from kalends.marketing.stewardship.openlineage import event_of

assert jobs.apply_batches.kind  # the kind is declared by importing it

ROWS = [
    {"account_id": "act_1", "account_currency": "EUR", "campaign_id": "c1", "ad_id": f"a{n}", "date_start": "2026-02-10",
     "date_stop": "2026-02-10", "spend": f"{10 + n}.50", "impressions": "1000", "clicks": "20"}
    for n in range(3)
]  # fmt: skip


@pytest.fixture
def tenant(company):
    """The company itself; the engines' own tenants belong to the tests of versions."""
    return company


@pytest.fixture
def app(house):
    """This room alone."""
    from fastapi import FastAPI
    from starlette.responses import JSONResponse

    made = FastAPI()
    made.state.house = house
    made.include_router(router, prefix="/api/v1")
    made.include_router(pages)
    made.add_exception_handler(KalendsError, lambda _, error: JSONResponse(error.problem(), status_code=error.status))
    return made


@pytest.fixture
def ingest(house, scope):
    """Load rows of Meta ads and wait for them; gives the batch's id."""

    def load(*rows, name="meta.ndjson"):
        body = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
        door = Door(house=house, scope=scope, is_local=True)
        batch = service.land_file(door, body, data_source="facebook_ads", file_name=name)
        with house.work(scope) as work:
            waiting = work.session.execute(text("SELECT id FROM tasks WHERE state = 'queued' ORDER BY id")).scalars()
            waiting = list(waiting)
        for task in waiting:
            run_task(house, scope.tenant_id, task)
        return batch

    return load


@pytest.fixture
def with_key(house, scope, browser):
    """`with_key("viewer")` makes a client that sends an API key called 'shop'."""

    def make(role):
        with house.work(scope) as work:
            made = create_key(work, label="shop", role=role)
        return browser(authorization=f"Bearer {made.secret}")

    return make


# Drawing

layers = st.lists(st.integers(1, 6), min_size=1, max_size=5)


@st.composite
def graphs(draw_one):
    """Graphs without circles: an edge leads from a node to a later one."""
    kinds = list(drawing.STEPS)
    nodes = [Node(f"n{n}", kinds[n % len(kinds)], f"Node {n}") for n in range(draw_one(st.integers(1, 30)))]
    places = st.integers(0, len(nodes) - 1)
    pairs = draw_one(st.lists(st.tuples(places, places), max_size=60))
    return Graph(tuple(nodes), tuple((f"n{a}", f"n{b}") for a, b in pairs if a < b))


@pytest.mark.unit
@given(graphs())
def test_boxes_never_overlap_and_every_line_leads_to_the_right(made):
    drawn = draw(made)
    corners = {box.node.id: (box.x, box.y) for box in drawn.boxes}
    assert set(corners) == {node.id for node in made.nodes}
    for name, (x, y) in corners.items():
        assert 0 <= x <= drawn.width - WIDTH
        assert 0 <= y <= drawn.height - HEIGHT
        assert all(a != x or abs(b - y) >= HEIGHT for other, (a, b) in corners.items() if other != name)
    assert all(corners[b][0] - corners[a][0] >= WIDTH + ACROSS for a, b in made.edges)
    assert sum(len(nodes) for _, nodes in drawn.steps) == len(made.nodes)


@pytest.mark.unit
@given(graphs(), st.integers(1, 5))
def test_a_graph_that_is_too_large_keeps_every_way(made, most):
    small = made.named(most)
    assert all(sum(node.kind == kind for node in small.nodes) <= most for kind in drawing.STEPS)
    ids = {node.id for node in small.nodes}
    assert all({a, b} <= ids for a, b in small.edges)
    led = {b for _, b in made.edges if b in ids}
    assert led <= {b for _, b in small.edges}


@pytest.mark.unit
def test_a_box_stands_behind_the_furthest_of_those_that_lead_to_it():
    made = Graph(tuple(Node(n, "sum", n) for n in "abc"), (("a", "c"), ("a", "b"), ("b", "c")))
    assert columns_of(made) == {"a": 0, "b": 1, "c": 2}


# Graphs of files and facts


def kinds(found):
    return {kind: [node.label for node in found.nodes if node.kind == kind] for kind in drawing.STEPS}


def test_a_files_graph_says_what_it_brought_how_it_was_read_and_what_was_checked(house, scope, ingest):
    batch = ingest(*ROWS, {"ad_id": "x", "date_start": "tomorrow"})
    with house.work(scope) as work:
        found = graph.of_batch(work, batch_id=batch)
    told = kinds(found)
    assert told["report"] == ["ad, account 1"]
    assert (told["batch"], told["file"], told["rules"]) == (["File 1"], ["meta.ndjson"], ["facebook_ads@2"])
    assert told["check"] == ["1 of 4 rows set aside"]
    assert ("report:ad:1", "batch:1") in found.edges
    assert {b for a, b in found.edges if a == "batch:1"} == {"file:1", "rules:facebook_ads@2", "check:0"}


def test_a_facts_graph_has_every_version_and_what_others_offer_about_it(house, scope, clock, ingest):
    asked = []

    @offers_evidence
    def weighed(_, slice_):
        asked.append(slice_)
        yield Evidence("resolution", "Meta won over GA4", "weighted average")

    try:
        ingest(ROWS[0])
        clock.advance(hours=1)
        ingest(ROWS[0] | {"spend": "11.75"})
        with house.work(scope) as work:
            key = work.warehouse.execute("SELECT CAST(key_hash AS VARCHAR) AS k FROM facts").column("k")[0].as_py()
            found = graph.of_fact(work, key_hash=key)
            with pytest.raises(graph.NoSuchFactError):
                graph.of_fact(work, key_hash=batch_key())
    finally:
        OFFERS.remove(weighed)
    versions = [node for node in found.nodes if node.kind == "version"]
    assert [node.label.partition(",")[0] for node in versions] == ["Counts now", "Restated since"]
    assert [e for e in found.edges if e[0].startswith("vers")] == [
        ("version:2:1", "batch:2"),
        ("version:1:1", "batch:1"),
    ]
    assert kinds(found)["resolution"] == ["Meta won over GA4"]
    assert (asked[0].days, asked[0].accounts) == ((date(2026, 2, 10),) * 2, {("facebook_ads", "1")})
    assert [batch.seq for batch in asked[0].batches] == [2, 1]


def batch_key():
    return "00000000-0000-0000-0000-000000000000"


# The report, and who uses what


def test_the_report_counts_data_files_and_callers(house, scope, ingest, signed_in, with_key):
    ingest(*ROWS)
    ingest({"ad_id": "x", "date_start": "tomorrow"})
    for _ in range(3):
        assert with_key("viewer").get("/api/v1/marketing/batches").status_code == 200
    signed_in("viewer").get("/data")
    service.write_down_usage(house)
    service.write_down_usage(house)  # nothing is counted twice
    answer = with_key("viewer").get("/api/v1/lineage/report")
    assert answer.status_code == 200
    told = answer.json()
    assert told["total_data_points"] == 3
    [source] = told["data_sources"]
    assert (source["data_source"], source["data_points"], source["accounts"]) == ("facebook_ads", 3, 1)
    assert sum(told["quality_distribution"].values()) == 0, "nothing has been scored yet"
    assert told["files_read"] == {"clean": 1, "few_set_aside": 0, "many_set_aside": 1, "failed": 0}
    assert told["temporal_coverage"] == {
        "first_day": "2026-02-10", "last_day": "2026-02-10", "days": 1, "days_with_data": 1,
    }  # fmt: skip
    usage = told["cross_module_usage"]
    assert usage.pop("people at pages") == {"marketing": 1}
    assert usage == {"shop": {"marketing": 3}}


def test_use_is_counted_by_day_and_a_failed_writing_loses_nothing(house, scope, clock, with_key):
    call = with_key("viewer")
    call.get("/api/v1/marketing/batches")
    database, house.database = house.database, None
    with pytest.raises(AttributeError):
        service.write_down_usage(house)
    house.database = database
    clock.advance(days=1)
    call.get("/api/v1/marketing/batches")
    service.write_down_usage(house)
    with house.work(scope) as work:
        rows = work.session.execute(text("SELECT day, calls FROM usage_days ORDER BY day")).all()
    assert rows == [(date(2026, 3, 2), 1), (date(2026, 3, 3), 1)]


# OpenLineage 2-0-2, in our words: what is required, and the types of what we give.

TEXT = {"type": "string", "minLength": 1}
FACET = {"type": "object", "required": ["_producer", "_schemaURL"],
         "properties": {"_producer": {"format": "uri"} | TEXT, "_schemaURL": {"type": "string", "pattern": r"^https://openlineage\.io/spec/facets/\d+-\d+-\d+/(\w+)\.json#/\$defs/\1$"}}}  # fmt: skip
FACETS = {"type": "object", "additionalProperties": FACET}
AMOUNT = {"type": "object", "properties": {"sum": {"type": "number"}}, "additionalProperties": False}
ORIGINS = {"type": "object", "required": ["inputFields"], "properties": {"inputFields": {"type": "array", "minItems": 1, "items": {
    "type": "object", "required": ["namespace", "name", "field"], "additionalProperties": TEXT}}}}  # fmt: skip
DATASET = {
    "type": "object", "required": ["namespace", "name"],
    "properties": {
        "namespace": TEXT, "name": TEXT, "outputFacets": FACETS,
        "facets": FACETS | {"properties": {
            "schema": {"properties": {"fields": {"type": "array", "items": {"type": "object", "required": ["name"]}}}},
            "columnLineage": {"required": ["fields"], "properties": {"fields": {"additionalProperties": ORIGINS}}},
        }},
        "inputFacets": FACETS | {"properties": {"dataQualityMetrics": {
            "required": ["columnMetrics"],
            "properties": {"rowCount": {"type": "integer"}, "bytes": {"type": "integer"},
                           "columnMetrics": {"type": "object", "additionalProperties": AMOUNT}},
        }}},
    },
}  # fmt: skip
RUN_EVENT = {
    "type": "object", "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "format": "date-time"}, "producer": {"format": "uri"} | TEXT,
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "run": {"type": "object", "required": ["runId"],
                "properties": {"runId": {"type": "string", "format": "uuid"}, "facets": FACETS}},
        "job": {"type": "object", "required": ["namespace", "name"],
                "properties": {"namespace": TEXT, "name": TEXT, "facets": FACETS}},
        "inputs": {"type": "array", "items": DATASET}, "outputs": {"type": "array", "items": DATASET},
    },
}  # fmt: skip


def check(event):
    jsonschema.validate(event, RUN_EVENT, format_checker=jsonschema.FormatChecker())


def test_a_loaded_file_is_a_complete_run_and_a_broken_one_a_failed_run(house, scope, ingest, with_key):
    loaded = ingest(*ROWS)
    with house.work(scope) as work:
        failed = service.get_batch(work, batch_id=ingest(ROWS[0]))
        failed = work.session.get(Batch, (scope.tenant_id, failed.id))
        failed.state, failed.error, failed.published_at = "failed", {"detail": "No table could be found."}, None
    event = with_key("viewer").get(f"/api/v1/marketing/batches/{loaded}/openlineage").json()
    check(event)
    assert (event["eventType"], event["run"]["runId"]) == ("COMPLETE", str(loaded))
    [source], [target] = event["inputs"], event["outputs"]
    quality = source["inputFacets"]["dataQualityMetrics"]
    assert quality["rowCount"] == 3
    assert quality["columnMetrics"]["spend"] == {"sum": 34.5}
    assert "sends" not in quality["columnMetrics"]  # absent is not zero
    lineage = target["facets"]["columnLineage"]["fields"]
    assert [one["field"] for one in lineage["spend"]["inputFields"]] == ["spend"]
    assert [one["field"] for one in lineage["account_id"]["inputFields"]] == ["account_id"]
    assert target["outputFacets"]["outputStatistics"]["rowCount"] == 3
    other = event_of(failed)
    check(other)
    assert (other["eventType"], other["outputs"]) == ("FAIL", [])
    assert other["run"]["facets"]["errorMessage"]["message"] == "No table could be found."


def test_events_of_a_period_come_one_a_line_oldest_first(clock, ingest, with_key):
    first = ingest(ROWS[0])
    clock.advance(days=3)
    second = ingest(ROWS[1])

    def told(**asked):
        answer = with_key("viewer").get("/api/v1/marketing/openlineage", params=asked)
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line)["run"]["runId"] for line in answer.text.splitlines()]

    assert told() == [str(first), str(second)]
    assert told(first="2026-03-03") == [str(second)]
    assert told(first="2026-03-02", last="2026-03-04") == [str(first)]


def test_the_pages_show_the_picture_and_the_steps(ingest, signed_in):
    batch = ingest(*ROWS)
    browser = signed_in("viewer")
    browser.headers["accept"] = "text/html"
    page = browser.get(f"/data/batches/{batch}/lineage").text
    assert "<svg" in page
    assert page.count("meta.ndjson") >= 2  # in the picture and among the steps
    assert f'href="/data/batches/{batch}"' in page
    report = browser.get("/data/lineage").text
    assert "Meta Ads" in report
    assert "Read wholly" in report
