"""Mailboxes by their paths, while they are renamed and created again under us."""

from __future__ import annotations

import httpx
import pytest

from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.connection import Connection, SterlingConfig
from d365edi.endpoints.sterling.mailboxes import KEPT, Mailboxes
from d365edi.errors import PlaceRefused
from d365edi.sandbox.sterling import SterlingSimulator

FROM = "/acme/from"


class Ground:
    """A simulator, a client of it, and a clock that is set."""

    def __init__(self) -> None:
        self.sterling = SterlingSimulator()
        self.now = 0.0
        config = SterlingConfig(self.sterling.url, self.sterling.USERNAME, self.sterling.PASSWORD)
        self.client: Client = Connection("sbi", config, transport=httpx.ASGITransport(app=self.sterling.app)).client
        self.mailboxes = Mailboxes("sbi", clock=lambda: self.now)

    async def names(self, path: str = FROM) -> list[str]:
        """What lies at a path, as it is seen."""
        _, rows = await self.mailboxes.contents(self.client, path)
        return [row["name"] for row in rows]

    def put(self, name: str, path: str = FROM) -> None:
        self.sterling.state.put(path, name, b"1")


@pytest.fixture
def ground() -> Ground:
    return Ground()


def renamed(ground: Ground) -> None:
    ground.sterling.state.rename(FROM, "/archive")


async def test_a_mailbox_that_is_not_empty_and_has_a_successor_is_found_out_and_said_once(
    ground: Ground, lines: list[str]
) -> None:
    ground.put("old.edi")
    before, _ = await ground.mailboxes.contents(ground.client, FROM)
    renamed(ground)
    ground.put("new.edi")
    ground.now = KEPT
    for _ in range(2):
        after, rows = await ground.mailboxes.contents(ground.client, FROM)
        assert [row["name"] for row in rows] == ["new.edi"]
        ground.now += KEPT
    assert len([line for line in lines if f"{FROM} is mailbox {after.id} now and was {before.id}" in line]) == 1


async def test_a_mailbox_that_is_not_empty_and_was_renamed_is_not_there(ground: Ground) -> None:
    ground.put("old.edi")
    assert await ground.names() == ["old.edi"]
    renamed(ground)
    ground.now = KEPT
    for _ in range(2):
        with pytest.raises(PlaceRefused, match="no mailbox has this path"):
            await ground.names()
    ground.put("new.edi")
    assert await ground.names() == ["new.edi"]


async def test_a_path_is_resolved_anew_once_in_a_while_and_not_all_of_them_at_once(ground: Ground) -> None:
    paths = [f"/p{number}/from" for number in range(60)]
    for path in paths:
        ground.put("left.edi", path)
        ground.put("left too.edi", path)

    async def round() -> int:
        before = ground.sterling.count("GET", "mailboxes")
        for path in paths:
            await ground.names(path)
        ground.now += 60.0
        return ground.sterling.count("GET", "mailboxes") - before

    asked = [await round() for _ in range(31)]
    assert (asked[0], asked[1:7]) == (60, [0] * 6)
    assert sum(asked[1:16]) == 60
    assert max(asked[1:]) < 20
