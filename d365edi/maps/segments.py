"""Raw segments as lists of text: the id, then the elements, blanks on their right trimmed.

Text is UTF-8 where it can be, else Latin-1, which cannot fail: partners send both and say neither.

Knows: delimiters of one report. Does not know: guides, maps.
"""

from __future__ import annotations

from collections.abc import Callable

from d365edi.edi.syntax import Syntax

Split = Callable[[bytes], list[str]]


def splitter(syntax: Syntax) -> Split:
    """The function that takes one raw segment of this syntax apart. Components stay together."""
    if syntax.release:
        return _escaped(syntax)
    if syntax.element >= b"\x80":
        return lambda raw: [text(part).rstrip(" ") for part in raw.split(syntax.element)]
    separator = syntax.element.decode("ascii")
    padded = " " + separator

    def split(raw: bytes) -> list[str]:
        whole = text(raw)
        elements = whole.split(separator)
        if padded in whole or whole[-1:] == " ":
            return [element.rstrip(" ") for element in elements]
        return elements

    return split


def text(raw: bytes) -> str:
    """The characters of some bytes of a message."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _escaped(syntax: Syntax) -> Split:
    """Elements of a syntax with a release character: a separator after it is text, and so is a second release
    character."""
    release, separator = syntax.release, syntax.element

    def split(raw: bytes) -> list[str]:
        pieces, parts = raw.split(separator), list[bytes]()
        for piece in pieces:
            last = parts[-1] if parts else b""
            trailing = len(last) - len(last.rstrip(release))
            if parts and trailing % 2:
                parts[-1] = last + separator + piece
            else:
                parts.append(piece)
        return [text(_unescaped(part, release)).rstrip(" ") for part in parts]

    return split


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
