"""A company with pages, captions and a history, put straight into the stores."""

import random
from datetime import timedelta
from decimal import Decimal

import ibis
import pyarrow as pa
from sqlalchemy import insert

from kalends.base.ids import new_id
from kalends.messages import creator_pages
from kalends.messages.models import Caption, CreatorPage
from kalends.messages.page_schemas import PageIn

MONEY = "decimal(18, 6)"
HISTORY = ibis.schema(
    {
        "page_id": "!string", "message_id": "!string", "sent_at": "!timestamp('UTC')", "type": "!string",
        "caption_no": "int64", "price": MONEY, "recipients": "int64", "viewed": "int64", "purchased": "int64",
        "earnings": MONEY, "currency": "!string", "import_id": "!string", "source_row": "!int64",
    }
)  # fmt: skip
TIERS = {"Budget": 5, "Mid": 12, "Premium": 30}
CATEGORIES = ("morning", "story", "behind the scenes", "new set", "question", "thanks")


def add_page(work, name="Luna", **fields):
    """A page of New York."""
    return creator_pages.add_page(work, PageIn(name=name, **{"zone": "America/New_York", "currency": "USD"} | fields))


def add_captions(work, *, page=None, paid=40, free=40, first_no=1, seed=0, urgent=0.2):
    """A bank: of one page, or shared. Gives the rows."""
    dice = random.Random(seed)
    rows = [
        {
            "tenant_id": work.scope.tenant_id,
            "id": new_id(),
            "caption_no": first_no + at,
            "page_id": page.id if page else None,
            "text": f"Caption {first_no + at}",
            "price_tier": dice.choice(list(TIERS)) if at < paid else "Free",
            "category": dice.choice(CATEGORIES),
            "has_urgency": dice.random() < urgent,
            "language": "en",
            "is_active": True,
            "created_at": work.now,
            "changed_at": work.now,
        }
        for at in range(paid + free)
    ]
    work.session.execute(insert(Caption), rows)
    return rows


def add_history(work, pages, *, messages=100, captions=(), until=None, seed=0):
    """Messages of the last months, evenly over the pages, the last one a day before `until`."""
    dice, until = random.Random(seed), until or work.now
    paid = [each["caption_no"] for each in captions if each["price_tier"] != "Free"] or [None]
    free = [each["caption_no"] for each in captions if each["price_tier"] == "Free"] or [None]
    tiers = {each["caption_no"]: each["price_tier"] for each in captions}
    rows = []
    for page in pages:
        for at in range(messages):
            kind = "PPV" if dice.random() < 0.6 else "Bump"
            size = dice.randint(800, 1200)
            number = dice.choice(paid if kind == "PPV" else free)
            bought = dice.randint(0, 30) if kind == "PPV" else None
            price = Decimal(TIERS.get(tiers.get(number), 10)) if kind == "PPV" else None
            rows.append(
                {
                    "page_id": str(page.id), "message_id": f"{page.page_no}-{at}",
                    "sent_at": until - timedelta(days=45, hours=13 * (messages - at), minutes=dice.randint(0, 59)),
                    "type": kind, "caption_no": number, "price": price, "recipients": size,
                    "viewed": dice.randint(300, 600), "purchased": bought,
                    "earnings": price * bought if kind == "PPV" else None, "currency": "USD",
                    "import_id": "test", "source_row": at + 1,
                }
            )  # fmt: skip
    work.warehouse.create("page_messages", HISTORY)
    work.warehouse.append("page_messages", pa.Table.from_pylist(rows, schema=HISTORY.to_pyarrow()))
    return rows


def pages_of(work):
    """Every page."""
    return list(work.session.query(CreatorPage))
