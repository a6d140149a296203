"""Worlds for the journeys, with each kind of SFTP server."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from loguru import logger

from tests.journeys.world import ServerKind, World, world


@pytest.fixture(params=["asyncssh", "openssh"])
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """The journey is walked twice: with asyncssh's server and with OpenSSH's own sshd."""
    kind: ServerKind = request.param
    async with world(tmp_path, kind) as made:
        yield made


KINDS: tuple[ServerKind, ServerKind] = ("asyncssh", "openssh")


@pytest.fixture
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A world with one kind of server, where the server makes no difference: the tests take turns, each always the same; with
    `--sftp` all have that one."""
    kind: ServerKind = request.config.getoption("--sftp") or KINDS[zlib.crc32(request.node.name.encode()) % 2]
    async with world(tmp_path, kind) as made:
        yield made


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the log reports while the test runs: level and sentence."""
    reported: list[str] = []
    sink = logger.add(lambda line: reported.append(str(line)), format="{level} {message}", level="INFO")
    yield reported
    logger.remove(sink)
