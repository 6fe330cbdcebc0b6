"""Platforms' answers with odd values in them, beside their questions, as connectors keep them."""

from hypothesis import strategies as st

ODD_TEXTS = ("2.38E+16", "(not set)", "12.0", "1,5", "-2", "", "{}", "[1]", "[\x01]", "\0", "9007199254740993", "0.30")
ODD_VALUES = (None, True, 12.0, 0.1, -3, 2**53 + 1, 2**63, 2**64, 1e22, 5e-7, {}, [], [{"b": 1, "a": 2}], {"a": 1})
GOOD = st.integers(0, 9)
# Most are read in place: one that is not sends the whole payload the slow way. (`one_of` would count equal ones once.)
CELLS = st.sampled_from(
    [*[GOOD] * 60, st.text(max_size=3), st.sampled_from(ODD_TEXTS), st.sampled_from(ODD_VALUES)]
).flatmap(lambda cells: cells)
IDS = st.sampled_from(["7", "8", 9007199254740993, "12.0", "é"])
MORE = st.dictionaries(st.sampled_from(["newcomer", "Clicks", "spend"]), CELLS, max_size=1)


def beside(response, **request):
    """An answer beside its question, as connectors keep it."""
    return {"request": request, "response": response}


@st.composite
def google_analytics(draw):
    named = ("date", "sessionCampaignId", "customEvent:x")[: draw(st.integers(1, 3))]
    days = st.sampled_from(["20260101", "20260102", "2026-01-03", "(other)"][: draw(st.sampled_from([2, 2, 4]))])
    metrics = ("sessions", "keyEvents", "totalRevenue", "own")[: draw(st.integers(1, 4))]
    rows = [
        {"dimensionValues": [{"value": draw(days if name == "date" else IDS)} for name in named],
         "metricValues": [{"value": draw(CELLS)} for _ in metrics[: draw(st.sampled_from([4, 4, 1]))]]}
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    told = {"dimensionHeaders": [{"name": name} for name in named], "metricHeaders": [{"name": n} for n in metrics]}
    return beside(told | {"rows": rows, "metadata": {"currencyCode": "USD"}}, property="properties/1")


@st.composite
def snapchat_ads(draw):
    if draw(st.integers(0, 3)) == 0:
        things = draw(st.lists(st.fixed_dictionaries({"id": IDS, "name": st.text(max_size=3)}), max_size=2))
        kept = [{"campaign": thing | {"ad_account_id": "1", "objective": "x"}} for thing in things]
        return beside({"request_status": "SUCCESS", "campaigns": kept}, asked="campaigns")
    stats = st.fixed_dictionaries({"spend": CELLS}, optional={"swipes": CELLS, "own": CELLS})
    things = [
        {"id": draw(IDS), "type": "CAMPAIGN", "timeseries": [
            {"start_time": f"2026-01-0{day}T00:00:00.000-08:00", "stats": draw(stats)}
            for day in range(1, draw(st.integers(1, 3)))
        ]}
        for _ in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    told = {"id": "1", "type": "AD_ACCOUNT", "granularity": "DAY", "breakdown_stats": {"campaign": things}}
    return beside({"request_status": "SUCCESS", "timeseries_stats": [{"timeseries_stat": told}]}, asked="stats")


@st.composite
def twitter_ads(draw):
    if draw(st.integers(0, 3)) == 0:
        named = [{"id": "7", "name": draw(st.text(max_size=3)), "funding_instrument_id": "f"}]
        return beside({"data_type": "names", "data": named}, names="CAMPAIGN")
    days = draw(st.integers(0, 3))
    arrays = st.none() | st.lists(CELLS, min_size=days, max_size=days) | st.lists(GOOD, max_size=4)
    metrics = st.fixed_dictionaries(
        {"impressions": arrays, "conversion_purchases": st.fixed_dictionaries({"metric": arrays})},
        optional={"billed_charge_local_micro": arrays, "own": arrays | st.just({})},
    )
    parts = st.lists(st.fixed_dictionaries({"segment": st.sampled_from([None, {"segment_name": "A"}]),
                                            "metrics": metrics}), max_size=2)  # fmt: skip
    params = {
        "account_id": "a", "entity": "CAMPAIGN", "granularity": "DAY", "start_time": "2026-01-01T08:00:00Z",
        "end_time": f"2026-01-0{1 + days}T08:00:00Z", "segmentation_type": "GENDER",
    }  # fmt: skip
    data = [{"id": draw(IDS), "id_data": draw(parts)} for _ in range(draw(st.integers(0, 3)))]
    told = {"data_type": "stats", "time_series_length": days, "data": data, "request": {"params": params}}
    return beside(told, account_id="a")


@st.composite
def adobe_analytics(draw):
    columns = ["0", "1", "2"]
    rows = st.fixed_dictionaries({"itemId": IDS, "value": st.text(max_size=3), "data": st.lists(CELLS, max_size=3)})
    metrics = [{"columnId": "0", "id": "metrics/visits"},
               {"columnId": "1", "id": "metrics/revenue", "filters": draw(st.sampled_from([[], ["5"]]))}]  # fmt: skip
    told = {"totalPages": 1, "columns": {"dimension": {"id": "variables/campaign"}, "columnIds": columns},
            "rows": draw(st.lists(rows, max_size=4))}  # fmt: skip
    day = {"type": "dateRange", "dateRange": "2026-01-01T00:00:00.000/2026-01-02T00:00:00.000"}
    aside = {"id": "5", "type": "breakdown", "dimension": "variables/geocountry", "itemId": "44"}
    asked = {"metrics": metrics, "metricFilters": [aside]}
    return beside(told, rsid="suite", globalFilters=[day], metricContainer=asked)


@st.composite
def hubspot(draw):
    deals = st.fixed_dictionaries({"id": IDS, "properties": st.fixed_dictionaries(
        {"dealstage": st.just("won"), "amount": st.sampled_from(["1.50", "x", None]), "createdate": st.just("2026-01-01"),
         "hs_is_closed_won": st.sampled_from(["true", "false"]), "hs_is_closed": st.just("true"),
         "closedate": st.just("2026-01-02T10:00:00Z")})})  # fmt: skip
    return beside({"results": draw(st.lists(deals, max_size=4))}, portalId="1")


@st.composite
def klaviyo(draw):
    if draw(st.integers(0, 3)) == 0:
        flow = {"id": "F", "attributes": {"name": draw(st.text(max_size=3)), "trigger_type": "x"}}
        return beside({"data": [flow]}, names="flow")
    if draw(st.booleans()):
        return draw(klaviyo_values())
    days = draw(st.integers(1, 3))
    values = st.lists(CELLS | st.sampled_from([12.0, 0.0]), min_size=days, max_size=days)
    results = [
        {"groupings": {"flow_id": draw(IDS), "flow_message_id": "M", "send_channel": "email"},
         "statistics": {"recipients": draw(values), "conversion_value": draw(values), "own": draw(values)}}
        for _ in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    starts = [f"2026-01-0{day + 1}T00:00:00+00:00" for day in range(days)]
    return beside({"data": {"attributes": {"results": results, "date_times": starts}}}, asked="flows")


@st.composite
def klaviyo_values(draw):
    """A report whose rows stay closed, unless something is odd about them."""
    own = st.sampled_from([*[{}] * 30, {"interval_from": "2026-01-05"}, {"interval_to": None}])
    results = [
        {"groupings": {"campaign_id": draw(IDS), "campaign_message_id": draw(st.text(max_size=3)),
                       "send_channel": "email"},
         "statistics": {"recipients": draw(CELLS), "conversion_value": draw(CELLS), "own": draw(CELLS)},
         **draw(MORE), **draw(own)}
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    results += draw(st.sampled_from([*[[]] * 30, [{}], [None], ["x"], [5], [[1]]]))
    frame = {"start": "2026-01-02T00:00:00+00:00", "end": "2026-01-02T23:59:59+00:00"}
    return beside({"data": {"attributes": {"results": results}}, "links": {"self": "x"}}, timeframe=frame)


@st.composite
def linkedin_ads(draw):
    day = {"year": 2026, "month": 1, "day": 2}
    rows = [
        {"dateRange": {"start": day, "end": day}, "pivotValues": [f"urn:li:sponsoredCampaign:{draw(IDS)}"],
         "impressions": draw(CELLS), "costInLocalCurrency": draw(CELLS), **draw(MORE)}
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    names = [{"id": 7, "name": "N", "campaignGroup": "urn:li:sponsoredCampaignGroup:1"}]
    return beside({"paging": {}, "elements": rows or names}, account="urn:li:sponsoredAccount:5")


@st.composite
def tiktok_ads(draw):
    rows = [
        {"dimensions": {"ad_id": draw(IDS), "stat_time_day": "2026-01-02 00:00:00"},
         "metrics": {"spend": draw(CELLS), "clicks": draw(CELLS), **draw(MORE)}}
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    return beside({"code": 0, "message": "OK", "data": {"list": rows}}, advertiser_id="1")


@st.composite
def pinterest_ads(draw):
    rows = [
        {"DATE": "2026-01-02", "AD_ID": draw(IDS), "SPEND_IN_MICRO_DOLLAR": draw(CELLS), "IMPRESSION_1": draw(CELLS)}
        | draw(MORE)
        for _ in range(draw(st.integers(0, 4)))
    ]
    return beside(rows, ad_account_id="1")


@st.composite
def facebook_ads(draw):
    action = st.fixed_dictionaries({"action_type": st.sampled_from(["purchase", "lead"]), "value": CELLS})
    lists = st.fixed_dictionaries(
        {},
        optional={
            "actions": st.lists(action, max_size=2),
            "results": st.just([{"indicator": "x", "values": [{"value": "4"}]}]),
        },
    )
    rows = [
        {"date_start": "2026-01-02", "date_stop": "2026-01-02", "ad_id": draw(IDS), "ad_name": draw(st.text(max_size=3)),
         "spend": draw(CELLS), "clicks": draw(CELLS), **draw(st.just({}) | lists), **draw(MORE)}
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    return beside({"data": rows, "paging": {"cursors": {"after": "x"}}}, asked="insights")


@st.composite
def google_ads(draw):
    rows = [
        {"campaign": {"id": draw(IDS), "name": draw(st.text(max_size=3))}, "segments": {"date": "2026-01-02"},
         "metrics": {"clicks": draw(CELLS), "costMicros": draw(CELLS), "conversions": draw(CELLS)}, **draw(MORE)}
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    return beside({"results": rows, "fieldMask": "campaign.id", "requestId": "x"}, asked="search")


ANSWERS = {
    made.__name__: made
    for made in (google_analytics, snapchat_ads, twitter_ads, adobe_analytics, hubspot, klaviyo, linkedin_ads,
                 tiktok_ads, pinterest_ads, facebook_ads, google_ads)
}  # fmt: skip
