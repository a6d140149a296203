"""What no row asked for, counted, and what was wrong with what a row did ask for, in sentences.

Knows: one reading when it is over. Does not know: how it was read, what a finding does.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Node
from d365edi.maps.fields import Model, absent
from d365edi.maps.mapping_tree import MappingNode, Pair, Rule
from d365edi.maps.run_state import RunState

ENVELOPE = frozenset({"ST", "SE", "UNH", "UNT"})
MEANING = {
    "SDQ": "quantities for single stores",
    "SLN": "components of a line",
    "SCH": "deliveries at several dates",
    "SAC": "an allowance or charge",
    "ALC": "an allowance or charge",
    "SCC": "deliveries at several dates",
    "ADX": "a deduction or another adjustment",
}
"""Segments that change what is ordered, billed or paid, in words."""
RESOLVED = frozenset({"unit"})
"""Fields whose unknown words are asked of D365 before anyone is bothered."""


Where = Callable[[Sequence[list[str]], int, int, int], Position]
"""Where an element and a component of it, of the row at an index, stand in the words of their language."""


def segment(rows: Sequence[list[str]], index: int, element: int, component: int) -> Position:  # noqa: ARG001
    """A place in a message: the segment's ordinal, its id and the element."""
    return Position(ordinal=index + 1, segment=rows[index][0], element=element)


def where(node: MappingNode, prefix: str = "") -> dict[str, str]:
    """The path that each field is read at, by the field's name without list positions."""
    found: dict[str, str] = {}
    here = f"{prefix}{node.list_field}." if node.list_field else prefix
    rows: list[Rule | Pair] = [*node.rules, *node.pairs]
    for row in rows:
        if not row.echo:
            found.setdefault(here + row.name, row.row.paths[0])
    for inner in node.children:
        for name, path in where(inner, here).items():
            found.setdefault(name, path)
    return found


def wrong(state: RunState, rows: Sequence[list[str]], stands: Where = segment) -> Iterator[Finding]:
    """The values that could not be taken, and the words that no code table has."""
    for row, value, trouble, index in state.findings:
        at = stands(rows, index, *_address(row))
        if trouble:
            message, remedy = f'{row.name}: "{value}" at {at} {trouble}', "ask the partner for a correct one"
            yield Finding("document", "error", "", message, at, value, remedy, "value")
        else:
            field = row.name.rpartition(".")[2]
            message = f'{row.name}: the word "{value}" at {at} is in no code table'
            remedy = f'add it to the partner\'s codes: [codes.{field}] {value} = "..."'
            yield Finding(
                "document", "warning" if field in RESOLVED else "error", "", message, at, value, remedy, "code"
            )


def _address(row: Rule | Pair) -> tuple[int, int]:
    """Where a row's value stands; a pair may stand anywhere."""
    return (row.element, row.component) if isinstance(row, Rule) else (0, 0)


def unbuilt(
    model: Model, values: Mapping[str, Any], error: Exception, paths: dict[str, str], document: str
) -> Iterator[Finding]:
    """Why these values make no document: every field that is missing, else what `error` says."""
    troubles = dict.fromkeys(absent(model, values), "is missing")
    if not troubles:
        said, _, at = str(error).partition(" - at `$.")
        troubles = {re.sub(r"\[\d+]", "", at.rstrip("`")): f"cannot be taken: {said}"}
    for name, trouble in troubles.items():
        place = f" ({paths[name]})" if name in paths else ""
        position, message = (
            Position(segment=paths.get(name, "")[:3]),
            f"{name}{place} of the {_spaced(document)} {trouble}",
        )
        remedy = "ask the partner for a complete message, or correct the map's row"
        yield Finding("document", "error", "", message, position, "", remedy, "document")


def unmapped(state: RunState, nodes: Sequence[Node | None], rows: Sequence[list[str]]) -> Iterator[Finding]:
    """Segments and elements that no row asked for, each kind once with its count."""
    counts: dict[tuple[str, bool], list[int]] = {}
    for index in sorted((*state.passed, *state.left)):
        node, id = nodes[index], rows[index][0]
        if id in ENVELOPE:
            continue
        path = node.path if node is not None else id
        matters = id in MEANING and (id != "SAC" or rows[index][1:2] in (["A"], ["C"]))
        counts.setdefault((path, matters), []).append(index)
    for (path, matters), at in counts.items():
        id = path.rpartition("/")[2]
        times = f" ({len(at)} times)" if len(at) > 1 else ""
        position = Position(ordinal=at[0] + 1, segment=id)
        if matters:
            message = f"{path}{times} says {MEANING[id]}, and no row of the map reads it"
            remedy = f'add a row for it, or ignore = ["{id}"] to the flow, then release it'
            yield Finding("document", "warning", "", message, position, "", remedy, "meaning", holds=True)
        else:
            yield _note(f"{path}{times} is read by no row of the map", position)
    for (mapping, element, component), at in state.unasked.items():
        times = f" ({len(at)} times)" if len(at) > 1 else ""
        node = mapping.node
        position = Position(ordinal=at[0] + 1, segment=node.id, element=element, component=component)
        place = f"{node.path}{element:02d}" + (f"-{component}" if component else "")
        yield _note(f"{place}{times} is read by no row of the map", position)


def _note(message: str, position: Position) -> Finding:
    return Finding("document", "note", "", message, position, rule="unmapped")


def _spaced(name: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip(" ")
