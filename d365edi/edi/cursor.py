"""Where a segment belongs: the walk over a guide that reader, maps and writer share.

The rule: a segment belongs to the deepest open loop whose remaining sequence admits it, else one loop up. So N1 after
PO1 is the line's party, REF after N1 is the party's reference, MEA after PID is the description's measurement, and SAC
after TDS is the invoice's charge. What comes too late (a header DTM after the first N1) the rule does not find; `find`
does, and the reader says so.

Knows: nodes. Does not know: bytes, findings, partners.
"""

from d365edi.edi.guide import Node


def follow(node: Node, segment_id: str) -> Node | None:
    """Where a segment goes from `node` in the order of the standard; None where no open loop admits it. Cached on the
    node."""
    try:
        return node.following[segment_id]
    except KeyError:
        found = node.following[segment_id] = _follow(node, segment_id)
        return found


def _follow(node: Node, id: str) -> Node | None:
    scope, floor = _scope(node)
    while scope is not None:
        for child in scope.children.get(id, ()):
            if child.order >= floor:
                return child
        floor, scope = scope.order, scope.parent
    return None


def _scope(node: Node) -> tuple[Node | None, int]:
    """The loop that is open at `node`, and the place reached in it: a loop's node stands for what opens it."""
    return (node, -1) if node.loop else (node.parent, node.order)


def find(node: Node, segment_id: str) -> Node | None:
    """Where a segment that comes too late belongs: the deepest open loop that knows it at all, whatever its place
    there."""
    scope = node if node.loop else node.parent
    while scope is not None:
        children = scope.children.get(segment_id)
        if children:
            return children[-1]
        scope = scope.parent
    return None


def skipped(node: Node, target: Node) -> list[Node]:
    """The mandatory nodes that going from `node` to `target` (a result of `follow`) passes by: they are missing."""
    missing: list[Node] = []
    scope, floor = _scope(node)
    while scope is not None and scope is not target.parent:
        missing += [child for child in scope.sequence if child.mandatory and child.order > floor]
        floor, scope = scope.order, scope.parent
    if scope is not None:
        missing += [child for child in scope.sequence if child.mandatory and floor < child.order < target.order]
    return missing
