"""The files that figures are taken of are valid, and hardly anything in them repeats."""

from __future__ import annotations

import re

import pytest

from d365edi.edi import reader
from tests.bench import engine
from tests.bench.generate import Draw, chunks, vocabulary

SIZE = 60_000


@pytest.mark.parametrize("kind", ["850", "810", "ORDERS"])
@pytest.mark.parametrize("ten_words", [False, True])
def test_files_have_no_finding_in_strict_mode(kind: str, *, ten_words: bool) -> None:
    data = b"".join(chunks(kind, SIZE, Draw(1, ten_words=ten_words)))
    (interchange,) = reader.read(data, reader.ReadOptions(strictness="strict")).interchanges
    (group,) = interchange.groups
    assert interchange.findings == group.findings == []
    assert [report for report in group.sets if report.findings] == []
    read = engine.reader(kind, group.sets[0].version)
    assert all(read(report) is not None for report in group.sets)


@pytest.mark.parametrize(("kind", "start"), [("850", rb"~ST\*"), ("810", rb"~ST\*"), ("ORDERS", rb"UNH\+")])
def test_sets_differ_in_shape_and_length(kind: str, start: bytes) -> None:
    data = b"".join(chunks(kind, SIZE, Draw(1)))
    shapes = [tuple(re.findall(rb"[~'\n]([A-Z][A-Z0-9]{1,2})[*+]", part)) for part in re.split(start, data)[1:]]
    assert len(set(shapes)) > 0.9 * len(shapes) > 10
    assert len({len(shape) for shape in shapes}) > 10


def test_a_seed_gives_the_same_file_and_another_seed_another() -> None:
    one, same, other = (b"".join(chunks("850", SIZE, Draw(seed))) for seed in (1, 1, 2))
    assert one == same != other


def test_number_of_lines_can_be_given() -> None:
    data = b"".join(chunks("850", 1, Draw(1, lines=500)))
    assert data.count(b"~PO1*") == 500
    assert b"~CTT*500*" in data


def test_vocabulary_has_no_word_twice() -> None:
    words = vocabulary()
    assert len(set(words)) == len(words) == 20_000
