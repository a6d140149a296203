"""Messages are laid flat: each value where the flat guide has it, however its segment is shaped and whichever stand beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi import guides
from d365edi.edi.edifact.segment import apart
from d365edi.edi.edifact.writer import DEFAULT
from d365edi.edi.guide import Node
from d365edi.edi.syntax import Syntax
from d365edi.maps import composites
from d365edi.maps.composites import FlatSegment
from d365edi.maps.laying import Laying

OTHER = Syntax("EDIFACT", "|", "@", "~", "", "\\", ",")
HIGH = Syntax("EDIFACT", "\xab", "\xbb", "'", "", "?", ".")
GUIDE = guides.load("EDIFACT", "ORDERS", "D:96A:UN")
assert GUIDE is not None
NODES = {node.id: node for node in reversed(composites.flat(GUIDE).nodes)}

VALUES = st.sampled_from(["", "", "1", "EN", "ITEM 7", "7 ", "A?+B", "??", "é", "5410000000011"])
ELEMENTS = st.lists(VALUES, min_size=1, max_size=6).map(":".join)


def laid(segments: list[bytes], syntax: Syntax = DEFAULT, *, whole: bool = False) -> list[list[str]]:
    """Segments laid flat, each at the first place that knows it."""
    nodes: list[Node | None] = [NODES.get(raw[:3].decode()) for raw in segments]
    return Laying(syntax, whole=whole).rows(segments, nodes)


def expected(raw: bytes) -> list[str]:
    """The row that a flat segment's plan asks for, without what is empty at its end."""
    segment = NODES[raw[:3].decode()].segment
    assert isinstance(segment, FlatSegment)
    parts = [[part.decode().rstrip(" ") for part in each] for each in apart(raw, DEFAULT)]
    row = [parts[0][0]]
    for (whole, first, count), slots in zip(segment.plan, [segment.slots[p[0]] for p in segment.plan], strict=True):
        values = parts[whole] if whole < len(parts) else []
        found = [value for value in values[first - 1 : first - 1 + count] if value]
        row.append("\x1f".join(values) if len(slots) == 1 else " ".join(found))
    while len(row) > 1 and not row[-1]:
        row.pop()
    return row


def trimmed(row: list[str]) -> list[str]:
    """A row without what is empty at its end."""
    while len(row) > 1 and not row[-1]:
        row = row[:-1]
    return row


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["LIN", "PIA", "IMD", "NAD", "QTY", "RFF", "FTX", "CUX"]), st.lists(ELEMENTS, max_size=5)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_value_stands_where_the_plan_has_it(segments: list[tuple[str, list[str]]]) -> None:
    raw = ["+".join([id, *elements]).encode() for id, elements in segments]
    assert [trimmed(row) for row in laid(raw)] == [expected(one) for one in raw]
    assert [trimmed(row) for row in laid(raw, whole=True)] == [expected(one) for one in raw]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["LIN+1++X:EN", "LIN+2++X:EN", "PIA+1+A:SA", "PIA+1+A:SA+B:IN", "IMD+F", "ZZZ+1"]), max_size=9
    )
)
def test_what_was_laid_before_is_laid_the_same_again(lines: list[str]) -> None:
    segments = [line.encode() for line in lines]
    laying, nodes = Laying(DEFAULT, whole=False), [NODES.get(line[:3]) for line in lines]
    assert laying.rows(segments, nodes) == laying.rows(segments, nodes) == [laid([raw])[0] for raw in segments]


ROWS = [
    ("LIN+1++5410000000011:EN", ["LIN", "1", "", "EN", "5410000000011"]),
    ("IMD+F++:::ONE TEXT", ["IMD", "F", "", "", "", "", "ONE TEXT"]),
    ("IMD+F++:::ONE:TEXT", ["IMD", "F", "", "", "", "", "ONE TEXT"]),
    ("IMD+F++:::" + "X" * 35 + ":YZ", ["IMD", "F", "", "", "", "", "X" * 35 + "YZ"]),
    ("RFF+ON:A?+B", ["RFF", "ON", "A+B"]),
    ("RFF+ON:7 ", ["RFF", "ON", "7"]),
    ("DTM+137:20260105:102", ["DTM", "137", "20260105", "", ""]),
    ("DTM+137:202601051530:203", ["DTM", "137", "20260105", "", "1530"]),
    ("DTM+137:260105:101", ["DTM", "137", "20260105", "", ""]),
    ("DTM+137:050126:2", ["DTM", "137", "20260105", "", ""]),
    ("DTM+137:WEEK 7:ZZZ", ["DTM", "137", "WEEK 7", "ZZZ", ""]),
    ("PRI+AAA:12.5", ["PRI", "AAA", "12.5"]),
    ("PRI+AAA:12.5:::100:PCE", ["PRI", "AAA", "0.125", "", "", "", "PCE"]),
    ("PRI+AAA:12.5:::1", ["PRI", "AAA", "12.5"]),
    ("PRI+AAA:?:::100", ["PRI", "AAA", ":", "", "100"]),
    ("ZZZ+1", ["ZZZ"]),
]


@pytest.mark.parametrize(("text", "row"), ROWS)
def test_habits_of_edifact_become_plain_values(text: str, row: list[str]) -> None:
    assert trimmed(laid([text.encode()])[0]) == trimmed(row)


@pytest.mark.parametrize("syntax", [OTHER, HIGH])
def test_other_service_characters_mean_the_same(syntax: Syntax) -> None:
    raw = b"LIN+1++5410000000011:EN".replace(b"+", syntax.raw.element).replace(b":", syntax.raw.component)
    assert laid([raw, raw], syntax) == [["LIN", "1", "", "EN", "5410000000011"]] * 2


def test_a_whole_row_has_a_place_for_everything() -> None:
    segment = NODES["LIN"].segment
    assert isinstance(segment, FlatSegment)
    assert [len(row) for row in laid([b"LIN+1", b"LIN+2++X:EN"], whole=True)] == [len(segment.plan) + 1] * 2


def test_a_shape_of_a_million_separators_is_laid_and_forgotten() -> None:
    laying = Laying(DEFAULT, whole=False)
    (row,) = laying.rows([b"LIN+1" + b"+" * 1_000_000], [NODES["LIN"]])
    assert trimmed(row) == ["LIN", "1"]
    assert laying.picks == {}
