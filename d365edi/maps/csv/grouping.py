"""The lists of a document in rows that are all alike, as partners write what stands in orders, cartons and lines:

    Shipment,PO Number,SSCC,Line,Quantity        each row is a line
    S1,4500012345,00...12,1,40                   rows with the same SSCC are one carton,
    S1,4500012345,00...12,2,60                   those with the same PO Number one order
    S1,4500012345,,3,5                           no SSCC: the line stands in the order

A row goes the way that takes in most of what it says. What holds for an order or a carton must be the same on each of its
rows, or empty. A row that only repeats known items is reported: one that is meant twice would be lost.

Knows: levels of lists, rows. Does not know: how files are split, what a column means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from d365edi.edi.findings import Finding, Position
from d365edi.edi.flat.layout import Layout, Row
from d365edi.edi.flat.reader import RowSet, agree
from d365edi.edi.guide import Node

Way = tuple["GroupLevel", ...]


@dataclass(frozen=True, slots=True)
class GroupLevel:
    """A list, or the document itself: its node, the columns that identify its items (none: each row is one), those that
    its rows name, and the lists inside it."""

    node: Node
    key: tuple[int, ...]
    columns: tuple[int, ...]
    inner: tuple[GroupLevel, ...] = ()

    def ways(self) -> Iterator[Way]:
        """Every way down from here, the short ones first among those of one list."""
        for level in self.inner:
            yield (level,)
            yield from ((level, *way) for way in level.ways())


@dataclass(slots=True)
class GroupItem:
    """An item of a list while rows are sorted: its rows, what they say, and the items inside it."""

    level: GroupLevel
    rows: list[Row]
    values: list[str]
    inner: list[GroupItem] = field(default_factory=list)
    known: dict[tuple[str, ...], GroupItem] = field(default_factory=dict)

    def every(self) -> Iterator[GroupItem]:
        """The item and all inside it."""
        yield self
        for each in self.inner:
            yield from each.every()


class Sorter:
    """Sorts the rows of a document into its lists; may be used by many threads at once."""

    def __init__(self, top: GroupLevel, layout: Layout) -> None:
        """For one layout; `top` is the document."""
        self._top = top
        self._layout = layout
        self._ways = tuple(top.ways())
        self._parts = tuple(dict.fromkeys(way[-1].columns for way in self._ways if way[-1].columns))
        own = [[at for at in part if at not in layout.shared] or part for part in self._parts]
        self._said = tuple(itemgetter(*part, part[0]) for part in own)  # of one column a tuple too
        self._known: dict[tuple[bool, ...], tuple[Way, frozenset[int]]] = {}

    def sort(self, found: RowSet) -> tuple[GroupItem, list[Finding]]:
        """The document with its items, and what is wrong with them."""
        document, findings = GroupItem(self._top, found.rows, found.head), list[Finding]()
        for row in found.rows:
            values = row.values
            way, lost = self._way(tuple([any(said(values)) for said in self._said]))
            item, new = document, not way
            for level in way:
                item, made = self._step(item, level, row, findings)
                new = new or made
            if not new:
                findings.append(_again(row, item))
            findings += [_outside(row, self._layout.columns[at].name) for at in sorted(lost) if values[at]]
        return document, findings

    def _step(self, around: GroupItem, level: GroupLevel, row: Row, findings: list[Finding]) -> tuple[GroupItem, bool]:
        """The item of a list that a row belongs to, and whether the row is its first."""
        key = (level.node.id, *(row.values[at] for at in level.key))
        item = around.known.get(key) if level.key else None
        if item is not None:
            findings += agree(item.values, row, level.columns, self._layout, item.rows)
            item.rows.append(row)
            return item, False
        item = around.known[key] = GroupItem(level, [row], list(row.values))
        around.inner.append(item)
        return item, True

    def _way(self, filled: tuple[bool, ...]) -> tuple[Way, frozenset[int]]:
        """The way for rows that fill these parts, and the columns that are not on it."""
        if filled not in self._known:
            there = {part for part, full in zip(self._parts, filled, strict=True) if full}

            def worth(way: Way) -> tuple[int, int]:
                return len(there & {level.columns for level in way}), -len(way)

            best = max(self._ways, key=worth, default=()) if there else ()
            taken = {at for level in best for at in level.columns}
            self._known[filled] = best, frozenset(at for part in there for at in part if at not in taken)
        return self._known[filled]


def _again(row: Row, item: GroupItem) -> Finding:
    message = f"line {row.line} says nothing that line {item.rows[0].line} does not say"
    remedy = "ask whether it is meant twice; the map must then name a column in which the two differ"
    return Finding("document", "error", "", message, Position(line=row.line), "", remedy, "twice")


def _outside(row: Row, column: str) -> Finding:
    message = f"{column} in line {row.line} has no place beside what else is said there"
    at = Position(line=row.line, segment=column)
    return Finding(
        "document", "error", "", message, at, "", "correct the map's lists, or ask for a correct file", "lists"
    )


Levels = Mapping[str, tuple[int, tuple[int, ...]]]


def levels_of(top: GroupLevel) -> Levels:
    """How deep the lists of a document stand, and their columns, by the ids of their nodes."""
    return {way[-1].node.id: (len(way), way[-1].columns) for way in top.ways()}


def rows_of(items: Sequence[tuple[str, Sequence[str]]], levels: Levels, layout: Layout) -> list[list[str]]:
    """The items of a document, the ids of their lists' nodes with what is said of them, each behind the one that it stands
    in, as rows: one for each item that has nothing inside it."""
    places = [levels.get(id, (0, layout.head)) for id, _ in items]
    around, made = [[""] * len(layout.columns)], list[list[str]]()
    for at, ((depth, columns), (_, values)) in enumerate(zip(places, items, strict=True)):
        row = list(around[min(depth, len(around) - 1)])
        for column, value in zip(columns, values, strict=False):
            row[column] = value or row[column]
        around[depth + 1 :] = [row]
        if at + 1 == len(items) or places[at + 1][0] <= depth:
            made.append(row)
    return made or around
