"""The places of a map made ready for writing: what each looks at in the document, and the segments it makes of that.

A place gives the segments it has values for; a constant or a formula makes its segment, a default fills only one that
something else made. Levels of a hierarchy are numbered as they are written, pairs of a list are spread over as many
segments as they take. Segments are checked before they leave: mandatory elements and segments, and the standard's notes
on which elements belong together.

Knows: places, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from itertools import takewhile
from typing import Any

from msgspec import structs

from d365edi.documents import Document, PurchaseOrder
from d365edi.maps.fields import Model, find, required
from d365edi.maps.mapping_tree import LINES, ORDERS, MappingNode, Pair, Rule
from d365edi.maps.quick import Ask, Found, find_of
from d365edi.maps.segment_writer import Segment, SegmentWriter
from d365edi.maps.vocabulary import Flaw, get

ENVELOPE = frozenset({"ST", "SE", "UNH", "UNT"})


KNOWN = 1024
"""Values of a place that are remembered with their segments: parties, terms, days and descriptions repeat."""


class Task:
    """One writing under way: what was written, which lines and orders are next, and the numbers of the open levels."""

    __slots__ = ("body", "document", "levels", "line_orders", "open", "orders")

    def __init__(
        self, document: Document, line_orders: Sequence[object | None], orders: Sequence[PurchaseOrder | None]
    ) -> None:
        self.document = document
        self.line_orders = iter(line_orders)
        self.orders = iter(orders)
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
    """A place made ready for writing, with the forms inside it in the order of the guide."""

    def __init__(
        self, place: MappingNode, model: Model, *, in_line: bool = False, around: str = "", remember: bool = True
    ) -> None:
        """`model` is what the items of its scope are, `around` the part of them that all of the place around comes from,
        `remember` whether equal values are written alike."""
        self.place, self.list_field = place, place.list_field
        self.id, self.levels = place.node.id, place.node.segment.levels
        exact = in_line or place.list_field == LINES
        self.filler = SegmentWriter(place, exact=exact)
        self.computed = [(self.filler.at[each.element, each.component], each) for each in place.computed]
        self.spread = _repeats(place) and any(pair.parts for pair in self.filler.pairs)
        self.mandatory = [node.id for node in place.node.sequence if node.mandatory and node.id not in ENVELOPE]
        self.echoes = not place.list_field and _echoes(place)
        self.asks = _asks(place, model, around)
        self.empty = tuple(_empty(model, name) for name in self.asks)
        part = self.asks[0] if len(self.asks) == 1 else around
        inside, part = (place.model or model, "") if place.list_field else (model, part)
        self.forms = [
            LoopWriter(inner, inside, in_line=exact, around=part, remember=remember)
            for inner in _ordered(place)
            if not inner.second
        ]
        self.told = tuple(_told(self))
        self.known: dict[Any, list[Segment]] | None = {} if remember and self.asks and _closed(self) else None
        """What was made of the values that it asks for, where nothing else decides."""
        self.settled = self.known is not None and not self.echoes and not _coded(self)
        """Whether an order changes nothing of that."""

    @cached_property
    def find(self) -> Callable[[Any, Any], Found]:
        """The forms inside that an item has something for, each with what it asks for."""
        return find_of(Ask(form, form.asks, form.empty, form.echoes) for form in self.forms)

    def inside(self, task: Task, item: Any, echo: Any, out: list[Segment]) -> set[str]:
        """Write what stands inside this place. Where one of the segments directly inside it must be there, the ids of those
        that are there are returned."""
        made: set[str] = set()
        for form, asked in self.find(item, echo):
            before = len(out)
            if form.known is None or not (echo is None or form.settled):
                form.write(task, item, echo, out)
            else:
                out += form.again(task, item, asked)
            if self.mandatory and len(out) > before:
                made.add(form.id)
        return made

    def again(self, task: Task, item: Any, asked: Any) -> list[Segment]:
        """What was written for the same values, said in the same way, or else what is written for these."""
        assert self.known is not None
        told = getattr(item, "kept", None) if self.told else None
        key = (asked, *map(told.get, self.told)) if told else asked
        try:
            found = self.known.get(key)
        except TypeError:  # something in it was spelled by itself
            key = found = None
        if found is None:
            found = []
            self.write(task, item, None, found)
            if key is not None:
                if len(self.known) >= KNOWN:
                    self.known.clear()
                self.known[key] = found
        return found

    def complete(self, made: set[str]) -> None:
        """Raise where a mandatory segment inside this place was not made."""
        for id in self.mandatory:
            if id not in made:
                fields = [name for form in self.forms if form.id == id for name in form.filler.names]
                raise Flaw(f"{id} is mandatory, and {' and '.join(fields[:2]) or 'no row'} gives it no value")

    def write(self, task: Task, item: Any, echo: Any, out: list[Segment]) -> None:
        """Write the segments of this place for one item of its scope; `echo` is the order, or its line, that the item
        answers."""
        if self.list_field:
            answered = {LINES: task.line_orders, ORDERS: task.orders}.get(self.list_field)
            for each in get(item, self.list_field):
                self._one(task, each, echo if answered is None else next(answered, None), out, None)
        elif self.filler.many is not None:
            for value in get(item, self.filler.many.name) or ():
                self._one(task, item, echo, out, value)
        elif self.spread:
            pairs, room = self.filler.every_pair(item, echo), self.filler.room
            for at in range(0, len(pairs), room):
                self._one(task, item, echo, out, pairs[at : at + room])
        else:
            self._one(task, item, echo, out, None)

    def _one(self, task: Task, item: Any, echo: Any, out: list[Segment], value: Any) -> None:
        """One segment and what stands inside it; none where there is nothing to say."""
        filler = self.filler
        texts, code = filler.fill(item, echo, value)
        for at, fixed in self.computed:
            assert fixed.formula is not None
            assert fixed.format is not None
            texts[at] = fixed.format(fixed.formula(task.document, task.body))
        inner, made = list[Segment](), None
        if self.levels:
            made = self._level(task, item, echo, inner, texts)
        elif self.forms:
            made = self.inside(task, item, echo, inner)
        if not inner and texts == filler.blank and not self.list_field:
            return
        out.append(filler.finish(texts, code))
        if self.mandatory:
            self.complete(made or set())
        out += inner

    def _level(self, task: Task, item: Any, echo: Any, inner: list[Segment], texts: list[str]) -> set[str]:
        """What stands inside a level; its number and that of the one above it are filled in."""
        task.descend()
        made = self.inside(task, item, echo, inner)
        written = bool(inner or self.list_field or texts != self.filler.blank)
        if written:
            for element, number in zip(self.levels, reversed(task.open[-2:]), strict=False):
                texts[element] = str(number)
        task.ascend(written=written)
        return made


def _ordered(place: MappingNode) -> list[MappingNode]:
    """The places inside one in the order of the guide; further levels of a hierarchy stand behind what is in this one."""
    return sorted(place.places, key=lambda each: (each.node is place.node, each.node.order, each.occurrence))


def _repeats(place: MappingNode) -> bool:
    return not place.list_field and place.node.max_use != 1


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


def _told(form: LoopWriter) -> Iterator[str]:
    """The fields of which it matters how a partner spelled them, in a place and inside it."""
    yield from form.filler.told
    for inner in form.forms:
        yield from inner.told if not inner.list_field else ()


def _coded(form: LoopWriter) -> bool:
    """Whether something in a place is said in words that an order may have used."""
    return any(rule.words is not None for rule in form.filler.own) or any(map(_coded, form.forms))


def _closed(form: LoopWriter) -> bool:
    """Whether all of a place comes from single values of an item."""
    return not (form.list_field or form.spread or form.filler.many) and all(map(_closed, form.forms))


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
