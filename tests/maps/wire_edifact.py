"""EDIFACT around a map: bytes by the real writer, read by the real reader; readers and writers of a map in a directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from d365edi.edi import guides
from d365edi.edi import reader as edifact
from d365edi.edi.edifact import writer
from d365edi.edi.guide import Guide
from d365edi.edi.interchange import Party, SetReport
from d365edi.edi.syntax import Syntax
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.edifact.writer import EdifactWriter
from d365edi.maps.table import load
from d365edi.maps.writer import Segment

DIRECTORIES = {"D96A": "D:96A:UN:EAN008", "D01B": "D:01B:UN:EAN010"}
COMMA = Syntax("EDIFACT", "+", ":", "'", "", "?", ",")


def guide(set: str, directory: str) -> Guide:
    """The shipped guide."""
    found = guides.load("EDIFACT", set, directory)
    assert found is not None
    return found


def sides(
    set: str, directory: str = "D96A", override: Mapping[str, Any] | None = None, **more: Any
) -> tuple[EdifactReader, EdifactWriter]:
    """A reader and a writer of the shipped map with an override."""
    table, found = load("edifact", set, override), guide(set, directory)
    others = [guide(set, each) for each in DIRECTORIES]
    return EdifactReader(table, found, versions=others, **more), EdifactWriter(
        table, found, partner="acme", versions=others, **more
    )


@cache
def plain(set: str, directory: str) -> tuple[EdifactReader, EdifactWriter]:
    """Both sides of the shipped map, compiled once."""
    return sides(set, directory)


def interchange(set: str, body: list[Segment], directory: str = "D96A", syntax: Syntax = writer.DEFAULT) -> bytes:
    """One message in its envelope."""
    envelope = writer.Envelope(
        Party("14", "5412345000013"),
        Party("14", "4012345500004"),
        DIRECTORIES[directory],
        "P",
        syntax,
        101,
        datetime(2026, 1, 5, 9, 15),  # noqa: DTZ001
    )
    return writer.write(envelope, [writer.Group("", 0, (writer.OutgoingSet(set, "1", body),))])


def sets(data: bytes) -> list[SetReport]:
    """Every message of a file."""
    return [each for one in edifact.read(data).interchanges for group in one.groups for each in group.sets]


def report(set: str, lines: Iterable[str], version: str = "D:96A:UN") -> SetReport:
    """A message of written segments as the real reader reports it."""
    segments = [f"UNH+1+{set}:{version}", *lines]
    segments.append(f"UNT+{len(segments) + 1}+1")
    whole = ["UNB+UNOC:3+THEM:14+US:14+260105:0915+101", *segments, "UNZ+1+101"]
    return sets("".join(f"{each}'" for each in whole).encode())[0]
