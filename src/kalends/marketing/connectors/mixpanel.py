"""Mixpanel: the raw event export, as JSON lines (docs.mixpanel.com, "Raw Data Export API").

One answer has every event of its days, so that what is missing in a later one was deleted. An export that is broken off
at Mixpanel's side ends with 'terminated early' or in the middle of a line, with status 200 all the same: only an answer
whose last line is an event is one. Days are UTC in projects made since 2023, and the project's own before.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from kalends.base.clock import zone_names
from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import Basic
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import Malformed, Refused, Signal

APPS = {"us": "mixpanel.com", "eu": "eu.mixpanel.com", "in": "in.mixpanel.com"}
EXPORTS = {"us": "data.mixpanel.com", "eu": "data-eu.mixpanel.com", "in": "data-in.mixpanel.com"}


def judge(answer: Answer) -> Signal | None:
    """A service account lasts: where it is not accepted, a person has to mend it."""
    if answer.status in {400, 401, 402, 403}:
        advice = {
            400: "Is the project in the region that was chosen?",
            402: "The project's plan does not include the export.",
        }.get(answer.status, "Give the service account a role in the project, or enter its secret anew.")
        return Refused("Mixpanel does not let this service account export the project.", advice=advice)
    return None


def pull(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """All events of the days in one file."""
    asked = {
        "project_id": wanted.account.id,
        "from_date": wanted.first.isoformat(),
        "to_date": wanted.last.isoformat(),
    }
    host = EXPORTS[ask.options["region"]]
    answer = ask.get(f"https://{host}/api/2.0/export", asked, headers={"Accept": "text/plain"})
    if answer.content.strip():
        check_whole(answer.content)
        yield Page.file(answer.content)


def check_whole(content: bytes) -> None:
    """Raises Malformed where the export was broken off, so that its last line is not an event."""
    told = content.rstrip()
    try:
        event = orjson.loads(told[told.rfind(b"\n") + 1 :])
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict) or "event" not in event:
        raise Malformed("Mixpanel's export broke off before its end.")


def accounts(ask: Ask) -> list[Account]:
    """The projects of the service account."""
    host = APPS[ask.options["region"]]
    # It is no export, and Mixpanel counts it apart.
    body = ask.get(f"https://{host}/api/app/me", {"include_workspace_users": "false"}, quota=None).json()
    found = body.get("results") if isinstance(body, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("projects"), dict):
        raise Malformed("Mixpanel answered without projects.")
    is_own = ask.options["days"] == "project"
    return [
        Account(project, one.get("name", ""), zone=zone_of(one.get("timezone")) if is_own else "UTC")
        for project, one in found["projects"].items()
    ]


def zone_of(told: str | None) -> str:
    """The project's zone; '' where it is none that is known."""
    return told if told in zone_names() else ""


CONNECTOR = Connector(
    data_source="mixpanel",
    entries=(
        Entry("username", "Service account", "Its username, from Organization settings, Service Accounts."),
        Entry("secret", "Service account secret", "Mixpanel shows it once, when the account is made.", "secret"),
        Entry(
            "region",
            "Data is kept in",
            "Project settings, Data residency.",
            "choice",
            choices=(("us", "United States"), ("eu", "European Union"), ("in", "India")),
            default="us",
        ),
        Entry(
            "days",
            "Project made",
            "Since 2023 a project's days begin at midnight UTC, before then in its own time zone.",
            "choice",
            choices=(("utc", "2023 or later"), ("project", "before 2023")),
            default="utc",
        ),
    ),
    auth=Basic("username", "secret"),
    accounts=accounts,
    reports=(Report("event/event+insert_id+person+time", "Events, one by one", pull, days=7),),
    judge=judge,
    # 60 an hour and 3 a second for each project (docs.mixpanel.com, "Rate limits").
    quotas=(Quota("", 60, 3600), Quota("", 3, 1)),
    guide="docs.mixpanel.com/reference/service-accounts",
)
