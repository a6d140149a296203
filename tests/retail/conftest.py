"""The world of a retailer's day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from loguru import logger

from tests.journeys.world import World, world
from tests.retail.tenant import clear


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    """A tenant of D365 without items and addresses, a partner with an SFTP server, settings."""
    async with world(tmp_path) as made:
        clear(made)
        made.knobs["apart"] = "0.01s"
        yield made


@pytest.fixture
def calm() -> Iterator[None]:
    """Nothing is warned of while the test runs: neither is a document unlike its order, nor an acknowledgment late. The days are
    weeks apart, so that retention waits, which is said."""
    warned: list[str] = []
    sink = logger.add(lambda line: warned.append(str(line)), format="{level} {message}", level="WARNING")
    yield
    logger.remove(sink)
    assert [line for line in warned if "past their retention" not in line] == []
