"""The circuit breaker around real endpoints: who goes through, who hears why not, and what is known afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import asyncssh
import pytest

from d365edi.endpoints.base import DeliveryRequest, Place
from d365edi.endpoints.breaker import Breaker, D365Breaker
from d365edi.endpoints.folder import FolderEndpoint
from d365edi.endpoints.sftp import SftpEndpoint
from d365edi.errors import (
    CredentialsRejected,
    EndpointError,
    NotWritable,
    PlaceRefused,
    Refused,
    Throttled,
    Unavailable,
    Unreachable,
)
from d365edi.odata.plan import Query
from tests.clock import Clock
from tests.endpoints.conftest import Checkpoints
from tests.endpoints.d365_scene import Scene
from tests.servers.asyncssh_server import AsyncsshServer
from tests.servers.openssh import OpenSsh


@pytest.fixture
def clock() -> Clock:
    """A monotonic one."""
    return Clock(5000.0)


Opened = Callable[..., Breaker]


@pytest.fixture
async def opened(server: AsyncsshServer, clock: Clock) -> AsyncIterator[Opened]:
    """Breakers around the test's SFTP server; `changes` are to its configuration."""
    made: list[Breaker] = []

    def build(**changes: object) -> Breaker:
        made.append(Breaker(SftpEndpoint("acme", server.config(**changes)), clock=clock, epoch=lambda: 1e9 + clock.now))
        return made[-1]

    yield build
    for each in made:
        await each.close()


async def side_by_side(verb: Callable[[int], Awaitable[object]], count: int) -> list[type[EndpointError] | None]:
    """The verb for each number at once; how each ended."""
    ends: list[type[EndpointError] | None] = []

    async def one(number: int) -> None:
        try:
            await verb(number)
            ends.append(None)
        except EndpointError as error:
            ends.append(type(error))

    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(one, number)
    return ends


def request(number: int, folder: str = "/inbound") -> DeliveryRequest:
    return DeliveryRequest(number, folder, f"997_{number}.edi", b"ISA*997~")


async def test_a_wrong_password_is_tried_once_for_all_and_again_after_a_quarter_of_an_hour(
    server: AsyncsshServer, opened: Opened, clock: Clock, lines: list[str]
) -> None:
    (server.home / "inbound").mkdir()
    breaker = opened(key="", password="hunter2")

    async def deliver(number: int) -> object:
        return await breaker.deliver(request(number), Checkpoints())

    assert await side_by_side(deliver, 40) == [CredentialsRejected] * 40
    for _ in range(10):
        clock.now += 89
        assert await side_by_side(deliver, 4) == [CredentialsRejected] * 4
    assert server.faults.acts["login"] == 1
    clock.now += 10
    assert await side_by_side(deliver, 40) == [CredentialsRejected] * 40
    assert server.faults.acts["login"] == 2
    server.faults.password = "hunter2"
    clock.now += 900
    assert await side_by_side(deliver, 40) == [None] * 40
    assert server.faults.acts["login"] == 3
    assert len(lines) == 2
    assert "the login was refused" in lines[0]
    assert lines[1] == "INFO reachable again after 30 min, 2 failures"


async def test_a_ping_that_succeeds_ends_the_rest(server: AsyncsshServer, opened: Opened) -> None:
    breaker = opened(key="", password="hunter2")
    with pytest.raises(CredentialsRejected):
        await breaker.list(Place("/"))
    await breaker.ping()
    assert breaker.rests()
    server.faults.password = "hunter2"
    await breaker.ping()
    await breaker.list(Place("/"))


@pytest.mark.parametrize("what", ["host key", "our key", "user"])
async def test_whoever_is_not_let_in_by_openssh_rests(sshd: OpenSsh, clock: Clock, what: str) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    changes: dict[str, dict[str, Any]] = {
        "host key": {"host_keys": (stranger.export_public_key().decode(),)},
        "our key": {"key": stranger.export_private_key().decode()},
        "user": {"username": "nobody-here"},
    }
    breaker = Breaker(SftpEndpoint("acme", sshd.config(**changes[what])), clock=clock)
    with pytest.raises(CredentialsRejected):
        await breaker.list(Place("/"))
    assert (breaker.health()[0].kind, breaker.rests()) == ("credentials", True)
    await breaker.close()


async def test_a_missing_folder_rests_alone(
    server: AsyncsshServer, opened: Opened, clock: Clock, lines: list[str]
) -> None:
    (server.home / "inbound").mkdir()
    breaker = opened()
    with pytest.raises(Refused, match="nowhere"):
        await breaker.list(Place("/nowhere"))
    with pytest.raises(PlaceRefused):
        await breaker.deliver(request(1, "/away"), Checkpoints())
    scans, opens = server.faults.acts["scandir"], server.faults.acts["open"]
    for _ in range(20):
        clock.now += 40
        with pytest.raises(PlaceRefused, match="nothing under that path"):
            await breaker.list(Place("/nowhere"))
        with pytest.raises(PlaceRefused):
            await breaker.deliver(request(2, "/away"), Checkpoints())
    assert (server.faults.acts["scandir"], server.faults.acts["open"]) == (scans, opens)
    await breaker.deliver(request(3), Checkpoints())
    assert [each.name for each in (await breaker.list(Place("/inbound"))).remotes] == ["997_3.edi"]
    assert breaker.resting() == [("acme", "/away")]
    assert len(lines) == 2
    (server.home / "away").mkdir()
    clock.now += 100
    await breaker.deliver(request(2, "/away"), Checkpoints())
    assert breaker.resting() == []
    assert lines[2] == "INFO /away: reachable again after 15 min, 1 failure"


async def test_a_folder_without_a_right_rests_alone(opened: Opened, server: AsyncsshServer) -> None:
    (server.home / "inbound").mkdir()
    server.faults.refuse["open"] = asyncssh.SFTPPermissionDenied("read-only")
    breaker = opened()
    with pytest.raises(PlaceRefused, match="our user may not do that there"):
        await breaker.deliver(request(1), Checkpoints())
    assert [(each.place, each.use, each.kind) for each in breaker.health()] == [
        ("", "", ""),
        ("/inbound", "delivery", "place"),
    ]


async def test_what_is_known_is_told_in_the_time_of_day(opened: Opened, clock: Clock) -> None:
    breaker = opened()
    await breaker.list(Place("/"))
    with pytest.raises(Refused):
        await breaker.list(Place("/nowhere"))
    own, good, bad = breaker.health()
    assert (own.reached_at, own.failing_since, own.failures) == (1e9 + 5000, None, 0)
    assert (good.place, good.reached_at) == ("/", 1e9 + 5000)
    assert (bad.place, bad.failing_since, bad.rests_until, bad.failures) == ("/nowhere", 1e9 + 5000, 1e9 + 5900, 1)


async def test_a_server_that_is_away_is_tried_ever_later_and_found_again(
    server: AsyncsshServer, opened: Opened, clock: Clock, lines: list[str]
) -> None:
    breaker = opened()
    await breaker.list(Place("/"))
    server.faults.cut.add("scandir")
    for _ in range(30):
        clock.now += 2
        with pytest.raises(Unreachable):
            await breaker.list(Place("/"))
    assert server.faults.acts["scandir"] == 1 + 4
    server.faults.clear()
    clock.now += 60
    await breaker.list(Place("/"))
    assert [line.split(";")[0] for line in lines] == [
        "WARNING acme: the connection was lost (Connection lost)",
        "INFO reachable again after 2 min, 4 failures",
    ]


async def test_a_refused_document_says_nothing_about_its_endpoint(home: Path, clock: Clock) -> None:
    breaker = Breaker(FolderEndpoint("here", home), clock=clock)
    with pytest.raises(Refused, match="its name is a path"):
        await breaker.deliver(DeliveryRequest(1, "/", "../x", b""), Checkpoints())
    assert [(each.reached_at, each.failing_since) for each in breaker.health()] == [(None, None)]


@pytest.fixture
def scene() -> Scene:
    return Scene()


# -- D365 ---------------------------------------------------------------------------------------------------------------
UNITS = Query("UnitsOfMeasure", select=("UnitSymbol",))


@pytest.mark.parametrize("whose", ["D365", "Entra"])
async def test_a_pause_that_is_asked_for_holds_everybody_for_exactly_that_long(scene: Scene, whose: str) -> None:
    clock = scene.clock
    breaker = D365Breaker(scene.endpoint, clock=clock)
    path = "/data/*" if whose == "D365" else "*/oauth2/*"
    scene.sim.faults.answer(429, path=path, times=1, retry_after=60)
    with pytest.raises(Throttled):
        await breaker.ask(UNITS)
    asked = len(scene.sim.log)
    for _ in range(60):
        clock.now += 0.99
        with pytest.raises(Throttled):
            await breaker.ask(UNITS)
    assert len(scene.sim.log) == asked
    clock.now += 0.61
    assert await breaker.ask(UNITS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"client_secret": "wrong"}, "the client secret is wrong"),
        ({}, "does not let the application in"),
    ],
)
async def test_whoever_is_not_let_in_by_d365_rests(
    scene: Scene, clock: Clock, change: dict[str, Any], says: str
) -> None:
    for row in scene.sim.state.store.rows("SysAADClients"):
        scene.sim.state.store.delete(row)
    breaker = D365Breaker(scene.open(**change), clock=clock)
    for _ in range(20):
        with pytest.raises(CredentialsRejected, match=says):
            await breaker.ask(UNITS)
    assert len(scene.sim.log) <= 3
    assert breaker.health()[0].kind == "credentials"


async def test_a_table_that_may_not_be_read_shuts_nobody_out(scene: Scene, clock: Clock) -> None:
    breaker = D365Breaker(scene.endpoint, clock=clock)
    scene.sim.faults.answer(403, path="/data/UnitsOfMeasure", html=True)
    with pytest.raises(Refused, match="403"):
        await breaker.ask(UNITS)
    assert await breaker.ask(UNITS)


async def test_a_full_folder_rests_alone_and_is_tried_again_soon(
    server: AsyncsshServer, opened: Opened, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for folder in ("full", "roomy"):
        (server.home / folder).mkdir()
    acme = opened()
    server.faults.full = "full"

    async def deliver(number: int, folder: str = "/full") -> None:
        await acme.deliver(DeliveryRequest(number, folder, f"{number}.edi", b"ISA*810~"), Checkpoints())

    assert await side_by_side(deliver, 5) == [NotWritable] * 5
    await deliver(7, "/roomy")
    assert [server.faults.acts["write"], list((server.home / "full").iterdir())] == [2, []]  # no piece is left
    assert acme.resting() == [("acme", "/full")]
    clock.now += 5.1
    server.faults.clear()
    assert await side_by_side(deliver, 5) == [None] * 5
    assert acme.rested_until("/full") is not None
    assert len(list((server.home / "full").iterdir())) == 5


async def test_what_cannot_be_written_where_others_were_is_the_documents_own(
    server: AsyncsshServer, opened: Opened, clock: Clock
) -> None:
    """As a server that refuses the contents of one file: it stops nobody else."""
    (server.home / "in").mkdir()
    acme = opened()

    async def deliver(number: int) -> None:
        await acme.deliver(DeliveryRequest(number, "/in", f"{number}.edi", b"ISA*810~"), Checkpoints())

    server.faults.full = "in"
    with pytest.raises(NotWritable):
        await deliver(1)
    clock.now += 5.1
    server.faults.clear()
    await deliver(2)
    server.faults.full = "in"
    with pytest.raises(Unavailable) as own:
        await deliver(1)
    assert (type(own.value), acme.resting()) == (Unavailable, [])
    with pytest.raises(NotWritable):
        await deliver(3)
    assert acme.resting() == [("acme", "/in")]
