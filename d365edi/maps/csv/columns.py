"""A CSV map as a layout and a guide: what its `[file]` and `[columns]` say and what its rows name, so that the one engine
reads and writes flat files as it does messages.

The right side of a row is a column (see `paths`); a list of names are spellings of one column, the first is written.

A record becomes a segment of the guide and a column an element. A file without record types has `head`, what is the same on
every row of a document, and one for each list: with `loop = "row"` each row is an item of it, with `loop = "SSCC"` the rows
that say the same there are one (several columns: `"Line|GTIN"`). See `grouping`.

Knows: tables of flat files. Does not know: bytes, values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from d365edi.documents import KINDS
from d365edi.edi.flat.layout import Column, Layout, fold
from d365edi.edi.guide import Element, Guide, Node, Segment
from d365edi.maps.csv.grouping import GroupLevel
from d365edi.maps.csv.numbers import SIGN
from d365edi.maps.csv.options import File, column, file
from d365edi.maps.csv.paths import HEAD, inside, parted, split_record
from d365edi.maps.fields import Model, find
from d365edi.maps.table import Key, MapRow, Scope, Table, nearest, scope

ROW = "row"
"""The loop of a list of which each row is an item."""
GTIN = "gtin"
"""What every field is called that holds one."""
BETWEEN = "\x1f"
"""What stands between the sign and the size of a number while the engine has it."""


@dataclass(frozen=True, slots=True)
class Flat:
    """A map's layout and guide. `parted` are the columns of each record that are read as sign and size, `gtins` those
    that hold a GTIN, `days` those that hold days, with the spellings of a day. Where rows are all alike, `top` is the
    document with its lists, and `unasked` are the columns that no row of the map names."""

    layout: Layout
    guide: Guide
    parted: dict[str, frozenset[int]]
    gtins: dict[str, frozenset[int]]
    days: dict[str, dict[int, str]]
    top: GroupLevel | None = None
    unasked: tuple[int, ...] = ()


@dataclass(slots=True)
class _Record:
    """The columns of one record type as they are found, by folded name, with the type that each spells."""

    columns: list[Column] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)
    parted: set[int] = field(default_factory=set)
    gtins: set[int] = field(default_factory=set)
    days: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _RecordNode:
    """A record in the tree of a file: the list that repeats it, or a single one. Where rows are all alike, `columns` are
    those that its rows name, and `key` those that identify its items."""

    record: str
    loop: bool
    inner: list[_RecordNode] = field(default_factory=list)
    columns: set[int] = field(default_factory=set)
    key: tuple[int, ...] = ()

    def depth(self) -> int:
        """How deep the lists in it go: what holds the fewest is written first, lines before cartons."""
        return max((each.depth() + 1 for each in self.inner), default=self.loop)


def flat(table: Table) -> Flat:
    """The layout and guide of a CSV map. Raises SettingsError for any row that is wrong."""
    rows, look = scope(table), file(table)
    builder = _Columns(table, look)
    builder.declare()
    root = _RecordNode("", loop=True)
    if look.type is None:
        builder.records.setdefault("", _Record())
        root.inner.append(_RecordNode(HEAD, loop=False))
        builder.alike(rows, root, (), KINDS[table.document])
    else:
        root.inner.append(_RecordNode(look.opens, loop=False))
        builder.typed(rows, root, KINDS[table.document])
    records = {name: tuple(found.columns) for name, found in builder.records.items()}
    group = tuple(builder.index("", name, ("file", "group")) for name in look.group)
    root.columns.update(group)
    root.inner[0].columns = root.columns
    head = tuple(sorted(root.columns))
    layout = Layout(
        records, look.fixed, look.header, look.delimiter, look.quote, look.encoding, group, head,
        look.opens, look.type, look.totals, look.decimal, tuple(builder.amounts), look.escape, look.short,
        frozenset(builder.shared),
    )  # fmt: skip
    guide = _guide(table, root, builder.records)
    parted = {name: frozenset(found.parted) for name, found in builder.records.items()}
    gtins = {name: frozenset(found.gtins) for name, found in builder.records.items()}
    days = {name: found.days for name, found in builder.records.items()}
    if look.type is not None:
        return Flat(layout, guide, parted, gtins, days)
    top = _group_level(guide.root, root)
    asked = {*head, *(at for way in top.ways() for at in way[-1].columns)}
    return Flat(layout, guide, parted, gtins, days, top, tuple(at for at in range(len(records[""])) if at not in asked))


@dataclass(slots=True)
class _Columns:
    """Collects the columns of every record while the rows of the table are walked; the first `described` are those that
    `[columns]` describes, `amounts` the pairs of quantity and price. `of_document` are the fields of the document by column,
    `shared` the columns that a list of it names for the same field."""

    table: Table
    look: File
    records: dict[str, _Record] = field(default_factory=dict)
    amounts: list[tuple[int, int]] = field(default_factory=list)
    described: int = 0
    of_document: dict[int, set[str]] = field(default_factory=dict)
    shared: set[int] = field(default_factory=set)

    def declare(self) -> None:
        """The columns that `[columns]` describes, in that order."""
        for name, value in self.table.tree.get("columns", {}).items():
            if isinstance(value, str):
                self._declare("", name, value, ("columns", name))
            else:
                for inner, words in value.items():
                    self._declare(name, inner, words, ("columns", name, inner))
        self.described = max((len(found.columns) for found in self.records.values()), default=0)

    def _declare(self, record: str, name: str, words: object, key: Key) -> None:
        found = self.records.setdefault(record, _Record())
        described, type = column(self.table, self.look, name, words, key)
        found.at[fold(name)] = len(found.columns)
        found.columns.append(described)
        found.types.append(type)

    def alike(self, rows: Scope, at: _RecordNode, around: tuple[_RecordNode, ...], model: Model) -> None:
        """A file without record types: what the rows of a list name, or of the document, then what those inside it name."""
        named = dict[str, int]()
        for row, text in _named(rows):
            index = named[row.name] = self._take(row, text, "", model)
            outer = next((each for each in around if index in each.columns), None)
            if not around:
                self.of_document.setdefault(index, set()).add(row.name)
            elif row.name in self.of_document.get(index, ()):
                self.shared.add(index)
            elif outer is not None:
                name, whose = self.records[""].columns[index].name, outer.record or "the document"
                message = f'the column "{name}" is named by a row of {whose} and by one of its {rows.field}'
                raise self.table.mistake(row.key, message, remedy="take one of the two rows away")
            at.columns.add(index)
        if "quantity" in named and "price" in named:
            self.amounts.append((named["quantity"], named["price"]))
        for inner in rows.scopes:
            place = _RecordNode(inside(at.record, inner.key), loop=True)
            at.inner.append(place)
            self.alike(inner, place, (*around, at), _model(model, inner))
            place.key = self._identified_by(inner, place)
        at.inner.sort(key=_RecordNode.depth)

    def _identified_by(self, rows: Scope, place: _RecordNode) -> tuple[int, ...]:
        """The columns that identify the items of a list; none where each row is one."""
        (text, *others) = rows.loop
        key = (*rows.key, "loop")
        if text == ROW and not rows.scopes and not others:
            return ()
        if text == ROW or others:
            remedy = 'name the columns that identify its items, as in loop = "SSCC" or "Line|GTIN"'
            raise self.table.mistake(key, f'"{rows.field}" cannot stand in rows that are all alike', remedy=remedy)
        found = tuple(self.index("", name, key) for name in text.split("|"))
        for index in found:
            if index not in place.columns:
                name = self.records[""].columns[index].name
                raise self.table.mistake(key, f'"{name}" is named by no row of "{rows.field}"')
        return found

    def typed(self, rows: Scope, at: _RecordNode, model: Model) -> None:
        """A file with record types: each list has its record, other records stand once beside them."""
        default = at.record or self.look.opens
        single = list[_RecordNode]()
        for row, text in _named(rows):
            record, name = split_record(text, default)
            self._take(row, name, record, model)
            if record != at.record and all(each.record != record for each in (*at.inner, *single)):
                single.append(_RecordNode(record, loop=False))
        for inner in rows.scopes:
            place = _RecordNode(inner.loop[0], loop=True)
            at.inner.append(place)
            self.records.setdefault(place.record, _Record())
            self.typed(inner, place, _model(model, inner))
        at.inner += [each for each in single if all(each.record != known.record for known in at.inner)]

    def _take(self, row: MapRow, text: str, record: str, model: Model) -> int:
        """The index of a row's column, made where it was not described; `model` is what the row's field belongs to."""
        found = self.records.setdefault(record, _Record())
        name, part = parted(text)
        others = tuple(split_record(each, "")[1] for each in row.paths[1:] if text == row.paths[0])
        index = found.at.get(fold(name))
        if index is None:
            if self.look.fixed or (record and not name.isdigit()):
                known = [each.name for each in found.columns]
                message = f'there is no column "{name}" in [columns]'
                raise self.table.mistake(row.key, message, remedy=nearest(name, known))
            described, type = column(self.table, self.look, name, "text", row.key)
            index = found.at[fold(name)] = len(found.columns)
            found.columns.append(described)
            found.types.append(type)
        if others:
            self._spell(row, found, index, others)
        if part:
            found.parted.add(index)
        if row.name.rpartition(".")[2] == GTIN:
            found.gtins.add(index)
        self._kind(row, found, index, model)
        return index

    def _kind(self, row: MapRow, found: _Record, index: int, model: Model) -> None:
        """Note which columns hold amounts and days."""
        meant = find(model, row.name)
        mark, _, days = found.types[index].split(" ")
        confirmed = self.table.is_overridden(("file", "decimal")) or index < self.described
        if meant is not None and meant.kind == "amount":
            found.columns[index] = replace(found.columns[index], point=mark == "." and not confirmed)
        elif meant is not None and meant.kind == "day":
            found.days[index] = days

    def _spell(self, row: MapRow, found: _Record, index: int, others: tuple[str, ...]) -> None:
        """Further spellings of a column's name; none may be another column's."""
        described = found.columns[index]
        for name in others:
            if found.at.setdefault(fold(name), index) != index:
                raise self.table.mistake(row.key, f'the column "{name}" is named twice')
        names = (*described.names, *(name for name in others if name not in described.names))
        found.columns[index] = replace(described, names=names)

    def index(self, record: str, name: str, key: Key) -> int:
        """The index of a column that `[file]` names."""
        found = self.records[record]
        if fold(name) not in found.at:
            message = f'there is no column "{name}"'
            raise self.table.mistake(key, message, remedy=nearest(name, [each.name for each in found.columns]))
        return found.at[fold(name)]


def _model(model: Model, inner: Scope) -> Model:
    """What the items of a list are; the engine names a row whose list the document has not."""
    listed = find(model, inner.field)
    return listed.model if listed is not None and listed.model is not None else model


def _named(rows: Scope) -> Iterator[tuple[MapRow, str]]:
    """Every row of one scope with the column that it names first."""
    yield from ((row, row.paths[0]) for row in rows.rows)
    yield from ((row, row.name) for row in (*rows.constants, *rows.defaults, *rows.computed))


# -- the guide --------------------------------------------------------------------------------------------------------
def _guide(table: Table, root: _RecordNode, records: dict[str, _Record]) -> Guide:
    top = Node(0, Segment("", "file", ()), None, 0, loop=True)
    nodes = [top]

    def attach(parent: Node, places: list[_RecordNode]) -> None:
        for order, place in enumerate(places):
            found = records.get(place.record) or records.get("") or _Record()
            columns = sorted(place.columns) or range(len(found.columns))
            segment = Segment(place.record, place.record, tuple(_elements(found, columns)), qualifier=0)
            node = Node(len(nodes), segment, parent, order, loop=place.loop, max_use=0 if place.loop else 1)
            nodes.append(node)
            parent.children[place.record] = (node,)
            parent.sequence.append(node)
            attach(node, place.inner)

    attach(top, root.inner)
    used = {node.id: node.segment for node in nodes[1:]}
    return Guide("FLAT", table.name, "", table.document, "", top, nodes, used)


def _group_level(node: Node, place: _RecordNode) -> GroupLevel:
    """A list, or the document, with the lists inside it."""
    inner = tuple(_group_level(node.children[each.record][0], each) for each in place.inner if each.loop)
    return GroupLevel(node, place.key, tuple(sorted(place.columns)), inner)


def _elements(found: _Record, columns: Iterable[int]) -> Iterator[Element]:
    for position, index in enumerate(columns, 1):
        described, type = found.columns[index], found.types[index]
        most = described.width if described.end else 1 << 20
        parts = (Element(1, "", "sign", SIGN, 1, 1), Element(2, "", described.name, type, 1, most))
        yield Element(position, "", described.name, type, 1, most, components=parts if index in found.parted else ())
