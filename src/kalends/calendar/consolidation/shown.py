"""A consolidated calendar as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kalends.calendar.consolidation.master import MasterCalendar, MasterEvent

ROWS: Final = 30
"""Events that are shown; the rest is counted."""
HEADINGS: Final = ("Event", "First day", "Last day", "Type", "Impact", "Entries", "Differences")


def as_html(calendar: MasterCalendar) -> str:
    """The calendar in three lines and a table of its first events; everything in it is escaped."""
    lines = "<br>".join(map(escape, str(calendar).splitlines()))
    rows = [_row("td", _cells(event)) for event in calendar.events[:ROWS]]
    left = len(calendar.events) - len(rows)
    more = f"<p>… and {left:,} more.</p>" if left > 0 else ""
    return f"<p>{lines}</p><table><thead>{_row('th', HEADINGS)}</thead><tbody>{''.join(rows)}</tbody></table>{more}"


def _cells(event: MasterEvent) -> Sequence[str]:
    fields, open_ = event.fields, [conflict.group for conflict in event.conflicts if conflict.state != "settled"]
    settled = len(event.conflicts) - len(open_)
    differences = [f"{settled} settled"] if settled else []
    differences += [f"{group} is open" for group in open_]
    days = (str(fields.starts_on), str(fields.ends_on))
    return fields.name, *days, fields.type, fields.impact, str(len(event.members)), ", ".join(differences)


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
