"""What a flat file turned out to hold, short enough to be written beside it."""

from __future__ import annotations

from d365edi.edi.findings import Finding
from d365edi.edi.flat.layout import Column, Layout
from d365edi.edi.flat.reader import FlatReport, RowSet


def layout(*names: str, **more: object) -> Layout:
    """A layout of named columns; the first tells documents apart."""
    columns = tuple(Column(tuple(name.split("/"))) for name in names)
    return Layout({"": columns}, **{"group": (0,), "head": (0,), **more})  # type: ignore[arg-type]


def values(report: FlatReport) -> list[list[list[str]]]:
    """The rows of each set."""
    return [[row.values for row in each.rows] for each in report.sets]


def told(*found: Finding) -> list[tuple[str, str, int, str]]:
    """Severity, rule, line and column of each finding."""
    return [(each.severity, each.rule, each.where.line, each.where.segment) for each in found]


def told_in(found: RowSet) -> list[tuple[str, str, int, str]]:
    """The same of a set."""
    return told(*found.findings)
