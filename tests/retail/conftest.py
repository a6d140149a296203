"""The world of a retailer's day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.world import World, world


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    """A tenant of D365, a partner with an SFTP server, settings."""
    async with world(tmp_path) as made:
        made.knobs |= {"apart": "0.01s", "acks": 'send = "997"'}
        yield made
