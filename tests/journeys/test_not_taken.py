"""What cannot be taken is logged once, and shown by `status` until it is gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from d365edi.app import App
from d365edi.cli.status import picture
from d365edi.flows.look import EMPTY_FOR
from tests.endpoints.d365_scene import Clock
from tests.journeys.world import World

ODD = {
    b"caf\xe9.edi": "its name is not UTF-8",
    b"a\\b.edi": "its name is a path",
    b"a\nb.edi": "its name holds control characters",
    "a\u202eide.edi".encode(): "its name holds control characters",
}


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []
    sink = logger.add(lambda line: found.append(str(line)), format="{message}", level="WARNING")
    yield found
    logger.remove(sink)


async def shown(town: World) -> list[tuple[str, str]]:
    async with town.app() as app:
        seen = await app.journal.read(picture)
    return sorted((row["name"], row["why"]) for row in seen.not_taken)


async def test_odd_names_are_logged_once_and_shown_until_they_are_gone(town: World, lines: list[str]) -> None:
    files = [Path(os.fsdecode(os.fsencode(town.partner.outbound) + b"/" + name)) for name in ODD]
    for file in files:
        file.write_bytes(b"x")
    for _ in range(3):  # a start each
        await town.once()
    assert sorted(line.partition(": ")[2].partition(";")[0] for line in lines) == sorted(ODD.values())
    assert sorted(why for _, why in await shown(town)) == sorted(ODD.values())
    async with town.app() as app:
        [place] = (await app.journal.read(picture)).places
    assert (place["offered"], place["passed_over"]) == (0, 4)
    for file in files:
        file.unlink()
    await town.once()
    assert await shown(town) == []


async def test_an_empty_file_is_told_once_after_a_while_and_taken_once_something_is_in_it(
    town: World, lines: list[str]
) -> None:
    (town.partner.outbound / "PO-1.edi").write_bytes(b"")
    clock = Clock()
    for seconds, told in ((0, 0), (EMPTY_FOR - 60, 0), (120, 1), (60, 1)):
        clock.now += seconds
        async with App.open(town.settings(), **{**town.waits, "clock": clock}) as app:
            await app.tick("acme.pickup.edi")
            await app.tick("acme.pickup.edi")
            assert len((await app.journal.read(picture)).not_taken) == told
        assert len([line for line in lines if '"PO-1.edi" in' in line]) == told
    assert "it is empty, and stays so; ask the partner whether anything should be in it" in lines[-1]
    (town.partner.outbound / "PO-1.edi").write_bytes(town.order("4500123"))
    await town.once()
    assert (list(town.sales_orders()), await shown(town)) == (["4500123"], [])


async def test_a_file_that_is_refused_is_logged_once_and_taken_when_it_can_be(town: World, lines: list[str]) -> None:
    after = f'{{ move_to = "{town.prefix}/outbound/processed" }}'
    town.knobs["after"] = f'{after}\nmax_message = "100B"'
    town.partner.drop("PO-1.edi", town.order("4500123"))
    for _ in range(3):
        await town.once()
    assert len([line for line in lines if "PO-1.edi" in line]) == 1
    [(name, why)] = await shown(town)
    assert (name, "100" in why) == ("PO-1.edi", True)
    town.knobs["after"] = after
    await town.once()
    assert (list(town.sales_orders()), await shown(town)) == (["4500123"], [])


async def test_a_settling_that_fails_is_logged_once_and_done_when_it_can_be(town: World, lines: list[str]) -> None:
    shutil.rmtree(town.partner.outbound / "processed")
    (town.partner.outbound / "processed").write_bytes(b"in the way")
    town.partner.drop("PO-1.edi", town.order("4500123"))
    for _ in range(3):
        await town.once()
    assert len([line for line in lines if "PO-1.edi is stored but still at the source" in line]) == 1
    [why] = [why for name, why in await shown(town) if name == "PO-1.edi"]
    assert why.startswith("stored, and not cleared: ")
    (town.partner.outbound / "processed").unlink(missing_ok=True)
    await town.once()
    await town.once()
    assert (list(town.sales_orders()), await shown(town)) == (["4500123"], [])
