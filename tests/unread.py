"""Orders of both standards without a fault, and what would hold one: for the tests of what nobody reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from d365edi.cli.inspect_file import FileInspection, inspect_file

X12 = (
    "BEG*00*SA*4500123**20261102", "CUR*BY*USD", "DTM*002*20261120", "N1*BY*ACME*92*1000", "N1*ST*ACME DC 7*92*0007",
    "N3*700 DISTRIBUTION WAY", "N4*AUSTIN*TX*78701*US", "PO1*1*12*EA*10.5**BP*ACME-4711*UP*614141000012",
    "PID*F*08***GOODS", "PO1*2*3*EA*20**BP*ACME-4712*UP*614141000029", "CTT*2*15", "AMT*TT*186",
)  # fmt: skip
EDIFACT = (
    "BGM+220+4500123+9", "DTM+137:20261102:102", "DTM+2:20261120:102", "NAD+BY+4098765000010::9",
    "NAD+SU+4012345000009::9", "NAD+DP+4098765000027::9++ACME DC 7+700 DISTRIBUTION WAY+AUSTIN+TX+78701+US",
    "CUX+2:USD:9", "LIN+1++614141000012:EN", "PIA+1+ACME-4711:IN", "IMD+F++:::GOODS", "QTY+21:12:EA", "PRI+AAA:10.5",
    "LIN+2++614141000029:EN", "PIA+1+ACME-4712:IN", "QTY+21:3:EA", "PRI+AAA:20", "UNS+S", "MOA+86:186", "CNT+2:2",
)  # fmt: skip


def x12(body: Sequence[str] = X12, set: str = "850", group: str = "PO", version: str = "004010") -> bytes:
    """A set of X12 in an interchange of their own."""
    isa = "ISA*00*          *00*          *08*6111250008     *01*123456789      *261102*1200*U*00401*000000001*0*P*>"
    gs = f"GS*{group}*6111250008*123456789*20261102*1200*1*X*{version}"
    st, se = f"ST*{set}*0001", f"SE*{len(body) + 2}*0001"
    return "".join(f"{each}~" for each in (isa, gs, st, *body, se, "GE*1*1", "IEA*1*000000001")).encode()


def edifact(body: Sequence[str] = EDIFACT, message: str = "ORDERS") -> bytes:
    """A message of EDIFACT in an interchange of their own."""
    unh, unt = f"UNH+1+{message}:D:96A:UN:EAN008", f"UNT+{len(body) + 2}+1"
    unb = "UNB+UNOC:3+4098765000010:14+4012345000009:14+261102:1200+77"
    return "".join(f"{each}'" for each in (unb, unh, *body, unt, "UNZ+1+77")).encode()


def changed(body: Sequence[str], change: str) -> list[str]:
    """A body with segments put in or one replaced: `OLD => NEW` replaces, `+ NEW` after `OLD`."""
    old, sign, new = change.partition(" => ") if " => " in change else change.partition(" + ")
    at = next(index for index, each in enumerate(body) if each.startswith(old))
    return [*body[:at], *([] if sign == " => " else [body[at]]), *new.split("~"), *body[at + 1 :]]


def inspected(data: bytes) -> FileInspection:
    """What `check` says of it without settings."""
    return inspect_file(data, datetime(2026, 11, 2, 12, tzinfo=UTC))


def holds(data: bytes) -> list[str]:
    """Why its one document would be held; it is accepted, with errors perhaps."""
    (part,) = [part for part in inspected(data).parts if part.kind == "set"]
    assert part.verdict in ("A", "E"), part.remarks
    return list(part.holds)
