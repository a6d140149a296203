"""One pattern for one segment: everything that a correct segment may look like, as a regular expression over its text.

A segment that matches is right in number of elements and components, types, lengths, listed codes, dates, times and
relational notes, has no separators too many, and needs no further look: that is why validation is fast. A segment that
does not match need not be wrong (29 February, a code that is not listed, a letter of several bytes): `element_check` looks
at it and explains. Released characters are hidden (`release`): any text may have them.

Knows: elements, notes and service characters of both standards. Does not know: sets, findings.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from d365edi.edi.guide import Element, Note, Segment
from d365edi.edi.syntax import Standard, Syntax

MARKS: dict[Standard, str] = {"X12": ".", "EDIFACT": ".,"}
"""The decimal marks that are right (X12.6 3.5; ISO 9735:1988 10.1)."""
POINT = r"\."
"""The decimal mark as data has it before it is written."""
PERIOD = "C507"
"""The composite of a date in EDIFACT: its qualifier, the date, the format that the date must have."""
USER = "Z[0-9A-Z]{1,2}"
"""A code of EDIFACT that partners agreed on between themselves: no directory has one that begins so, but ZZZ."""

_DAY = (
    r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DATE = r"(?:19|20)[0-9]{2}" + _DAY
_MINUTE = r"(?:[01][0-9]|2[0-3])[0-5][0-9]"
_WHOLE = {("DT", 8): _DATE, ("DT", 6): "[0-9]{2}" + _DAY, ("TM", 4): _MINUTE + r"(?:[0-5][0-9][0-9]{0,2})?"}
"""What values of a type and least length look like, where characters and length do not say it all."""


def compile(segment: Segment, syntax: Syntax) -> re.Pattern[str]:
    """The pattern of a segment under an interchange's service characters; use `fullmatch` on the text of a segment."""
    return re.compile(_Builder(segment, syntax).whole(), re.DOTALL)


def size(element: Element, text: str, mark: str) -> str:
    """Values of the right characters and length: `text` is the class of the characters of a text, `mark` of decimal marks.

    Neither sign nor mark counts in the length of a number. What is written in a rare way need not match."""
    least, most = element.min, element.max
    if element.type not in ("R", "n"):
        return f"{'-?[0-9]' if element.type.startswith('N') else text}{{{least},{most}}}+"
    if least > 1 or most < 4:
        return f"-?[0-9]{{{least},{most}}}+"
    after = 6 if most > 7 else most // 2
    fraction = f"{mark}[0-9]{{1,{after}}}+"
    number = f"[0-9]{{1,{most - after}}}+(?:{fraction}|[0-9]{{1,{after}}}+|)"
    return f"-?(?:{number}|{fraction})" if element.type == "R" else f"-?{number}"


def row(values: Sequence[tuple[str, bool]], separator: str) -> str:
    """Values, each mandatory or not, with separators between: those behind the last mandatory one may be left out, and
    no separator may stand at the end."""
    reach = max((at for at, (_, mandatory) in enumerate(values) if mandatory), default=0)
    tail = ""
    for at in range(len(values) - 1, 0, -1):
        tail = f"{separator}{values[at][0]}{tail}"
        tail = tail if at <= reach else f"(?:{tail}|)"
    return f"{values[0][0]}{tail}(?<!{separator})"


class _Builder:
    """The pattern of one segment under one interchange's service characters."""

    def __init__(self, segment: Segment, syntax: Syntax) -> None:
        self.segment, self.edifact = segment, syntax.standard == "EDIFACT"
        self.separator, self.colon = re.escape(syntax.element), re.escape(syntax.component)
        self.filled = f"{self.separator}[^{inside(syntax.element)}]"
        self.any = self.filled + "*+"
        service = syntax.element + syntax.component + syntax.repetition + syntax.terminator + syntax.release
        beyond = "" if syntax.encoding != "latin-1" else r"\x80-\xff"
        self.text = rf"[^\x00-\x1f\x7f{beyond}{inside(service)}]"  # released characters are hidden beyond all of these
        known = MARKS[syntax.standard]  # X12 numbers have their point even where it separates components
        marks = inside("".join(mark for mark in known if mark not in service or not self.edifact))
        self.mark = f"[{marks}]" if marks else "(?!)"

    def whole(self) -> str:
        """The segment: its id, its elements with the relational notes between them, no separator at the end."""
        segment = self.segment
        reach = max((e.position for e in segment.elements if e.mandatory), default=0)
        reach = max([reach, *(min(note.elements) for note in segment.notes if note.kind == "R")])
        tail = f"(?:{self.separator}.*|)" if segment.open else ""
        elements = list(segment.elements)
        while elements:
            tail = self._step(elements, reach, tail)
        filled = f"(?={self.separator})" if segment.elements and not reach else ""
        end = "" if segment.open and self.edifact else f"(?<!{self.separator})"
        return re.escape(segment.id) + filled + tail + end

    def _step(self, elements: list[Element], reach: int, tail: str) -> str:
        """Takes the last element (with a P note: the last two) off and puts it before `tail`, which may stand only behind it."""
        last = elements.pop()
        piece = self.separator + self._element(last) + tail
        pair = Note("P", (last.position - 1, last.position))
        mine = [note for note in self.segment.notes if min(note.elements) == last.position]
        if pair in self.segment.notes and not mine and not last.mandatory and not elements[-1].mandatory:
            both = self._value(elements[-1]) + self.separator + self._value(last)
            last = elements.pop()
            piece = f"{self.separator}(?:{both}|{self.separator}){tail}"
            mine = [note for note in self.segment.notes if min(note.elements) == last.position and note != pair]
        piece = "".join(self._note(note) for note in mine) + piece
        return piece if last.position <= reach else f"(?:{piece}|)"

    def _element(self, element: Element) -> str:
        """An element or a component as it may stand: empty where it is not mandatory."""
        value, parts = self._value(element), element.components
        if parts and not parts[0].mandatory:  # may be empty by itself
            return f"(?!{self.separator}|$){value}" if element.mandatory else value
        if element.mandatory:
            return value
        if value.startswith("[") and value.endswith("}+") and element.min == 1:  # for text that costs no group
            return f"{value[: value.rindex('{')]}{{0,{element.max}}}+"
        return f"(?:{value}|)"

    def _value(self, element: Element) -> str:
        """A value that is not empty; for a composite its components."""
        if element.number == PERIOD:
            return self._period(*element.components[:3])
        if element.components:
            return row([(self._element(part), part.mandatory) for part in element.components], self.colon)
        if element.codes:
            listed, agreed = alternatives(element.codes), self.edifact and not element.closed and element.max > 2
            return f"(?:{listed}|{USER})" if agreed else listed
        whole = _WHOLE.get((element.type, element.min))
        return whole or size(element, "[A-Z0-9]" if element.type == "ID" else self.text, self.mark)

    def _period(self, qualifier: Element, date: Element, form: Element) -> str:
        """2005, then a date that looks as its format (2379) says; formats that are not known here go with any text."""
        known = [
            _DATE + self.colon + "102", _DATE + _MINUTE + self.colon + "203",
            _DATE + _MINUTE + "[0-5][0-9]" + self.colon + "204", _DATE + "-?" + _DATE + self.colon + "718",
        ]  # fmt: skip
        other = f"(?!(?:10[12]|20[34]|718)(?![0-9A-Z])){self._element(form)}"
        known.append(f"{self._value(date)}(?:{self.colon}{other}|)")
        return f"{self._element(qualifier)}(?:{self.colon}(?:{'|'.join(known)})|)(?<!{self.colon})"

    def _note(self, note: Note) -> str:
        """A relational note as a look ahead from the first element that it names (X12.6, 3.7.3.2)."""
        start = min(note.elements)
        first, *others = (self.any * (at - start) + self.filled for at in note.elements)
        match note.kind:
            case "P":
                return f"(?:{_all([first, *others])}|{_none([first, *others])})"
            case "R":
                return f"(?={'|'.join([first, *others])})"
            case "C":
                return f"(?:(?!{first})|{_all(others)})"
            case "L":
                return f"(?:(?!{first})|(?={'|'.join(others)}))"
            case _:
                return f"(?!{_all([first, *others])})"


def _all(parts: Iterable[str]) -> str:
    return "".join(f"(?={part})" for part in parts)


def _none(parts: Iterable[str]) -> str:
    return "".join(f"(?!{part})" for part in parts)


def inside(characters: str) -> str:
    """Characters as they stand inside a class."""
    return "".join(c if c.isalnum() and c.isascii() else f"\\x{ord(c):02x}" for c in characters)


def ranges(characters: Sequence[int]) -> str:
    """Ascending characters as ranges of a class."""
    starts = [c for c in characters if c - 1 not in characters]
    ends = [c for c in characters if c + 1 not in characters]
    return "".join(_span(chr(first), chr(last)) for first, last in zip(starts, ends, strict=True))


def _span(first: str, last: str) -> str:
    return inside(first) if first == last else f"{inside(first)}-{inside(last)}"


class _Letters(dict[str, "_Letters"]):
    """Codes as a tree of their letters; "" marks the end of a code."""


def alternatives(codes: Iterable[str]) -> str:
    """Codes, letter by letter: few comparisons for long lists."""
    return _alternatives(tuple(codes))


@lru_cache(maxsize=512)
def _alternatives(codes: tuple[str, ...]) -> str:
    tree = _Letters()
    for code in codes:
        here = tree
        for letter in code:
            here = here.setdefault(letter, _Letters())
        here[""] = _Letters()
    return _branch(tree)


def _branch(tree: _Letters) -> str:
    """What may follow: letters that the same may follow stand together."""
    together: dict[str, list[str]] = {}
    for letter, rest in tree.items():
        if letter:
            together.setdefault(_branch(rest), []).append(letter)
    leaves = together.pop("", None)
    options = [_letter(letters) + rest for rest, letters in together.items()]
    if leaves:
        options.insert(0, _letter(leaves))
    body = options[0] if len(options) == 1 else f"(?:{'|'.join(options)})" if options else ""
    return f"(?:{body}|)" if "" in tree and options else body


def _letter(letters: Sequence[str]) -> str:
    return re.escape(letters[0]) if len(letters) == 1 else f"[{ranges(sorted(map(ord, letters)))}]"
