"""A partner's own, small X12: splits what it receives and writes what it sends. Strict, and only as much as a partner
needs.

Knows: the envelope's layout (ISA is 106 bytes), delimiters, counts and control numbers. Does not know: guides,
documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Segment = list[str]
_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)


class Unreadable(Exception):
    """Bytes that are not a sound interchange, with the reason."""


@dataclass(frozen=True, slots=True)
class X12Interchange:
    """One interchange: its service characters and its segments, ISA to IEA, each a list of elements with the id
    first."""

    element: str
    component: str
    terminator: str
    segments: list[Segment]
    newline: str = ""

    @property
    def isa(self) -> Segment:
        """The header: `isa[6]` is ISA06."""
        return self.segments[0]


@dataclass(frozen=True, slots=True)
class X12Group:
    """One functional group: GS, the sets (ST to SE each), GE."""

    gs: Segment
    sets: list[list[Segment]]
    ge: Segment


def split(data: bytes) -> list[X12Interchange]:
    """Every interchange of a file. Unreadable when there is none, or one does not have the form of the standard."""
    text = data.decode("latin-1")
    found = []
    while text := text.lstrip("\r\n \0\x1a"):
        interchange, text = _take(text)
        found.append(interchange)
    if not found:
        raise Unreadable("the file is empty")
    return found


def _take(text: str) -> tuple[X12Interchange, str]:
    if not text.startswith("ISA") or len(text) < 106 or any(text[at] != text[3] for at in _SEPARATORS):
        raise Unreadable("the file does not begin with an ISA of 106 characters")
    element, component, terminator = text[3], text[104], text[105]
    segments: list[Segment] = []
    rest, newline = text, ""
    while not segments or segments[-1][0] != "IEA":
        body, found, rest = rest.partition(terminator)
        if not found:
            raise Unreadable("the interchange ends without IEA")
        if not segments and terminator not in "\r\n":
            newline = rest[: len(rest) - len(rest.lstrip("\r\n"))]
        segments.append(body.lstrip("\r\n").split(element))
    return X12Interchange(element, component, terminator, segments, newline), rest


def join(interchange: X12Interchange, segments: Sequence[Segment]) -> bytes:
    """Segments as bytes, in the delimiters of that interchange."""
    end = interchange.terminator + interchange.newline
    return "".join(interchange.element.join(segment) + end for segment in segments).encode("latin-1")


def groups(interchange: X12Interchange) -> list[X12Group]:
    """The groups of an interchange, with every count and control number checked; Unreadable names the first that is
    wrong. TA1 segments before the groups are no group: `receipts` gives them."""
    isa, iea = interchange.segments[0], interchange.segments[-1]
    if len(isa) != 17 or len(iea) != 3 or iea[2] != isa[13]:
        raise Unreadable(f"IEA02 is not ISA13 {isa[13]}")
    found: list[X12Group] = []
    body = interchange.segments[1 + len(receipts(interchange)) : -1]
    while body:
        if body[0][0] != "GS" or len(body[0]) != 9:
            raise Unreadable(f"{body[0][0]} stands where a group should begin")
        end = next((at for at, segment in enumerate(body) if segment[0] == "GE"), None)
        if end is None:
            raise Unreadable("a group ends without GE")
        found.append(_group(body[: end + 1]))
        body = body[end + 1 :]
    if iea[1] != str(len(found)):
        raise Unreadable(f"IEA01 says {iea[1]} groups, there are {len(found)}")
    return found


def receipts(interchange: X12Interchange) -> list[Segment]:
    """The TA1 segments that stand between ISA and the first group."""
    body = interchange.segments[1:-1]
    end = next((at for at, segment in enumerate(body) if segment[0] != "TA1"), len(body))
    return body[:end]


def _group(segments: list[Segment]) -> X12Group:
    gs, ge = segments[0], segments[-1]
    sets: list[list[Segment]] = []
    for segment in segments[1:-1]:
        if segment[0] == "ST":
            sets.append([])
        if not sets or (sets[-1] and sets[-1][-1][0] == "SE"):
            raise Unreadable(f"{segment[0]} stands outside of a transaction set")
        sets[-1].append(segment)
    for transaction in sets:
        st, se = transaction[0], transaction[-1]
        if se != ["SE", str(len(transaction)), st[2]]:
            raise Unreadable(f"set {st[2]} has {len(transaction)} segments and ends with {'*'.join(se)}")
    if ge != ["GE", str(len(sets)), gs[6]]:
        raise Unreadable(f"group {gs[6]} has {len(sets)} sets and ends with {'*'.join(ge)}")
    return X12Group(gs, sets, ge)


def pairs(segment: Segment) -> dict[str, str]:
    """Qualifier to value of the product ids of a PO1 or IT1, which begin at element 06.

    Some senders leave out the price basis with its separator, so that they begin at 05: then the pairs come out odd and
    the last element is longer than a qualifier."""
    first = 5 if len(segment) % 2 and len(segment[-1]) > 2 else 6
    return {segment[at]: segment[at + 1] for at in range(first, len(segment) - 1, 2) if segment[at]}


@dataclass(frozen=True, slots=True)
class X12Address:
    """Sender and receiver: qualifier and id of both sides, and the groups' codes."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    group_sender: str
    group_receiver: str


def write(
    address: X12Address,
    functional: str,
    sets: Sequence[tuple[str, Sequence[Segment]]],
    *,
    interchange: int,
    group: int,
    at: datetime,
    version: str = "004010",
    usage: str = "P",
    delimiters: str = "*>~",
    newline: str = "",
) -> bytes:
    """One interchange of one group. `sets` are (transaction set id, body without ST and SE)."""
    element, component, terminator = tuple(delimiters)
    wide = version >= "005"
    isa = ["ISA", "00", " " * 10, "00", " " * 10, address.sender[0], address.sender[1].ljust(15)]
    isa += [address.receiver[0], address.receiver[1].ljust(15), f"{at:%y%m%d}", f"{at:%H%M}", "^" if wide else "U"]
    isa += ["00501" if wide else "00401", f"{interchange:09}", "0", usage, component]
    stamp = (f"{at:%Y%m%d}", f"{at:%H%M}")
    segments = [isa, ["GS", functional, address.group_sender, address.group_receiver, *stamp, str(group), "X", version]]
    for number, (set_id, body) in enumerate(sets, 1):
        segments += [["ST", set_id, f"{number:04}"], *body, ["SE", str(len(body) + 2), f"{number:04}"]]
    segments += [["GE", str(len(sets)), str(group)], ["IEA", "1", f"{interchange:09}"]]
    return join(X12Interchange(element, component, terminator, [], newline), segments)
