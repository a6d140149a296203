"""One segment of a place: its elements filled from an item of a document, and made whole before it leaves.

A text is put where its element stands, those of components behind all elements until they are folded; "" is nothing.
Filled are the rows' values, then pairs; qualifiers, defaults and the checks follow from which elements are there, so that
what they come to is remembered for segments that are alike.

Two speeds: values that go where their rows say, one after the other; and, where an order is echoed or a value does not
fit, row by row, which finds the sentence for it.

Knows: places, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from d365edi.maps import relation
from d365edi.maps.mapping_tree import Fixed, MappingNode, Rule
from d365edi.maps.quick import Fill, Put, fill_of
from d365edi.maps.vocabulary import Flaw, get, kept, pairs, spell, word

Segment = list[str | tuple[str, ...]]
"""The id and then the elements; a composite is a tuple of its components."""
Stand = tuple[int, int]
"""An element and a component of it, 0 where it has none."""

MARKS, SSCC = "88", 18
"""The data element that says what a mark on a package is, and how many digits a serial shipping container code has."""
LABELS = {"GM": "00", "AA": ""}
"""What stands in front of an SSCC under each of its qualifiers."""

SHAPES = 256
"""Combinations of elements of a segment that are remembered as sound."""


class SegmentWriter:
    """What the segments of one place are filled with, compiled."""

    def __init__(self, place: MappingNode, *, exact: bool) -> None:
        """`exact`: an order that is echoed says nothing where it has no value."""
        self.place, self.segment, self.exact = place, place.node.segment, exact
        self.own = [rule for rule in place.rules if not rule.echo and not rule.second]
        self.echoes = {_stand(rule): rule for rule in place.rules if rule.echo and not rule.second}
        listed = [rule for rule in place.rules if rule.many] if place.list_field else []
        self.listed = [(_stand(rule), rule) for rule in listed]
        self.own = [rule for rule in self.own if not (place.list_field and rule.many)]
        self.many = next((rule for rule in self.own if rule.many), None)
        self.pairs = [pair for pair in place.pairs if not pair.echo and not pair.second]
        self.echo_pairs = [pair for pair in place.pairs if pair.echo]
        self.answers = bool(self.echoes or self.echo_pairs)
        self.after_pairs = self.segment.after_pairs if self.segment.pairs else 0
        self._lay()
        self._plan()

    def _lay(self) -> None:
        """Where in a list of texts each element and component is put."""
        place, pairs_at = self.place, self.segment.pairs
        rows: list[Rule | Fixed] = [*place.rules, *place.constants, *place.defaults, *place.computed]
        codes = [(at, 1 if self.segment.elements[at - 1].components else 0) for at, _ in place.qualifiers]
        stands = sorted({*map(_stand, rows), *codes, *((level, 0) for level in self.segment.levels)})
        parts = [stand for stand in stands if stand[1]]
        last = max((element for element, _ in stands), default=0)
        if pairs_at and (self.pairs or self.echo_pairs):
            last = max(last, self.after_pairs - 1 if parts or last >= pairs_at else pairs_at - 1)
        self.at: dict[Stand, int] = {(element, 0): element for element in range(last + 1)}
        self.at |= {stand: number for number, stand in enumerate(parts, last + 1)}
        self.folds = [(self.at[stand], *stand) for stand in parts]
        self.last = last
        self.blank = [self.segment.id, *[""] * (last + len(parts))]
        combinations = [",".join(codes) for codes in place.combinations()] if place.qualifiers else []
        slots = [self.at[stand] for stand in codes]
        self.alternatives = {told: [*zip(slots, told.split(","), strict=True)] for told in combinations}
        self.marks = any(self.segment.elements[at - 1].number == MARKS for at, _ in place.qualifiers)

    def _plan(self) -> None:
        """What the quick way goes through."""
        self.named = [(self.at[_stand(rule)], rule.name) for rule in self.own if rule.words is None]
        self.names = [rule.name for rule in (*self.own, *(rule for _, rule in self.listed))]
        self.room = (self.after_pairs - self.segment.pairs) // 2
        self.constants = [(self.at[_stand(fixed)], fixed.value) for fixed in self.place.constants]
        coded = [rule.name for rule in self.own if rule.words is not None]
        self.told = coded + [pair.name for pair in self.pairs]
        self.chooses = len(self.alternatives) > 1 or self.marks
        self.told += [name for _, name in self.named] if self.chooses else []
        """The fields of which it matters how the partner spelled them."""
        self.shapes: dict[tuple[bool, ...] | int, tuple[int, list[tuple[int, str]]]] = {}
        """For elements that are there: how long the segment is, and its defaults."""

    # -- values -------------------------------------------------------------------------------------------------------

    def fill(self, item: Any, echo: Any, value: Any) -> tuple[list[str], str | None]:
        """The rows' values in place, and the qualifier that the first of them was kept with. `value` is what this
        repetition of the segment has for itself. Raises Flaw where a value does not fit."""
        texts, code = self._quickly(item, echo) if value is None else None, None
        if texts is None:
            texts, code = self._row_by_row(item, echo, value)
        elif self.chooses and (told := getattr(item, "kept", None)):
            code = next((told[name] for at, name in self.named if texts[at] and told.get(name)), None)
        if self.listed:
            self._put_listed(texts, item)
        for at, constant in self.constants:
            texts[at] = constant
        return texts, code

    def _quickly(self, item: Any, echo: Any) -> list[str] | None:
        """The texts; None where something does not fit, and where an order may have its own qualifier."""
        try:
            if echo is None or not self.answers:
                return self.alone(item, echo)
            return self.echoing(item, echo) if not self.chooses else None
        except ValueError:  # it says what is wrong, but not with what
            return None

    @cached_property
    def alone(self) -> Fill:
        """The quick way of an item that answers nothing, written when it is first gone."""
        puts = [Put(self.at[_stand(rule)], rule) for rule in self.own]
        return fill_of(self.blank, puts, self.pairs, (self.segment.pairs, self.after_pairs))

    @cached_property
    def echoing(self) -> Fill:
        """The quick way of an item that answers an order: what that says comes first."""
        own = {_stand(rule): rule for rule in self.own}
        stands = [*own, *(stand for stand in self.echoes if stand not in own)]
        puts = [Put(self.at[each], own.get(each), self.echoes.get(each), self.exact) for each in stands]
        return fill_of(self.blank, puts, self.echo_pairs or self.pairs, (self.segment.pairs, self.after_pairs))

    def _row_by_row(self, item: Any, echo: Any, value: Any) -> tuple[list[str], str | None]:
        """As the rows are written, each value that an order has to say first."""
        texts, code = self.blank.copy(), None
        echoes = self.echoes if echo is not None else {}
        for rule in self.own:
            asked = echoes.get(_stand(rule))
            source, name = echo, asked.name if asked is not None else ""
            text = self._text(asked, echo, None) if asked is not None else None
            if text is None and not (asked is not None and self.exact):
                source, name = item, rule.name
                text = self._text(rule, item, echo, value if rule is self.many else None)
            if text is not None:
                texts[self.at[_stand(rule)]] = text
                code = code or (kept(source, name) if rule.words is None else None)
        own = {_stand(rule) for rule in self.own}
        for stand, rule in echoes.items():
            if stand not in own and (text := self._text(rule, echo, None)) is not None:
                texts[self.at[stand]] = text
                code = code or kept(echo, rule.name)
        if self.pairs or self.echo_pairs:
            self._pair_up(texts, item, echo, value if self.many is None else None)
        return texts, code

    def _text(self, rule: Rule, item: Any, echo: Any, value: object = None) -> str | None:
        if value is None:
            value = get(item, rule.name)
        if value is None:
            return None
        if rule.words is not None:
            value = word(rule, str(value), kept(item, rule.name), kept(echo, rule.name))
        return spell(rule, value)

    def every_pair(self, item: Any, echo: Any) -> list[tuple[str, str]]:
        """The pairs of the order's line where there is one, else the document's own."""
        if echo is not None and self.echo_pairs:
            return pairs(self.echo_pairs, echo)
        return pairs(self.pairs, item)

    def _pair_up(self, texts: list[str], item: Any, echo: Any, some: Any) -> None:
        """Qualifier/value pairs one after the other; a repetition has `some` of them."""
        at = self.segment.pairs
        for pair in some or self.every_pair(item, echo):
            if at >= self.after_pairs:
                raise Flaw(f"{self.segment.id} has no room for the pair {pair[0]} {pair[1]}")
            texts[at : at + 2] = pair
            at += 2

    def _put_listed(self, texts: list[str], item: Any) -> None:
        """The values of a field that holds many, one after the other in the places that an item has for them."""
        name = self.listed[0][1].name
        values = get(item, name)
        if len(values) > len(self.listed):
            raise Flaw(f"{self.segment.id} has room for {len(self.listed)} {name}, and there are {len(values)}")
        for (stand, rule), value in zip(self.listed, values, strict=False):
            texts[self.at[stand]] = spell(rule, value)

    # -- the whole ----------------------------------------------------------------------------------------------------

    def finish(self, texts: list[str], told: str | None) -> Segment:
        """The segment: its qualifiers as kept if they are of this place, its defaults, nothing empty at its end. Raises
        Flaw where the standard asks for more."""
        if self.alternatives:
            codes = self.alternatives.get(told or "") or next(iter(self.alternatives.values()))
            for at, code in codes:
                texts[at] = code
                if self.marks and told is None:
                    self._label(texts, code)
        shape = tuple([not text for text in texts]) if "" in texts else len(texts)
        found = self.shapes.get(shape)
        if found is None:
            found = self._judge(texts)
            if len(self.shapes) < SHAPES:
                self.shapes[shape] = found
        end, defaults = found
        for at, default in defaults:
            texts[at] = default
        made: Segment = self._folded(texts) if self.folds else texts  # type: ignore[assignment]
        del made[end:]
        return made

    def _label(self, texts: list[str], code: str) -> None:
        """A carton's SSCC with or without the identifier 00 in front of it, as the qualifier says, where nothing was kept."""
        for rule in (*self.own, *(rule for _, rule in self.listed)):
            at = self.at[_stand(rule)]
            text = texts[at]
            if code in LABELS and text.isdigit() and text[:-SSCC] in LABELS.values() and len(text) >= SSCC:
                texts[at] = LABELS[code] + text[-SSCC:]

    def _judge(self, texts: list[str]) -> tuple[int, list[tuple[int, str]]]:
        """How long a segment with these elements is, and the defaults that it gets."""
        stands = {at: stand for stand, at in self.at.items()}
        there = {stands.get(at, (at, 0)) for at, text in enumerate(texts) if at and text}
        defaults = []
        for fixed in self.place.defaults:
            if self._due(fixed, there):
                there.add(_stand(fixed))
                defaults.append((self.at[_stand(fixed)], fixed.value))
        present = {element for element, _ in there}
        self._check(present)
        return max(present, default=0) + 1, defaults

    def _due(self, fixed: Fixed, there: set[Stand]) -> bool:
        """Whether a default fills an empty element: not where it is one of a pair whose other part is not there."""
        if _stand(fixed) in there:
            return False
        present = {position for position, _ in there}
        notes = [note for note in self.segment.notes if fixed.element in note.elements]
        if any(note.kind == "P" and not present & {*note.elements} for note in notes):
            return False
        needs = [{*note.elements} - {fixed.element} for note in notes if note.kind == "C"]
        return not needs or any(present & each for each in needs)

    def _check(self, present: set[int]) -> None:
        for element in self.segment.elements:
            if element.mandatory and element.position not in present:
                raise Flaw(
                    f"{self._names(element.position)} is empty, and {self.segment.id} needs it",
                    "fill it, or give the map a constant or default for it",
                )
        broken = relation.broken(self.segment.notes, present)
        if broken is not None:
            positions, sentence = broken
            names = ", ".join(self._names(position) for position in positions)
            raise Flaw(f"of {names} {sentence}", "fill them, or take the row away for this partner")

    def _names(self, position: int) -> str:
        rules = [*self.own, *(rule for _, rule in self.listed)]
        name = next((rule.name for rule in rules if rule.element == position), "")
        place = f"{self.segment.id}{position:02d}"
        return f"{name} ({place})" if name else place

    def _folded(self, texts: list[str]) -> Segment:
        """The elements, components put together."""
        made: Segment = [*texts[: self.last + 1]]
        for at, element, component in self.folds:
            if not texts[at]:
                continue
            whole = made[element]
            parts = list(whole) if isinstance(whole, tuple) else []
            parts += [""] * (component - len(parts))
            parts[component - 1] = texts[at]
            made[element] = tuple(parts)
        return made


def _stand(row: Rule | Fixed) -> Stand:
    return row.element, row.component
