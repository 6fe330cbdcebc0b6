"""TikTok: the integrated report of the Marketing API v1.3, by page.

Every answer is HTTP 200: `code` says what happened (business-api.tiktok.com, appendix "return codes"). A question by
day may span 30 days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from kalends.marketing.connectors.asking import Answer, Ask
from kalends.marketing.connectors.auth import HeaderKey, Secrets, TokenQuestion
from kalends.marketing.connectors.consent import Consent
from kalends.marketing.connectors.declared import Account, Connector, Entry, Page, Quota, Report, Slice
from kalends.marketing.connectors.signals import Limited, Malformed, Passing, Refused, Signal, TokenExpired

API = "https://business-api.tiktok.com/open_api/v1.3"
METRICS = (
    "spend", "impressions", "clicks", "conversion", "reach", "frequency", "video_play_actions", "result",
    "real_time_conversion", "complete_payment", "total_purchase_value", "total_sales_lead_value", "currency",
)  # fmt: skip
OF_ACCOUNT = ("spend", "impressions", "clicks", "reach", "frequency", "video_play_actions")
OF_AUDIENCES = ("spend", "impressions", "clicks", "conversion", "result", "real_time_conversion")
"""Metrics of whole advertisers, of which conversions are not told, and of a report of audiences, which knows neither
what was bought nor how many people were reached."""
NAMES = {"advertiser": (), "campaign": ("campaign_name",), "adgroup": ("campaign_name", "campaign_id", "adgroup_name"),
         "ad": ("campaign_name", "campaign_id", "adgroup_name", "adgroup_id", "ad_name")}  # fmt: skip
ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "account": ("advertiser", ()),
    "campaign": ("campaign", ()),
    "campaign/age+gender": ("campaign", ("age", "gender")),
    "campaign/country": ("campaign", ("country_code",)),
    "campaign/device": ("campaign", ("platform",)),
    "ad_group": ("adgroup", ()),
    "ad": ("ad", ()),
}
"""Report -> whose rows it has, and by what they are broken down, which makes it a report of audiences."""
PAGE_SIZE = 1000
EXPIRED, NO_PERMISSION = {40102, 40104, 40105}, {40001, 40300}
BUSY = {40200, 40201, 40202, 40700, 50000, 50002}
LIMITED = {40100, 40133}


def judge(answer: Answer) -> Signal | None:
    """The signal behind `code`; None for a good answer."""
    if answer.status != 200:
        return None
    code, message = told(answer)
    if code == 0:
        return None
    if code in LIMITED:
        return Limited(f"TikTok asks for a pause ({code}).")
    if code in EXPIRED:
        return TokenExpired(f"TikTok does not accept the token ({code}).")
    if code in BUSY:
        return Passing(f"TikTok has trouble of its own ({code}).")
    advice = "Give the token access to this advertiser." if code in NO_PERMISSION else ""
    return Refused(f"TikTok refuses: {message} ({code}).", advice=advice)


def told(answer: Answer) -> tuple[int, str]:
    """`code` and `message` of an answer. Raises Malformed."""
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("code"), int):
        raise Malformed(f"{answer.question.place} answered without a code.")
    return body["code"], str(body.get("message", ""))[:200]


def pull(ask: Ask, wanted: Slice) -> Iterator[Page]:
    """One report, page by page."""
    level, cuts = ASKED[wanted.report]
    metrics = OF_AUDIENCES if cuts else OF_ACCOUNT if level == "advertiser" else METRICS
    question = {
        "advertiser_id": wanted.account.id,
        "service_type": "AUCTION",
        "report_type": "AUDIENCE" if cuts else "BASIC",
        "data_level": f"AUCTION_{level.upper()}",
        "dimensions": orjson.dumps([f"{level}_id", "stat_time_day", *cuts]).decode(),
        "metrics": orjson.dumps([*metrics, *NAMES[level]]).decode(),
        "start_date": wanted.first.isoformat(),
        "end_date": wanted.last.isoformat(),
        "page_size": PAGE_SIZE,
    }
    page = last = 1
    while page <= last:
        answer = ask.get(f"{API}/report/integrated/get/", {**question, "page": page})
        last = pages_of(answer.json(), page=page)
        yield Page.of(answer)
        page += 1


def pages_of(body: Any, *, page: int) -> int:
    """How many pages there are. Raises Malformed, also where another page came than was asked for."""
    info = body["data"].get("page_info") if isinstance(body.get("data"), dict) else None
    if not isinstance(info, dict) or info.get("page") != page or not isinstance(info.get("total_page"), int):
        raise Malformed("TikTok answered with another page than was asked for.")
    return int(info["total_page"])


def accounts(ask: Ask) -> list[Account]:
    """The advertisers that the token may see."""
    app = {"app_id": ask.secrets["app_id"], "secret": ask.secrets["app_secret"]}
    seen = ask.get(f"{API}/oauth2/advertiser/get/", app).json()["data"]["list"]
    ids = [str(one["advertiser_id"]) for one in seen]
    if not ids:
        return []
    body = ask.get(f"{API}/advertiser/info/", {"advertiser_ids": orjson.dumps(ids).decode()}).json()
    return [
        Account(str(one["advertiser_id"]), one.get("name", ""), one.get("currency", ""), one.get("timezone", ""))
        for one in body["data"]["list"]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TiktokConsent(Consent):
    """TikTok's own words for it; its token lasts until somebody takes it back. What may be read is set in the app
    (business-api.tiktok.com, "Authentication").
    """

    def page(self, keys: Secrets, *, redirect: str, state: str, verifier: str) -> str:  # noqa: ARG002 (no proof key)
        """The address where the person is asked."""
        asked = {"app_id": keys["app_id"], "state": state, "redirect_uri": redirect}
        return f"{self.authorize}?{urlencode(asked)}"

    def question(self, keys: Secrets, *, code: str, redirect: str, verifier: str) -> TokenQuestion:  # noqa: ARG002
        """How the code is changed into a token."""
        form = {"app_id": keys["app_id"], "secret": keys["app_secret"], "auth_code": code}
        return TokenQuestion(self.exchange, form, is_json=True)

    def told(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The token in an answer, which is HTTP 200 whatever it says. Raises Refused."""
        if body.get("code") != 0 or not isinstance(body.get("data"), dict):
            raise Refused(f"TikTok gives no token ({body.get('code')}).")
        found: Mapping[str, Any] = body["data"]
        return found


APP = (Entry("app_id", "App id"), Entry("app_secret", "App secret", kind="secret"))
CONNECTOR = Connector(
    data_source="tiktok_ads",
    entries=(
        Entry("access_token", "Access token", "Your app's page in TikTok for Business shows it once.", "secret"),
        *APP,
    ),
    auth=HeaderKey(header="Access-Token", prefix=""),
    accounts=accounts,
    reports=(
        Report("campaign", "Campaigns by day", pull),
        Report("account", "Whole account by day", pull),
        Report("ad_group", "Ad groups by day", pull, is_default=False),
        Report("ad", "Ads by day", pull, is_default=False),
        Report("campaign/country", "Campaigns by country and day", pull, is_default=False),
        Report("campaign/device", "Campaigns by device and day", pull, is_default=False),
        Report("campaign/age+gender", "Campaigns by age and gender and day", pull, is_default=False),
    ),
    judge=judge,
    # 600 a minute for each app, whatever the advertiser (business-api.tiktok.com, "rate limits", basic level).
    quotas=(Quota("", 600, 60, is_shared=True),),
    guide="business-api.tiktok.com, My Apps",
    consent=TiktokConsent(
        authorize="https://business-api.tiktok.com/portal/auth",
        exchange=f"{API}/oauth2/access_token/",
        app=APP,
        keeps="access_token",
        code="auth_code",
        help="At business-api.tiktok.com under My Apps, on your app's page: Advertiser redirect URL.",
    ),
)
