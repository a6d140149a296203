"""Raw segments as lists of text: the id, then the elements, blanks on their right trimmed.

Text is UTF-8 where it can be, else Latin-1, which cannot fail: partners send both and say neither.

Knows: delimiters of one report. Does not know: guides, maps.
"""

from __future__ import annotations

from collections.abc import Sequence

from d365edi.edi.syntax import Syntax

_BETWEEN = "\x00"
"""What stands between segments while they are one text; a message that holds it itself takes the slow way."""


def elements(segments: Sequence[bytes], syntax: Syntax) -> list[list[str]]:
    """All segments of a set taken apart; components stay together. One decoding for all of them, where the delimiters allow
    it."""
    if syntax.release or syntax.element >= b"\x80" or _BETWEEN.encode() in (syntax.element, syntax.terminator):
        return [_apart(segment, syntax) for segment in segments]
    whole, separator = text(_BETWEEN.encode().join(segments)), syntax.element.decode("ascii")
    if " " + separator in whole or " " + _BETWEEN in whole or whole.count(_BETWEEN) != len(segments) - 1:
        return [_apart(segment, syntax) for segment in segments]
    return [segment.split(separator) for segment in whole.split(_BETWEEN)]


def text(raw: bytes) -> str:
    """The characters of some bytes of a message."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _apart(segment: bytes, syntax: Syntax) -> list[str]:
    parts = _escaped(segment, syntax) if syntax.release else segment.split(syntax.element)
    return [text(part).rstrip(" ") for part in parts]


def _escaped(segment: bytes, syntax: Syntax) -> list[bytes]:
    """Elements where a release character makes the separator after it text; so it does with itself."""
    release, parts = syntax.release, list[bytes]()
    for piece in segment.split(syntax.element):
        last = parts[-1] if parts else b""
        if (len(last) - len(last.rstrip(release))) % 2:
            parts[-1] = last + syntax.element + piece
        else:
            parts.append(piece)
    return [_unescaped(part, release) for part in parts]


def _unescaped(part: bytes, release: bytes) -> bytes:
    if release not in part:
        return part
    kept, escaped = bytearray(), False
    for byte in part:
        if not escaped and byte == release[0]:
            escaped = True
        else:
            kept.append(byte)
            escaped = False
    return bytes(kept)
