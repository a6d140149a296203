"""One segment as it is written: characters, release characters, decimal mark and lengths made fit, or refused.

What may be mistaken for a service character gets a release character before it, so that any value can be written as it is
(ISO 9735). Free text is made to fit its character set and its length; in anything else (numbers, ids, codes) what
does not fit is an error, because a key is never altered. Trailing empty elements and components are left out.

Two speeds, as in reading: what matches the pattern of right segments is written as it stands, all else value by value; what
was written before is remembered, but for ids that hardly ever repeat: those of a message are looked at together.

Knows: the dictionary of a version, character sets. Does not know: messages, envelopes, where values come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from d365edi.edi import charset as characters
from d365edi.edi import guides
from d365edi.edi.edifact import pattern
from d365edi.edi.guide import Element as Spec
from d365edi.edi.header import ENCODINGS
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12.pen import Element, OutgoingSegment
from d365edi.errors import DocumentError

KNOWN = 1024
"""Segments of an id that are remembered as right: parties, terms and descriptions repeat, and need not be matched twice."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LEVEL_A = re.compile(r"""[A-Z0-9 .,\-()/=!"%&*;<>'+:?]*""")

UNIQUE = frozenset(("LIN", "PIA", "MOA", "PRI", "GIN", "RFF"))
"""Segments that hardly ever repeat are not remembered."""

Right = tuple[Callable[[bytes], object], dict[tuple[Element, ...], bytes] | None]
"""The pattern of a right segment, and those that were written before with their bytes."""


@lru_cache(maxsize=32)
def pen_for(syntax: Syntax, version: str, charset: str, uppercase: bool) -> Pen:
    """The pen for an interchange; kept, because it knows more with every segment."""
    return Pen(syntax, version, charset, uppercase=uppercase)


class Pen:
    """How values are written under an interchange's service characters, in one version, character set and case."""

    def __init__(self, syntax: Syntax, version: str, charset: str, *, uppercase: bool) -> None:
        self.syntax, self.charset, self.uppercase = syntax, charset, uppercase
        self.encoding = ENCODINGS.get(charset, "ascii")
        self.dictionary = guides.segments("EDIFACT", version)
        self.text = guides.free_text("EDIFACT")
        self.element, self.component = syntax.element.decode("latin-1"), syntax.component.decode("latin-1")
        self.release, self.decimal = syntax.release.decode("latin-1"), syntax.decimal.decode("latin-1")
        self.signs = (syntax.element + syntax.component + syntax.terminator + syntax.repetition).decode("latin-1")
        self.terminator = syntax.terminator.decode("latin-1")
        self.escapes = str.maketrans({sign: self.release + sign for sign in self.signs + self.release})
        self.right: dict[str, Right] = {}

    def segment(self, segment: OutgoingSegment, set: str) -> bytes:
        """A segment of a message; nothing for one that would hold no data. DocumentError where a value cannot be written."""
        return b"".join(self.segments([segment], set))

    def segments(self, segments: Sequence[OutgoingSegment], set: str) -> list[bytes]:
        """Segments of a message, but for those that would hold no data. DocumentError where a value cannot be written."""
        look, written, unique = self.right.get, list[bytes](), dict[str, list[int]]()
        for at, segment in enumerate(segments):
            id: str = segment[0]  # type: ignore[assignment]
            matches, known = look(id) or self._look(id)
            if known is None:
                unique.setdefault(id, []).append(at)
                written.append(b"")
                continue
            raw = known.get(key := tuple(segment))
            if raw is None:
                (raw,) = self._alike([segment], matches, set)
                if len(known) < KNOWN:
                    known[key] = raw
            written.append(raw)
        for id, places in unique.items():
            made = self._alike([segments[at] for at in places], self.right[id][0], set)
            for at, raw in zip(places, made, strict=True):
                written[at] = raw
        return [raw for raw in written if raw]

    def _alike(self, segments: Sequence[OutgoingSegment], matches: Callable[[bytes], object], set: str) -> list[bytes]:
        """Segments of one id: as they stand where all of them are right so, else value by value."""
        element, component, terminator = self.element, self.component, self.terminator
        lines, breaks = list[str](), 0
        for segment in segments:
            flat: list[str] = []
            for value in segment:
                if value.__class__ is tuple:
                    flat.append(component.join(value))
                    breaks += len(value) - 1
                else:
                    flat.append(value)  # type: ignore[arg-type]
            lines.append(element.join(flat))
        text = terminator.join([*lines, ""])
        count = text.count
        told_apart = (count(element), count(component), count(terminator)) == (
            sum(map(len, segments)) - len(segments), breaks, len(segments),
        )  # fmt: skip
        blank = " " + element in text or " " + terminator in text
        if told_apart and not blank and text.isascii() and matches(raw := text.encode()):
            return raw.split(self.syntax.terminator)[:-1]
        if len(segments) > 1:
            return [raw for segment in segments for raw in self._alike([segment], matches, set)]
        return [self._carefully(segments[0], set)]

    def _look(self, id: str) -> Right:
        """What a right segment looks like; none is where anything may stand in it, or values are altered."""
        known = self.dictionary.get(id)
        altered = self.charset == "UNOA" or self.uppercase or self.syntax.decimal != b"."
        if known is None or known.open or altered:
            return self.right.setdefault(id, (_never, {}))
        matches = pattern.several(pattern.compile(known, self.syntax, marks=b"."), self.syntax).fullmatch
        return self.right.setdefault(id, (matches, None if id in UNIQUE else {}))

    def _carefully(self, segment: OutgoingSegment, set: str) -> bytes:
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


def _never(line: bytes) -> None:
    """The pattern of a segment that has none."""


def _measure(text: str, length: int, spec: Spec, place: str) -> None:
    """Refuse a key or a number that has not the length of its element; release characters do not count."""
    if spec.components or spec.min <= length <= spec.max:
        return
    limit = f"{spec.max} at most" if length > spec.max else f"{spec.min} at least"
    raise DocumentError(
        f'{place} ({spec.name}) is "{text}", {length} characters; the standard has {limit}',
        remedy="correct it at its source, or write another field there",
    )
