"""Whether the figures of a message fit, seen for all its lines at once: control totals and check digits of GS1 numbers.

A quick look that only says yes. Where it does not, `totals` looks at one segment after the other and explains, or finds that
all is well after all. Where a line has its article numbers follows from its form (`sweep`), so each form is taken apart once.

Knows: what is counted and numbered in retail's messages. Does not know: order of segments, findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from d365edi.edi import checkdigit
from d365edi.edi.edifact import segment as split
from d365edi.edi.edifact.message import Message

GTIN = {"EN": (8, 12, 13, 14), "SRV": (8, 12, 13, 14), "UP": (12,)}
"""The kinds of article numbers that have a check digit, with their lengths."""
GLN = 13
_KINDS = {kind.encode(): sizes for kind, sizes in GTIN.items()}
_FORMS = 4096
"""Forms of lines that are remembered."""


class Articles(dict[bytes, tuple[slice, ...]]):
    """Where the article numbers of a form stand. ValueError for one of a wrong length, or where release characters are."""

    def __init__(self, element: bytes, component: bytes, release: bytes) -> None:
        super().__init__()
        self.element, self.component, self.release = element, component, release or b"\n"

    def __missing__(self, form: bytes) -> tuple[slice, ...]:
        if len(self) >= _FORMS:
            self.clear()
        found = self[form] = tuple(self._places(form))
        return found

    def _places(self, form: bytes) -> Iterator[slice]:
        if self.release in form:
            raise ValueError(form)
        at = 0
        for value in form.split(self.element):
            number, kind, *_ = [*value.split(self.component), b""]
            if kind in _KINDS and number:
                if len(number) not in _KINDS[kind] or number.strip(b"0"):
                    raise ValueError(form)
                yield slice(at, at + len(number))
            at += len(value) + 1


_articles = lru_cache(maxsize=16)(Articles)


def fit(message: Message) -> bool:
    """Whether nothing can be said against a message's control totals and GS1 numbers."""
    syntax = message.syntax
    if message.rows(b"GIN") or any(
        chr(sign).isdigit() for sign in syntax.raw.element + syntax.raw.component + syntax.raw.release
    ):
        return False
    try:
        numbers = _lines(message) + _parties(message)
        return _counted(message) and (not numbers or checkdigit.all_valid(numbers))
    except (LookupError, ValueError):
        return False


def _counted(message: Message) -> bool:
    """CNT fits what it counts: 1 the quantities, 2 the lines."""
    syntax = message.syntax
    for raw in message.rows(b"CNT"):
        kind, said, *_ = raw.split(syntax.raw.element)[1].split(syntax.raw.component)
        if kind == b"3" or (kind == b"2" and said != b"%d" % len(message.rows(b"LIN"))):
            return False
        if kind == b"1":
            found = [raw.split(syntax.raw.component)[1] for raw in message.rows(b"QTY")]
            if not b"".join([said, *found]).isdigit() or int(said) != sum(map(int, found)):
                return False
    return True


def _lines(message: Message) -> list[bytes]:
    """The article numbers of lines."""
    syntax, rows, forms = message.syntax, message.rows, message.forms
    further = b"\n".join([*rows(b"PIA"), b""])
    numbered = any(syntax.raw.component + kind in further for kind in _KINDS)
    places = _articles(syntax.raw.element, syntax.raw.component, syntax.raw.release)
    return [
        raw[place]
        for id in ((b"LIN", b"PIA") if numbered else (b"LIN",))
        for raw, form in zip(rows(id), forms(id), strict=True)
        for place in places[form]
    ]


def _parties(message: Message) -> list[bytes]:
    """The location numbers of parties."""
    syntax = message.syntax
    text = b"\n".join([b"", *message.rows(b"NAD")])
    if syntax.raw.release and syntax.raw.release in text:
        apart = [split.apart(raw, syntax) for raw in message.rows(b"NAD")]
        found = [parts[2][0] for parts in apart if len(parts) > 2 and parts[2][2:3] == [b"9"] and parts[2][0]]
    else:
        found = _locations(syntax.raw.element, syntax.raw.component)(text)
    if not set(map(len, found)) <= {GLN}:
        raise ValueError(text)
    return found


@lru_cache(maxsize=16)
def _locations(element: bytes, component: bytes) -> Callable[[bytes], list[bytes]]:
    """Finds the numbers of GS1 in lines of parties."""
    e, c = re.escape(element), re.escape(component)
    value = b"[^\n" + e + c + b"]"
    return re.compile(
        b"\n[^\n"
        + e
        + b"]*+"
        + e
        + b"[^\n"
        + e
        + b"]*+"
        + e
        + b"("
        + value
        + b"++)"
        + c
        + value
        + b"*+"
        + c
        + b"9(?!"
        + value
        + b")"
    ).findall
