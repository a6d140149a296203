"""Writes X12: segments as lists of text to the exact bytes of an interchange, counts and totals of the envelope computed.

X12 has no release character. A delimiter in free text is replaced by a blank and the blanks are folded; in anything else
(numbers, ids, codes) it is an error, because a key is never altered. Trailing empty elements are left out, as X12.6 demands.

Knows: the envelope (ISA fixed at 106 bytes), characters, lengths per version. Does not know: where numbers come from, what
a document means, files.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from d365edi.edi import guides
from d365edi.edi.guide import Element as Spec
from d365edi.edi.guide import Segment as Dictionary
from d365edi.edi.interchange import Party
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError

Element = str | tuple[str, ...]
OutgoingSegment = list[Element]
"""The id first, then the elements; a tuple is a composite."""

TEXT = frozenset({"93", "166", "19", "352", "369", "387", "770", "933", "1551", "3", "61", "1035", "1036", "1037"})
"""Data elements that are free text, where a delimiter may become a blank."""
_SPELLED = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "ß": "ss", "ø": "o", "Ø": "O"}
    | {"€": "EUR", "™": "", "®": "", "©": "", "æ": "ae", "Æ": "AE", "\xa0": " ", "\t": " ", "\r": " ", "\n": " "}
)


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
    out = [_isa(envelope)]
    out += [_join(list(segment), syntax) for segment in acknowledgments]
    for group in groups:
        out += _group(envelope, group, uppercase=uppercase)
    out.append(_join(["IEA", str(len(groups)), f"{envelope.control:09d}"], syntax))
    end = syntax.terminator + syntax.suffix
    return end.join(out) + end


def _isa(envelope: Envelope) -> bytes:
    """ISA, 105 bytes without its terminator (X12.5): every element at its fixed place."""
    syntax = envelope.syntax
    later = envelope.version >= "004020"
    if later and not syntax.repetition:
        raise DocumentError("version 005010 needs a repetition separator", remedy='write delimiters = "*>~^"')
    elements = [
        *("ISA", "00", " " * 10, "00", " " * 10),
        *(
            envelope.sender.qualifier,
            f"{envelope.sender.id:<15}",
            envelope.receiver.qualifier,
            f"{envelope.receiver.id:<15}",
        ),
        *(f"{envelope.at:%y%m%d}", f"{envelope.at:%H%M}", syntax.repetition.decode("latin-1") if later else "U"),
        *("00501" if envelope.version >= "005" else "00401", f"{envelope.control:09d}"),
        *("1" if envelope.answer_requested else "0", envelope.usage, syntax.component.decode("latin-1")),
    ]
    line = syntax.element.decode("latin-1").join(elements).encode("latin-1")
    if len(line) != 105:
        raise DocumentError(
            "an interchange header has 105 characters", remedy="keep ids to 15 characters, qualifiers to 2"
        )
    return line


def _group(envelope: Envelope, group: Group, *, uppercase: bool) -> list[bytes]:
    version, syntax = group.version or envelope.version, envelope.syntax
    head = ["GS", group.functional_id, envelope.group_sender, envelope.group_receiver]
    out = [_join([*head, f"{envelope.at:%Y%m%d}", f"{envelope.at:%H%M}", str(group.control), "X", version], syntax)]
    dictionary = guides.segments("X12", version)
    for outgoing in group.sets:
        body = [
            _segment(segment, dictionary, syntax, outgoing.id, uppercase=uppercase) for segment in outgoing.segments
        ]
        out.append(_join(["ST", outgoing.id, outgoing.control], syntax))
        out += body
        out.append(_join(["SE", str(len(body) + 2), outgoing.control], syntax))
    out.append(_join(["GE", str(len(group.sets)), str(group.control)], syntax))
    return out


def _segment(
    segment: OutgoingSegment, dictionary: Mapping[str, Dictionary], syntax: Syntax, set: str, *, uppercase: bool
) -> bytes:
    id = str(segment[0])
    known = dictionary.get(id)
    written: list[Element] = [id]
    for position, value in enumerate(segment[1:], 1):
        spec = known.element(position) if known is not None else None
        if isinstance(value, tuple):
            parts = spec.components if spec is not None else ()
            place = f"{set} {id}{position:02d}"
            whole = [
                _value(part, parts[i] if i < len(parts) else None, syntax, f"{place}-{i + 1}", uppercase=uppercase)
                for i, part in enumerate(value)
            ]
            written.append(tuple(whole))
        else:
            written.append(_value(value, spec, syntax, f"{set} {id}{position:02d}", uppercase=uppercase))
    return _join(written, syntax)


def _value(value: str, spec: Spec | None, syntax: Syntax, place: str, *, uppercase: bool) -> str:
    """One value made fit: characters, case, delimiters, length."""
    if not value:
        return value
    text = value if value.isascii() and value.isprintable() else _ascii(value)
    text = text.upper() if uppercase else text
    found = [c for c in _delimiters(syntax) if c in text]
    if found:
        if spec is None or spec.number not in TEXT:
            raise DocumentError(
                f'{place} is "{value}", which holds the delimiter {found[0]!r}',
                remedy="agree on other delimiters with the partner ([partners.NAME.x12] delimiters); a key is never altered",
            )
        for delimiter in found:
            text = text.replace(delimiter, " ")
        text = " ".join(word for word in text.split(" ") if word)
    return _fit(text, value, spec, place)


def _fit(text: str, value: str, spec: Spec | None, place: str) -> str:
    text = text.rstrip(" ")
    if spec is None or spec.type in ("", "comp"):
        return text
    length = len(text.lstrip("-").replace(".", "")) if spec.type in ("R", "N0", "N1", "N2") else len(text)
    if length > spec.max:
        if spec.number in TEXT:
            return text[: spec.max].rstrip(" ")
        raise DocumentError(
            f'{place} ({spec.name}) is "{value}", {length} characters; the standard has {spec.max} at most',
            remedy="shorten it at its source, or write another field there",
        )
    if length < spec.min and spec.type == "AN":
        return text.ljust(spec.min)
    if length < spec.min and spec.type in ("N0", "N2"):
        return ("-" if text.startswith("-") else "") + text.lstrip("-").rjust(spec.min, "0")
    return text


def _ascii(value: str) -> str:
    """Transliterated: typographic marks and accents become their plain forms, control characters and the rest a blank."""
    plain = unicodedata.normalize("NFKD", value.translate(_SPELLED))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" else " " for c in kept)


def _delimiters(syntax: Syntax) -> str:
    return (syntax.element + syntax.component + syntax.terminator + syntax.repetition).decode("latin-1")


def _join(segment: Sequence[Element], syntax: Syntax) -> bytes:
    component = syntax.component.decode("latin-1")
    flat = [value if isinstance(value, str) else component.join(value).rstrip(component) for value in segment]
    while len(flat) > 1 and not flat[-1]:
        flat.pop()
    return syntax.element.decode("latin-1").join(flat).encode("latin-1")
