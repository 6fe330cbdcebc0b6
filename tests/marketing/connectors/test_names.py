"""Platforms whose reports have ids alone: what these are called comes along, told by another call."""

from collections import defaultdict
from decimal import Decimal

import pytest
from syncing import batches_of, connect, exactly, known, platform, slices, stored, work_off

from kalends.insight import service as insight
from kalends.insight.periods import Period
from kalends.insight.query import Query
from kalends.marketing import entities, service
from kalends.marketing.connectors.registry import CONNECTORS


@pytest.mark.parametrize("data_source", ["linkedin_ads", "snapchat_ads", "twitter_ads"])
def test_campaigns_have_their_names(house, scope, data_source):
    with platform(house, data_source) as standin:
        _, run_id = connect(house, scope, standin, history=40)
        work_off(house, scope)
        truth = standin.truth
    parts = slices(house, scope, run_id)
    assert len(parts) > 1
    with house.work(scope) as work:
        days = work.warehouse.table("facts")
        daily = work.warehouse.table("daily").select("account_id", "campaign_id", "campaign_name")
        named = {tuple(row.values()) for row in work.warehouse.to_arrow(daily).to_pylist()}
        seen = {row["campaign_id"] for row in work.warehouse.to_arrow(days.select("campaign_id")).to_pylist()}
    assert names(house, scope) == {("campaign", one.account_id, one.id): one.name for one in truth.all_campaigns}
    assert named <= {(one.account_id, one.id, one.name) for one in truth.all_campaigns}
    assert seen <= {one.id for one in truth.all_campaigns}
    first, last = min(one.date_from for one in parts), max(one.date_to for one in parts)
    assert exactly(stored(house, scope, standin)) == exactly(known(standin, first, last))
    # They are told as of today: the newest part asks for them, and no other.
    asked = [batch.report.get("named", 0) for batch in batches_of(house, scope)]
    assert sum(map(bool, asked)) == len(truth.account_ids)
    assert [batch.quarantined for batch in batches_of(house, scope)] == [0] * len(parts)


@pytest.mark.parametrize(
    ("data_source", "levels"),
    [
        ("linkedin_ads", ["campaign", "campaign_group", "ad"]),
        ("snapchat_ads", ["campaign", "ad_group", "ad"]),
        ("twitter_ads", ["campaign", "ad_group"]),
    ],
)
def test_so_has_what_is_above_and_below_them(house, scope, data_source, levels):
    with platform(house, data_source) as standin:
        reports = [one.name for one in CONNECTORS[data_source].reports]
        connect(house, scope, standin, reports=reports, history=2)
        work_off(house, scope)
        truth, [account] = standin.truth, standin.truth.account_ids
    campaigns = truth.campaigns_of(account)
    groups = [group for one in campaigns for group in truth.below[one.id]]
    things = {
        "campaign_group": [truth.group_of(one) for one in campaigns],
        "campaign": campaigns,
        "ad_group": groups,
        "ad": [ad for group in groups for ad in truth.below[group.id]],
    }
    wanted = {(level, account, one.id): one.name for level in levels for one in things[level]}
    assert names(house, scope) == wanted


@pytest.mark.parametrize("data_source", ["linkedin_ads", "snapchat_ads", "twitter_ads"])
def test_ads_whose_rows_do_not_say_it_are_in_the_campaign_that_the_lists_name(house, scope, data_source):
    report = next(one.name for one in CONNECTORS[data_source].reports if one.name.partition("/")[0] == "ad")
    with platform(house, data_source) as standin:
        _, run_id = connect(house, scope, standin, reports=[report], history=2)
        work_off(house, scope)
        truth, [account] = standin.truth, standin.truth.account_ids
    parts = slices(house, scope, run_id)
    spent = defaultdict(Decimal)
    for day in truth.days(account, min(one.date_from for one in parts), max(one.date_to for one in parts), "ad"):
        group = "" if data_source == "linkedin_ads" else day.below[0].id
        spent[day.campaign.id, group, day.thing.id] += day.spend
    period = Period(min(one.date_from for one in parts), max(one.date_to for one in parts))
    ids = ("campaign_id", "ad_group_id", "ad_id")
    with house.work(scope) as work:
        found = insight.run(work, query=Query(("spend",), period, ids))
        by_campaign = insight.run(work, query=Query(("spend",), period, ("campaign_id",)))
        plain = insight.run(work, query=Query(("spend",), period, ("ad_id",)))
    told = {tuple(row[name] for name in ids): row["spend"] for row in found.rows}
    assert exactly_spent(told) == exactly_spent(spent)
    whole = {one.id: sum(n for (campaign, *_), n in spent.items() if campaign == one.id) for one in truth.all_campaigns}
    assert {row["campaign_id"]: row["spend"] for row in by_campaign.rows} == {key: n for key, n in whole.items() if n}
    for answer in (found, by_campaign):
        assert [note for note in answer.notes if "do not say what they are in" in note], answer.notes
    assert not [note for note in plain.notes if "do not say what they are in" in note]


def exactly_spent(rows):
    """Rows in which anything was spent."""
    return {key: Decimal(spend) for key, spend in rows.items() if spend}


def names(house, scope):
    """What is called how: level, account and id -> name."""
    with house.work(scope) as work:
        standing = entities.standing(work.warehouse, version=service.data_version(work))
        found = work.warehouse.to_arrow(entities.current(standing)).to_pylist()
    own = [one for one in found if one["level"] not in entities.PARENTS]
    return {(one["level"], one["account_id"], one["entity_id"]): one["name"] for one in own}
