"""Bytes as they come: chunks of any size, byte order marks, UTF-16 and records of fixed length make no difference."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365edi.edi.source import CHUNK, Source


def whole(source: Source) -> bytes:
    """Everything that a source gives."""
    taken = b""
    while source.data or source.more():
        taken += source.data
        source.drop(len(source.data))
    return taken


@given(st.lists(st.binary(max_size=20)))
def test_chunks_are_joined_in_their_order(chunks: list[bytes]) -> None:
    data = b"ISA*" + b"".join(chunks)
    assert whole(Source([b"ISA*", *chunks])) == data


def test_a_large_chunk_is_taken_in_slices() -> None:
    source = Source(b"x" * (3 * CHUNK + 5))
    assert len(source.data) == CHUNK
    source.need(CHUNK + 1)
    assert len(source.data) == 2 * CHUNK
    assert len(whole(source)) == 3 * CHUNK + 5


def test_needing_more_than_there_is_takes_all_there_is() -> None:
    source = Source([b"abc", b"", b"def"])
    source.need(100)
    assert (source.data, source.ended) == (b"abcdef", True)
    assert not source.more()


def test_dropping_moves_the_base() -> None:
    source = Source(b"abcdef")
    source.drop(2)
    assert (source.data, source.base, source.place(source.base)) == (b"cdef", 2, 2)


MARKS = [
    (codecs.BOM_UTF8 + b"ISA*1", b"ISA*1", ["The file begins with a UTF-8 byte order mark"]),
    (codecs.BOM_UTF16_LE + "ISA*1".encode("utf-16-le"), b"ISA*1", ["The file is written in UTF-16"]),
    (codecs.BOM_UTF16_BE + "ISA*1".encode("utf-16-be"), b"ISA*1", ["The file is written in UTF-16"]),
    ("ISA*1".encode("utf-16-le"), b"ISA*1", ["The file is written in UTF-16"]),
    (codecs.BOM_UTF16_LE + "ISA*é€".encode("utf-16-le"), "ISA*é€".encode(), ["The file is written in UTF-16"]),
    (b"ISA*1", b"ISA*1", []),
    (b"", b"", []),
    (codecs.BOM_UTF8, b"", ["The file begins with a UTF-8 byte order mark"]),
]


@pytest.mark.parametrize(("data", "plain", "told"), MARKS)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_byte_order_marks_are_taken_away_and_told(data: bytes, plain: bytes, told: list[str], size: int) -> None:
    source = Source(data[at : at + size] for at in range(0, len(data), size))
    assert [finding.message for finding in source.findings()] == told
    assert whole(source) == plain


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_records_of_fixed_length_are_joined_and_places_still_name_the_file(end: bytes) -> None:
    plain = bytes(range(65, 65 + 26)) * 10
    rows = [plain[at : at + 80] for at in range(0, len(plain), 80)]
    data = end.join(rows)
    source = Source(data[at : at + 50] for at in range(0, len(data), 50))
    source.unwrap(80)
    assert whole(source) == plain
    for at in range(len(plain)):
        assert data[source.place(at)] == plain[at], at


def test_unwrapping_twice_is_unwrapping_once() -> None:
    source = Source(b"a" * 80 + b"\n" + b"b" * 80)
    source.unwrap(80)
    source.unwrap(80)
    assert (source.data, source.place(81)) == (b"a" * 80 + b"b" * 80, 82)
