"""A partner's own, small EDIFACT: splits what it receives and writes what it sends. Strict, and only as much as a partner needs.

Knows: UNA, the envelope, the release character, counts and references (ISO 9735, syntax 3). Does not know: guides, documents.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .x12 import Unreadable

Segment = list[list[str]]
"""Elements of components, the tag first: `[["QTY"], ["21", "12", "EA"]]`."""
Party = tuple[str, str]
"""Qualifier and id."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its reference, its type, and its segments from UNH to UNT."""

    reference: str
    type: str
    segments: list[Segment]

    def all(self, tag: str, qualifier: str = "") -> Iterator[Segment]:
        """The segments of a tag, where one is given only those with this qualifier."""
        for segment in self.segments:
            if segment[0][0] == tag and qualifier in ("", value(segment, 1)):
                yield segment


@dataclass(frozen=True, slots=True)
class Interchange:
    """One interchange: from whom, to whom, its reference and its messages."""

    sender: Party
    receiver: Party
    reference: str
    messages: list[Message]


def is_edifact(data: bytes) -> bool:
    """Whether a file begins as EDIFACT does."""
    return data.lstrip().startswith((b"UNA", b"UNB"))


def value(segment: Segment, element: int, component: int = 0) -> str:
    """A component, "" where the segment has none there."""
    return segment[element][component] if len(segment) > element and len(segment[element]) > component else ""


def split(data: bytes) -> list[Interchange]:
    """Every interchange of a file, with every count and reference checked. Unreadable names the first that is wrong."""
    found: list[Interchange] = []
    inside: list[Segment] = []
    for segment in _segments(data.decode("latin-1").strip()):
        inside.append(segment)
        if segment[0][0] == "UNZ":
            found.append(_interchange(inside))
            inside = []
    if inside or not found:
        raise Unreadable("the file does not end with UNZ")
    return found


def _segments(text: str) -> Iterator[Segment]:
    component, element, release, terminator = ":", "+", "?", "'"
    if text.startswith("UNA"):
        component, element, release, terminator = text[3], text[4], text[6], text[8]
        text = text[9:].lstrip()
    elements, held, signs = [[""]], False, iter(text)
    for sign in signs:
        if held or sign not in (component, element, release, terminator):
            elements[-1][-1] += "" if sign in "\r\n" and elements == [[""]] else sign
            held = False
        elif sign == release:
            held = True
        elif sign == component:
            elements[-1].append("")
        elif sign == element:
            elements.append([""])
        else:
            yield elements
            elements = [[""]]
    if elements != [[""]]:
        raise Unreadable("the last segment has no end")


def _interchange(segments: list[Segment]) -> Interchange:
    unb, unz = segments[0], segments[-1]
    if unb[0][0] != "UNB" or len(unb) < 6:
        raise Unreadable(f"{unb[0][0]} stands where an interchange should begin")
    messages: list[Message] = []
    begun: list[Segment] = []
    for segment in segments[1:-1]:
        if not begun and segment[0][0] != "UNH":
            raise Unreadable(f"{segment[0][0]} stands outside of a message")
        begun.append(segment)
        if segment[0][0] == "UNT":
            messages.append(_message(begun))
            begun = []
    if begun or (value(unz, 1), value(unz, 2)) != (str(len(messages)), value(unb, 5)):
        raise Unreadable(f"interchange {value(unb, 5)} has {len(messages)} messages and ends with {unz}")
    sender, receiver = ((value(unb, at, 1), value(unb, at)) for at in (2, 3))
    return Interchange(sender, receiver, value(unb, 5), messages)


def _message(segments: list[Segment]) -> Message:
    unh, unt = segments[0], segments[-1]
    if (value(unt, 1), value(unt, 2)) != (str(len(segments)), value(unh, 1)):
        raise Unreadable(f"message {value(unh, 1)} has {len(segments)} segments and ends with {unt}")
    return Message(value(unh, 1), value(unh, 2), segments)


def write(
    sender: Party, receiver: Party, reference: str, messages: Sequence[tuple[str, Sequence[str]]], at: datetime
) -> bytes:
    """One interchange. `messages` are (identifier as in UNH, as "CONTRL:D:3:UN", and the body without UNH and UNT, as text)."""
    parties = "+".join(f"{id}:{qualifier}" for qualifier, id in (sender, receiver))
    segments = [f"UNB+UNOC:3+{parties}+{at:%y%m%d}:{at:%H%M}+{reference}"]
    for number, (identifier, body) in enumerate(messages, 1):
        segments += [f"UNH+{number}+{identifier}", *body, f"UNT+{len(body) + 2}+{number}"]
    segments.append(f"UNZ+{len(messages)}+{reference}")
    return "".join(f"{segment}'" for segment in segments).encode("latin-1")
