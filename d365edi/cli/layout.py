"""Rows and sentences laid out for a width: nothing that is one word is ever broken.

Ids, dates, file names and host keys are words, and so is a command that a sentence recommends: it can be copied whole. A table
whose columns do not fit side by side keeps as many as do; what is left stands below its row, each with its heading.

Knows: widths. Does not know: terminals, what is shown.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

GAP = 2
"""Blanks between two columns."""
INDENT = 4
"""Blanks before what stands below its row."""
PROSE = 30
"""A column with a wider cell is text, which goes below its row before shorter ones do."""
COLUMN = 50
"""The narrowest last column in which text is wrapped beside the others."""
FIRST = 16
"""The narrowest first column; longer names in it have a line of their own, and their row goes on below."""

_WORD = re.compile(
    r"""
    [("'`]* (?:[^\s(]*/)? d365edi\ (?:  # a command with its argument
        (?: release | reject | replay | why | explain | secrets\ (?:set|remove) ) (?: \ --settings\ \S+ )? \ [^\s;,]+
        | (?: secrets | alert | sandbox ) \ [a-z-]+
        | [a-z-]+
    )
    (?: \ (?:                            # and with what follows it: options, and arguments that are no words of a sentence
        --(?: from | why | partner | id | of | settings | directory | delivered ) \ (?: "[^"]*" | [^\s;,]+ )
        | --[a-z-]+
        | [^\s;,]*[\d_./-][^\s;,]*
        | [A-Z]{2,}
    ))* \S*
    | [("'`]* systemctl\ [a-z-]+\ \S+
    | \S*(?:ssh|ecdsa|sk-)[^\s"]*\ AAAA\S+   # a host key
    | [^\s\d]*\d{4}-\d\d-\d\d\ \d\d:\S+   # a moment
    | \S+
    """,
    re.VERBOSE,
)
_PIECE = re.compile(rf"\s+ | {_WORD.pattern}", re.VERBOSE)


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: wide characters (Unicode Standard Annex 11) two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def wrap(text: str, width: int | None, hang: int = 2) -> list[str]:
    """A text in lines of at most `width` cells, broken between words only, so that a longer word makes a longer line. Further
    lines begin `hang` blanks after the blanks that the text begins with. None: as it is."""
    found = list[str]()
    for line in text.split("\n"):
        if width is None or cells(line) <= width:
            found.append(line)
        else:
            found += _wrapped(line, width, hang)
    return found


def _wrapped(line: str, width: int, hang: int) -> Iterator[str]:
    begin = " " * (len(line) - len(line.lstrip(" ")))
    further = begin + " " * hang
    at, end = begin, len(begin)
    for match in _WORD.finditer(line):
        start, word = match.start(), match.group()
        more = line[end:start] + word
        if at.strip() and cells(at + more) > width:
            yield at
            at, more = further, word
        at += more
        end = start + len(word)
    yield at


Span = tuple[str, str]
"""A piece of text and its style."""


def wrap_spans(spans: Sequence[Span], width: int, margin: int) -> list[list[Span]]:
    """Styled text in lines of at most `width` cells, broken between words only; further lines begin after `margin` blanks."""
    lines: list[list[Span]] = [[]]
    used, blank = 0, ""
    for text, style in spans:
        for word in _PIECE.findall(text):
            if word.isspace():
                blank += word
                continue
            if any(part.strip() for part, _ in lines[-1]) and used + len(blank) + cells(word) > width:
                lines.append([])
                used, blank = 0, " " * margin
            lines[-1] += [(blank, ""), (word, style)]
            used, blank = used + len(blank) + cells(word), ""
    return lines


@dataclass(frozen=True, slots=True)
class Grid:
    """Which columns of a table stand side by side with which widths, and which ones below their row; `last` is the width in
    which the last one is wrapped, None where it stands on one line."""

    beside: list[int]
    widths: list[int]
    below: list[int] = field(default_factory=list)
    last: int | None = None


def grid(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> Grid:
    """How a table fits `width` cells; None: on one line a row."""
    widths = [max(map(cells, column)) for column in zip(headings, *rows, strict=True)]
    beside, below = list(range(len(headings))), list[int]()
    while width is not None and len(beside) > 1:
        last, room = beside[-1], width - sum(widths[each] + GAP for each in beside[:-1])
        if widths[last] <= room:
            break
        if room >= COLUMN and _longest([row[last] for row in rows]) <= room:
            return Grid(beside, widths, sorted(below), room)
        prose = [each for each in beside[1:] if widths[each] > PROSE]
        first = widths[0] - (widths[last] - room)
        if not prose and first >= FIRST:
            fitting = [cells(row[0]) for row in rows if cells(row[0]) <= first]
            return Grid(beside, [max([cells(headings[0]), *fitting]), *widths[1:]], sorted(below))
        moved = max(prose, key=lambda each: widths[each]) if prose else last
        beside.remove(moved)
        below.append(moved)
    return Grid(beside, widths, sorted(below))


def _longest(texts: Sequence[str]) -> int:
    return max((cells(word) for text in texts for word in _WORD.findall(text)), default=0)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """The lines of a table, its headings first."""
    flat = [[cell.replace("\n", " ") for cell in row] for row in rows]
    how = grid(headings, flat, width)
    lines = _beside([headings[each] for each in how.beside], how)
    for row in flat:
        lines += _beside([row[each] for each in how.beside], how)
        for each in how.below:
            if row[each]:
                lines += wrap(f"{'':{INDENT}}{headings[each]}: {row[each]}", width)
    return lines


def _beside(texts: Sequence[str], how: Grid) -> list[str]:
    """The line of a row; before it what is too wide for the first column, after it the further lines of the last one."""
    *whole, last = texts
    before = list[str]()
    if whole and cells(whole[0]) > how.widths[0]:
        before, whole[0] = [whole[0]], ""
    line = "".join(
        text + " " * (how.widths[each] - cells(text) + GAP) for text, each in zip(whole, how.beside, strict=False)
    )
    margin = " " * cells(line)
    first, *more = wrap(last, how.last, 0)
    return [*before, (line + first).rstrip(), *(margin + part for part in more)]
