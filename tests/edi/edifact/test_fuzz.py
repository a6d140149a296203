"""A few hundred mutations of right files; `python -m tests.edi.edifact.fuzz` runs as many as one has time for."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.edi import reader
from tests.edi import see
from tests.edi.edifact import fuzz


def test_the_files_that_are_mutated_are_right() -> None:
    for data in fuzz.seeds():
        assert {word.rstrip("x2")[-1] for word in see.verdicts(reader.read(data)).split(" ")} == {"A"}


@pytest.mark.parametrize("part", range(2))
def test_no_mutation_of_a_right_file_ends_in_an_exception(part: int) -> None:
    assert fuzz.run(1, range(part * 150, part * 150 + 150), fuzz.seeds()) == []


def test_no_mutation_of_a_corpus_file_ends_in_an_exception(corpus: Path) -> None:
    files = [path.read_bytes() for path in sorted(corpus.glob("*.edi"))]
    assert fuzz.run(2, range(150), files) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_no_mutation_of_many_ends_in_an_exception(corpus: Path, part: int) -> None:
    """Other inputs than the everyday ones, 12,000 in all, of generated files and samples."""
    files = (*fuzz.seeds(), *(path.read_bytes() for path in sorted(corpus.glob("*.edi"))))
    assert fuzz.run(3, range(part * 3000, part * 3000 + 3000), files) == []


def test_an_input_is_made_again_from_its_number() -> None:
    assert fuzz.make_input(7, 4711, fuzz.seeds()) == fuzz.make_input(7, 4711, fuzz.seeds())
    assert len({fuzz.make_input(7, number, fuzz.seeds()) for number in range(200)}) > 180
