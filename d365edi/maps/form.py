"""The places of a map made ready for writing: what each looks at in the document, and the segments it makes of that.

A place gives the segments it has values for; a constant or a formula makes its segment, a default fills only one that
something else made. Levels of a hierarchy are numbered as they are written, pairs of a list are spread over as many
segments as they take. Segments are checked before they leave: mandatory elements and segments, and the standard's notes
on which elements belong together.

Knows: places, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from d365edi.documents import Document, PurchaseOrder
from d365edi.maps import relation
from d365edi.maps.place import LINES, ORDERS, Fixed, Pair, Place, Rule
from d365edi.maps.said import Flaw, get, kept, pairs, spell, word

Segment = list[str | tuple[str, ...]]
"""The id and then the elements; a composite is a tuple of its components."""

ENVELOPE = frozenset({"ST", "SE", "UNH", "UNT"})

MARKS, SSCC = "88", 18
"""The data element that says what a mark on a package is, and how many digits a serial shipping container code has."""
LABELS = {"GM": "00", "AA": ""}
"""What stands in front of an SSCC under each of its qualifiers."""

SHAPES = 256
"""Combinations of elements of a segment that are remembered as sound."""


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


class Form:
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
        self.forms = [Form(inner, in_line=self.exact) for inner in _ordered(place) if not inner.second]
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

    def inside(self, task: Task, item: Any, echo: Any, out: list[Segment]) -> set[str]:
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
                raise Flaw(f"{id} is mandatory, and {' and '.join(fields[:2]) or 'no row'} gives it no value")

    def write(self, task: Task, item: Any, echo: Any, out: list[Segment]) -> None:
        """Write the segments of this place for one item of its scope; `echo` is the order, or its line, that the item
        answers."""
        if self.part and (part := get(item, self.part)) == type(part)():
            return
        if self.values and all(get(item, name) is None for name in self.values):
            return
        if not self.list_way:
            for value in self._repetitions(item, echo):
                self._one(task, item, echo, out, value)
            return
        for each in get(item, self.place.list_field):
            answered = echo
            if self.place.list_field in (LINES, ORDERS):
                answered = next(task.line_orders if self.place.list_field == LINES else task.orders, None)
            self._one(task, each, answered, out, None)

    def _repetitions(self, item: Any, echo: Any) -> Sequence[object]:
        """What tells the repetitions of this place apart: the values of a field, or as many pairs as a segment holds."""
        if self.many is not None:
            return tuple(get(item, self.many.name) or ())
        if self.spread is None:
            return (None,)
        pairs, room = list(self._every_pair(item, echo)), (self.after_pairs - self.segment.pairs) // 2
        return [pairs[at : at + room] for at in range(0, len(pairs), room)]

    def _one(self, task: Task, item: Any, echo: Any, out: list[Segment], value: object) -> None:
        elements: dict[tuple[int, int], str] = {}
        code = self._fill(elements, item, echo, value)
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
        self._qualify(elements, code)
        for fixed in self.place.defaults:
            self._default(elements, fixed)
        self._check(elements)
        if self.mandatory:
            self.complete(made)
        out.append(self._segment(elements))
        out.extend(inner)

    def _inside(
        self, task: Task, item: Any, echo: Any, inner: list[Segment], elements: dict[tuple[int, int], str]
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
        code: str | None = None
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
                code = code or (kept(source, name) if rule.words is None else None)
        for at, rule in self.echoes.items():
            if at not in elements and echo is not None and all((r.element, r.component) != at for r in self.own):
                text = self._text(rule, echo, None)
                if text is not None:
                    elements[at] = text
                    code = code or kept(echo, rule.name)
        self._pair_up(elements, item, echo, value if self.spread is not None else None)
        self._put_slots(elements, item)
        return code

    def _put_slots(self, elements: dict[tuple[int, int], str], item: Any) -> None:
        """The values of a field that holds many, one after the other in the places that an item has for them."""
        values = get(item, self.slots[0].name) if self.slots else ()
        if len(values) > len(self.slots):
            raise Flaw(
                f"{self.segment.id} has room for {len(self.slots)} {self.slots[0].name}, and there are {len(values)}"
            )
        for rule, value in zip(self.slots, values, strict=False):
            elements[rule.element, rule.component] = spell(rule, value)

    def _text(self, rule: Rule, item: Any, echo: Any, value: object = None) -> str | None:
        if value is None:
            value = get(item, rule.name)
        if value is None:
            return None
        if rule.words is not None:
            value = word(rule, str(value), item, echo)
        return spell(rule, value)

    def _pair_up(self, elements: dict[tuple[int, int], str], item: Any, echo: Any, some: Any) -> None:
        """Qualifier/value pairs one after the other; a repetition has `some` of them."""
        at = self.segment.pairs
        for qualifier, text in some or self._every_pair(item, echo):
            if at >= self.after_pairs:
                raise Flaw(f"{self.segment.id} has no room for the pair {qualifier} {text}")
            elements[at, 0], elements[at + 1, 0] = qualifier, text
            at += 2

    def _every_pair(self, item: Any, echo: Any) -> Iterator[tuple[str, str]]:
        """The pairs of the order's line where there is one, else the document's own."""
        rows, source = self.pairs, item
        if echo is not None and self.echo_pairs:
            rows, source = self.echo_pairs, echo
        for pair in rows:
            yield from pairs(pair, source)

    def _qualify(self, elements: dict[tuple[int, int], str], told: str | None) -> None:
        """The codes of the place, as kept if it was one of them."""
        if not self.alternatives:
            return
        chosen = told if told in self.alternatives else self.alternatives[0]
        assert chosen is not None
        for (position, _), code in zip(self.place.qualifiers, chosen.split(","), strict=True):
            element = self.segment.elements[position - 1]
            elements[position, 1 if element.components else 0] = code
            if told is None and element.number == MARKS:
                self._label(elements, code)

    def _label(self, elements: dict[tuple[int, int], str], code: str) -> None:
        """A carton's SSCC with or without the identifier 00 in front of it, as the qualifier says, where nothing was kept."""
        for rule in self.own:
            at = (rule.element, rule.component)
            text = elements.get(at, "")
            if code in LABELS and text.isdigit() and text[:-SSCC] in LABELS.values() and len(text) >= SSCC:
                elements[at] = LABELS[code] + text[-SSCC:]

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
                raise Flaw(
                    f"{self._names(position)} is empty, and {self.segment.id} needs it",
                    "fill it, or give the map a constant or default for it",
                )
        broken = relation.broken(self.segment.notes, present)
        if broken is not None:
            positions, sentence = broken
            names = ", ".join(self._names(position) for position in positions)
            raise Flaw(f"of {names} {sentence}", "fill them, or take the row away for this partner")
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
