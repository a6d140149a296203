"""CSV maps' right sides: columns, in the record that a row's list has, or in another one that it names.

    PO Number           a column by its name in the header row or in `[columns]`
    4                   by its position
    H:2, H:Order date   in a file with record types the record's; inside a list its own record needs not be said
    3[sign], 3[size]    the two parts of a number

Knows: guides of flat files, the names of their records. Does not know: how a file is formatted.
"""

from d365edi.edi.flat.layout import fold
from d365edi.edi.guide import Element, Guide, Node
from d365edi.maps.check import Absent, Link, Target
from d365edi.maps.csv.numbers import compose, spelling
from d365edi.maps.notation import Notation, elements
from d365edi.maps.table import Key, MapRow, Table, nearest

HEAD = "head"
"""The record of what is the same on every row of a document, where rows are all alike."""
PARTS = {"sign": 1, "size": 2}


def resolve(table: Table, guide: Guide, base: Node, row: MapRow, text: str, *, loop: bool = False) -> Target:
    """Where a row of a CSV map leads. Raises Absent for a record or a column that is not there."""
    del table  # a path may be no path at all; every text may be a column
    first = guide.root.sequence[0].id
    if loop:
        record = inside(base.id, row.key[:-1]) if first == HEAD else text
        return Target(row, [(_child(base, record), (), 0)])
    if text in row.paths[1:] and row.paths[0] != text:
        raise Absent(f'"{text}" is another spelling of "{row.paths[0]}"')
    if first == HEAD:
        record, name = base.id or HEAD, text
    else:
        record, name = split_record(text, base.id or first)
    node = base if record == base.id else _child(base, record)
    name, part = parted(name)
    for element in node.segment.elements:
        if fold(element.name) == fold(name):
            chain: list[Link] = [] if node is base else [(node, (), 0)]
            component = _component(element, part)
            described = element.components[component - 1] if component else element
            return Target(row, chain, element.position, component, described=described)
    raise Absent(f'"{text}" is no column', nearest(name, [element.name for element in node.segment.elements]))


def _component(element: Element, part: int) -> int:
    """A column of which one row names a part is read in parts by all."""
    return part or (PARTS["size"] if element.components else 0)


def _child(base: Node, record: str) -> Node:
    if record not in base.children:
        raise Absent(f'there is no record "{record}" here', nearest(record, base.children))
    return base.children[record][0]


def inside(around: str, key: Key) -> str:
    """The record of a list inside another one, where rows are all alike."""
    return f"{around}.{key[-1]}" if around else key[-1]


def split_record(text: str, record: str) -> tuple[str, str]:
    """The record and the column of a place; `record` where none is said."""
    before, colon, name = text.partition(":")
    return (before, name) if colon else (record, text)


def parted(text: str) -> tuple[str, int]:
    """A column and which part of its number is meant (0: all of it)."""
    for name, part in PARTS.items():
        if text.endswith(f"[{name}]"):
            return text.removesuffix(f"[{name}]"), part
    return text, 0


CSV = Notation(resolve, spelling, elements, compose=compose)
