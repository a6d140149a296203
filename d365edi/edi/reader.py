"""Reads files of any standard: each interchange by the reader of the standard that it begins like.

Knows: which reader is whose. Does not know: what any of them does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from d365edi.edi import reading_base
from d365edi.edi.edifact import reader as edifact
from d365edi.edi.interchange import FileReport
from d365edi.edi.reading_base import DEFAULT, ReadOptions, Report
from d365edi.edi.x12 import reader as x12

__all__ = ["DEFAULT", "ReadOptions", "Report", "read", "stream"]


def read(data: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> FileReport:
    """A whole file as a tree. All sets of a group or an interchange that is rejected are rejected with it."""
    return reading_base.tree(stream(data, options))


def stream(chunks: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> Iterator[Report]:
    """The reports of a file as they close, in constant memory; X12 and EDIFACT may follow each other in one file."""
    return reading_base.stream(chunks, {"X12": x12.Reading(options), "EDIFACT": edifact.Reading(options)})
