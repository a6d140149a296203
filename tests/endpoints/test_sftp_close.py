"""A server that answers to the close of a file, which it shows under its final name, that it cannot store it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import asyncssh
import pytest

from d365edi.endpoints.base import DeliveryRequest
from d365edi.endpoints.sftp import SftpEndpoint
from d365edi.errors import Disputed, NotWritable
from tests.endpoints.conftest import Checkpoints
from tests.servers.asyncssh_server import AsyncsshServer

WHOLE = b"ISA*810~"


def request(progress: Mapping[str, str]) -> DeliveryRequest:
    return DeliveryRequest(7, "/inbound", "810.edi", WHOLE, progress)


@pytest.fixture
def inbound(server: AsyncsshServer) -> Path:
    """Its folder."""
    folder = server.home / "inbound"
    folder.mkdir()
    return folder


async def refused(server: AsyncsshServer, endpoint: SftpEndpoint) -> Mapping[str, str]:
    """A delivery whose close is refused; what was recorded of it."""
    server.faults.refuse["close"] = asyncssh.SFTPFailure("over quota")
    checkpoints = Checkpoints()
    with pytest.raises(NotWritable):
        await endpoint.deliver(request({}), checkpoints)
    server.faults.clear()
    return checkpoints.progress


@pytest.mark.parametrize(
    ("there", "ends"), [(WHOLE, "there"), (WHOLE[:3], "there"), (b"\0" * 8, "disputed"), (None, "disputed")]
)
async def test_what_is_there_is_read_before_it_is_called_delivered(
    server: AsyncsshServer, inbound: Path, there: bytes | None, ends: str
) -> None:
    """As a server that stores late, and has no room then."""
    endpoint = SftpEndpoint("acme", server.config(), deliver="direct")
    progress = await refused(server, endpoint)
    final = inbound / "810.edi"
    final.unlink()
    if there is not None:
        final.write_bytes(there)
    if ends == "disputed":
        with pytest.raises(Disputed):
            await endpoint.deliver(request(progress), Checkpoints())
    else:
        await endpoint.deliver(request(progress), Checkpoints())
        assert final.read_bytes() == WHOLE
    await endpoint.close()


async def test_what_was_not_shown_before_is_sent_again(server: AsyncsshServer, inbound: Path) -> None:
    endpoint = SftpEndpoint("acme", server.config(), deliver="direct")
    server.faults.after["write"] = (inbound / "810.edi").unlink
    progress = await refused(server, endpoint)
    await endpoint.deliver(request(progress), Checkpoints())
    assert (inbound / "810.edi").read_bytes() == WHOLE
    await endpoint.close()
