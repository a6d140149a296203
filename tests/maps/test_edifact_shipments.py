"""Ship notices in EDIFACT: who stands on whom is read from CPS in every way that senders say it, and comes back as written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from d365edi.documents import ShipNotice
from d365edi.edi import guides
from d365edi.errors import DocumentError, SettingsError
from d365edi.maps.edifact.writer import EdifactWriter
from d365edi.maps.table import load
from tests.maps.drawn_despatch import shipments
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
    "several orders and no line that says which": ([*HEAD, "RFF+ON:7", "RFF+ON:8", "CPS+1", *A], {"lines": ["A"]}),
    "several orders, which the lines say": (
        [*HEAD, "CPS+1", *A, "RFF+ON:7", *B, "RFF+ON:8", *A, "RFF+ON:7", *B],
        {"orders": [("7", {"lines": ["A", "A"]}), ("8", {"lines": ["B"]})], "lines": ["B"]},
    ),
    "packages of several orders": (
        [*HEAD, "CPS+1", "CPS+2+1+1", *A, "RFF+ON:7", "CPS+3+1+1", *B, "RFF+ON:8", "CPS+4+1+1", *B, "RFF+ON:7"],
        {
            "orders": [
                ("7", {"packs": [(None, {"lines": ["A"]}), (None, {"lines": ["B"]})]}),
                ("8", {"packs": [(None, {"lines": ["B"]})]}),
            ]
        },
    ),
    "a package for two orders": (
        [*HEAD, "CPS+1", "CPS+2+1+1", *A, "RFF+ON:7", *B, "RFF+ON:8"],
        {"packs": [(None, {"orders": [("7", {"lines": ["A"]}), ("8", {"lines": ["B"]})]})]},
    ),
    "a pallet for two orders, each in a package": (
        [*HEAD, "CPS+1", "CPS+2+1+3", "CPS+3+2+1", *A, "RFF+ON:7", "CPS+4+2+1", *B, "RFF+ON:8"],
        {
            "pallets": [
                (
                    None,
                    {
                        "orders": [
                            ("7", {"packs": [(None, {"lines": ["A"]})]}),
                            ("8", {"packs": [(None, {"lines": ["B"]})]}),
                        ]
                    },
                )
            ]
        },
    ),
    "lines that say the only order once more": (
        [*HEAD, "RFF+ON:7", "CPS+1", *A, "RFF+ON:7", *B],
        {"orders": [("7", {"lines": ["A", "B"]})]},
    ),
    "a line of another order than the head's": (
        [*HEAD, "RFF+ON:7", "CPS+1", *A, *B, "RFF+ON:8"],
        {"orders": [("7", {"lines": ["A"]}), ("8", {"lines": ["B"]})]},
    ),
    "lines that are all of another order than the head's": (
        [*HEAD, "RFF+ON:7", "CPS+1", *A, "RFF+ON:8"],
        {"orders": [("8", {"lines": ["A"]})]},
    ),
    "a package without a line": (
        [*HEAD, "RFF+ON:7", "CPS+1", "CPS+2+1+1"],
        {"orders": [("7", {"packs": [(None, {})]})]},
    ),
    "a package on one that there is not": ([*HEAD, "CPS+1", "CPS+2+9+1", *A], {"packs": [(None, {"lines": ["A"]})]}),
    "an order and nothing of it": ([*HEAD, "RFF+ON:7"], {"orders": [("7", {})]}),
    "nothing": (HEAD, {}),
}


@pytest.mark.parametrize("what", READ)
def test_levels_are_read_however_they_are_said(what: str) -> None:
    lines, expected = READ[what]
    reading = plain("DESADV", "D96A")[0].read(report("DESADV", lines))
    assert [str(each) for each in reading.findings] == []
    assert shown(reading.document) == ("S1", expected)


@pytest.mark.parametrize("each", [[], ["LIN+1++A:BP", "QTY+12:1", "RFF+ON:7"]])
def test_levels_are_read_however_deep_they_stand(each: list[str]) -> None:
    deep = 9000
    levels = [line for at in range(2, deep + 1) for line in (f"CPS+{at}+{at - 1}", *each)]
    reading = plain("DESADV", "D96A")[0].read(report("DESADV", [*HEAD, "RFF+ON:7", "CPS+1", *levels, *B]))
    assert [str(finding) for finding in reading.findings] == []
    assert isinstance(reading.document, ShipNotice)
    lines = reading.document.every_line()
    assert (len(lines), lines[-1].item.buyer) == (len(each) // 3 * (deep - 1) + 1, "B")


@pytest.mark.parametrize("name", ["edifact_DESADV_golden-D01B"])
def test_a_right_sample_is_written_as_it_was(corpus: Path, name: str) -> None:
    reader, writer = plain("DESADV", "D01B")
    data = (corpus / f"{name}.edi").read_bytes()
    document = reader.read(sets(data)[0]).document
    theirs = {line.decode() for line in data.replace(b"\n", b"").replace(b"::9'", b"'").split(b"'")}
    ours = interchange("DESADV", writer.write(document), "D01B").replace(b"::9'", b"'").decode().split("'")
    assert [each for each in ours[2:-3] if each not in theirs | {"TDT+20++30"}] == []


@pytest.mark.parametrize("directory", DIRECTORIES)
@settings(deadline=None, max_examples=25)
@given(shipment=shipments())
def test_a_shipment_comes_back_as_it_was_written(directory: str, shipment: ShipNotice) -> None:
    reader, writer = plain("DESADV", directory)
    message = sets(interchange("DESADV", writer.write(shipment), directory))[0]
    reading = reader.read(message)
    assert [str(each) for each in (*reading.findings, *reading.unmapped)] == []
    assert compact(reading.document) == compact(shipment)


def notice(*orders: str, more: str = "") -> ShipNotice:
    return ShipNotice.from_json(f'{{"number":"S1","date":"2026-01-12","orders":[{",".join(orders)}]{more}}}')


def said(shipment: ShipNotice) -> list[Any]:
    body = plain("DESADV", "D96A")[1].write(shipment)
    return [segment for segment in body if segment[0] in ("CPS", "LIN", "RFF") or segment[1][0] == "171"]


SEVEN = '{"number":"7","date":"2026-01-05","lines":[{"number":"1"}]}'
EIGHT = '{"number":"8","packs":[{"lines":[{"number":"2","batch":"X"}]}]}'


def test_lines_of_several_orders_say_their_order_with_its_day() -> None:
    assert said(notice(SEVEN, EIGHT)) == [
        ["CPS", "1"], ["LIN", "1"], ["RFF", ("ON", "7")], ["DTM", ("171", "20260105", "102")],
        ["CPS", "2", "1", "1"], ["LIN", "2"], ["RFF", ("ON", "8")],
    ]  # fmt: skip


def test_an_order_beside_lines_of_none_is_said_by_its_lines() -> None:
    assert said(notice(EIGHT, more=',"lines":[{"number":"5"}]')) == [
        ["CPS", "1"], ["LIN", "5"], ["CPS", "2", "1", "1"], ["LIN", "2"], ["RFF", ("ON", "8")],
    ]  # fmt: skip


def test_the_only_order_is_said_by_the_head() -> None:
    assert said(notice(EIGHT))[:2] == [["RFF", ("ON", "8")], ["CPS", "1"]]


@pytest.mark.parametrize(
    ("empty", "words"),
    [('{"number":"9"}', "nothing"), ('{"number":"9","packs":[{"sscc":"1"}]}', "a package without a line")],
)
def test_an_order_of_several_that_no_line_could_name_is_not_written(empty: str, words: str) -> None:
    with pytest.raises(DocumentError, match=f"order 9 has {words}"):
        said(notice(SEVEN, empty))


def test_the_line_that_a_reference_names_is_the_line_of_the_order() -> None:
    lines = [*HEAD, "CPS+1", "LIN+1++A:BP", "RFF+ON:7:30", "DTM+171:20260105:102", "RFF+AAK:5"]
    found = plain("DESADV", "D96A")[0].read(report("DESADV", lines))
    (order,) = found.document.orders
    (line,) = order.lines
    assert [str(each) for each in (*found.findings, *found.unmapped)] == []
    assert (str(order.date), line.number, [each.value for each in line.references]) == ("2026-01-05", "30", ["5"])


def test_a_wrong_value_behind_levels_that_moved_is_told_where_it_stands() -> None:
    lines = [*HEAD, "CPS+1", *A, "RFF+ON:7", "LIN+2++B:BP", "QTY+12:x", "RFF+ON:8"]
    (finding, *_) = plain("DESADV", "D96A")[0].read(report("DESADV", lines)).findings
    assert (finding.where.ordinal, finding.where.segment) == (9, "QTY")


def test_a_map_may_say_the_level_of_the_consignment() -> None:
    """EANCOM 2002 has 7075 5 for a shipment; it is read as one that says none."""
    table, guide = load("edifact", "DESADV", {"shipment_level": "5"}), guides.load("EDIFACT", "DESADV", "D01B")
    assert guide is not None
    body = EdifactWriter(table, guide).write(notice(EIGHT))
    assert [segment for segment in body if segment[0] == "CPS"] == [["CPS", "1", "", "5"], ["CPS", "2", "1", "1"]]
    message = sets(interchange("DESADV", body, "D01B"))[0]
    assert message.findings == []
    assert (
        plain("DESADV", "D01B")[0].read(message).document
        == plain("DESADV", "D01B")[0]
        .read(sets(interchange("DESADV", plain("DESADV", "D01B")[1].write(notice(EIGHT)), "D01B"))[0])
        .document
    )
    with pytest.raises(SettingsError, match="no level of a consignment"):
        EdifactWriter(load("edifact", "DESADV", {"shipment_level": "7"}), guide)
