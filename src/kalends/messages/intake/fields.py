"""Which column of a file is what: guessed by many usual names, said, and correctable.

The names are those of the specification, of the exports of OnlyMonster and of EROS's tables, and what people call
things in English, German, French and Spanish. Names are compared in small letters with underscores for all else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from kalends.marketing.mapping.generic import plain_name

ImportKind = Literal["history", "captions", "pages"]

_PAGE: Final = (
    "page_name page creator_page creator_name creator creator_id page_id account_name account model_name model "
    "username user_name handle seite seitenname pagina compte"
)
_CAPTION_NO: Final = "caption_id caption_no caption_number caption_nr captionid"
_TEXT: Final = "caption_text message_text text caption message_content content message body nachricht texto texte"
_URGENCY: Final = "has_urgency urgency is_urgent urgent urgency_flag dringend"
_ZONE: Final = "zone timezone time_zone tz zeitzone zona_horaria fuseau_horaire"
_CURRENCY: Final = "currency currency_code wahrung waehrung moneda devise"
_ACTIVE: Final = "is_active active enabled status aktiv activo actif"

NAMES: Final[Mapping[ImportKind, Mapping[str, str]]] = {
    "history": {
        "message_id": "message_id mass_message_id msg_id messageid queue_id id",
        "page": _PAGE,
        "sent_at": "sent_at sending_time sent_time send_time scheduled_send_time sent_datetime sent_on datetime "
        "timestamp created_at date_time sent_date date gesendet_am fecha_envio envoye_le",
        "time": "time sending_hour uhrzeit hora heure",
        "zone": _ZONE,
        "type": "message_type type send_type send_type_key kind is_paid is_ppv nachrichtentyp tipo",
        "caption_no": _CAPTION_NO,
        "text": _TEXT,
        "price": "price ppv_price unlock_price message_price preis precio prix",
        "recipients": "recipients sent_count sent sends recipient_count audience delivered delivered_count "
        "total_sent empfanger destinatarios destinataires",
        "viewed": "viewed viewed_count views view_count opened opened_count opens seen gesehen vistos vues",
        "purchased": "purchased purchased_count purchases purchase_count unlocked unlocks unlock_count bought sales "
        "sold buyers kaufe gekauft compras achats",
        "earnings": "earnings net_amount net_earnings total_earnings revenue earned income net gross_amount "
        "total_revenue total_amount umsatz einnahmen ingresos revenus",
        "currency": _CURRENCY,
    },
    "captions": {
        "caption_no": f"{_CAPTION_NO} id number nr",
        "text": _TEXT,
        "page": _PAGE,
        "price_tier": "price_tier tier price_class price_category preisstufe preisklasse",
        "price": "price ppv_price preis precio prix",
        "category": "content_category category content_type caption_type type theme kategorie categoria categorie",
        "has_urgency": _URGENCY,
        "language": "language lang language_code locale sprache idioma langue",
        "is_active": _ACTIVE,
    },
    "pages": {
        "name": f"name display_name {_PAGE}",
        "external_id": "external_id platform_id onlyfans_id of_id fansly_id account_id user_id creator_id page_id id",
        "zone": _ZONE,
        "currency": _CURRENCY,
        "quiet_from": "quiet_from quiet_start quiet_hours_from quiet_hours_start dead_zone_start ruhe_von",
        "quiet_until": "quiet_until quiet_to quiet_end quiet_hours_until quiet_hours_end dead_zone_end ruhe_bis",
        "ppvs": "ppvs ppv ppv_per_week ppvs_per_week weekly_ppvs weekly_ppv",
        "bumps": "bumps bump bumps_per_week bump_per_week weekly_bumps",
        "min_gap_minutes": "min_gap_minutes min_gap gap_minutes",
        "is_active": _ACTIVE,
    },
}  # fmt: skip
"""Kind -> field -> names, the likeliest first."""

LABELS: Final[Mapping[str, str]] = {
    "message_id": "Message number",
    "page": "Page",
    "sent_at": "Sent at",
    "time": "Time of day",
    "zone": "Time zone",
    "type": "Kind of message",
    "caption_no": "Caption number",
    "text": "Text",
    "price": "Price",
    "recipients": "Recipients",
    "viewed": "Viewed",
    "purchased": "Purchased",
    "earnings": "Earnings",
    "currency": "Currency",
    "price_tier": "Price tier",
    "category": "Category",
    "has_urgency": "Urgent",
    "language": "Language",
    "is_active": "In use",
    "name": "Name",
    "external_id": "Number on the platform",
    "quiet_from": "Quiet from",
    "quiet_until": "Quiet until",
    "ppvs": "Paid messages a week",
    "bumps": "Bumps a week",
    "min_gap_minutes": "Least minutes between paid messages",
}


def layout(kind: ImportKind, columns: tuple[str, ...], told: Mapping[str, str | None]) -> dict[str, str]:
    """Field -> column. `told`: corrections, column -> field, or None for a column that is not to be used."""
    names = NAMES[kind]
    found = {
        field: column for column, field in told.items() if field is not None and field in names and column in columns
    }
    free = {plain_name(column): column for column in reversed(columns) if column not in told}
    for field, usual in names.items():
        column = next((free[name] for name in usual.split() if name in free), None)
        if field not in found and column is not None and column not in found.values():
            found[field] = column
    return found
