"""Killed between the sales orders of two stores, or in one: started again, each store has its order once, with its lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crash.drill import run, settle
from tests.journeys.retail import drop, receive
from tests.journeys.test_stores import PLACES, SDQ, build
from tests.journeys.world import World, world


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        for place in ("STORE-1", "STORE-2", "STORE-3"):
            build(made, place)
        made.extra += PLACES
        receive(made, 'stores = "orders"')
        made.write_settings()
        yield made


@pytest.mark.parametrize(
    "failpoint",
    [
        "translate.rendered",
        "deliver.attempting:3",
        "deliver.recorded:2",
        "deliver.recorded:3",
        "d365.intent:2",
        "d365.header:2",
        "d365.header_recorded:2",
        "d365.lines:2",
        "deliver.delivered:3",
    ],
)
async def test_each_store_has_its_order_once(stores: World, failpoint: str) -> None:
    drop(stores, "4500123", *SDQ)
    assert await run(stores, failpoint) == -9
    await settle(stores)
    made = {number: len(lines) for number, lines in stores.sales_orders().items()}
    assert made == {"4500123-0001": 1, "4500123-0002": 2, "4500123-0003": 2}
