"""An annotated file as one HTML page: what it says in business words, what is wrong, then each segment. No other file is needed,
all untrusted text is escaped; one small script opens and closes all.

Knows: HTML. Does not know: what the annotations mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from d365edi.cli.annotate import AnnotatedFile
    from d365edi.cli.summary import Summary
    from d365edi.edi.annotate import Cell, Chapter, Entry
    from d365edi.edi.findings import Finding

VERDICTS = {"A": "accepted", "E": "accepted with errors", "P": "partially accepted", "R": "rejected"}
OPEN = 5
"""So many documents are shown open; of more a person opens one."""
SHOWN = 100
"""Lines of a document, and findings at the head of the page, that are shown; the segments below have all."""
WHOLE = 40
"""Characters of a word that is never broken: no id is longer (UNB 0004 has 35)."""
_PIECES = re.compile(r"[^*|:+'~^!>;,\s]+|.", re.DOTALL)


def html_page(name: str, found: AnnotatedFile) -> str:
    """The page as text."""
    return "\n".join(_page(name, found)) + "\n"


def _page(name: str, found: AnnotatedFile) -> Iterator[str]:
    here = files("d365edi.cli")
    style, script = ((here / f"page.{kind}").read_text(encoding="utf-8").strip() for kind in ("css", "js"))
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(name)}</title>\n<style>\n{style}\n</style>\n</head>\n<body>"
    yield f"<header><h1>{_text(name)}: {escape(found.what)}</h1>"
    yield f'<p class="what">{_text(_between(found.chapters))}</p></header>\n<main>'
    yield from _summaries(found.summaries)
    yield from _wrong(found.chapters)
    if any(chapter.entries for chapter in found.chapters):
        yield '<p class="all"><button type="button" id="all">Open all</button></p>'
    number = 0
    for chapter in found.chapters:
        yield from _chapter(chapter, number)
        number += len(chapter.entries)
    yield f"</main>\n<script>\n{script}\n</script>\n</body>\n</html>"


def _between(chapters: Sequence[Chapter]) -> str:
    """From whom to whom the only interchange is."""
    found = [{cell.name: cell for cell in chapter.facts} for chapter in chapters if chapter.kind == "interchange"]
    if len(found) != 1 or not {"sender", "receiver"} <= found[0].keys():
        return f"{len(found)} interchanges" if found else ""
    usage = found[0].get("usage")
    test = f", {usage.meaning}" if usage is not None and usage.meaning not in ("", "production") else ""
    return f"from {found[0]['sender'].value} to {found[0]['receiver'].value}{test}"


# -- what it says -----------------------------------------------------------------------------------------------------
def _summaries(summaries: Sequence[Summary]) -> Iterator[str]:
    for summary in summaries:
        opened = " open" if len(summaries) <= OPEN else ""
        yield f'<details class="summary"{opened}><summary><h2>{_text(summary.title)}</h2></summary>'
        facts = "".join(f"<div><dt>{escape(label)}</dt><dd>{_text(value)}</dd></div>" for label, value in summary.facts)
        yield f"<dl>{facts}</dl>"
        if summary.rows:
            yield from _lines(summary)
        yield "</details>"


def _lines(summary: Summary) -> Iterator[str]:
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in summary.headings)
    yield f'<div class="wide"><table class="lines"><thead><tr>{head}</tr></thead><tbody>'
    for row in summary.rows[:SHOWN]:
        cells = zip(summary.headings, row, strict=True)
        yield "".join(
            ["<tr>", *(f'<td data-name="{escape(name)}">{_cell(value)}</td>' for name, value in cells), "</tr>"]
        )
    yield "</tbody></table></div>"
    if len(summary.rows) > SHOWN:
        yield f"<p>and {len(summary.rows) - SHOWN} more lines, below</p>"


def _cell(value: str) -> str:
    return f"<span>{_text(value)}</span>" if value else ""


def _wrong(chapters: Sequence[Chapter]) -> Iterator[str]:
    """All findings with a link to their segment, errors first."""
    found: list[tuple[Finding, str]] = []
    number = 0
    for chapter in chapters:
        found += [(finding, "") for finding in chapter.findings]
        for entry in chapter.entries:
            number += 1
            inside = [*entry.findings, *(finding for cell in entry.cells for finding in cell.findings)]
            found += [(finding, f"s{number}") for finding in inside]
    order = {"error": 0, "warning": 1, "note": 2}
    found.sort(key=lambda each: order[each[0].severity])
    if not found:
        yield '<p class="well">No error and no warning.</p>'
        return
    heading = "What is wrong or odd" if found[0][0].severity != "note" else "What was not used"
    yield f'<section class="wrong"><h2>{heading}</h2>'
    yield from (_finding(finding, anchor) for finding, anchor in found[:SHOWN])
    if len(found) > SHOWN:
        yield f"<p>and {len(found) - SHOWN} more, below</p>"
    yield "</section>"


# -- segments ---------------------------------------------------------------------------------------------------------
def _chapter(chapter: Chapter, number: int) -> Iterator[str]:
    tag = "h4" if chapter.kind in ("set", "document") else "h3"
    kind = "" if chapter.kind == "set" else f"{chapter.kind} "
    verdict = VERDICTS.get(chapter.verdict, "")
    label = f' <span class="verdict {chapter.verdict}">{verdict}</span>' if verdict else ""
    yield f"<{tag}>{_text(kind + chapter.title)}{label}</{tag}>"
    yield from (_finding(finding) for finding in chapter.findings)
    if chapter.facts:
        yield f'<dl class="envelope">{"".join(map(_fact, chapter.facts))}</dl>'
    for at, entry in enumerate(chapter.entries, number + 1):
        yield from _entry(entry, at)


def _fact(cell: Cell) -> str:
    meaning = f" <span>{_text(cell.meaning)}</span>" if cell.meaning else ""
    return f"<div><dt>{escape(cell.name)}</dt><dd><code>{_text(cell.value)}</code>{meaning}</dd></div>"


def _entry(entry: Entry, number: int) -> Iterator[str]:
    wrong = bool(entry.findings) or any(cell.findings for cell in entry.cells)
    yield f'<details class="segment" id="s{number}"{" open" if wrong else ""} style="--depth:{entry.depth}">'
    path = f' title="{escape(entry.path)}"' if entry.path else ""
    yield (
        f'<summary{path}><span class="number">{entry.number}</span> <b>{escape(entry.id)}</b> '
        f'<span class="called">{escape(entry.name)}</span> <code>{_raw(entry.raw)}</code></summary>'
    )
    yield from (_finding(finding) for finding in entry.findings)
    if entry.cells:
        yield f'<table class="cells"><tbody>{"".join(map(_row, entry.cells))}</tbody></table>'
    yield "</details>"


def _row(cell: Cell) -> str:
    findings = "".join(_finding(finding) for finding in cell.findings)
    return (
        f'<tr><td class="place">{escape(cell.place)}</td><td class="name">{escape(cell.name)}</td>'
        f'<td class="value">{_text(cell.value)}</td><td class="meaning">{_text(cell.meaning)}{findings}</td></tr>'
    )


def _finding(finding: Finding, anchor: str = "") -> str:
    text = f"{escape(finding.severity)}: {_text(str(finding))}"
    linked = f'<a href="#{anchor}">{text}</a>' if anchor else text
    return f'<div class="finding {finding.severity}">{linked}</div>'


def _text(text: str) -> str:
    """A text whose words are not broken where one of them could be an id: at a hyphen, a slash, a point."""
    return "".join(_word(word) for word in re.findall(r"\s+|\S+", text))


def _word(word: str) -> str:
    plain = word.isspace() or word.isalpha() or len(word) > WHOLE
    return escape(word) if plain else f'<span class="id">{escape(word)}</span>'


def _raw(raw: str) -> str:
    """A segment as it was sent, which may be broken after a separator only."""
    parts = (
        escape(part) + "<wbr>" if len(part) == 1 and not part.isalnum() else _word(part)
        for part in _PIECES.findall(raw)
    )
    return "".join(parts)
