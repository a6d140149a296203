"""Sets of one shape are looked at together, and what is wrong in one of them is found all the same."""

from __future__ import annotations

import re

import pytest

from d365edi.edi import guides
from d365edi.edi.compiled_guide import Table
from d365edi.edi.shape import Check, Shape
from d365edi.edi.sweep import NOUGHTS
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12 import reader
from tests.edi import make, see

HEADS = [b"ST*", b"N1*", b"PO1", b"PO1", b"PO1", b"PO1", b"N1*", b"SE*"]
ORDERS = guides.load("X12", "850", "004010")
assert ORDERS is not None
CHARACTERS = Syntax("X12", "*", ">", "~")


def _table(syntax: Syntax = CHARACTERS) -> Table:
    assert ORDERS is not None
    return Table(ORDERS, syntax, dict(ORDERS.segments))


def _shape(check: Check) -> Shape:
    right = Check(lambda raw: raw)
    return Shape(HEADS, [None] * 8, lambda head: check if head == b"PO1" else right)


def test_the_segments_of_an_id_are_taken_out_together() -> None:
    segments = [b"%d" % at for at in range(8)]
    shape = _shape(Check(lambda raw: raw))
    assert [list(shape.rows(head, segments)) for head in (b"PO1", b"N1*", b"SE*", b"CTT")] == [
        [b"2", b"3", b"4", b"5"], [b"1", b"6"], [b"7"], [],
    ]  # fmt: skip


@pytest.mark.parametrize("blind", [True, False])
def test_what_is_wrong_among_many_is_found_wherever_it_stands(blind: bool) -> None:
    shape = _shape(Check(re.compile(rb"PO1\*[0-9]{1,2}").fullmatch, 100, blind))
    raws = [b"ST*1", b"N1*BY", b"PO1*7", b"PO1*123", b"PO1*12", b"PO1*x", b"N1*ST", b"SE*8"]
    forms = [raw.translate(NOUGHTS) for raw in raws]
    assert [shape.wrong(raws, forms) for _ in range(3)] == [[3, 5]] * 3


def test_only_so_many_segments_are_remembered() -> None:
    check = Check(re.compile(rb"[A-Z]").fullmatch, 2)
    assert [check.right(raw, raw) for raw in (b"A", b"1", b"B", b"C")] == [True, False, True, True]
    assert check.known == {b"A", b"B"}


@pytest.mark.parametrize(
    ("id", "blind", "doubtful"),
    [("PID", True, set()), ("PO4", True, set()), ("N3", True, set()), ("PO1", True, {b"N0"}), ("N1", False, set()),
     ("DTM", False, set()), ("BEG", False, set())],
)  # fmt: skip
def test_digits_make_no_difference_but_in_codes_and_dates(id: str, blind: bool, doubtful: set[bytes]) -> None:
    check = _table().check(id)
    assert (check.blind, set(check.doubtful)) == (blind, doubtful)


def test_a_digit_that_separates_makes_a_difference() -> None:
    assert not _table(Syntax("X12", "*", "1", "~")).check("PO1").blind


def test_a_code_with_a_digit_is_no_other_code_of_its_form() -> None:
    check = _table().check("PO1")
    drug, none = b"PO1*1*1*EA*1*PE*N4*12345678901", b"PO1*1*1*EA*1*PE*N5*12345678901"
    assert check.right(drug, drug.translate(NOUGHTS))
    assert none.translate(NOUGHTS) not in check.known
    assert not check.right(none, none.translate(NOUGHTS))


def test_beginnings_that_are_shorter_than_three_bytes_have_no_shape() -> None:
    table = _table()
    assert [table.shape([b"ST*", b"N1", b"*AB", b"SE*"], lambda: _shape(Check(bool))) for _ in range(3)] == [None] * 3


def test_a_shape_is_remembered_when_it_is_met_again() -> None:
    table, walks = _table(), [0]
    shape = _shape(Check(lambda raw: raw))

    def walk() -> Shape:
        walks[0] += 1
        return shape

    assert [table.shape(HEADS, walk) for _ in range(4)] == [shape] * 4
    assert walks == [2]


WRONG = [
    ("PO1*2*58*EA*22.53*WE*UP*614141000029*VN*NB-200", "PO1*2*58*EA*22.53*WE*UP*614141000029*VN", "PO1"),
    ("DTM*010*20260112", "DTM*010*20261312", "DTM"),
    ("N3*700 DISTRIBUTION WAY", "N3", "N3"),
    ("CUR*BY*USD", "CUR*BY*US1D", "CUR"),
]


@pytest.mark.parametrize(("old", "new", "segment"), WRONG)
def test_a_wrong_set_among_many_of_its_shape_is_found(old: str, new: str, segment: str) -> None:
    right = make.ORDER
    wrong = [new if one == old else one for one in right]
    bodies = [wrong if number == 3 else right for number in range(1, 6)]
    sets = [make.numbered(body, control=f"{number:04d}") for number, body in enumerate(bodies, 1)]
    report = reader.read(make.data(make.interchange(sets)))
    found = [(one.control, finding.where.segment) for one in see.sets(report) for finding in one.findings]
    assert set(found) == {("0003", segment)}


def test_a_header_that_is_written_oddly_is_explained() -> None:
    data = make.order().replace(b"ST*850*", b"ST *850*")
    rules = [(finding.where.segment, finding.rule) for finding in see.findings(reader.read(data))]
    assert rules == [("ST ", "unknown"), ("ST", "mandatory")]
