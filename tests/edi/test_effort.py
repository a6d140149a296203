"""Junk of whatever kind costs as much as its size says: twice as much of it, twice the work, counted and not timed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from d365edi.edi import compiled_guide, guides
from d365edi.edi.batch import Batch
from d365edi.edi.edifact.envelope import EDIFACT
from d365edi.edi.interchange import SetReport
from d365edi.edi.reader import ReadOptions, read
from d365edi.edi.syntax import Syntax
from d365edi.edi.tokenizer import tokenize
from d365edi.edi.transaction_set import TransactionSet
from tests.effort import work

UNB = b"UNB+UNOC:3+A+B+260101:1200+1'"
ISA = b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*1200*U*00401*000000001*0*P*>~"


@pytest.mark.parametrize(
    ("before", "again"),
    [
        (b"", b"UNB+"),
        (b"", b"ISA*"),
        (b"", b"UNA:+.? '"),
        (b"junk\n", b"UNB+\n"),
        (UNB, UNB),
        (ISA, ISA),
        (UNB, b"UNH+1'"),
        (ISA, b"GS~"),
    ],
)
def test_twice_the_junk_is_twice_the_work(before: bytes, again: bytes) -> None:
    once, twice = (work(partial(read, before + again * times, ReadOptions())) for times in (1000, 2000))
    assert twice < 2.3 * once


class Counted(list[str]):
    """A list that knows how many of its items were copied out of it."""

    copied = 0

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        self.copied += len(found) if isinstance(at, slice) else 1
        return found


@pytest.mark.parametrize("known", [False, True])
def test_a_set_without_a_trailer_copies_nothing_of_the_sets_behind_it(known: bool) -> None:
    segment, times = b"UNH+1+ORDERS:D:96A:UN'", 500
    (batch,) = (event for event in tokenize(UNB + segment * times) if isinstance(event, Batch))
    batch.identify("+", EDIFACT.id_size)
    batch.ids = ids = Counted(batch.ids)
    syntax = Syntax("EDIFACT", "+", ":", "'")
    guide = guides.load(EDIFACT.name, "ORDERS", "D96A")
    assert guide is not None
    compiled = compiled_guide.compile(EDIFACT, guide, syntax) if known else None
    for at in range(1, times):
        report = SetReport("ORDERS", "1", "D96A", syntax, 0, [batch.segments[at - 1]], [], None)
        assert TransactionSet(EDIFACT, compiled, report, point_in_n2=False).take(batch, at) == (at, False)
    assert ids.copied < 3 * times
