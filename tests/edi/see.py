"""Looks at reports for the tests of this room."""

from __future__ import annotations

from collections import Counter
from functools import cache

from d365edi.edi import reader
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import FileReport, SetReport
from d365edi.edi.reader import ReadOptions
from d365edi.edi.verdicts import Strictness
from tests.corpus import FOLDER


@cache
def sample(name: str, strictness: Strictness = "lenient") -> FileReport:
    """The report of a sample, read once in each process that runs tests. It is looked at, never changed."""
    return reader.read((FOLDER / name).read_bytes(), ReadOptions(strictness=strictness))


def sets(report: FileReport) -> list[SetReport]:
    """All sets of a file."""
    return [one for interchange in report.interchanges for group in interchange.groups for one in group.sets]


def findings(report: FileReport) -> list[Finding]:
    """All findings of a file, from the outside in."""
    found = list(report.findings)
    for interchange in report.interchanges:
        found += interchange.findings
        for group in interchange.groups:
            found += group.findings
            for one in group.sets:
                found += one.findings
    return found


def verdicts(report: FileReport) -> str:
    """`IA GA 850A` for an accepted interchange with one accepted group of one accepted order."""
    words = []
    for interchange in report.interchanges:
        words.append(f"I{interchange.verdict}")
        for group in interchange.groups:
            words.append(f"G{group.verdict}")
            words += [one.id + one.verdict for one in group.sets]
    return " ".join(words)


def codes(report: FileReport) -> dict[str, int]:
    """How often each finding is met, as `error count 4`."""
    return dict(Counter(f"{f.severity} {f.rule} {f.code}".rstrip(" ") for f in findings(report)))


def told(report: FileReport) -> list[tuple[str, str]]:
    """Place and code of each finding that is worth more than a note."""
    return [(f"{f.where.segment}{f.where.element:02d}" if f.where.element else f.where.segment, f.code)
            for f in findings(report) if f.severity != "note"]  # fmt: skip
