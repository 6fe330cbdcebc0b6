"""A day, written in any of the ways that people write it in five languages, is read as that day."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalends.calendar.reading.columns import HEADINGS, guess_columns, plain_heading
from kalends.calendar.reading.dates import day_order, parse_day, parse_days, parse_time, split_weekday, time_in

pytestmark = pytest.mark.unit
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
SHORT_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Jan. Feb. Mrz. Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez.",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "ene. feb. mar. abr. may. jun. jul. ago. sept. oct. nov. dic.",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
}
SHORT_WEEKDAYS = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "de": "Mo. Di. Mi. Do. Fr. Sa. So.",
    "fr": "lun. mar. mer. jeu. ven. sam. dim.",
    "es": "lun mar mié jue vie sáb dom",
    "it": "lun mar mer gio ven sab dom",
}
NUMBERS = {
    "dmy": (
        "{d}.{m}.{y}",
        "{d:02}.{m:02}.{y}",
        "{d:02}/{m:02}/{y}",
        "{d}-{m}-{y}",
        "{d:02}.{m:02}.{s:02}",
        "{d} {m} {y}",
    ),
    "mdy": ("{m}/{d}/{y}", "{m:02}/{d:02}/{y}", "{m:02}-{d:02}-{y}", "{m}/{d}/{s:02}"),
}
ANY_ORDER = (
    "{y}-{m:02}-{d:02}",
    "{y}/{m:02}/{d:02}",
    "{y}.{m}.{d}",
    "{y}{m:02}{d:02}",
    "{y}-{m:02}-{d:02}T09:30:00",
    "{y}-{m:02}-{d:02} 00:00",
)
WORDS = {
    "en": (
        "{d} {month} {y}",
        "{month} {d}, {y}",
        "{d}-{month}-{y}",
        "{d}-{month}-{s:02}",
        "{month} {d} {y}",
        "{d} of {month} {y}",
    ),
    "de": ("{d}. {month} {y}", "{d}.{month} {y}"),
    "fr": ("{d} {month} {y}", "le {d} {month} {y}"),
    "es": ("{d} de {month} de {y}", "{d} {month} {y}", "{d} de {month} del {y}"),
    "it": ("{d} {month} {y}", "il {d} {month} {y}"),
}
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
languages = st.sampled_from(sorted(MONTHS))


def filled(shape, day, month=""):
    return shape.format(d=day.day, m=day.month, y=day.year, s=day.year % 100, month=month)


@given(day=days, order=st.sampled_from(sorted(NUMBERS)), data=st.data())
def test_numbers(day, order, data):
    shape = data.draw(st.sampled_from(NUMBERS[order] + ANY_ORDER))
    assert parse_days(filled(shape, day), order) == (day, day)


@given(
    day=days,
    language=languages,
    is_short=st.booleans(),
    case=st.sampled_from([str, str.upper, str.lower]),
    data=st.data(),
)
def test_words(day, language, is_short, case, data):
    month = (SHORT_MONTHS if is_short else MONTHS)[language].split()[day.month - 1]
    text = case(filled(data.draw(st.sampled_from(WORDS[language])), day, month))
    for order in NUMBERS:
        assert parse_days(text, order) == (day, day)


@given(day=days, language=languages, is_short=st.booleans(), mark=st.sampled_from([" ", ", "]), data=st.data())
def test_a_weekday_before_it(day, language, is_short, mark, data):
    weekday = (SHORT_WEEKDAYS if is_short else WEEKDAYS)[language].split()[day.weekday()]
    month = MONTHS[language].split()[day.month - 1]
    shapes = ("{d:02}.{m:02}.{y}", "{y}-{m:02}-{d:02}", "{d} {month} {y}")
    text = f"{weekday}{mark}{filled(data.draw(st.sampled_from(shapes)), day, month)}"
    assert parse_day(text, "dmy") == day
    assert split_weekday(text)[1] in {day.weekday(), None}
    assert is_short or split_weekday(text)[1] == day.weekday()


@given(
    first=days,
    length=st.integers(0, 60),
    order=st.sampled_from(sorted(NUMBERS)),
    mark=st.sampled_from([" - ", " – ", " to ", " bis ", " au ", " al ", " hasta ", " until ", "–", "..", " / "]),
    data=st.data(),
)
def test_ranges(first, length, order, mark, data):
    last = first + timedelta(days=length)
    shape = data.draw(st.sampled_from([*NUMBERS[order][:2], "{y}-{m:02}-{d:02}"]))
    assert parse_days(f"{filled(shape, first)}{mark}{filled(shape, last)}", order) == (first, last)


@given(
    first=days,
    length=st.integers(1, 60),
    language=languages,
    lead=st.sampled_from(["", "from ", "vom ", "du ", "del ", "dal "]),
)
def test_ranges_that_leave_out_what_both_days_share(first, length, language, lead):
    last = first + timedelta(days=length)
    first_month, last_month = (MONTHS[language].split()[day.month - 1] for day in (first, last))
    assert parse_days(f"{lead}{first.day}. {first_month} - {last.day}. {last_month} {last.year}", "dmy") == (
        first,
        last,
    )
    if first.month == last.month:
        assert parse_days(f"{lead}{first.day}. - {last.day}. {last_month} {last.year}", "dmy") == (first, last)


@given(shown=st.lists(days, min_size=1, max_size=20), order=st.sampled_from(sorted(NUMBERS)), data=st.data())
def test_a_column_shows_its_order_when_a_day_is_above_12(shown, order, data):
    texts = [filled(data.draw(st.sampled_from(NUMBERS[order])), day) for day in shown]
    expected = order if any(day.day > 12 for day in shown) else None
    assert day_order(texts) == expected


@given(moment=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)))
def test_times(moment):
    texts = f"{moment:%H:%M}", f"{moment:%H.%M}", f"{moment:%I:%M %p}", f"{moment:%H:%M:%S}", f"{moment:%Hh%M}"
    assert {parse_time(text) for text in texts} == {moment}
    assert time_in(f"2026-11-27T{moment:%H:%M}:00") == time_in(f"27/11/2026 {moment:%I:%M %p}") == moment
    assert time_in("27.11.2026") is None


@pytest.mark.parametrize("text", ["24:00", "13 pm", "99am", "12:60", "noon", "", "9:5:5:5"])
def test_what_is_no_time(text):
    assert parse_time(text) is None


def test_times_in_words():
    assert [parse_time(text) for text in ("18 Uhr", "6 p.m.", "12 am", "12 pm")] == [
        time(18),
        time(18),
        time(0),
        time(12),
    ]


@given(st.text(max_size=200))
def test_any_text_is_a_day_or_none(text):
    for order in NUMBERS:
        found = parse_days(text, order)
        assert found is None or all(isinstance(day, date) for day in found)
        assert parse_time(text) is None or isinstance(parse_time(text), time)


def test_each_heading_means_one_field_and_is_written_as_it_is_looked_for():
    headings = [heading for names in HEADINGS.values() for heading in names]
    assert len(headings) == len(set(headings))
    assert [plain_heading(heading) for heading in headings] == headings
    for field, names in HEADINGS.items():
        for heading in names:
            for written in (heading.title(), heading.upper(), heading.replace(" ", "_"), f"{heading} (UTC)"):
                assert guess_columns([written]) == {field: written}


@given(st.permutations(["Start", "From", "Date", "Name", "Title", "End"]))
def test_of_two_columns_for_one_field_the_surer_one_takes_it_whatever_their_order(columns):
    assert guess_columns(columns) == {"starts_on": "Start", "ends_on": "End", "name": "Name"}
