"""An annotated file as one HTML page: no script, no other file, all untrusted text escaped.

Knows: HTML. Does not know: what the annotations mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from d365edi.edi.annotate import Cell, Chapter, Entry
    from d365edi.edi.findings import Finding

VERDICTS = {"A": "accepted", "E": "accepted with errors", "P": "partially accepted", "R": "rejected"}
STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #777; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; } td { padding: .1rem .6rem .1rem 0; vertical-align: top; }
td.place, td.number { color: var(--dim); white-space: nowrap; width: 1%; font-variant-numeric: tabular-nums; }
td.value, code { font-family: ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
td.value { width: 30%; } td.name { color: var(--dim); width: 25%; }
details { border-top: 1px solid var(--line); padding: .25rem 0; } summary { cursor: pointer; }
summary b { display: inline-block; min-width: 3rem; } summary code { color: var(--dim); font-size: .85em; }
.verdict { font-weight: normal; } .R, .error { color: #c22; } .E, .P, .warning { color: #b60; } .note { color: #27a; }
.finding { margin: .1rem 0; }
"""


def html_page(name: str, what: str, chapters: Iterable[Chapter]) -> str:
    """The page as text."""
    return "\n".join(_page(name, what, chapters)) + "\n"


def _page(name: str, what: str, chapters: Iterable[Chapter]) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{escape(name)}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    yield f"<h1>{escape(name)}: {escape(what)}</h1>"
    for chapter in chapters:
        yield from _chapter(chapter)
    yield "</body>\n</html>"


def _chapter(chapter: Chapter) -> Iterator[str]:
    tag = "h3" if chapter.kind in ("set", "document") else "h2"
    kind = "" if chapter.kind == "set" else f"{chapter.kind} "
    verdict = VERDICTS.get(chapter.verdict, "")
    label = f' <span class="verdict {chapter.verdict}">{verdict}</span>' if verdict else ""
    yield f"<{tag}>{escape(kind + chapter.title)}{label}</{tag}>"
    yield from map(_finding, chapter.findings)
    if chapter.facts:
        yield f"<table>{''.join(map(_row, chapter.facts))}</table>"
    for entry in chapter.entries:
        yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    wrong = bool(entry.findings) or any(cell.findings for cell in entry.cells)
    yield f'<details{" open" if wrong else ""} style="margin-left:{1.5 * entry.depth:g}rem">'
    path = f" title={_quoted(entry.path)}" if entry.path else ""
    yield (
        f"<summary{path}>{entry.number} <b>{escape(entry.id)}</b>{escape(entry.name)} "
        f"<code>{escape(entry.raw)}</code></summary>"
    )
    yield from map(_finding, entry.findings)
    yield f"<table>{''.join(map(_row, entry.cells))}</table>\n</details>"


def _row(cell: Cell) -> str:
    findings = "".join(map(_finding, cell.findings))
    return (
        f'<tr><td class="place">{escape(cell.place)}</td><td class="name">{escape(cell.name)}</td>'
        f'<td class="value">{escape(cell.value)}</td><td>{escape(cell.meaning)}{findings}</td></tr>'
    )


def _finding(finding: Finding) -> str:
    return f'<p class="finding {finding.severity}">{escape(finding.severity)}: {escape(str(finding))}</p>'


def _quoted(text: str) -> str:
    return f'"{escape(text, quote=True)}"'
