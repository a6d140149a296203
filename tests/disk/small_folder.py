"""A partner's folder on a disk of 64 KB that is really full: behind OpenSSH, and as a local folder.

`test_small_disk.py` runs this where it may mount. In the namespace of an ordinary user sshd lets nobody in (it cannot change
users there): asyncssh's server, whose operations are the system's as well, takes its place.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from d365edi.endpoints.base import DeliveryRequest, Endpoint
from d365edi.endpoints.breaker import Breaker
from d365edi.endpoints.folder import FolderEndpoint
from d365edi.endpoints.sftp import SftpConfig, SftpEndpoint
from d365edi.endpoints.upload_protocol import Mode
from d365edi.errors import NotWritable
from tests.clock import Clock
from tests.disk.small_disk import fill, mount, unmount
from tests.endpoints.conftest import Checkpoints
from tests.servers.asyncssh_server import asyncssh_server
from tests.servers.openssh import openssh

PAYLOAD = b"ISA*810~" * 1000
ALL_USERS = str(2**32 - 1)
"""How many users there are where no namespace limits them (user_namespaces(7))."""


def limited() -> bool:
    """Whether this is the namespace of an ordinary user."""
    return Path("/proc/self/uid_map").read_text().split()[2] != ALL_USERS


@contextlib.asynccontextmanager
async def partner(folder: Path) -> AsyncIterator[SftpConfig]:
    """A server that has this folder at this path."""
    if limited():
        async with asyncssh_server(Path("/")) as server:
            yield server.config()
    else:
        with openssh(folder.parent) as sshd:
            yield sshd.config()


@pytest.fixture
def inbound(tmp_path: Path) -> Iterator[Path]:
    """The partner's folder, on a disk of its own."""
    folder = tmp_path / "inbound"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))
    yield folder
    unmount(folder)


def held(folder: Path) -> dict[str, bytes]:
    """Each file there with its bytes, but the filler's."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "filler"}


async def goes_by_itself(endpoint: Endpoint, inbound: Path, path: str) -> None:
    """While the folder is full nothing is left in it, whoever tries; then each file arrives whole."""
    clock = Clock(5000.0)
    acme = Breaker(endpoint, clock=clock)
    steps = {number: Checkpoints() for number in range(3)}

    async def deliver(number: int) -> None:
        parcel = DeliveryRequest(number, path, f"810_{number}.edi", PAYLOAD, steps[number].progress)
        await acme.deliver(parcel, steps[number])

    fill(inbound / "filler")
    for number in steps:
        with pytest.raises(NotWritable) as full:
            await deliver(number)
        assert "ask the partner" in full.value.remedy or "make room" in full.value.remedy
        assert held(inbound) == {}
        clock.now += 61.0
    (inbound / "filler").unlink()
    for number in steps:
        await deliver(number)
    assert held(inbound) == {f"810_{number}.edi": PAYLOAD for number in steps}
    await acme.close()


@pytest.mark.parametrize("mode", ["rename", "direct"])
async def test_a_full_folder_behind_sftp(mode: Mode, inbound: Path) -> None:
    async with partner(inbound) as config:
        await goes_by_itself(SftpEndpoint("acme", config, deliver=mode), inbound, str(inbound))


@pytest.mark.parametrize("mode", ["rename", "direct"])
async def test_a_full_local_folder(mode: Mode, tmp_path: Path, inbound: Path) -> None:
    await goes_by_itself(FolderEndpoint("acme", tmp_path, deliver=mode), inbound, "inbound")
