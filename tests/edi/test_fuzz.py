"""A few thousand mutations of right files; `python -m tests.edi.fuzz` runs as many as one has time for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from d365edi.edi import compiled_guide, reader
from tests.edi import fuzz, see


@pytest.fixture(autouse=True, scope="module")
def _patterns() -> Iterator[None]:
    """The patterns of many service characters are kept for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_guide, "compile", compiled_guide.compile)
        fuzz.remember()
        yield


def test_the_files_that_are_mutated_are_right() -> None:
    for data in fuzz.seeds():
        assert {word[-1] for word in see.verdicts(reader.read(data)).split(" ")} == {"A"}


@pytest.mark.parametrize("part", range(4))
def test_no_mutation_of_a_right_file_ends_in_an_exception(part: int) -> None:
    assert fuzz.run(1, range(part * 600, part * 600 + 600), fuzz.seeds()) == []


def test_no_mutation_of_a_corpus_file_ends_in_an_exception(corpus: Path) -> None:
    assert fuzz.run(2, range(600), fuzz.folder(corpus)) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_no_mutation_of_many_ends_in_an_exception(corpus: Path, part: int) -> None:
    """Other inputs than the everyday ones, 24,000 in all, of generated files and samples."""
    files = (*fuzz.seeds(), *fuzz.folder(corpus))
    assert fuzz.run(3, range(part * 3000, part * 3000 + 3000), files) == []


def test_an_input_is_made_again_from_its_number() -> None:
    assert fuzz.make_input(7, 4711, fuzz.seeds()) == fuzz.make_input(7, 4711, fuzz.seeds())
    assert len({fuzz.make_input(7, number, fuzz.seeds()) for number in range(200)}) > 190


def test_a_failure_is_told_with_its_smallest_input() -> None:
    def fragile(data: bytes, *, thorough: bool) -> None:
        if b"\xff" in data:
            raise ValueError(len(data))

    found = fuzz.run(1, range(3000), fuzz.seeds(), fragile)
    assert {(said.partition(":")[0], data) for _, said, data in found} == {("ValueError", b"\xff")}
    assert fuzz.make_input(1, found[0][0], fuzz.seeds()).count(b"\xff") > 0


def test_the_command_says_how_many_and_how_fast(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--inputs", "50", "--processes", "1", "--seed", "5"]) == 0
    assert capsys.readouterr().out.startswith("50 inputs in ")
