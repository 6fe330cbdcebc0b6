"""An answer kept beside its question: {"request": {...}, "response": {...}}.

Some platforms answer without saying whose numbers these are, of which days, or even which metrics: that stands in the
request alone. Whoever keeps both in one document loses nothing.
"""

from __future__ import annotations

from typing import Any


def asked(document: Any) -> tuple[dict[str, Any], Any]:
    """The request, empty where it was not kept, and the answer."""
    if isinstance(document, dict) and document.keys() == {"request", "response"}:
        request = document["request"]
        if isinstance(request, dict):
            return request, document["response"]
    return {}, document
