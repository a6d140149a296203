"""Every segment of the guide, put into an order without a fault at its place with all of its elements: what it says is in the
document, or a note names it, or the order holds. For both standards, over the whole guide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from d365edi.edi import guides, reader
from d365edi.edi.guide import Element, Guide, Node, Segment
from d365edi.edi.interchange import SetReport
from d365edi.edi.syntax import Standard
from d365edi.flows.reparse import problems, read_set
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.reader import Reader, Reading
from d365edi.maps.table import load
from tests.unread import EDIFACT, X12, edifact, x12

SETS = {"X12": ("850", "004010", X12), "EDIFACT": ("ORDERS", "D96A", EDIFACT)}
SIGNS = {"X12": ("*", ">"), "EDIFACT": ("+", ":")}
ENVELOPE = ("ST", "SE", "UNH", "UNT", "UNS")


@dataclass(frozen=True)
class Told:
    """What a segment that is put in says: for each element of text or a figure how it is sent, and how a document says it."""

    element: int
    component: int
    sent: str
    kept: str


@cache
def guide(standard: Standard) -> Guide:
    set, version, _ = SETS[standard]
    found = guides.load(standard, set, version)
    assert found is not None
    return found


@cache
def mapper(standard: Standard) -> Reader | EdifactReader:
    known = [
        each for version in guides.VERSIONS[standard] if (each := guides.load(standard, SETS[standard][0], version))
    ]
    if standard == "X12":
        return Reader(load("x12", "850"), guide("X12"), versions=known)
    return EdifactReader(load("edifact", "ORDERS"), guide("EDIFACT"), versions=known)


def parsed(standard: Standard, body: Sequence[str]) -> SetReport:
    data = x12(body) if standard == "X12" else edifact(body)
    (found,) = reader.read(data).interchanges[0].groups[0].sets
    return found


@cache
def base(standard: Standard) -> tuple[list[str], list[Node]]:
    """The order without a fault, and where its segments stand."""
    body = list(SETS[standard][2])
    nodes = parsed(standard, body).nodes[1:-1]
    assert None not in nodes
    return body, [guide(standard).nodes[node.index] for node in nodes if node is not None]


def nodes_of(standard: Standard) -> list[Node]:
    return [node for node in guide(standard).nodes[1:] if node.id not in ENVELOPE]


# -- making -----------------------------------------------------------------------------------------------------------
def value(standard: Standard, element: Element, turn: int) -> tuple[str, str]:
    """A value of an element as it is sent, and as a document has it; "" for codes, which the maps have words for."""
    if element.number == "2379":
        return "102", ""
    if element.codes or element.type == "ID" or (standard == "EDIFACT" and element.max <= 3 and element.type != "n"):
        code = next(iter(element.codes)) if element.codes else "Z" * max(element.min, min(element.max, 2))
        return code, ""
    if element.type == "DT":
        return "20261231"[-element.max :], "2026-12-31"
    if element.type == "TM":
        return "1234", "1234"
    if element.number == "2380":
        return "20261231", "2026-12-31"
    figure = str(71 + turn)
    if element.type in ("R", "n") or element.type.startswith("N"):
        places = int(element.type[1:]) if element.type[1:].isdigit() else 0
        text = figure[-element.max :].rjust(element.min, "1") if element.max < 2 else figure
        if places:
            return text, f"{int(text) / 10**places:.{places}f}"
        return text, text if element.max > 1 else ""
    text = f"Q{figure}".ljust(element.min, "X")
    return (text, text) if len(text) <= element.max else ("Q" * element.max, "")


def made(standard: Standard, segment: Segment) -> tuple[str, list[Told]]:
    """A segment with all of its elements, and what they say; not that of its qualifier."""
    separator, sub = SIGNS[standard]
    parts, told = [segment.id], list[Told]()
    for element in segment.elements[:12]:
        inner = []
        for part in element.components or (element,):
            sent, kept = value(standard, part, len(told))
            inner.append(sent)
            component = part.position if element.components else 0
            if kept and element.position != (segment.qualifier if not element.components else 0):
                told.append(Told(element.position, component, sent, kept))
        parts.append(sub.join(inner))
    return separator.join(parts), told


def put(standard: Standard, node: Node) -> tuple[list[str], int]:
    """The order with a segment at its place, and its index; with the segments that open the loops around it."""
    body, nodes = base(standard)
    body, nodes = list(body), list(nodes)
    for each in [*loops(node), node]:
        if each is not node and each in nodes:
            continue
        at = place(nodes, each)
        body.insert(at, made(standard, each.segment)[0])
        nodes.insert(at, each)
    return body, at


def loops(node: Node) -> list[Node]:
    """The loops around a place, the outermost first."""
    parent = node.parent
    return [] if parent is None or parent.parent is None else [*loops(parent), parent]


def place(nodes: Sequence[Node], node: Node) -> int:
    """Where a segment belongs: in the first opening of its loop, behind what comes before it there."""
    around = node.parent
    start = 0 if around is None or around.parent is None else nodes.index(around) + 1
    at = start
    for index in range(start, len(nodes)):
        chain = [*loops(nodes[index]), nodes[index]]
        if around is not None and around.parent is not None:
            if around not in chain or nodes[index] is around:
                break
            chain = chain[chain.index(around) + 1 :]
        if chain[0].order > node.order:
            break
        at = index + 1
    return at


# -- the law ----------------------------------------------------------------------------------------------------------
def silent(standard: Standard, node: Node) -> list[Told]:
    """What a segment says that nobody would know of."""
    body, at = put(standard, node)
    report = parsed(standard, body)
    if report.verdict == "R":
        return []
    stands = report.nodes[at + 1]
    assert stands is not None
    assert stands.path == node.path, (node.path, stands.path)
    reading = read_set(mapper(standard), report)
    if problems(reading):
        return []
    said = json.dumps(reading.document.plain())
    return [
        each for each in made(standard, node.segment)[1] if each.kept not in said and not noted(reading, node, each)
    ]


def noted(reading: Reading, node: Node, told: Told) -> bool:
    """Whether a note names the segment, or its element."""
    component = f"-{told.component}" if told.component else ""
    places = {f"{node.path}{told.element:02d}{component}", f"{node.path}{told.element:02d}", node.path, *around(node)}
    return any(finding.message.split(" ")[0].split("[")[0] in places for finding in reading.unmapped)


def around(node: Node) -> list[str]:
    return [each.path for each in loops(node)]


@pytest.mark.parametrize("path", sorted({node.path for node in nodes_of("X12")}))
def test_nothing_that_an_850_can_say_is_dropped(path: str) -> None:
    for node in (node for node in nodes_of("X12") if node.path == path):
        assert silent("X12", node) == []


@pytest.mark.parametrize("path", sorted({node.path for node in nodes_of("EDIFACT")}))
def test_nothing_that_an_orders_can_say_is_dropped(path: str) -> None:
    for node in (node for node in nodes_of("EDIFACT") if node.path == path):
        assert silent("EDIFACT", node) == []


def test_most_of_the_guides_is_put_in_where_it_belongs_and_accepted() -> None:
    for standard in ("X12", "EDIFACT"):
        nodes = nodes_of(standard)
        accepted = [node for node in nodes if parsed(standard, put(standard, node)[0]).verdict != "R"]
        assert len(accepted) > 0.6 * len(nodes), (standard, len(accepted), len(nodes))
