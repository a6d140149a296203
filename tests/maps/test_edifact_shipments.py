"""Ship notices in EDIFACT: who stands on whom is read from CPS in every way that senders say it, and comes back as written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from d365edi.documents import ShipNotice
from tests.maps.drawn import Values, codes, days, maybe, some
from tests.maps.test_round_trip import compact
from tests.maps.wire_edifact import DIRECTORIES, interchange, plain, report, sets

HEAD = ["BGM+351+S1+9", "DTM+137:20260112:102"]
PALLET = ["PAC+1++201", "PCI+33E", "GIN+BJ+354107380000001051"]
A, B = ["LIN+1++A:BP", "QTY+12:1"], ["LIN+2++B:BP", "QTY+12:2"]


def shown(level: Any) -> Any:
    """The levels of a shipment, short: what each holds, by the name of its list."""
    found = {name: [shown(each) for each in getattr(level, name, ())] for name in ("orders", "pallets", "packs")}
    found["lines"] = [line.item.buyer for line in getattr(level, "lines", ())]
    name = getattr(level, "sscc", None) or getattr(level, "number", None)
    return name, {key: value for key, value in found.items() if value}


READ: dict[str, tuple[list[str], Any]] = {
    "lines only": ([*HEAD, "CPS+1", *A, *B], {"lines": ["A", "B"]}),
    "lines of an order": ([*HEAD, "RFF+ON:7", "CPS+1", *A], {"orders": [("7", {"lines": ["A"]})]}),
    "pallets": (
        [*HEAD, "RFF+ON:7", "CPS+1", "CPS+2+1+3", *PALLET, *A, "CPS+3+1+3", "PAC+1", *B],
        {"orders": [("7", {"pallets": [("354107380000001051", {"lines": ["A"]}), (None, {"lines": ["B"]})]})]},
    ),
    "packages on a pallet, told by who is above whom": (
        [*HEAD, "CPS+1", "CPS+2+1", "CPS+3+2", *A, "CPS+4+2", *B],
        {"pallets": [(None, {"packs": [(None, {"lines": ["A"]}), (None, {"lines": ["B"]})]})]},
    ),
    "packages on a pallet, told by their levels": (
        [*HEAD, "CPS+1", "CPS+2+1+3", "CPS+3+2+1", *A],
        {"pallets": [(None, {"packs": [(None, {"lines": ["A"]})]})]},
    ),
    "packages and no consignment above them": (
        [*HEAD, "CPS+1++3", *A, "CPS+2++3", *B],
        {"pallets": [(None, {"lines": ["A"]}), (None, {"lines": ["B"]})]},
    ),
    "packages in no order of numbers": (
        [*HEAD, "RFF+ON:7", "CPS+10", "CPS+20+10+1", *A],
        {"orders": [("7", {"packs": [(None, {"lines": ["A"]})]})]},
    ),
    "several orders": ([*HEAD, "RFF+ON:7", "RFF+ON:8", "CPS+1", *A], {"lines": ["A"]}),
    "nothing": (HEAD, {}),
}


@pytest.mark.parametrize("what", READ)
def test_levels_are_read_however_they_are_said(what: str) -> None:
    lines, expected = READ[what]
    reading = plain("DESADV", "D96A")[0].read(report("DESADV", lines))
    assert [str(each) for each in reading.findings] == []
    assert shown(reading.document) == ("S1", expected)


@pytest.mark.parametrize("name", ["edifact_DESADV_golden-D01B"])
def test_a_right_sample_is_written_as_it_was(corpus: Path, name: str) -> None:
    reader, writer = plain("DESADV", "D01B")
    data = (corpus / f"{name}.edi").read_bytes()
    document = reader.read(sets(data)[0]).document
    theirs = {line.decode() for line in data.replace(b"\n", b"").replace(b"::9'", b"'").split(b"'")}
    ours = interchange("DESADV", writer.write(document), "D01B").replace(b"::9'", b"'").decode().split("'")
    assert [each for each in ours[2:-3] if each not in theirs | {"TDT+20++30"}] == []


@st.composite
def line(draw: DrawFn) -> Values:
    """A line of a shipment."""
    values = {
        "number": str(draw(st.integers(1, 99))),
        "item": some({"buyer": draw(maybe(codes(5)))}),
        "quantity": draw(maybe(st.decimals(0, 9999, places=2))),
        "batch": draw(maybe(codes(6))),
        "expires": draw(maybe(days)),
    }
    return some({**values, "kept": {"item.buyer": "IN"} if values["item"] else {}})


def lines(least: int = 1) -> Any:
    return st.lists(line(), min_size=least, max_size=2).map(tuple)


@st.composite
def pack(draw: DrawFn) -> Values:
    """A package."""
    sscc = draw(maybe(st.text("0123456789", min_size=18, max_size=18)))
    return some(
        {
            "sscc": sscc,
            "packages": some({"count": draw(maybe(st.integers(1, 9).map(Decimal)))}),
            "lines": draw(lines()),
            "kept": {"sscc": "BJ"} if sscc else {},
        }
    )


@st.composite
def pallet(draw: DrawFn) -> Values:
    """A pallet with lines or with packages."""
    values: Values = draw(pack())
    if draw(st.booleans()):
        values.pop("lines")
        values["packs"] = tuple(draw(st.lists(pack(), min_size=1, max_size=2)))
    return values


@st.composite
def shipments(draw: DrawFn) -> ShipNotice:
    """A shipment for one order, or for none."""
    inside: Values = some(
        {
            "lines": draw(lines(0)),
            "packs": tuple(draw(st.lists(pack(), max_size=2))),
            "pallets": tuple(draw(st.lists(pallet(), max_size=2))),
        }
    )
    ordered = draw(st.booleans())
    if inside and ordered:
        inside = {"orders": ({"number": draw(codes(8)), "date": draw(maybe(days)), **inside},)}
    return ShipNotice.model_validate({"number": "S1", "purpose": "9", "date": draw(days), **inside})


@pytest.mark.parametrize("directory", DIRECTORIES)
@settings(deadline=None, max_examples=25)
@given(shipment=shipments())
def test_a_shipment_comes_back_as_it_was_written(directory: str, shipment: ShipNotice) -> None:
    reader, writer = plain("DESADV", directory)
    message = sets(interchange("DESADV", writer.write(shipment), directory))[0]
    reading = reader.read(message)
    assert [str(each) for each in (*reading.findings, *reading.unmapped)] == []
    assert compact(reading.document) == compact(shipment)


def test_lines_of_several_orders_say_their_order() -> None:
    orders = ",".join(f'{{"number":"{number}","lines":[{{"number":"1"}}]}}' for number in "78")
    shipment = ShipNotice.from_json(f'{{"number":"S1","date":"2026-01-12","orders":[{orders}]}}')
    body = plain("DESADV", "D96A")[1].write(shipment)
    assert [segment for segment in body if segment[0] in ("CPS", "LIN", "RFF")] == [
        ["CPS", "1"], ["LIN", "1"], ["RFF", ("ON", "7")], ["LIN", "1"], ["RFF", ("ON", "8")]
    ]  # fmt: skip
