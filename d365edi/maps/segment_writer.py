"""One segment: its elements filled from an item of a document, completed and checked before it is written.

A mapping node is compiled once into steps: which fields are read, where each value goes, how it is spelled. A segment that is
being filled is a list of texts, one for each element and behind them one for each component of composites; "" is nothing.
Filled are the values of rows, then pairs; qualifiers, defaults and the checks follow when it is clear that the segment is
written.

Knows: mapping nodes, items of a document. Does not know: tables, guides as a whole, delimiters.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from d365edi.edi.guide import Element, Note
from d365edi.maps.address import Address, pairs
from d365edi.maps.mapping_tree import Fixed, MappingNode, Pair, Rule
from d365edi.maps.notation import Compose
from d365edi.maps.vocabulary import MappingError, chooser, getter, kept, qualifier, spell

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

_BROKEN: dict[str, tuple[Callable[[Sequence[Any]], bool], str]] = {
    "P": (lambda values: any(values) and not all(values), "either all or none must be there"),
    "R": (lambda values: not any(values), "at least one must be there"),
    "E": (lambda values: len(values) - values.count("") > 1, "only one may be there"),
    "C": (lambda values: values[0] and not all(values), "the first needs all the others"),
    "L": (lambda values: values[0] and not any(values[1:]), "the first needs one of the others"),
}
"""When the values at the elements of a relational note (X12.6) break it, and what is wrong then."""


class ValueSteps:
    """Rows whose values all come from one item."""

    def __init__(self, rules: Sequence[Rule], slots: dict[Address, int]) -> None:
        self.steps = [(slots[_address(rule)], rule, chooser(rule)) for rule in rules]
        self.values = getter([rule.name for rule in rules])

    def put(self, texts: Texts, item: Any, answered: Any) -> None:
        """Put the values of an item where nothing stands yet; `answered` is what it answers. Raises MappingError where one
        does not fit."""
        for (at, row, word), value in zip(self.steps, self.values(item), strict=True):
            if value is not None and not texts[at]:
                text = value if word is None else word(value, item, answered)
                texts[at] = spell(row, text)


class PairSteps:
    """Rows at qualifier/value pairs whose values all come from one item."""

    def __init__(self, rows: Iterable[Pair]) -> None:
        self.rows = [*rows]
        self.values = getter([row.name for row in self.rows])

    def found(self, item: Any) -> Found:
        """The pair of each row that has a value, and of each item of a list that a row takes. Raises MappingError where a value
        does not fit."""
        found: Found = []
        for row, value in zip(self.rows, self.values(item), strict=True):
            if row.parts is not None:
                code, number = row.parts
                found += [(getattr(each, code), spell(row, getattr(each, number))) for each in value]
            elif value is not None:
                found.append((qualifier(row, value, kept(item, row.name)), spell(row, value)))
        return found


class Composite(NamedTuple):
    """An element with components: where its texts begin and end, the components that it needs, how they are written."""

    element: int
    start: int
    end: int
    needed: list[int]
    compose: Compose | None


class SegmentWriter:
    """A mapping node compiled to fill its segments."""

    def __init__(self, node: MappingNode, composing: Composing, *, exact: bool) -> None:
        """`composing` gives how a composite is written; `exact`: where an order that is echoed has no value, the document's own
        is not written."""
        self.segment = node.node.segment
        own = [rule for rule in node.rules if not rule.second and not rule.echo]
        echoed = [rule for rule in node.rules if not rule.second and rule.echo]
        self.listed = [rule for rule in node.rules if rule.many] if node.list_field else []
        """Where the values of a field that holds many go, one after the other."""
        self.many = next((rule for rule in own if rule.many), None) if not node.list_field else None
        """The row of a field that holds many, of which each value has a segment."""
        single = [rule for rule in own if not rule.many]
        self.rules = [*single, *([self.many] if self.many else []), *self.listed]
        """All rows of the document's own."""
        self.pairs = PairSteps(pair for pair in node.pairs if not pair.echo and not pair.second)
        self.echoed_pairs = PairSteps(pair for pair in node.pairs if pair.echo)
        self._lay_out(node, composing)
        self.own, self.echoed = ValueSteps(single, self.slots), ValueSteps(echoed, self.slots)
        taken = {_address(rule) for rule in echoed} if exact else set()
        self.beside = ValueSteps([rule for rule in single if _address(rule) not in taken], self.slots)
        """What of an item is written beside the order that it answers."""
        self._compile_codes(node, single, echoed)
        self.constants = [(self.slots[_address(fixed)], fixed.value) for fixed in node.constants]
        self.defaulted = {fixed.element for fixed in (*node.constants, *node.defaults)}
        self.defaults = [(self.slots[_address(fixed)], fixed.value, self._needs(fixed)) for fixed in node.defaults]

    # -- compiled -----------------------------------------------------------------------------------------------------
    def _lay_out(self, node: MappingNode, composing: Composing) -> None:
        """Where in a list of texts each element and component is put, and what must hold of them."""
        segment = self.segment
        rows: list[Rule | Fixed] = [*node.rules, *node.constants, *node.defaults, *node.computed]
        self.codes_at = [(at, 1 if segment.elements[at - 1].components else 0) for at, _ in node.qualifiers]
        addresses = {*map(_address, rows), *self.codes_at, *((level, 0) for level in segment.levels)}
        found = pairs(segment) if node.pairs else None
        paired = found.addresses() if found is not None else []
        whole = {Note("P", (code[0], value[0])) for code, value in paired if not {code, value} & addresses}
        addresses |= {address for pair in paired for address in pair}
        filled = {element for element, _ in addresses}
        notes = [note for note in segment.notes if filled & {*note.elements} and note not in whole]
        always = {at for at, _ in self.codes_at} | {fixed.element for fixed in node.constants}
        self.mandatory = [
            each.position for each in segment.elements if _mandatory(each) and each.position not in always
        ]
        self.notes = [(note, itemgetter(*note.elements), *_BROKEN[note.kind]) for note in notes]
        self.elements = 1 + max([0, *filled, *self.mandatory, *(at for note in notes for at in note.elements)])
        self.slots: dict[Address, int] = {(element, 0): element for element in range(self.elements)}
        composites = sorted(element for element in filled if (element, 0) not in addresses)
        self.composites = [self._composite(element, addresses, composing) for element in composites]
        self.blank = [segment.id, *[""] * (len(self.slots) - 1)]
        self.pairs_at = [(self.slots[code], self.slots[value]) for code, value in paired]

    def _composite(self, element: int, addresses: set[Address], composing: Composing) -> Composite:
        whole, start = self.segment.elements[element - 1], len(self.slots)
        needed = [each.position for each in whole.components if each.mandatory]
        size = max([*needed, *(component for at, component in addresses if at == element)])
        self.slots |= {(element, component): start + component - 1 for component in range(1, size + 1)}
        return Composite(element, start, start + size, needed, composing(whole))

    def _compile_codes(self, node: MappingNode, own: Sequence[Rule], echoed: Sequence[Rule]) -> None:
        """The codes of the qualifiers, and the rows by which one of several is chosen."""
        at = [self.slots[address] for address in self.codes_at]
        self.codes = {",".join(codes): [*zip(at, codes, strict=True)] for codes in node.combinations()}
        self.first_codes = next(iter(self.codes.values()))
        self.marks = any(self.segment.elements[at - 1].number == MARKS for at, _ in node.qualifiers)
        names = {_address(rule): rule.name for rule in own if rule.words is None}
        theirs = {_address(rule): rule.name for rule in echoed}
        coded = {_address(rule) for rule in own} - {*names}
        self.choosers = [
            (self.slots[address], names.get(address), theirs.get(address))
            for address in dict.fromkeys([*names, *theirs])
            if address not in coded
        ]

    def _needs(self, fixed: Fixed) -> list[list[int]]:
        """Groups of which each must be there in part for a default to be: it makes no composite by itself, and no pair unless all
        of that has defaults."""
        element, component = _address(fixed)
        notes = [note for note in self.segment.notes if element in note.elements]
        groups = [{*note.elements} for note in notes if note.kind == "P" and not {*note.elements} <= self.defaulted]
        groups += [{at for note in notes if note.kind == "C" for at in note.elements} - {element}]
        found = [[at for (each, _), at in self.slots.items() if each in group] for group in groups if group]
        whole = self.segment.elements[element - 1]
        needed = {each.position for each in whole.components if each.mandatory}
        if component and needed and not whole.mandatory:
            others = {each.position for each in whole.components} - needed if component in needed else needed
            found.append([at for (each, part), at in self.slots.items() if each == element and part in others])
        return found

    # -- values -------------------------------------------------------------------------------------------------------
    def fill(self, item: Any, order: Any, value: Any) -> Texts:
        """The rows' values in place; `order` is what of an order the item answers, `value` what this repetition of the segment
        has for itself. Raises MappingError where a value does not fit."""
        texts = self.blank.copy()
        if order is None:
            self.own.put(texts, item, None)
        else:
            self.echoed.put(texts, order, None)
            self.beside.put(texts, item, order)
        if self.pairs_at:
            self._put_pairs(texts, value if value is not None and self.many is None else self.every_pair(item, order))
        if self.many is not None:
            texts[self.slots[_address(self.many)]] = spell(self.many, value)
        elif self.listed:
            self._put_listed(texts, item)
        for at, constant in self.constants:
            texts[at] = constant
        return texts

    def every_pair(self, item: Any, order: Any) -> Found:
        """The pairs of the order's line where there is one, else the document's own."""
        if order is not None and self.echoed_pairs.rows:
            return self.echoed_pairs.found(order)
        return self.pairs.found(item)

    def _put_pairs(self, texts: Texts, found: Found) -> None:
        if len(found) > len(self.pairs_at):
            code, value = found[len(self.pairs_at)]
            raise MappingError(f"{self.segment.id} has no room for the pair {code} {value}")
        for (code_at, value_at), (code, value) in zip(self.pairs_at, found, strict=False):
            texts[code_at], texts[value_at] = code, value

    def _put_listed(self, texts: Texts, item: Any) -> None:
        name = self.listed[0].name
        (values,) = getter([name])(item)
        if len(values) > len(self.listed):
            raise MappingError(f"{self.segment.id} has room for {len(self.listed)} {name}, and there are {len(values)}")
        for rule, value in zip(self.listed, values, strict=False):
            texts[self.slots[_address(rule)]] = spell(rule, value)

    # -- the whole segment --------------------------------------------------------------------------------------------
    def finish(self, texts: Texts, item: Any, order: Any) -> Segment:
        """The segment with its qualifiers, as kept if they are of this node, and its defaults; nothing empty at its end. Raises
        MappingError where the standard asks for more."""
        code = self._kept_code(texts, item, order) if len(self.codes) > 1 or self.marks else None
        for at, each in self.codes.get(code or "", self.first_codes):
            texts[at] = each
            if self.marks and code is None:
                self._label(texts, each)
        for at, default, needs in self.defaults:
            if not texts[at] and all(any(texts[each] for each in group) for group in needs):
                texts[at] = default
        made: Segment = self._composed(texts) if self.composites else texts  # type: ignore[assignment]
        self._check(made)
        end = len(made)
        while not made[end - 1]:
            end -= 1
        del made[end:]
        return made

    def _kept_code(self, texts: Texts, item: Any, order: Any) -> str | None:
        """The qualifiers that the first of the values was kept with."""
        for at, name, theirs in self.choosers:
            if texts[at]:
                echoed = theirs is not None and order is not None and getter([theirs])(order) != (None,)
                code = kept(order, theirs) if echoed else kept(item, name)
                if code:
                    return code
        return None

    def _label(self, texts: Texts, code: str) -> None:
        """A carton's SSCC with or without the identifier 00 in front of it, as the qualifier says, where nothing was kept."""
        for rule in self.rules:
            at = self.slots[_address(rule)]
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
        for note, values, broken, sentence in self.notes:
            if broken(values(made)):
                names = ", ".join([self._name(element) for element in note.elements])
                raise MappingError(f"of {names} {sentence}", "fill them, or remove the row for this partner")

    def _missing(self, element: int, component: int = 0) -> MappingError:
        message = f"{self._name(element, component)} is empty, and {self.segment.id} needs it"
        return MappingError(message, "fill it, or give the map a constant or default for it")

    def _name(self, element: int, component: int = 0) -> str:
        place = f"{self.segment.id}{element:02d}" + (f"-{component}" if component else "")
        for rule in self.rules:
            if rule.element == element and component in (0, rule.component):
                return f"{rule.name} ({place})"
        return place


def _address(row: Rule | Fixed) -> Address:
    return row.element, row.component


def _mandatory(element: Element) -> bool:
    """Whether an element must be there; a composite only where a component of it must."""
    return element.mandatory and (not element.components or any(each.mandatory for each in element.components))
