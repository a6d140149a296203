"""What senders do to files: none of the hostile inputs is missed, none stops the reader, none loses data."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from d365edi.edi.edifact import acknowledgment
from d365edi.edi.reader import ReadOptions
from tests.edi import see
from tests.edi.edifact.hostile import Hostile, inputs
from tests.edi.edifact.make import data, interchange, numbered, order
from tests.edi.edifact.mutants import MUTANTS, Mutant

INPUTS = list(inputs())


def test_the_hostile_inputs_have_names_of_their_own() -> None:
    assert len({one.name for one in INPUTS}) == len(INPUTS) == 64


@pytest.mark.parametrize("hostile", INPUTS, ids=[one.name for one in INPUTS])
def test_a_hostile_input_ends_as_it_must(hostile: Hostile) -> None:
    report = reader.read(hostile.data)
    rules = {finding.rule for finding in see.findings(report) if finding.severity != "note"}
    assert see.verdicts(report) == hostile.verdicts
    assert hostile.rule in rules or (not hostile.rule and not rules), rules


@pytest.mark.parametrize("hostile", INPUTS, ids=[one.name for one in INPUTS])
def test_no_line_of_a_hostile_input_is_lost(hostile: Hostile) -> None:
    report = reader.read(hostile.data)
    read = sum(text.startswith("LIN") for one in see.sets(report) for text in one.segments)
    outside = sum(finding.value.startswith("LIN") for finding in see.findings(report) if finding.rule == "astray")
    assert read + outside == hostile.lines


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_the_size_of_the_chunks_makes_no_difference(size: int) -> None:
    for hostile in INPUTS:
        if len(hostile.data) < 100_000 and hostile.rule != "wrapped":
            chunks = [hostile.data[at : at + size] for at in range(0, len(hostile.data), size)]
            whole, pieces = reader.read(hostile.data), reader.read(chunks)
            assert [one.segments for one in see.sets(pieces)] == [one.segments for one in see.sets(whole)], hostile.name
            assert see.findings(pieces) == see.findings(whole), hostile.name


def test_lines_that_were_cut_inside_of_segments_are_joined() -> None:
    wrapped = next(one for one in INPUTS if one.name == "lines of 80")
    assert see.sets(reader.read(wrapped.data))[0].segments == see.sets(reader.read(order()))[0].segments


def test_an_order_without_a_fault_has_no_findings() -> None:
    assert see.findings(reader.read(order(), ReadOptions(strictness="strict"))) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_is_found_at_its_place_with_the_code_of_the_standard(mutant: Mutant) -> None:
    assert (mutant.place, mutant.code) in see.told(reader.read(mutant.data))


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_leaves_its_neighbour_alone(mutant: Mutant) -> None:
    message = mutant.data[mutant.data.index(b"UNH") : mutant.data.index(b"UNZ")]
    whole = data(interchange(numbered(control="ME2")))
    pair = whole.replace(b"UNZ+1", message + b"UNZ+2")
    assert see.sets(reader.read(pair))[0].findings == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_rejected_mutant_is_told_in_contrl_with_its_code(mutant: Mutant) -> None:
    report = reader.read(mutant.data, ReadOptions(strictness="strict"))
    errors = [finding for finding in see.findings(report) if finding.severity == "error"]
    body = acknowledgment.interchange(report.interchanges[0])
    codes = [segment[-1] if segment[0] == "UCS" else segment[1] for segment in body if segment[0] in ("UCS", "UCD")]
    assert {finding.code for finding in errors} <= set(codes)


def test_an_order_cut_at_any_byte_ends_in_findings_and_never_in_an_accepted_order() -> None:
    whole = data(interchange(), una="UNA:+.? '")
    for end in range(len(whole) - 2):
        report = reader.read(whole[:end])
        assert see.told(report) != [], end
        assert [one for one in see.sets(report) if one.verdict != "R"] == [], end


def test_a_release_character_may_stand_anywhere_in_text() -> None:
    whole = order()
    for text in (b"?'", b"?+", b"?:", b"??", b"????", b"?????'", b"A??", b"??B", b"?'?'", b"A?+B?:C"):
        report = reader.read(whole.replace(b"CALL DOCK 7", text))
        assert see.findings(report) == [], text
        assert len(see.sets(report)[0].segments) == 25
