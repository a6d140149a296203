"""The levels of a DESADV in the words of a map: CPS says only who is above whom, a map asks for `CPS[S]`, `[O]`, `[T]`, `[P]`.

    S   the consignment as a whole: the first CPS, unless it says that it is a package
    O   what is shipped under one order: no CPS of the message (`ORD` in a map says which). RFF+ON of the head names the only
        one, RFF+ON of a line the line's own, with the order's day in DTM+171 and sometimes its line
    T   a pallet: 7075 says 3, or other packages stand on it
    P   a package: 7075 says 1 or 2, or nothing stands on it

An order is put around all that is its own: a pallet with one order stands inside it, one with several has them
inside. How levels are written is `packaging_writer`'s.

Knows: rows of a DESADV. Does not know: tables, documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from d365edi.edi.guide import Element, Guide, Node, Segment
from d365edi.maps.edifact.values import DAY, period

Row = list[str]

ORDER = "ORD"
ID, ABOVE, LEVEL = 1, 2, 3
"""Where a CPS says its number, the one above it, and which level it is."""
ORDERED = ("171", "4")
"""The kinds of day that an order was placed on, the written one first."""
_READ = {"3": "T", "2": "P", "1": "P"}


def add(guide: Guide) -> None:
    """Let CPS be a hierarchy in a guide, and put the order's number and day inside it."""
    node = guide.root.children["CPS"][0]
    node.segment = replace(node.segment, levels=(ID, ABOVE), qualifier=LEVEL)
    elements = (Element(1, "1154", "Order", "an", 1, 35), Element(2, "2380", "Date of the order", DAY, 1, 35))
    segment = Segment(ORDER, "Order", elements, qualifier=0)
    made = Node(len(guide.nodes), segment, node, 0)
    for inside in node.sequence:
        inside.order += 1
    guide.nodes.append(made)
    node.sequence.insert(0, made)
    node.children[ORDER] = (made,)
    for each in (node.segment, segment):
        guide.segments[each.id] = each  # type: ignore[index]


# -- in ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Found:
    """A segment of the message: its node, its row, and which one it is."""

    node: Node | None
    row: Row
    index: int
    component: str = ":"

    def parts(self) -> list[str]:
        """The components of its first element, two at least."""
        parts = self.row[1].split(self.component) if len(self.row) > 1 else []
        return [*parts, *[""] * (2 - len(parts))]

    def element(self, position: int) -> str:
        """An element, "" where it is not there."""
        return self.row[position] if position < len(self.row) else ""

    def names_order(self) -> bool:
        """Whether it is the reference to an order."""
        return self.node is not None and self.row[0] == "RFF" and self.parts()[0] == "ON"

    def at_top(self) -> bool:
        """Whether it stands in no loop but its own."""
        return self.node is not None and self.node.parent is not None and self.node.parent.parent is None


@dataclass(frozen=True, slots=True)
class Order:
    """What a message says of an order, and which segment says it first."""

    number: str
    date: str = ""
    index: int = 0


@dataclass(slots=True)
class Line:
    """The segments of one line without those that name its order, "" where it names none."""

    order: str
    segments: list[Found]


@dataclass(slots=True)
class Package:
    """A CPS with what stands in it: what is said of itself, its lines, the levels on it, and whose orders all that is."""

    kind: str
    index: int
    own: list[Found] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    inside: list[Package] = field(default_factory=list)
    orders: dict[str, None] = field(default_factory=dict)

    def only(self) -> str:
        """The order that all of it is of, "" where there is no such order."""
        return next(iter(self.orders)) if len(self.orders) == 1 else ""

    def separate_orders(self) -> dict[str, None]:
        """The orders of its lines and of the levels right on it that are of one order each."""
        if not self.lines and not self.inside:
            return self.orders
        return dict.fromkeys([*(line.order for line in self.lines), *(inner.only() for inner in self.inside)])


def read(
    guide: Guide, nodes: Sequence[Node | None], rows: Sequence[Row], component: str
) -> tuple[list[Node | None], list[Row], list[int]]:
    """Rows with their levels named, their nodes, and the index of the segment that each comes from; `component` separates
    components."""
    found = [Found(node, row, index, component) for index, (node, row) in enumerate(zip(nodes, rows, strict=True))]
    behind = next((at for at, each in enumerate(found) if each.at_top() and each.row[0] in ("CPS", "CNT")), len(found))
    head, default = _only_order(found[:behind])
    body = [each for each in found[behind:] if not each.at_top() or each.row[0] == "CPS"]
    tail = [each for each in found[behind:] if each.at_top() and each.row[0] != "CPS"]
    orders = {default.number: default} if default.number else {}
    top = _stacked(body, orders, default.number) or (Package("S", default.index) if default.number else None)
    whose = _whose(top, default.number) if top is not None else {}
    if not default.number or default.number not in whose:
        head = found[:behind]  # all lines name others
    numbered = _Numbering(guide.root.children["CPS"][0], orders).rows(top) if top is not None else ()
    made = [*head, *numbered, *tail]
    return [each.node for each in made], [each.row for each in made], [each.index for each in made]


def _only_order(head: Sequence[Found]) -> tuple[list[Found], Order]:
    """The head without the only order that it names, and that order; one without a number where there is none, or several."""
    named = [at for at, each in enumerate(head) if each.at_top() and each.names_order()]
    if len(named) != 1:
        return list(head), Order("")
    order, taken = _order(head, named[0])
    return [*head[: named[0]], *head[named[0] + taken :]], order


def _order(found: Sequence[Found], at: int) -> tuple[Order, int]:
    """The order that RFF+ON names, with its day behind it, and how many segments say that."""
    said, after = found[at], found[at + 1] if at + 1 < len(found) else None
    number = said.parts()[1]
    if after is not None and after.row[0] == "DTM" and after.parts()[0] in ORDERED and _inside(after, said):
        return Order(number, period(after.parts())[1], said.index), 2
    return Order(number, "", said.index), 1


def _inside(segment: Found, opener: Found) -> bool:
    return segment.node is not None and segment.node.parent is opener.node


def _stacked(found: Sequence[Found], orders: dict[str, Order], default: str) -> Package | None:
    """The consignment with all levels in it; orders that lines name are noted in `orders`. None without a level."""
    kinds = _kinds(found)
    known: dict[str, Package] = {}
    top: Package | None = None
    latest: Package | None = None
    for each in found:
        kind = kinds.get(each.index, "")
        if kind:
            latest = Package(kind, each.index)
            if top is None:
                top = latest if kind == "S" else Package("S", each.index)
            if latest is not top:
                above = known.get(each.element(ABOVE)) if each.element(ABOVE) else None
                (above or top).inside.append(latest)
            known[each.element(ID)] = latest
        elif latest is not None and each.row[0] == "LIN" and each.node is not None:
            latest.lines.append(Line(default, [each]))
        elif latest is not None:
            (latest.lines[-1].segments if latest.lines else latest.own).append(each)
    for level in _all(top):
        for line in level.lines:
            _name(line, orders)
    return top


def _all(top: Package | None) -> Iterator[Package]:
    """A level and all on it, each before what is on it, however deep."""
    waiting = [top] if top is not None else []
    while waiting:
        level = waiting.pop()
        yield level
        waiting += reversed(level.inside)


def _name(line: Line, orders: dict[str, Order]) -> None:
    """Let a line be of the order that it names, and have the number there that it has in that order."""
    for at, each in enumerate(line.segments):
        if not each.names_order() or not each.parts()[1]:
            continue
        order, taken = _order(line.segments, at)
        known = orders.get(order.number)
        if known is None or not known.date:
            orders[order.number] = order
        elif order.date not in ("", known.date):
            taken = 1  # another day is read as the line's own
        line.order = order.number
        opener = line.segments[0]
        if number := "".join(each.parts()[2:3]):
            line.segments[0] = replace(opener, row=[opener.row[0], number, *opener.row[2:]])
        if not any(each.parts()[3:]):
            del line.segments[at : at + taken]
        return


def _kinds(found: Sequence[Found]) -> dict[int, str]:
    """Which level each CPS is."""
    levels = [each for each in found if each.node is not None and each.node.id == "CPS"]
    carrying = {each.element(ABOVE) for each in levels}
    kinds = {}
    for each in levels:
        kind = each.element(LEVEL)
        if each is levels[0] and not each.element(ABOVE) and kind not in _READ:
            kinds[each.index] = "S"
        else:
            kinds[each.index] = _READ.get(kind) or ("T" if each.element(ID) in carrying else "P")
    return kinds


def _whose(level: Package, default: str) -> dict[str, None]:
    """The orders ("" for none) of all lines in a level and on it; a level without any is of the only order."""
    for each in reversed(list(_all(level))):
        each.orders |= dict.fromkeys(line.order for line in each.lines)
        for inner in each.inside:
            each.orders |= inner.orders
        if not each.orders:
            each.orders[default] = None
    return level.orders


_Steps = Iterator["Found | _Steps"]
"""Segments, and where a level begins the steps that write it."""


@dataclass(slots=True)
class _Numbering:
    """Levels as rows, numbered as they come, with orders put around what is theirs."""

    node: Node
    orders: dict[str, Order]
    count: int = 0

    def rows(self, top: Package) -> Iterator[Found]:
        """The consignment with all that is in it, however deep."""
        waiting = [self._level(top, 0)]
        while waiting:
            step = next(waiting[-1], None)
            if step is None:
                waiting.pop()
            elif isinstance(step, Found):
                yield step
            else:
                waiting.append(step)

    def _level(self, level: Package, above: int, order: str = "") -> _Steps:
        """A level that stands in `above`; `order` is the order that it stands in."""
        yield self._cps(above, level.kind, level.index)
        number = self.count
        yield from level.own
        yield self._inside(level, number, order)
        for each in level.separate_orders() if not order else ():
            if each:
                yield self._cps(number, "O", self.orders[each].index)
                said = self.orders[each]
                yield Found(self.node.children[ORDER][0], [ORDER, said.number, said.date], said.index)
                yield self._inside(level, self.count, each)

    def _inside(self, level: Package, above: int, order: str) -> _Steps:
        """The lines and levels in one that are of an order; without one, those of none or of several."""
        for line in level.lines:
            if line.order == order:
                yield from line.segments
        for inner in level.inside:
            if inner.only() == order:
                yield self._level(inner, above, order)

    def _cps(self, above: int, kind: str, index: int) -> Found:
        self.count += 1
        return Found(self.node, ["CPS", str(self.count), str(above or ""), kind], index)
