"""What senders do to files: none of the hostile inputs is missed, none stops the reader, none loses data."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from d365edi.edi.reader import ReadOptions
from tests.edi import see
from tests.edi.hostile import Hostile, inputs
from tests.edi.make import order
from tests.edi.mutants import MUTANTS, Mutant

INPUTS = list(inputs())


def test_all_41_hostile_inputs_are_there() -> None:
    assert len({one.name for one in INPUTS}) == 41


@pytest.mark.parametrize("hostile", INPUTS, ids=[one.name for one in INPUTS])
def test_a_hostile_input_is_taken_if_valid_and_told_if_not(hostile: Hostile) -> None:
    report = reader.read(hostile.data)
    rejected = [one for one in see.sets(report) if one.verdict == "R"]
    if hostile.valid:
        assert rejected == []
        assert {interchange.verdict for interchange in report.interchanges} == {"A"}
    else:
        assert see.told(report) != []


@pytest.mark.parametrize("hostile", INPUTS, ids=[one.name for one in INPUTS])
def test_no_line_of_a_hostile_input_is_lost(hostile: Hostile) -> None:
    report = reader.read(hostile.data)
    read = sum(text.startswith("PO1") for one in see.sets(report) for text in one.segments)
    outside = sum(finding.value.startswith("PO1*") for finding in see.findings(report) if finding.rule == "astray")
    assert read + outside == hostile.lines


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_the_size_of_the_chunks_makes_no_difference(size: int) -> None:
    for hostile in INPUTS:
        if len(hostile.data) < 100_000:
            chunks = [hostile.data[at : at + size] for at in range(0, len(hostile.data), size)]
            whole, pieces = reader.read(hostile.data), reader.read(chunks)
            assert see.findings(pieces) == see.findings(whole), hostile.name
            assert [one.segments for one in see.sets(pieces)] == [one.segments for one in see.sets(whole)], hostile.name


@pytest.mark.parametrize("hostile", [one for one in INPUTS if one.valid], ids=lambda one: one.name)
def test_a_tolerated_file_reads_as_the_clean_one_does(hostile: Hostile) -> None:
    clean = see.sets(reader.read(order()))[0]
    bodies = [one.segments for one in see.sets(reader.read(hostile.data))]
    for body in bodies:
        split = [text.replace("|", "*").split("*") for text in body]
        same = [parts for parts in split if "CAF" not in parts[-1]]
        assert same == [text.split("*") for text in clean.segments if len(same) == len(split) or "GRANOLA" not in text]


def test_an_order_without_a_fault_has_no_findings() -> None:
    assert see.findings(reader.read(order(), ReadOptions(strictness="strict"))) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_is_found_at_its_place_with_the_code_of_the_standard(mutant: Mutant) -> None:
    assert (mutant.place, mutant.code) in see.told(reader.read(mutant.data))


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_of_one_order_leaves_its_neighbour_alone(mutant: Mutant) -> None:
    pair = mutant.data.replace(
        b"GE*1*7", b"%sGE*2*7" % order()[order().index(b"ST*") : order().index(b"GE*")].replace(b"*0001", b"*0002")
    )
    if mutant.name.startswith("GS01"):
        assert [one.verdict for one in see.sets(reader.read(pair))] == ["E", "E"]
    else:
        assert see.sets(reader.read(pair))[1].findings == []


def test_an_order_cut_at_any_byte_ends_in_findings_and_never_in_an_accepted_order() -> None:
    whole = order()
    for end in range(len(whole) - 2):
        report = reader.read(whole[:end])
        assert see.told(report) != [], end
        assert [one for one in see.sets(report) if one.verdict != "R"] == [], end
