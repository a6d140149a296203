"""From rows to the mapping tree: each row finds its field in the document and its place in the guide, and the two must agree.

Knows: tables, documents' fields, guides. Does not know: how segments are read or written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from d365edi.documents import KINDS
from d365edi.edi.guide import Element, Guide, Node
from d365edi.maps.check import Absent, Target, settle
from d365edi.maps.computed import formula
from d365edi.maps.fields import Field, Model, find, names, required
from d365edi.maps.mapping_tree import LINES, ORDERS, Fixed, MappingNode, Pair, Rule
from d365edi.maps.notation import X12, Notation
from d365edi.maps.path import EVERY
from d365edi.maps.spelling import Format, Parse, total
from d365edi.maps.table import OPEN, MapRow, Scope, Table, nearest, scope

ORDER = "order."
"""Rows that begin so (inside a list also `line.order.`) name a field of the order that a document answers; they are
only written."""

Codes = Mapping[str, Mapping[str, str]]


def mapping_tree(
    table: Table, guide: Guide, codes: Codes | None = None, versions: Sequence[Guide] = (), notation: Notation = X12
) -> MappingNode:
    """The mapping tree of a map in a guide. `codes` are the partner's, over the map's own.

    A path that this guide lacks but another of `versions` has is left out. Raises SettingsError for any row that is
    wrong."""
    model = KINDS.get(table.document)
    if model is None:
        message = f'there is no document "{table.document}"'
        raise table.mistake(("document",), message, remedy=nearest(table.document, KINDS))
    words = table.codes()
    for name, theirs in (codes or {}).items():
        words[name] = {**words.get(name, {}), **theirs}
    root = MappingNode(guide.root, model=model)
    others = tuple(each for each in versions if each is not guide)
    compiler = _Compiler(table, guide, words, others, model, notation)
    compiler.fill(root, scope(table), model, (), KINDS["PurchaseOrder"])
    return root


@dataclass(frozen=True, slots=True)
class _Compiler:
    """What is common to all rows of one compilation."""

    table: Table
    guide: Guide
    words: Codes
    versions: tuple[Guide, ...]
    document: Model
    notation: Notation

    def fill(
        self, base: MappingNode, rows: Scope, model: Model, way: tuple[str, ...], echo: Model, *, again: bool = False
    ) -> None:
        """Attach the rows of one scope to nodes, then those of the lists in it. `way` are the loops down to here, `echo` is
        what of the order the rows of this scope may name."""
        targets = [target for row in rows.rows for target in self._targets(base, row, way, again=again)]
        attached: set[int] = set()
        settled = settle(self.table, targets)
        self._nothing_lost(targets, settled, model)
        for target in settled:
            self._attach(base, target, model, echo, second=id(target.row) in attached)
            attached.add(id(target.row))
        for row in rows.constants:
            for node, fixed in self._fixed(base, row, way, again=again):
                node.constants.append(fixed)
        for row in rows.defaults:
            for node, fixed in self._fixed(base, row, way, again=again):
                node.defaults.append(fixed)
        for row in rows.unsaid:
            for node, fixed in self._fixed(base, row, way, again=again):
                node.unsaid.append(fixed)
        for row in rows.computed:
            for node, fixed in self._fixed(base, row, way, computed=True):
                node.computed.append(fixed)
        for inner in rows.scopes:
            self._list(base, inner, model, way, _echo(inner.field, echo), again=again)

    def _nothing_lost(self, targets: list[Target], settled: list[Target], model: Model) -> None:
        """A user's row may take the place of a shipped one, but not of a field that a document must have."""
        names_left = {target.row.name for target in settled}
        for target in targets:
            if target.row.name not in required(model) or target.row.name in names_left:
                continue
            place = target.row.paths[0]
            taker = next((each.row for each in settled if place in each.row.paths), target.row)
            message = f'"{place}" is where "{target.row.name}" stands, which a {model.__name__} must have'
            raise self.table.mistake(taker.key, message, remedy=f"give {target.row.name} another place too")

    # -- where --------------------------------------------------------------------------------------------------------
    def _targets(
        self, base: MappingNode, row: MapRow, way: tuple[str, ...], texts: Sequence[str] = (), *, again: bool = False
    ) -> list[Target]:
        """The places of a row in this version; none at all only where another version has one, or the first loop of
        the same list (`again`)."""
        found, absent = list[Target](), None
        for text in texts or row.paths:
            try:
                target = self.notation.resolve(self.table, self.guide, base.node, row, text)
            except Absent as error:
                absent = absent or error
            else:
                target.echo = _order_field(row.name) is not None
                found.append(target)
        if not found and absent is not None and not again and not self._elsewhere(row, texts or row.paths, way):
            raise self.table.mistake(row.key, str(absent), remedy=absent.remedy)
        return found

    def _elsewhere(self, row: MapRow, texts: Sequence[str], way: tuple[str, ...], *, loop: bool = False) -> bool:
        """Whether another version of the flow has one of these paths."""
        for guide in self.versions:
            for text in texts:
                try:
                    node = guide.root
                    for step in way:
                        node = self._end(self.notation.resolve(self.table, guide, node, row, step, loop=True), node)
                    self.notation.resolve(self.table, guide, node, row, text, loop=loop)
                except Absent:
                    continue
                return True
        return False

    @staticmethod
    def _end(target: Target, base: Node) -> Node:
        return target.chain[-1][0] if target.chain else base

    @staticmethod
    def _node(base: MappingNode, target: Target) -> MappingNode:
        found = base
        for node, qualifiers, occurrence in target.chain:
            found = found.inside(node, qualifiers, occurrence)
        return found

    # -- what ---------------------------------------------------------------------------------------------------------
    def _attach(self, base: MappingNode, target: Target, model: Model, echo: Model, *, second: bool) -> None:
        row, node = target.row, self._node(base, target)
        name = row.name
        if target.echo:
            name, model = _order_field(name) or "", echo
        field = find(model, name)
        if field is None:
            message = f'{model.__name__} has no field "{name}"'
            raise self.table.mistake(row.key, message, remedy=nearest(name, list(names(model))))
        if target.pair:
            node.pairs.append(replace(self._pair(target, field, name), second=second))
            return
        parse, format = self._spelling(row, target.described, field, name)
        codes = self._codes(base, name) if field.kind == "text" else ""
        assert target.described is not None
        node.rules.append(
            Rule(
                name, target.element, target.component, parse, format, row, self.words.get(codes), field.many,
                target.echo, second, codes, closed=bool(target.described.number) and OPEN not in self.words.get(codes, {}),
            )
        )  # fmt: skip

    def _codes(self, base: MappingNode, name: str) -> str:
        """The name of a field's code table, by the list or the part that it is in, or by the field alone; "" without one."""
        *_, around, last = *base.list_field.split("."), *name.split(".")
        return next((each for each in (f"{around}.{last}", last) if self.words.get(each)), "")

    def _pair(self, target: Target, field: Field, name: str) -> Pair:
        row, value = target.row, target.described
        if target.pair != (EVERY,):
            if field.many or field.kind == "part":
                raise self.table.mistake(row.key, f'"{name}" holds many values, and a pair is one')
            parse, format = self._spelling(row, value, field, name)
            return Pair(name, target.pair, parse, format, row, target.echo)
        parts = _parts(field.model) if field.model is not None else ()
        if not field.many or field.model is None or len(parts) != 2:
            raise self.table.mistake(row.key, f'"{name}" is no list of pairs, and "{row.paths[0]}" is many')
        inner = find(field.model, parts[1])
        assert inner is not None
        parse, format = self._spelling(row, value, inner, name)
        return Pair(name, (), parse, format, row, target.echo, (parts[0], parts[1]))

    def _spelling(self, row: MapRow, element: Element | None, field: Field, name: str) -> tuple[Parse | None, Format]:
        assert element is not None
        if field.kind == "part":
            raise self.table.mistake(row.key, f'"{name}" is no single value', remedy="name a field inside it")
        found = self.notation.spelling(element, field.kind)
        if found is None:
            raise self.table.mistake(
                row.key,
                f'"{row.paths[0]}" ({element.name.lower()}) is of type {element.type} and cannot hold the {field.kind} "{name}"',
                remedy="a map never converts: name another field or another element",
            )
        return found

    def _fixed(
        self, base: MappingNode, row: MapRow, way: tuple[str, ...], *, computed: bool = False, again: bool = False
    ) -> list[tuple[MappingNode, Fixed]]:
        """A constant, default or formula; the left side is the path."""
        found = []
        for target in self._targets(base, row, way, (row.name,), again=again)[:1]:
            if target.pair:
                raise self.table.mistake(row.key, f'"{row.name}" names no element', remedy="write it as PO106")
            node, element = self._node(base, target), target.described
            assert element is not None
            if not computed:
                self._fits(row, element)
                found.append((node, Fixed(target.element, target.component, row.value, row)))
                continue
            try:
                value = formula(row.value, self.document, self.guide)
            except ValueError as error:
                raise self.table.mistake(row.key, str(error)) from None
            self._spelling(row, element, Field("amount"), row.value)
            found.append((node, Fixed(target.element, target.component, row.value, row, value, total(element))))
        return found

    def _fits(self, row: MapRow, element: Element) -> None:
        if not element.min <= len(row.value) <= element.max:
            message = f'"{row.value}" does not fit "{row.name}", which has {element.min} to {element.max} characters'
            raise self.table.mistake(row.key, message)

    def _list(
        self, base: MappingNode, rows: Scope, model: Model, way: tuple[str, ...], echo: Model, *, again: bool = False
    ) -> None:
        field = find(model, rows.field)
        if field is None or not field.many or field.model is None:
            message = f'{model.__name__} has no list "{rows.field}"'
            raise self.table.mistake(rows.key, message, remedy=nearest(rows.field, list(names(model))))
        for name in rows.needs:
            if find(field.model, name) is None:
                message = f'{field.model.__name__} has no field "{name}"'
                raise self.table.mistake((*rows.key, "needs"), message, remedy=nearest(name, list(names(field.model))))
        row = MapRow("loop", list(rows.loop), (*rows.key, "loop"), self.table.is_overridden((*rows.key, "loop")))
        opened, absent = 0, None
        for text in rows.loop:
            try:
                target = self.notation.resolve(self.table, self.guide, base.node, row, text, loop=True)
            except Absent as error:
                absent = absent or error
                continue
            *above, (node, qualifiers, occurrence) = target.chain
            outer = self._node(base, Target(row, above))
            made = MappingNode(node, outer, qualifiers, occurrence, field.model, rows.field, second=opened > 0)
            made.needs = rows.needs
            outer.children.append(made)
            self.fill(made, rows, field.model, (*way, text), echo, again=again or opened > 0)
            opened += 1
        if not (opened or again) and absent is not None and not self._elsewhere(row, rows.loop, way, loop=True):
            raise self.table.mistake(row.key, str(absent), remedy=absent.remedy)


def _parts(model: Model) -> tuple[str, ...]:
    """The fields of an item that is one pair: what it must have, else the first that it must have and the one behind it."""
    known, needed = list(names(model)), required(model)
    if len(needed) != 1:
        return tuple(needed)
    at = known.index(needed[0])
    return tuple(known[at : at + 2])


def _echo(field: str, around: Model) -> Model:
    """What of the order the items of a list answer: its lines, it itself, or what the scope around answers."""
    if field not in (LINES, ORDERS):
        return around
    order = KINDS["PurchaseOrder"]
    lines = find(order, LINES)
    assert lines is not None
    assert lines.model is not None
    return lines.model if field == LINES else order


def _order_field(name: str) -> str | None:
    """The order's field that a row names, None where it names the document's own."""
    short = name.removeprefix("line.")
    return short.removeprefix(ORDER) if short.startswith(ORDER) else None
