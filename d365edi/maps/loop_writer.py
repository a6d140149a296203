"""Mapping nodes made ready for writing: what each looks at in the document, and the segments it makes of that.

A node gives the segments it has values for; a constant or a formula makes its segment, a default fills only one that
something else made. Levels of a hierarchy are numbered as they are written, pairs of a list are spread over as many
segments as they take. Segments are checked before they leave: mandatory elements and segments, and the standard's notes
on which elements belong together.

Knows: mapping nodes, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from collections.abc import Iterator, Sequence, Set
from functools import cache
from itertools import compress, repeat, takewhile
from operator import attrgetter, is_not
from typing import Any

from msgspec import structs

from d365edi.documents import Document, PurchaseOrder
from d365edi.maps.fields import Model, find, required
from d365edi.maps.mapping_tree import LINES, ORDERS, MappingNode, Pair, Rule
from d365edi.maps.segment_writer import Composing, Segment, SegmentWriter, Texts
from d365edi.maps.vocabulary import MappingError, getter

ENVELOPE = frozenset({"ST", "SE", "UNH", "UNT"})
Ids = Set[str]
_NONE: Ids = frozenset()
_NOTHING = repeat(None)
_NEVER = object()
"""What no field ever holds."""


class Task:
    """One writing under way: what was written, which lines and orders are next, and the numbers of the open levels."""

    def __init__(
        self, document: Document, line_orders: Sequence[object | None], orders: Sequence[PurchaseOrder | None]
    ) -> None:
        self.document = document
        self.answered: dict[str, Iterator[object | None]] = {LINES: iter(line_orders), ORDERS: iter(orders)}
        self.body: list[Segment] = []
        self.levels = 0
        self.open: list[int] = []


class LoopWriter:
    """A mapping node made ready for writing, with those inside it in the order of the guide."""

    def __init__(
        self, node: MappingNode, model: Model, composing: Composing, *, in_line: bool = False, around: str = ""
    ) -> None:
        """`model` is what the items of its scope are, `composing` gives how a composite is written, `around` is the part of an
        item that all of the node around comes from."""
        self.id, self.list_field, self.levels = node.node.id, node.list_field, node.node.segment.levels
        exact = in_line or node.list_field == LINES
        self.segment = segment = SegmentWriter(node, composing, exact=exact)
        self.computed = [(segment.slots[each.element, each.component], each) for each in node.computed]
        self.spread = not node.list_field and node.node.max_use != 1 and any(pair.parts for pair in segment.pairs.rows)
        many = node.list_field or (segment.many.name if segment.many is not None else "")
        self.items = attrgetter(many) if many else None
        """The items of its list, or the values of a field that holds many: each has a segment."""
        self.needs = getter(node.needs) if node.needs else None
        self.mandatory = [each.id for each in node.node.sequence if each.mandatory and each.id not in ENVELOPE]
        self.echoes = not node.list_field and _echoes(node)
        self.sources = _sources(node, model, around)
        part = self.sources[0] if len(self.sources) == 1 else around
        model, part = (node.model or model, "") if node.list_field else (model, part)
        self.inner = [LoopWriter(each, model, composing, in_line=exact, around=part) for each in _ordered(node)]
        self._compile_selection(model)

    def _compile_selection(self, model: Model) -> None:
        """Which fields of an item decide whether a node inside has something to write: all are read at once."""
        always = model.__struct_fields__[0]
        found = [(each, name) for each in self.inner for name in each.sources or [always]]
        self.deciding = getter([name for _, name in found])
        self.deciders = [each for each, _ in found]
        self.empty = [_empty(model, name) if each.sources else _NEVER for each, name in found]

    def inside(self, task: Task, item: Any, order: Any, out: list[Segment]) -> Ids:
        """Write what stands inside this node. Where one of the segments directly inside it must be there, the ids of those
        that are there are returned."""
        made: set[str] = set()
        found = dict.fromkeys(compress(self.deciders, map(is_not, self.deciding(item), self.empty)))
        for each in found if order is None else [each for each in self.inner if each.echoes or each in found]:
            before = len(out)
            each.write(task, item, order, out)
            if self.mandatory and len(out) > before:
                made.add(each.id)
        return made

    def complete(self, made: Ids) -> None:
        """Raise where a mandatory segment inside this node was not made."""
        for id in self.mandatory:
            if id not in made:
                fields = [rule.name for each in self.inner if each.id == id for rule in each.segment.rules]
                raise MappingError(f"{id} is mandatory, and {' and '.join(fields[:2]) or 'no row'} gives it no value")

    def write(self, task: Task, item: Any, order: Any, out: list[Segment]) -> None:
        """Write the segments of this node for one item of its scope; `order` is the order, or its line, that the item
        answers."""
        if self.list_field and self.items is not None:
            answered = task.answered.get(self.list_field)
            for each in self._told(self.items(item)):
                self._one(task, each, order if answered is None else next(answered, None), out, None)
        elif self.items is not None:
            for value in self.items(item) or ():
                self._one(task, item, order, out, value)
        elif self.spread:
            found, room = self.segment.every_pair(item, order), len(self.segment.pairs_at)
            for at in range(0, len(found), room):
                self._one(task, item, order, out, found[at : at + room])
        else:
            self._one(task, item, order, out, None)

    def _told(self, items: Sequence[Any]) -> Sequence[Any]:
        """The items that have one of the fields without which nothing is written."""
        needs = self.needs
        return items if needs is None else [each for each in items if any(map(is_not, needs(each), _NOTHING))]

    def _one(self, task: Task, item: Any, order: Any, out: list[Segment], value: Any) -> None:
        """One segment and what stands inside it; none where there is nothing to write."""
        segment = self.segment
        texts = segment.fill(item, order, value)
        for at, fixed in self.computed:
            assert fixed.formula is not None
            assert fixed.format is not None
            value = fixed.formula(task.document, task.body)
            texts[at] = "" if value is None else fixed.format(value)
        inner: list[Segment] = []
        made: Ids = _NONE
        if self.levels:
            made = self._level(task, item, order, inner, texts)
        elif self.inner:
            made = self.inside(task, item, order, inner)
        if inner or self.list_field or texts != segment.blank:
            out.append(segment.finish(texts, item, order))
            if self.mandatory:
                self.complete(made)
            out += inner

    def _level(self, task: Task, item: Any, order: Any, inner: list[Segment], texts: Texts) -> Ids:
        """What stands inside a level; its number and that of the one above it are filled in."""
        task.levels += 1
        task.open.append(task.levels)
        made = self.inside(task, item, order, inner)
        if inner or self.list_field or texts != self.segment.blank:
            for element, number in zip(self.levels, reversed(task.open[-2:]), strict=False):
                texts[element] = str(number)
        else:
            task.levels -= 1  # its number is used again
        task.open.pop()
        return made


def _ordered(node: MappingNode) -> list[MappingNode]:
    """The nodes inside one in the order of the guide; further levels of a hierarchy stand behind what is in this one."""
    written = [each for each in node.children if not each.second]
    return sorted(written, key=lambda each: (each.node is node.node, each.node.order, each.occurrence))


def _echoes(node: MappingNode) -> bool:
    """Whether something in a node may come from the order; in a list only where the document has an item."""
    rows: list[Rule | Pair] = [*node.rules, *node.pairs]
    return any(row.echo for row in rows) or any(_echoes(each) for each in node.children if not each.list_field)


def _sources(node: MappingNode, model: Model, around: str) -> list[str]:
    """What of an item must be there for a node to be written, but for an order: one part that all of it comes from,
    if that is not the part `around`, else its fields. None where something is always written."""
    names = _fields(node)
    if node.list_field:
        return names
    if {"", *required(model)} & {*names}:
        return []
    parts = [name.split(".")[:-1] for name in names]
    common = takewhile(lambda steps: len(set(steps)) == 1, zip(*parts, strict=False))
    part = ".".join(steps[0] for steps in common)
    return [part] if part and part != around else list(dict.fromkeys(names))


def _fields(node: MappingNode) -> list[str]:
    """The fields that the rows in a node name; "" stands for what does not come from the item."""
    if node.list_field:
        return [node.list_field]
    rows: list[Rule | Pair] = [*node.rules, *node.pairs]
    elsewhere = node.constants or node.computed or node.node.segment.levels
    names = [row.name for row in rows if not row.echo] + ([""] if elsewhere else [])
    return names + [name for inner in node.children for name in _fields(inner)]


def _empty(model: Model, name: str) -> object:
    """What a field of a model holds where there is nothing."""
    part, _, last = name.rpartition(".")
    for step in part.split(".") if part else ():
        field = find(model, step)
        assert field is not None
        assert field.model is not None
        model = field.model
    return _defaults(model)[last]


@cache
def _defaults(model: Model) -> dict[str, object]:
    return {each.name: each.default for each in structs.fields(model)}
