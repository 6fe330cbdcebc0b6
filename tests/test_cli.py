"""The command line as a person and as a program meet it: with and without a running server."""

import json
import subprocess
import time

import pytest
from serving import KALENDS, data_folder, left_behind, run, served, set_up

from kalends.demo.standin.registry import serving_all
from kalends.demo.standin.snapchat_ads import SnapchatAds

pytestmark = pytest.mark.xdist_group(__name__)

ROWS = [
    {
        "account_id": "act_1", "account_currency": "EUR", "campaign_id": "c1", "campaign_name": "Spring",
        "adset_id": "s1", "ad_id": f"ad{place}", "date_start": f"2026-02-{10 + place}",
        "date_stop": f"2026-02-{10 + place}", "spend": "10.50", "impressions": "1000", "clicks": "20",
    }
    for place in range(4)
]  # fmt: skip


@pytest.fixture(scope="module")
def home():
    """A set-up company, and files to load beside its data folder."""
    with data_folder() as folder:
        set_up(folder)
        write(folder, "good.ndjson", ROWS)
        write(folder, "mixed.ndjson", [*ROWS, {**ROWS[0], "ad_id": "bad", "spend": "-3"}])
        (folder.parent / "noise.bin").write_bytes(bytes(range(256)) * 4)
        yield folder


@pytest.fixture(scope="module")
def server(home):
    """One that runs from the first test that asks for it to the last of this module."""
    with served(home) as started:
        yield started


def write(home, name, rows):
    (home.parent / name).write_text("\n".join(map(json.dumps, rows)))


def answer(home, *words, code=0):
    """The JSON answer of a command; standard output holds nothing else."""
    told = run(home, *words, "--json")
    assert told.returncode == code, told.stderr + told.stdout
    return json.loads(told.stdout)


def ask_all(home):
    """Every reading command, as a program calls it."""
    figures = answer(home, "query", "spend", "clicks", "--from", "2026-02-10", "--to", "2026-02-13")
    assert float(figures["rows"][0]["spend"]) == pytest.approx(42.0)
    found = answer(home, "search", "best", "campaigns", "--from", "2026-02-10", "--to", "2026-02-13")
    assert sum(hit["metrics"]["spend"] for hit in found["hits"]) == pytest.approx(42.0)
    days = answer(home, "calendar", "days", "--from", "2026-02-10", "--to", "2026-02-13")["days"]
    assert [day["date"] for day in days] == [f"2026-02-{10 + place}" for place in range(4)]
    assert [one["email"] for one in answer(home, "user", "list")["people"]] == ["ada@aurora.example"]
    assert answer(home, "doctor")["state"] in {"ok", "warning"}


def test_without_a_server_commands_start_one_for_themselves(home):
    batch = answer(home, "ingest", home.parent / "good.ndjson", "--source", "facebook_ads")
    assert (batch["state"], batch["received"], batch["quarantined"]) == ("published", 4, 0)
    figures = answer(home, "query", "spend", "--from", "2026-02-10", "--to", "2026-02-13")
    assert float(figures["rows"][0]["spend"]) == pytest.approx(42.0)
    assert left_behind(home, within=3) == []


def test_with_a_server_they_use_it(home, server):
    batch = answer(home, "ingest", home.parent / "good.ndjson", "--source", "facebook_ads")
    assert (batch["state"], batch["received"]) == ("published", 4)
    ask_all(home)
    made = answer(home, "key", "create", "notebook", "--role", "analyst")
    with server.client(authorization=f"Bearer {made['secret']}") as program:
        assert program.get("/api/v1/me").status_code == 200
        listed = answer(home, "key", "list")["keys"]
        assert made["secret"] not in json.dumps(listed)
        answer(home, "key", "revoke", listed[0]["id"])
        assert program.get("/api/v1/me").status_code == 401
    link = answer(home, "user", "invite", "bo@aurora.example")["link"]
    assert "/invite/" in link


def test_the_exit_code_says_how_a_load_went(home, server):
    mixed = answer(home, "ingest", home.parent / "mixed.ndjson", "--source", "facebook_ads", code=2)
    assert mixed["quarantined"] == 1
    [row] = answer(home, "quarantine", mixed["id"])["rows"]
    assert (row["source_row"], row["column_name"]) == (5, "spend")
    noise = run(home, "ingest", home.parent / "noise.bin", "--source", "facebook_ads", "--json")
    assert noise.returncode in {1, 2}
    assert "Traceback" not in noise.stderr


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_is_a_file(home, server, form):
    out = home.parent / f"panel.{form}"
    told = answer(home, "export", out, "--from", "2026-02-10", "--to", "2026-02-13")
    assert told["bytes"] == out.stat().st_size > 0


def test_a_backup_made_by_command_is_restored_by_command(home, server):
    data, keys = home.parent / "backup", home.parent / "keys.json"
    before = answer(home, "query", "spend", "--from", "2026-02-10", "--to", "2026-02-13")["rows"]
    assert answer(home, "backup", data, "--keys", keys)["parts"] > 10
    with data_folder() as other:
        assert answer(other, "restore", data, "--keys", keys)["tenants"] == 1
        assert answer(other, "query", "spend", "--from", "2026-02-10", "--to", "2026-02-13")["rows"] == before
        refused = run(other, "restore", data, "--keys", keys)
        assert refused.returncode == 1
        assert "empty" in refused.stderr


def test_a_backup_with_a_passphrase_opens_with_it_only(home, server):
    data, keys = home.parent / "secret-backup", home.parent / "secret-keys.json"
    answer(home, "backup", data, "--keys", keys, "--passphrase", "open sesame")
    with data_folder() as other:
        refused = run(other, "restore", data, "--keys", keys, "--passphrase", "open barley")
        assert refused.returncode == 1
        assert "passphrase" in refused.stderr
        assert answer(other, "restore", data, "--keys", keys, "--passphrase", "open sesame")["tenants"] == 1


def test_a_workspace_is_set_up_once(home, server):
    again = run(home, "init", "--name", "Other", "--email", "eve@other.example", "--password", "correct horse battery")
    assert again.returncode == 1
    assert again.stderr.startswith("kalends: ")
    assert again.stderr.count("\n") == 1


def test_the_calendar_is_set_up_from_a_file_and_from_answers(home, server):
    example = run(home, "calendar", "init", "--example").stdout
    plan = home.parent / "company.yaml"
    plan.write_text(example)
    trial = answer(home, "calendar", "init", "--from", plan, "--trial")
    assert (trial["is_trial"], trial["name"], trial["competitor_events"]) == (True, "Aurora", 1)
    built = answer(home, "calendar", "init", "--from", plan)
    assert built | {"is_trial": True, "calendar_id": None} == trial
    answers = "Aurora\nretail\nUS-CA, CA\nAmerica/New_York\nw\n4-5-4\nstart\n"
    told = run(home, "calendar", "init", given=answers)
    assert told.returncode == 0, told.stderr
    kept = answer(home, "calendar", "init", "--show")
    assert (kept["countries"], kept["fiscal_year"]["named_by"]) == (["US-CA", "CA"], "start")
    assert [event["name"] for event in kept["competitors"]] == ["Borealis: spring sale"]
    plan.write_text("name: Aurora\ncountries: [XX]\n")
    wrong = run(home, "calendar", "init", "--from", plan)
    assert wrong.returncode == 1
    assert "line 2, countries: no holidays are known for the country 'XX'" in wrong.stderr
    assert "black_friday" in run(home, "calendar", "init", "--moments").stdout


def test_before_a_set_up_commands_say_what_to_do():
    with data_folder() as empty:
        told = run(empty, "query", "spend", "--from", "2026-02-10", "--to", "2026-02-13")
        assert told.returncode == 1
        assert "set it up" in told.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ingest", "nowhere.csv"], 2, "nowhere.csv"),
        (["ingest"], 2, "file"),
        (["export", "panel.xlsx", "--from", "2026-02-10", "--to", "2026-02-13"], 2, ".csv or .parquet"),
        (["query", "spend"], 2, "--from"),
        (["search", "brand", "--limit", "0"], 1, "limit"),
        (["query", "nonsense", "--from", "2026-02-10", "--to", "2026-02-13"], 1, "nonsense"),
        (["query", "spend", "--from", "yesterday", "--to", "2026-02-13"], 1, "date_range_start"),
        (["query", "spend", "--from", "2026-02-13", "--to", "2026-02-10"], 1, "2026-02"),
        (["quarantine", "not-an-id"], 1, "batch_id"),
        (["key", "revoke", "00000000-0000-7000-8000-000000000000"], 1, "key"),
        (["user", "invite", "nobody"], 1, "e-mail"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_bad_input_is_answered_in_words_without_a_stack_trace(home, server, words, code, said):
    told = run(home, *words)
    assert told.returncode == code, told.stderr
    assert said in told.stderr
    assert told.stdout == ""
    assert "Traceback" not in told.stderr


def test_a_platform_is_connected_with_an_attribution_window_or_not_at_all():
    def connect(window):
        fields = {"fields": json.dumps(dict(SnapchatAds.secrets)), "label": "Snap", "attribution": window, "history": 5}
        said = [part for name, value in fields.items() for part in (f"--{name}", str(value))]
        return run(folder, "platform", "connect", "snapchat_ads", *said)

    with serving_all() as gateway, data_folder() as folder:
        set_up(folder)
        with served(folder, platform_gateway=gateway):
            refused = connect("7d_click")
            assert (refused.returncode, answer(folder, "platform", "list")) == (1, [])
            assert "7d_click: there is no such attribution window" in refused.stderr
            assert connect("7d_swipe").returncode == 0
            assert answer(folder, "platform", "sync", "Snap")["state"] == "done"
            [made] = answer(folder, "platform", "list")
    assert (made["attributions"], made["last_run"]["slices"]) == (["7d_swipe"], 4)


def test_help_and_version_answer_at_once():
    for words in (["--help"], ["version"], ["ingest", "--help"]):
        assert min(timed(words) for _ in range(3)) < 1, words


def timed(words):
    """Processor seconds of the command: what it costs, whoever else is using the machine."""
    began = time.monotonic()
    process = subprocess.run(
        ["bash", "-c", 'TIMEFORMAT="%U %S"; time "$0" "$@" >/dev/null', KALENDS, *words],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    user, system = map(float, process.stderr.split()[-2:])
    return min(user + system, time.monotonic() - began)


def test_version_is_json_when_asked():
    told = subprocess.run([KALENDS, "version", "--json"], capture_output=True, text=True, check=True)
    assert json.loads(told.stdout).keys() == {"version"}
