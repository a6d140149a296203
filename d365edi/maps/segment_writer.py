"""One segment of a place: its elements filled from an item of a document, and made whole before it leaves.

A place is compiled once into steps: which fields are read, where each value goes, how it is spelled. A segment under way is
a list of texts, one for each element and behind them one for each component; "" is nothing. Filled are the rows' values,
then pairs; qualifiers, defaults and the checks follow when it is known that the segment is written.

Knows: places, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from d365edi.edi.guide import Element, Note
from d365edi.maps.address import Address, pairs
from d365edi.maps.mapping_tree import Fixed, MappingNode, Pair, Rule
from d365edi.maps.notation import Compose
from d365edi.maps.vocabulary import Flaw, chooser, kept, misfit, qualifier, spell, values_of

Segment = list[str | tuple[str, ...]]
"""The id and then the elements; a composite is a tuple of its components."""
Composing = Callable[[Element], Compose | None]
"""How the plain values of a composite become its components; None where they are."""
Texts = list[str]
Found = list[tuple[str, str]]
"""Qualifiers with their values."""

MARKS, SSCC = "88", 18
"""The data element that says what a mark on a package is, and how many digits a serial shipping container code has."""
LABELS = {"GM": "00", "AA": ""}
"""What stands in front of an SSCC under each of its qualifiers."""

_SENTENCES = {
    "P": "either all or none must be there",
    "R": "at least one must be there",
    "E": "only one may be there",
    "C": "the first needs all the others",
    "L": "the first needs one of the others",
}
"""What is wrong where a note of each kind does not hold."""


class Values:
    """Rows whose values all come from one item."""

    def __init__(self, rules: Sequence[Rule], slots: dict[Address, int]) -> None:
        self.steps = [
            (slots[_stand(rule)], rule.format, chooser(rule.words) if rule.words is not None else None, rule)
            for rule in rules
        ]
        self.of = values_of([rule.name for rule in rules])

    def put(self, texts: Texts, item: Any, earlier: Any) -> None:
        """Put the values of an item where nothing stands yet; `earlier` is what it answers. Raises Flaw where one does not
        fit."""
        said = row = None
        try:
            for (at, format, word, row), value in zip(self.steps, self.of(item), strict=True):
                if value is not None and not texts[at]:
                    said = value if word is None else word(value, kept(item).get(row.name), kept(earlier).get(row.name))
                    texts[at] = format(said)
        except ValueError as error:
            assert row is not None
            raise misfit(row, said, error) from None


class PairValues:
    """Rows at qualifier/value pairs whose values all come from one item."""

    def __init__(self, rows: Sequence[Pair]) -> None:
        self.rows = rows
        self.of = values_of([row.name for row in rows])

    def found(self, item: Any) -> Found:
        """The pair of each row that has a value, and of each item of a list that a row takes."""
        said = kept(item)
        found: Found = []
        for row, value in zip(self.rows, self.of(item), strict=True):
            if row.parts is not None:
                first, second = row.parts
                found += [(getattr(each, first), spell(row, getattr(each, second))) for each in value]
            elif value is not None:
                found.append((qualifier(row, value, said.get(row.name)), spell(row, value)))
        return found


class Composite(NamedTuple):
    """An element with components: where its texts begin and end, the components that it needs, how they are written."""

    element: int
    start: int
    end: int
    needed: list[int]
    compose: Compose | None


class SegmentWriter:
    """What the segments of one place are filled with, compiled."""

    def __init__(self, place: MappingNode, compose: Composing, *, exact: bool) -> None:
        """`exact`: an order that is echoed says nothing where it has no value."""
        self.place, self.segment = place, place.node.segment
        rules = [rule for rule in place.rules if not rule.second and not rule.echo]
        self.listed = [rule for rule in place.rules if rule.many] if place.list_field else []
        """The places of a field that holds many, filled one after the other."""
        self.many = next((rule for rule in rules if rule.many), None) if not place.list_field else None
        """The row of a field that holds many, of which each value has a segment."""
        self.rules = [rule for rule in rules if not rule.many]
        echoed = [rule for rule in place.rules if rule.echo and not rule.second]
        self.pairs = PairValues([pair for pair in place.pairs if not pair.echo and not pair.second])
        self.echo_pairs = PairValues([pair for pair in place.pairs if pair.echo])
        self._place_rows(compose)
        taken = {_stand(rule) for rule in echoed} if exact else set()
        self.own, self.echoed = Values(self.rules, self.slots), Values(echoed, self.slots)
        self.beside = Values([rule for rule in self.rules if _stand(rule) not in taken], self.slots)
        """What an item says beside the order that it answers."""
        self._compile_codes(echoed)
        self._compile_checks()

    @property
    def names(self) -> list[str]:
        """The fields that are written here."""
        return [rule.name for rule in (*self.rules, *((self.many,) if self.many else ()), *self.listed)]

    def _place_rows(self, compose: Composing) -> None:
        """Where in a list of texts each element and component is put."""
        place, segment = self.place, self.segment
        rows: list[Rule | Fixed] = [*place.rules, *place.constants, *place.defaults, *place.computed]
        self.codes_at = [(at, 1 if segment.elements[at - 1].components else 0) for at, _ in place.qualifiers]
        found = pairs(segment) if place.pairs else None
        stands = {*map(_stand, rows), *self.codes_at, *((level, 0) for level in segment.levels)}
        paired = found.addresses() if found is not None else []
        single = {element for element, _ in stands}
        certain = [Note("P", (one[0], two[0])) for one, two in paired if not single & {one[0], two[0]}]
        stands |= {stand for pair in paired for stand in pair}
        filled = {element for element, _ in stands}
        self.notes = [note for note in segment.notes if filled & {*note.elements} and note not in certain]
        self.mandatory = [
            each.position
            for each in segment.elements
            if each.mandatory and (not each.components or any(part.mandatory for part in each.components))
        ]
        last = max([0, *filled, *self.mandatory, *(at for note in self.notes for at in note.elements)])
        self.slots: dict[Address, int] = {(element, 0): element for element in range(last + 1)}
        self.elements = last + 1
        self.composites = [
            self._composite(element, stands, compose) for element in sorted(filled) if (element, 0) not in stands
        ]
        self.blank = [segment.id, *[""] * (len(self.slots) - 1)]
        self.pairs_at = [(self.slots[one], self.slots[two]) for one, two in paired]

    def _composite(self, element: int, stands: set[Address], compose: Composing) -> Composite:
        """An element with components: their texts stand behind those of elements."""
        whole, start = self.segment.elements[element - 1], len(self.slots)
        needed = [each.position for each in whole.components if each.mandatory]
        size = max([*needed, *(component for position, component in stands if position == element)])
        self.slots |= {(element, component): start + component - 1 for component in range(1, size + 1)}
        return Composite(element, start, start + size, needed, compose(whole))

    def _compile_codes(self, echoed: Sequence[Rule]) -> None:
        """The codes of a place's qualifiers, and the rows by which one of several is chosen."""
        place, slots = self.place, self.slots
        at = [slots[stand] for stand in self.codes_at]
        self.codes = {",".join(codes): [*zip(at, codes, strict=True)] for codes in place.combinations()}
        self.marks = any(self.segment.elements[at - 1].number == MARKS for at, _ in place.qualifiers)
        self.chooses = len(self.codes) > 1 or self.marks
        theirs = {_stand(rule): rule.name for rule in echoed}
        spelled = [(_stand(rule), rule.name) for rule in self.rules if rule.words is None]
        spelled += [(stand, "") for stand in theirs if stand not in {_stand(rule) for rule in self.rules}]
        self.spelled = [(slots[stand], name, theirs.get(stand, "")) for stand, name in spelled]

    def _compile_checks(self) -> None:
        """What else is said in a segment that is written, and what must hold of it."""
        place, slots = self.place, self.slots
        self.constants = [(slots[_stand(fixed)], fixed.value) for fixed in place.constants]
        self.defaults = [(slots[_stand(fixed)], fixed.value, self._needs(fixed)) for fixed in place.defaults]
        always = {element for element, _ in self.codes_at} | {fixed.element for fixed in place.constants}
        self.mandatory = [position for position in self.mandatory if position not in always]
        self.broken = [(note, _broken(note)) for note in self.notes]

    def _needs(self, fixed: Fixed) -> list[list[int]]:
        """Groups of which each must be there in part for a default to be: it makes no pair, and no composite, by itself."""
        notes = [note for note in self.segment.notes if fixed.element in note.elements]
        groups = [{*note.elements} for note in notes if note.kind == "P"]
        others = {at for note in notes if note.kind == "C" for at in note.elements} - {fixed.element}
        groups += [others] if others else []
        found = [[at for (element, _), at in self.slots.items() if element in group] for group in groups]
        whole = self.segment.elements[fixed.element - 1]
        needed = {each.position for each in whole.components if each.mandatory}
        if fixed.component and needed and not whole.mandatory:
            rest = {each.position for each in whole.components} - needed if fixed.component in needed else needed
            found.append(
                [at for (element, part), at in self.slots.items() if element == fixed.element and part in rest]
            )
        return found

    # -- values -------------------------------------------------------------------------------------------------------

    def fill(self, item: Any, echo: Any, value: Any) -> Texts:
        """The rows' values in place; `echo` is what of an order the item answers, `value` what this repetition of the segment
        has for itself. Raises Flaw where a value does not fit."""
        texts = self.blank.copy()
        if echo is None:
            self.own.put(texts, item, None)
        else:
            self.echoed.put(texts, echo, None)
            self.beside.put(texts, item, echo)
        if self.pairs_at:
            some = value if self.many is None else None
            self._put_pairs(texts, some or self.every_pair(item, echo))
        if self.many is not None:
            texts[self.slots[_stand(self.many)]] = spell(self.many, value)
        elif self.listed:
            self._put_listed(texts, item)
        for at, constant in self.constants:
            texts[at] = constant
        return texts

    def every_pair(self, item: Any, echo: Any) -> Found:
        """The pairs of the order's line where there is one, else the document's own."""
        return self.echo_pairs.found(echo) if echo is not None and self.echo_pairs.rows else self.pairs.found(item)

    def _put_pairs(self, texts: Texts, found: Found) -> None:
        if len(found) > len(self.pairs_at):
            code, value = found[len(self.pairs_at)]
            raise Flaw(f"{self.segment.id} has no room for the pair {code} {value}")
        for (code_at, value_at), (code, value) in zip(self.pairs_at, found, strict=False):
            texts[code_at], texts[value_at] = code, value

    def _put_listed(self, texts: Texts, item: Any) -> None:
        """The values of a field that holds many, one after the other in the places that an item has for them."""
        name = self.listed[0].name
        (values,) = values_of([name])(item)
        if len(values) > len(self.listed):
            raise Flaw(f"{self.segment.id} has room for {len(self.listed)} {name}, and there are {len(values)}")
        for rule, value in zip(self.listed, values, strict=False):
            texts[self.slots[_stand(rule)]] = spell(rule, value)

    # -- the whole ----------------------------------------------------------------------------------------------------

    def finish(self, texts: Texts, item: Any, echo: Any) -> Segment:
        """The segment: its qualifiers as kept if they are of this place, its defaults, nothing empty at its end. Raises
        Flaw where the standard asks for more."""
        said = self._kept_code(texts, item, echo) if self.chooses else None
        for at, code in self.codes.get(said or "") or next(iter(self.codes.values())):
            texts[at] = code
            if self.marks and said is None:
                self._label(texts, code)
        for at, default, needs in self.defaults:
            if not texts[at] and all(any(texts[each] for each in group) for group in needs):
                texts[at] = default
        made: Segment = self._composed(texts) if self.composites else texts  # type: ignore[assignment]
        self._check(made)
        while not made[-1]:
            made.pop()
        return made

    def _kept_code(self, texts: Texts, item: Any, echo: Any) -> str | None:
        """The qualifier that the first of the values was kept with."""
        for at, name, theirs in self.spelled:
            if texts[at]:
                answers = bool(theirs) and echo is not None and values_of([theirs])(echo) != (None,)
                code = kept(echo).get(theirs) if answers else kept(item).get(name)
                if code:
                    return code
        return None

    def _label(self, texts: Texts, code: str) -> None:
        """A carton's SSCC with or without the identifier 00 in front of it, as the qualifier says, where nothing was kept."""
        for rule in (*self.rules, *self.listed):
            at = self.slots[_stand(rule)]
            text = texts[at]
            if code in LABELS and text.isdigit() and text[:-SSCC] in LABELS.values() and len(text) >= SSCC:
                texts[at] = LABELS[code] + text[-SSCC:]

    def _composed(self, texts: Texts) -> Segment:
        """The elements, components put together."""
        made: Segment = [*texts[: self.elements]]
        for element, start, end, needed, compose in self.composites:
            parts = texts[start:end]
            if any(parts):
                for component in needed:
                    if not parts[component - 1]:
                        raise self._missing(element, component)
                parts = compose(parts) if compose is not None else parts
                while parts and not parts[-1]:
                    parts.pop()
                made[element] = tuple(parts) if len(parts) > 1 else "".join(parts)
        return made

    def _check(self, made: Segment) -> None:
        for position in self.mandatory:
            if not made[position]:
                raise self._missing(position)
        for note, broken in self.broken:
            if broken(made):
                names = ", ".join([self._name(element) for element in note.elements])
                raise Flaw(f"of {names} {_SENTENCES[note.kind]}", "fill them, or take the row away for this partner")

    def _missing(self, element: int, component: int = 0) -> Flaw:
        return Flaw(
            f"{self._name(element, component)} is empty, and {self.segment.id} needs it",
            "fill it, or give the map a constant or default for it",
        )

    def _name(self, element: int, component: int = 0) -> str:
        rules = [*self.rules, *((self.many,) if self.many else ()), *self.listed]
        name = next((each.name for each in rules if each.element == element and component in (0, each.component)), "")
        place = f"{self.segment.id}{element:02d}" + (f"-{component}" if component else "")
        return f"{name} ({place})" if name else place


def _stand(row: Rule | Fixed) -> Address:
    return row.element, row.component


def _broken(note: Note) -> Callable[[Segment], bool]:
    """Whether the elements of a segment break a note (X12.6, relational conditions)."""
    first, *others = note.elements
    if len(others) == 1:  # nearly all of them
        return _broken_by_two(note.kind, first, *others)

    def broken(made: Segment) -> bool:
        there = sum(1 for at in others if made[at])
        match note.kind:
            case "P":
                return (there > 0) != bool(made[first]) or 0 < there < len(others)
            case "R":
                return not (there or made[first])
            case "E":
                return there + bool(made[first]) > 1
            case "C":
                return bool(made[first]) and there < len(others)
            case _:
                return bool(made[first]) and not there

    return broken


def _broken_by_two(kind: str, first: int, second: int) -> Callable[[Segment], bool]:
    match kind:
        case "P":
            return lambda made: bool(made[first]) != bool(made[second])
        case "R":
            return lambda made: not (made[first] or made[second])
        case "E":
            return lambda made: bool(made[first] and made[second])
        case _:
            return lambda made: bool(made[first]) and not made[second]
