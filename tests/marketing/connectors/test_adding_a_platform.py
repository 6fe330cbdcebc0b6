"""The docs page on adding a platform, followed to the letter: its code is taken from the page."""

import importlib.util
import re
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from duckdb_in_memory import connect as connect_duckdb
from syncing import batches_of, connect, exactly, known, platform, slices, stored, work_off

from kalends.demo.standin.registry import STANDINS
from kalends.demo.standin.speaking import Reply, Standin, paged
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.staging import stage

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "connectors.md"
FILES = dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```", DOCS.read_text(), re.MULTILINE | re.DOTALL))
NAME = "pigeon_post"


@dataclass
class PigeonPost(Standin):
    """A platform that does not exist."""

    data_source = NAME
    hosts = ("api.pigeonpost.example",)
    secrets = {"access_token": "pigeon-key-1"}  # noqa: RUF012 (a class variable of the class above)
    cannot = frozenset({"token"})

    def is_signed(self, asked):
        return asked.headers.get("authorization") == f"Bearer {self.secrets['access_token']}"

    def refused_cursor(self):
        return Reply.json({"error": "cursor_gone"}, 400)

    def is_page(self, asked):
        return bool(asked.one("cursor"))

    def answer(self, asked):
        if asked.path == "/v1/lofts":
            told = {"name": "Loft", "currency": self.truth.currency, "zone": self.truth.zone}
            return Reply.json({"data": [{"id": one, **told} for one in self.truth.account_ids]})
        loft = re.fullmatch(r"/v1/lofts/(\d+)/flights", asked.path)[1]
        first, last = (date.fromisoformat(asked.one(name)) for name in ("from", "to"))
        rows = [self.row(day) for day in self.truth.days(loft, first, last)]
        shown, following = paged(rows, start=int(asked.one("cursor") or 0), size=100)
        return Reply.json({"data": shown, "next": following and str(following)})

    def row(self, day):
        return {
            "flight": {"id": day.campaign.id, "name": day.campaign.name}, "day": f"{day.day}",
            "feed": day.spend_micros, "seen": day.impressions, "landed": day.clicks, "orders": day.conversions,
            "order_value": f"{day.revenue:f}",
        }  # fmt: skip


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The page's two modules, in its two registries."""
    for path, what, registry in zip(list(FILES)[:2], ("MAPPING", "CONNECTOR"), (MAPPINGS, CONNECTORS), strict=True):
        name = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_text(FILES[path])
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        monkeypatch.setitem(registry, NAME, getattr(module, what))
    monkeypatch.setitem(STANDINS, NAME, PigeonPost)


def test_two_files_and_a_payload():
    folder = "src/kalends/marketing"
    assert list(FILES) == [
        f"{folder}/mapping/{NAME}.py", f"{folder}/connectors/{NAME}.py", f"{NAME}/flights.json", "tests/payloads.toml",
    ]  # fmt: skip


@pytest.mark.usefixtures("added")
def test_its_payload_adds_up(tmp_path):
    [told] = tomllib.loads(FILES["tests/payloads.toml"])["file"]
    payload = tmp_path / "flights.json"
    payload.write_text(FILES[told["path"]])
    con = connect_duckdb()
    report = stage(con, payload, data_source=NAME, file_name=payload.name, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert (report.staged, report.quarantined, report.new_columns) == (2, 0, [])
    assert {total.report for total in report.totals} == told["reports"].keys()
    wanted = told["reports"]["campaign"]
    assert report.summed("campaign") == {name: pytest.approx(value) for name, value in wanted.items() if name != "rows"}
    ids = con.execute("SELECT DISTINCT campaign_id FROM staged").fetchall()
    assert ids == [("9007199254740993",)]  # beyond 2^53


@pytest.mark.usefixtures("added")
def test_it_syncs(house, scope):
    with platform(house, NAME, faults={2: "limit", 4: "cursor", 6: "error", 7: "duplicate"}) as standin:
        _, run_id = connect(house, scope, standin, history=60)
        work_off(house, scope)
    parts = slices(house, scope, run_id)
    first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    assert (last - first).days == 59
    assert [(one.state, one.quarantined) for one in batches_of(house, scope)] == [("published", 0)] * 2
    assert exactly(stored(house, scope, standin)) == exactly(known(standin, first, last))
    assert sorted(standin.met) == ["cursor", "duplicate", "error", "limit"]
    assert standin.over_limit == 0
