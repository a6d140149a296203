"""Writes EDIFACT: segments as lists of text to the exact bytes of an interchange, counts of the envelope computed.

    UNA  where the service characters are not those of the standard, or the partner wants it
    UNB  {UNG} {UNH ... UNT} {UNE}  UNZ

Messages stand directly in the interchange; a group with a functional id gets its UNG and UNE.

Knows: the envelope, how messages nest. Does not know: characters and lengths (`serializer`), where numbers come from,
what a document means, files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from d365edi.edi.interchange import Party
from d365edi.edi.outgoing import Group, OutgoingSegment, OutgoingSet
from d365edi.edi.serializer import Serializer, serializer_for
from d365edi.edi.syntax import Syntax
from d365edi.errors import DocumentError

__all__ = ["DEFAULT", "Envelope", "Group", "OutgoingSegment", "OutgoingSet", "write"]

DEFAULT = Syntax("EDIFACT", "+", ":", "'", "", "?", ".")
"""The service characters of the standard (ISO 9735): no UNA is needed for them."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whose interchange it is and how it looks. `at` is local time; `version` is that of the messages (`D:96A:UN:EAN008`).

    `routing` are the internal addresses of sender and receiver (0008, 0014), `application` is 0026, `agreement` 0032;
    `una` True writes the UNA even where it says nothing new."""

    sender: Party
    receiver: Party
    version: str
    usage: str
    syntax: Syntax
    control: int | str
    at: datetime
    charset: str = "UNOC"
    syntax_version: int = 3
    answer_requested: bool = False
    application: str = ""
    agreement: str = ""
    routing: tuple[str, str] = ("", "")
    una: bool = False


def write(envelope: Envelope, groups: Sequence[Group], *, uppercase: bool = False) -> bytes:
    """The bytes of one interchange. DocumentError where a value cannot be written."""
    syntax = envelope.syntax
    _distinct(syntax)
    serializer = serializer_for(syntax, envelope.version, envelope.charset, uppercase=uppercase)
    out = [serializer.segment(_unb(envelope))]
    messages = 0
    for group in groups:
        version = group.version or envelope.version
        out += _group(envelope, group, version, serializer_for(syntax, version, envelope.charset, uppercase=uppercase))
        messages += len(group.sets)
    named = sum(bool(group.functional_id) for group in groups)
    if named not in (0, len(groups)):
        message = "an interchange has all of its messages in groups or none"
        raise DocumentError(message, remedy="give each group its id or none")
    out.append(serializer.segment(["UNZ", str(named or messages), str(envelope.control)]))
    end = syntax.raw.terminator + syntax.raw.suffix
    return _una(envelope) + end.join(out) + end


def _distinct(syntax: Syntax) -> None:
    signs = (syntax.component, syntax.element, syntax.decimal, syntax.release, syntax.repetition, syntax.terminator)
    used = [sign for sign in signs if sign]
    wrong = next((s for s in used if used.count(s) > 1 or s.isalnum() or s == " " or s >= "\x80"), "")
    if wrong or not (syntax.element and syntax.component and syntax.terminator) or syntax.decimal not in (".", ","):
        shown = wrong or "a service character that is missing"
        message = f"{shown} cannot be a service character here"
        raise DocumentError(message, remedy="use six different signs, as :+.? ' has them")


def _una(envelope: Envelope) -> bytes:
    syntax = envelope.syntax
    una = f"{syntax.component}{syntax.element}{syntax.decimal}{syntax.release or ' '}{syntax.repetition or ' '}{syntax.terminator}"
    return f"UNA{una}{syntax.suffix}".encode("latin-1") if envelope.una or una != ":+.? '" else b""


def _unb(envelope: Envelope) -> OutgoingSegment:
    later = envelope.syntax_version >= 4
    sender, receiver = envelope.sender, envelope.receiver
    if not (sender.id and receiver.id):
        raise DocumentError("an interchange needs a sender and a receiver", remedy="write both ids of the partner")
    return [
        "UNB",
        (envelope.charset, str(envelope.syntax_version)),
        (sender.id, sender.qualifier, envelope.routing[0]),
        (receiver.id, receiver.qualifier, envelope.routing[1]),
        (f"{envelope.at:%Y%m%d}" if later else f"{envelope.at:%y%m%d}", f"{envelope.at:%H%M}"),
        str(envelope.control), "", envelope.application, "",
        "1" if envelope.answer_requested else "", envelope.agreement, "1" if envelope.usage == "T" else "",
    ]  # fmt: skip


def _group(envelope: Envelope, group: Group, version: str, serializer: Serializer) -> list[bytes]:
    out: list[bytes] = []
    release = tuple(version.split(":"))
    if group.functional_id:
        moment = (f"{envelope.at:%y%m%d}", f"{envelope.at:%H%M}")
        sender, receiver = envelope.sender, envelope.receiver
        out.append(serializer.segment([
            "UNG", group.functional_id, (sender.id, sender.qualifier), (receiver.id, receiver.qualifier), moment,
            str(group.control), *release[2:3], (*release[:2], *release[3:4]),
        ]))  # fmt: skip
    out += _messages(group.sets, version, serializer)
    if group.functional_id:
        out.append(serializer.segment(["UNE", str(len(group.sets)), str(group.control)]))
    return out


def _messages(sets: Sequence[OutgoingSet], version: str, serializer: Serializer) -> list[bytes]:
    """UNH to UNT of each message."""
    out, release = [], tuple(version.split(":"))
    for one in sets:
        body, count = serializer.body([["UNH", one.control, (one.id, *release)], *one.segments], one.id)
        out.append(body + serializer.segment(["UNT", str(count + 1), one.control], one.id))
    return out


def write_bare(
    syntax: Syntax, version: str, charset: str, sets: Sequence[OutgoingSet], *, uppercase: bool = False
) -> bytes:
    """The bytes of messages without an envelope, which another system writes. DocumentError where a value cannot be written."""
    _distinct(syntax)
    serializer = serializer_for(syntax, version, charset, uppercase=uppercase)
    end = syntax.raw.terminator + syntax.raw.suffix
    return end.join(_messages(sets, version, serializer)) + end
