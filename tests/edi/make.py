"""Makes X12 for the tests of this room: an order that is right in every respect, and interchanges around any sets."""

from __future__ import annotations

from collections.abc import Sequence

ORDER = (
    "BEG*00*SA*4500012345**20260105", "CUR*BY*USD", "REF*IA*0078123", "PER*BD*PAT BUYER*TE*5555550100",
    "FOB*CC*OR*ORIGIN", "ITD*01*3*2**10**30", "DTM*010*20260112", "DTM*001*20260119", "TD5*B*2*ABCD*M*ABC FREIGHT",
    "N1*BT*EXAMPLE RETAIL CO*92*1000", "N1*ST*EXAMPLE DC 7*92*0007", "N3*700 DISTRIBUTION WAY", "N4*ANYTOWN*OH*43200*US",
    "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100", "PID*F*08***GRANOLA 12OZ", "PO4*12*12*OZ",
    "PO1*2*58*EA*22.53*WE*UP*614141000029*VN*NB-200", "PID*F*08***TRAIL MIX", "CTT*2*178", "AMT*TT*2806.74",
)  # fmt: skip
"""The body of an 850 in 004010 without a fault."""

INVOICE = (
    "BIG*20260113*INV000987*20260105*4500012345***DI", "CUR*SE*USD", "REF*IA*0078123", "N1*RI*NORTHBAY GOODS*92*0078123",
    "N1*ST*EXAMPLE DC 7*92*0007", "ITD*01*3*2*20260123*10*20260212*30*3000", "DTM*011*20260112", "FOB*CC",
    "IT1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100", "PID*F*08***GRANOLA 12OZ",
    "TDS*152000", "TXI*ST*20", "CAD*M***ABCD***BM*06141410000012345", "SAC*A*C310***7500*******02",
    "SAC*C*D240***7500*******06***FREIGHT",
    "ISS*3*CT*61.5*LB", "CTT*1*120",
)  # fmt: skip
"""The body of an 810 in 004010 without a fault: 120 at 12.50, 75.00 off, 75.00 freight, 20.00 tax."""


def numbered(body: Sequence[str], id: str = "850", control: str = "0001") -> list[str]:
    """A set: the body between its ST and SE."""
    return [f"ST*{id}*{control}", *body, f"SE*{len(body) + 2}*{control}"]


def isa(
    control: int = 101,
    version: str = "00401",
    *,
    sender: str = "SENDER",
    receiver: str = "RECEIVER",
    repetition: str = "U",
) -> str:
    """An ISA of fixed width, without its terminator."""
    return (
        f"ISA*00*          *00*          *ZZ*{sender:<15}*ZZ*{receiver:<15}*260105*0915*{repetition}*{version}"
        f"*{control:09d}*0*P*>"
    )


def interchange(
    sets: Sequence[Sequence[str]] = (),
    *,
    functional: str = "PO",
    version: str = "004010",
    control: int = 101,
    group: int = 7,
) -> list[str]:
    """The segments of an interchange with one group of these sets; without sets, of one order."""
    sets = sets or [numbered(ORDER)]
    sign = "^" if version >= "004020" else "U"
    inner = [segment for one in sets for segment in one]
    return [
        isa(control, version[:5], repetition=sign),
        f"GS*{functional}*SENDER*RECEIVER*20260105*0915*{group}*X*{version}",
        *inner,
        f"GE*{len(sets)}*{group}",
        f"IEA*1*{control:09d}",
    ]


def data(segments: Sequence[str], terminator: str = "~", suffix: str = "") -> bytes:
    """Segments as bytes."""
    return "".join(segment + terminator + suffix for segment in segments).encode("latin-1")


def order(**envelope: str) -> bytes:
    """One order in one group in one interchange."""
    return data(interchange(**envelope))  # type: ignore[arg-type]
