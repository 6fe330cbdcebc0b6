"""Amplitude: the export API v2, a zip of gzipped JSON lines, one file for each hour and shard.

Hours are of the upload, in UTC, and not of the event (amplitude.com/docs/apis/analytics/export): an export has late
events of any earlier day, and never all of a day's. So a slice is never complete, and nothing is taken to have been
deleted because it is missing in one. What was uploaded in an hour can be had two hours later. 404 is no data; 400 is
more than 4 GB, and 504 is more than Amplitude can gather in time.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import Basic
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import Malformed, Refused, Signal, TooMuch

HOSTS = {"us": "amplitude.com", "eu": "analytics.eu.amplitude.com"}
EXPORT = "/api/2/export"


class NothingThere(Signal):
    """Nothing was uploaded in these hours."""

    code = "platform_nothing_there"


def judge(answer: Answer) -> Signal | None:
    """An export's statuses mean what they mean nowhere else. Keys last: a person has to mend one that is refused."""
    if answer.status in {401, 403}:
        return Refused(
            "Amplitude does not accept the keys.",
            advice="Enter both keys anew; are they of the region that was chosen?",
        )
    if not answer.question.place.endswith(EXPORT):
        return None
    if answer.status == 404:
        return NothingThere()
    if answer.status in {400, 504}:
        return TooMuch(f"Amplitude cannot export so much at once ({answer.status}).")
    return None


def pull(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """What was uploaded from the first day's first hour to the last day's last, in one zip."""
    asked = {"start": f"{wanted.first:%Y%m%d}T00", "end": f"{wanted.last:%Y%m%d}T23"}
    try:
        answer = ask.get(f"https://{HOSTS[ask.options['region']]}{EXPORT}", asked)
    except NothingThere:
        return
    check_whole(answer.content)
    yield Page.file(answer.content)


def check_whole(content: bytes) -> None:
    """Raises Malformed where the zip is not all there: its list of files is at its end."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as files:
            broken = files.testzip()
    except zipfile.BadZipFile:
        broken = "its end"
    if broken:
        raise Malformed("Amplitude's export broke off before its end.")


def accounts(ask: Ask) -> list[Account]:
    """The one project that the keys are of: they are tried, and do not say its number."""
    ask.get(f"https://{HOSTS[ask.options['region']]}/api/2/events/list", quota=None)
    project = ask.options["project_id"]
    return [Account(project, ask.options.get("project_name", "") or f"Project {project}", zone="UTC")]


CONNECTOR = Connector(
    data_source="amplitude",
    entries=(
        Entry("api_key", "API key", "Settings, Projects, your project, General.", "secret"),
        Entry("secret_key", "Secret key", "Beside the API key; it is shown once.", "secret"),
        Entry("project_id", "Project id", "The project's number, on the same page."),
        Entry("project_name", "Project name", "As you want to see it here.", is_required=False),
        Entry(
            "region",
            "Data is kept in",
            "Settings, Projects: the data region.",
            "choice",
            choices=(("us", "United States"), ("eu", "European Union")),
            default="us",
        ),
    ),
    auth=Basic("api_key", "secret_key"),
    accounts=accounts,
    reports=(Report("event/event+event_id", "Events, one by one", pull, days=7, is_complete=False),),
    judge=judge,
    # Amplitude declares no number for exports; it says 429 when there are too many. The least that it declares for any
    # way to read events is 360 an hour for each project (amplitude.com/docs/apis/analytics/dashboard-rest, user
    # activity): years come in an hour at that, for an export has a week.
    quotas=(Quota("", 360, 3_600, is_own=True),),
    lag=1,
    guide="amplitude.com/docs/apis/authentication",
)
