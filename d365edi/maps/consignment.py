"""The levels of a DESADV in the words of a map: CPS says only who is above whom, a map asks for `CPS[S]`, `[O]`, `[T]`, `[P]`.

    S   the consignment as a whole: the first CPS, unless it says that it is a package
    O   what is shipped under one order: no CPS of the message; the order's number stands in RFF+ON of the head (`ORD` in a map)
    T   a pallet: 7075 says 3, or other packages stand on it
    P   a package: 7075 says 1 or 2, or nothing stands on it

Orders of a consignment for several are written into RFF+ON of each of their lines, where a partner finds them.

Knows: flat rows of a DESADV. Does not know: tables, documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from d365edi.edi.guide import Element, Guide, Node, Segment

Row = list[str]

ORDER = "ORD"
_ID, _ABOVE, _LEVEL = 1, 2, 3
_READ = {"3": "T", "2": "P", "1": "P"}
_WRITTEN = {"S": "", "T": "3", "P": "1"}
_AFTER_HEAD = frozenset({"NAD", "TOD", "TDT", "EQD", "CPS", "CNT"})
_AFTER_LINE = frozenset({"RFF", "DGS", "LOC", "SGP", "PCI", "QVR", "LIN", "CPS", "CNT"})


def add(guide: Guide, day: str) -> None:
    """Let CPS be a hierarchy in a flat guide, and put the order's number and day inside it."""
    node = guide.root.children["CPS"][0]
    node.segment = replace(node.segment, levels=(_ID, _ABOVE), qualifier=_LEVEL)
    elements = (Element(1, "1154", "Order", "an", 1, 35), Element(2, "2380", "Date of the order", day, 1, 35))
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


def read(
    guide: Guide, nodes: Sequence[Node | None], rows: Sequence[Row]
) -> tuple[list[Node | None], list[Row], list[int]]:
    """Rows with their levels named, their nodes, and the index of the segment that each comes from."""
    level = guide.root.children["CPS"][0]
    number, date, gone = _order(nodes, rows)
    kinds = _kinds(nodes, rows)
    made: list[tuple[Node | None, Row, int]] = []
    top, waiting = "", bool(number)
    for index, (node, row) in enumerate(zip(nodes, rows, strict=True)):
        if index in gone:
            continue
        kind = kinds.get(index, "")
        if kind and not top:
            top = row[_ID] if kind == "S" else "0"
            if kind != "S":
                made.append((level, ["CPS", top, "", "S"], index))
        if waiting and node is not None and (node.id == "LIN" or kind in ("T", "P")):
            made.append((level, ["CPS", ORDER, top, "O"], index))
            made.append((level.children[ORDER][0], [ORDER, number, date], index))
            waiting = False
        made.append((node, _named(row, kind, top, ORDER if number else top) if kind else row, index))
    return [each for each, _, _ in made], [each for _, each, _ in made], [each for _, _, each in made]


def _named(row: Row, kind: str, top: str, order: str) -> Row:
    """A CPS with its level; what stands on the consignment stands under its order."""
    above = "" if kind == "S" else row[_ABOVE] or top
    return ["CPS", row[_ID], order if above == top else above, kind]


def _order(nodes: Sequence[Node | None], rows: Sequence[Row]) -> tuple[str, str, set[int]]:
    """The order's number and day out of the head, and the segments that say them; nothing where there are several."""
    found = [at for at, (node, row) in enumerate(zip(nodes, rows, strict=True)) if _is_order(node, row)]
    if len(found) != 1:
        return "", "", set()
    (at,) = found
    after = nodes[at + 1] if at + 1 < len(nodes) else None
    if after is not None and after.id == "DTM" and after.parent is nodes[at] and rows[at + 1][1] in ("171", "4"):
        return rows[at][2], rows[at + 1][2], {at, at + 1}
    return rows[at][2], "", {at}


def _is_order(node: Node | None, row: Row) -> bool:
    """Whether a row is RFF+ON of the head."""
    at_top = node is not None and node.parent is not None and node.parent.parent is None
    return at_top and row[0] == "RFF" and row[1] == "ON"


def _kinds(nodes: Sequence[Node | None], rows: Sequence[Row]) -> dict[int, str]:
    """Which level each CPS is."""
    at = [index for index, node in enumerate(nodes) if node is not None and node.id == "CPS"]
    carrying = {rows[index][_ABOVE] for index in at}
    kinds = {}
    for index in at:
        row = rows[index]
        if index == at[0] and not row[_ABOVE] and row[_LEVEL] not in _READ:
            kinds[index] = "S"
        else:
            kinds[index] = _READ.get(row[_LEVEL]) or ("T" if row[_ID] in carrying else "P")
    return kinds


# -- out --------------------------------------------------------------------------------------------------------------


def write(rows: Sequence[Row]) -> list[Row]:
    """The rows as they are written: orders taken out of the hierarchy, levels numbered anew."""
    orders = [row for row in rows if row[0] == ORDER]
    head = [row for row in _head(rows) if row[0] != ORDER]
    if len(orders) == 1:
        at = next((index for index, row in enumerate(head) if row[0] in _AFTER_HEAD), len(head))
        number, date = [*orders[0][1:], "", ""][:2]
        head[at:at] = [["RFF", "ON", number]] + ([["DTM", "171", date]] if date else [])
    direct, packed, tail = _parts(rows[len(_head(rows)) :], several=len(orders) > 1)
    return [*head, *_numbered([*direct, *packed]), *tail]


def _head(rows: Sequence[Row]) -> list[Row]:
    at = next((index for index, row in enumerate(rows) if row[0] in ("CPS", "CNT")), len(rows))
    return list(rows[:at])


def _parts(rows: Sequence[Row], *, several: bool) -> tuple[list[Row], list[Row], list[Row]]:
    """The consignment with lines that stand in no package, the packages, and what comes behind."""
    direct, packed, tail = list[Row](), list[Row](), list[Row]()
    here, top, order, owing = direct, "", "", False
    orders = {row[_ID] for row in rows if row[0] == "CPS" and row[_LEVEL] == "O"}
    for row in rows:
        if owing and row[0] in _AFTER_LINE:
            here.append(["RFF", "ON", order])
            owing = False
        if row[0] == "CNT":
            here = tail
        if row[0] == ORDER:
            order = row[1]
        elif row[0] == "CPS" and row[_LEVEL] == "O":
            here = direct
        elif row[0] == "CPS":
            top = top or row[_ID]
            here = direct if row[_LEVEL] == "S" else packed
            here.append(["CPS", row[_ID], top if row[_ABOVE] in orders else row[_ABOVE], row[_LEVEL]])
        else:
            owing = owing or (several and row[0] == "LIN" and bool(order))
            here.append(row)
    return direct, packed, tail


def _numbered(rows: Sequence[Row]) -> list[Row]:
    numbers: dict[str, str] = {}
    made = []
    for row in rows:
        if row[0] != "CPS":
            made.append(row)
            continue
        numbers[row[_ID]] = str(len(numbers) + 1)
        made.append(["CPS", numbers[row[_ID]], numbers.get(row[_ABOVE], ""), _WRITTEN[row[_LEVEL]]])
    return made
