"""One segment as it is written: characters, delimiters, case and lengths made fit, or refused.

X12 has no release character. Free text is made to fit: what is not ASCII is transliterated, a delimiter becomes a blank,
blanks are folded, what is too long is cut. In anything else (numbers, ids, codes) all of these are errors, because a key is
never altered. Trailing empty elements and components are left out, and segments that then hold nothing (X12.6).

Two speeds, as in reading: what matches the pattern of a right segment is written as it stands, all else element by element.

Knows: the dictionary of a version, characters. Does not know: sets, envelopes, where values come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from d365edi.edi import charset, guides
from d365edi.edi.guide import Element as Spec
from d365edi.edi.guide import Segment as Dictionary
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import pattern
from d365edi.errors import DocumentError

Element = str | tuple[str, ...]
OutgoingSegment = list[Element]
"""The id first, then the elements; a tuple is a composite."""

NUMBERS = frozenset(("R", "N0", "N1", "N2"))
KNOWN = 1024
"""Segments of an id that are remembered as right: parties, terms and descriptions repeat, and need not be matched twice."""

Right = tuple[Callable[[bytes], object], dict[str, bytes]]
"""The pattern of a right segment, and those that matched it with their bytes."""


@lru_cache(maxsize=32)
def pen_for(syntax: Syntax, version: str, uppercase: bool) -> Pen:
    """The pen for an interchange; kept, because it knows more with every segment."""
    return Pen(syntax, version, uppercase=uppercase)


class Pen:
    """How values are written under an interchange's service characters, in one version and one case."""

    def __init__(self, syntax: Syntax, version: str, *, uppercase: bool) -> None:
        self.syntax, self.uppercase = syntax, uppercase
        self.dictionary: Mapping[str, Dictionary] = guides.segments("X12", version)
        self.text = guides.free_text("X12")
        signs = syntax.element + syntax.component + syntax.terminator + syntax.repetition
        self.delimiters = signs.decode("latin-1")
        self.forbidden = re.compile("[^ -~]|[" + "".join(f"\\x{sign:02x}" for sign in signs) + "]").search
        self.separator = syntax.element.decode("latin-1")
        self.padding = " " + self.separator
        self.right: dict[str, Right] = {}

    def envelope(self, segment: list[str]) -> bytes:
        """A segment of the envelope: nothing in it is text."""
        dictionary = self.dictionary.get(segment[0])
        whole = [segment[0]]
        for position, value in enumerate(segment[1:], 1):
            place = f"{segment[0]}{position:02d}"
            spec = dictionary.element(position) if dictionary is not None else None
            whole.append(_fit(self.key(value, place), spec, place, cut=False))
        return self._join(whole)

    def segment(self, segment: OutgoingSegment, set: str) -> bytes:
        """A segment of a set; nothing for one that would hold no data."""
        try:
            line = self.separator.join(segment)  # type: ignore[arg-type]
        except TypeError:  # a composite
            return self._carefully(segment, set)
        matches, known = self.right.get(segment[0]) or self._look(segment[0])  # type: ignore[arg-type]
        if line.count(self.separator) != len(segment) - 1 or line == segment[0]:
            return self._carefully(segment, set)
        if (found := known.get(line)) is not None:
            return found
        if self.padding in line or line[-1] == " " or not line.isascii() or not matches(line.encode()):
            return self._carefully(segment, set)
        found = (line.upper() if self.uppercase else line).encode()
        if len(known) < KNOWN:
            known[line] = found
        return found

    def _look(self, id: str) -> Right:
        """What a right segment of this id looks like; none is where anything may stand in it."""
        known = self.dictionary.get(id)
        if known is None or known.open:
            return self.right.setdefault(id, (_never, {}))
        return self.right.setdefault(id, (pattern.compile(known, self.syntax).fullmatch, {}))

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
        component = self.syntax.component.decode("latin-1")
        flat = [value if isinstance(value, str) else component.join(value).rstrip(component) for value in segment]
        while len(flat) > 1 and not flat[-1]:
            flat.pop()
        return self.separator.join(flat).encode("latin-1")


def _never(line: bytes) -> None:
    """The pattern of a segment that has none."""


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
