"""Writes X12: segments as lists of text to the exact bytes of an interchange, counts and totals of the envelope computed.

Knows: the envelope (ISA fixed at 106 bytes), how sets and groups nest. Does not know: characters and lengths
(`serializer`), where numbers come from, what a document means, files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from d365edi.edi.header import NOISE
from d365edi.edi.interchange import Party
from d365edi.edi.outgoing import Group, OutgoingSegment, OutgoingSet
from d365edi.edi.serializer import Serializer, serializer_for
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError

__all__ = ["Envelope", "Group", "OutgoingSegment", "OutgoingSet", "write", "write_bare"]


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
    serializer = serializer_for(syntax, envelope.version)
    out = [_isa(envelope, serializer)]
    out += [serializer.segment(list(segment)) for segment in acknowledgments]
    for group in groups:
        out += _group(envelope, group, group.version or envelope.version, uppercase=uppercase)
    out.append(serializer.segment(["IEA", str(len(groups)), f"{envelope.control:09d}"]))
    end = syntax.raw.terminator + syntax.raw.suffix
    return end.join(out) + end


def _distinct(syntax: Syntax) -> None:
    """Service characters are different, and nothing that data or noise between segments is made of; a line break may end."""
    signs = [syntax.raw.element, syntax.raw.component, syntax.raw.terminator, *filter(None, (syntax.raw.repetition,))]
    for sign in signs:
        noise = NOISE if sign != syntax.raw.terminator else NOISE.translate(None, b"\r\n")
        if signs.count(sign) > 1 or len(sign) != 1 or sign.isalnum() or sign in b".-" + noise:
            remedy = "take four different characters that are no letter, digit, blank, dot or hyphen"
            raise DocumentError(f"{sign.decode('latin-1')!r} cannot be a delimiter", remedy=remedy)


def _isa(envelope: Envelope, serializer: Serializer) -> bytes:
    """ISA, 105 bytes without its terminator (X12.5): every element at its fixed place."""
    syntax = envelope.syntax
    version = max("00401", envelope.version[:5])
    later = version >= "00402"
    if later and not syntax.raw.repetition:
        message = f"version {envelope.version} needs a repetition separator"
        raise DocumentError(message, remedy='write delimiters = "*>~^"')
    sender, receiver = envelope.sender, envelope.receiver
    parties = (sender.qualifier, f"{sender.id:<15}", receiver.qualifier, f"{receiver.id:<15}")
    elements = [
        *("ISA", "00", " " * 10, "00", " " * 10, *parties, f"{envelope.at:%y%m%d}", f"{envelope.at:%H%M}"),
        *(syntax.repetition if later else "U", version, f"{envelope.control:09d}"),
        *("1" if envelope.answer_requested else "0", envelope.usage, syntax.component),
    ]
    for position in (5, 6, 7, 8, 12, 15):
        serializer.key(elements[position], f"ISA{position:02d}")
    line = syntax.element.join(elements).encode("latin-1")
    if len(line) != 105:
        message = "an interchange header has 105 characters"
        raise DocumentError(message, remedy="keep ids to 15 characters, qualifiers to 2")
    return line


def _group(envelope: Envelope, group: Group, version: str, *, uppercase: bool) -> list[bytes]:
    """GS to GE. Capitals are for the bodies of sets: envelopes are written as they are."""
    own = serializer_for(envelope.syntax, version)
    day = f"{envelope.at:%Y%m%d}" if version >= "004" else f"{envelope.at:%y%m%d}"
    parties, moment = (envelope.group_sender, envelope.group_receiver), (day, f"{envelope.at:%H%M}")
    out = [own.segment(["GS", group.functional_id, *parties, *moment, str(group.control), "X", version])]
    out += _sets(envelope.syntax, version, group.sets, uppercase=uppercase)
    out.append(own.segment(["GE", str(len(group.sets)), str(group.control)]))
    return out


def _sets(syntax: Syntax, version: str, sets: Sequence[OutgoingSet], *, uppercase: bool) -> list[bytes]:
    """ST to SE of each set."""
    own, bodies = serializer_for(syntax, version), serializer_for(syntax, version, uppercase=uppercase)
    out = []
    for outgoing in sets:
        body, count = bodies.body(outgoing.segments, outgoing.id)
        convention = [outgoing.convention] if outgoing.convention else []
        out.append(own.segment(["ST", outgoing.id, outgoing.control, *convention]))
        out.append(body + own.segment(["SE", str(count + 2), outgoing.control]))
    return out


def write_bare(syntax: Syntax, version: str, sets: Sequence[OutgoingSet], *, uppercase: bool = False) -> bytes:
    """The bytes of sets without an envelope, which another system writes. DocumentError where a value cannot be written."""
    _distinct(syntax)
    end = syntax.raw.terminator + syntax.raw.suffix
    return end.join(_sets(syntax, version, sets, uppercase=uppercase)) + end
