"""The company's settings: usual ones, own ones, and what does not fit together."""

import pytest
from sqlalchemy import select

from kalends.messages.gathering import tables_of
from kalends.messages.models import MessageSettings
from kalends.messages.settings import BadSettingsError, CompanySettings, change_settings, settings_of
from kalends.messages.volume import DEFAULTS


@pytest.mark.unit
def test_the_usual_settings_are_the_tables_of_volume():
    usual = CompanySettings()
    assert tables_of(usual) == DEFAULTS
    assert CompanySettings.model_validate(usual.model_dump(mode="json")) == usual
    assert usual.model_dump(mode="json", exclude_defaults=True) == {}


def test_only_what_differs_is_kept(work):
    assert settings_of(work) == CompanySettings()
    change_settings(work, {"cooldown_days": 45, "follow_ups": False})
    assert work.session.scalar(select(MessageSettings.settings)) == {"cooldown_days": 45}
    assert settings_of(work).cooldown_days == 45
    change_settings(work, {"cooldown_days": None})
    assert settings_of(work) == CompanySettings()


def test_settings_that_do_not_fit_are_refused_whole(work):
    rows = [row.model_dump(mode="json") for row in CompanySettings().tiers]
    flat = [*rows[:2], rows[2] | {"revenue_from": "5000"}, *rows[3:]]
    for wrong, words in (
        ({"tiers": rows[:4]}, "five sizes"),
        ({"tiers": flat}, "rises from row to row"),
        ({"urgency_share": 3}, "urgency_share"),
        ({"cooldown": 3}, "cooldown"),
        ({"follow_up_from_minutes": 60}, "comes before"),
        ({"tiers": [rows[0] | {"ppv": {"low": 7, "high": 5}}, *rows[1:]]}, "from the lower to the higher"),
    ):
        with pytest.raises(BadSettingsError, match=words):
            change_settings(work, wrong | {"cooldown_days": 99})
    assert settings_of(work) == CompanySettings()


def test_thresholds_can_be_ones_own(work):
    rows = [row.model_dump(mode="json") for row in CompanySettings().tiers]
    rows[1]["revenue_from"] = "6000.50"
    change_settings(work, {"tiers": rows})
    assert str(settings_of(work).tiers[1].revenue_from) == "6000.50"
