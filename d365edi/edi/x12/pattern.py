"""One pattern for one segment: everything that a correct segment may look like, as a regular expression over its raw
bytes.

A segment that matches is right in number of elements, types, lengths, listed codes, dates, times and relational notes,
has no separators too many, and needs no further look: that is why validation is fast. A segment that does not match
need not be wrong (29 February, a code that is not listed): `elements` looks at it and explains.

Knows: elements, notes and service characters. Does not know: sets, findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from d365edi.edi.guide import Element, Note, Segment
from d365edi.edi.syntax import Syntax

DAY = (
    rb"(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DATES = {(8, 8): rb"(?:19|20)[0-9]{2}" + DAY, (6, 6): rb"[0-9]{2}" + DAY}
_TIME = rb"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9][0-9]{0,2})?"


def compile(segment: Segment, syntax: Syntax) -> re.Pattern[bytes]:
    """The pattern of a segment under an interchange's service characters; use `fullmatch` on a raw segment."""
    return re.compile(_Builder(segment, syntax).whole(), re.DOTALL)


class _Builder:
    def __init__(self, segment: Segment, syntax: Syntax) -> None:
        self.segment, self.syntax = segment, syntax
        self.separator = re.escape(syntax.raw.element)
        self.filled = self.separator + b"[^" + inside(syntax.raw.element) + b"]"
        self.any = self.separator + b"[^" + inside(syntax.raw.element) + b"]*+"
        service = syntax.raw.element + syntax.raw.component + syntax.raw.repetition + syntax.raw.terminator
        self.text = b"[" + ranges([c for c in range(0x20, 0x7F) if c not in service]) + b"]"

    def whole(self) -> bytes:
        segment = self.segment
        reach = max((e.position for e in segment.elements if e.mandatory), default=0)
        reach = max([reach, *(min(note.elements) for note in segment.notes if note.kind == "R")])
        tail = b"(?:" + self.separator + b"[\x20-\x7e]*|)" if segment.open else b""
        elements = list(segment.elements)
        while elements:
            tail = self._step(elements, reach, tail)
        filled = b"(?=" + self.separator + b")" if segment.elements and not reach else b""
        return re.escape(segment.id.encode()) + filled + tail + b"(?<!" + self.separator + b")"

    def _step(self, elements: list[Element], reach: int, tail: bytes) -> bytes:
        """Takes the last element (with a P note: the last two) off and puts it before `tail`, which may stand only behind it."""
        last = elements.pop()
        piece = self.separator + (self._value(last) if last.mandatory else self._optional(last)) + tail
        pair = Note("P", (last.position - 1, last.position))
        mine = [note for note in self.segment.notes if min(note.elements) == last.position]
        if pair in self.segment.notes and not mine and not last.mandatory and not elements[-1].mandatory:
            both = self._value(elements[-1]) + self.separator + self._value(last)
            last = elements.pop()
            piece = self.separator + b"(?:" + both + b"|" + self.separator + b")" + tail
            mine = [note for note in self.segment.notes if min(note.elements) == last.position and note != pair]
        piece = b"".join(self._note(note) for note in mine) + piece
        return piece if last.position <= reach else b"(?:" + piece + b"|)"

    def _optional(self, element: Element) -> bytes:
        value = self._value(element)
        if value.startswith(b"[") and value.endswith(b"}+") and element.min == 1:
            return value[: value.rindex(b"{")] + b"{0,%d}+" % element.max
        return b"(?:" + value + b"|)"

    def _value(self, element: Element) -> bytes:
        if element.components:
            return self._composite(element.components)
        if element.codes:
            return alternatives(element.codes)
        bounds = (element.min, element.max)
        if element.type == "R":
            return _decimal(*bounds)
        if element.type in ("DT", "TM"):
            return _TIME if element.type == "TM" else _DATES[bounds]
        if element.type.startswith("N"):
            return b"-?[0-9]{%d,%d}+" % bounds
        return (b"[A-Z0-9]" if element.type == "ID" else self.text) + b"{%d,%d}+" % bounds

    def _composite(self, components: Sequence[Element]) -> bytes:
        separator, tail = re.escape(self.syntax.raw.component), b""
        for part in reversed(components):
            piece = (self._value(part) if part.mandatory else self._optional(part)) + tail
            piece = separator + piece if part.position > 1 else piece
            tail = piece if part.mandatory or part.position == 1 else b"(?:" + piece + b"|)"
        return tail + b"(?<!" + separator + b")"

    def _note(self, note: Note) -> bytes:
        """A relational note as a look ahead from the first element that it names (X12.6, 3.7.3.2)."""
        start = min(note.elements)
        first, *others = (self.any * (at - start) + self.filled for at in note.elements)
        match note.kind:
            case "P":
                return b"(?:" + _all([first, *others]) + b"|" + _none([first, *others]) + b")"
            case "R":
                return b"(?=" + b"|".join([first, *others]) + b")"
            case "C":
                return b"(?:(?!" + first + b")|" + _all(others) + b")"
            case "L":
                return b"(?:(?!" + first + b")|(?=" + b"|".join(others) + b"))"
            case _:
                return b"(?!" + _all([first, *others]) + b")"


def _all(parts: Iterable[bytes]) -> bytes:
    return b"".join(b"(?=" + part + b")" for part in parts)


def _none(parts: Iterable[bytes]) -> bytes:
    return b"".join(b"(?!" + part + b")" for part in parts)


def inside(characters: bytes) -> bytes:
    """Characters as they stand inside a class."""
    return b"".join(bytes((c,)) if bytes((c,)).isalnum() else b"\\x%02x" % c for c in characters)


def ranges(characters: Sequence[int]) -> bytes:
    """Ascending characters as ranges of a class."""
    starts = [c for c in characters if c - 1 not in characters]
    ends = [c for c in characters if c + 1 not in characters]
    return b"".join(b"\\x%02x-\\x%02x" % pair for pair in zip(starts, ends, strict=True))


def _decimal(least: int, most: int) -> bytes:
    """R: neither sign nor point counts in the length, no point at the end. Rare spellings are left to the second look."""
    if least > 1 or most < 4:
        return b"-?[0-9]{%d,%d}+" % (least, most)
    after = 6 if most > 7 else most // 2
    return b"-?(?:[0-9]{1,%d}+(?:\\.[0-9]{1,%d}+|)|\\.[0-9]{1,%d}+)" % (most - after, after, after)


class _Letters(dict[str, "_Letters"]):
    """Codes as a tree of their letters; "" marks the end of a code."""


def alternatives(codes: Iterable[str]) -> bytes:
    """Codes, letter by letter: few comparisons for long lists."""
    tree = _Letters()
    for code in codes:
        here = tree
        for letter in code:
            here = here.setdefault(letter, _Letters())
        here[""] = _Letters()
    return _branch(tree)


def _branch(tree: _Letters) -> bytes:
    leaves = [letter for letter, rest in tree.items() if letter and list(rest) == [""]]
    stems = [letter for letter in tree if letter and letter not in leaves]
    options = [re.escape(letter.encode()) + _branch(tree[letter]) for letter in stems]
    if leaves:
        options.insert(0, b"[" + b"".join(inside(letter.encode()) for letter in leaves) + b"]")
    body = options[0] if len(options) == 1 else b"(?:" + b"|".join(options) + b")"
    return b"(?:" + body + b"|)" if "" in tree and options else body
