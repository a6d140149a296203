"""Segments as they are written: characters, delimiters, release characters, case and lengths made fit, or refused.

Free text is made to fit: what its character set does not have is spelled in what it has, blanks are folded, what is too
long is cut. In anything else (numbers, ids, codes) what does not fit is an error, because a key is never altered. What may
be taken for a service character gets a release character before it where there is one; X12 has none: there it is a blank
in text, and an error in a key. Trailing empty elements and components are left out, and segments that then hold nothing
(X12.6 3.7, ISO 9735:1988 7).

Two speeds, as in reading: a set becomes one text, joined by signs that no value may hold. If one pattern of sizes and
characters tells that all its segments may stand as they are, the signs become separators for the whole text at once; else
its halves are looked at, down to the segment that is written value by value.

Knows: the dictionary of a version, character sets. Does not know: sets, envelopes, where values come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from d365edi.edi import charset as characters
from d365edi.edi import guides, pattern
from d365edi.edi.guide import Element as Spec
from d365edi.edi.guide import Segment
from d365edi.edi.header import ENCODINGS
from d365edi.edi.outgoing import Element, OutgoingSegment
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError

_ELEMENT, _COMPONENT, _SEGMENT = "\x1d", "\x1f", "\x1e"
"""What stands between values and behind segments until they are found to be right."""
_NUMBERS = frozenset(("R", "N0", "N1", "N2", "n"))
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LEVEL_A = re.compile(r"""[A-Z0-9 .,\-()/=!"%&*;<>'+:?]*""")

Fits = Callable[[str], object]
"""Whether segments may be written as they stand."""


@lru_cache(maxsize=32)
def serializer_for(syntax: Syntax, version: str, charset: str = "", *, uppercase: bool = False) -> Serializer:
    """The serializer for an interchange; kept, because its patterns are compiled from the guides of the version."""
    return Serializer(syntax, version, charset, uppercase=uppercase)


class Serializer:
    """How values are written under an interchange's service characters, in one version, character set and case.

    `charset` is that of EDIFACT (0001); X12 has ASCII. With `uppercase` all is written in capitals."""

    def __init__(self, syntax: Syntax, version: str, charset: str = "", *, uppercase: bool = False) -> None:
        self.syntax, self.version, self.charset, self.uppercase = syntax, version, charset or "ASCII", uppercase
        self.edifact = syntax.standard == "EDIFACT"
        self.encoding = ENCODINGS.get(charset, "ascii") if self.edifact else "latin-1"
        self.dictionary = guides.segments(syntax.standard, version)
        self.text = guides.free_text(syntax.standard)
        self.signs = syntax.element + syntax.component + syntax.terminator + syntax.repetition
        self.escapes = str.maketrans({sign: syntax.release + sign for sign in self.signs + syntax.release})
        self.end = syntax.terminator + syntax.suffix
        self.patterns: dict[str, Fits] = {}

    def body(self, segments: Sequence[OutgoingSegment], set: str) -> tuple[bytes, int]:
        """Segments of a set, each with its terminator, but for those that would hold no data; and how many they are.

        DocumentError where a value cannot be written."""
        fits = self.patterns.get(set) or self._pattern(set)
        if fits is not _never:
            text = self._joined(segments)
            if text is not None and fits(text):
                return self._separated(text), len(segments)
            if len(segments) > 1:
                half = len(segments) // 2
                (first, count), (rest, more) = self.body(segments[:half], set), self.body(segments[half:], set)
                return first + rest, count + more
        written = [line for each in segments if (line := self.segment(each, set))]
        end = self.end.encode("latin-1")
        return end.join([*written, b""]), len(written)

    def segment(self, segment: OutgoingSegment, set: str = "") -> bytes:
        """One segment value by value, without terminator; nothing for one that would hold no data.

        DocumentError where a value cannot be written."""
        id = str(segment[0])
        known = self.dictionary.get(id)
        written = [id]
        for position, value in enumerate(segment[1:], 1):
            spec = known.element(position) if known is not None else None
            written.append(self._element(value, spec, f"{set} {id}{position:02d}".lstrip(" ")))
        while len(written) > 1 and not written[-1]:
            written.pop()
        if len(written) == 1 and known is not None and known.elements:
            return b""
        return self.syntax.element.join(written).encode(self.encoding)

    # -- many segments at once
    def _joined(self, segments: Sequence[OutgoingSegment]) -> str | None:
        """The segments as one text; None where a value holds one of the signs between, or ends with a blank."""
        breaks = 0
        try:
            lines = [*map(_ELEMENT.join, segments)]  # type: ignore[arg-type]
        except TypeError:  # composites
            lines = []
            for segment in segments:
                flat: list[str] = []
                for value in segment:
                    if value.__class__ is tuple:
                        flat.append(_COMPONENT.join(value))
                        breaks += len(value) - 1
                    else:
                        flat.append(value)  # type: ignore[arg-type]
                lines.append(_ELEMENT.join(flat))
        lines.append("")
        text = _SEGMENT.join(lines)
        joints = (sum(map(len, segments)) - len(segments), breaks, len(segments))
        if (text.count(_ELEMENT), text.count(_COMPONENT), text.count(_SEGMENT)) != joints:
            return None
        padded = " " + _ELEMENT in text or " " + _SEGMENT in text or (" " + _COMPONENT in text and not self.edifact)
        return None if padded else text

    def _separated(self, text: str) -> bytes:
        """A text of segments that are right as it is written: with release characters, separators and terminators."""
        syntax = self.syntax
        for sign in syntax.release + self.signs if syntax.release else "":
            if sign in text:
                text = text.replace(sign, syntax.release + sign)
        text = text.upper() if self.uppercase else text
        text = text.replace(_ELEMENT, syntax.element).replace(_COMPONENT, syntax.component)
        return text.replace(_SEGMENT, self.end).encode("latin-1")

    def _pattern(self, set: str) -> Fits:
        """What any number of segments of a set look like; nothing where values are altered all the same, and for a set
        that is not known."""
        guide = guides.load(self.syntax.standard, set, self.version)
        known = [self.dictionary[id] for id in (guide.segments if guide else ()) if id in self.dictionary]
        shapes = "|".join(self._shape(each) for each in known if each.elements and not each.open)
        altered = any(sign in self.signs + self.syntax.release for sign in _ELEMENT + _COMPONENT + _SEGMENT)
        if self.edifact:
            altered |= self.charset == "UNOA" or self.uppercase or self.syntax.decimal != "." or not self.syntax.release
        fits = re.compile(f"(?:(?:{shapes}){_SEGMENT})*+").fullmatch if shapes and not altered else _never
        return self.patterns.setdefault(set, fits)

    def _shape(self, segment: Segment) -> str:
        """A segment with an element at least, and none behind it that is empty."""
        values = [
            pattern.row([(self._size(part), False) for part in each.components], _COMPONENT)
            if each.components
            else self._size(each)
            for each in segment.elements
        ]
        return segment.id + _ELEMENT + pattern.row([(value, False) for value in values], _ELEMENT)

    def _size(self, spec: Spec) -> str:
        """An empty value, or one of the right characters and length; a number that this is too narrow for is right all
        the same. Where there is a release character all characters are right."""
        taken = "" if self.syntax.release else self.signs
        text = "[" + pattern.ranges([c for c in range(0x20, 0x7F) if chr(c) not in taken]) + "]"
        return f"(?:{pattern.size(spec, text, pattern.POINT)}|)"

    # -- one value
    def _element(self, value: Element, spec: Spec | None, place: str) -> str:
        parts: Sequence[Spec] = spec.components if spec is not None else ()
        if isinstance(value, str):
            if parts and self.edifact:
                spec, place = parts[0], f"{place}-1"
            return self._value(value, spec, place)
        if not parts and len(value) == 1:
            return self._value(value[0], spec, place)
        whole = [
            self._value(part, parts[at] if at < len(parts) else None, f"{place}-{at + 1}")
            for at, part in enumerate(value)
        ]
        while whole and not whole[-1]:
            whole.pop()
        return self.syntax.component.join(whole)

    def _value(self, value: str, spec: Spec | None, place: str) -> str:
        """One value made fit, with its release characters."""
        if not value:
            return value
        if spec is not None and spec.number in self.text:
            text = _cut(self._spelled(value), spec)
            text = self._without_signs(text) if self.edifact else text
        else:
            text = self.key(value.upper() if self.uppercase and (self.edifact or value.isascii()) else value, place)
        number = spec is not None and spec.type in _NUMBERS
        if not self.edifact:
            text = _filled(text.rstrip(" "), spec, number=number)
        elif spec is not None and number and not _NUMBER.fullmatch(text):
            message = f'{place} ({spec.name}) is "{text}", which is no number'
            raise DocumentError(message, remedy="write digits and a point")
        if spec is not None and not spec.components and text:
            self._measure(text, _length(text, number=number), spec, place)
        text = text.replace(".", self.syntax.decimal) if number else text
        return text.translate(self.escapes) if self.syntax.release else text

    def key(self, value: str, place: str) -> str:
        """A value that must not be altered, as it is; DocumentError where it cannot be written."""
        if not (self._has(value) and value.isprintable()):
            foreign = next(sign for sign in value if not (self._has(sign) and sign.isprintable()))
            raise DocumentError(
                f'{place} is "{value}", which holds {foreign!r}: character set {self.charset} does not have it',
                remedy="correct it at its source, or agree on a wider character set; a key is never altered",
            )
        taken = "" if self.syntax.release else next((sign for sign in value if sign in self.signs), "")
        if taken:
            message = f'{place} is "{value}", which holds the delimiter {taken!r}, and there is no release character'
            raise DocumentError(message, remedy="agree on other delimiters with the partner; a key is never altered")
        return value

    def _spelled(self, value: str) -> str:
        """Text for people: what the character set does not have is spelled in what it has, line breaks are blanks."""
        if self.edifact:
            text = value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)
            text = text.upper() if self.uppercase or self.charset == "UNOA" else text
            if not self._has(text):
                text = "".join(c if self._has(c) else characters.plain(c) or " " for c in text)
            if not self._has(text):
                text = "".join(c if self._has(c) else " " for c in text.upper())
        elif self._has(value) and not any(sign in value for sign in self.signs):
            return value.upper() if self.uppercase else value
        else:
            text = characters.plain(value).upper() if self.uppercase else characters.plain(value)
            return self._without_signs(text)
        return characters.squeeze(text)

    def _without_signs(self, text: str) -> str:
        """Text in which blanks stand for the delimiters, where no release character protects them."""
        if self.syntax.release or not any(sign in text for sign in self.signs):
            return text if self.edifact else characters.squeeze(text)
        return characters.squeeze("".join(" " if sign in self.signs else sign for sign in text))

    def _has(self, text: str) -> bool:
        """Whether the character set has all characters of a text."""
        if not self.edifact:
            return text.isascii() and text.isprintable()
        if self.charset == "UNOA":
            return _LEVEL_A.fullmatch(text) is not None
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def _measure(self, text: str, length: int, spec: Spec, place: str) -> None:
        """Refuses what has not the length of its element; release characters do not count. EDIFACT lets text be short."""
        short = length < spec.min and not (self.edifact and spec.number in self.text)
        if not spec.type or not (short or length > spec.max):
            return
        limit = f"{spec.min} at least" if short else f"{spec.max} at most"
        message = f'{place} ({spec.name}) is "{text}", {length} characters; the standard has {limit}'
        raise DocumentError(message, remedy="correct it at its source, or write another field there")


def _never(text: str) -> None:
    """The pattern of a set whose values are looked at one by one."""


def _length(text: str, *, number: bool) -> int:
    """Neither sign nor decimal mark counts in the length of a number."""
    return len(text.lstrip("-").replace(".", "")) if number else len(text)


def _cut(text: str, spec: Spec) -> str:
    return text[: spec.max].rstrip(" ")


def _filled(text: str, spec: Spec | None, *, number: bool) -> str:
    """A value of X12 filled up to its least length: text with blanks behind, numbers with zeros in front."""
    if spec is None or not text:
        return text
    missing = spec.min - _length(text, number=number)
    if missing > 0 and number:
        return ("-" if text.startswith("-") else "") + "0" * missing + text.lstrip("-")
    return text.ljust(spec.min) if spec.type == "AN" else text
