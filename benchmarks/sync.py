"""How fast a connector brings days, next to dlt's REST source on the same local server.

    python benchmarks/sync.py [--campaigns 200] [--days 90] [--runs 3]

Both ask the same stand-in of Google Ads for the same pages, without limits and faults. Ours: asked, landed, mapped,
checked, told apart from what is known, written to the encrypted warehouse and published; and once more, when nothing
has changed. dlt: asked, normalised and loaded into DuckDB. The server's own time is measured alone as well: what it
takes to hand out all pages to somebody who reads and forgets them.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import httpx
from serving import data_folder, served, set_up

from bounds import Bound, judge
from kalends.base.settings import Settings
from kalends.client import open_client
from kalends.demo.standin import google_ads as standin_module
from kalends.demo.standin.google_ads import GoogleAds
from kalends.demo.standin.server import serving

PAGE = 10_000
"""As Google's own pages."""
LOOK_SECONDS = 0.25
"""How often is asked whether a sync is done: asking takes time of the server that works."""


@contextmanager
def platform(campaigns):
    """The stand-in with that many campaigns, each with a row a day."""
    truth = replace(GoogleAds.known_truth(), campaigns=campaigns)
    made = GoogleAds(truth, clock=lambda: datetime.now(UTC))
    made.is_signed = lambda _: True  # dlt brings no OAuth of Google's
    standin_module.PAGE = PAGE
    with serving([made]) as address:
        yield made, address


def query(first, last):
    return f"SELECT campaign.id FROM campaign WHERE segments.date BETWEEN '{first}' AND '{last}'"


def read_pages(address, account, first, last):
    """Every page, forgotten at once; gives rows and seconds."""
    began, rows, token = time.monotonic(), 0, ""
    with httpx.Client() as client:
        while True:
            body = {"query": query(first, last)} | ({"pageToken": token} if token else {})
            url = f"{address}/googleads.googleapis.com/v26/customers/{account}/googleAds:search"
            answer = client.post(url, json=body, timeout=60).json()
            rows += len(answer.get("results", []))
            token = answer.get("nextPageToken", "")
            if not token:
                return rows, time.monotonic() - began


def dlt_seconds(address, account, first, last):
    """dlt's REST source into DuckDB."""
    import dlt
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
    from dlt.sources.rest_api import rest_api_source

    with tempfile.TemporaryDirectory() as folder:
        source = rest_api_source(
            {
                "client": {"base_url": f"{address}/googleads.googleapis.com/v26/"},
                "resources": [
                    {
                        "name": "campaign",
                        "endpoint": {
                            "path": f"customers/{account}/googleAds:search",
                            "method": "POST",
                            "json": {"query": query(first, last)},
                            "data_selector": "results",
                            "paginator": JSONResponseCursorPaginator("nextPageToken", cursor_body_path="pageToken"),
                        },
                    }
                ],
            }
        )
        pipeline = dlt.pipeline(
            "rival",
            destination=dlt.destinations.duckdb(f"{folder}/rival.duckdb"),
            dataset_name="figures",
            pipelines_dir=folder,
        )
        began = time.monotonic()
        pipeline.run(source, loader_file_format="parquet")
        return time.monotonic() - began


def our_seconds(client, connection, first, last):
    """A sync of these days, until all of it is published."""
    began = time.monotonic()
    run = client.post(f"/marketing/connections/{connection}/sync", {"first": str(first), "last": str(last)})
    while run["state"] == "running":
        time.sleep(LOOK_SECONDS)
        run = client.get(f"/marketing/syncs/{run['id']}")["run"]
    assert run["state"] == "done", run
    while any(batch["state"] in {"landed", "applying"} for batch in client.get("/marketing/batches")["batches"]):
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=chosen.days - 1)
    with platform(chosen.campaigns) as (made, address):
        account = made.truth.account_ids[0]
        rows, alone = read_pages(address, account, first, last)
        print(f"{rows:,} rows in pages of {PAGE:,}; the server alone: {alone:.2f} s")
        rival = [dlt_seconds(address, account, first, last) for _ in range(chosen.runs)]
        fresh, again = [], []
        for _ in range(chosen.runs):
            with data_folder() as home:
                set_up(home)
                with served(home, platform_gateway=address), open_client(Settings(home=home)) as client:
                    connection = client.post(
                        "/marketing/connections", {"data_source": "google_ads", "entered": made.secrets}
                    )["id"]
                    seen = client.post(f"/marketing/connections/{connection}/test")["accounts"]
                    client.call("PATCH", f"/marketing/connections/{connection}", body={"accounts": seen, "history": 1})
                    fresh.append(our_seconds(client, connection, first, last))
                    again.append(our_seconds(client, connection, first, last))
    ours, theirs, same = map(statistics.median, (fresh, rival, again))
    print(f"dlt REST source into DuckDB: {theirs:.2f} s, {rows / theirs:,.0f} rows/s")
    print(f"ours, asked to published: {ours:.2f} s, {rows / ours:,.0f} rows/s")
    print(f"ours again, nothing changed: {same:.2f} s")
    print(
        f"ratio dlt / ours: {theirs / ours:.2f}; beyond the server's own time {(theirs - alone) / (ours - alone):.2f}"
    )
    return judge([Bound("times as fast as dlt's REST source", theirs / ours, at_least=1.0)])


if __name__ == "__main__":
    sys.exit(main())
