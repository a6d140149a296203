"""Folders with more names than one listing offers."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from d365edi.endpoints import portion
from d365edi.endpoints.base import Place
from d365edi.endpoints.filenames import DirectoryEntry, NameRules
from d365edi.endpoints.folder import FolderEndpoint
from d365edi.endpoints.portion import Portion
from tests.endpoints.conftest import FileGround

MANY = 200_000


def names(count: int) -> Iterator[DirectoryEntry]:
    """Files, the newest listed first; every tenth is not finished."""
    for number in range(count):
        ending = "tmp" if number % 10 == 0 else "edi"
        yield DirectoryEntry(b"PO-%07d.%s" % (number, ending.encode()), "file", 7, 1e9 - number)


@pytest.mark.parametrize("sentinel", ["", "{name}.done"])
def test_two_hundred_thousand_names_fit_into_little_memory(sentinel: str) -> None:
    tracemalloc.start()
    try:
        made = Portion(Place("/out"), NameRules(sentinel=sentinel))
        for entry in names(MANY):
            made.add(entry)
        listing = made.listing()
        assert tracemalloc.get_traced_memory()[1] < (100 << 20 if sentinel else 10 << 20)
    finally:
        tracemalloc.stop()
    if not sentinel:
        assert (len(listing.remotes), listing.beyond) == (portion.PORTION, MANY * 9 // 10 - portion.PORTION)
        assert (len(listing.passed_over), listing.unnamed) == (portion.NAMED, MANY // 10 - portion.NAMED)
        oldest = [entry.name.decode() for entry in names(MANY) if entry.name.endswith(b"edi")][-portion.PORTION :]
        assert [remote.name for remote in listing.remotes] == sorted(oldest)
    assert not listing.whole


async def test_the_oldest_are_offered_and_the_others_counted(files: FileGround) -> None:
    for number in range(10):
        path = files.put(f"outbound/{number}.edi")
        os.utime(path, (0, 1_700_000_000 - number))
    endpoint = files.open()
    listing = await endpoint.list(Place(files.at("outbound"), most=3))
    assert ([remote.name for remote in listing.remotes], listing.beyond) == (["7.edi", "8.edi", "9.edi"], 7)
    taken = frozenset((remote.name, remote.size, remote.modified) for remote in listing.remotes)
    listing = await endpoint.list(Place(files.at("outbound"), taken=taken, most=3))
    assert ([remote.name for remote in listing.remotes], listing.beyond) == (["4.edi", "5.edi", "6.edi"], 4)
    assert listing.left == {"7.edi", "8.edi", "9.edi"}
    listing = await endpoint.list(Place(files.at("outbound"), failing=taken, most=8))
    assert ([remote.name for remote in listing.remotes], listing.beyond) == ([f"{at}.edi" for at in (*range(7), 9)], 2)


async def test_a_stored_file_that_was_overwritten_is_offered_again(home: Path) -> None:
    (home / "a.edi").write_bytes(b"ISA")
    endpoint = FolderEndpoint("here", home)
    (remote,) = (await endpoint.list(Place("/"))).remotes
    taken = frozenset({(remote.name, remote.size, remote.modified)})
    assert (await endpoint.list(Place("/", taken=taken))).remotes == ()
    (home / "a.edi").write_bytes(b"ISA*")
    listing = await endpoint.list(Place("/", taken=taken))
    assert ([each.name for each in listing.remotes], listing.left) == (["a.edi"], frozenset())
