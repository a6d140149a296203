"""Loops that an EDIFACT message implies and a map needs a name for, though no segment opens them.

    ENT   in REMADV around all DOC: the items of a remittance stand under whom they are about
    ADV   in APERAK around RFF and ERC: what is said of one document of ours
    ACK   in a line of ORDRSP: what becomes of some of it. LIN02 says it of the whole line, QTY+113 and QTY+12 of a quantity,
          QTY+83 says that so much comes later, DTM+69 (67, 17) when it arrives, DTM+11 when it leaves, PIA+3 what comes instead.
          Parts on different days have an SCC each, with a QTY of their own and its DTM below; QTY of the line is their sum then

and a sign: what AJT takes off an open item of REMADV is sent without one, and has one here where only so the item adds up.
The levels of DESADV are `packaging`'s.

They are put into a copy of the guide and into the rows that are read; `writer` takes them out of what is written.

Knows: guides and rows. Does not know: tables, documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from d365edi.edi.guide import Element, Guide, Node, Segment
from d365edi.maps.edifact import packaging
from d365edi.maps.edifact.values import DAY, period

Row = list[str]

AROUND = {"REMADV": ("ENT", frozenset({"DOC"})), "APERAK": ("ADV", frozenset({"RFF", "NAD", "ERC"}))}
"""The loop of a message and which segments at its top stand inside it."""
ANSWER = "ACK"
IDS = frozenset({"ENT", "ADV", ANSWER, packaging.ORDER})
"""The segments that no message has."""
OUTCOME, QUANTITY, UNIT, DATE_KIND, DATE, ITEMS = 1, 2, 3, 4, 5, 6
LATER = "83"
"""The quantity qualifier, and outcome, of what comes later."""
CHANGED = "3"
GIVEN = ("113", "12", LATER)
PROMISED = ("69", "67", "17", "11")
PART = "SCC"
"""The segment under which a part of a line says its quantity and day."""
INSTEAD = "3"
"""What PIA01 says of the numbers of what comes instead."""
ACTION = 2
"""Where LIN02 stands."""


@lru_cache(maxsize=64)
def extended(guide: Guide) -> Guide:
    """The guide with what its messages imply: a copy, node by node, or the very guide where they imply nothing."""
    if guide.set not in (*AROUND, "ORDRSP", "DESADV"):
        return guide
    nodes = list[Node]()
    for old in guide.nodes:
        parent = nodes[old.parent.index] if old.parent is not None else None
        node = Node(old.index, old.segment, parent, old.order, old.loop, old.mandatory, old.max_use)
        nodes.append(node)
        if parent is not None:
            parent.sequence.append(node)
            parent.children[node.id] = (*parent.children.get(node.id, ()), node)
    made = replace(guide, root=nodes[0], nodes=nodes, segments=dict(guide.segments))
    add(made)
    return made


def add(guide: Guide) -> None:
    """Put the loops that a message implies into its guide, which belongs to the caller."""
    if guide.set in AROUND:
        _around(guide, *AROUND[guide.set])
    if guide.set == "ORDRSP":
        _answers(guide)
    if guide.set == "DESADV":
        packaging.add(guide)


def _around(guide: Guide, id: str, inside: frozenset[str]) -> None:
    root = guide.root
    moved = [node for node in root.sequence if node.id in inside]
    level = Node(len(guide.nodes), Segment(id, "Level", (), qualifier=0), root, moved[0].order, loop=True, max_use=0)
    guide.nodes.append(level)
    for node in moved:
        node.parent = level
        level.sequence.append(node)
        level.children[node.id] = (*level.children.get(node.id, ()), node)
        root.children.pop(node.id, None)
    at = root.sequence.index(moved[0])
    root.sequence[:] = [node for node in root.sequence if node not in moved]
    root.sequence.insert(at, level)
    root.children[id] = (level,)
    guide.segments[id] = level.segment  # type: ignore[index]


def _answers(guide: Guide) -> None:
    line = guide.root.children["LIN"][0]
    elements = (
        Element(OUTCOME, "1229", "Action on the line", "an", 1, 3),
        Element(QUANTITY, "6060", "Quantity", "n", 1, 15),
        Element(UNIT, "6411", "Unit", "an", 1, 3),
        Element(DATE_KIND, "2005", "Date qualifier", "an", 1, 3),
        Element(DATE, "2380", "Date", DAY, 1, 35),
        *_items(line.children["PIA"][0].segment),
    )
    for node in line.sequence:
        node.order *= 2
    after = line.children["QTY"][0]
    segment = Segment(ANSWER, "Answer", elements, qualifier=0)
    made = Node(len(guide.nodes), segment, line, after.order + 1, max_use=0)
    guide.nodes.append(made)
    line.sequence.insert(line.sequence.index(after) + 1, made)
    line.children[ANSWER] = (made,)
    guide.segments[ANSWER] = segment  # type: ignore[index]


def _items(numbers: Segment) -> list[Element]:
    """The places of an answer for the numbers of what comes instead: those of PIA."""
    return [replace(each, position=each.position - 2 + ITEMS) for each in numbers.elements[1:]]


# -- in ---------------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Read:
    """A message with its implied loops: rows, their nodes, and for each the index of the segment that it comes from."""

    nodes: list[Node | None]
    rows: list[Row]
    origin: list[int]

    def append(self, node: Node | None, row: Row, origin: int) -> None:
        """One more row."""
        self.nodes.append(node)
        self.rows.append(row)
        self.origin.append(origin)


def read(guide: Guide, nodes: Sequence[Node | None], rows: Sequence[Row], component: str) -> Read:
    """Put the loops into a message; `nodes` are of the extended guide, `component` separates components."""
    if guide.set == "DESADV":
        return Read(*packaging.read(guide, nodes, rows, component))
    if guide.set == "ORDRSP":
        return _answered(nodes, rows, component)
    made = Read([], [], [])
    level = guide.root.children[AROUND[guide.set][0]][0]
    opened = False
    for index, (node, row) in enumerate(zip(nodes, rows, strict=True)):
        if not opened and node is not None and node.parent is level:
            made.append(level, [level.id], index)
            opened = True
        made.append(node, row, index)
    if guide.set == "REMADV":
        _sign(made, component)
    return made


def _answered(nodes: Sequence[Node | None], rows: Sequence[Row], component: str) -> Read:
    """An ORDRSP in which each line is followed by its answers."""
    made = Read([], [], [])
    parts, taken = _parts(nodes, rows, component)
    line = 0
    for index, (node, row) in enumerate(zip(nodes, rows, strict=True)):
        if node is not None and node.id == "LIN":
            line = index
            made.append(node, [*row[:ACTION], "", *row[ACTION + 1 :]], index)
            for origin, answer in _answers_to(nodes, rows, index, component, parts.get(line, ())):
                made.append(node.children[ANSWER][0], answer, origin)
        elif not _says(node, row, component) and index not in taken:
            made.append(node, row, index)
    return made


Part = tuple[int, list[str], list[tuple[str, str]]]
"""A quantity under SCC: which segment, its components, and its days."""


def _parts(
    nodes: Sequence[Node | None], rows: Sequence[Row], component: str
) -> tuple[dict[int, list[Part]], frozenset[int]]:
    """The parts of lines that have an SCC of their own, by the index of the line, and all segments that say them."""
    found, taken = dict[int, list[Part]](), set[int]()
    line, opener, part = 0, 0, list[tuple[str, str]]()
    for index, (node, row) in enumerate(zip(nodes, rows, strict=True)):
        if node is None or node.parent is None:
            continue
        line, opener = index if node.id == "LIN" else line, index if node.id == PART else opener
        values = [*row[1].split(component), "", ""] if len(row) > 1 else ["", "", ""]
        if node.id == "QTY" and node.parent.id == PART and node.parent.parent is nodes[line]:
            part = list[tuple[str, str]]()
            if values[0] in GIVEN:
                found.setdefault(line, []).append((index, values, part))
                taken |= {opener, index}
        elif node.id == "DTM" and index - 1 in taken and node.parent.id == "QTY" and values[0] in PROMISED:
            part.append((values[0], period(values)[1]))
            taken.add(index)
    return found, frozenset(taken)


def _says(node: Node | None, row: Row, component: str) -> bool:
    """Whether a segment says what becomes of a line."""
    if node is None or node.parent is None or node.parent.id != "LIN" or len(row) < 2:
        return False
    known = {"QTY": GIVEN, "DTM": PROMISED, "PIA": (INSTEAD,)}
    return row[1].partition(component)[0] in known.get(node.id, ())


def _answers_to(
    nodes: Sequence[Node | None], rows: Sequence[Row], index: int, component: str, own: Sequence[Part]
) -> list[tuple[int, Row]]:
    """The answers of the line at `index`: one for each of its `own` parts, or for each quantity, else one for all of it; the
    days in their order, one alone for all that do not come later, and what comes instead."""
    action = rows[index][ACTION] if len(rows[index]) > ACTION else ""
    answers, days, instead = list[tuple[int, Row]](), list[tuple[str, str]](), list[Row]()
    for at in range(index + 1, len(rows)):
        node, row = nodes[at], rows[at]
        if node is not None and node.id in ("LIN", "UNS"):
            break
        if not _says(node, row, component):
            continue
        parts = [*row[1].split(component), "", ""]
        if row[0] == "QTY":
            answers.append((at, [ANSWER, LATER if parts[0] == LATER else action, parts[1], parts[2], "", ""]))
        elif row[0] == "PIA":
            instead.append(row[2:])
        else:
            days.append((parts[0], period(parts)[1]))
    if own:
        answers = [(at, [ANSWER, LATER if qty[0] == LATER else action, qty[1], qty[2], "", ""]) for at, qty, _ in own]
        days = [(part or [("", "")])[0] for *_, part in own]
    if not answers and (action or days or instead):
        answers = [(index, [ANSWER, action, "", "", "", ""])]
    if len(days) == 1 and all(answer[OUTCOME] != LATER for _, answer in answers):
        days *= len(answers)
    for (_, answer), (kind, day) in zip(answers, days, strict=False):
        answer[DATE_KIND], answer[DATE] = kind, day
    for (_, answer), numbers in zip(answers, instead, strict=False):
        answer.extend(numbers)
    return answers


def _sign(made: Read, component: str) -> None:
    """Give adjustments of open items their minus: what was asked for, less the discount, less them, is what is paid."""
    item: dict[str, Decimal] = {}
    adjustments = list[int]()
    for index, (node, row) in enumerate([*zip(made.nodes, made.rows, strict=True), (None, ["DOC"])]):
        if row[0] in ("DOC", "UNS"):
            less = sum((_number(_amount(made.rows[each], component)[1]) for each in adjustments), Decimal(0))
            due = item.get("9", item.get("77", Decimal(0))) - item.get("52", Decimal(0))
            if less and "12" in item and due + less != item["12"] == due - less:
                for each in adjustments:
                    made.rows[each] = _turned(made.rows[each], component)
            item, adjustments = {}, []
        elif row[0] == "MOA" and node is not None and node.parent is not None:
            kind, amount, *_ = _amount(row, component)
            if node.parent.id == "DOC":
                item[kind] = _number(amount)
            elif node.parent.id == "AJT":
                adjustments.append(index)


def _amount(row: Row, component: str) -> list[str]:
    """The components of MOA01, at least its qualifier and the amount."""
    parts = row[1].split(component) if len(row) > 1 else [""]
    return parts if len(parts) > 1 else [*parts, ""]


def _turned(row: Row, component: str) -> Row:
    """MOA with the other sign."""
    parts = _amount(row, component)
    parts[1] = parts[1].removeprefix("-") if parts[1].startswith("-") else f"-{parts[1]}"
    return [row[0], component.join(parts), *row[2:]]


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "."))
    except ArithmeticError:
        return Decimal(0)
