"""From a document to the segments of a transaction set, in the order of the guide.

Each place of the map looks at the document and gives the segments it has values for; a constant or a formula makes
its segment, a default fills only one that something else made. A qualifier or word that the partner used is used again;
else the first of the row. A row that names the order (`order.date`) writes what the partner said there: a matched order line
is echoed exactly, so what the line lacked is not added; in the header an empty value of the order leaves room for the
document's own.

Segments are checked before they leave: mandatory elements and segments, and the standard's notes on which elements
belong together.

Knows: places, documents. Does not know: delimiters, envelopes, control numbers, character sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from operator import attrgetter
from typing import Any

from d365edi.documents import Document, PurchaseOrder
from d365edi.edi.guide import Guide
from d365edi.errors import DocumentError
from d365edi.maps import relation
from d365edi.maps.compile import places
from d365edi.maps.place import LINES, ORDERS, Fixed, Pair, Place, Rule
from d365edi.maps.table import ALSO, Table

Segment = list[str | tuple[str, ...]]
"""The id and then the elements; a composite is a tuple of its components."""

GTIN_LENGTH = {"UP": 12, "UA": 12, "UI": 11, "EN": 13, "UK": 14}
"""How many digits a number of each kind of GTIN has (data element 235)."""

ENVELOPE = frozenset({"ST", "SE", "UNH", "UNT"})

SHAPES = 256
"""Combinations of elements of a segment that are remembered as sound."""


class Writer:
    """A map compiled for writing sets of one guide; may be used by many threads at once."""

    def __init__(
        self,
        table: Table,
        guide: Guide,
        codes: Mapping[str, Mapping[str, str]] | None = None,
        *,
        partner: str = "",
        versions: Sequence[Guide] = (),
    ) -> None:
        """Compile as a reader does. `partner` is only for sentences. Raises SettingsError."""
        self.table = table
        self.guide = guide
        self.partner = partner
        self._root = _Form(places(table, guide, codes, versions))

    def write(
        self,
        document: Document,
        *,
        order: PurchaseOrder | None = None,
        line_orders: Sequence[object | None] = (),
        orders: Sequence[PurchaseOrder | None] = (),
    ) -> list[Segment]:
        """The body of the set, without ST and SE. `order` is what the document answers, `line_orders` its line for
        each line, `orders` the order for each of its `orders`, both in the order in which they are written.

        Raises DocumentError naming the document, the field and the partner.
        """
        task = _Task(document, line_orders, orders)
        body = task.body
        try:
            made = self._root.inside(task, document, order, body)
            self._root.complete(made)
        except _Flaw as flaw:
            what = f"{self.table.document} {getattr(document, 'number', '')}"
            to = f" for {self.partner}" if self.partner else ""
            raise DocumentError(f"{what}{to}: {flaw}", remedy=flaw.remedy) from None
        return body


class _Flaw(Exception):
    """What is wrong with one value or segment; `Writer.write` says of which document."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class _Task:
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


class _Form:
    """A place made ready for writing, with the forms inside it in the order of the guide."""

    def __init__(self, place: Place, *, in_line: bool = False) -> None:
        self.place = place
        self.segment = place.node.segment
        self.list_way = place.list_field.split(".") if place.list_field else []
        self.exact = in_line or place.list_field == LINES
        self.own = [rule for rule in place.rules if not rule.echo and not rule.second]
        self.echoes = {(rule.element, rule.component): rule for rule in place.rules if rule.echo and not rule.second}
        self.many = next((rule for rule in self.own if rule.many), None) if not self.list_way else None
        self.slots = [rule for rule in place.rules if rule.many] if self.list_way else []
        self.pairs = [pair for pair in place.pairs if not pair.echo and not pair.second]
        self.echo_pairs = [pair for pair in place.pairs if pair.echo]
        self.alternatives = [",".join(codes) for codes in place.combinations()] if place.qualifiers else []
        self.spread = next((pair for pair in self.pairs if pair.parts), None) if _repeats(place) else None
        self.forms = [_Form(inner, in_line=self.exact) for inner in _ordered(place) if not inner.second]
        self.mandatory = [node.id for node in place.node.sequence if node.mandatory and node.id not in ENVELOPE]
        self.needed = [each.position for each in self.segment.elements if each.mandatory]
        self.after_pairs = self.segment.after_pairs if self.segment.pairs else 0
        self.sound: set[frozenset[int]] = set()
        """Which elements were there in segments that had all they need: most segments are like one before."""
        self.part = _part(place) if not self.list_way else ""
        """What of the item all of this comes from, "" where that is not one part: an empty part is passed by."""
        for form in self.forms:
            form.part = form.part if form.part != self.part else ""
        self.values = _values(place) if not self.list_way else ()
        """The fields of a segment that nothing else is written in: without any of them it is passed by as well."""

    # -- segments -----------------------------------------------------------------------------------------------------

    def inside(self, task: _Task, item: Any, echo: Any, out: list[Segment]) -> set[str]:
        """Write what stands inside this place; the ids of the segments directly inside it are returned."""
        made: set[str] = set()
        for form in self.forms:
            before = len(out)
            form.write(task, item, echo, out)
            if len(out) > before:
                made.add(form.segment.id)
        return made

    def complete(self, made: set[str]) -> None:
        """Raise where a mandatory segment inside this place was not made."""
        for id in self.mandatory:
            if id not in made:
                fields = [rule.name for form in self.forms if form.segment.id == id for rule in form.own]
                raise _Flaw(f"{id} is mandatory, and {' and '.join(fields[:2]) or 'no row'} gives it no value")

    def write(self, task: _Task, item: Any, echo: Any, out: list[Segment]) -> None:
        """Write the segments of this place for one item of its scope; `echo` is the order, or its line, that the item
        answers."""
        if self.part and not _get(item, self.part).model_fields_set:
            return
        if self.values and all(_get(item, name) is None for name in self.values):
            return
        if not self.list_way:
            for value in self._repetitions(item, echo):
                self._one(task, item, echo, out, value)
            return
        for each in _get(item, self.place.list_field):
            answered = echo
            if self.place.list_field in (LINES, ORDERS):
                answered = next(task.line_orders if self.place.list_field == LINES else task.orders, None)
            self._one(task, each, answered, out, None)

    def _repetitions(self, item: Any, echo: Any) -> Sequence[object]:
        """What tells the repetitions of this place apart: the values of a field, or as many pairs as a segment holds."""
        if self.many is not None:
            return tuple(_get(item, self.many.name) or ())
        if self.spread is None:
            return (None,)
        pairs, room = list(self._every_pair(item, echo)), (self.after_pairs - self.segment.pairs) // 2
        return [pairs[at : at + room] for at in range(0, len(pairs), room)]

    def _one(self, task: _Task, item: Any, echo: Any, out: list[Segment], value: object) -> None:
        elements: dict[tuple[int, int], str] = {}
        word = self._fill(elements, item, echo, value)
        for fixed in self.place.constants:
            elements[fixed.element, fixed.component] = fixed.value
        for fixed in self.place.computed:
            assert fixed.formula is not None
            assert fixed.format is not None
            elements[fixed.element, fixed.component] = fixed.format(fixed.formula(task.document, task.body))
        inner: list[Segment] = []
        made = self._inside(task, item, echo, inner, elements)
        if not elements and not inner and not self.list_way:
            return
        self._qualify(elements, word)
        for fixed in self.place.defaults:
            self._default(elements, fixed)
        self._check(elements)
        if self.mandatory:
            self.complete(made)
        out.append(self._segment(elements))
        out.extend(inner)

    def _inside(
        self, task: _Task, item: Any, echo: Any, inner: list[Segment], elements: dict[tuple[int, int], str]
    ) -> set[str]:
        """What stands inside this place; where it is a level, its number and the one above it are filled in."""
        levels = self.segment.levels
        if not levels:
            return self.inside(task, item, echo, inner)
        task.descend()
        made = self.inside(task, item, echo, inner)
        written = bool(elements or inner or self.list_way)
        if written:
            for element, number in zip(levels, reversed(task.open[-2:]), strict=False):
                elements[element, 0] = str(number)
        task.ascend(written=written)
        return made

    def _segment(self, elements: dict[tuple[int, int], str]) -> Segment:
        made: Segment = [self.segment.id, *[""] * max((position for position, _ in elements), default=0)]
        for (position, component), text in sorted(elements.items()):
            if not component:
                made[position] = text
                continue
            whole = made[position]
            parts = list(whole) if isinstance(whole, tuple) else []
            parts += [""] * (component - len(parts))
            parts[component - 1] = text
            made[position] = tuple(parts)
        return made

    # -- values -------------------------------------------------------------------------------------------------------

    def _fill(self, elements: dict[tuple[int, int], str], item: Any, echo: Any, value: object) -> str | None:
        """Put the rows' values in place; the qualifier that the first of them was kept with is returned."""
        word: str | None = None
        for rule in self.own:
            if self.slots and rule.many:
                continue
            at = (rule.element, rule.component)
            source, name, text = item, rule.name, None
            asked = self.echoes.get(at)
            if asked is not None and echo is not None:
                text = self._text(asked, echo, None)
                if text is not None:
                    source, name = echo, asked.name
            if text is None and not (asked is not None and echo is not None and self.exact):
                text = self._text(rule, item, echo, value if rule is self.many else None)
            if text is not None:
                elements[at] = text
                word = word or (_kept(source, name) if rule.words is None else None)
        for at, rule in self.echoes.items():
            if at not in elements and echo is not None and all((r.element, r.component) != at for r in self.own):
                text = self._text(rule, echo, None)
                if text is not None:
                    elements[at] = text
                    word = word or _kept(echo, rule.name)
        self._pair_up(elements, item, echo, value if self.spread is not None else None)
        self._put_slots(elements, item)
        return word

    def _put_slots(self, elements: dict[tuple[int, int], str], item: Any) -> None:
        """The values of a field that holds many, one after the other in the places that an item has for them."""
        values = _get(item, self.slots[0].name) if self.slots else ()
        if len(values) > len(self.slots):
            raise _Flaw(
                f"{self.segment.id} has room for {len(self.slots)} {self.slots[0].name}, and there are {len(values)}"
            )
        for rule, value in zip(self.slots, values, strict=False):
            elements[rule.element, rule.component] = _spell(rule, value)

    def _text(self, rule: Rule, item: Any, echo: Any, value: object = None) -> str | None:
        if value is None:
            value = _get(item, rule.name)
        if value is None:
            return None
        if rule.words is not None:
            value = _word(rule, str(value), item, echo)
        return _spell(rule, value)

    def _pair_up(self, elements: dict[tuple[int, int], str], item: Any, echo: Any, some: Any) -> None:
        """Qualifier/value pairs one after the other; a repetition has `some` of them."""
        at = self.segment.pairs
        for qualifier, text in some or self._every_pair(item, echo):
            if at >= self.after_pairs:
                raise _Flaw(f"{self.segment.id} has no room for the pair {qualifier} {text}")
            elements[at, 0], elements[at + 1, 0] = qualifier, text
            at += 2

    def _every_pair(self, item: Any, echo: Any) -> Iterator[tuple[str, str]]:
        """The pairs of the order's line where there is one, else the document's own."""
        rows, source = self.pairs, item
        if echo is not None and self.echo_pairs:
            rows, source = self.echo_pairs, echo
        for pair in rows:
            yield from _pairs(pair, source)

    def _qualify(self, elements: dict[tuple[int, int], str], word: str | None) -> None:
        """The codes of the place, as kept if it was one of them."""
        if not self.alternatives:
            return
        chosen = word if word in self.alternatives else self.alternatives[0]
        assert chosen is not None
        for (position, _), code in zip(self.place.qualifiers, chosen.split(","), strict=True):
            composite = 1 if self.segment.elements[position - 1].components else 0
            elements[position, composite] = code

    def _default(self, elements: dict[tuple[int, int], str], fixed: Fixed) -> None:
        """Fill an empty element, unless it is one of a pair whose other part is not there."""
        at = (fixed.element, fixed.component)
        if at in elements:
            return
        present = {position for position, _ in elements}
        for note in self.segment.notes:
            if note.kind == "P" and fixed.element in note.elements and not present & set(note.elements):
                return
        needs = [note.elements for note in self.segment.notes if note.kind == "C" and fixed.element in note.elements]
        if needs and not any(present & {*each} - {fixed.element} for each in needs):
            return
        elements[at] = fixed.value

    def _check(self, elements: dict[tuple[int, int], str]) -> None:
        present = frozenset([position for position, _ in elements])
        if present in self.sound:
            return
        for position in self.needed:
            if position not in present:
                raise _Flaw(
                    f"{self._names(position)} is empty, and {self.segment.id} needs it",
                    "fill it, or give the map a constant or default for it",
                )
        broken = relation.broken(self.segment.notes, present)
        if broken is not None:
            positions, sentence = broken
            names = ", ".join(self._names(position) for position in positions)
            raise _Flaw(f"of {names} {sentence}", "fill them, or take the row away for this partner")
        if len(self.sound) < SHAPES:
            self.sound.add(present)

    def _names(self, position: int) -> str:
        name = next((rule.name for rule in self.own if rule.element == position), "")
        place = f"{self.segment.id}{position:02d}"
        return f"{name} ({place})" if name else place


def _ordered(place: Place) -> list[Place]:
    """The places inside one in the order of the guide; further levels of a hierarchy stand behind what is in this one."""
    return sorted(place.places, key=lambda each: (each.node is place.node, each.node.order, each.occurrence))


def _repeats(place: Place) -> bool:
    return not place.list_field and place.node.max_use != 1


def _part(place: Place) -> str:
    """The part of an item that all rows in a place come from, "" where there is no such part, or where something is
    written that does not come from the item."""
    names = _sources(place)
    ways = [name.split(".")[:-1] for name in names]
    common = takewhile(lambda steps: len(set(steps)) == 1, zip(*ways, strict=False))
    return ".".join(steps[0] for steps in common) if "" not in names else ""


def _sources(place: Place) -> list[str]:
    """The fields that the rows in a place name; "" stands for what does not come from the item."""
    if place.list_field:
        return [place.list_field]
    rows: list[Rule | Pair] = [*place.rules, *place.pairs]
    elsewhere = place.constants or place.computed or place.node.segment.levels or any(row.echo for row in rows)
    names = [row.name for row in rows] + ([""] if elsewhere else [])
    return names + [name for inner in place.places for name in _sources(inner)]


def _values(place: Place) -> tuple[str, ...]:
    """The fields of a place that holds single values of the item and nothing else."""
    single = not (place.pairs or place.places or any(rule.many for rule in place.rules))
    names = _sources(place) if single else [""]
    return tuple(names) if "" not in names else ()


_getter = lru_cache(maxsize=4096)(attrgetter)


def _get(item: Any, name: str) -> Any:
    return _getter(name)(item)


def _kept(item: Any, name: str) -> str | None:
    kept = getattr(item, "kept", None)
    return kept.get(name) if kept else None


def _word(rule: Rule, ours: str, item: Any, echo: Any) -> str:
    """The partner's word for ours: the one they used here or in the order, else the first row of the table, else ours
    as it is."""
    assert rule.words is not None
    meant = ours.casefold()  # D365 writes Pcs where a table says pcs, and means the same
    for source in (item, echo):
        word = _kept(source, rule.name)
        if word is not None and rule.words.get(word, "").casefold() == meant:
            return word
    return next((word for word, meaning in rule.words.items() if meaning.casefold() == meant), ours).partition(ALSO)[0]


def _spell(row: Rule | Pair, value: object) -> str:
    try:
        return row.format(value)
    except ValueError as error:
        raise _Flaw(
            f'{row.name} ({row.row.places[0]}): "{value}" {error}',
            "shorten it, or give the partner's word for it in codes",
        ) from None


def _pairs(pair: Pair, item: Any) -> Iterator[tuple[str, str]]:
    value = _get(item, pair.name)
    if pair.parts is not None:
        first, second = pair.parts
        for each in value:
            yield getattr(each, first), _spell(pair, getattr(each, second))
    elif value is not None:
        yield _qualifier(pair, value, _kept(item, pair.name)), _spell(pair, value)


def _qualifier(pair: Pair, value: object, kept: str | None) -> str:
    """The kept qualifier; else the one whose numbers have this length; else the row's first."""
    if kept in pair.qualifiers:
        assert kept is not None
        return kept
    text = str(value)
    if text.isdigit():
        for code in pair.qualifiers:
            if GTIN_LENGTH.get(code) == len(text):
                return code
    return pair.qualifiers[0]
