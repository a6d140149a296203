"""A folder with more files than one listing offers: all are taken, the oldest first, each once, and none counts as gone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from d365edi.endpoints import portion
from tests.journeys.world import World, world
from tests.servers.asyncssh_server import AsyncsshServer


def leave_orders(world: World, count: int) -> None:
    """Orders of theirs; the one with the highest number is the oldest."""
    for number in range(count):
        world.partner.drop(f"PO-{number}.edi", world.order(f"450012{number}", control=number + 1))
        os.utime(world.partner.outbound / f"PO-{number}.edi", (0, 1_700_000_000 - number))


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Says how many files one listing offers."""
    return lambda count: monkeypatch.setattr(portion, "PORTION", count)


@pytest.mark.parametrize("after", ["move", "delete", "leave"])
async def test_all_are_taken_in_portions_the_oldest_first(
    after: str, town: World, offered: Callable[[int], None], lines: list[str]
) -> None:
    offered(3)
    if after != "move":
        town.knobs["after"] = f'"{after}"'
    leave_orders(town, 8)
    async with town.app() as app:
        for taken in (3, 6, 8, 8, 8):
            await app.tick("acme.pickup.edi")
            found = await app.journal.read(lambda tx: tx.messages.in_state("done"))
            assert sorted(message.name for message in found) == [f"PO-{number}.edi" for number in range(8 - taken, 8)]
        places = await app.journal.read(lambda tx: tx.sightings.places())
        assert [place.offered for place in places] == [8 if after == "leave" else 0]
    assert len(town.sales_orders()) == 8
    assert len(town.partner.acknowledgments()) == 8
    assert len([line for line in lines if "the oldest 3 are taken in this pass" in line]) == 1
    assert len([line for line in lines if "are listed again" in line]) == 1
    assert town.partner.waiting() == ([f"PO-{number}.edi" for number in range(8)] if after == "leave" else [])


async def test_a_stored_file_beyond_the_portion_is_not_taken_for_gone(
    tmp_path: Path, offered: Callable[[int], None]
) -> None:
    offered(2)
    async with world(tmp_path, "asyncssh") as town:
        town.knobs["after"] = '"delete"'
        assert isinstance(town.server, AsyncsshServer)
        leave_orders(town, 1)
        town.server.faults.refuse["remove"] = asyncssh.SFTPFailure("locked")
        async with town.app() as app:
            await app.tick("acme.pickup.edi")
            leave_orders(town, 4)  # the first is the same, the others are older
            await app.tick("acme.pickup.edi")
            (first,) = await app.journal.read(lambda tx: tx.messages.search("PO-0.edi"))
            assert not first.settled
            town.server.faults.clear()
            for _ in range(3):
                await app.tick("acme.pickup.edi")
            (first,) = await app.journal.read(lambda tx: tx.messages.search("PO-0.edi"))
            assert first.settled
        assert len(town.sales_orders()) == len(town.partner.acknowledgments()) == 4
        assert town.partner.waiting() == []


@pytest.mark.parametrize("why", ["too large", "not cleared"])
async def test_files_that_cannot_be_taken_do_not_keep_the_others_from_their_turn(
    why: str, tmp_path: Path, offered: Callable[[int], None], lines: list[str]
) -> None:
    offered(3)
    async with world(tmp_path, "asyncssh") as town:
        assert isinstance(town.server, AsyncsshServer)
        town.knobs["after"] = '"delete"\nmax_message = "5kB"'
        blocking = [f"A-{number}.edi" for number in range(4)]
        for number, name in enumerate(blocking):
            order = town.order(f"450099{number}", control=900 + number)
            town.partner.drop(name, order + b" " * 6000 if why == "too large" else order)
            os.utime(town.partner.outbound / name, (0, 1_600_000_000 + number))
        if why == "not cleared":
            town.server.faults.refuse["remove"] = asyncssh.SFTPFailure("locked")
        async with town.app() as app:
            for _ in range(2):
                await app.tick("acme.pickup.edi")
            leave_orders(town, 4)
            for _ in range(2):
                await app.tick("acme.pickup.edi")
            assert {f"450012{number}" for number in range(4)} <= town.sales_orders().keys()
        town.server.faults.clear()
        town.knobs["after"] = '"delete"'
        for _ in range(8):  # blanks behind the trailer make a file wait for three passes
            await town.once()
        assert (town.partner.waiting(), len(town.sales_orders())) == ([], 8)
        for name in blocking:
            assert len([line for line in lines if name in line and line.startswith("WARNING")]) <= 1
