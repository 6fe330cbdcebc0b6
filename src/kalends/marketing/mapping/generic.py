"""Any table of marketing numbers: which column is what is guessed by its name, said, and correctable.

Names are known in English, German, French and Spanish. A column that is not recognised is kept in `extra`; a text
column that tells rows apart (channel, country, device ...) is part of the key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as Dictionary

from kalends.marketing.mapping.fields import BOOKKEEPING, Field, Kind, Mapping

SYNONYMS: dict[str, tuple[Kind, str]] = {
    "date_from": (
        "date",
        (
            "date day datum tag fecha dia jour date_start start_date startdatum von fecha_inicio reporting_starts "
            "date_debut time week woche semaine semana date_week segments_date stat_time_day timeperiod ds"
        ),
    ),
    "date_to": ("date", "date_stop end_date date_end enddatum bis fecha_fin reporting_ends date_fin"),
    "account_id": ("id", "account_id kontonummer konto_id id_cuenta id_compte customer_id advertiser_id"),
    "account_name": ("text", "account account_name konto kontoname cuenta nombre_cuenta compte"),
    "campaign_id": ("id", "campaign_id kampagnen_id kampagnennummer id_campana id_campagne"),
    "campaign_name": (
        "text",
        "campaign campaign_name kampagne kampagnenname campana nombre_campana campagne nom_campagne",
    ),
    "ad_group_id": ("id", "ad_group_id adgroup_id adset_id ad_set_id anzeigengruppen_id"),
    "ad_group_name": (
        "text",
        (
            "ad_group adgroup ad_set adset ad_group_name adset_name ad_set_name anzeigengruppe grupo_de_anuncios "
            "groupe_d_annonces"
        ),
    ),
    "ad_id": ("id", "ad_id anzeigen_id id_anuncio id_annonce creative_id"),
    "ad_name": ("text", "ad ad_name anzeige anuncio annonce creative"),
    "channel": ("text", "channel kanal canal medium source platform plattform plateforme plataforma"),
    "campaign_type": ("text", "campaign_type kampagnentyp tipo_de_campana type_de_campagne"),
    "objective": ("text", "objective ziel objetivo objectif"),
    "country": ("text", "country land pais pays country_code"),
    "region": ("text", "region state bundesland provincia geo market markt mercado marche"),
    "device": ("text", "device gerat geraet dispositivo appareil device_type"),
    "currency": ("upper", "currency wahrung waehrung moneda devise account_currency currency_code"),
    "spend": (
        "money",
        (
            "spend cost kosten ausgaben amount_spent spent ad_spend gasto coste costo inversion depense depenses "
            "cout couts budget_spent media_cost total_cost betrag importe_gastado montant_depense"
        ),
    ),
    "impressions": (
        "count",
        "impressions impr impressionen einblendungen impresiones affichages views_impressions imps",
    ),
    "clicks": ("count", "clicks klicks clics link_clicks klick clic all_clicks"),
    "conversions": (
        "number",
        (
            "conversions conversion konversionen conversiones conv purchases orders bestellungen kaufe kaeufe "
            "pedidos compras achats commandes results ergebnisse resultados resultats"
        ),
    ),
    "revenue": (
        "money",
        (
            "revenue umsatz ingresos chiffre_d_affaires revenu sales conversion_value conv_value "
            "conversions_value conversionswert valor_de_conversion valeur_de_conversion purchase_value ventas "
            "ventes"
        ),
    ),
    "reach": ("count", "reach reichweite alcance portee"),
    "frequency": ("number", "frequency frequenz haufigkeit frecuencia frequence"),
    "video_views": ("count", "video_views videoaufrufe vistas_de_video vues_de_video"),
    "sends": ("count", "sends sent recipients versendet empfanger enviados destinataires envois"),
    "deliveries": ("count", "deliveries delivered zugestellt entregados delivres"),
    "opens": ("count", "opens opened offnungen aperturas ouvertures"),
    "unsubscribes": ("count", "unsubscribes unsubscribed abmeldungen bajas desabonnements"),
    "bounces": ("count", "bounces bounced rebotes"),
    "leads": ("number", "leads kontakte prospects"),
    "sessions": ("count", "sessions sitzungen sesiones"),
    "users": ("count", "users nutzer usuarios utilisateurs"),
    "impression_share": ("share", "impression_share search_impression_share anteil_an_impressionen"),
}
_BY_NAME = {name: target for target, (_, names) in SYNONYMS.items() for name in names.split()}
_KEY_TEXTS = ("channel", "campaign_type", "objective", "country", "region", "device")


def plain_name(name: str) -> str:
    """A column's name without accents, units and case: 'Coût (€)' is 'cout', 'Amount spent (USD)' 'amount_spent'."""
    bare = re.sub(r"[(\[][^)\]]*[)\]]", " ", name)
    ascii_only = unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", ascii_only).lower()).strip("_")


def guess(columns: tuple[str, ...], corrections: Dictionary[str, str | None]) -> dict[str, str]:
    """Raw column -> record column. A correction wins; of two columns with one meaning the first is taken."""
    found = {column: target for column in columns if (target := corrections.get(column)) in SYNONYMS and target}
    taken = set(found.values())
    for column in columns:
        target = _BY_NAME.get(plain_name(column))
        if target and column not in corrections and target not in taken:
            found[column] = target
            taken.add(target)
    return found


def generic_mapping(columns: tuple[str, ...], *, data_source: str, corrections: Dictionary[str, str | None]) -> Mapping:
    """A mapping made of guesses; `guessed` says which."""
    found = guess(columns, corrections)
    by_target = {target: column for column, target in found.items()}
    levels = (("ad", "ad_id"), ("ad", "ad_name"), ("ad_group", "ad_group_id"), ("ad_group", "ad_group_name"),
              ("campaign", "campaign_id"), ("campaign", "campaign_name"))  # fmt: skip
    return Mapping(
        data_source=data_source,
        version=1,
        fields=tuple(Field(target, (column,), SYNONYMS[target][0]) for column, target in found.items())
        + tuple(_names_as_ids(by_target)),
        levels=(*((level, (by_target[target],)) for level, target in levels if target in by_target), ("account", ())),
        breakdowns={by_target[target]: target for target in _KEY_TEXTS if target in by_target},
        ignored=BOOKKEEPING,
        guessed=found,
    )


def _names_as_ids(by_target: Dictionary[str, str]) -> list[Field]:
    """Where a file has names and no ids, the name is what tells rows apart, so it is the id."""
    kinds = ("account", "campaign", "ad_group", "ad")
    return [
        Field(f"{kind}_id", (by_target[f"{kind}_name"],), "id")
        for kind in kinds
        if f"{kind}_id" not in by_target and f"{kind}_name" in by_target
    ]
