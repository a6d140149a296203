"""Bytes around a map: segments as an interchange, read by the real reader; readers and writers of a map in a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from d365edi.edi import guides
from d365edi.edi import reader as x12
from d365edi.edi.guide import Guide
from d365edi.edi.interchange import SetReport
from d365edi.maps.reader import Reader
from d365edi.maps.table import load
from d365edi.maps.writer import Segment, Writer

VERSIONS = ("004010", "005010")
GROUPS = {
    "850": "PO",
    "855": "PR",
    "860": "PC",
    "865": "CA",
    "856": "SH",
    "810": "IN",
    "820": "RA",
    "824": "AG",
}


def guide(set: str, version: str = "004010") -> Guide:
    """The shipped guide."""
    found = guides.load("X12", set, version)
    assert found is not None
    return found


def reader(set: str, version: str = "004010", override: Mapping[str, Any] | None = None, **more: Any) -> Reader:
    """A reader of the shipped map with an override."""
    return Reader(load("x12", set, override), guide(set, version), **more)


def writer(set: str, version: str = "004010", override: Mapping[str, Any] | None = None, **more: Any) -> Writer:
    """A writer of the shipped map with an override."""
    return Writer(load("x12", set, override), guide(set, version), partner="acme", **more)


@cache
def plain(set: str, version: str) -> tuple[Reader, Writer]:
    """Both sides of the shipped map, compiled once."""
    return reader(set, version), writer(set, version)


def text(segment: Sequence[str | tuple[str, ...]]) -> str:
    """A segment as it stands in a message, trailing empties trimmed."""
    return "*".join(">".join(each) if isinstance(each, tuple) else each for each in segment).rstrip("*")


def interchange(set: str, body: Iterable[str], version: str = "004010") -> bytes:
    """One set in its envelope."""
    segments = [f"ST*{set}*0001", *body]
    segments.append(f"SE*{len(segments) + 1}*0001")
    head = [
        "ISA*00*          *00*          *ZZ*THEM           *ZZ*US             *260105*0915*"
        f"{'^' if version >= '00402' else 'U'}*{version[:5]}*000000101*0*P*>",
        f"GS*{GROUPS[set]}*THEM*US*20260105*0915*1*X*{version}",
    ]
    return "".join(f"{each}~" for each in [*head, *segments, "GE*1*1", "IEA*1*000000101"]).encode()


def report(set: str, body: Iterable[str], version: str = "004010") -> SetReport:
    """One set as the real reader reports it."""
    file = x12.read(interchange(set, body, version))
    return file.interchanges[0].groups[0].sets[0]


def sets(data: bytes) -> list[SetReport]:
    """Every set of a file."""
    return [each for one in x12.read(data).interchanges for group in one.groups for each in group.sets]


def written(segments: Iterable[Segment]) -> list[str]:
    """Written segments as text."""
    return [text(segment) for segment in segments]
