"""Salesforce's query API, as far as a connector asks it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar

from kalends.demo.standin.consenting import Consenting
from kalends.demo.standin.deals import Deal, Deals, is_in
from kalends.demo.standin.knowing import Rows, key
from kalends.demo.standin.speaking import Asked, Reply, Standin, paged
from kalends.demo.standin.truth import Truth

PAGE = 50
"""Smaller than Salesforce's own 2,000, so that a month has several."""
DATA = "/services/data/v65.0"
INSTANCE = "shop-eu7.my.salesforce.com"
PREFIX = {"account": "00D", "campaign": "701", "deal": "006", "lead": "00Q"}
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SELECT = re.compile(r"SELECT (?P<fields>.+?) FROM (?P<kind>\w+)(?: WHERE (?P<where>.+?))?(?: ORDER BY Id)?")
MOMENT = r"\({0} >= (\S+)T00:00:00Z AND {0} < (\S+)T00:00:00Z\)"
CREATED, CHANGED = MOMENT.format("CreatedDate"), MOMENT.format("SystemModstamp")
CLOSED = r"\(CloseDate >= (\S+) AND CloseDate <= (\S+) AND IsClosed = true\)"
WHERE = {"Opportunity": f"{CREATED} OR {CLOSED} OR {CHANGED}", "Lead": f"{CREATED} OR {CHANGED}"}
FIELDS = {
    "Opportunity": {"Id", "Amount", "CampaignId", "CloseDate", "CreatedDate", "CurrencyIsoCode", "IsClosed",
                    "IsDeleted", "IsWon", "LeadSource", "StageName", "Type"},
    "Lead": {"Id", "CreatedDate", "IsConverted", "IsDeleted", "LeadSource", "Status", "CurrencyIsoCode", "LastName"},
    "Campaign": {"Id", "Name", "NumberOfLeads"},
    "Organization": {"Id", "Name"},
}  # fmt: skip


def object_id(kind: str, place: int) -> str:
    """18 characters that begin with the kind of object."""
    drawn = int.from_bytes(hashlib.sha256(f"{kind}{place}".encode()).digest()[:16])
    return PREFIX[kind] + "".join(LETTERS[drawn // 62**digit % 62] for digit in range(15))


@dataclass
class Salesforce(Standin):
    """SOQL, a cursor that is kept on its side, sessions that end, errors as a list."""

    deals: Deals = field(init=False)
    _cursors: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _page: Reply | None = None

    data_source: ClassVar[str] = "salesforce"
    hosts: ClassVar[tuple[str, ...]] = (INSTANCE, "shop.my.salesforce.com")
    secrets: ClassVar[Mapping[str, str]] = {
        "domain": "shop.my.salesforce.com",
        "client_id": "3MVG9.shop",
        "client_secret": "salesforce-secret-1",
    }
    apart: ClassVar[Mapping[str, str]] = {"refresh_token": "5Aep.salesforce-key-1"}
    consenting: ClassVar[Consenting] = Consenting(
        page="shop.my.salesforce.com/services/oauth2/authorize",
        exchange="shop.my.salesforce.com/services/oauth2/token",
        scopes=frozenset({"api", "refresh_token"}),
        has_proof_key=True,
    )
    tells: ClassVar[tuple[str, ...]] = ("opportunities", "pipeline_value", "deals_won", "revenue")
    tells_else: ClassVar[Mapping[str, tuple[str, ...]]] = {"lead/lead_id": ("leads",)}

    def __post_init__(self) -> None:
        """The opportunities stand still while they are being looked at."""
        self.deals = Deals(self.truth, self.clock().date())

    @classmethod
    def known_truth(cls, *, seed: int = 1) -> Truth:
        """With ids that differ by case."""
        return Truth(seed=seed, id_of=object_id, zone="UTC")

    def known_rows(self, first: date, last: date, report: str) -> Rows:
        """Of a deleted one the rows stay, without numbers."""
        if report == "lead/lead_id":
            return {
                key(self.truth.account_ids[0], day=day, cuts={"lead_id": lead["Id"]}): {"leads": 1}
                for day, lead in self.leads(first, last)
            }
        return self.deals.known_rows(first, last, id_name="opportunity_id", has_campaign=True)

    def leads(self, first: date, last: date) -> list[tuple[date, dict[str, Any]]]:
        """One for each campaign's day."""
        mine = [one.id for one in self.truth.campaigns_of(self.truth.account_ids[0])]
        days = self.truth.days(self.truth.account_ids[0], first, last)
        return [(one.day, as_lead(one.day, mine.index(one.campaign.id))) for one in days]

    def give_token(self, asked: Asked) -> Reply:
        """Without saying how long it is good, and with where to call."""
        form = asked.form()
        is_grant = form["grant_type"] == "client_credentials" or (
            form["grant_type"] == "refresh_token" and form.get("refresh_token") == self.known["refresh_token"]
        )
        if not self.is_right(asked) or not is_grant:
            return Reply.json({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        self.tokens += 1
        told = {"instance_url": f"https://{INSTANCE}", "id": "https://login.salesforce.com/id/00D/005"}
        return Reply.json(told | {"access_token": self.token, "token_type": "Bearer", "issued_at": "1772000000000"})

    def limited(self) -> Reply:
        """The company's calls of 24 hours are used up."""
        return failed(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def refused_token(self) -> Reply:
        """A session that has ended."""
        return failed(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def refused_cursor(self) -> Reply:
        """A cursor that is no longer kept."""
        return failed(400, "INVALID_QUERY_LOCATOR", "invalid query locator")

    def erred(self) -> Reply:
        """An error of its own, in its own way."""
        return failed(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")

    def is_page(self, asked: Asked) -> bool:
        """Pages are asked for by cursor."""
        return asked.path.startswith(f"{DATA}/query/")

    def duplicated(self, asked: Asked) -> Reply | None:  # noqa: ARG002 (each page has a path of its own)
        """The page before this one."""
        return self._page

    def answer(self, asked: Asked) -> Reply:
        """A description, a query, or its next page."""
        if found := re.fullmatch(rf"{DATA}/sobjects/(\w+)/describe", asked.path):
            return Reply.json({"name": found[1], "fields": [{"name": name} for name in sorted(FIELDS[found[1]])]})
        if asked.path == f"{DATA}/queryAll":
            return self.query(asked.one("q"))
        if found := re.fullmatch(rf"{DATA}/query/(01g\d+)-(\d+)", asked.path):
            return self.page(found[1], int(found[2])) if found[1] in self._cursors else self.refused_cursor()
        return failed(404, "NOT_FOUND", "The requested resource does not exist")

    def query(self, soql: str) -> Reply:
        """The first page."""
        told = SELECT.fullmatch(soql)
        if told is None or told["kind"] not in FIELDS:
            return failed(400, "MALFORMED_QUERY", f"unexpected token: {soql[:40]}")
        fields = told["fields"].split(", ")
        if unknown := set(fields) - FIELDS[told["kind"]]:
            return failed(400, "INVALID_FIELD", f"No such column {sorted(unknown)} on entity {told['kind']!r}.")
        rows = self.rows(told["kind"], told["where"] or "")
        if rows is None:
            return failed(400, "MALFORMED_QUERY", "This stand-in does not know such a condition.")
        attributes = {"attributes": {"type": told["kind"], "url": f"{DATA}/sobjects/{told['kind']}"}}
        cursor = f"01g{len(self._cursors):012}"
        self._cursors[cursor] = [attributes | {name: row[name] for name in fields} for row in rows]
        return self.page(cursor, 0)

    def page(self, cursor: str, start: int) -> Reply:
        """A page; the last one says that it is done."""
        rows = self._cursors[cursor]
        shown, following = paged(rows, start=start, size=PAGE)
        body: dict[str, Any] = {"totalSize": len(rows), "done": following is None}
        more = {"nextRecordsUrl": f"{DATA}/query/{cursor}-{following}"} if following else {}
        self._page = Reply.json(body | more | {"records": list(shown)})
        return self._page

    def rows(self, kind: str, where: str) -> list[dict[str, Any]] | None:
        """What a condition finds; None where it is not known here."""
        if kind == "Organization":
            return [{"Id": one, "Name": "Shop"} for one in self.truth.account_ids]
        if kind == "Campaign":
            named = self.truth.all_campaigns
            return [{"Id": one.id, "Name": one.name, "NumberOfLeads": 3} for one in named if f"'{one.id}'" in where]
        found = re.fullmatch(WHERE[kind], where)
        if found is None:
            return None
        spans = [date.fromisoformat(day) for day in found.groups()]
        first, last = spans[0], spans[1] - timedelta(days=1)
        if kind == "Lead":
            return [lead for _, lead in self.leads(first, last)]
        deals = {deal.id: deal for deal in self.deals.of(self.truth.account_ids[0], first, last)}
        changed = self.deals.deleted | self.deals.reopened
        if changed and first <= self.deals.today <= last:  # they were changed today
            every = self.deals.of(self.truth.account_ids[0], self.truth.first, self.deals.today)
            deals |= {deal.id: deal for deal in every if deal.id in changed and not is_in(deal, first, last)}
        return [as_record(deals[id_], self.truth.currency) for id_ in sorted(deals)]


def as_record(deal: Deal, currency: str) -> dict[str, Any]:
    """Numbers as doubles, moments with an offset, days without."""
    expected = deal.closed or deal.opened + timedelta(days=400)
    return {
        "Id": deal.id,
        "Amount": None if deal.amount is None else float(deal.amount),
        "CampaignId": deal.campaign_id,
        "CloseDate": expected.isoformat(),
        "CreatedDate": f"{deal.opened}T{len(deal.id):02}:59:59.000+0000",
        "CurrencyIsoCode": currency,
        "IsClosed": deal.closed is not None,
        "IsDeleted": deal.is_deleted,
        "IsWon": deal.is_won,
        "LeadSource": "Web",
        "StageName": ("Closed Won" if deal.is_won else "Closed Lost") if deal.closed else "Prospecting",
        "Type": None,
    }


def as_lead(day: date, place: int) -> dict[str, Any]:
    """A lead."""
    return {
        "Id": object_id("lead", day.toordinal() * 1000 + place),
        "CreatedDate": f"{day}T23:59:59.000+0000",
        "IsConverted": False,
        "IsDeleted": False,
        "LeadSource": "Web",
        "Status": "Open",
        "CurrencyIsoCode": "EUR",
        "LastName": "Nobody asks for this",
    }


def failed(status: int, code: str, message: str) -> Reply:
    """Errors come as a list."""
    return Reply.json([{"message": message, "errorCode": code}], status)
