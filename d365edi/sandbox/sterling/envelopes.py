"""Taking interchanges out of their envelopes and putting bare sets into new ones, as processes of the server do.

Knows: X12 by the partner's own `x12`, and of EDIFACT the segments of an envelope. Does not know: guides, mailboxes.
"""

import re
from datetime import datetime

from .. import x12

GROUPS = {"810": "IN", "820": "RA", "850": "PO", "855": "PR", "856": "SH", "860": "PC", "997": "FA"}
"""GS01 of the sets that there are."""
_ST = re.compile(rb"ST([^\w\s])(\d{3})\1(\w{4,9})([^\w\s]|\n)")
_SEGMENT = re.compile(rb"(?:\?.|[^'?])*'\s*", re.DOTALL)


def stripped(data: bytes) -> list[bytes]:
    """Each ST to SE, or UNH to UNT, of a file, in the file's own delimiters. Unreadable where it is neither."""
    if data.lstrip().startswith((b"UNA", b"UNB")):
        return _bare_edifact(data)
    return [
        x12.join(interchange, transaction)
        for interchange in x12.split(data)
        for group in x12.groups(interchange)
        for transaction in group.sets
    ]


def _bare_edifact(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    for segment in _SEGMENT.findall(re.sub(rb"^\s*UNA.{6}\s*", b"", data, flags=re.DOTALL)):
        if segment[:3] == b"UNH":
            found.append(b"")
        if found and segment[:3] not in (b"UNZ", b"UNE"):
            found[-1] += segment
    if not found:
        raise x12.Unreadable("the interchange has no UNH")
    return found


def enveloped(data: bytes, address: x12.X12Address, control: int, at: datetime) -> bytes:
    """One interchange around bare sets. Unreadable where they are none."""
    if data.lstrip().startswith(b"UNH"):
        return _edifact(data, address, control, at)
    first = _ST.match(data.lstrip())
    if first is None:
        raise x12.Unreadable("the file does not begin with ST or UNH")
    element, end = first[1].decode("latin-1"), first[4].decode("latin-1")
    lines = [line.strip("\r\n").split(element) for line in data.decode("latin-1").split(end)]
    sets: list[tuple[str, list[x12.Segment]]] = []
    for line in lines:
        if line[0] == "ST":
            sets.append((line[1], []))
        elif line[0] not in ("SE", ""):
            sets[-1][1].append(line)
    functional = GROUPS[sets[0][0]]
    return x12.write(
        address, functional, sets, interchange=control, group=control, at=at, delimiters=f"{element}>{end}"
    )


def _edifact(data: bytes, address: x12.X12Address, control: int, at: datetime) -> bytes:
    sender, receiver = (f"{id}:{kind}" for kind, id in (address.sender, address.receiver))
    messages = sum(1 for segment in _SEGMENT.findall(data) if segment.startswith(b"UNH"))
    head = f"UNB+UNOC:3+{sender}+{receiver}+{at:%y%m%d}:{at:%H%M}+{control}'"
    return head.encode() + data.strip() + f"UNZ+{messages}+{control}'".encode()
