"""The notation that guides are written in: each mark means one thing, and what is no notation is refused."""

from __future__ import annotations

import pytest

from d365edi.edi import guide_notation
from d365edi.edi.guide import Element, Node, Segment
from d365edi.edi.guide_notation import Era

OLD, BETWEEN, NEW = Era(True, False), Era(True, True), Era(False, True)


def lookup(number: str) -> Element:
    return guide_notation.element(number, f"AN 1/{int(number) if number.isdigit() else 9} Element {number}")


def shown(segment: Segment) -> str:
    """Elements as `128! 127`, notes behind them."""
    elements = [
        one.number + "!" * one.mandatory + (f"^{one.repeat}" if one.repeat > 1 else "") for one in segment.elements
    ]
    notes = [note.kind + "".join(f"{at:02d}" for at in note.elements) for note in segment.notes]
    return " ".join([*elements, *notes, *(["..."] if segment.open else [])])


def drawn(node: Node) -> str:
    """A tree in the notation, without versions."""
    parts = []
    for child in node.sequence:
        use = "" if child.max_use == 1 else f"*{child.max_use or ''}"
        word = child.id + "!" * child.mandatory + use
        parts.append(
            f"{{{word}: {drawn(child)}}}" if child.loop and child.sequence else f"{{{word}}}" if child.loop else word
        )
    return " ".join(parts)


ELEMENTS = [
    ("AN 1/30 Reference", ("Reference", "AN", 1, 30)),
    ("N2 1/15 Amount", ("Amount", "N2", 1, 15)),
    ("ID 2/2", ("127", "ID", 2, 2)),
    ("DT 8/8 Date of the order", ("Date of the order", "DT", 8, 8)),
]


@pytest.mark.parametrize(("text", "expected"), ELEMENTS)
def test_an_element_has_a_type_two_lengths_and_a_name(text: str, expected: tuple[str, str, int, int]) -> None:
    element = guide_notation.element("127", text)
    assert (element.name, element.type, element.min, element.max) == expected


def test_an_element_without_a_name_keeps_the_name_it_had() -> None:
    assert (
        guide_notation.element("127", "AN 1/50", guide_notation.element("127", "AN 1/30 Reference")).name == "Reference"
    )


@pytest.mark.parametrize("text", ["", "AN", "AN 1", "AN 1-30 Reference", "AN a/b x", "1/30 AN"])
def test_what_is_no_element_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no element"):
        guide_notation.element("127", text)


SEGMENTS = [
    ("Reference: 128! 127 352", OLD, "128! 127 352"),
    ("Reference: 128! 127 | R0203", OLD, "128! 127 R0203"),
    ("Pairs: 350 (235 234)*3 93", OLD, "350 235 234 235 234 235 234 93"),
    ("Once: 350 (235! 234!)*2", OLD, "350 235! 234! 235 234"),
    ("New: 128! 127+ 352-", OLD, "128! 352"),
    ("New: 128! 127+ 352-", NEW, "128! 127"),
    ("New: 128! 127+ 352-", BETWEEN, "128! 127 352"),
    ("Must: 128!+ 127!-", OLD, "128 127!"),
    ("Must: 128!+ 127!-", NEW, "128! 127"),
    ("Notes: 128 127 | P0102+ C0201-", OLD, "128 127 C0201"),
    ("Notes: 128 127 | P0102+ C0201-", NEW, "128 127 P0102"),
    ("Must: 128!+ 127!-", BETWEEN, "128 127"),
    ("Notes: 128 127 | P0102+ C0201- R0102", BETWEEN, "128 127 R0102"),
    ("From: 128!+004060 127-004050 352+004050", Era(True, True, "004040"), "128 127"),
    ("From: 128!+004060 127-004050 352+004050", Era(True, True, "004050"), "128 352"),
    ("From: 128!+004060 127-004050 352+004050", Era(True, True, "004060"), "128! 352"),
    ("From: 128 127 | P0102+004060 C0201-004060", Era(True, True, "004060"), "128 127 P0102"),
    ("From: 128 127 | P0102+004060 C0201-004060", Era(True, True, "004050"), "128 127 C0201"),
    ("Again: C998!^10 721", NEW, "C998!^10 721"),
    ("Open: 128! ...", OLD, "128! ..."),
    ("Open: ...", OLD, "..."),
    ("With: a colon: 128!", OLD, "128!"),
    ("None: ", OLD, ""),
    ("Long: 1 2 3 | L13101112 P020304", OLD, "1 2 3 L13101112 P020304"),
]


@pytest.mark.parametrize(("text", "era", "expected"), SEGMENTS)
def test_a_segment_is_a_row_of_elements_with_notes(text: str, era: Era, expected: str) -> None:
    assert shown(guide_notation.segment("REF", text, lookup, era)) == expected


def test_elements_know_their_position_and_the_segment_its_name() -> None:
    segment = guide_notation.segment("REF", "With: a colon: 128! 127 (235 234)*2", lookup, OLD)
    assert segment.name == "With: a colon"
    assert [element.position for element in segment.elements] == [1, 2, 3, 4, 5, 6]
    assert segment.element(2) == segment.elements[1]
    assert [segment.element(at) for at in (0, 7)] == [None, None]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("X: 128 abc", "names no element"),
        ("X: 128 | Q0102", "is no relational note"),
        ("X: 128 | P01 2", "is no relational note"),
        ("X: 128 | P1", "note"),
    ],
)
def test_what_is_no_segment_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        guide_notation.segment("X", text, lookup, OLD)


TREES = [
    ("ST! BEG! REF* PER*3 SE!", OLD, "ST! BEG! REF* PER*3 SE!"),
    ("ST! {N1*200: N2*2 N3*2 N4} SE!", OLD, "ST! {N1*200: N2*2 N3*2 N4} SE!"),
    ("ST! {PO1!*: PID* {SAC*25: CUR} {SLN}} {CTT: AMT} SE!", OLD, "ST! {PO1!*: PID* {SAC*25: CUR} {SLN}} {CTT: AMT} SE!"),
    ("ST! MSG*10- MTX*+ SE!", OLD, "ST! MSG*10 SE!"),
    ("ST! MSG*10- MTX*+ SE!", NEW, "ST! MTX* SE!"),
    ("ST! MSG*10- MTX*+ SE!", BETWEEN, "ST! MSG*10 MTX* SE!"),
    ("ST! {SAC*25-: TXI*10} {SAC*+: {TXI*: DTM}} SE!", OLD, "ST! {SAC*25: TXI*10} SE!"),
    ("ST! {SAC*25-: TXI*10} {SAC*+: {TXI*: DTM}} SE!", NEW, "ST! {SAC*: {TXI*: DTM}} SE!"),
    ("ST! {SAC*25-: TXI*10} {SAC*+: {TXI*: DTM}} SE!", BETWEEN, "ST! {SAC*: {TXI*: DTM}} SE!"),
    ("ST! TD3*12- {TD3*12+: AT9} SE!", BETWEEN, "ST! {TD3*12: AT9} SE!"),
    ("ST!\n{N9*:\n    DTM*} SE!", OLD, "ST! {N9*: DTM*} SE!"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "era", "expected"), TREES)
def test_a_tree_is_nested_as_it_is_written(text: str, era: Era, expected: str) -> None:
    root, nodes = guide_notation.tree(text, lambda id: Segment(id, id, ()), era)
    assert drawn(root) == expected
    assert [node.index for node in nodes] == list(range(len(nodes)))
    for node in nodes[1:]:
        assert node.parent is not None
        assert node.parent.sequence[node.order] is node
        assert node in node.parent.children[node.id]


def test_a_path_names_the_loops_down_to_a_node() -> None:
    _, nodes = guide_notation.tree("ST! {PO1*: PID {N1*: N3}} SE!", lambda id: Segment(id, id, ()), OLD)
    assert [node.path for node in nodes] == ["", "ST", "PO1", "PO1/PID", "PO1/N1", "PO1/N1/N3", "SE"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ""), ("AA ZZ", "AA ZZ"), ("AA-AD N1", "AA AB AC AD N1"), ("08-12", "08 09 10 11 12"), ("8-11", "8 9 10 11"),
        ("A8-B1", "A8 A9 B0 B1"), ("AZ-BB", "AZ BA BB"), ("1Y-2A", "1Y 1Z 2A"), ("ABZ-ACA", "ABZ ACA"), ("A-C", "A B C"),
        ("A010\nA9-A9", "A010 A9"),
    ],
)  # fmt: skip
def test_a_range_of_codes_is_counted_up(text: str, codes: str) -> None:
    assert list(guide_notation.codes(text)) == codes.split()


@pytest.mark.parametrize("text", ["B-A", "AB-AA", "12-11", "AA-A", "A-9"])
def test_a_range_of_codes_that_does_not_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no range of codes"):
        list(guide_notation.codes(text))
