"""Web analytics and customer systems: reports in each API's own shape, made here, with what is easily got wrong."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from duckdb_in_memory import connect

from kalends.marketing.mapping import MAPPINGS
from kalends.marketing.staging import StageOptions, StageReport, stage

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BIG = "9007199254740993"  # 2^53 + 1: a double would make it ...992


def staged(
    folder: Path,
    document: object,
    source: str,
    *,
    days: tuple[date, date] | None = None,
    name: str = "answer.json",
    options: StageOptions | None = None,
) -> tuple[duckdb.DuckDBPyConnection, StageReport]:
    path, con = folder / name, connect()
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return con, stage(con, path, data_source=source, file_name=path.name, now=NOW, date_range=days, options=options)


def rows(con: duckdb.DuckDBPyConnection, columns: str) -> list[tuple]:
    return con.execute(f"SELECT {columns} FROM staged ORDER BY ALL").fetchall()


def run_report(dimensions: dict[str, str], metrics: dict[str, str]) -> dict:
    return {
        "dimensionHeaders": [{"name": name} for name in dimensions],
        "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in metrics],
        "rows": [{"dimensionValues": [{"value": value} for value in dimensions.values()],
                  "metricValues": [{"value": value} for value in metrics.values()]}],
        "rowCount": 1,
        "metadata": {"currencyCode": "eur", "timeZone": "Europe/Berlin"},
        "kind": "analyticsData#runReport",
    }  # fmt: skip


def test_google_analytics_twin(tmp_path: Path) -> None:
    dimensions = {"date": "20240331", "sessionCampaignId": BIG, "customEvent:plan": "gold"}
    metrics = {"sessions": "420", "totalUsers": "344.634", "keyEvents": "1.5", "totalRevenue": "35.72",
               "advertiserAdCost": "12.5", "bounceRate": "0.4", "screenPageViews": "7"}  # fmt: skip
    document = {"request": {"property": "properties/320370985"}, "response": run_report(dimensions, metrics)}
    con, _ = staged(tmp_path, document, "google_analytics")
    assert rows(con, "report, account_id, campaign_id, breakdowns, CAST(date_from AS VARCHAR), date_zone, currency") == [
        ("campaign/custom_event:plan+session_campaign_id", "320370985", BIG,
         f'{{"custom_event:plan":"gold","session_campaign_id":"{BIG}"}}', "2024-03-31", "Europe/Berlin", "EUR")
    ]  # fmt: skip
    assert rows(con, "sessions, users, conversions, CAST(revenue AS DOUBLE), CAST(spend AS DOUBLE), extra") == [
        (420, 345, 1.5, 35.72, 12.5, '{"screen_page_views":"7"}')
    ]


def test_google_analytics_flat_rows_have_the_same_key_twin(tmp_path: Path) -> None:
    answer = run_report({"date": "20240331", "sessionSource": "a", "sessionMedium": "b"}, {"sessions": "1"})
    one, _ = staged(tmp_path, {"request": {"property": "properties/7"}, "response": answer}, "google_analytics")
    data = {"property_id": "7", "date": "20240331", "sessionSource": "a", "sessionMedium": "b", "sessions": 1}
    line = {"stream": "traffic_acquisition_session_source_medium_report", "data": data, "emitted_at": 1}
    other, _ = staged(tmp_path, json.dumps(line), "google_analytics", name="records.jsonl")
    assert rows(one, "key_hash") == rows(other, "key_hash")


def test_google_analytics_campaigns_without_an_id_are_known_by_their_names(tmp_path: Path) -> None:
    named = [("17350021841", "Brand"), ("(not set)", "Spring"), ("(not set)", "(organic)"), ("(not set)", "(not set)")]
    documents = [
        run_report({"date": "20240331", "sessionCampaignId": one, "sessionCampaignName": name}, {"sessions": "1"})
        for one, name in named
    ]
    document = documents[0] | {"rows": [each["rows"][0] for each in documents], "rowCount": len(named)}
    con, report = staged(tmp_path, {"request": {"property": "properties/7"}, "response": document}, "google_analytics")
    assert rows(con, "report, campaign_id, campaign_name") == [
        ("campaign/session_campaign_id+session_campaign_name", *each)
        for each in sorted([("(not set)",) * 2, ("(organic)",) * 2, ("17350021841", "Brand"), ("Spring",) * 2])
    ]
    assert report.quarantined == 0


def test_google_analytics_range_twin(tmp_path: Path) -> None:
    answer = run_report({"country": "Ukraine"}, {"sessions": "1", "active7DayUsers": "5"})
    asked = {"property": "properties/7", "dateRanges": [{"startDate": "2024-03-01", "endDate": "2024-03-31"}]}
    con, _ = staged(tmp_path, {"request": asked, "response": answer}, "google_analytics")
    assert rows(con, "date_from, date_to, country, users") == [(date(2024, 3, 1), date(2024, 3, 31), "Ukraine", None)]


def test_universal_analytics_twin(tmp_path: Path) -> None:
    header = {"dimensions": ["ga:date", "ga:source"],
              "metricHeader": {"metricHeaderEntries": [{"name": "ga:sessions"}, {"name": "ga:30dayUsers"}]}}  # fmt: skip
    data = {"rows": [{"dimensions": ["20201027", "x"], "metrics": [{"values": ["3", "158"]}]}], "isDataGolden": False}
    con, _ = staged(tmp_path, {"reports": [{"columnHeader": header, "data": data}]}, "google_analytics")
    assert rows(con, "report, CAST(date_from AS VARCHAR), sessions, users, extra") == [
        ("account/source", "2020-10-27", 3, None, '{"ga_30day_users":"158","is_data_golden":"false"}')
    ]


@pytest.mark.parametrize(("source", "column"), [
    ("google_analytics", "user_pseudo_id"), ("salesforce", "_fivetran_synced"), ("hubspot", "_fivetran_synced"),
])  # fmt: skip
def test_a_table_of_events_is_no_report_twin(tmp_path: Path, source: str, column: str) -> None:
    """Days beside numbers: in a file of nobody's it would be taken for a series per column."""
    table = f"date,{column},batch_number,duration\n2024-09-10,a,1,29.5\n2024-09-11,b,2,30.5\n"
    con, report = staged(tmp_path, table, source, name="events.csv")
    assert (report.received, report.quarantined, report.series) == (2, 2, 0)
    assert con.execute("SELECT DISTINCT code FROM quarantined").fetchall() == [("not_a_report",)]


def adobe(request: dict, dimension: str, items: list[tuple[str, str, list[float]]]) -> dict:
    metrics = request["metricContainer"]["metrics"]
    return {
        "request": {"rsid": "suite", "dimension": dimension} | request,
        "response": {
            "totalPages": 1, "lastPage": False,
            "columns": {"dimension": {"id": dimension}, "columnIds": [metric["columnId"] for metric in metrics]},
            "rows": [{"itemId": item, "value": value, "data": data} for item, value, data in items],
            "summaryData": {"totals": [999.0]},
        },
    }  # fmt: skip


def test_adobe_analytics_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "0", "id": "metrics/visits"}, {"columnId": "1", "id": "metrics/revenue"},
               {"columnId": "2", "id": "metrics/orders"}]  # fmt: skip
    days = [("1171131", "Dec 31, YYYY", [794.0, 10.25, 2.0]), ("1180001", "Jan 1, YYYY", [16558.0, 0.0, 0.0])]
    document = adobe({"metricContainer": {"metrics": metrics}}, "variables/daterangeday", days)
    con, _ = staged(tmp_path, document, "adobe_analytics")
    assert rows(con, "CAST(date_from AS VARCHAR), date_to = date_from, report, account_id, sessions, conversions") == [
        ("2017-12-31", True, "account", "suite", 794, 2.0),
        ("2018-01-01", True, "account", "suite", 16558, 0.0),
    ]
    assert rows(con, "sum(revenue)")[0] == (pytest.approx(10.25),)


def test_adobe_analytics_filters_are_breakdowns_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "0", "id": "metrics/visits", "filters": ["a"]},
               {"columnId": "1", "id": "metrics/visits", "filters": ["b"]}]  # fmt: skip
    filters = [{"id": "a", "type": "breakdown", "dimension": "variables/page", "itemId": BIG},
               {"id": "b", "type": "breakdown", "dimension": "variables/daterangeday", "itemId": "1181019"}]  # fmt: skip
    days = [{"type": "dateRange", "dateRange": "2018-11-18T00:00:00.000/2018-11-25T00:00:00.000"}]
    request = {"globalFilters": days, "metricContainer": {"metrics": metrics, "metricFilters": filters}}
    con, _ = staged(tmp_path, adobe(request, "variables/evar1", [("8", "x", [5, 7])]), "adobe_analytics")
    assert rows(con, "sessions, breakdowns, date_from, date_to") == [
        (5, f'{{"evar1":"8","page":"{BIG}"}}', date(2018, 11, 18), date(2018, 11, 24)),
        (7, '{"evar1":"8"}', date(2018, 11, 19), date(2018, 11, 19)),
    ]


def test_adobe_analytics_minutes_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "c", "id": "metrics/visits"}]
    items = [("11907010000", "00:00", [326]), ("11907010001", "00:01", [258])]
    document = adobe({"metricContainer": {"metrics": metrics}}, "variables/daterangeminute", items)
    con, _ = staged(tmp_path, document, "adobe_analytics")
    assert rows(con, "CAST(date_from AS VARCHAR), breakdowns, sessions") == [
        ("2019-08-01", '{"minute":"00:00"}', 326),
        ("2019-08-01", '{"minute":"00:01"}', 258),
    ]


def test_adobe_analytics_answer_without_its_request_is_no_report_twin(tmp_path: Path) -> None:
    metrics = [{"columnId": "0", "id": "metrics/visits"}]
    document = adobe({"metricContainer": {"metrics": metrics}}, "variables/daterangeday", [("1180001", "x", [1.0])])
    con, report = staged(tmp_path, document["response"], "adobe_analytics")
    assert (report.received, report.quarantined) == (1, 1)
    assert con.execute("SELECT code FROM quarantined").fetchall() == [("not_a_report",)]


def opportunity(number: int, **fields: object) -> dict:
    return {
        "attributes": {"type": "Opportunity", "url": "/services/data/v65.0/sobjects/Opportunity/x"},
        "Id": f"006q000000Hddo{number}", "CampaignId": "701q0000000ABcDAAW", "AccountId": "001q", "Amount": 1000.5,
        "CreatedDate": "2024-01-31T23:59:00.000+0000", "CloseDate": "2024-03-01", "IsWon": True, "IsClosed": True,
        "IsDeleted": False, "StageName": "Closed", "CurrencyIsoCode": "EUR",
    } | fields  # fmt: skip


CRM = "CAST(date_from AS VARCHAR), opportunities, CAST(pipeline_value AS DOUBLE), deals_won, CAST(revenue AS DOUBLE)"


def test_salesforce_twin(tmp_path: Path) -> None:
    """Revenue is on the close date; an open one, whose close date is to come, counts where it was opened."""
    held = [opportunity(1), opportunity(2, IsWon=False), opportunity(3, IsWon=False, IsClosed=False,
            CloseDate="2099-01-01"), opportunity(4, IsDeleted=True)]  # fmt: skip
    con, report = staged(tmp_path, {"totalSize": 4, "done": True, "records": held}, "salesforce")
    assert report.quarantined == 0
    assert rows(con, f"json_extract_string(breakdowns, '$.opportunity_id')[-1], {CRM}") == [
        ("1", "2024-01-31", 1, None, None, None),
        ("1", "2024-03-01", None, None, 1, 1000.5),
        ("2", "2024-01-31", 1, None, None, None),
        ("2", "2024-03-01", None, None, 0, None),
        ("3", "2024-01-31", 1, 1000.5, None, None),
        ("4", "2024-01-31", None, None, None, None),
        ("4", "2024-03-01", None, None, None, None),
    ]
    assert rows(con, "DISTINCT report, account_id, campaign_id, currency, channel") == [
        ("opportunity/moment+opportunity_id", "", "701q0000000ABcDAAW", "EUR", "crm")
    ]


def test_salesforce_as_a_table_has_the_same_keys_twin(tmp_path: Path) -> None:
    one, _ = staged(tmp_path, {"totalSize": 1, "records": [opportunity(1)]}, "salesforce")
    table = (
        "id,campaign_id,amount,created_date,close_date,is_won,is_closed,is_deleted\n"
        "006q000000Hddo1,701q0000000ABcDAAW,1000.5,2024-01-31 23:59:00,2024-03-01 00:00:00,true,true,false\n"
    )
    other, _ = staged(tmp_path, table, "salesforce", name="sf_opportunity.csv")
    assert rows(one, f"key_hash, {CRM}") == rows(other, f"key_hash, {CRM}")
    flat = {name: cell for name, cell in opportunity(1).items() if name != "attributes"}
    lines, _ = staged(tmp_path, f"{json.dumps(flat)}\n{json.dumps(flat)}\n", "salesforce", name="lines.ndjson")
    assert rows(one, f"key_hash, {CRM}") == rows(lines, f"key_hash, {CRM}")


def test_salesforce_leads_keep_no_personal_data_twin(tmp_path: Path) -> None:
    lead = {"Id": "00Qq1", "IsConverted": False, "CreatedDate": "2024-01-31T08:00:00.000+0000", "LastName": "Smith",
            "Email": "smith@example.com", "LeadSource": "Web"}  # fmt: skip
    con, _ = staged(tmp_path, {"totalSize": 1, "records": [lead]}, "salesforce")
    assert rows(con, "report, leads, extra") == [("lead/lead_id", 1.0, '{"lead_source":"Web"}')]


def test_salesforce_names_twin(tmp_path: Path) -> None:
    named = {"attributes": {"type": "Campaign"}, "Id": "701A", "Name": "Spring", "NumberOfLeads": 4}
    con, report = staged(tmp_path, {"totalSize": 1, "records": [named]}, "salesforce")
    assert report.named == 1
    assert con.execute("SELECT level, entity_id, name FROM named").fetchall() == [("campaign", "701A", "Spring")]


def test_hubspot_statistics_twin(tmp_path: Path) -> None:
    """The aggregate is the sum of the e-mails, and is not counted once more."""
    counters = {"sent": 10, "delivered": 9, "open": 5, "click": 2, "bounce": 1, "unsubscribed": 0, "reply": 3}
    answer = {"aggregate": {"counters": counters}, "emails": [1], "campaignAggregations": {
        BIG: {"counters": counters, "ratios": {"openratio": 55.5}}}}  # fmt: skip
    asked = {"startTimestamp": "2024-01-01T00:00:00Z", "endTimestamp": "2024-02-01T00:00:00Z", "portalId": 62515}
    con, _ = staged(tmp_path, {"request": asked, "response": answer}, "hubspot")
    assert rows(con, "report, account_id, campaign_id, date_from, date_to, sends, opens, clicks, bounces") == [
        ("campaign", "62515", BIG, date(2024, 1, 1), date(2024, 1, 31), 10, 5, 2, 1)
    ]
    assert rows(con, "unsubscribes, channel, extra") == [(0, "email", '{"counters.reply":"3"}')]


def test_hubspot_histogram_twin(tmp_path: Path) -> None:
    results = [{"aggregations": {"counters": {"sent": day}, "ratios": {"openratio": 1.0}},
                "interval": {"start": f"2024-01-0{day}T00:00:00Z", "end": f"2024-01-0{day + 1}T00:00:00Z"}}
               for day in (1, 2)]  # fmt: skip
    document = {"request": {"emailIds": [BIG]}, "response": {"results": results, "total": 2}}
    con, _ = staged(tmp_path, document, "hubspot")
    assert rows(con, "date_from, date_to, report, message_id, sends") == [
        (date(2024, 1, day), date(2024, 1, day), "message/message_id", BIG, day) for day in (1, 2)
    ]


def test_hubspot_campaign_reports_twin(tmp_path: Path) -> None:
    revenue = {"contactsNumber": 3, "currencyCode": "EUR", "dealAmount": 80.0, "dealsNumber": 2, "revenueAmount": 60.25}
    contacts = {"influencedContacts": 9, "newContactsFirstTouch": 4, "newContactsLastTouch": 5, "sessions": 70}
    days = {"campaignGuid": "8b1", "startDate": "2024-01-01", "endDate": "2024-01-31"}
    con, _ = staged(tmp_path, {"request": days | {"attributionModel": "LINEAR"}, "response": revenue}, "hubspot")
    assert rows(con, "report, campaign_id, attribution, currency, CAST(revenue AS DOUBLE), opportunities") == [
        ("campaign_revenue", "8b1", "LINEAR", "EUR", 60.25, 2.0)
    ]
    con, _ = staged(tmp_path, {"request": days, "response": contacts}, "hubspot")
    assert rows(con, "report, campaign_id, leads, sessions, revenue") == [("campaign_contacts", "8b1", 4.0, 70, None)]


def test_hubspot_deals_twin(tmp_path: Path) -> None:
    won = {"amount": "60000", "createdate": "2024-01-05T10:00:00Z", "closedate": "2024-02-09T10:00:00Z",
           "dealstage": "closedwon", "hs_is_closed_won": "true", "hs_is_closed": "true"}  # fmt: skip
    lost = won | {"hs_is_closed_won": "false"}
    still = lost | {"hs_is_closed": "false", "createdate": "1704448800000"}
    held = [{"id": f"{n}", "properties": told, "archived": False} for n, told in enumerate((won, lost, still))]
    con, _ = staged(tmp_path, {"results": held, "paging": {"next": {"after": "3"}}}, "hubspot")
    assert rows(con, f"json_extract_string(breakdowns, '$.deal_id'), {CRM}") == [
        ("0", "2024-01-05", 1, None, None, None),
        ("0", "2024-02-09", None, None, 1, 60000),
        ("1", "2024-01-05", 1, None, None, None),
        ("1", "2024-02-09", None, None, 0, None),
        ("2", "2024-01-05", 1, 60000, None, None),
    ]


def test_hubspot_deals_of_a_warehouse_twin(tmp_path: Path) -> None:
    table = (
        "deal_id,portal_id,deal_pipeline_stage_id,property_amount,property_createdate,property_hs_is_closed_won\n"
        f"{BIG},62515,won,10.5,2024-01-05 10:00:00,false\n"
    )
    con, _ = staged(tmp_path, table, "hubspot", name="deal.csv")
    assert rows(con, f"account_id, json_extract_string(breakdowns, '$.deal_id'), {CRM}") == [
        ("62515", BIG, "2024-01-05", 1, 10.5, None, None)
    ]


@pytest.mark.parametrize("source", ["google_analytics", "adobe_analytics", "hubspot", "salesforce"])
@pytest.mark.parametrize("document", [
    [], {}, 3, None, {"data": [{"campaign_id": "1"}]}, {"reports": [1]}, {"results": [{"metrics": {"clicks": "1"}}]},
    {"request": {}, "response": {"results": []}}, {"columns": ["a"], "rows": [[1]]},
])  # fmt: skip
def test_nobody_elses_document_is_claimed(source: str, document: object) -> None:
    assert MAPPINGS[source].unwrap(document) is None


def types_of(con: duckdb.DuckDBPyConnection) -> dict:
    [(types,)] = rows(con, "conversion_types")
    return json.loads(types)


def test_key_events_that_a_property_named_itself_are_types_twin(tmp_path: Path) -> None:
    metrics = {"keyEvents": "7", "keyEvents:sign_up": "5", "keyEvents:purchase": "2", "ecommercePurchases": "2",
               "purchaseRevenue": "35.5"}  # fmt: skip
    answer = run_report({"date": "20240331"}, metrics)
    told = StageOptions(conversions=("purchase", "key_events"))
    con, _ = staged(tmp_path, answer, "google_analytics")
    assert types_of(con) == {
        "key_events": [7, None], "sign_up": [5, None], "purchase": [2, None], "ecommerce_purchases": [2, 35.5],
    }  # fmt: skip
    assert rows(con, "conversions, extra") == [(7, None)]
    con, _ = staged(tmp_path, answer, "google_analytics", options=told)
    assert rows(con, "conversions") == [(2,)]


def test_success_events_of_a_suite_are_types_twin(tmp_path: Path) -> None:
    ids = ["orders", "revenue", "checkouts", "event7"]
    answer = {
        "totalPages": 1, "columns": {"dimension": {"id": "variables/daterangeday"}, "columnIds": list("0123")},
        "rows": [{"itemId": "1240230", "value": "Mar 30", "data": [3, 99.5, 8, 12]}],
    }  # fmt: skip
    metrics = [{"columnId": str(place), "id": f"metrics/{name}"} for place, name in enumerate(ids)]
    document = {"request": {"rsid": "suite", "metricContainer": {"metrics": metrics}}, "response": answer}
    con, _ = staged(tmp_path, document, "adobe_analytics")
    assert types_of(con) == {"orders": [3, 99.5], "checkouts": [8, None], "event7": [12, None]}
    con, _ = staged(tmp_path, document, "adobe_analytics", options=StageOptions(conversions=("event7",)))
    assert rows(con, "conversions, CAST(revenue AS DOUBLE)") == [(12, 99.5)]


@pytest.mark.parametrize(
    ("source", "row", "types", "chosen", "counted"),
    [
        ("google_ads",
         {"customer.id": "1", "campaign.id": "2", "segments.date": "2024-03-31", "metrics.conversions": 2.5,
          "metrics.conversions_value": 50, "metrics.all_conversions": 4, "metrics.all_conversions_value": 70,
          "metrics.view_through_conversions": "3"},
         {"all_conversions": [4, 70], "view_through_conversions": [3, None]},
         "all_conversions", (4, 70)),
        ("klaviyo",
         {"groupings": {"campaign_id": "C", "send_channel": "email"}, "date": "2024-03-31",
          "statistics": {"recipients": 10, "conversions": 3, "conversion_uniques": 2, "conversion_value": 60}},
         {"conversion_uniques": [2, None]}, "conversion_uniques", (2, 60)),
    ],
)  # fmt: skip
def test_what_a_platform_calls_a_conversion_is_kept_by_type_and_can_be_chosen_twin(
    tmp_path: Path, source: str, row: dict, types: dict, chosen: str, counted: tuple
) -> None:
    con, _ = staged(tmp_path, [row], source)
    assert types_of(con) == types
    [own] = rows(con, "conversions, CAST(revenue AS DOUBLE)")
    for kind, number in ((chosen, counted), ("conversions", own)):
        con, _ = staged(tmp_path, [row], source, options=StageOptions(conversions=(kind,)))
        assert rows(con, "conversions, CAST(revenue AS DOUBLE)") == [number]


def test_a_platforms_own_number_alone_is_no_type_of_it_twin(tmp_path: Path) -> None:
    statistics = {"recipients": 10, "conversions": 3, "conversion_value": 60}
    row = {"groupings": {"campaign_id": "C", "send_channel": "email"}, "date": "2024-03-31", "statistics": statistics}
    con, _ = staged(tmp_path, [row], "klaviyo")
    assert rows(con, "conversion_types, conversions, CAST(revenue AS DOUBLE), extra") == [(None, 3, 60, None)]
