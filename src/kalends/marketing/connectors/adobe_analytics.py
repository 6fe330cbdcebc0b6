"""Adobe Analytics 2.0: /reports, one dimension at a time, by page number (github.com/AdobeDocs/analytics-2.0-apis).

One question has one dimension, so that campaigns by day are a question for each day. `totalPages` is to be believed and
`lastPage` is not: Adobe's own example has `false` on the only page. A column that the user may not see is left out of
an answer that is otherwise good (`columnErrors`), which is no answer. An answer names neither its suite, its days nor
its metrics: it is kept beside its question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import OAuth2
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import Limited, Malformed, Refused, Signal, TokenExpired

API = "https://analytics.adobe.io/api"
METRICS = ("visits", "visitors", "orders", "revenue", "pageviews")
MOST_ROWS = 5_000
"""Of at most 50,000: an answer has to be made within 60 seconds."""
SUITES = 500


def judge(answer: Answer) -> Signal | None:
    """The signal behind `error_code`, and a report whose columns are not all there (206)."""
    body = answer.json() if answer.status < 500 else None
    if not isinstance(body, dict):
        return None
    if errors := (body.get("columns") or {}).get("columnErrors"):
        kinds = sorted({str(one.get("errorCode", "")) for one in errors})
        return Refused(
            f"Adobe leaves out metrics of the report ({', '.join(kinds)}).",
            advice="Give the product profile the metrics visits, visitors, orders, revenue and page views.",
        )
    match str(body.get("error_code", "")):
        case "429050":
            return Limited("Adobe asks for a pause: it takes 12 questions in 6 seconds.", seconds=answer.pause or 6.0)
        case "401010" | "401013":
            return TokenExpired("Adobe does not accept the token.")
        case "403025":
            return Refused(
                "Adobe does not let these credentials see the company's reports.",
                advice="Add the project's product profile to Adobe Analytics, with the report suites.",
            )
    return None


def by_day(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """Whole days of the suite: the days are the dimension."""
    yield from pages(ask, wanted.account.id, "daterangeday", wanted.first, wanted.last)


def day_by_day(ask: Ask, wanted: Slice, *, dimension: str) -> Iterator[Page]:
    """One dimension's items, day by day."""
    for day in wanted.days:
        yield from pages(ask, wanted.account.id, dimension, day, day)


def pages(ask: Ask, suite: str, dimension: str, first: date, last: date) -> Iterator[Page]:
    """All pages of one question."""
    question: dict[str, Any] = {
        "rsid": suite,
        "globalFilters": [{"type": "dateRange", "dateRange": f"{first}T00:00:00.000/{last}T23:59:59.999"}],
        "metricContainer": {
            "metrics": [{"columnId": str(place), "id": f"metrics/{name}"} for place, name in enumerate(METRICS)]
        },
        "dimension": f"variables/{dimension}",
    }
    page = 0
    while True:
        # Items are asked for by name: by numbers, their order would change between two pages.
        asked = {**question, "settings": {"limit": MOST_ROWS, "page": page, "dimensionSort": "asc"}}
        answer = ask.post(f"{home(ask)}/reports", asked)
        count = pages_of(answer.json(), page=page, columns=len(METRICS))
        if count:
            yield Page.of(answer, request=asked)
        page += 1
        if page >= count:
            return


def pages_of(body: Any, *, page: int, columns: int) -> int:
    """How many pages there are. Raises Malformed, also where another page came than was asked for."""
    told = body.get("columns") if isinstance(body, dict) else None
    if not isinstance(told, Mapping) or len(told.get("columnIds") or ()) != columns:
        raise Malformed("Adobe answered with something that is not the report.")
    count = body.get("totalPages")
    if not isinstance(count, int) or (count and body.get("number") != page):
        raise Malformed("Adobe answered with another page than was asked for.")
    return count


def home(ask: Ask) -> str:
    """Where the company's calls go."""
    return f"{API}/{quote(ask.options['global_company_id'], safe='')}"


def accounts(ask: Ask) -> list[Account]:
    """The company's report suites that can be seen."""
    found: list[Account] = []
    page = 0
    while True:
        asked = {"limit": SUITES, "page": page, "expansion": "name,currency,timezoneZoneinfo"}
        body = ask.get(f"{home(ask)}/collections/suites", asked).json()
        found += [
            Account(one["rsid"], one.get("name", ""), one.get("currency", ""), one.get("timezoneZoneinfo", ""))
            for one in body.get("content", [])
        ]
        page += 1
        if page >= body.get("totalPages", 0):
            return found


CONNECTOR = Connector(
    data_source="adobe_analytics",
    entries=(
        Entry("client_id", "Client id", "Of the OAuth server-to-server credential in the Adobe Developer Console."),
        Entry("client_secret", "Client secret", "Beside the client id.", "secret"),
        Entry("global_company_id", "Global company id", "In Analytics: Admin, Company settings, Web services."),
    ),
    auth=OAuth2(
        url="https://ims-na1.adobelogin.com/ims/token/v3",
        grant="client_credentials",
        scope="openid,AdobeID,additional_info.projectedProductContext",
        also={"x-api-key": "client_id", "x-proxy-global-company-id": "global_company_id"},
    ),
    accounts=accounts,
    reports=(
        # A question for each day, so that a week is a dozen of them.
        Report("campaign/campaign", "Tracking codes by day", partial(day_by_day, dimension="campaign"), days=7),
        # Visitors are of a day and of nothing smaller: they cannot be added up from the other reports.
        Report("account", "Whole report suite by day", by_day),
        Report(
            "account/marketingchannel",
            "Marketing channels by day",
            partial(day_by_day, dimension="marketingchannel"),
            days=7,
            is_default=False,
        ),
        Report(
            "account/geocountry",
            "Countries by day",
            partial(day_by_day, dimension="geocountry"),
            days=7,
            is_default=False,
        ),
        Report(
            "account/mobiledevicetype",
            "Devices by day",
            partial(day_by_day, dimension="mobiledevicetype"),
            days=7,
            is_default=False,
        ),
    ),
    judge=judge,
    # 12 in 6 seconds for each user (analytics-2.0-apis, "faq").
    quotas=(Quota("", 12, 6, is_shared=True),),
    guide="developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication",
)
