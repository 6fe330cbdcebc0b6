import pytest

from kalends.demo.service import Filled, fill


class Ledger:
    """A door that writes down what goes through it, in order."""

    def __init__(self):
        self.steps = []

    def create_profile(self, *, profile):
        self.steps.append(("profile", profile.name))

    def upsert_events(self, *, events):
        self.steps.append(("events", len(events)))

    def read_calendar(self, *, calendar):
        self.steps.append(("calendar", calendar.label))

    def ingest(self, *, content, data_source, file_name, reported_at, date_range, columns):
        assert (data_source == "file") == bool(columns)
        assert date_range[0] <= date_range[1] < reported_at.date()
        self.steps.append((data_source, file_name, len(content)))


def test_everything_goes_through_the_door_in_order(company):
    door, told = Ledger(), []
    filled = fill(company=company, door=door, progress=lambda *step: told.append(step))
    assert door.steps[:2] == [("profile", "Nordlicht GmbH"), ("events", len(company.events))]
    assert door.steps[2:4] == [("calendar", "Agency"), ("calendar", "UK shop")]
    assert door.steps[4:] == [(file.data_source, file.name, len(file.content)) for file in company.files]
    assert told[-1] == (len(company.files), len(company.files), company.files[-1].name)
    assert filled == Filled(
        events=len(company.events),
        files=len(company.files),
        rows=sum(file.rows for file in company.files),
        size=sum(len(file.content) for file in company.files),
    )


def test_a_door_s_error_ends_the_filling(company):
    class Shut(Ledger):
        def ingest(self, **payload):
            raise OSError("the server is gone")

    with pytest.raises(OSError, match="gone"):
        fill(company=company, door=Shut())
