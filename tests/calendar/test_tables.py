"""Spreadsheets of events in five languages, with the habits of their keepers; what became of each row is told."""

import io
import json
from datetime import date, datetime, time

import pytest
import xlsxwriter
from calendar_files import days, table

from kalends.base.reading import EmptyPayloadError, UnreadablePayloadError
from kalends.calendar.reading.tables import NoEventColumnsError

pytestmark = pytest.mark.unit


def said(reading, *names):
    return [tuple(entry.fields.get(name) for name in names) for entry in reading.entries]


def outcomes(reading):
    return [fate.outcome for fate in reading.fates]


def excel(*rows) -> bytes:
    """A workbook; dates are real ones, a text that begins with = is a formula."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet, day, moment = (
        book.add_worksheet("Plan"),
        book.add_format({"num_format": "dd.mm.yyyy"}),
        book.add_format({"num_format": "dd.mm.yyyy hh:mm"}),
    )
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(
                    at, column, value, moment if isinstance(value, datetime) and value.time() != time(0) else day
                )
            else:
                sheet.write(at, column, value)
    book.close()
    return content.getvalue()


LANGUAGES = {
    "en": "Campaign Name,Start Date,End Date,Channel,Status,Country\nFlash Sale,02/03/2026,13/03/2026,Email,Confirmed,GB\n",
    "de": "Kampagne;Von;Bis;Kanal;Stand;Land\nFrühjahrs-Rabatt;02.03.2026;13.03.2026;E-Mail;bestätigt;DE\n",
    "fr": "Titre;Date de début;Date de fin;Canal;Statut;Pays\nSoldes d’été;lundi 2 mars 2026;13 mars 2026;Email;confirmé;FR\n",
    "es": "Título;Fecha de inicio;Fecha de fin;Canal;Estado;País\nRebajas;2 de marzo de 2026;13 de marzo de 2026;Email;confirmada;ES\n",
    "it": "Titolo;Data inizio;Data fine;Canale;Stato;Paese\nSaldi;2 marzo 2026;13 marzo 2026;Email;confermata;IT\n",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_headings_and_words_in_five_languages(language, encoding):
    reading = table(LANGUAGES[language].encode(encoding))
    [row] = said(reading, "starts_on", "ends_on", "status", "type")
    assert row == ("2026-03-02", "2026-03-13", "confirmed", "promotional_period")
    [entry] = reading.entries
    assert [len(entry.fields[name]) for name in ("markets", "channels")] == [1, 1]
    assert outcomes(reading) == ["kept"]
    assert set(reading.columns.values()) == {"name", "starts_on", "ends_on", "channels", "status", "markets"}


def test_a_correction_wins_over_the_guess():
    content = "Title,Date,Live,Owner\nLaunch,2026-01-01,2026-03-02,Kim\n"
    assert days(table(content)) == [("2026-01-01", "2026-01-01")]
    reading = table(content, corrections={"Live": "starts_on", "Date": None, "Owner": "brands"})
    assert said(reading, "starts_on", "brands", "owner") == [("2026-03-02", ["Kim"], None)]
    assert reading.columns == {"Title": "name", "Live": "starts_on", "Owner": "brands"}


def test_a_header_that_only_a_person_understands():
    content = "Plan 2026,,\nAurora,,\nWas läuft,Los,Schluss\nMesse,12.3.2026,15.3.2026\n"
    with pytest.raises(NoEventColumnsError):
        table(content)
    told = {"Was läuft": "name", "Los": "starts_on", "Schluss": "ends_on"}
    reading = table(content, corrections=told)
    assert days(reading) == [("2026-03-12", "2026-03-15")]
    assert reading.notes == ["The header was found in row 3; the rows above it are titles."]


@pytest.mark.parametrize(
    ("header", "missing"),
    [("name,clicks", ["starts_on"]), ("date,clicks", ["name"]), ("cost,clicks", ["name", "starts_on"])],
)
def test_a_table_without_the_columns_of_an_event_names_what_is_missing(header, missing):
    with pytest.raises(NoEventColumnsError) as error:
        table(f"{header}\na,1\nb,2\n")
    columns = header.split(",")
    samples = dict(zip(columns, (["a", "b"], ["1", "2"]), strict=True))
    assert error.value.details == {"columns": columns, "missing": missing, "samples": samples}
    assert error.value.code == "no_event_columns"


# Days.


@pytest.mark.parametrize(
    ("shown", "order", "told", "expected", "is_noted"),
    [
        ("13/04/2026", "mdy", False, "2026-04-03", False),  # the 13th can only be a day
        ("04/13/2026", "dmy", False, "2026-03-04", False),
        ("05/04/2026", "dmy", False, "2026-04-03", True),
        ("05/04/2026", "mdy", False, "2026-03-04", True),
        ("05/04/2026", "mdy", True, "2026-03-04", False),
        ("2026-04-13", "dmy", False, "2026-04-03", True),
    ],
)
def test_whether_day_or_month_comes_first(shown, order, told, expected, is_noted):
    content = f"name,start\nA,03/04/2026\nB,{shown}\n"
    reading = table(content, order=order, is_order_told=told)
    assert reading.entries[0].fields["starts_on"] == expected
    first = "day" if order == "dmy" else "month"
    note = f"The dates do not show whether day or month comes first; the {first} was taken first."
    assert reading.notes == ([note] if is_noted else [])


def test_the_same_number_twice_shows_nothing_and_needs_no_note():
    assert table("name,start\nA,04/04/2026\n").notes == []


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("27.11.2026 - 30.11.2026", "2026-11-27", "2026-11-30"),
        ("27.11. – 30.11.2026", "2026-11-27", "2026-11-30"),
        ("27.–30.11.2026", "2026-11-27", "2026-11-30"),
        ("27-30 Nov 2026", "2026-11-27", "2026-11-30"),
        ("Nov 27–30, 2026", "2026-11-27", "2026-11-30"),
        ("Nov 27 - Dec 2, 2026", "2026-11-27", "2026-12-02"),
        ("28 Dec - 3 Jan 2027", "2026-12-28", "2027-01-03"),
        ("2026-11-27 to 2026-11-30", "2026-11-27", "2026-11-30"),
        ("2026-11-27/2026-11-30", "2026-11-27", "2026-11-30"),
        ("2026-11-27-2026-11-30", "2026-11-27", "2026-11-30"),
        ("2026-11-27..2026-11-30", "2026-11-27", "2026-11-30"),
        ("vom 27. bis 30. November 2026", "2026-11-27", "2026-11-30"),
        ("du 27 au 30 novembre 2026", "2026-11-27", "2026-11-30"),
        ("del 27 al 30 de noviembre de 2026", "2026-11-27", "2026-11-30"),
        ("dal 27 al 30 novembre 2026", "2026-11-27", "2026-11-30"),
        ("Fri 27 Nov 2026", "2026-11-27", "2026-11-27"),
        ("mar. 24 novembre 2026", "2026-11-24", "2026-11-24"),
        ("27-Nov-26", "2026-11-27", "2026-11-27"),
        ("2026-11-27T00:00:00Z", "2026-11-27", "2026-11-27"),
        ("27/11/2026 12:00 AM", "2026-11-27", "2026-11-27"),
        ("46353", "2026-11-27", "2026-11-27"),
        ("1er décembre 2026", "2026-12-01", "2026-12-01"),
    ],
)
def test_one_cell_says_a_day_or_two(cell, first, last):
    reading = table(f'name\tdates\nLaunch\t"{cell}"\n')
    assert days(reading) == [(first, last)]
    assert outcomes(reading) == ["kept"]


@pytest.mark.parametrize("cell", ["Nov 2026", "Q4", "tbd", "31.02.2026", "27.13.2026", "2026", "27.11.", "9" * 400])
def test_what_is_no_day_is_refused_and_shown(cell):
    reading = table(f"name,start\nLaunch,{cell}\nSale,27.11.2026\n")
    assert outcomes(reading) == ["refused", "kept"]
    assert reading.fates[0].reasons == (f"{cell[:60]!r} is no day; write it as 2026-11-27.",)
    assert reading.fates[0].where == "row 1"


def test_days_in_the_wrong_order_are_refused():
    reading = table("name,start,end\nLaunch,2026-11-30,2026-11-27\nSale,2026-11-27,2026-11-30\n")
    assert outcomes(reading) == ["refused", "kept"]
    assert reading.fates[0].reasons == ("It ends (2026-11-27) before it begins (2026-11-30).",)


def test_a_weekday_beside_the_date_says_what_the_date_is_worth():
    content = "name,start,weekday\nA,2026-11-27,Friday\nB,2026-10-08,Tuesday\nC,Fri 27.11.2026,\nD,2026-11-27,\n"
    reading = table(content)
    assert [entry.support for entry in reading.entries] == [1.5, 0.25, 1.5, 1.0]
    assert outcomes(reading) == ["kept", "mended", "kept", "kept"]
    assert reading.fates[1].reasons == ("2026-10-08 is a Thursday, not a Tuesday: check the date.",)


@pytest.mark.parametrize(
    ("days_of_week", "day"),
    [
        ("Monday Montag Mo lundi lun. lunes lunedì", "2026-11-23"),
        ("Tuesday Dienstag mardi martes martedì", "2026-11-24"),
        ("Wednesday Mittwoch mercredi miércoles mercoledì", "2026-11-25"),
        ("Thursday Donnerstag jeudi jueves giovedì", "2026-11-26"),
        ("Friday Freitag vendredi viernes venerdì", "2026-11-27"),
        ("Saturday Samstag Sonnabend samedi sábado sabato", "2026-11-28"),
        ("Sunday Sonntag dimanche domingo domenica", "2026-11-29"),
    ],
)
def test_weekdays_in_five_languages(days_of_week, day):
    rows = [f"{word};{word} {day};" for word in days_of_week.split()]
    reading = table("name;start;end\n" + "\n".join(rows) + "\n")
    assert set(outcomes(reading)) == {"kept"}
    assert {entry.support for entry in reading.entries} == {1.5}
    assert {entry.fields["starts_on"] for entry in reading.entries} == {day}


# Times, words and lists.


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("2026-11-27,2026-11-27,18:00,9.30 pm", ("18:00:00", "21:30:00", "Europe/Berlin")),
        ("2026-11-27,2026-11-27,18 Uhr,20h", ("18:00:00", "20:00:00", "Europe/Berlin")),
        ("2026-11-27T09:00:00,2026-11-27T17:30:00,,", ("09:00:00", "17:30:00", "Europe/Berlin")),
        ("2026-11-27 00:00:00,2026-11-30 23:59:59,,", (None, None, None)),
        ("2026-11-27 00:00,2026-11-30 00:00,,", (None, None, None)),
        ("2026-11-27,2026-11-30,,", (None, None, None)),
    ],
)
def test_times_of_day(cells, expected):
    reading = table(f"name,start,end,start time,end time\nLaunch,{cells}\n")
    assert said(reading, "start_time", "end_time", "zone") == [expected]
    assert outcomes(reading) == ["kept"]


def test_half_a_time_and_an_unknown_zone_are_told():
    content = "name,start,start time,end time,time zone\nA,2026-11-27,09:00,,\nB,2026-11-27,09:00,10:00,Mars time\nC,2026-11-27,9am,1pm,Pacific Standard Time\n"
    reading = table(content)
    assert said(reading, "zone", "end_time") == [
        (None, None),
        ("Europe/Berlin", "10:00:00"),
        ("America/Los_Angeles", "13:00:00"),
    ]
    assert outcomes(reading) == ["mended", "mended", "kept"]
    assert "both" in reading.fates[0].reasons[0]
    assert "'Mars time' is unknown" in reading.fates[1].reasons[0]


def test_several_values_in_a_cell():
    content = 'name,start,markets,channels,brands\nA,2026-11-27,"US; de / UK",email|social,"Aurora,Nova"\n'
    [entry] = table(content).entries
    assert entry.fields["markets"] == ["US", "DE", "GB"]
    assert entry.fields["channels"] == ["email", "social"]
    assert entry.fields["brands"] == ["Aurora", "Nova"]


def test_what_is_not_understood_is_left_out_and_told():
    reading = table("name,start,impact,status,type,effect\nA,2026-11-27,purple,perhaps,gizmo,sideways\n")
    assert set(reading.entries[0].fields) == {"name", "starts_on", "ends_on"}
    assert reading.fates[0].reasons == tuple(
        f"{text!r} was not understood as {name} and left out."
        for name, text in (("type", "gizmo"), ("impact", "purple"), ("direction", "sideways"), ("status", "perhaps"))
    )


def test_blanks_as_programs_write_them():
    content = "name,start,end,impact,status,description\nA,2026-11-27,NaT,nan,N/A,null\n-,2026-11-28,-,,,\n"
    reading = table(content)
    assert [set(entry.fields) for entry in reading.entries] == [{"name", "starts_on", "ends_on"}]
    assert reading.fates[0].outcome == "kept"


def test_formulas_stay_text():
    content = "name,start,description\n=cmd|' /C calc'!A0,2026-11-27,=1+1\n@SUM(A1),2026-11-28,+1\n"
    reading = table(content)
    assert said(reading, "name", "description") == [("=cmd|' /C calc'!A0", "=1+1"), ("@SUM(A1)", "+1")]
    assert outcomes(reading) == ["kept", "kept"]


def test_texts_too_long_are_cut_and_told():
    reading = table(f"name,start,description,id\n{'n' * 400},2026-11-27,{'d' * 30_000},{'k' * 5_000}\n")
    [entry] = reading.entries
    assert [len(text) for text in (entry.fields["name"], entry.fields["description"], entry.key)] == [300, 20_000, 133]
    assert reading.fates[0].reasons == (
        "Its name was cut after 300 characters.",
        "Its description was cut after 20,000 characters.",
    )


def test_characters_that_a_database_does_not_take():
    content = json.dumps([{"name": "A\x00B \ud800", "start": "2026-11-27", "id": "\udfffx"}])
    reading = table(content)
    [entry] = reading.entries
    assert (entry.fields["name"], entry.key) == ("AB ?", "?x")


# Keys.


def test_keys_follow_name_and_year_and_not_the_day_or_the_order():
    rows = ["Sale,2026-11-27", "Sale,2026-12-27", "Sale,2027-11-26", "Launch,2026-11-27"]

    def keys(*chosen):
        reading = table("name,start,end\n" + "".join(f"{row},\n" for row in chosen) + "Span,2026-01-01,2026-01-02\n")
        return {entry.fields["starts_on"] + entry.fields["name"]: entry.key for entry in reading.entries}

    assert len(set(keys(*rows).values())) == 5
    assert keys(*rows) == keys(*reversed(rows))
    moved = keys("Sale,2026-11-20", *rows[1:])
    assert moved["2026-11-20Sale"] == keys(*rows)["2026-11-27Sale"]


def test_a_key_column_is_the_key_and_one_that_comes_twice_is_counted():
    reading = table("id,name,start,end\n7,A,2026-11-27,\n7,B,2026-11-28,2026-11-29\n")
    assert [entry.key for entry in reading.entries] == ["7", "7#2"]


# Rows.


def test_a_row_for_each_day():
    content = "date,event\n2026-11-27,Sale\n2026-11-28,Sale\n2026-11-29,\n2026-11-30,Sale\n2026-12-01,Launch\n"
    reading = table(content)
    assert said(reading, "name", "starts_on", "ends_on") == [
        ("Sale", "2026-11-27", "2026-11-28"),
        ("Sale", "2026-11-30", "2026-11-30"),
        ("Launch", "2026-12-01", "2026-12-01"),
    ]
    assert outcomes(reading) == ["kept"] * 5
    assert [fate.entries for fate in reading.fates] == [1, 0, 0, 1, 1]
    assert reading.fates[1].reasons == ("It is a day of the event in row 1.",)


def test_a_row_for_each_day_and_market_whatever_the_order():
    rows = [f"2026-11-{day},Sale,{market}" for day in (27, 28, 29) for market in ("US", "DE")]
    for shuffled in (rows, rows[::-1], rows[::2] + rows[1::2]):
        reading = table("date,event,market\n" + "\n".join([*shuffled, rows[0]]) + "\n")
        found = sorted(said(reading, "markets", "starts_on", "ends_on"))
        assert found == [(["DE"], "2026-11-27", "2026-11-29"), (["US"], "2026-11-27", "2026-11-29")]


def test_days_joined_are_worth_what_the_worst_is():
    reading = table("date,event,weekday\n2026-11-27,Sale,Friday\n2026-11-28,Sale,Monday\n")
    assert [entry.support for entry in reading.entries] == [0.25]


def test_rows_with_an_end_are_not_joined():
    content = "start,end,event\n2026-11-27,2026-11-27,Sale\n2026-11-28,2026-11-28,Sale\n"
    assert len(table(content).entries) == 2


def test_a_nameless_row_among_events_is_refused_and_a_dayless_one():
    reading = table("name,start,end\n,2026-11-27,2026-11-28\nA,,\nB,2026-11-27,2026-11-28\n")
    assert outcomes(reading) == ["refused", "refused", "kept"]
    assert [fate.reasons[0] for fate in reading.fates[:2]] == ["The row has no name.", "The row has no day."]


def test_a_row_with_too_many_cells_is_refused_and_shown():
    reading = table("name,start\nSale, again,2026-11-27\nLaunch,2026-11-28\n")
    assert outcomes(reading) == ["refused", "kept"]
    assert '["Sale", "again", "2026-11-27"]' in reading.fates[0].reasons[1]


def test_title_rows_above_the_header():
    content = "Marketing plan,,\nexported 2026-03-02,,\n,,\nWhat,From,To\nSale,2026-11-27,2026-11-30\n"
    reading = table(content)
    assert days(reading) == [("2026-11-27", "2026-11-30")]
    assert reading.notes == ["The header was found in row 3; the rows above it are titles."]


def test_a_header_of_two_rows():
    content = "Campaign,,Period,\nName,Channel,Start,End\nSale,Email,2026-11-27,2026-11-30\n"
    assert said(table(content), "name", "channels", "ends_on") == [("Sale", ["Email"], "2026-11-30")]


def test_a_row_much_wider_than_the_header_does_not_hide_it():
    content = "Plan\nname,start\nSale,2026-11-27\n" + ",".join("abcdefgh") + "\n"
    assert outcomes(table(content)) == ["kept", "refused"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter, end):
    rows = ["name,start,end", '"Sale"" 1",2026-11-27,2026-11-30', '"two\nlines",2026-12-01,2026-12-02']
    content = end.join(row.replace(",", delimiter) for row in rows)
    assert said(table(content), "name") == [('Sale" 1',), ("two\nlines",)]
    assert table("sep=|\n" + content.replace(delimiter, "|")).notes == []


QUOTED = ['"A","2026-11-27"', '"B, b","2026-11-28"', '"C\nc","2026-11-29"', '"D","2026-11-30"']


@pytest.mark.parametrize("broken", range(4))
@pytest.mark.parametrize("at", [0, -1])
def test_a_quote_that_is_never_closed_costs_its_own_row_only(broken, at):
    rows = list(QUOTED)
    rows[broken] = rows[broken][1:] if at == 0 else rows[broken][:-1]
    reading = table("name,start\n" + "\n".join(rows) + "\n")
    whole = {
        entry.fields["name"]: entry.fields["starts_on"] for entry in table("name,start\n" + "\n".join(QUOTED)).entries
    }
    found = {entry.fields["name"]: entry.fields["starts_on"] for entry in reading.entries}
    others = {name: day for at, (name, day) in enumerate(whole.items()) if at != broken}
    assert others.items() <= found.items()


def test_a_quote_that_is_never_closed_is_told():
    reading = table('name,start\n"Sale,2026-11-27\nLaunch,2026-11-28\n')
    assert said(reading, "name") == [("Sale",), ("Launch",)]
    assert reading.notes == ["1 rows have a quote that is never closed; it was left out."]


# Excel.


def test_excel_with_real_dates_serials_and_formulas():
    content = excel(
        ["Aurora 2026"],
        ["Name", "Start", "End", "Notes"],
        ["Sale", date(2026, 11, 27), date(2026, 11, 30), "=HYPERLINK(1)"],
        ["Serial", 46353, 46356.0, None],
        [],
        ["Timed", datetime(2026, 11, 27, 9, 30), datetime(2026, 11, 27, 17), None],
        ["Text", "27.11.2026", "30.11.2026", None],
        ["Wrong", date(2026, 11, 30), date(2026, 11, 27), None],
    )
    reading = table(content)
    assert said(reading, "name", "starts_on", "ends_on", "start_time") == [
        ("Sale", "2026-11-27", "2026-11-30", None),
        ("Serial", "2026-11-27", "2026-11-30", None),
        ("Timed", "2026-11-27", "2026-11-27", "09:30:00"),
        ("Text", "2026-11-27", "2026-11-30", None),
    ]
    assert outcomes(reading) == ["kept"] * 4 + ["refused"]
    assert [fate.where for fate in reading.fates] == ["row 1", "row 2", "row 4", "row 5", "row 6"]


# JSON, and the three shapes that other calendars have.


@pytest.mark.parametrize("envelope", [None, "events", "campaigns", "data", "results"])
def test_json_in_an_envelope_or_none(envelope):
    rows = [
        {"campaignName": "Sale", "startDate": "2026-11-27", "endDate": "2026-11-30", "markets": ["US", "DE"]},
        {"campaignName": "Launch", "startDate": "2026-12-01", "endDate": None},
    ]
    reading = table(json.dumps({envelope: rows} if envelope else rows))
    assert said(reading, "name", "markets") == [("Sale", ["US", "DE"]), ("Launch", None)]


def test_json_lines_and_broken_ones():
    reading = table('{"name": "A", "start": "2026-11-27", "end": "2026-11-28"}\n{"name": "B", "sta\n[1]\n')
    assert outcomes(reading) == ["kept", "refused", "refused"]


def test_json_that_is_no_table():
    for content in ("[" * 100_000, '{"a":' * 2_000 + "1" + "}" * 2_000, "{}", "[1, 2]", "{", '"text"', "null"):
        with pytest.raises(UnreadablePayloadError):
            table(content)
    with pytest.raises(EmptyPayloadError):
        table(b"")


def test_a_plain_calendar_dimension():
    rows = ["date,day_name,is_weekend,is_holiday,holiday_name"]
    rows += [
        f"2026-12-{day:02},{name},0,0,{nothing}"
        for day, name, nothing in ((22, "Tuesday", "None"), (23, "Wednesday", ""))
    ]
    rows += ["2026-12-24,Thursday,0,0,Christmas Eve", "2026-12-25,Friday,0,1,Christmas", "2026-12-26,Saturday,1,true,"]
    reading = table("\n".join(rows) + "\n")
    assert said(reading, "name", "starts_on") == [("Christmas Eve", "2026-12-24"), ("Christmas", "2026-12-25")]
    assert outcomes(reading) == ["kept", "kept", "kept", "kept", "refused"]
    assert reading.fates[4].reasons == ("The day is marked as special and has no name.",)
    assert [entry.support for entry in reading.entries] == [1.5, 1.5]


def test_a_causal_marketing_calendar_with_effects():
    content = """date,event_name,event_type,effect,impact_level,baseline
2026-11-26,,,,,100
2026-11-27,Black Friday,promotional_period,0.35,high,101
2026-11-28,Black Friday,promotional_period,0.35,high,99
2026-12-05,Rival launch,competitor_event,-12.5 %,medium,100
2026-12-06,Audit,other,0,low,100
"""
    assert said(table(content), "name", "ends_on", "type", "direction", "impact") == [
        ("Black Friday", "2026-11-28", "promotional_period", "up", "high"),
        ("Rival launch", "2026-12-05", "competitor_event", "down", "medium"),
        ("Audit", "2026-12-06", "other", "none", "low"),
    ]


def test_a_table_of_campaigns():
    content = """campaign_id,campaign_name,start_date,end_date,channel,budget
c1,Spring sale,2026-03-02,2026-03-13,email,1000
c2,Brand,2026-04-01,2026-04-30,"social;search",2500.50
"""
    reading = table(content)
    assert [entry.key for entry in reading.entries] == ["c1", "c2"]
    assert said(reading, "name", "ends_on", "channels") == [
        ("Spring sale", "2026-03-13", ["email"]),
        ("Brand", "2026-04-30", ["social", "search"]),
    ]
    assert "budget" not in reading.columns


def test_a_parquet_file_is_told_what_to_be():
    with pytest.raises(UnreadablePayloadError, match="CSV, Excel, JSON"):
        table(b"PAR1" + b"\x00" * 100)


def test_more_rows_than_are_read(monkeypatch):
    from kalends.calendar.reading import tablerows, tables

    for module in (tablerows, tables):
        monkeypatch.setattr(module, "MAX_ROWS", 3)
    reading = table("name,start\n" + "".join(f"E{n},2026-11-{n}\n" for n in range(10, 20)))
    assert (len(reading.entries), reading.notes) == (3, ["Only the first 3 rows were read."])
