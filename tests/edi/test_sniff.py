"""What a file is, and whether its end has come: from a few bytes at either end."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.edi import reader, sniff
from tests.edi import make
from tests.edi.hostile import inputs

X12 = make.order()
EDIFACT = b"UNB+UNOA:3+S:14+R:14+260105:0915+1'UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'UNT+3+1'UNZ+1+1'"

KINDS = [
    (X12, "X12"), (b"\r\n " + X12, "X12"), (b"\xef\xbb\xbf" + X12, "X12"), (b"From: someone\r\n\r\n" + X12, "X12"),
    (b"HEADER " * 20 + X12, "X12"), (X12.decode().encode("utf-16"), "X12"), (X12.decode().encode("utf-16-be"), "X12"),
    (X12.lower(), "X12"), (EDIFACT, "EDIFACT"), (b"UNA:+.? '" + EDIFACT, "EDIFACT"), (b"UNA:+.? '\r\n" + EDIFACT, "EDIFACT"),
    (b"mail\r\n" + EDIFACT, "EDIFACT"),
    (b"", None), (b" \r\n", None), (b"number;date\r\n1;2\r\n", None), (b"<?xml version='1.0'?><ISA/>", None),
    (b"ISAAC NEWTON WROTE THIS", None), (b"UNBELIEVABLE", None), (b"UNA", None), (X12[:50], None), (b"x" * 9000 + X12, None),
]  # fmt: skip


@pytest.mark.parametrize(("data", "kind"), KINDS)
def test_a_file_is_known_by_its_beginning(data: bytes, kind: str | None) -> None:
    assert sniff.sniff(data) == kind


ENDS = [
    (X12, True), (X12[:-1], True), (X12 + b"\r\n\r\n", True), (X12 + b" \x1a\x00", True),
    (make.data(make.interchange(), "\n"), True),
    (make.data(make.interchange(), "\x85"), True), (make.data(make.interchange(), suffix="\r\n"), True), (EDIFACT, True),
    (EDIFACT + b"\r\n", True), (X12.decode().encode("utf-16"), True), (X12.lower(), True),
    (X12[:-10], False), (X12[:400], False), (EDIFACT[:-1], False), (EDIFACT[:-3], False), (EDIFACT[:60], False), (b"", False),
    (b"IEA", False), (X12[: X12.index(b"IEA")], False), (X12 + b"and more text", False),
]  # fmt: skip


@pytest.mark.parametrize(("data", "complete"), ENDS)
def test_a_file_has_arrived_when_its_trailer_has(data: bytes, complete: bool) -> None:
    assert sniff.complete(data) == complete


def wrapped(data: bytes, size: int) -> bytes:
    """The file as it comes from a host that writes records of so many bytes."""
    return b"\r\n".join(data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("data", [X12, EDIFACT], ids=["X12", "EDIFACT"])
def test_a_file_cut_into_records_has_arrived_wherever_its_trailer_is_cut(data: bytes) -> None:
    """It was waited for three looks, as if its trailer had not come."""
    sizes = range(60, 133)
    assert [size for size in sizes if not sniff.complete(wrapped(data, size))] == []
    whole = data.rstrip(b"~'")
    assert [size for size in sizes if sniff.complete(wrapped(whole, size)[:-1])] == []


BARE = [
    (b"", "empty"), (b"\xef\xbb\xbf", "empty"), (b" \r\n\x1a", "empty"),
    (b"ST*850*0001~", "headless"), (b"\r\nST|850|0001\n", "headless"), (b"GS*PO*US*THEM~", "headless"),
    (b"UNH+1+ORDERS:D:96A:UN'", "headless"), (b"UNA:+.? '\r\nUNH+1+ORDERS'", "headless"), (b"UNG+ORDERS+1'", "headless"),
    (b"STORE,QUANTITY\r\n", "header"), (b"ST 850 0001", "header"), (b"GSM*PO", "header"), (b"UNHAPPY", "header"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "rule"), BARE)
def test_a_file_without_an_interchange_is_named(data: bytes, rule: str) -> None:
    """The reader of interchanges says the same of it."""
    found = sniff.missing(data)
    assert found.rule == rule
    assert [str(each) for each in reader.read(data).findings if each.severity == "error"] == [str(found)]


def test_no_file_that_is_still_growing_looks_complete_before_its_trailer_is_whole() -> None:
    whole = X12.rstrip(b"~")
    assert [end for end in range(len(whole)) if sniff.complete(X12[:end])] == []


def test_hostile_inputs_are_x12_unless_nothing_of_an_isa_is_left() -> None:
    none = {one.name for one in inputs() if sniff.sniff(one.data) is None}
    assert none == {"01_empty", "02_whitespace_only", "03_truncated_isa"}


def test_every_corpus_file_is_known_by_its_beginning(corpus: Path) -> None:
    for file in sorted(corpus.glob("x12_*.x12")):
        assert sniff.sniff(file.read_bytes()) == "X12", file.name
    for file in sorted(corpus.glob("flat_*")):
        assert sniff.sniff(file.read_bytes()) is None, file.name
