"""The places of a map made ready for writing: what each looks at in the document, and the segments it makes of that.

A place gives the segments it has values for; a constant or a formula makes its segment, a default fills only one that
something else made. Levels of a hierarchy are numbered as they are written, pairs of a list are spread over as many
segments as they take. Segments are checked before they leave: mandatory elements and segments, and the standard's notes
on which elements belong together.

Knows: places, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import compress, takewhile
from operator import attrgetter, is_not
from typing import Any

from msgspec import structs

from d365edi.documents import Document, PurchaseOrder
from d365edi.maps.fields import Model, find, required
from d365edi.maps.mapping_tree import LINES, ORDERS, MappingNode, Pair, Rule
from d365edi.maps.segment_writer import Composing, Segment, SegmentWriter, Texts
from d365edi.maps.vocabulary import Flaw, values_of

ENVELOPE = frozenset({"ST", "SE", "UNH", "UNT"})
_NONE: set[str] = set()
_NEVER = object()
"""What no field ever holds."""


class Task:
    """One writing under way: what was written, which lines and orders are next, and the numbers of the open levels."""

    __slots__ = ("answered", "body", "document", "levels", "open")

    def __init__(
        self, document: Document, line_orders: Sequence[object | None], orders: Sequence[PurchaseOrder | None]
    ) -> None:
        self.document = document
        self.answered: dict[str, Iterator[object | None]] = {LINES: iter(line_orders), ORDERS: iter(orders)}
        self.body: list[Segment] = []
        self.levels = 0
        self.open: list[int] = []

    def descend(self) -> None:
        """Number the next level, inside the one that is open."""
        self.levels += 1
        self.open.append(self.levels)

    def ascend(self, *, written: bool) -> None:
        """Close the open level; its number is used again where it was not written."""
        self.open.pop()
        self.levels -= not written


class LoopWriter:
    """A place made ready for writing, with the places inside it in the order of the guide."""

    def __init__(
        self, place: MappingNode, model: Model, compose: Composing, *, in_line: bool = False, around: str = ""
    ) -> None:
        """`model` is what the items of its scope are, `around` the part of them that all of the place around comes from,
        `compose` how composites are written."""
        self.id, self.list_field, self.levels = place.node.id, place.list_field, place.node.segment.levels
        exact = in_line or place.list_field == LINES
        self.segment = segment = SegmentWriter(place, compose, exact=exact)
        self.computed = [(segment.slots[each.element, each.component], each) for each in place.computed]
        self.spread = (
            not place.list_field and place.node.max_use != 1 and any(pair.parts for pair in segment.pairs.rows)
        )
        many = place.list_field or (segment.many.name if segment.many is not None else "")
        self.items = attrgetter(many) if many else None
        """What there is a segment for, each."""
        self.mandatory = [node.id for node in place.node.sequence if node.mandatory and node.id not in ENVELOPE]
        self.echoes = not place.list_field and _echoes(place)
        self.asks = _asks(place, model, around)
        part = self.asks[0] if len(self.asks) == 1 else around
        model, part = (place.model or model, "") if place.list_field else (model, part)
        self.inner = [LoopWriter(each, model, compose, in_line=exact, around=part) for each in _ordered(place)]
        self._ask(model)

    def _ask(self, model: Model) -> None:
        """What of an item decides which of the places inside have something to write."""
        always = model.__struct_fields__[0]
        asked = [(each, name) for each in self.inner for name in each.asks or [always]]
        self.asked = values_of([name for _, name in asked])
        self.askers = [each for each, _ in asked]
        self.empty = [_empty(model, name) if each.asks else _NEVER for each, name in asked]

    def inside(self, task: Task, item: Any, echo: Any, out: list[Segment]) -> set[str]:
        """Write what stands inside this place. Where one of the segments directly inside it must be there, the ids of those
        that are there are returned."""
        made: set[str] = set()
        found = dict.fromkeys(compress(self.askers, map(is_not, self.asked(item), self.empty)))
        for each in found if echo is None else [each for each in self.inner if each.echoes or each in found]:
            before = len(out)
            each.write(task, item, echo, out)
            if self.mandatory and len(out) > before:
                made.add(each.id)
        return made

    def complete(self, made: set[str]) -> None:
        """Raise where a mandatory segment inside this place was not made."""
        for id in self.mandatory:
            if id not in made:
                fields = [name for each in self.inner if each.id == id for name in each.segment.names]
                raise Flaw(f"{id} is mandatory, and {' and '.join(fields[:2]) or 'no row'} gives it no value")

    def write(self, task: Task, item: Any, echo: Any, out: list[Segment]) -> None:
        """Write the segments of this place for one item of its scope; `echo` is the order, or its line, that the item
        answers."""
        if self.list_field and self.items is not None:
            answered = task.answered.get(self.list_field)
            for each in self.items(item):
                self._one(task, each, echo if answered is None else next(answered, None), out, None)
        elif self.items is not None:
            for value in self.items(item) or ():
                self._one(task, item, echo, out, value)
        elif self.spread:
            pairs, room = self.segment.every_pair(item, echo), len(self.segment.pairs_at)
            for at in range(0, len(pairs), room):
                self._one(task, item, echo, out, pairs[at : at + room])
        else:
            self._one(task, item, echo, out, None)

    def _one(self, task: Task, item: Any, echo: Any, out: list[Segment], value: Any) -> None:
        """One segment and what stands inside it; none where there is nothing to say."""
        segment = self.segment
        texts = segment.fill(item, echo, value)
        for at, fixed in self.computed:
            assert fixed.formula is not None
            assert fixed.format is not None
            texts[at] = fixed.format(fixed.formula(task.document, task.body))
        inner: list[Segment] = []
        made: set[str] = _NONE
        if self.levels:
            made = self._level(task, item, echo, inner, texts)
        elif self.inner:
            made = self.inside(task, item, echo, inner)
        if inner or self.list_field or texts != segment.blank:
            out.append(segment.finish(texts, item, echo))
            if self.mandatory:
                self.complete(made)
            out += inner

    def _level(self, task: Task, item: Any, echo: Any, inner: list[Segment], texts: Texts) -> set[str]:
        """What stands inside a level; its number and that of the one above it are filled in."""
        task.descend()
        made = self.inside(task, item, echo, inner)
        written = bool(inner or self.list_field or texts != self.segment.blank)
        if written:
            for element, number in zip(self.levels, reversed(task.open[-2:]), strict=False):
                texts[element] = str(number)
        task.ascend(written=written)
        return made


def _ordered(place: MappingNode) -> list[MappingNode]:
    """The places inside one in the order of the guide; further levels of a hierarchy stand behind what is in this one."""
    written = [each for each in place.places if not each.second]
    return sorted(written, key=lambda each: (each.node is place.node, each.node.order, each.occurrence))


def _echoes(place: MappingNode) -> bool:
    """Whether something in a place may come from the order; in a list only where the document has an item."""
    rows: list[Rule | Pair] = [*place.rules, *place.pairs]
    return any(row.echo for row in rows) or any(_echoes(each) for each in place.places if not each.list_field)


def _asks(place: MappingNode, model: Model, around: str) -> list[str]:
    """What of an item must be there for a place to be written, but for an order: one part that all of it comes from,
    if that is not the part `around`, else its fields. None where something is always written."""
    names = _sources(place)
    if place.list_field:
        return names
    if {"", *required(model)} & {*names}:
        return []
    ways = [name.split(".")[:-1] for name in names]
    common = takewhile(lambda steps: len(set(steps)) == 1, zip(*ways, strict=False))
    part = ".".join(steps[0] for steps in common)
    return [part] if part and part != around else list(dict.fromkeys(names))


def _sources(place: MappingNode) -> list[str]:
    """The fields that the rows in a place name; "" stands for what does not come from the item."""
    if place.list_field:
        return [place.list_field]
    rows: list[Rule | Pair] = [*place.rules, *place.pairs]
    elsewhere = place.constants or place.computed or place.node.segment.levels
    names = [row.name for row in rows if not row.echo] + ([""] if elsewhere else [])
    return names + [name for inner in place.places for name in _sources(inner)]


def _empty(model: Model, name: str) -> object:
    """What a field of a model is where it says nothing."""
    way, _, last = name.rpartition(".")
    for step in way.split(".") if way else ():
        field = find(model, step)
        assert field is not None
        assert field.model is not None
        model = field.model
    return _defaults(model)[last]


@cache
def _defaults(model: Model) -> dict[str, object]:
    return {each.name: each.default for each in structs.fields(model)}
