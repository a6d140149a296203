"""Killed between the parts of an invoice over two orders, or in one: started again, the partner has each part once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crash.drill import PARTED, run, settle
from tests.journeys.test_invoices import made_order
from tests.journeys.test_summary import by_hand
from tests.journeys.world import World, world


@pytest.fixture
async def split(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        made.knobs["on_event"] = 'split = "order"'
        made.write_settings()
        yield made


@pytest.mark.parametrize("failpoint", PARTED)
async def test_each_part_is_sent_once(split: World, failpoint: str) -> None:
    first = await made_order(split)
    split.simulator.post_summary_invoice([first, by_hand(split, first, "4500125")])
    assert await run(split, failpoint) == -9
    await settle(split)
    found = sorted(name.split("_")[1] for name in split.partner.received())
    assert found == ["CIV-000001-1", "CIV-000001-2"]
