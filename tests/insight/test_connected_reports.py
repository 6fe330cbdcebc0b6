"""Whatever reports of a platform are brought, each answer reads one of them: nothing is counted twice."""

import pytest
from syncing import connect, known, platform, slices, work_off

from kalends.insight import service
from kalends.insight.periods import Period
from kalends.insight.query import Query
from kalends.marketing.connectors.registry import CONNECTORS

FEW = 3
CUTS = {"device": "device", "country": "country", "age": "age", "keyword": "keyword_text"}
"""Dimension -> the breakdown that it needs."""
ADS = sorted(
    name
    for name, connector in CONNECTORS.items()
    if name.endswith("_ads") and any("/" in one.name for one in connector.reports)
)


@pytest.mark.parametrize("data_source", ADS)
def test_spend_is_told_once_however_many_reports_have_it(house, scope, data_source):
    names = [one.name for one in CONNECTORS[data_source].reports if not one.name.startswith("ad")]
    with platform(house, data_source) as standin:
        _, run_id = connect(house, scope, standin, reports=names, history=FEW)
        work_off(house, scope)
        parts = slices(house, scope, run_id)
    assert {part.state for part in parts} == {"landed"}
    first, last = max(one.date_from for one in parts), min(one.date_to for one in parts)
    spent = sum(row["spend"] for row in known(standin, first, last, "campaign").values())
    assert spent > 0

    def ask(*dimensions):
        with house.work(scope) as work:
            return service.run(work, query=Query(("spend",), Period(first, last), dimensions=dimensions))

    assert ask().totals == {"spend": spent}
    by_campaign = {row["campaign_id"]: row["spend"] for row in ask("campaign_id").rows}
    assert sum(by_campaign.values()) == spent
    assert len(by_campaign) > 1
    for dimension, needs in CUTS.items():
        for name in [name for name in names if needs in name.partition("/")[2].split("+")]:
            part = sum(row["spend"] for row in known(standin, first, last, name).values())
            told = [row["spend"] for row in ask(dimension).rows]
            # Meta rounds each part to cents. Amazon's display ads have no keywords: what an account spent is told by
            # keyword as a whole or not at all.
            covers = abs(part - spent) < spent / 200
            assert sum(told) == (part if covers else 0), dimension
            assert len(told) > 1 or not covers, dimension
