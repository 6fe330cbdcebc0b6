"""`kalends schedule` and `ScheduleBuilder`: weeks on the command line and in a notebook, against a real server."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from serving import data_folder, run, served, set_up

import kalends
from kalends.client import ServerError
from kalends.messages.export import COLUMNS

MONDAY = datetime.now(UTC).date() + timedelta(days=14 - datetime.now(UTC).weekday())
"""Far enough ahead to be whole."""
CATEGORIES = ("story", "new set", "question", "thanks")

pytestmark = pytest.mark.xdist_group(__name__)


@pytest.fixture(scope="module")
def home():
    """A running server with two pages that share a bank, and no history."""
    with data_folder() as folder:
        set_up(folder)
        with served(folder) as server, server.owner() as client:
            for name in ("Luna", "Nova"):
                told = {"name": name, "zone": "America/New_York", "currency": "USD"}
                client.post("/api/v1/messages/pages", json=told).raise_for_status()
            lines = ["text,price_tier,category"]
            lines += [f"Caption {at},{('Budget', 'Mid', 'Premium', 'Free', 'Free')[at % 5]},{CATEGORIES[at % 4]}"
                      for at in range(300)]  # fmt: skip
            asked = {"kind": "captions", "file_name": "bank.csv", "wait": 60}
            landed = client.post("/api/v1/messages/imports", params=asked, content="\n".join(lines).encode())
            assert landed.json()["loaded"] == 300, landed.text
            yield folder


def schedule(home, *words):
    """`kalends schedule WORDS --json`; gives what it says."""
    done = run(home, "schedule", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_week_is_built_written_edited_and_brought_back(home, tmp_path):
    file = tmp_path / "luna.csv"
    wednesday = MONDAY + timedelta(days=2)
    told = schedule(home, "build", "--page-name", "luna", "--start-date", wednesday, "--week", "--output", file)
    (made,) = told["schedules"]
    assert (made["page"], made["first day"], made["state"], made["file"]) == ("Luna", str(MONDAY), "draft", str(file))
    frame = pl.read_csv(file)
    assert frame.columns == list(COLUMNS)
    assert (frame.height, set(frame["schedule_id"])) == (made["messages"], {made["schedule"]})
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    bump = next(at for at, line in enumerate(lines) if ",Bump," in line)
    file.write_text("\n".join(lines[:bump] + lines[bump + 1 :]))
    back = schedule(home, "import", file)
    assert (back["removed"], back["unchanged"], back["problems"]) == (1, made["messages"] - 1, [])


def test_every_page_for_weeks_into_a_folder(home, tmp_path):
    first = MONDAY + timedelta(weeks=2)
    told = schedule(home, "build", "--all-pages", "--weeks", 2, "--start-date", first, "--output", tmp_path / "out")
    named = {f"{page}-{day}.csv" for page in ("luna", "nova") for day in (first, first + timedelta(days=7))}
    assert {file.name for file in (tmp_path / "out").iterdir()} == named
    assert [each["page"] for each in told["schedules"]] == ["Luna", "Nova", "Luna", "Nova"]
    assert all(pl.read_csv(each["file"]).height == each["messages"] for each in told["schedules"])


def test_people_read_a_table(home):
    done = run(home, "schedule", "build", "--page-name", "Nova", "--start-date", MONDAY + timedelta(weeks=5))
    assert done.returncode == 0, done.stderr
    assert "Nova" in done.stdout
    assert "draft" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start-date", "2026-11-24"], "--page-name or --all-pages"),
        (["--page-name", "Luna", "--all-pages", "--start-date", "2026-11-24"], "one of them"),
        (["--page-name", "Luna", "--start-date", "next week"], "is no day"),
        (["--page-name", "Nobody", "--start-date", str(MONDAY)], "There is no page “Nobody”"),
        (["--page-name", "Luna", "--start-date", "2020-01-06"], "is over"),
        (
            ["--page-name", "Luna", "--start-date", str(MONDAY), "--project-id", "p"],
            "No dataset of BigQuery is connected",
        ),
    ],
)
def test_what_cannot_be_built_is_told(home, words, said):
    done = run(home, "schedule", "build", *words)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())


def test_a_notebook_builds_reads_and_writes(home, tmp_path):
    first = MONDAY + timedelta(weeks=6)
    with kalends.connect(home) as workspace:
        builder = kalends.ScheduleBuilder(workspace)
        week = builder.build("Luna", first, seed=5)
        again = builder.build("Luna", first.isoformat(), seed=5)
        frame = again.frame
        assert dict(frame.schema) == dict(COLUMNS)
        assert frame["caption_id"].to_list() == [each["caption_no"] for each in week.told["messages"]]
        assert frame["scheduled_send_time"].is_sorted()
        assert frame["performance_score"].is_between(0, 1).all()
        assert again.to_csv(tmp_path / "luna.csv").read_bytes().startswith(b"\xef\xbb\xbfschedule_id,page_name")
        said = again.summary().splitlines()
        assert said[0].startswith(f"Luna, 7 days from {first} (America/New_York): ")
        assert "insufficient data" in said[1]
        with pytest.raises(ServerError, match="Nobody"):
            builder.build("Nobody", date.today())
