"""Servers that take alerts, and what the log says meanwhile."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from d365edi import log
from d365edi.journal import Tx
from d365edi.sandbox import tls
from d365edi.sandbox.tls import TlsFiles
from tests.journal.conftest import fresh_tx
from tests.servers.smtp import MailServer, mail_server


@pytest.fixture
def identity(tmp_path: Path) -> TlsFiles:
    return tls.create(tmp_path / "tls")


@pytest.fixture
async def mails(identity: TlsFiles) -> AsyncIterator[MailServer]:
    async with mail_server(identity) as served:
        yield served


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """The tables of a journal alone."""
    with fresh_tx(tmp_path / "tables.db") as tables:
        yield tables


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The log from now on."""
    stream = io.StringIO()
    log.setup("INFO", stream=stream)
    yield stream
    log.setup()
