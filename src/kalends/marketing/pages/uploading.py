"""The upload pages: a file is sent once, looked at, corrected, and loaded without being sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from kalends.base.errors import BadInputError, KalendsError
from kalends.base.forms import SentForm
from kalends.base.pages import Choice, flash, render
from kalends.base.work import Work
from kalends.identity.service import Door, door, permit, workspace
from kalends.marketing import batches, drafts, serieslist, service, words
from kalends.marketing.bodies import read_body
from kalends.marketing.mapping.generic import SYNONYMS
from kalends.marketing.mapping.orders import TARGETS as ORDER_TARGETS
from kalends.marketing.mapping.wide import unit_in
from kalends.marketing.models import Batch, Draft
from kalends.marketing.preview import (
    FILE,
    SERIES_TARGETS,
    Preview,
    cells_of,
    doubly_taken,
    guess_source,
    is_target,
    name_problem,
    preview,
    source_choices,
)
from kalends.marketing.sampling import take_sample
from kalends.marketing.serieslist import LONGEST_UNIT
from kalends.marketing.stewardship.rules import conversion_rules

router = APIRouter(include_in_schema=False)

Writer = Annotated[Work, permit("data.write")]
Uploader = Annotated[Door, door("data.write")]
LONGEST_NAME = 300


@router.get("/data/upload")
def show_upload(request: Request, work: Writer) -> Response:
    """Where files are dropped, and what was uploaded and not loaded yet."""
    drafts.sweep(work)
    return render(request, "data/upload.html", drafts=drafts.waiting(work), now=work.now, words=words)


@router.post("/data/upload")
def take_upload(
    request: Request,
    door: Uploader,
    file_name: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
    modified: Annotated[int | None, Query(ge=0, le=4_102_444_800_000, description="Unix time in ms.")] = None,
) -> Response:
    """Keep the body as a draft, guess where it is from, and say where to look at it."""
    reported_at = batches.file_time(modified / 1000) if modified else None
    draft_id = drafts.land(door, read_body(request), file_name=file_name, reported_at=reported_at)
    source = _guess(door, draft_id, file_name)
    with door.work() as work:
        drafts.change(work, draft_id=draft_id, data_source=source, options={})
    return JSONResponse({"href": f"/data/upload/{draft_id}"}, status_code=201)


def _to(batch: Batch) -> Response:
    return RedirectResponse(f"/data/batches/{batch.id}", status_code=303)


def _guess(door: Door, draft_id: UUID, file_name: str) -> str:
    """The likely source; a file that cannot even be sampled says why on its own page."""
    with door.work() as work:
        file_id = drafts.get(work, draft_id).file_id
    try:
        sample = take_sample(lambda: door.house.files.open(door.scope.tenant_id, file_id))
        return guess_source(sample, file_name=file_name)
    except BadInputError:
        return FILE


@router.get("/data/upload/{draft_id}")
def show_draft(request: Request, work: Writer, draft_id: UUID) -> Response:
    """The page of one draft, or the batch that it became. The look into the file follows: it may take a moment."""
    if batch := drafts.batch_of(work, draft_id):
        return _to(batch)
    return render(request, "data/draft.html", draft=drafts.get(work, draft_id), errors={}, words=words)


@router.get("/data/upload/{draft_id}/preview")
def show_preview(request: Request, work: Writer, draft_id: UUID) -> Response:
    """How the file would be read."""
    draft = drafts.get(work, draft_id)
    return render(request, "data/preview.html", **_shown(work, draft, _stored(draft)))


@router.post("/data/upload/{draft_id}")
def correct_draft(request: Request, work: Writer, draft_id: UUID, sent: SentForm) -> Response:
    """Keep what was corrected and look again. One of two days alone is no error yet: the other may follow."""
    draft = drafts.get(work, draft_id)
    told = _told(work, draft, sent)
    errors = told.errors()
    if not errors:
        _keep(work, draft, told)
    return render(request, "data/preview.html", **_shown(work, draft, told, errors))


@router.post("/data/upload/{draft_id}/load")
def load_draft(request: Request, work: Writer, draft_id: UUID, sent: SentForm) -> Response:
    """Load the file as it was last corrected. A second call leads to the same batch."""
    if batch := drafts.batch_of(work, draft_id):
        return _to(batch)
    draft = drafts.get(work, draft_id)
    told = _told(work, draft, sent)
    if errors := told.missing() | told.errors():
        return render(request, "data/draft.html", status=422, **_shown(work, draft, told, errors))
    _keep(work, draft, told)
    serieslist.set_units(work, told.units)
    return _to(drafts.load(work, draft_id=draft_id))


@router.post("/data/upload/{draft_id}/discard")
def discard_draft(work: Writer, draft_id: UUID) -> Response:
    """Remove the upload."""
    drafts.discard(work, draft_id=draft_id)
    answer = RedirectResponse("/data/upload", status_code=303)
    flash(answer, text="Discarded. Nothing of the file was kept.")
    return answer


class Corrections(BaseModel):
    """What the preview's form says."""

    data_source: str
    reported_at: datetime | None = None
    first: date | None = None
    last: date | None = None
    decimal_mark: str | None = None
    day_order: str | None = None
    columns: dict[str, str | None] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)

    def errors(self) -> dict[str, str]:
        """Field -> what does not fit and what would."""
        found = {}
        if self.own_source and (problem := name_problem(self.own_source)):
            found["own_source"] = problem
        if self.first and self.last and self.last < self.first:
            found["last"] = f"The last day comes before the first, {self.first}."
        if any(len(unit) > LONGEST_UNIT or not unit.isprintable() for unit in self.units.values()):
            found["unit"] = f"A unit has at most {LONGEST_UNIT} characters, as “EUR” or “%”."
        for target, columns in doubly_taken(self.columns).items():
            named = " and ".join(f"“{column}”" for column in columns)
            found[f"double-{target}"] = f"{named} are both “{words.field_name(target)}”: choose one of them."
        return found

    def missing(self) -> dict[str, str]:
        """Field -> what has to be said before the file can be loaded."""
        if (self.first is None) == (self.last is None):
            return {}
        return {"last" if self.first else "first": "Give both the first and the last day, or neither."}

    @property
    def rules(self) -> str:
        """Whose rules read the file: a platform's, or those of other files, whatever the company calls them."""
        return self.data_source if self.data_source in source_choices() else FILE

    @property
    def own_source(self) -> str:
        """The name that the company gave to other files; '' where it gave none."""
        return self.data_source if self.data_source not in source_choices() else ""

    def options(self) -> dict[str, Any]:
        """As a batch keeps them."""
        days = (self.first, self.last) if self.first and self.last and self.first <= self.last else ()
        told = {
            "date_range": [day.isoformat() for day in days],
            "columns": self.columns,
            "units": self.units,
            "decimal_mark": self.decimal_mark,
            "day_order": self.day_order,
        }
        return {name: value for name, value in told.items() if value}


def _keep(work: Work, draft: Draft, told: Corrections) -> None:
    """Write the corrections down."""
    drafts.change(
        work, draft_id=draft.id, data_source=told.data_source, options=told.options(), reported_at=told.reported_at
    )


def _stored(draft: Draft) -> Corrections:
    """The corrections that were written down."""
    first, last = draft.options.get("date_range", (None, None))
    return Corrections(
        **draft.options, data_source=draft.data_source, reported_at=draft.reported_at, first=first, last=last
    )


def _told(work: Work, draft: Draft, sent: FormData) -> Corrections:
    """The corrections that were sent; without a form, those that were written down."""
    if "data_source" not in sent:
        return _stored(draft)
    told = _read(sent, zone=workspace(work).zone)
    # Columns that were chosen for one source mean nothing to another one's rules.
    return told if told.rules == _stored(draft).rules else told.model_copy(update={"columns": {}})


def _read(sent: FormData, *, zone: str) -> Corrections:
    """The form's fields as values; what is no value of its kind is taken as not given."""
    text = {name: value.strip() for name, value in sent.items() if isinstance(value, str)}
    source = text.get("data_source", "")
    is_platforms = source in source_choices() and source != FILE
    return Corrections(
        data_source=source if is_platforms else text.get("own_source") or FILE,
        reported_at=_instant(text.get("reported_at", ""), zone=zone),
        first=_day(text.get("first", "")),
        last=_day(text.get("last", "")),
        decimal_mark=mark if (mark := text.get("decimal_mark")) in {".", ","} else None,
        day_order=order if (order := text.get("day_order")) in {"day_first", "month_first"} else None,
        columns=_chosen(sent),
        units={name: unit for name, text in _pairs(sent, "unit") if (unit := text.strip())},
    )


def _chosen(sent: FormData) -> dict[str, str | None]:
    """The corrected columns."""
    return {
        name: None if choice == "-" else choice
        for name, choice in _pairs(sent, "field")
        if choice and is_target(choice)
    }


def _pairs(sent: FormData, field: str) -> Iterator[tuple[str, str]]:
    """What was sent for each column: names and values come as two lists of the same length."""
    names, values = ([value for value in sent.getlist(key) if isinstance(value, str)] for key in ("column", field))
    yield from zip(names, values, strict=False)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _instant(text: str, *, zone: str) -> datetime | None:
    """A wall time of the workspace as an instant."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except ValueError:
        return None


def _shown(work: Work, draft: Draft, told: Corrections, errors: dict[str, str] | None = None) -> dict[str, Any]:
    """The look into the file as it was told to be read, or in words why there is none."""
    found, problem = _look(work, draft, told)
    return {
        "draft": draft,
        "told": told,
        "preview": found,
        "problem": problem,
        "aside": [(row, cells_of(row.raw)) for row in found.aside] if found else [],
        "errors": errors or {},
        "sources": [
            Choice(words.source_name(name), value=name, current=name == told.rules) for name in source_choices()
        ],
        "own_sources": [source.name for source in service.list_sources(work) if source.name not in words.SOURCE_NAMES],
        "known_units": _known_units(work, found),
        "targets": _targets(found),
        "reported": (told.reported_at or draft.reported_at).astimezone(ZoneInfo(workspace(work).zone)),
        "words": words,
    }


def _look(work: Work, draft: Draft, told: Corrections) -> tuple[Preview | None, KalendsError | None]:
    """The preview; or the error that the whole file meets."""
    try:
        sample = take_sample(lambda: work.house.files.open(work.scope.tenant_id, draft.file_id))
        found = preview(
            sample,
            data_source=told.data_source,
            file_name=draft.file_name,
            options=told.options(),
            now=work.now,
            counted=conversion_rules(work)[1],
        )
    except BadInputError as error:
        return None, error
    return found, None


def _known_units(work: Work, found: Preview | None) -> dict[str, str | None]:
    """What each series of a wide file is measured in, where nobody says otherwise."""
    if found is None or found.layout != "wide":
        return {}
    return {column.name: unit_in(column.name) for column in found.columns} | serieslist.units_of(work)


def _targets(found: Preview | None) -> list[tuple[str, list[Choice]]]:
    """What a column can be taken for, in groups. In a wide file each column is a series of some role."""
    series = [
        Choice(words.field_name(name).removeprefix("Series: ").capitalize(), value=name) for name in SERIES_TARGETS
    ]
    if found is not None and found.layout == "wide":
        return [("Series", series)]
    if found is not None and found.layout == "orders":
        order = [Choice(words.role_name(name), value=name) for name in ORDER_TARGETS]
        return [("Order", order), ("Neither", [Choice("Not used", value="-")])]
    fields = [Choice(words.field_name(name), value=name) for name in SYNONYMS]
    return [("Field", fields), ("Series", series), ("Neither", [Choice("Not used (kept beside the row)", value="-")])]
