"""What a payload is, told by its first bytes and not by its name."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass

from kalends.base.reading.errors import EmptyPayloadError, NoTextError
from kalends.base.reading.unpack import Payload, Unpacking, is_excel

HEAD_BYTES = 1 << 20
LOOKED_AT = 1 << 12
"""Bytes that show whether a file is text: pictures, programs and archives are something else from the start."""
MOST_CONTROLS = 0.05
"""The share of characters that text never has by more than accident; of random bytes they are 10 %."""
MOST_DAMAGED = 0.75
"""The share of characters in lines that hold control characters, of a file that is damaged and still text."""
_CONTROLS = {*map(chr, range(32)), "\x7f"} - set("\t\n\v\f\r\x1a\x1b\x1c\x1d\x1e\x1f")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Sniffed:
    """`format` is ndjson, json, csv, parquet or excel; `encoding` a Python codec; `head` the first plain bytes."""

    format: str
    encoding: str
    head: bytes


def sniff(payload: Payload) -> Sniffed:
    """Look at the first megabyte. Raises EmptyPayloadError where there is nothing but white space, and NoTextError
    where it is neither text nor a table of another kind.
    """
    head, chunks = b"", iter(Unpacking(payload))
    for chunk in chunks:  # an archive gives its files in small pieces
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    if not head:
        raise EmptyPayloadError
    if head.startswith(b"PAR1"):
        return Sniffed("parquet", "", head)
    if is_excel(head):
        return Sniffed("excel", "", head)
    encoding = guess_encoding(head)
    text = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise EmptyPayloadError
    if is_binary(head, encoding):
        raise NoTextError
    if text[0] == "{" and "\n" not in text and _is_line_of_several(text, chunks):
        return Sniffed("ndjson", encoding, head[:HEAD_BYTES])
    return Sniffed(_text_format(text), encoding, head[:HEAD_BYTES])


def guess_encoding(head: bytes) -> str:
    """A byte order mark decides; else zero bytes in every other place mean UTF-16; else UTF-8."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    sample = head[:1000]
    if len(sample) > 3 and sample[1::2].count(0) > len(sample) // 3:
        return "utf-16-le"
    if len(sample) > 3 and sample[0::2].count(0) > len(sample) // 3:
        return "utf-16-be"
    return "utf-8"


def is_binary(head: bytes, encoding: str) -> bool:
    """Whether bytes are no text: almost all in lines with control characters, and either many of these, or invalid
    characters too. A damaged file has such lines among good ones.
    """
    text = head[:LOOKED_AT].decode(encoding, errors="replace")
    damaged = sum(len(line) for line in text.split("\n") if not _CONTROLS.isdisjoint(line))
    is_broken = "\ufffd" in text[:-1]  # the last one may be cut
    is_full = sum(map(text.count, _CONTROLS)) > MOST_CONTROLS * len(text)
    return head.startswith(b"%PDF-") or (damaged > MOST_DAMAGED * len(text) and (is_broken or is_full))


def _text_format(text: str) -> str:
    if text[0] == "[":
        return "json"
    if text[0] != "{":
        return "csv"
    line = text.partition("\n")[0].strip()
    return "ndjson" if _is_object(line) and _is_several(text) else "json"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return line.endswith("}") and len(line) > 2


def _is_line_of_several(text: str, rest: Iterator[bytes]) -> bool:
    """Whether a first line that is longer than the head is an object with more lines behind it: a platform's answer of
    ten thousand rows is megabytes long.
    """
    before = text.encode()[-1:]
    for chunk in rest:
        line, end, behind = chunk.replace(b"\0", b"").partition(b"\n")  # UTF-16 has zeros
        before = (before + line).rstrip()[-1:]
        if end:
            return before == b"}" and bool(behind.strip() or any(chunk.strip(b"\0\r\n\t ") for chunk in rest))
    return False


def _is_several(text: str) -> bool:
    """More than one line of text. A single line is read as one document, which one row also is."""
    return bool(text.partition("\n")[2].strip())
