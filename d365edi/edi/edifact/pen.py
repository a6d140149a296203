"""One segment as it is written: characters, release characters, decimal mark and lengths made fit, or refused.

What may be mistaken for a service character gets a release character before it, so that any value can be written as it is
(ISO 9735). Free text is made to fit its character set and its length; in anything else (numbers, ids, codes) what
does not fit is an error, because a key is never altered. Trailing empty elements and components are left out.

Two speeds, as in reading: a message becomes one text, joined by signs that no value holds. If one pattern of sizes and
characters tells that all its segments may stand as they are, release characters are put in for the whole text at once; else
its halves are looked at, down to the segment that is written value by value.

Knows: the dictionary of a version, character sets. Does not know: messages, envelopes, where values come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from d365edi.edi import charset as characters
from d365edi.edi import guides
from d365edi.edi.guide import Element as Spec
from d365edi.edi.guide import Segment
from d365edi.edi.header import ENCODINGS
from d365edi.edi.outgoing import Element, OutgoingSegment
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError

KNOWN = 1024
"""Segments that are remembered of those that were written value by value: texts repeat."""
_ELEMENT, _COMPONENT, _SEGMENT = "\x1d", "\x1f", "\x1e"
"""What stands between values and behind segments until they are seen to be right."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LEVEL_A = re.compile(r"""[A-Z0-9 .,\-()/=!"%&*;<>'+:?]*""")

UNIQUE = frozenset(("LIN", "PIA", "MOA", "PRI", "GIN", "RFF"))
"""Segments that hardly ever repeat."""
Fits = Callable[[str], object]
"""Whether segments may be written as they stand."""


@lru_cache(maxsize=32)
def pen_for(syntax: Syntax, version: str, charset: str, uppercase: bool) -> Pen:
    """The pen for an interchange; kept, because it knows more with every segment."""
    return Pen(syntax, version, charset, uppercase=uppercase)


class Pen:
    """How values are written under an interchange's service characters, in one version, character set and case."""

    def __init__(self, syntax: Syntax, version: str, charset: str, *, uppercase: bool) -> None:
        self.syntax, self.version, self.charset, self.uppercase = syntax, version, charset, uppercase
        self.encoding = ENCODINGS.get(charset, "ascii")
        self.dictionary = guides.segments("EDIFACT", version)
        self.text = guides.free_text("EDIFACT")
        self.element, self.component = syntax.element, syntax.component
        self.release, self.decimal = syntax.release, syntax.decimal
        self.signs = syntax.element + syntax.component + syntax.terminator + syntax.repetition
        self.escapes = str.maketrans({sign: self.release + sign for sign in self.signs + self.release})
        self.fits: dict[str, Fits] = {}
        self.made: dict[tuple[Element, ...], bytes] = {}

    def segment(self, segment: OutgoingSegment, set: str) -> bytes:
        """A segment of a message; nothing for one that would hold no data. DocumentError where a value cannot be written."""
        return b"".join(self.segments([segment], set))

    def segments(self, segments: Sequence[OutgoingSegment], set: str) -> list[bytes]:
        """Segments of a message, but for those that would hold no data. DocumentError where a value cannot be written."""
        fits = self.fits.get(set) or self._look(set)
        lines: list[str] = []
        breaks = 0
        for segment in segments if fits is not _never else ():
            flat: list[str] = []
            for value in segment:
                if value.__class__ is tuple:
                    flat.append(_COMPONENT.join(value))
                    breaks += len(value) - 1
                else:
                    flat.append(value)  # type: ignore[arg-type]
            lines.append(_ELEMENT.join(flat))
        text = _SEGMENT.join([*lines, ""])
        joints = (sum(map(len, segments)) - len(segments), breaks, len(segments))
        told_apart = (text.count(_ELEMENT), text.count(_COMPONENT), text.count(_SEGMENT)) == joints
        if told_apart and " " + _ELEMENT not in text and " " + _SEGMENT not in text and fits(text):
            return self._released(text).encode("ascii").split(_SEGMENT.encode())[:-1]
        if len(segments) > 1 and fits is not _never:
            half = len(segments) // 2
            return self.segments(segments[:half], set) + self.segments(segments[half:], set)
        return [raw for segment in segments if (raw := self._carefully(segment, set))]

    def _released(self, text: str) -> str:
        """Values joined by signs of their own as they are written: with release characters and separators."""
        for sign in self.release + self.signs:
            if sign in text:
                text = text.replace(sign, self.release + sign)
        return text.replace(_ELEMENT, self.element).replace(_COMPONENT, self.component)

    def _look(self, set: str) -> Fits:
        """What any number of segments of a message look like; nothing where values are altered."""
        guide = guides.load("EDIFACT", set, self.version)
        known = [self.dictionary[id] for id in (guide.segments if guide else ()) if id in self.dictionary]
        shapes = "|".join(_shape(each) for each in known if each.elements and not each.open)
        altered = self.charset == "UNOA" or self.uppercase or self.decimal != "." or not self.release
        altered |= any(sign in self.signs + self.release for sign in _ELEMENT + _COMPONENT + _SEGMENT)
        fits = re.compile(f"(?:(?:{shapes}){_SEGMENT})*+").fullmatch if shapes and not altered else _never
        return self.fits.setdefault(set, fits)

    def _carefully(self, segment: OutgoingSegment, set: str) -> bytes:
        """A segment value by value, or as it was made before."""
        found = self.made.get(key := tuple(segment))
        if found is None:
            found = self._made(segment, set)
            if len(self.made) < KNOWN and segment[0] not in UNIQUE:
                self.made[key] = found
        return found

    def _made(self, segment: OutgoingSegment, set: str) -> bytes:
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
        return self.element.join(written).encode(self.encoding)

    def _element(self, value: Element, spec: Spec | None, place: str) -> str:
        if isinstance(value, str):
            if spec is not None and spec.components:
                spec, place = spec.components[0], f"{place}-1"
            return self._value(value, spec, place)
        parts: Sequence[Spec] = spec.components if spec is not None else ()
        if spec is not None and not parts and len(value) == 1:
            return self._value(value[0], spec, place)
        whole = [
            self._value(part, parts[at] if at < len(parts) else None, f"{place}-{at + 1}")
            for at, part in enumerate(value)
        ]
        while whole and not whole[-1]:
            whole.pop()
        return self.component.join(whole)

    def _value(self, value: str, spec: Spec | None, place: str) -> str:
        """One value made fit, with its release characters."""
        if not value:
            return value
        if spec is not None and spec.type == "n":
            text = self._number(value, spec, place)
        elif spec is not None and spec.number in self.text:
            text = self._plain(value)[: spec.max].rstrip(" ")
        else:
            text = self._key(value.upper() if self.uppercase else value, spec, place)
        if self.release:
            return text.translate(self.escapes)
        return self._without_release(text, spec, place)

    def _number(self, value: str, spec: Spec, place: str) -> str:
        if not _NUMBER.fullmatch(value):
            raise DocumentError(
                f'{place} ({spec.name}) is "{value}", which is no number', remedy="write digits and a point"
            )
        _measure(value, len(value.lstrip("-").replace(".", "")), spec, place)
        return value.replace(".", self.decimal)

    def _plain(self, value: str) -> str:
        """Text for people: what the character set does not have is spelled in what it has, line breaks are blanks."""
        text = value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)
        text = text.upper() if self.uppercase or self.charset == "UNOA" else text
        if not self._fits(text):
            text = "".join(c if self._fits(c) else characters.plain(c) or " " for c in text)
        if not self._fits(text):
            text = text.upper()
            text = "".join(c if self._fits(c) else " " for c in text)
        return characters.squeeze(text)

    def _key(self, text: str, spec: Spec | None, place: str) -> str:
        if not self._fits(text) or not text.isprintable():
            foreign = next(c for c in text if not self._fits(c) or not c.isprintable())
            raise DocumentError(
                f'{place} is "{text}", which holds {foreign!r}: character set {self.charset} does not have it',
                remedy="agree on a wider character set with the partner, or correct it at its source; a key is never altered",
            )
        if spec is not None:
            _measure(text, len(text), spec, place)
        return text

    def _fits(self, text: str) -> bool:
        if self.charset == "UNOA":
            return _LEVEL_A.fullmatch(text) is not None
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def _without_release(self, text: str, spec: Spec | None, place: str) -> str:
        found = [sign for sign in self.signs if sign in text]
        if not found:
            return text
        if spec is None or spec.number not in self.text:
            raise DocumentError(
                f'{place} is "{text}", which holds the delimiter {found[0]!r} and there is no release character',
                remedy="agree on a release character with the partner; a key is never altered",
            )
        return characters.squeeze("".join(" " if c in self.signs else c for c in text))


def _never(text: str) -> None:
    """The pattern of a message that is not known."""


def _shape(segment: Segment) -> str:
    """A segment with an element at least, and none behind it that is empty."""
    values = [
        _row([_size(part) for part in each.components], _COMPONENT) if each.components else _size(each)
        for each in segment.elements
    ]
    return segment.id + _ELEMENT + _row(values, _ELEMENT)


def _row(values: Sequence[str], separator: str) -> str:
    """Values that may be empty, with separators between and none at the end."""
    tail = ""
    for value in reversed(values[1:]):
        tail = f"(?:{separator}(?:{value}|){tail}|)"
    return f"(?:{values[0]}|){tail}(?<!{separator})"


def _size(spec: Spec) -> str:
    """Values of the right characters and length; a number that this is too narrow for is right all the same."""
    if spec.type != "n":
        return f"[ -~]{{{spec.min},{spec.max}}}+"
    if spec.max < 4 or spec.min > 1:
        return f"[0-9]{{{spec.min},{spec.max}}}+"
    after = 6 if spec.max > 7 else spec.max // 2
    return f"-?[0-9]{{1,{spec.max - after}}}+(?:\\.[0-9]{{1,{after}}}+|[0-9]{{1,{after}}}+|)"


def _measure(text: str, length: int, spec: Spec, place: str) -> None:
    """Refuse a key or a number that has not the length of its element; release characters do not count."""
    if spec.components or spec.min <= length <= spec.max:
        return
    limit = f"{spec.max} at most" if length > spec.max else f"{spec.min} at least"
    raise DocumentError(
        f'{place} ({spec.name}) is "{text}", {length} characters; the standard has {limit}',
        remedy="correct it at its source, or write another field there",
    )
