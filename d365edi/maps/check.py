"""Every mistake that a row can have, found at start: where a path leads in a guide, and that no two rows claim one
place.

A user's row pushes a shipped one out of what both claim: the shipped row gives up the qualifiers they share, or goes.
Rows of one hand that claim the same are a mistake. The error names file, line, table and key, and the nearest right
spelling.

Knows: paths, guides, rows. Does not know: documents, values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from d365edi.edi.guide import Element, Guide, Node, Segment
from d365edi.maps.address import Address, pairs
from d365edi.maps.mapping_tree import Qualifiers
from d365edi.maps.path import EVERY, Path, Step, parse
from d365edi.maps.table import MapRow, Table, nearest

Link = tuple[Node, Qualifiers, int]
"""A step that was found: its node, the codes it asks for and the occurrence."""


class Absent(Exception):
    """A path that this version does not have; another version of the flow may."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(slots=True)
class Target:
    """Where a row leads: the links down from its scope, then an element (and component) or the qualifiers of a
    pair. `described` is the element or component where the value stands, None for a loop."""

    row: MapRow
    chain: list[Link]
    element: int = 0
    component: int = 0
    pair: tuple[str, ...] = ()
    echo: bool = False
    described: Element | None = None


Find = Callable[[Path, Segment], tuple[Address, Element]]
"""The address that a path ends in, and what stands there."""


def resolve(
    table: Table, guide: Guide, base: Node, row: MapRow, text: str, *, loop: bool = False, find: Find | None = None
) -> Target:
    """Follow a path from a scope's node. Raises Absent when the version has no such place, SettingsError when no
    version can. `find` finds the address that a path ends in (`element`, where none is given)."""
    return follow(table, guide, base, row, read(table, row, text), loop=loop, find=find)


def follow(
    table: Table,
    guide: Guide,
    base: Node,
    row: MapRow,
    path: Path,
    *,
    loop: bool = False,
    find: Find | None = None,
    after: int = -1,
) -> Target:
    """Follow a path that is read already, as `resolve` does; its first step stands behind place `after` of the scope."""
    node, chain = base, list[Link]()
    inside_pair = not loop and not path.element
    for number, step in enumerate(path.steps, 1):
        last = number == len(path.steps)
        below = base.segment.levels and step.qualifiers and (loop or not last)
        if number > 1 or step.segment != base.id or base.parent is None or below:
            node = _child(guide, node, step.segment, path, after if number == 1 else -1, last=last)
            wanted = () if last and inside_pair else qualifiers(table, row, path, step, node.segment)
            chain.append((node, wanted if step.qualifiers else (), step.occurrence))
    if loop:
        return Target(row, chain)
    if inside_pair:
        codes, value = _pair(table, row, path, node.segment)
        return Target(row, chain, pair=codes, described=value)
    (position, component), described = (find or element)(path, node.segment)
    return Target(row, chain, position, component, described=described)


def read(table: Table, row: MapRow, text: str) -> Path:
    """A row's path. Raises SettingsError for a text that is none."""
    try:
        return parse(text)
    except ValueError as error:
        raise table.mistake(row.key, str(error)) from None


def _child(guide: Guide, node: Node, segment: str, path: Path, after: int, *, last: bool) -> Node:
    """The node of a step; the levels of a hierarchy stand inside each other at one node."""
    if node.id == segment and node.segment.levels and node.parent is not None:
        return node
    children = [child for child in node.children.get(segment, ()) if child.order > after]
    if not children:
        place = f"inside {node.path}" if node.parent is not None else "at the top"
        message = f'"{path.text}": {segment} does not stand {place} of the {guide.set} {guide.version}'
        if segment in guide.segments:
            raise Absent(message, f"it stands at {next(each.path for each in guide.nodes[1:] if each.id == segment)}")
        raise Absent(message, nearest(segment, node.children))
    if not last and not children[0].loop:
        raise Absent(f'"{path.text}": {segment} opens no loop, nothing stands inside it')
    return children[0]


def qualifiers(table: Table, row: MapRow, path: Path, step: Step, segment: Segment) -> Qualifiers:
    """Where each group of codes stands: at the segment's own qualifier, then at its further codes in their order. Raises
    SettingsError for a code that cannot stand there."""
    groups = step.qualifiers
    first = segment.qualifier
    positions = [first] if first else []
    positions += [each.position for each in segment.elements if each.position > first and each.type == "ID"]
    if len(positions) < len(groups):
        raise table.mistake(row.key, f'"{path.text}": {segment.id} has not so many qualifiers')
    found = tuple(zip(positions, groups, strict=False))
    for position, codes in found:
        whole = segment.elements[position - 1]
        for code in codes:
            _code(table, row, path, whole.components[0] if whole.components else whole, code)
    return found


def _code(table: Table, row: MapRow, path: Path, element: Element, code: str) -> None:
    if not element.min <= len(code) <= element.max:
        raise table.mistake(
            row.key,
            f'"{path.text}": {code} is no {element.name.lower()}, which has {element.min} to {element.max} characters',
        )
    if element.closed and element.codes and code not in element.codes:
        message = f'"{path.text}": {code} is no {element.name.lower()}'
        raise table.mistake(row.key, message, remedy=nearest(code, element.codes))


def _pair(table: Table, row: MapRow, path: Path, segment: Segment) -> tuple[tuple[str, ...], Element]:
    """The qualifiers of a pair, and the element or component that its value is."""
    qualifiers, found = path.steps[-1].qualifiers, pairs(segment)
    if found is None:
        raise table.mistake(row.key, f'"{path.text}" names no element', remedy=f"write it as {path.text}02")
    if not qualifiers:
        message = f'"{path.text}" names no element and no pair'
        raise table.mistake(row.key, message, remedy=f"write it as {segment.id}[UP]")
    qualifier, value = found.elements(segment)
    for code in qualifiers[0]:
        if code != EVERY:
            _code(table, row, path, qualifier, code)
    return qualifiers[0], value


def element(path: Path, segment: Segment) -> tuple[Address, Element]:
    """The element (or component) that a path ends in, with its address."""
    whole = segment.element(path.element)
    if whole is None:
        raise Absent(f'"{path.text}": {segment.id} has {len(segment.elements)} elements')
    if path.component:
        if path.component > len(whole.components):
            raise Absent(f'"{path.text}": element {path.element:02d} has {len(whole.components)} components')
        return (path.element, path.component), whole.components[path.component - 1]
    if whole.components:
        raise Absent(f'"{path.text}" is a composite', remedy=f"name its component, as in {path.text}-1")
    return (path.element, 0), whole


# -- claims -----------------------------------------------------------------------------------------------------------
def settle(table: Table, targets: Sequence[Target]) -> list[Target]:
    """The targets without those that a user's row pushed out. Raises SettingsError where two rows of one hand
    collide."""
    ways: dict[object, list[tuple[frozenset[str], MapRow]]] = {}
    claims: dict[object, MapRow] = {}
    kept = [
        target
        for target in sorted(targets, key=lambda each: not each.row.overridden)
        if _go(table, target, ways) and _claim(table, target, claims)
    ]
    return [target for target in targets if any(target is each for each in kept)]


def _go(table: Table, target: Target, ways: dict[object, list[tuple[frozenset[str], MapRow]]]) -> bool:
    """Whether the target's qualifiers lead there and nowhere else; what they share with a user's row is given up."""
    for depth, (node, qualifiers, occurrence) in enumerate(target.chain):
        if not qualifiers:
            continue
        (position, codes), rest = qualifiers[0], qualifiers[1:]
        above = tuple((n.index, q, o) for n, q, o in target.chain[:depth])
        users = ways.setdefault((above, node.index, occurrence, rest), [])
        left = list(codes)
        for taken, holder in users:
            if taken == frozenset(left) or not taken & frozenset(left):
                continue
            if holder.overridden == target.row.overridden:
                code = next(code for code in left if code in taken)
                message = f'"{target.row.paths[0]}": {code} leads to "{holder.name}" ("{holder.paths[0]}") already'
                remedy = "give both rows the same qualifiers, or different ones"
                raise table.mistake(target.row.key, message, remedy=remedy)
            left = [code for code in left if code not in taken]
        if not left:
            return False
        users.append((frozenset(left), target.row))
        target.chain[depth] = (node, ((position, tuple(left)), *rest), occurrence)
    return True


def _claim(table: Table, target: Target, claims: dict[object, MapRow]) -> bool:
    """Whether the target's element, or some of its pair's qualifiers, are nobody else's."""
    at = tuple((node.index, qualifiers, occurrence) for node, qualifiers, occurrence in target.chain)
    if not target.pair:
        return _first(table, target, claims, (at, target.element, target.component, target.echo), "this place")
    target.pair = tuple(
        code for code in target.pair if _first(table, target, claims, (at, "pair", code, target.echo), code)
    )
    return bool(target.pair)


def _first(table: Table, target: Target, claims: dict[object, MapRow], claim: object, what: str) -> bool:
    holder = claims.setdefault(claim, target.row)
    if holder is target.row:
        return True
    if holder.overridden == target.row.overridden:
        message = f'"{target.row.paths[0]}": {what} belongs to "{holder.name}" already'
        raise table.mistake(target.row.key, message, remedy="take one of the two rows away")
    return False
