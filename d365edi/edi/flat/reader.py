"""Flat files in: bytes to sets of rows, each set one document's, with everything that is wrong.

`stream` keeps one set at a time, so that rows of one document must stand together: those that turn up again later make a
set of their own with an error. `read` keeps the whole file and puts them together.

Of a row of totals at the end each number must be its column's sum, the sum of the rows' amounts, or the count of rows.

Knows: layouts, which rows belong together. Does not know: what a column means, maps.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter

from d365edi.edi.findings import Finding
from d365edi.edi.flat import text
from d365edi.edi.flat.layout import Column, Layout, Row, fold
from d365edi.edi.flat.rows import Found, at_line, rows

Key = tuple[str, ...]


@dataclass(slots=True)
class RowSet:
    """The rows of one document in their order. `head` has the values that they share (files without record types);
    `key` is what tells the document apart."""

    key: Key
    rows: list[Row]
    findings: list[Finding] = field(default_factory=list)
    head: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FlatReport:
    """A whole file: its sets, and what is wrong with none of them."""

    sets: list[RowSet] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read(data: bytes, layout: Layout) -> FlatReport:
    """A whole file. Never raises for what is in it."""
    report, sets = FlatReport(), dict[Key, RowSet]()
    for found in _sets(rows(text.lines(text.chunks(data)), layout), layout):
        if isinstance(found, Finding):
            report.findings.append(found)
        elif layout.group and (known := sets.get(found.key)) is not None:
            _join(known, found, layout)
        else:
            sets[found.key] = found
            report.sets.append(found)
    return report


def stream(pieces: Iterable[bytes], layout: Layout) -> Iterator[RowSet | Finding]:
    """A file in pieces, set by set in constant memory; findings that belong to no set come where they are found."""
    seen: set[Key] = set()
    for found in _sets(rows(text.lines(pieces), layout), layout):
        if isinstance(found, RowSet) and layout.group:
            if found.key in seen:
                found.findings.append(_apart(found))
            seen.add(found.key)
        yield found


def _apart(again: RowSet) -> Finding:
    return at_line("document.apart", again.rows[0].line, document=" ".join(again.key))


def _join(first: RowSet, again: RowSet, layout: Layout) -> None:
    """Rows that turned up again later go to their document."""
    first.findings += again.findings
    for row in again.rows:
        first.findings += agree(first.head, row, layout.alike, layout, first.rows)
        first.rows.append(row)


# -- which rows belong together ---------------------------------------------------------------------------------------
def _sets(found: Iterator[Found], layout: Layout) -> Iterator[RowSet | Finding]:
    return _opened(found, layout) if layout.opens else _grouped(found, layout)


def _grouped(found: Iterator[Found], layout: Layout) -> Iterator[RowSet | Finding]:
    """Rows with the same values in the columns of the group, or all rows where there is none."""
    current: RowSet | None = None
    sums, shared = _Sums(layout), itemgetter(*layout.alike) if layout.alike else len
    for row, findings in found:
        if row is None:
            yield from findings
            continue
        if sums.is_total(row):
            yield from sums.check(row)
            continue
        sums.add(row)
        key = tuple(row.values[index] for index in layout.group)
        if layout.group and not any(key):
            if current is None:
                yield from (*findings, _nobodys(row, layout))
                continue
            key = current.key  # the cells below a merged one are empty
        if current is None or key != current.key:
            if current is not None:
                yield current
            current = RowSet(key, [], head=list(row.values))
        if shared(row.values) != shared(current.head):
            current.findings += agree(current.head, row, layout.alike, layout, current.rows)
        current.rows.append(row)
        current.findings += findings
        yield from (finding for finding in findings if finding.rule == "quote")
    if current is not None:
        yield current


def _nobodys(row: Row, layout: Layout) -> Finding:
    names = " and ".join(f'"{layout.columns[index].name}"' for index in layout.group)
    return at_line("document.group", row.line, names=names)


def agree(held: list[str], row: Row, columns: Iterable[int], layout: Layout, rows: Sequence[Row]) -> Iterator[Finding]:
    """What holds for several rows must be the same in each of them, or empty. `held` is what was said in these columns by
    the `rows` before, and takes what this row adds."""
    for index in columns:
        value, first = row.values[index], held[index]
        if value and not first:
            held[index] = value
        elif value and value != first:
            name = layout.columns[index].name
            line = next(each.line for each in rows if each.values[index] == first)
            yield at_line("document.differs", row.line, name, value, first=first, other=line)


def _opened(found: Iterator[Found], layout: Layout) -> Iterator[RowSet | Finding]:
    """Records from one that opens a document to the next."""
    current: RowSet | None = None
    lost: list[int] = []
    for row, findings in found:
        if row is None:
            yield from findings
        elif row.record == layout.opens:
            if current is not None:
                yield current
            current = RowSet((str(row.line),), [row], findings)
        elif current is None:
            lost.append(row.line)
            yield from findings
        else:
            current.rows.append(row)
            current.findings += findings
    if current is not None:
        yield current
    if lost:
        yield at_line("document.group.before", lost[0], count=len(lost), record=layout.opens)


# -- totals -----------------------------------------------------------------------------------------------------------
class _Sums:
    """The sums of all columns, and of the rows' amounts; kept only where the layout knows a word for a row of totals."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.columns: tuple[Column, ...] = layout.records.get("", ())
        self.sums: list[Decimal | None] = [Decimal(0)] * len(self.columns)
        self.summed = list(range(len(self.columns)))
        self.amounts = [Decimal(0)] * len(layout.amounts)
        self.count = 0

    def is_total(self, row: Row) -> bool:
        if not self.layout.totals:
            return False
        first = next((value for value in row.values if value), "")
        return not first.isdigit() and fold(first) in self.layout.totals

    def add(self, row: Row) -> None:
        if not self.layout.totals:
            return
        self.count += 1
        for index in self.summed:
            if value := row.values[index]:
                total, number = self.sums[index], _number(value, self.layout.decimal)
                self.sums[index] = None if number is None or total is None else total + number
                if number is None:
                    self.summed = [each for each in self.summed if each != index]
        for at, (one, other) in enumerate(self.layout.amounts):
            factors = [_number(row.values[each] or "0", self.layout.decimal) or Decimal(0) for each in (one, other)]
            self.amounts[at] += factors[0] * factors[1]

    def check(self, row: Row) -> Iterator[Finding]:
        """What a row of totals says and the rows do not come to."""
        for index, value in enumerate(row.values):
            total, said = self.sums[index], _number(value, self.layout.decimal) if value else None
            if said is None or total is None or said in (total, self.count, *self.amounts):
                continue
            yield at_line("document.totals", row.line, self.columns[index].name, value, total=total)


def _number(value: str, decimal: str) -> Decimal | None:
    """A value as a number, None where it is none."""
    if value[0] not in "0123456789-":
        return None
    plain = value.replace(" ", "").replace("." if decimal == "," else ",", "")
    plain = plain.replace(",", ".")
    return Decimal(plain) if plain.replace(".", "", 1).lstrip("-").isdecimal() and plain.isascii() else None
