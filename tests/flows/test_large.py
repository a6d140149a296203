"""A large file does not keep the daemon from answering: it is parsed beside the event loop."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from d365edi.edi import reader
from d365edi.flows.translate import LARGE
from tests.conftest import ROOT
from tests.flows.translating import desk

READER = str(Path(reader.__file__))
SAMPLE = (ROOT / "tests" / "samples" / "x12_850_golden-4010.x12").read_bytes()


def of_sets(count: int) -> bytes:
    """The sample as one from acme, with its set so many times under one number."""
    first, last = SAMPLE.index(b"ST*"), SAMPLE.index(b"GE*")
    head = (
        SAMPLE[:first]
        .replace(b"ZZ*EXAMPLERETAIL  ", b"08*6111250008     ")
        .replace(b"ZZ*NORTHBAYGOODS  ", b"01*123456789      ")
    )
    return head + SAMPLE[first:last] * count + SAMPLE[last:]


@contextmanager
def parsing_threads() -> Iterator[set[int]]:
    """The threads that are seen in the reader while inside."""
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.0005):
            for thread, frame in sys._current_frames().items():
                inner = frame
                while inner is not None:
                    if inner.f_code.co_filename == READER:
                        seen.add(thread)
                    inner = inner.f_back  # type: ignore[assignment]

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


async def test_a_large_file_is_parsed_beside_the_loop_which_goes_on_meanwhile(tmp_path: Path) -> None:
    payload = of_sets(800)
    assert len(payload) > 5 * LARGE
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += bool(seen)

    async with desk(tmp_path) as at_desk, anyio.create_task_group() as group:
        with parsing_threads() as seen:
            group.start_soon(turn)
            read = await at_desk.read(payload)
        group.cancel_scope.cancel()
    assert len(read.answers) == 1
    assert seen
    assert threading.get_ident() not in seen
    assert turns > 10


@pytest.mark.parametrize("sets", [1, 200])
async def test_what_comes_of_a_file_is_the_same_on_both_ways(sets: int, tmp_path: Path) -> None:
    payload = of_sets(sets)
    assert (len(payload) > LARGE) == (sets > 1)
    async with desk(tmp_path) as at_desk:
        read = await at_desk.read(payload)
    (answer,) = read.answers
    assert answer.count("AK2*850*0001~") == (
        sets if sets > 1 else 0
    )  # what is accepted is not listed; a number used again is
