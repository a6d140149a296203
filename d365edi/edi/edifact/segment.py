"""Raw segments of EDIFACT taken apart: elements, components, repetitions; release characters taken out (ISO 9735).

A release character makes the one that follows it data. What is split here keeps them, so that it can be split further;
`plain` takes them out at the end.

Knows: service characters. Does not know: what a segment means.
"""

from __future__ import annotations

from d365edi.edi.header import split_released
from d365edi.edi.syntax import Syntax


def elements(raw: bytes, syntax: Syntax) -> list[bytes]:
    """The elements of a segment, its id first."""
    return split_released(raw, syntax.raw.element, syntax.raw.release)


def components(value: bytes, syntax: Syntax) -> list[bytes]:
    """The components of an element; one for a simple element."""
    return split_released(value, syntax.raw.component, syntax.raw.release)


def repetitions(value: bytes, syntax: Syntax) -> list[bytes]:
    """The repetitions of an element (syntax 4); one where the interchange has no repetition separator."""
    return split_released(value, syntax.raw.repetition, syntax.raw.release) if syntax.raw.repetition else [value]


def plain(value: bytes, syntax: Syntax) -> bytes:
    """The data of a component: without release characters."""
    release = syntax.raw.release
    if not release or release not in value:
        return value
    parts = value.split(release)
    kept, escaped = [parts[0]], False
    for part in parts[1:]:
        if not part and not escaped:
            kept.append(release)
            escaped = True
        else:
            kept.append(part)
            escaped = False
    return b"".join(kept)


def apart(raw: bytes, syntax: Syntax) -> list[list[bytes]]:
    """A whole segment: its elements, each as its components, plain."""
    return [[plain(part, syntax) for part in components(value, syntax)] for value in elements(raw, syntax)]


def text(value: bytes, encoding: str) -> str:
    """The characters of some bytes: UTF-8 where it can only be that (senders write it whatever they announce), else the
    announced set, else Latin-1.
    """
    for name in ("utf-8", encoding):
        try:
            return value.decode(name)
        except UnicodeDecodeError:
            continue
    return value.decode("latin-1")
