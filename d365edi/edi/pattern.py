"""One pattern for one segment: everything that a correct segment may look like, as a regular expression over its text.

A segment that matches is right in number of elements and components, types, lengths, listed codes, dates, times and
relational notes, has no separators too many, and needs no further look: that is why validation is fast. A segment that
does not match need not be wrong (29 February, a code that is not listed, a letter of several bytes): `element_check` looks
at it and explains. Released characters are hidden (`release`): any text may have them.

Knows: elements, notes and service characters of both standards. Does not know: sets, findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from d365edi.edi import release
from d365edi.edi.guide import Element, Note, Segment
from d365edi.edi.syntax import Syntax

DAY = (
    r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DATE = r"(?:19|20)[0-9]{2}" + DAY
_X12_DATES = {(8, 8): _DATE, (6, 6): r"[0-9]{2}" + DAY}
_MINUTE = r"(?:[01][0-9]|2[0-3])[0-5][0-9]"
_TIME = _MINUTE + r"(?:[0-5][0-9][0-9]{0,2})?"
PERIOD = "C507"
"""The composite of a date in EDIFACT: its qualifier, the date, the format that the date must have."""


def compile(segment: Segment, syntax: Syntax) -> re.Pattern[str]:
    """The pattern of a segment under an interchange's service characters; use `fullmatch` on the text of a segment."""
    builder = _Edifact(syntax) if syntax.standard == "EDIFACT" else _X12(syntax)
    return re.compile(builder.whole(segment), re.DOTALL)


class _X12:
    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.separator = re.escape(syntax.element)
        self.filled = self.separator + "[^" + inside(syntax.element) + "]"
        self.any = self.separator + "[^" + inside(syntax.element) + "]*+"
        service = syntax.element + syntax.component + syntax.repetition + syntax.terminator
        self.text = "[" + ranges([c for c in range(0x20, 0x7F) if chr(c) not in service]) + "]"

    def whole(self, segment: Segment) -> str:
        self.segment = segment
        reach = max((e.position for e in segment.elements if e.mandatory), default=0)
        reach = max([reach, *(min(note.elements) for note in segment.notes if note.kind == "R")])
        tail = "(?:" + self.separator + "[\x20-\x7e]*|)" if segment.open else ""
        elements = list(segment.elements)
        while elements:
            tail = self._step(elements, reach, tail)
        filled = "(?=" + self.separator + ")" if segment.elements and not reach else ""
        return re.escape(segment.id) + filled + tail + "(?<!" + self.separator + ")"

    def _step(self, elements: list[Element], reach: int, tail: str) -> str:
        """Takes the last element (with a P note: the last two) off and puts it before `tail`, which may stand only behind it."""
        last = elements.pop()
        piece = self.separator + (self._value(last) if last.mandatory else self._optional(last)) + tail
        pair = Note("P", (last.position - 1, last.position))
        mine = [note for note in self.segment.notes if min(note.elements) == last.position]
        if pair in self.segment.notes and not mine and not last.mandatory and not elements[-1].mandatory:
            both = self._value(elements[-1]) + self.separator + self._value(last)
            last = elements.pop()
            piece = self.separator + "(?:" + both + "|" + self.separator + ")" + tail
            mine = [note for note in self.segment.notes if min(note.elements) == last.position and note != pair]
        piece = "".join(self._note(note) for note in mine) + piece
        return piece if last.position <= reach else "(?:" + piece + "|)"

    def _optional(self, element: Element) -> str:
        value = self._value(element)
        if value.startswith("[") and value.endswith("}+") and element.min == 1:
            return value[: value.rindex("{")] + f"{{0,{element.max}}}+"
        return "(?:" + value + "|)"

    def _value(self, element: Element) -> str:
        if element.components:
            return self._composite(element.components)
        if element.codes:
            return alternatives(element.codes)
        bounds = (element.min, element.max)
        if element.type == "R":
            return _decimal(*bounds)
        if element.type in ("DT", "TM"):
            return _TIME if element.type == "TM" else _X12_DATES[bounds]
        if element.type.startswith("N"):
            return _times("-?[0-9]", *bounds)
        return _times("[A-Z0-9]" if element.type == "ID" else self.text, *bounds)

    def _composite(self, components: Sequence[Element]) -> str:
        separator, tail = re.escape(self.syntax.component), ""
        for part in reversed(components):
            piece = (self._value(part) if part.mandatory else self._optional(part)) + tail
            piece = separator + piece if part.position > 1 else piece
            tail = piece if part.mandatory or part.position == 1 else "(?:" + piece + "|)"
        return tail + "(?<!" + separator + ")"

    def _note(self, note: Note) -> str:
        """A relational note as a look ahead from the first element that it names (X12.6, 3.7.3.2)."""
        start = min(note.elements)
        first, *others = (self.any * (at - start) + self.filled for at in note.elements)
        match note.kind:
            case "P":
                return "(?:" + _all([first, *others]) + "|" + _none([first, *others]) + ")"
            case "R":
                return "(?=" + "|".join([first, *others]) + ")"
            case "C":
                return "(?:(?!" + first + ")|" + _all(others) + ")"
            case "L":
                return "(?:(?!" + first + ")|(?=" + "|".join(others) + "))"
            case _:
                return "(?!" + _all([first, *others]) + ")"


def _all(parts: Iterable[str]) -> str:
    return "".join("(?=" + part + ")" for part in parts)


def _none(parts: Iterable[str]) -> str:
    return "".join("(?!" + part + ")" for part in parts)


class _Edifact:
    def __init__(self, syntax: Syntax) -> None:
        self.separator, self.colon = re.escape(syntax.element), re.escape(syntax.component)
        service = syntax.element + syntax.component + syntax.repetition + syntax.terminator + syntax.release
        beyond = range(0x80, 0x100) if syntax.encoding != "latin-1" else ()
        signs = [c for c in (*range(0x20, 0x7F), *beyond) if chr(c) not in service]
        self.text = "[" + ranges(signs) + release.ANY + "]"
        self.mark = "[" + inside("".join(c for c in ".," if c not in service)) + "]"

    def whole(self, segment: Segment) -> str:
        tail = "(?:" + self.separator + ".*|)" if segment.open else ""
        values = [(self._element(element), element.mandatory) for element in segment.elements]
        filled = "(?=" + self.separator + ")" if segment.elements else ""
        return re.escape(segment.id) + filled + _row(values, self.separator, tail, first=True)

    def _element(self, element: Element) -> str:
        parts = element.components
        if not parts:
            return self._value(element) if element.mandatory else self._optional(element)
        values = [(self._value(part) if part.mandatory else self._optional(part), part.mandatory) for part in parts]
        if element.number == PERIOD:
            body = self._period(values[0][0], parts[1], values[2][0])
        else:
            body = _row(values, self.colon, "", first=False)
        if not element.mandatory:
            return "(?:" + body + "|)" if parts[0].mandatory else body
        return body if parts[0].mandatory else "(?!" + self.separator + "|$)" + body

    def _optional(self, element: Element) -> str:
        """A value that may be empty; for text that costs no group."""
        value = self._value(element)
        if element.codes or element.type == "n" or element.min != 1:
            return "(?:" + value + "|)"
        return self.text + f"{{0,{element.max}}}+"

    def _period(self, qualifier: str, date: Element, form: str) -> str:
        """2005, then a date that looks as its format (2379) says; formats that are not known here go with any text."""
        known = [
            _DATE + self.colon + "102", _DATE + _MINUTE + self.colon + "203",
            _DATE + _MINUTE + "[0-5][0-9]" + self.colon + "204", _DATE + "(?:-|)" + _DATE + self.colon + "718",
        ]  # fmt: skip
        checked = "(?!(?:10[12]|20[34]|718)(?![0-9A-Z]))"
        known.append(self._value(date) + "(?:" + self.colon + checked + form + "|)")
        return qualifier + "(?:" + self.colon + "(?:" + "|".join(known) + ")|)(?<!" + self.colon + ")"

    def _value(self, element: Element) -> str:
        least, most = element.min, element.max
        if element.codes:
            return alternatives(element.codes)
        if element.type != "n":
            return _times(self.text, least, most)
        if most < 4 or least > 1:
            return _times("[0-9]", least, most)
        after = 6 if most > 7 else most // 2
        return f"-?[0-9]{{1,{most - after}}}+(?:{self.mark}[0-9]{{1,{after}}}+|[0-9]{{1,{after}}}+|)"


def _row(values: Sequence[tuple[str, bool]], separator: str, tail: str, *, first: bool) -> str:
    """Values with separators between (and before the first): those behind the last mandatory one may be left out, and no
    separator may stand at the end.
    """
    reach = max((at for at, (_, mandatory) in enumerate(values) if mandatory), default=-1)
    end = "(?<!" + separator + ")" if reach < len(values) - 1 else ""
    for at in range(len(values) - 1, -1, -1):
        leads = first or at > 0
        piece = (separator if leads else "") + values[at][0] + tail
        tail = piece if at <= reach or not leads else "(?:" + piece + "|)"
    return tail + end


def _times(characters: str, least: int, most: int) -> str:
    return f"{characters}{{{least},{most}}}+"


def inside(characters: str) -> str:
    """Characters as they stand inside a class."""
    return "".join(c if c.isalnum() and c.isascii() else f"\\x{ord(c):02x}" for c in characters)


def ranges(characters: Sequence[int]) -> str:
    """Ascending characters as ranges of a class."""
    starts = [c for c in characters if c - 1 not in characters]
    ends = [c for c in characters if c + 1 not in characters]
    return "".join(f"\\x{first:02x}-\\x{last:02x}" for first, last in zip(starts, ends, strict=True))


def _decimal(least: int, most: int) -> str:
    """R: neither sign nor point counts in the length, no point at the end. Rare spellings are left to the second look."""
    if least > 1 or most < 4:
        return _times("-?[0-9]", least, most)
    after = 6 if most > 7 else most // 2
    return f"-?(?:[0-9]{{1,{most - after}}}+(?:\\.[0-9]{{1,{after}}}+|)|\\.[0-9]{{1,{after}}}+)"


class _Letters(dict[str, "_Letters"]):
    """Codes as a tree of their letters; "" marks the end of a code."""


def alternatives(codes: Iterable[str]) -> str:
    """Codes, letter by letter: few comparisons for long lists."""
    tree = _Letters()
    for code in codes:
        here = tree
        for letter in code:
            here = here.setdefault(letter, _Letters())
        here[""] = _Letters()
    return _branch(tree)


def _branch(tree: _Letters) -> str:
    leaves = [letter for letter, rest in tree.items() if letter and list(rest) == [""]]
    stems = [letter for letter in tree if letter and letter not in leaves]
    options = [re.escape(letter) + _branch(tree[letter]) for letter in stems]
    if leaves:
        options.insert(0, "[" + "".join(inside(letter) for letter in leaves) + "]")
    body = options[0] if len(options) == 1 else "(?:" + "|".join(options) + ")"
    return "(?:" + body + "|)" if "" in tree and options else body
