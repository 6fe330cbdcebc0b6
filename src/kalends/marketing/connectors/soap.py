"""As much of SOAP 1.1 as a client needs: envelopes out, elements in. Namespaces are left aside when reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.sax.saxutils import escape

from kalends.marketing.connectors.signals import Malformed

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
NIL: Final = f"{{{XSI}}}nil"


class _Plain(TreeBuilder):
    """Elements and text alone: entities of a document's own could swell without end, and SOAP has none (3)."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 (expat's shape)
        """Raises Malformed."""
        raise Malformed("The answer declares a document type, which SOAP forbids.")


def envelope(namespace: str, action: str, headers: Mapping[str, str], body: str) -> bytes:
    """A call. `headers` are escaped here; `body` is XML already."""
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in headers.items())
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:i="{XSI}">'
        f'<s:Header xmlns="{namespace}"><Action mustUnderstand="1">{action}</Action>{told}</s:Header>'
        f'<s:Body><{action}Request xmlns="{namespace}">{body}</{action}Request></s:Body></s:Envelope>'
    ).encode()


def parsed(content: bytes) -> Element:
    """The document. Raises Malformed."""
    parser = XMLParser(target=_Plain())  # noqa: S314 (no document type gets through)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except ParseError:
        raise Malformed("The answer is no XML.") from None
    return root


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def all_named(root: Element, name: str) -> Iterator[Element]:
    """Every element of that name, however deep."""
    return (element for element in root.iter() if local(element) == name)


def child(parent: Element, name: str) -> str:
    """The text of a direct child; '' where there is none, or nothing in it."""
    found = next((one for one in parent if local(one) == name), None)
    return "" if found is None or found.get(NIL) == "true" else (found.text or "").strip()


def only(root: Element, name: str) -> Element:
    """The first element of that name. Raises Malformed."""
    found = next(all_named(root, name), None)
    if found is None:
        raise Malformed(f"The answer has no {name}.")
    return found
