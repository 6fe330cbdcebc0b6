"""The company's thresholds and habits for messages: usual ones until somebody says otherwise.

Only what differs from the usual is stored, so that a better usual value reaches everybody who never chose their own.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import time
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from sqlalchemy import select

from kalends.base.errors import BadInputError
from kalends.base.ids import new_id
from kalends.base.work import Work
from kalends.messages.models import MessageSettings
from kalends.messages.turns import in_turn
from kalends.messages.volume import DEFAULTS, Tier, Zone

Clock = Annotated[time, WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"})]
"""A time on the page's own clock: JSON Schema's "time" is one of a known zone."""
Count = Annotated[int, Field(ge=0, le=200)]
Percent = Annotated[int, Field(ge=0, le=500)]
Minutes = Annotated[int, Field(ge=0, le=24 * 60)]


class BadSettingsError(BadInputError):
    """These settings do not fit together."""

    code = "bad_settings"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Value):
    """So many messages a week, both ends included."""

    low: Count
    high: Count

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"a range goes from the lower to the higher number, not from {self.low} to {self.high}")
        return self


class TierRow(_Value):
    """A size of account: from which revenue of 30 days (USD) on, and what a week of it holds."""

    tier: Tier
    revenue_from: Annotated[Decimal, Field(ge=0)]
    ppv: Range
    bumps: Range
    gap_minutes: Annotated[int, Field(ge=15, le=24 * 60)]
    strategy: Annotated[str, Field(min_length=1, max_length=40)]


class ZoneRow(_Value):
    """How tired an audience is, and what that does to a week."""

    zone: Zone
    score_from: Annotated[float, Field(ge=0, le=1)]
    ppv_percent: Percent
    bump_percent: Percent
    extra_gap_minutes: Minutes
    cooling_days: Annotated[int, Field(ge=0, le=6)]


TIERS: Final = tuple(TierRow.model_validate(asdict(rule)) for rule in DEFAULTS.tiers)
ZONES: Final = tuple(ZoneRow.model_validate(asdict(rule)) for rule in DEFAULTS.zones)


class CompanySettings(_Value):
    """Everything that a company may choose for its messages."""

    tiers: tuple[TierRow, ...] = TIERS
    zones: tuple[ZoneRow, ...] = ZONES
    hysteresis: Annotated[Decimal, Field(ge=0, le=Decimal("0.5"))] = DEFAULTS.hysteresis
    """How far beyond a threshold revenue must be for a page's tier to change."""
    quiet_from: Clock = time(3)
    quiet_until: Clock = time(7)
    """The quiet hours of pages that are added from now on."""
    bump_ppv_minutes: Minutes = 45
    bump_bump_minutes: Minutes = 30
    follow_ups: bool = False
    follow_up_from_minutes: Minutes = 15
    follow_up_until_minutes: Minutes = 45
    cooldown_days: Annotated[int, Field(ge=0, le=730)] = 30
    """Days until a page may send a caption again."""
    shared_one_at_a_time: bool = False
    """Whether a shared caption that one page has in its week is closed to the others for that time."""
    urgency_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """At most this part of a week's messages is urgent: who always hurries is not believed."""
    uniform_share: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """The part of choices that is left to chance, so that choosing can be judged afterwards."""
    half_life_days: Annotated[int, Field(ge=7, le=730)] = 90
    """After so many days what was learned of a caption counts half."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if [row.tier for row in self.tiers] != [row.tier for row in TIERS]:
            raise ValueError("tiers: give the five sizes once each, from MICRO to MEGA")
        if [row.zone for row in self.zones] != [row.zone for row in ZONES]:
            raise ValueError("zones: give GREEN, YELLOW and RED once each, in this order")
        _refuse_unless_rising("tiers: revenue_from", [float(row.revenue_from) for row in self.tiers])
        _refuse_unless_rising("zones: score_from", [row.score_from for row in self.zones])
        if self.follow_up_until_minutes < self.follow_up_from_minutes:
            raise ValueError("follow_up_until_minutes comes before follow_up_from_minutes")
        return self


def _refuse_unless_rising(what: str, values: list[float]) -> None:
    if values[0] != 0 or any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError(f"{what} begins with 0 and rises from row to row")


def settings_of(work: Work) -> CompanySettings:
    """The company's settings."""
    stored = work.session.scalar(select(MessageSettings.settings))
    return CompanySettings.model_validate(stored or {})


def change_settings(work: Work, changes: dict[str, Any]) -> CompanySettings:
    """Set what is given; None sets it back to the usual. Raises BadSettingsError, which says what does not fit."""
    in_turn(work, "settings")
    row = work.session.scalar(select(MessageSettings))
    before = dict(row.settings) if row else {}
    merged = {name: value for name, value in {**before, **changes}.items() if value is not None}
    try:
        found = CompanySettings.model_validate(merged)
    except ValidationError as error:
        raise BadSettingsError(
            "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}".removeprefix(": ") for one in error.errors())
        ) from None
    own = found.model_dump(mode="json", exclude_defaults=True)
    if row is None:
        row = MessageSettings(tenant_id=work.scope.tenant_id, id=new_id())
        work.session.add(row)
    row.settings, row.changed_at, row.changed_by = own, work.now, work.scope.person_id
    work.session.flush()
    if own != before:
        work.audit("messages.settings_changed", subject_kind="message_settings", subject_id=row.id,
                   before=before, after=own)  # fmt: skip
    return found
