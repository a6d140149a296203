"""Writes X12: segments as lists of text to the exact bytes of an interchange, counts and totals of the envelope computed.

X12 has no release character. Free text is made to fit: what is not ASCII is transliterated, a delimiter becomes a blank,
blanks are folded, what is too long is cut. In anything else (numbers, ids, codes) all of these are errors, because a key is
never altered. Trailing empty elements and components are left out, and segments that then hold nothing (X12.6).

Knows: the envelope (ISA fixed at 106 bytes), characters, lengths per version. Does not know: where numbers come from, what
a document means, files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from d365edi.edi import charset, guides
from d365edi.edi.guide import Element as Spec
from d365edi.edi.guide import Segment as Dictionary
from d365edi.edi.interchange import Party
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError

Element = str | tuple[str, ...]
OutgoingSegment = list[Element]
"""The id first, then the elements; a tuple is a composite."""

NUMBERS = frozenset(("R", "N0", "N1", "N2"))


@dataclass(frozen=True, slots=True)
class OutgoingSet:
    """One transaction set: its id, its control number (four characters at least), its body without ST and SE."""

    id: str
    control: str
    segments: Sequence[OutgoingSegment]


@dataclass(frozen=True, slots=True)
class Group:
    """One functional group. `version` None means the envelope's."""

    functional_id: str
    control: int
    sets: tuple[OutgoingSet, ...]
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whose interchange it is and how it looks. `at` is local time; `version` is GS08, of which ISA12 follows."""

    sender: Party
    receiver: Party
    group_sender: str
    group_receiver: str
    version: str
    usage: str
    syntax: Syntax
    control: int
    at: datetime
    answer_requested: bool = False


def write(
    envelope: Envelope,
    groups: Sequence[Group],
    *,
    acknowledgments: Sequence[Sequence[str]] = (),
    uppercase: bool = False,
) -> bytes:
    """The bytes of one interchange: ISA, the TA1s, the groups, IEA. DocumentError where a value cannot be written."""
    syntax = envelope.syntax
    _distinct(syntax)
    pen = _Pen(syntax, envelope.version, uppercase=uppercase)
    out = [_isa(envelope, pen)]
    out += [pen.envelope(list(segment)) for segment in acknowledgments]
    for group in groups:
        version = group.version or envelope.version
        out += _group(
            envelope, group, version, pen if group.version is None else _Pen(syntax, version, uppercase=uppercase)
        )
    out.append(pen.envelope(["IEA", str(len(groups)), f"{envelope.control:09d}"]))
    end = syntax.terminator + syntax.suffix
    return end.join(out) + end


def _distinct(syntax: Syntax) -> None:
    """Service characters are different, and nothing that data is made of."""
    signs = [syntax.element, syntax.component, syntax.terminator, *filter(None, (syntax.repetition,))]
    for sign in signs:
        if signs.count(sign) > 1 or len(sign) != 1 or sign.isalnum() or sign in b" .-":
            raise DocumentError(
                f"{sign.decode('latin-1')!r} cannot be a delimiter",
                remedy="take four different characters that are no letter, digit, blank, dot or hyphen",
            )


def _isa(envelope: Envelope, pen: _Pen) -> bytes:
    """ISA, 105 bytes without its terminator (X12.5): every element at its fixed place."""
    syntax = envelope.syntax
    version = max("00401", envelope.version[:5])
    later = version >= "00402"
    if later and not syntax.repetition:
        raise DocumentError(
            f"version {envelope.version} needs a repetition separator", remedy='write delimiters = "*>~^"'
        )
    sender, receiver = envelope.sender, envelope.receiver
    parties = (sender.qualifier, f"{sender.id:<15}", receiver.qualifier, f"{receiver.id:<15}")
    elements = [
        *("ISA", "00", " " * 10, "00", " " * 10, *parties, f"{envelope.at:%y%m%d}", f"{envelope.at:%H%M}"),
        *(syntax.repetition.decode("latin-1") if later else "U", version, f"{envelope.control:09d}"),
        *("1" if envelope.answer_requested else "0", envelope.usage, syntax.component.decode("latin-1")),
    ]
    for position in (5, 6, 7, 8, 12, 15):
        pen.key(elements[position], f"ISA{position:02d}")
    line = syntax.element.decode("latin-1").join(elements).encode("latin-1")
    if len(line) != 105:
        raise DocumentError(
            "an interchange header has 105 characters", remedy="keep ids to 15 characters, qualifiers to 2"
        )
    return line


def _group(envelope: Envelope, group: Group, version: str, pen: _Pen) -> list[bytes]:
    head = ["GS", group.functional_id, envelope.group_sender, envelope.group_receiver]
    out = [pen.envelope([*head, f"{envelope.at:%Y%m%d}", f"{envelope.at:%H%M}", str(group.control), "X", version])]
    for outgoing in group.sets:
        written = (pen.segment(segment, outgoing.id) for segment in outgoing.segments)
        body = [segment for segment in written if segment]
        out.append(pen.envelope(["ST", outgoing.id, outgoing.control]))
        out += body
        out.append(pen.envelope(["SE", str(len(body) + 2), outgoing.control]))
    out.append(pen.envelope(["GE", str(len(group.sets)), str(group.control)]))
    return out


class _Pen:
    """How values are written under an interchange's service characters, in one version and one case."""

    def __init__(self, syntax: Syntax, version: str, *, uppercase: bool) -> None:
        self.syntax, self.uppercase = syntax, uppercase
        self.dictionary: Mapping[str, Dictionary] = guides.segments("X12", version)
        self.text = guides.free_text("X12")
        signs = syntax.element + syntax.component + syntax.terminator + syntax.repetition
        self.delimiters = signs.decode("latin-1")
        self.forbidden = re.compile("[^ -~]|[" + "".join(f"\\x{sign:02x}" for sign in signs) + "]").search

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
        return self.syntax.element.decode("latin-1").join(flat).encode("latin-1")


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
