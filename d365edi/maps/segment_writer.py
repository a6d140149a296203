"""One segment of a place: its elements filled from an item of a document, and made whole before it leaves.

A place is compiled once into steps: which fields are read, where each value goes, how it is spelled. A segment under way is
a list of texts, one for each element and behind them one for each component; "" is nothing. Filled are the rows' values,
then pairs; qualifiers, defaults and the checks follow when it is known that the segment is written.

Knows: places, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from d365edi.edi.guide import Note
from d365edi.maps.mapping_tree import Fixed, MappingNode, Pair, Rule
from d365edi.maps.vocabulary import Flaw, chooser, kept, misfit, qualifier, spell, values_of

Segment = list[str | tuple[str, ...]]
"""The id and then the elements; a composite is a tuple of its components."""
Texts = list[str]
Pairs = list[tuple[str, str]]
"""Qualifiers with their values."""
Stand = tuple[int, int]
"""An element and a component of it, 0 where it has none."""

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

    def __init__(self, rules: Sequence[Rule], slots: dict[Stand, int]) -> None:
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

    def found(self, item: Any) -> Pairs:
        """The pair of each row that has a value, and of each item of a list that a row takes."""
        said = kept(item)
        found: Pairs = []
        for row, value in zip(self.rows, self.of(item), strict=True):
            if row.parts is not None:
                first, second = row.parts
                found += [(getattr(each, first), spell(row, getattr(each, second))) for each in value]
            elif value is not None:
                found.append((qualifier(row, value, said.get(row.name)), spell(row, value)))
        return found


class SegmentWriter:
    """What the segments of one place are filled with, compiled."""

    def __init__(self, place: MappingNode, *, exact: bool) -> None:
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
        self._place_rows()
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

    def _place_rows(self) -> None:
        """Where in a list of texts each element and component is put."""
        place, segment = self.place, self.segment
        rows: list[Rule | Fixed] = [*place.rules, *place.constants, *place.defaults, *place.computed]
        self.codes_at = [(at, 1 if segment.elements[at - 1].components else 0) for at, _ in place.qualifiers]
        self.pairs_at = range(segment.pairs, segment.after_pairs, 2) if place.pairs else range(0)
        stands = {*map(_stand, rows), *self.codes_at, *((level, 0) for level in segment.levels)}
        filled = {element for element, _ in stands} | {at + part for at in self.pairs_at for part in (0, 1)}
        paired = [
            Note("P", (at, at + 1)) for at in self.pairs_at if not {element for element, _ in stands} & {at, at + 1}
        ]
        self.notes = [note for note in segment.notes if filled & {*note.elements} and note not in paired]
        self.mandatory = [each.position for each in segment.elements if each.mandatory]
        last = max([0, *filled, *self.mandatory, *(at for note in self.notes for at in note.elements)])
        parts = sorted(stand for stand in stands if stand[1])
        self.slots = {(element, 0): element for element in range(last + 1)}
        self.slots |= {stand: at for at, stand in enumerate(parts, last + 1)}
        self.folds = [(self.slots[stand], *stand) for stand in parts]
        self.elements = last + 1
        self.blank = [segment.id, *[""] * (len(self.slots) - 1)]

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
        """Groups of which each must be there in part for a default to be: it makes no pair by itself."""
        notes = [note for note in self.segment.notes if fixed.element in note.elements]
        groups = [{*note.elements} for note in notes if note.kind == "P"]
        others = {at for note in notes if note.kind == "C" for at in note.elements} - {fixed.element}
        return [
            [at for (element, _), at in self.slots.items() if element in group]
            for group in (*groups, *((others,) if others else ()))
        ]

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

    def every_pair(self, item: Any, echo: Any) -> Pairs:
        """The pairs of the order's line where there is one, else the document's own."""
        return self.echo_pairs.found(echo) if echo is not None and self.echo_pairs.rows else self.pairs.found(item)

    def _put_pairs(self, texts: Texts, pairs: Pairs) -> None:
        if len(pairs) > len(self.pairs_at):
            code, value = pairs[len(self.pairs_at)]
            raise Flaw(f"{self.segment.id} has no room for the pair {code} {value}")
        for at, pair in zip(self.pairs_at, pairs, strict=False):
            texts[at : at + 2] = pair

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
        made: Segment = self._folded(texts) if self.folds else texts  # type: ignore[assignment]
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

    def _folded(self, texts: Texts) -> Segment:
        """The elements, components put together."""
        made: Segment = [*texts[: self.elements]]
        for at, element, component in self.folds:
            if not texts[at]:
                continue
            whole = made[element]
            parts = list(whole) if isinstance(whole, tuple) else []
            parts += [""] * (component - len(parts))
            parts[component - 1] = texts[at]
            made[element] = tuple(parts)
        return made

    def _check(self, made: Segment) -> None:
        for position in self.mandatory:
            if not made[position]:
                raise Flaw(
                    f"{self._name(position)} is empty, and {self.segment.id} needs it",
                    "fill it, or give the map a constant or default for it",
                )
        for note, broken in self.broken:
            if broken(made):
                names = ", ".join(map(self._name, note.elements))
                raise Flaw(f"of {names} {_SENTENCES[note.kind]}", "fill them, or take the row away for this partner")

    def _name(self, position: int) -> str:
        rules = [*self.rules, *((self.many,) if self.many else ()), *self.listed]
        name = next((rule.name for rule in rules if rule.element == position), "")
        place = f"{self.segment.id}{position:02d}"
        return f"{name} ({place})" if name else place


def _stand(row: Rule | Fixed) -> Stand:
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
