"""The quick look at a set's figures says yes only where the thorough one has nothing to say, and says it to right sets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from d365edi.edi import checkdigit, guides
from d365edi.edi.findings import Position
from d365edi.edi.x12 import fits, layout, totals
from d365edi.edi.x12.lines import Set
from tests.edi import make


@pytest.fixture(params=[layout.KNOWN, 0], ids=["by form", "in columns"])
def forms(request: pytest.FixtureRequest) -> Iterator[int]:
    """Both ways to the figures of lines: how many forms of them may be remembered."""
    layout._met.cache_clear()
    yield request.param
    layout._met.cache_clear()


BODIES = {
    "850": make.ORDER, "855": make.ACKNOWLEDGED, "860": make.CHANGE, "810": make.INVOICE,
}  # fmt: skip
LINES = {"850": "PO1*{}*{}*EA*{}*PE*{}", "810": "IT1*{}*{}*EA*{}*PE*{}"}


def _fits(id: str, body: list[str] | tuple[str, ...], forms: int) -> bool:
    segments = [segment.encode() for segment in body]

    return fits.fit(id, b"*", lambda head: [raw for raw in segments if raw[:3] == head], forms)


def _told(id: str, body: list[str]) -> list[str]:
    guide = guides.load("X12", id, "004010")
    assert guide is not None
    top = {node.id: node for node in reversed(guide.nodes)}
    nodes = [top[segment.split("*")[0]] for segment in body]
    found = totals.check(Set(id, [segment.encode() for segment in body], nodes, b"*", Position))
    return [finding.message for finding in found]


@pytest.mark.parametrize("id", BODIES)
def test_a_right_set_fits(forms: int, id: str) -> None:
    assert _fits(id, BODIES[id], forms)


@pytest.mark.parametrize("id", ["856", "820", "997"])
def test_sets_without_lines_of_articles_are_left_to_the_thorough_look(forms: int, id: str) -> None:
    assert not _fits(id, make.SHIPMENT, forms)


LINE = "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100"
ODD = [
    ("CTT*2*178", "CTT*3*178"), ("CTT*2*178", "CTT*2*179"), ("CTT*2*178", "CTT*2*x"), ("CTT*2*178", "CTT"),
    ("CTT*2*178", "CTT*2*178*9"), (LINE, "PO1"), (LINE, "PO1*1*120.0*EA*12.5"), (LINE, LINE.replace("12*VN", "13*VN")),
    (LINE, LINE.replace("UP*6", "UP*")), (LINE, LINE.replace("UP*6", "UK*6")), (LINE, "PO1*1*120*EA*1*WE*UP*UP*614141000012"),
    (LINE, "PO1*1*120*EA*1*WE*VN*UP*614141000013"), (LINE, "PO1*1*120*EA*.5*PE*VN*UP"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), ODD)
def test_what_is_odd_does_not_fit(forms: int, old: str, new: str) -> None:
    assert not _fits("850", [new if segment == old else segment for segment in make.ORDER], forms)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CTT*2*178", "CTT*2"),
        ("CTT*2*178", "CTT*02*0178"),
        (LINE, "PO1*1*120*EA"),
        (LINE, "PO1*1*120*EA*1*PE*EN*4006381333931*UK*00614141000012*EO*96385074"),
    ],
)
def test_lines_of_one_set_may_differ(forms: int, old: str, new: str) -> None:
    assert _fits("850", [new if segment == old else segment for segment in make.ORDER], forms)


@pytest.mark.parametrize(
    ("body", "fit"),
    [
        (["IT1*1*3*EA*.3333", "IT1*2*2*EA*10", "TDS*2100"], True),
        (["IT1*1*3*EA*.3333", "IT1*2*2*EA*10", "TDS*2101"], True),
        (["IT1*1*3*EA*.3333", "IT1*2*2*EA*10", "TDS*2102"], False),
        (["IT1*1*3*EA*1.12345", "TDS*337"], True),
        (["IT1*1*3*EA*1", "TDS*3.00"], False),
        (["IT1*1*3*EA*1", "TDS*400", "SAC*C*D240***100"], True),
        (["IT1*1*3*EA*1", "TDS*400", "SAC*C*D240***100", "SLN*1**I"], False),
        (["IT1*1*3*EA*1", "TDS*400", "TXI*ST*1"], True),
        (["IT1*1*3*EA*1", "TDS*300", "TXI*ST*1"], True),
        (["IT1*1*3*EA*1", "TDS*350", "TXI*ST*1"], False),
        (["IT1*1*3*EA*1", "TDS*350", "TXI*ST*x"], False),
        (["IT1*1*3*EA*1"], True),
    ],
)
def test_an_invoice_fits_to_half_a_cent_a_line(forms: int, body: list[str], fit: bool) -> None:
    assert _fits("810", body, forms) is fit


quantities = st.sampled_from(["1", "07", "120", "", "1.5", "-3", "1_0", "x"])
prices = st.sampled_from(["1", "12.5", ".33", "0.123456", "", "1E2", "-4", "7."])
numbers = st.one_of(
    st.sampled_from(
        ["UP*614141000012", "EN*4006381333931", "UP*614141000013", "UP*UP*614141000012", "EO*9638507", "VN*X*UP"]
    ),
    st.integers(0, 10**11 - 1).map(lambda n: f"UP*{n:011d}{checkdigit.digit(f'{n:011d}')}"),
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["850", "810"]),
    st.lists(st.tuples(quantities, prices, numbers), min_size=1, max_size=4),
    st.integers(-2, 2),
    st.sampled_from([None, 0, 1, 5]),
    st.lists(st.sampled_from(["SAC*C*D240***100", "SAC*A*C310***50", "TXI*ST*1", "TXI*ST"]), max_size=2),
)
def test_what_fits_has_nothing_to_be_explained(
    forms: int, id: str, lines: list[tuple[str, str, str]], off: int, total: int | None, more: list[str]
) -> None:
    body = [LINES[id].format(at, *line) for at, line in enumerate(lines, 1)]
    whole = [int(quantity) for quantity, _, _ in lines if quantity.isdigit()]
    if total is not None:
        body.append(f"CTT*{len(lines)}*{sum(whole) + off % 2 * total}")
    if id == "810":
        goods = sum(int(q) * float(p) for q, p, _ in lines if q.isdigit() and p.replace(".", "").isdigit())
        body += [f"TDS*{round(goods * 100) + off}", *more]
    if _fits(id, body, forms):
        assert _told(id, body) == []
