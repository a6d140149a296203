"""Makes X12 for the tests of this room: an order that is right in every respect, and interchanges around any sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from d365edi.edi.interchange import Party, SetReport
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12.writer import Envelope, OutgoingSegment, OutgoingSet

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


SHIPMENT = (
    "BSN*00*SH000123*20260112*1015*0001", "HL*1**S", "TD1*CTN25*2****G*61.5*LB", "TD5*B*2*ABCD*M", "REF*BM*06141410000012345",
    "DTM*011*20260112", "N1*ST*EXAMPLE DC 7*92*0007", "HL*2*1*O", "PRF*4500012345***20260105", "HL*3*2*P",
    "MAN*GM*00006141410000000012", "HL*4*3*I", "LIN*1*UP*614141000012*VN*NB-100", "SN1*1*120*EA", "HL*5*2*P",
    "MAN*GM*00006141410000000029", "HL*6*5*I", "LIN*2*UP*614141000029*VN*NB-200", "SN1*2*58*EA", "CTT*6*178",
)  # fmt: skip
"""The body of an 856 without a fault: one shipment, one order, two cartons with one article each."""

PAYMENT = (
    "BPR*I*1490*C*ACH*CTX*01*021000021*DA*123456*1234567890**01*021000021*DA*654321*20260212", "TRN*1*REMIT4711",
    "DTM*097*20260210", "N1*PR*EXAMPLE RETAIL CO", "N1*PE*NORTHBAY GOODS*92*0078123", "ENT*1",
    "RMR*IV*INV000987**1515*1520*5", "DTM*003*20260113", "ADX*-25*01",
)  # fmt: skip
"""The body of an 820 without a fault: one invoice paid, 25.00 deducted."""

ACCEPTED = ("AK1*IN*7", "AK2*810*0001", "AK5*A", "AK9*A*1*1*1")
"""The body of a 997 that accepts a group of one invoice."""

ACKNOWLEDGED = (
    "BAK*00*AC*4500012345*20260106", "REF*IA*0078123", "N1*ST*EXAMPLE DC 7*92*0007",
    "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100", "ACK*IA*120*EA*068*20260112",
    "PO1*2*58*EA*22.53*WE*UP*614141000029*VN*NB-200", "ACK*IQ*40*EA*068*20260112", "CTT*2*178",
)  # fmt: skip
"""The body of an 855 without a fault: one line as ordered, one cut."""


CHANGE = (
    "BCH*04*SA*4500012345***20260107", "REF*IA*0078123", "N1*ST*EXAMPLE DC 7*92*0007",
    "POC*2*QD*40*40*EA*22.53*WE*UP*614141000029*VN*NB-200", "CTT*1",
)  # fmt: skip
"""The body of an 860 without a fault: the quantity of one line comes down."""


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


def envelope(version: str = "004010", syntax: Syntax | None = None) -> Envelope:
    """Our side of an exchange: where what is written goes out."""
    at = datetime(2026, 1, 5, 9, 15)  # noqa: DTZ001
    parties = (Party("ZZ", "US"), Party("ZZ", "THEM"), "US", "THEM")
    return Envelope(*parties, version, "T", syntax or Syntax(repetition="^"), 7, at)


def segments(body: Sequence[str]) -> list[OutgoingSegment]:
    """A body as the writer takes it, component by component."""
    return [[_whole(part.split(">")) for part in segment.split("*")] for segment in body]


def again(report: SetReport) -> OutgoingSet:
    """A set that was read, as the writer takes it."""
    syntax = report.syntax
    body = [[_whole(part.split(syntax.component)) for part in row] for row in report.rows[1:-1]]
    return OutgoingSet(report.id, report.control, body, *report.rows[0][3:])


def _whole(components: list[str]) -> str | tuple[str, ...]:
    return components[0] if len(components) == 1 else tuple(components)
