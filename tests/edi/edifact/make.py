"""Makes EDIFACT for the tests of this room: messages that are right in every respect, and interchanges around any of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from d365edi.edi.edifact.writer import DEFAULT, Envelope
from d365edi.edi.interchange import Party
from d365edi.edi.syntax import Syntax

ORDER = (
    "BGM+220+4500012345+9", "DTM+137:20260105:102", "DTM+2:20260119:102", "FTX+AAI+++CALL DOCK 7", "RFF+CT:CTR-77",
    "NAD+BY+5412345000013::9", "RFF+VA:BE0414602311", "NAD+SU+4012345500004::9", "CUX+2:EUR:9", "PAT+1++5:3:D:30",
    "LIN+1++4000862141404:EN", "PIA+1+NB-100:SA+900001:IN", "IMD+F++:::MUESLI 340G", "QTY+21:120", "MOA+203:1500", "PRI+AAA:12.5",
    "LIN+2++5410738000152:EN", "IMD+F++:::OAT DRINK", "QTY+21:48", "PRI+AAA:7.225", "UNS+S", "CNT+2:2", "CNT+1:168",
)  # fmt: skip
"""The body of an ORDERS in D.96A without a fault."""

INVOICE = (
    "BGM+380+INV000987+9", "DTM+137:20260113:102", "RFF+ON:4500012345", "NAD+BY+5412345000013::9", "NAD+SU+4012345500004::9",
    "CUX+2:EUR:4", "LIN+1++4000862141404:EN", "QTY+47:120", "MOA+203:1500", "PRI+AAA:12.5", "LIN+2++5410738000152:EN",
    "QTY+47:40", "MOA+203:289", "PRI+AAA:7.225", "UNS+S", "CNT+2:2", "MOA+79:1789", "MOA+125:1789", "MOA+124:375.69",
    "MOA+77:2164.69", "TAX+7+VAT+++:::21+S", "MOA+124:375.69",
)  # fmt: skip

DESPATCH = (
    "BGM+351+SHP0004711+9", "DTM+137:20260112:102", "RFF+ON:4500012345", "CPS+1", "CPS+2+1+3", "PAC+1++201::9", "PCI+33E",
    "GIN+BJ+354107380000001051", "LIN+1++4000862141404:EN", "QTY+12:120", "CPS+3+1+3", "PAC+1++201::9", "PCI+33E",
    "GIN+BJ+354107380000001068", "LIN+2++5410738000152:EN", "QTY+12:40", "CNT+2:2",
)  # fmt: skip

REMITTANCE = (
    "BGM+481+EFT0099887+9", "DTM+137:20260210:102", "NAD+PR+5412345000013::9", "DOC+380+INV000987", "MOA+9:2164.69",
    "MOA+12:2096.40", "DOC+380+INV000988", "MOA+12:100", "UNS+S", "MOA+12:2196.40",
)  # fmt: skip


def numbered(
    body: Sequence[str] = ORDER, type: str = "ORDERS", control: str = "ME1", version: str = "D:96A:UN:EAN008"
) -> list[str]:
    """A message: the body between its UNH and UNT."""
    return [f"UNH+{control}+{type}:{version}", *body, f"UNT+{len(body) + 2}+{control}"]


def interchange(
    *messages: Sequence[str], control: str = "101", charset: str = "UNOC:3", extra: str = "", count: int | None = None
) -> list[str]:
    """The segments of an interchange with these messages; without any, of one order."""
    inner = messages or (numbered(),)
    date = "20260105" if charset.endswith("4") else "260105"
    return [
        f"UNB+{charset}+5412345000013:14+4012345500004:14+{date}:0915+{control}{extra}",
        *(segment for one in inner for segment in one),
        f"UNZ+{len(inner) if count is None else count}+{control}",
    ]


def data(segments: Sequence[str], terminator: str = "'", suffix: str = "", una: str = "") -> bytes:
    """Segments as bytes."""
    return (una + "".join(segment + terminator + suffix for segment in segments)).encode("latin-1")


def order(**envelope: str) -> bytes:
    """One order in one interchange."""
    return data(interchange(**envelope))  # type: ignore[arg-type]


def envelope(
    syntax: Syntax = DEFAULT, *, version: str = "D:96A:UN:EAN008", charset: str = "UNOC", usage: str = "P"
) -> Envelope:
    """An envelope to write with."""
    return Envelope(
        Party("14", "5412345000013"), Party("14", "4012345500004"), version, usage, syntax, 101,
        datetime(2026, 1, 5, 9, 15, tzinfo=UTC),
        charset,
    )  # fmt: skip
