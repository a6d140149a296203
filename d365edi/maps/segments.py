"""Raw segments of X12 as lists of text: the id, then the elements, blanks on their right trimmed; components stay together.

Text is UTF-8 where it can be, else Latin-1, which cannot fail: partners send both and say neither.

Knows: the separator of elements. Does not know: guides, maps.
"""

from __future__ import annotations

from collections.abc import Sequence


def elements(segments: Sequence[bytes], separator: bytes) -> list[list[str]]:
    """All segments of a set taken apart."""
    joined = b"\n".join((*segments, b""))
    if not joined.isascii() or b" " + separator in joined or b" \n" in joined:
        return [_apart(segment, separator) for segment in segments]
    between = separator.decode("ascii")
    return [segment.decode("ascii").split(between) for segment in segments]


def _apart(segment: bytes, separator: bytes) -> list[str]:
    if separator < b"\x80":
        parts = text(segment).split(separator.decode("ascii"))
    else:
        parts = [text(part) for part in segment.split(separator)]
    return [part.rstrip(" ") for part in parts]


def text(raw: bytes) -> str:
    """The characters of some bytes of a message."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
