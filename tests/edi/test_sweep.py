"""Batches are made ready at once: beginnings, forms, and where sets end."""

from __future__ import annotations

import pytest

from d365edi.edi.source import Source
from d365edi.edi.sweep import Sweep
from d365edi.edi.tokenizer import Batch


def _sweep(*segments: bytes) -> Sweep:
    return Sweep(Batch(list(segments), list(segments), Source(b"x"), 0))


@pytest.mark.parametrize(
    ("raw", "head", "form"),
    [
        (b"PO1*1*120*EA*12.5", b"PO1", b"PO0*0*000*EA*00.0"),
        (b"N1*ST*DC 7", b"N1*", b"N0*ST*DC 0"),
        (b"SE", b"SE", b"SE"),
        (b"NTE*\xb9\nTWO 2", b"NTE", b"NTE*\xb9\nTWO 0"),
    ],
)
def test_a_segment_has_its_beginning_and_its_form(raw: bytes, head: bytes, form: bytes) -> None:
    swept = _sweep(b"ST*850*0001", raw, b"SE*3*0001")
    assert (swept.heads[1], swept.forms) == (head, [b"ST*000*0000", form, b"SE*0*0000"])


def test_the_end_of_a_set_is_told_once() -> None:
    swept = _sweep(b"ST*1", b"ST*2", b"SE*2", b"ST*3", b"SE*3", b"ST*4")
    assert [swept.end(at, b"SE*") for at in (1, 2, 4, 6)] == [3, 0, 5, 0]


def test_without_a_trailer_no_set_ends() -> None:
    swept = _sweep(b"ST*1", b"SE", b"ST*2")
    assert [swept.end(at, b"SE*") for at in (1, 3)] == [0, 0]
