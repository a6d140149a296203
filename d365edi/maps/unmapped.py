"""What no row asked for, counted, and what was wrong with what a row did ask for, in sentences.

Knows: one reading when it is over. Does not know: how it was read, what a finding does.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from d365edi.edi import release
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Node
from d365edi.maps.fields import Model, absent
from d365edi.maps.mapping_tree import MappingNode, Pair, Rule
from d365edi.maps.meaning import Meaning, Meanings, code, said_twice
from d365edi.maps.run_state import RunState

CODE = 3
"""Characters that a code of EDIFACT has at most."""
LEFT, AGAIN, REST = "left", "again", "rest"
"""Why no row of its own took a segment: no row and no list did, or a list did because one is read already, or because there is
none."""
UNREAD = "and no row of the map reads it"
LINES = frozenset({"LIN", "PO1"})
"""Segments that are a line: what one of their elements says is not passed over with all else that they say."""
OF_A_LINE = "line"
"""The rule of a finding about such an element, which no `ignore` of the segment covers."""
ENVELOPE = frozenset({"ST", "SE", "UNH", "UNT"})
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
            remedy = f'add it to the partner\'s codes: [partners.NAME.codes.{field}] {value} = "..."'
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


def unmapped(
    state: RunState, nodes: Sequence[Node | None], rows: Sequence[list[str]], meanings: Meanings
) -> Iterator[Finding]:
    """Segments and elements that no row asked for, each kind once with its count; `meanings` are those that hold."""
    counts: dict[tuple[str, str, str], list[int]] = {}
    for index in sorted((*state.passed, *state.left)):
        if rows[index][0] not in ENVELOPE:
            counts.setdefault(_kind(state, nodes[index], rows[index], meanings), []).append(index)
    for how, indexes, asked in ((AGAIN, state.again, meanings.again), (REST, state.rest, meanings.unused)):
        for index in indexes if asked else ():
            node = nodes[index]
            if node is None or node.index not in asked:
                continue
            kind = _kind(state, node, rows[index], meanings, how)
            if kind[1]:
                counts.setdefault(kind, []).append(index)
    for index, node, meaning in said_twice(state.again, nodes, rows, meanings, state.component):
        twice = (_named(node, rows[index], state.component), meaning.words, "and another one is read already")
        counts.setdefault(twice, []).append(index)
    for (path, words, end), at in counts.items():
        times = f" ({len(at)} times)" if len(at) > 1 else ""
        position = Position(ordinal=at[0] + 1, segment=rows[at[0]][0] if words else path.rpartition("/")[2])
        if words:
            yield _holding(f"{path}{times} says {words}, {end}", position)
        else:
            yield _note(f"{path}{times} is read by no row of the map", position)
    yield from _elements(state, rows, meanings)


def _kind(
    state: RunState, node: Node | None, row: list[str], meanings: Meanings, how: str = LEFT
) -> tuple[str, str, str]:
    """The path of a segment, what it says where that changes the meaning, and the end of that sentence."""
    if node is None:
        return row[0], "", ""
    for each in meanings.get(node.index, ()):
        known = each.unused if how == REST else not each.unused and (each.again or how == LEFT)
        if not (each.element or each.twice) and known and each.asks(row, state.component):
            end = "and nothing uses it" if each.unused else "and one is read already" if each.again else UNREAD
            return _named(node, row, state.component), each.words, end
    return node.path, "", ""


def _named(node: Node, row: list[str], component: str) -> str:
    """The path of a segment with its qualifier, where that is a code."""
    at = node.segment.qualifier
    described = node.segment.element(at)
    if described is None or not (described.type == "ID" or (described.components or (described,))[0].max <= CODE):
        return node.path
    found = code(row, at, component)
    return f"{node.path}[{found}]" if found else node.path


def _elements(state: RunState, rows: Sequence[list[str]], meanings: Meanings) -> Iterator[Finding]:
    """Elements that no row asked for."""
    for (mapping, element, component), indexes in state.unasked.items():
        node = mapping.node
        said: dict[Meaning | None, list[int]] = {}
        wanted = [one for one in meanings.get(node.index, ()) if (one.element, one.component) == (element, component)]
        for index in indexes:
            value = _value(rows[index], element, component, state.component)
            fine = partial(_fine, value, rows[index], state.component)
            asked = (one for one in wanted if not fine(one) and one.asks(rows[index], state.component))
            meaning = next(asked, None)
            said.setdefault(meaning, []).append(index)
        for meaning, at in said.items():
            times = f" ({len(at)} times)" if len(at) > 1 else ""
            position = Position(ordinal=at[0] + 1, segment=node.id, element=element, component=component)
            place = f"{node.path}{element:02d}" + (f"-{component}" if component else "")
            if meaning is not None:
                place = f"{_named(node, rows[at[0]], state.component)}{place.removeprefix(node.path)}"
                message = f"{place}{times} says {meaning.words}, {UNREAD}"
                yield _of_line(message, position, meaning) if node.id in LINES else _holding(message, position)
            else:
                yield _note(f"{place}{times} is read by no row of the map", position)


def _fine(value: str, row: list[str], separator: str, meaning: Meaning) -> bool:
    """Whether a value says nothing of its kind: one of those that are named, or the same as another place of the segment."""
    places = (each.removeprefix("=").partition("-") for each in meaning.fine if each.startswith("="))
    same = (_value(row, int(element), int(component or 0), separator) for element, _, component in places)
    return value in meaning.fine or value in same


def _value(row: list[str], element: int, component: int, separator: str) -> str:
    """The text at an address of a segment."""
    parts = row[element].split(separator) if component else [row[element]]
    return release.data(parts[max(component, 1) - 1]) if len(parts) >= component else ""


def _holding(message: str, position: Position) -> Finding:
    remedy = f'add a row for it, or ignore = ["{position.segment}"] to the flow, then release it'
    return Finding("document", "warning", "", message, position, "", remedy, "meaning", holds=True)


def _of_line(message: str, position: Position, meaning: Meaning) -> Finding:
    """To ignore LIN passes over lines that are parts of another one as well, so the row of the element is named."""
    row = f"{json.dumps(meaning.row)} = false under map.meaning of the flow"
    remedy = f"ask the partner what it means; where it is a line as any other write {row}, then release it"
    return Finding("document", "warning", "", message, position, "", remedy, OF_A_LINE, holds=True)


def _note(message: str, position: Position) -> Finding:
    return Finding("document", "note", "", message, position, rule="unmapped")


def _spaced(name: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip(" ")
