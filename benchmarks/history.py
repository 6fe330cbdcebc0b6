"""How much work is it to read a history of messages, and does the work grow with the rows and no faster?

    python benchmarks/history.py [--rows 25000,100000,400000] [--pages 50]

A real house: embedded PostgreSQL, an encrypted DuckDB file. The file is a CSV as operators have it: times on the page's
own clock, amounts with a currency sign, counts with a comma, one row in a hundred to be set aside, one in a hundred
twice. Told in seconds of the processor, of all threads: the parsing of the file, the staging (every row understood and
checked, the bad ones told one by one), and the whole import as the job does it, written and reported.
Bounds: 3 s to stage 100,000 rows; each size at most 1.2 times what the rows of the one before it make.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from bounds import Bound, judge
from kalends.base.scope import Scope
from kalends.base.settings import Settings
from kalends.base.work import House
from kalends.base.worker import run_task
from kalends.identity.service import Door, create_tenant
from kalends.marketing.reading import Way, open_raw
from kalends.messages import creator_pages
from kalends.messages.intake import imports
from kalends.messages.intake.fields import layout
from kalends.messages.intake.history import Bank, KnownPage, Terms, stage_history
from kalends.messages.page_schemas import PageIn
from kalends.server import open_house

HEAD = "message_id,page_name,sent_at,message_type,caption_id,price,recipients,viewed,purchased,earnings"
FIRST, SPAN = datetime(2024, 1, 1, 5, tzinfo=UTC), timedelta(days=700)
ZONE = "America/New_York"
LEAST_ROWS = 100_000
"""Below that the constant part of the work hides the growth."""


def history(*, rows: int, pages: int) -> bytes:
    """A file of so many rows, drawn by a fixed seed."""
    chance = random.Random(7)
    lines = [HEAD]
    for number in range(rows):
        if number % 100 == 50:
            lines.append(lines[-1])
            continue
        sent = (FIRST + SPAN * (number / rows)).strftime("%Y-%m-%d %H:%M:%S")
        if number % 100 == 99:
            sent = "some day"
        size, bought, is_paid = chance.randint(1_000, 60_000), chance.randint(1, 300), chance.random() < 0.55
        paid = f'PPV,{number % 500},$12.00,"{size:,}",{size // 3},{bought},"${bought * 12:,}.00"'
        bump = f'Bump,{number % 500},,"{size:,}",{size // 3},,'
        lines.append(f"m{number},Page {number % pages},{sent},{paid if is_paid else bump}")
    return "\n".join(lines).encode()


def staging(house: House, tenant_id: UUID, content: bytes, *, pages: int) -> tuple[float, float]:
    """Seconds of the processor to parse the file, and to stage its rows."""
    known = [KnownPage(f"p{at}", (f"Page {at}",), ZONE, "USD") for at in range(pages)]
    bank = Bank(pages=known, captions=[(number, None, f"Caption {number}") for number in range(500)])
    began = time.process_time()
    with (
        house.warehouse.tenant(tenant_id) as warehouse,
        warehouse.scratch() as con,
        open_raw(con, lambda: io.BytesIO(content), way=Way.ROWS) as raw,
    ):
        parsed, table = time.process_time(), raw.tables[0]
        staged = stage_history(con, table, layout("history", table.columns, {}), bank=bank, terms=Terms(),
                               now=datetime.now(UTC), most_problems=imports.MOST_PROBLEMS)  # fmt: skip
        done = time.process_time()
    assert staged.received == staged.rows.num_rows + staged.repeated + staged.rejected
    assert staged.rejected == staged.received // 100
    return parsed - began, done - parsed


def importing(house: House, tenant_id: UUID, content: bytes, *, pages: int) -> float:
    """Seconds of the processor for the whole import."""
    scope = Scope(tenant_id=tenant_id, role="owner", label="bench")
    with house.work(scope) as work:
        for at in range(pages):
            creator_pages.add_page(work, PageIn(name=f"Page {at}", zone=ZONE, currency="USD"))
    door = Door(house=house, scope=scope, is_local=False)
    began = time.process_time()
    made = imports.land(door, io.BytesIO(content), kind="history", file_name="history.csv")
    with house.work(scope) as work:
        (task_id,) = work.session.execute(text("SELECT id FROM tasks WHERE subject_id = :id"), {"id": made}).one()
    run_task(house, tenant_id, task_id)
    took = time.process_time() - began
    with house.work(scope) as work:
        assert imports.get_import(work, import_id=made).state == "loaded"
    return took


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", default="25000,100000,400000")
    options.add_argument("--pages", type=int, default=50)
    given = options.parse_args()
    sizes, figures = [int(size) for size in given.rows.split(",")], []
    bounds = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        Path(folder).chmod(0o755)
        with open_house(Settings(home=Path(folder), worker=False)) as house:
            house.warehouse.warm_up()
            for size in sizes:
                tenant_id = create_tenant(house, name=f"{size} rows")
                content = history(rows=size, pages=given.pages)
                parsed, staged = staging(house, tenant_id, content, pages=given.pages)
                whole = importing(house, tenant_id, content, pages=given.pages)
                figures.append((size, staged, whole))
                grown = ""
                if len(figures) > 1:
                    before, earlier, earlier_whole = figures[-2]
                    growth, growth_whole = (now / then / (size / before)
                                            for now, then in ((staged, earlier), (whole, earlier_whole)))  # fmt: skip
                    grown = f"; a row costs {growth:.2f} times as much to stage, {growth_whole:.2f} times in all"
                    if before >= LEAST_ROWS:
                        bounds.append(Bound(f"{before:,} to {size:,} rows, cost of a row", growth, at_most=1.2))
                print(f"{size:>9,} rows: parse {parsed:.2f} s, stage {staged:.2f} s, whole import {whole:.2f} s{grown}")
                if size == LEAST_ROWS:
                    bounds.append(Bound("100,000 rows staged, s of the processor", staged, at_most=3))
    return judge(bounds)


if __name__ == "__main__":
    sys.exit(main())
