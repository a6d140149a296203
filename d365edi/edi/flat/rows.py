"""Lines to rows of a layout: separated with a header row, separated by position, or at fixed columns; each value looked at.

Knows: layouts, where a value stands, what spreadsheets do to values. Does not know: which rows belong together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from d365edi.edi.findings import Finding, Position
from d365edi.edi.flat import damage, delimited
from d365edi.edi.flat.delimited import BLANK
from d365edi.edi.flat.layout import Column, Layout, Row, fold
from d365edi.edi.rules import finding

Found = tuple[Row | None, list[Finding]]
"""A row with what is wrong in it; without a row, what is wrong with the file."""

_LOOK = 20
"""So many lines are looked at to find the delimiter."""
_COMMAS = ";"
"""The delimiter of files that hardly have decimal points: where a comma stands in numbers, a semicolon separates values."""


def rows(lines: Iterable[str], layout: Layout) -> Iterator[Found]:
    """The rows of a file in order. Never raises for what is in it; a file without any is reported as EDI without any is."""
    above, rest = list[str](), iter(lines)
    for line in rest:
        above.append(line)
        if line.strip(BLANK + "\r\n"):
            whole = chain(above, rest)
            return _fixed(whole, layout) if layout.fixed else _separated(whole, layout)
    return iter([(None, [at_line("file.empty.blank" if above else "file.empty", 0)])])


def at_line(key: str, line: int, column: str = "", value: str = "", **fields: object) -> Finding:
    """A finding at a line, and a column of it."""
    where = Position(line=line, segment=column)
    return finding(key, where, "FLAT", value, **{"line": line, "column": column, **fields})


# -- separated --------------------------------------------------------------------------------------------------------
def _separated(lines: Iterator[str], layout: Layout) -> Iterator[Found]:
    head = list(islice(lines, _LOOK))
    before, delimiter = 0, layout.delimiter
    if head and head[0][:4].casefold() == "sep=" and head[0][4:5]:
        before, delimiter = 1, delimiter or head[0][4]
        del head[0]
    known = frozenset(fold(name) for columns in layout.records.values() for each in columns for name in each.names)
    doubt = not delimiter and (delimiter := delimited.sniff(head, known, layout.quote)) == _COMMAS
    cells = delimited.split(chain(head, lines), delimiter, layout.quote, before)
    return _headed(cells, layout, doubt=doubt) if layout.header else _placed(cells, layout, doubt=doubt)


def _headed(cells: Iterator[delimited.Cells], layout: Layout, *, doubt: bool) -> Iterator[Found]:
    above = list[delimited.Cells]()
    for row in islice(cells, delimited.SHOWN):
        above.append(row)
        if delimited.is_header(row.cells, layout.columns):
            break
    else:
        yield None, [_headless(above, layout)]
        return
    header = delimited.header(above[-1].cells, layout.columns)
    wrong = list(_header_findings(header, layout, above[-1].line))
    yield None, wrong
    if any(finding.severity == "error" for finding in wrong):
        return
    cut = _cut(layout.columns, header.cells, header.also, doubt=doubt)
    for row in cells:
        if row.cells == above[-1].cells:
            yield None, [at_line("document.header.again", row.line)]
        else:
            yield _row(row, "", cut, header.width)


def _headless(above: Sequence[delimited.Cells], layout: Layout) -> Finding:
    names = ", ".join(f'"{column.name}"' for column in layout.columns[:6])
    return at_line("document.header", above[0].line if above else 1, names=names)


def _header_findings(header: delimited.Header, layout: Layout, line: int) -> Iterator[Finding]:
    known = {fold(name) for column in layout.columns for name in column.names}
    for name in header.twice:
        if fold(name) in known:
            yield at_line("document.column.twice", line, name)
    missing = [
        column.name for index, column in enumerate(layout.columns) if header.cells[index] < 0 and not column.aside
    ]
    for name in (layout.columns[index].name for index in layout.group):
        if name in missing:
            yield at_line("document.column.key", line, name)
    if missing:
        others = f" and {len(missing) - 6} others" if len(missing) > 6 else ""
        yield at_line("document.column.missing", line, names=", ".join(f'"{name}"' for name in missing[:6]) + others)
    for at, name in header.unknown:
        yield at_line("document.unmapped.column", line, name, number=at + 1)


def _placed(cells: Iterator[delimited.Cells], layout: Layout, *, doubt: bool) -> Iterator[Found]:
    kind = layout.type.position - 1 if layout.type else -1
    strange: dict[str, list[int]] = {}
    cuts = {
        name: _cut(columns, [each.position - 1 for each in columns], doubt=doubt)
        for name, columns in layout.records.items()
    }
    for row in cells:
        record = row.cells[kind].strip(BLANK) if 0 <= kind < len(row.cells) else ""
        cut = cuts.get(record)
        if cut is None:
            strange.setdefault(record, []).append(row.line)
            continue
        found, findings = _row(row, record, cut, 0)
        if len(row.cells) != cut.last and not row.broken and not _is_total(row.cells, layout):
            findings += _miscounted(row, cut, layout)
        yield found, findings
    yield from _strangers(strange)


def _strangers(strange: dict[str, list[int]]) -> Iterator[Found]:
    """The record types that no row of the map reads."""
    for record, at in strange.items():
        times = f" ({len(at)} times)" if len(at) > 1 else ""
        yield None, [at_line("document.unmapped.record", at[0], record=record, times=times)]


@dataclass(frozen=True, slots=True)
class _Cut:
    """How a record's rows are cut: its columns, the cells of those that are there, those that another name of a column
    stands over; which columns hold so many digits, and which amounts are doubtful for their decimal point. `last` is the
    last place of a row without a header that the map knows."""

    columns: Sequence[Column]
    cells: Sequence[tuple[int, int]]
    also: Sequence[tuple[int, int]]
    counted: Sequence[int]
    doubted: Sequence[int]
    last: int


def _cut(
    columns: Sequence[Column], at: Sequence[int], also: Sequence[tuple[int, int]] = (), *, doubt: bool = False
) -> _Cut:
    """For the cell of each column, -1 where there is none; `doubt`: the file hardly has decimal points."""
    there = [(index, cell) for index, cell in enumerate(at) if cell >= 0]
    counted = [index for index, column in enumerate(columns) if column.digits]
    doubted = [index for index, column in enumerate(columns) if doubt and column.point]
    last = max((column.position for column in columns), default=0)
    return _Cut(columns, there, also, counted, doubted, last)


def _is_total(cells: Sequence[str], layout: Layout) -> bool:
    """Whether a row has totals, which says what it likes."""
    return bool(layout.totals) and fold(next((cell for cell in cells if cell.strip(BLANK)), "")) in layout.totals


def _miscounted(row: delimited.Cells, cut: _Cut, layout: Layout) -> Iterator[Finding]:
    """Values behind the last column of the map, or too few: without a header row a value is what its place says."""
    count = len(row.cells)
    more = next((at for at in range(cut.last, count) if row.cells[at].strip(BLANK)), -1)
    if more >= 0:
        value = row.cells[more].strip(BLANK)
        yield at_line("document.width.place.more", row.line, str(more + 1), value, most=cut.last)
    missing = [column.position for column in cut.columns if column.position > count]
    if missing and not layout.short:
        yield at_line("document.width.place.less", row.line, str(min(missing)), count=count)


def _row(row: delimited.Cells, record: str, cut: _Cut, width: int) -> Found:
    cells, findings = row.cells, list[Finding]()
    if row.broken:
        findings.append(at_line(row.broken, row.line, last=row.last))
    elif width and len(cells) > width and any(cell.strip(BLANK) for cell in cells[width:]):
        findings.append(at_line("document.width.more", row.line, count=len(cells), most=width))
    elif width and len(cells) < width:
        findings.append(at_line("document.width.less", row.line, count=len(cells), most=width))
    size, values = len(cells), [""] * len(cut.columns)
    for index, at in cut.cells:
        if at < size:
            values[index] = cells[at].strip(BLANK)
    for index, at in cut.also:
        other = cells[at].strip(BLANK) if at < size else ""
        if other and other != values[index]:
            name, first = cut.columns[index].name, values[index]
            findings.append(at_line("document.column.two", row.line, name, other, first=first, number=at + 1))
    _look(values, cut, row.line, findings)
    return Row(row.line, record, values), findings


# -- fixed ------------------------------------------------------------------------------------------------------------
def _fixed(lines: Iterable[str], layout: Layout) -> Iterator[Found]:
    strange: dict[str, list[int]] = {}
    kind = layout.type
    cuts = {name: _cut(columns, ()) for name, columns in layout.records.items()}
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n\x1a")
        if not line.strip(BLANK):
            continue
        record = line[kind.start - 1 : kind.end].strip(" ") if kind else ""
        cut = cuts.get(record)
        if cut is None:
            strange.setdefault(record, []).append(number)
            continue
        values, findings = [_value(line, column) for column in cut.columns], list[Finding]()
        end = max((column.end for column in cut.columns), default=0)
        if line[end:].strip(BLANK):
            findings.append(at_line("document.unmapped.rest", number, end=end))
        _look(values, cut, number, findings)
        yield Row(number, record, values), findings
    yield from _strangers(strange)


def _value(line: str, column: Column) -> str:
    value = line[column.start - 1 : column.end].strip(BLANK)
    if column.fill == " " or not value:
        return value
    sign = value[:1] if value[:1] in "+-" and column.fill == "0" else ""
    bare = value[len(sign) :].lstrip(column.fill) if column.right else value.rstrip(column.fill)
    return sign.replace("+", "") + (bare or ("0" if column.fill == "0" else ""))


# -- values -----------------------------------------------------------------------------------------------------------
def _look(values: list[str], cut: _Cut, line: int, findings: list[Finding]) -> None:
    """Report what a spreadsheet did to the values (one that is only wrapped is unwrapped), and doubtful amounts."""
    for column, value in ((cut.columns[index], values[index]) for index in cut.doubted):
        if damage.thousands(value):
            whole = value.replace(".", "")
            findings += [at_line("document.decimal", line, column.name, value, whole=whole)]
    if not cut.counted and not damage.suspect(values):
        return
    for index, value in enumerate(values):
        if not value:
            continue
        column = cut.columns[index]
        if (damaged := damage.look(value)) is not None:
            findings.append(at_line(damaged.key, line, column.name, value))
            values[index] = damaged.value
        if column.digits and damage.shortened(values[index], column.digits):
            length = len(values[index])
            findings.append(
                at_line("document.spreadsheet.zeros", line, column.name, value, length=length, digits=column.digits)
            )
