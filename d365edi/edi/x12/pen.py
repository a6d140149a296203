"""One segment as it is written: characters, delimiters, case and lengths made fit, or refused.

X12 has no release character. Free text is made to fit: what is not ASCII is transliterated, a delimiter becomes a blank,
blanks are folded, what is too long is cut. In anything else (numbers, ids, codes) all of these are errors, because a key is
never altered. Trailing empty elements and components are left out, and segments that then hold nothing (X12.6).

Two speeds, as in reading: a set of which every segment fits its pattern is written as it stands, and of any other set each
segment that does; all else is written element by element.

Knows: the dictionary of a version, characters. Does not know: sets, envelopes, where values come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from d365edi.edi import charset, guides, pattern
from d365edi.edi.guide import Element as Spec
from d365edi.edi.guide import Segment as Dictionary
from d365edi.edi.outgoing import Element, OutgoingSegment
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError

NUMBERS = frozenset(("R", "N0", "N1", "N2"))
Fits = Callable[[str], object]
"""Whether segments, each with its terminator, may be written as they stand."""


@lru_cache(maxsize=32)
def pen_for(syntax: Syntax, version: str, uppercase: bool) -> Pen:
    """The pen for an interchange; kept, because its patterns take a while to make."""
    return Pen(syntax, version, uppercase=uppercase)


class Pen:
    """How values are written under an interchange's service characters, in one version and one case."""

    def __init__(self, syntax: Syntax, version: str, *, uppercase: bool) -> None:
        self.syntax, self.version, self.uppercase = syntax, version, uppercase
        self.dictionary: Mapping[str, Dictionary] = guides.segments("X12", version)
        self.text = guides.free_text("X12")
        signs = syntax.raw.element + syntax.raw.component + syntax.raw.terminator + syntax.raw.repetition
        self.delimiters = signs.decode("latin-1")
        escaped = "".join(f"\\x{sign:02x}" for sign in signs)
        self.forbidden = re.compile(f"[^ -~]|[{escaped}]").search
        self.plain = "[" + pattern.ranges([sign for sign in range(0x20, 0x7F) if sign not in signs]) + "]"
        self.separator = syntax.element
        self.end = syntax.terminator + syntax.suffix
        self.fits: dict[str, Fits] = {}

    def envelope(self, segment: list[str], set: str = "") -> bytes:
        """A segment of the envelope, or the first or last of a set: nothing in it is text."""
        line = self.separator.join(segment)
        if set and self._stands(line + self.end, len(segment) - 1, 1, set):
            return line.encode("latin-1")
        dictionary = self.dictionary.get(segment[0])
        whole = [segment[0]]
        for position, value in enumerate(segment[1:], 1):
            place = f"{segment[0]}{position:02d}"
            spec = dictionary.element(position) if dictionary is not None else None
            whole.append(_fit(self.key(value, place), spec, place, cut=False))
        return self._join(whole)

    def body(self, segments: Sequence[OutgoingSegment], set: str) -> tuple[bytes, int]:
        """The segments of a set, each with its terminator, but for those that would hold no data; and how many they are."""
        try:
            text = self.end.join([*map(self.separator.join, segments), ""])  # type: ignore[arg-type]
        except TypeError:  # a composite
            return self._one_by_one(segments, set)
        if not self._stands(text, sum(map(len, segments)) - len(segments), len(segments), set):
            return self._one_by_one(segments, set)
        return (text.upper() if self.uppercase else text).encode("latin-1"), len(segments)

    def _one_by_one(self, segments: Sequence[OutgoingSegment], set: str) -> tuple[bytes, int]:
        written = [line for each in segments if (line := self.segment(each, set))]
        return self.end.encode("latin-1").join([*written, b""]), len(written)

    def segment(self, segment: OutgoingSegment, set: str) -> bytes:
        """A segment of a set; nothing for one that would hold no data."""
        try:
            line = self.separator.join(segment)  # type: ignore[arg-type]
        except TypeError:
            return self._carefully(segment, set)
        if not self._stands(line + self.end, len(segment) - 1, 1, set):
            return self._carefully(segment, set)
        return (line.upper() if self.uppercase else line).encode("latin-1")

    def _stands(self, text: str, separators: int, terminators: int, set: str) -> bool:
        """Whether segments are right as they are: each fits, and no value holds a delimiter or ends in a blank."""
        fits = self.fits.get(set) or self._look(set)
        return (
            text.count(self.separator) == separators
            and text.count(self.end) == terminators
            and " " + self.separator not in text
            and " " + self.end not in text
            and bool(fits(text))
        )

    def _look(self, set: str) -> Fits:
        """The pattern of any number of segments of a set; those in which anything may stand have none."""
        guide = guides.load("X12", set, self.version)
        known = [self.dictionary[id] for id in (guide.segments if guide else ()) if id in self.dictionary]
        shapes = "|".join(self._shape(each) for each in known if each.elements and not each.open)
        fits = re.compile(f"(?:(?:{shapes}){re.escape(self.end)})*+").fullmatch if shapes else _never
        return self.fits.setdefault(set, fits)

    def _shape(self, known: Dictionary) -> str:
        """A segment with an element at least, and none behind it that is empty."""
        separator, tail = re.escape(self.separator), ""
        sizes = [f"{separator}(?:{self._size(spec)}|)" for spec in known.elements]
        for size in reversed(sizes[1:]):
            tail = f"(?:{size}{tail}|)"
        return f"{known.id}{sizes[0]}{tail}(?<!{separator})"

    def _size(self, spec: Spec) -> str:
        """Values of the right characters and length; a number that this is too narrow for is right all the same."""
        if spec.type in NUMBERS and spec.min == 1:
            return f"-?[0-9][0-9.]{{0,{spec.max - 1}}}+"
        characters = "[0-9]" if spec.type in NUMBERS else self.plain
        return characters + (f"{{{spec.min},{spec.max}}}+" if spec.type else "++")

    def _carefully(self, segment: OutgoingSegment, set: str) -> bytes:
        id = str(segment[0])
        known = self.dictionary.get(id)
        written: list[Element] = [id]
        for position, value in enumerate(segment[1:], 1):
            spec = known.element(position) if known is not None else None
            place = f"{set} {id}{position:02d}"
            if isinstance(value, tuple):
                parts = spec.components if spec is not None else ()
                whole = [
                    self._value(part, parts[at] if at < len(parts) else None, f"{place}-{at + 1}")
                    for at, part in enumerate(value)
                ]
                written.append(tuple(whole))
            elif value:
                written.append(self._value(value, spec, place))
            else:
                written.append(value)
        line = self._join(written)
        return b"" if known is not None and known.elements and len(line) == len(id) else line

    def _value(self, value: str, spec: Spec | None, place: str) -> str:
        """One value made fit: characters, delimiters, case, length."""
        is_text = spec is not None and spec.number in self.text
        text = value if not self.forbidden(value) else self._plain(value) if is_text else self.key(value, place)
        return _fit(text.upper() if self.uppercase else text, spec, place, cut=is_text)

    def _plain(self, value: str) -> str:
        text = charset.plain(value)
        for delimiter in self.delimiters:
            text = text.replace(delimiter, " ")
        return charset.squeeze(text)

    def key(self, value: str, place: str) -> str:
        """A value that must not be altered."""
        found = self.forbidden(value)
        if found is None:
            return value
        if found[0] in self.delimiters:
            raise DocumentError(
                f'{place} is "{value}", which holds the delimiter {found[0]!r}',
                remedy="agree on other delimiters with the partner ([partners.NAME.x12] delimiters); a key is never altered",
            )
        raise DocumentError(
            f'{place} is "{value}", which holds {found[0]!r}: X12 has only printable ASCII',
            remedy="correct it at its source, or write another field there; a key is never altered",
        )

    def _join(self, segment: Sequence[Element]) -> bytes:
        component = self.syntax.component
        flat = [value if isinstance(value, str) else component.join(value).rstrip(component) for value in segment]
        while len(flat) > 1 and not flat[-1]:
            flat.pop()
        return self.separator.join(flat).encode("latin-1")


def _never(text: str) -> None:
    """The pattern of a set that is not known."""


def _fit(text: str, spec: Spec | None, place: str, *, cut: bool) -> str:
    """The text in the length of its element. `cut` is for text that people read."""
    text = text.rstrip(" ")
    if not text or spec is None or not spec.type:
        return text
    length = len(text.lstrip("-").replace(".", "")) if spec.type in NUMBERS else len(text)
    if spec.min <= length <= spec.max:
        return text
    if length > spec.max and cut:
        return text[: spec.max].rstrip(" ")
    if length < spec.min and spec.type == "AN":
        return text.ljust(spec.min)
    if length < spec.min and spec.type in NUMBERS:
        return ("-" if text.startswith("-") else "") + "0" * (spec.min - length) + text.lstrip("-")
    limit = f"{spec.max} at most" if length > spec.max else f"{spec.min} at least"
    raise DocumentError(
        f'{place} ({spec.name}) is "{text}", {length} characters; the standard has {limit}',
        remedy="correct it at its source, or write another field there",
    )
