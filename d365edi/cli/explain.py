"""`d365edi explain`: an annotated file, in the terminal or as one HTML page.

Knows: how it is shown as lines. Does not know: what anything in a file means (that is in `edi`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from d365edi.cli import FINE, PERSON, client
from d365edi.cli.console import (
    DEFAULT_SETTINGS,
    AsJson,
    Id,
    OfPartner,
    SettingsFile,
    as_json,
    clean,
    printer,
    selection,
)
from d365edi.errors import SettingsError

if TYPE_CHECKING:
    from d365edi.cli.annotate import AnnotatedFile
    from d365edi.edi.annotate import Cell, Chapter, Entry
    from d365edi.edi.findings import Finding

Piece = tuple[str, str]
"""Text and its style."""

WIDTH = 24
"""Values up to this many characters are followed by their meaning in one column."""
CELL = 4
"""Pieces of the line of an element: its place, its value, its name, its meaning."""
STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
VERDICTS = {"A": "", "E": "accepted with errors", "P": "partially accepted", "R": "rejected"}


def explain(
    file: Annotated[
        str, typer.Argument(help="An EDI file; or the name of one that was received or sent, as `why` shows it.")
    ] = "",
    *,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write one HTML page to this file, and print nothing.")
    ] = None,
    partner: OfPartner = "",
    id: Id = "",
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Each segment with its name, each element with its meaning and the text of its code, errors at their places.

    Settings are optional; where there are some, the partner's own guide and maps are used. What is no file is looked for in the
    journal. Exit code 1 when nothing in the file could be read."""
    from d365edi.cli.annotate import annotate
    from d365edi.cli.dry_run import partners

    selection(file, partner, id, many=False)
    known = partners(settings)
    name, data, whose = _contents(file, partner, id, settings, [each.name for each in known])
    found = annotate(data, known, whose)
    if html is not None:
        _write(html, Path(name).name, found)
    elif json:
        as_json({"what": found.what, "chapters": [asdict(chapter) for chapter in found.chapters]})
    else:
        show = printer()
        show([(f"{name}: {found.what}", "bold")], 2)
        for chapter in found.chapters:
            for line in _chapter(chapter):
                show(line, _margin(line))
    raise typer.Exit(FINE if any(chapter.kind != "file" for chapter in found.chapters) else PERSON)


def _contents(file: str, partner: str, id: str, settings: Path, known: Collection[str]) -> tuple[str, bytes, str]:
    """The name, the bytes and the partner of a message or delivery in the journal, "" for one that is not known any more; else a
    file, as of the partner that is named."""
    from d365edi.cli.dry_run import contents

    if id or (not os.path.exists(file) and (partner or settings.exists())):
        from d365edi.cli import views

        loaded = client.load_daemon(settings)
        if client.outside(loaded.daemon) or loaded.daemon.journal.exists():
            name, data, whose = views.payload(loaded, file, partner, id)
            return name, data, whose if whose in known else ""
    return file, contents(Path(file)), partner


def _write(path: Path, name: str, found: AnnotatedFile) -> None:
    from d365edi.cli.html import html_page

    try:
        path.write_text(html_page(name, found), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}", remedy="name another file") from error


def _margin(line: Sequence[Piece]) -> int:
    """Where a line goes on: below the name of an element, else a little deeper than it begins."""
    if len(line) == CELL:
        return sum(len(text) for text, _ in line[:2])
    text = "".join(text for text, _ in line)
    return len(text) - len(text.lstrip(" ")) + 2


def _chapter(chapter: Chapter) -> Iterator[list[Piece]]:
    indent = {"group": "  ", "set": "    "}.get(chapter.kind, "")
    verdict = VERDICTS[chapter.verdict] if chapter.verdict else ""
    yield []
    kind = "" if chapter.kind == "set" else f"{chapter.kind} "
    yield [(f"{indent}{kind}{chapter.title}", "bold"), (f"  {verdict}" if verdict else "", "bold red")]
    for finding in chapter.findings:
        yield _finding(finding, indent + "  ")
    for cell in chapter.facts:
        yield [(f"{indent}  {cell.name:<15} ", "dim"), (cell.value, ""), (f"  {cell.meaning}", "green")]
    places = max([9, *(len(cell.place) for entry in chapter.entries for cell in entry.cells)])
    for entry in chapter.entries:
        yield from _entry(entry, indent, places)


def _entry(entry: Entry, indent: str, places: int) -> Iterator[list[Piece]]:
    inside = indent + "  " * entry.depth
    yield [(f"{entry.number:>6} ", "dim"), (f"{inside}{entry.id:<4}", "bold"), (entry.name, "bold")]
    for finding in entry.findings:
        yield _finding(finding, f"{'':11}{inside}")
    for cell in entry.cells:
        yield from _cell(cell, f"{'':11}{inside}", places)


def _cell(cell: Cell, indent: str, places: int) -> Iterator[list[Piece]]:
    meaning = f": {cell.meaning}" if cell.meaning else ""
    yield [
        (f"{indent}{cell.place:<{places}} ", "dim"),
        (f"{cell.value:<{WIDTH}}  ", "cyan"),
        (cell.name, "dim"),
        (meaning, "green"),
    ]
    for finding in cell.findings:
        yield _finding(finding, f"{indent}{'':10}")


def _finding(finding: Finding, indent: str) -> list[Piece]:
    return [(f"{indent}{finding.severity}: {clean(finding)}", STYLES[finding.severity])]
