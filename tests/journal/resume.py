"""Opens the journal in an archive that an older commit made, with the other side as that day left it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from d365edi.app import App
from tests.journeys.world import World, world

HOUR = 3600.0


def unpacked(archive: Path, folder: Path) -> Path:
    """The archive's files in a folder."""
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as files:
        files.extractall(folder, filter="tar")  # with "data" the files would be as old as this test
    return folder


@asynccontextmanager
async def resumed(folder: Path, old: Path, extra: str, knobs: Mapping[str, str]) -> AsyncIterator[World]:
    """The world of that day: the partner's folders, D365 and the journal as they were left."""
    async with world(_home(folder, old)) as here:
        here.extra, here.knobs = extra, dict(knobs)
        kept = json.loads((old / "d365.json").read_bytes(), parse_float=Decimal)
        for name, rows in kept["rows"].items():
            for row in rows:
                here.simulator.state.add(name, **row)
        for company, sequence, number in kept["numbers"]:
            here.simulator.state._numbers[company, sequence] = number
        for data in (here.partner.outbound / "processed").iterdir():
            here.partner._remember(data.read_bytes())
        for name in ("journal.db", "journal.db.numbers"):
            (old / name).rename(folder / "var" / name)
        here.control = 500
        yield here


def _home(folder: Path, old: Path) -> Path:
    folder.mkdir()
    (old / "home").rename(folder / "home")
    return folder


@asynccontextmanager
async def opened(here: World, old: Path) -> AsyncIterator[App]:
    """Today's app an hour after that day."""
    at = float((old / "made_at").read_text()) + HOUR
    async with App.open(here.settings(), clock=lambda: at) as app:
        yield app
