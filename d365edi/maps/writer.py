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
from typing import Any

from d365edi.documents import Document, PurchaseOrder
from d365edi.edi.guide import Guide
from d365edi.errors import DocumentError
from d365edi.maps import relation
from d365edi.maps.compile import places
from d365edi.maps.place import Fixed, Pair, Place, Rule
from d365edi.maps.table import Table

Segment = list[str | tuple[str, ...]]
"""The id and then the elements; a composite is a tuple of its components."""

GTIN_LENGTH = {"UP": 12, "UA": 12, "UI": 11, "EN": 13, "UK": 14}
"""How many digits a number of each kind of GTIN has (data element 235)."""

ENVELOPE = frozenset({"ST", "SE"})


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
        self, document: Document, *, order: PurchaseOrder | None = None, line_orders: Sequence[object | None] = ()
    ) -> list[Segment]:
        """The body of the set, without ST and SE. `order` is what the document answers, `line_orders` its line for
        each line.

        Raises DocumentError naming the document, the field and the partner.
        """
        task = _Task(document, order, line_orders)
        try:
            body: list[Segment] = []
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
    """One writing under way."""

    __slots__ = ("document", "line_orders", "order")

    def __init__(self, document: Document, order: PurchaseOrder | None, line_orders: Sequence[object | None]) -> None:
        self.document = document
        self.order = order
        self.line_orders = line_orders


class _Form:
    """A place made ready for writing, with the forms inside it in the order of the guide."""

    def __init__(self, place: Place, *, in_line: bool = False) -> None:
        self.place = place
        self.segment = place.node.segment
        self.list_way = place.list_field.split(".") if place.list_field else []
        self.is_lines = place.list_field == "lines"
        self.exact = in_line or self.is_lines
        self.own = [rule for rule in place.rules if not rule.echo and not rule.second]
        self.echoes = {(rule.element, rule.component): rule for rule in place.rules if rule.echo and not rule.second}
        self.many = next((rule for rule in self.own if rule.many), None)
        self.pairs = [pair for pair in place.pairs if not pair.echo]
        self.echo_pairs = [pair for pair in place.pairs if pair.echo]
        self.alternatives = [",".join(codes) for codes in place.combinations()] if place.qualifiers else []
        self.forms = [_Form(inner, in_line=self.exact) for inner in sorted(place.places, key=_rank) if not inner.second]
        self.mandatory = [node.id for node in place.node.sequence if node.mandatory and node.id not in ENVELOPE]
        self.needed = [each.position for each in self.segment.elements if each.mandatory]

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
        if not self.list_way:
            if self.many is None:
                self._one(task, item, echo, out, None)
            else:
                for value in _get(item, self.many.name) or ():
                    self._one(task, item, echo, out, value)
            return
        for number, each in enumerate(_get(item, self.place.list_field)):
            line = echo
            if self.is_lines:
                line = task.line_orders[number] if number < len(task.line_orders) else None
            self._one(task, each, line, out, None)

    def _one(self, task: _Task, item: Any, echo: Any, out: list[Segment], value: object) -> None:
        elements: dict[tuple[int, int], str] = {}
        word = self._fill(elements, item, echo, value)
        for fixed in self.place.constants:
            elements[fixed.element, fixed.component] = fixed.value
        for fixed in self.place.computed:
            assert fixed.formula is not None
            assert fixed.format is not None
            elements[fixed.element, fixed.component] = fixed.format(fixed.formula(task.document))
        inner: list[Segment] = []
        made = self.inside(task, item, echo, inner)
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
                word = word or _kept(source, name)
        for at, rule in self.echoes.items():
            if at not in elements and echo is not None and all((r.element, r.component) != at for r in self.own):
                text = self._text(rule, echo, None)
                if text is not None:
                    elements[at] = text
                    word = word or _kept(echo, rule.name)
        self._pair_up(elements, item, echo)
        return word

    def _text(self, rule: Rule, item: Any, echo: Any, value: object = None) -> str | None:
        if value is None:
            value = _get(item, rule.name)
        if value is None:
            return None
        if rule.words is not None:
            value = _word(rule, str(value), item, echo)
        return _spell(rule, value)

    def _pair_up(self, elements: dict[tuple[int, int], str], item: Any, echo: Any) -> None:
        """Qualifier/value pairs one after the other: those of the order's line where there is one, else the
        document's own."""
        rows, source = self.pairs, item
        if echo is not None and self.echo_pairs:
            rows, source = self.echo_pairs, echo
        at = self.segment.pairs
        for qualifier, text in (each for pair in rows for each in _pairs(pair, source)):
            if at + 1 > len(self.segment.elements):
                raise _Flaw(f"{self.segment.id} has no room for the pair {qualifier} {text}")
            elements[at, 0], elements[at + 1, 0] = qualifier, text
            at += 2

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
        elements[at] = fixed.value

    def _check(self, elements: dict[tuple[int, int], str]) -> None:
        present = {position for position, _ in elements}
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

    def _names(self, position: int) -> str:
        name = next((rule.name for rule in self.own if rule.element == position), "")
        place = f"{self.segment.id}{position:02d}"
        return f"{name} ({place})" if name else place


def _rank(place: Place) -> tuple[int, int]:
    return place.node.order, place.occurrence


def _get(item: Any, name: str) -> Any:
    for step in name.split("."):
        item = getattr(item, step)
    return item


def _kept(item: Any, name: str) -> str | None:
    kept = getattr(item, "kept", None)
    return kept.get(name) if kept else None


def _word(rule: Rule, ours: str, item: Any, echo: Any) -> str:
    """The partner's word for ours: the one they used here or in the order, else the first row of the table, else ours
    as it is."""
    assert rule.words is not None
    for source in (item, echo):
        word = _kept(source, rule.name)
        if word is not None and rule.words.get(word) == ours:
            return word
    return next((word for word, meaning in rule.words.items() if meaning == ours), ours)


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
