"""SFTP when it goes wrong: lost replies, cuts, stalls, busy servers; and that all ends as if it had not."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import asyncssh
import pytest

from d365edi.endpoints import filenames
from d365edi.endpoints.base import After, DeliveryRequest, Place, Settlement, Unclear
from d365edi.endpoints.filenames import NameRules
from d365edi.endpoints.sftp import SftpConfig, SftpEndpoint
from d365edi.endpoints.upload_protocol import Mode
from d365edi.errors import Disputed, NotWritable, PlaceRefused, Refused, Unavailable
from tests.endpoints.conftest import Checkpoints
from tests.servers.asyncssh_server import AsyncsshServer
from tests.servers.openssh import OpenSsh, openssh
from tests.servers.proxy import proxy

DIGEST = hashlib.sha256(b"ISA").hexdigest()


@pytest.fixture
async def opened(server: AsyncsshServer) -> AsyncIterator[Callable[..., SftpEndpoint]]:
    """Makes endpoints of the server with faults and closes them after the test; `inbound` is there."""
    (server.home / "inbound").mkdir()
    made: list[SftpEndpoint] = []

    def make(changes: dict[str, Any] | None = None, **options: Any) -> SftpEndpoint:
        made.append(SftpEndpoint("acme", server.config(**(changes or {})), **options))
        return made[-1]

    yield make
    server.faults.clear()
    for endpoint in made:
        await endpoint.close()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def each(folder: Path, act: Callable[[Path], None]) -> Callable[[], None]:
    """Does something to every file of a folder."""

    def all_of_them() -> None:
        for path in folder.iterdir():
            act(path)

    return all_of_them


WHOLE: dict[Mode, dict[str, bytes]] = {
    "rename": {"810.edi": b"ISA*810~"},
    "direct": {"810.edi": b"ISA*810~"},
    "sentinel": {"810.edi": b"ISA*810~", "810.edi.done": b""},
}


@pytest.mark.parametrize("fault", ["lose", "cut"])
@pytest.mark.parametrize("act", ["open", "write", "fsync", "close", "lstat", "rename"])
@pytest.mark.parametrize("mode", ["rename", "direct", "sentinel"])
async def test_a_connection_cut_before_or_after_any_act_still_ends_in_one_whole_file(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint], mode: Mode, act: str, fault: str
) -> None:
    endpoint = opened(deliver=mode)
    checkpoints = Checkpoints()
    getattr(server.faults, fault).add(act)
    if act == "rename" and mode != "rename":
        await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), checkpoints)
        assert files(server.home / "inbound") == WHOLE[mode]
        return

    with pytest.raises(Unavailable):
        await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), checkpoints)
    server.faults.clear()
    receipt = await endpoint.deliver(
        DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~", checkpoints.progress), checkpoints
    )

    assert (receipt.id, receipt.detail["outcome"]) == ("/inbound/810.edi", "there")
    assert files(server.home / "inbound") == WHOLE[mode]


async def test_a_lost_answer_to_a_rename_says_that_it_is_unclear_and_is_not_uploaded_again(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    endpoint = opened()
    checkpoints = Checkpoints()
    server.faults.lose.add("rename")
    with pytest.raises(Unavailable) as unavailable:
        await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), checkpoints)
    assert unavailable.value.unclear
    server.faults.clear()
    opens = server.faults.acts["open"]
    await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~", checkpoints.progress), checkpoints)
    assert server.faults.acts["open"] == opens


async def test_a_rename_given_up_for_lost_that_is_carried_out_later_does_no_harm(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    endpoint = opened({"deadline": 0.3})
    checkpoints = Checkpoints()
    server.faults.stall.add("rename")
    with pytest.raises(Unavailable):
        await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), checkpoints)
    temp = server.home / "inbound" / checkpoints.progress["temp"]
    server.faults.stall.clear()

    def at_last() -> None:
        temp.rename(server.home / "inbound/810.edi")

    server.faults.before["rename"] = at_last
    receipt = await endpoint.deliver(
        DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~", checkpoints.progress), checkpoints
    )
    assert (receipt.detail["outcome"], files(server.home / "inbound")) == ("there", {"810.edi": b"ISA*810~"})


async def test_a_temp_name_left_by_another_life_is_replaced_at_the_second_attempt(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    checkpoints = Checkpoints()
    request = DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~")
    temp = filenames.temporary(7, hashlib.sha256(request.payload).hexdigest())
    (server.home / "inbound" / temp).write_bytes(b"ISA")
    with pytest.raises(Unavailable, match="appeared or vanished meanwhile"):
        await opened().deliver(request, checkpoints)
    await opened().deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~", checkpoints.progress), checkpoints)
    assert files(server.home / "inbound") == {"810.edi": b"ISA*810~"}


@pytest.mark.parametrize("mode", ["direct", "sentinel"])
async def test_a_mailbox_that_takes_files_as_they_are_closed_has_them_once(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint], mode: Mode
) -> None:
    taken: list[bytes] = []

    def take() -> None:
        for path in (server.home / "inbound").iterdir():
            taken.append(path.read_bytes())
            path.unlink()

    server.faults.after["close"] = take
    server.faults.lose.add("close")
    checkpoints = Checkpoints()
    endpoint = opened(deliver=mode)
    with pytest.raises(Unavailable):
        await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), checkpoints)
    server.faults.lose.clear()
    receipt = await endpoint.deliver(
        DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~", checkpoints.progress), checkpoints
    )
    assert (taken, receipt.detail["outcome"]) == ([b"ISA*810~"], "taken by the partner")


@pytest.mark.parametrize("lost", [False, True])
async def test_a_file_that_is_gone_before_it_is_closed_is_not_called_delivered(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint], lost: bool
) -> None:
    server.faults.after["write"] = each(server.home / "inbound", Path.unlink)
    if lost:
        server.faults.lose.add("close")
    checkpoints = Checkpoints()
    endpoint = opened(deliver="direct")
    with pytest.raises(Unavailable if lost else Disputed):
        await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), checkpoints)
    server.faults.clear()
    request = DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~", checkpoints.progress)
    with pytest.raises(Disputed, match="may have been taken unfinished") as disputed:
        await endpoint.deliver(request, checkpoints)
    assert "whole" in disputed.value.remedy
    assert isinstance(await endpoint.probe(request), Unclear)
    again = {**checkpoints.progress, "step": "intent"}  # as a person's release leaves it
    await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~", again), checkpoints)
    assert files(server.home / "inbound") == {"810.edi": b"ISA*810~"}


async def test_a_mailbox_is_no_place_for_a_rename_and_says_so(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    server.faults.after["close"] = each(server.home / "inbound", Path.unlink)
    with pytest.raises(Refused, match="vanished from acme the instant it was complete") as refused:
        await opened().deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), Checkpoints())
    assert 'deliver = "direct"' in refused.value.remedy


async def test_a_server_that_cuts_files_short_is_found_out_before_the_rename(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    server.faults.after["close"] = each(server.home / "inbound", lambda path: os.truncate(path, 3))
    with pytest.raises(Unavailable, match="arrived on acme with 3 of 8 bytes"):
        await opened().deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), Checkpoints())
    assert "810.edi" not in files(server.home / "inbound")


async def test_a_server_whose_rename_overwrites_does_not_get_to_do_so(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    server.faults.clobber = True
    (server.home / "inbound/810.edi").write_bytes(b"theirs")
    with pytest.raises(Disputed):
        await opened().deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), Checkpoints())
    assert files(server.home / "inbound")["810.edi"] == b"theirs"


async def test_a_server_without_fsync_is_delivered_to(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    server.faults.refuse["fsync"] = asyncssh.SFTPOpUnsupported("fsync")
    await opened().deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), Checkpoints())
    assert files(server.home / "inbound") == {"810.edi": b"ISA*810~"}


@pytest.mark.parametrize(
    ("act", "error", "kind"),
    [
        ("open", asyncssh.SFTPPermissionDenied("read-only"), PlaceRefused),
        ("rename", asyncssh.SFTPOpUnsupported("no rename here"), Refused),
        ("write", asyncssh.SFTPFailure("disk full"), NotWritable),
        ("fsync", asyncssh.SFTPFailure("disk full"), NotWritable),
        ("close", asyncssh.SFTPFailure("over quota"), NotWritable),
        ("rename", asyncssh.SFTPFailure("odd name"), Unavailable),
    ],
)
async def test_what_the_server_answers_is_told_and_the_session_goes_on(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint], act: str, error: Exception, kind: type[Exception]
) -> None:
    endpoint = opened()
    server.faults.refuse[act] = error
    with pytest.raises(kind, match=str(error)) as raised:
        await endpoint.deliver(DeliveryRequest(7, "/inbound", "810.edi", b"ISA*810~"), Checkpoints())
    assert not getattr(raised.value, "unclear", False)
    assert type(raised.value) is kind
    await endpoint.list(Place("/inbound"))
    assert server.faults.acts["session"] == 1


@pytest.mark.parametrize(("act", "action"), [("rename", "move"), ("remove", "delete"), ("mkdir", "move")])
@pytest.mark.parametrize("fault", ["lose", "cut"])
async def test_a_settlement_whose_answer_was_lost_is_settled_when_asked_again(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint], act: str, action: Any, fault: str
) -> None:
    (server.home / "a.edi").write_bytes(b"ISA")
    if act != "mkdir":
        (server.home / "done").mkdir()
    endpoint = opened()
    remote = (await endpoint.list(Place("/", "*.edi"))).remotes[0]
    getattr(server.faults, fault).add(act)
    with pytest.raises(Unavailable):
        await endpoint.settle(remote, After(action, "/done"), DIGEST)
    server.faults.clear()
    settled = await endpoint.settle(remote, After(action, "/done"), DIGEST)
    if action == "move":
        assert settled == Settlement("settled", "/done/a.edi")
        assert files(server.home / "done") == {"a.edi": b"ISA"}
    else:
        assert settled == (Settlement("gone") if fault == "lose" else Settlement("settled"))
    assert not (server.home / "a.edi").exists()


async def test_settling_takes_the_sentinel_away_first(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    (server.home / "a.edi").write_bytes(b"ISA")
    (server.home / "a.edi.done").touch()
    endpoint = opened(rules=NameRules(sentinel="{name}.done"))
    remote = (await endpoint.list(Place("/"))).remotes[0]
    assert (await endpoint.settle(remote, After("delete"), DIGEST)).outcome == "settled"
    assert [path.name for path in server.home.iterdir()] == ["inbound"]


@pytest.mark.parametrize("act", ["scandir", "open", "read", "fstat", "close"])
async def test_a_stalled_server_is_left_at_the_deadline_and_reached_again(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint], act: str
) -> None:
    (server.home / "a.edi").write_bytes(b"ISA")
    remote = (await opened().list(Place("/", "*.edi"))).remotes[0]
    endpoint = opened({"deadline": 0.3})
    server.faults.stall.add(act)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="no answer in time"):
        await (endpoint.list(Place("/")) if act == "scandir" else endpoint.fetch(remote, 100))
    assert time.monotonic() - started < 1.5
    server.faults.clear()
    assert await endpoint.fetch(remote, 100) == b"ISA"


async def test_a_stopped_sshd_session_is_left_and_a_new_one_made(sshd: OpenSsh, home: Path) -> None:
    endpoint = SftpEndpoint("acme", sshd.config(deadline=0.5))
    (home / "a.edi").write_bytes(b"ISA")
    remote = (await endpoint.list(Place(str(home)))).remotes[0]
    stopped = sshd.children()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="no answer in time"):
        await endpoint.fetch(remote, 100)
    assert time.monotonic() - started < 2
    assert await endpoint.fetch(remote, 100) == b"ISA"
    for pid in stopped:
        os.kill(pid, signal.SIGKILL)
    await endpoint.close()


async def test_keepalive_notices_a_dead_peer_before_the_deadline(sshd: OpenSsh, home: Path) -> None:
    endpoint = SftpEndpoint("acme", sshd.config(keepalive_interval=0.2, keepalive_count=2))
    await endpoint.list(Place(str(home)))
    stopped = sshd.children()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="the connection was lost"):
        await endpoint.list(Place(str(home)))
    assert time.monotonic() - started < 3
    for pid in stopped:
        os.kill(pid, signal.SIGKILL)
    await endpoint.close()


async def test_a_killed_sshd_session_is_unavailable_and_then_replaced(sshd: OpenSsh, home: Path) -> None:
    endpoint = SftpEndpoint("acme", sshd.config())
    (home / "a.edi").write_bytes(b"ISA")
    await endpoint.list(Place(str(home)))
    for pid in sshd.children():
        os.kill(pid, signal.SIGKILL)
    listing = None
    for _ in range(3):
        try:
            listing = await endpoint.list(Place(str(home)))
            break
        except Unavailable:
            continue
    assert listing is not None
    assert [remote.name for remote in listing.remotes] == ["a.edi"]
    await endpoint.close()


async def test_a_server_that_says_nothing_is_unavailable_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = SftpEndpoint(
            "acme", SftpConfig("127.0.0.1", silent.getsockname()[1], "contoso", connect_timeout=0.3, login_timeout=0.3)
        )
        started = time.monotonic()
        with pytest.raises(Unavailable, match="no answer in time"):
            await endpoint.list(Place("/"))
        assert time.monotonic() - started < 2


async def test_a_busy_server_that_resets_newcomers_is_tried_again(sshd: OpenSsh, home: Path) -> None:
    async with proxy(sshd.port) as gate:
        endpoint = SftpEndpoint("acme", sshd.config(port=gate.port))
        gate.reset = 2
        await endpoint.list(Place(str(home)))
        assert gate.visitors == 3
        await endpoint.close()

        gate.reset = 100
        with pytest.raises(Unavailable):
            await endpoint.list(Place(str(home)))
        assert gate.visitors == 6


async def test_many_endpoints_of_one_host_all_get_in_past_maxstartups(tmp_path: Path, home: Path) -> None:
    with openssh(tmp_path, "MaxStartups 4:100:4") as sshd:
        endpoints = [SftpEndpoint(f"acme{number}", sshd.config()) for number in range(12)]
        async with anyio.create_task_group() as group:
            for endpoint in endpoints:
                group.start_soon(endpoint.list, Place(str(home)))
        for endpoint in endpoints:
            await endpoint.close()


async def test_many_files_in_flight_share_one_connection(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    outbound = server.home / "outbound"
    outbound.mkdir()
    for number in range(100):
        (outbound / f"{number:03}.edi").write_bytes(f"ISA{number}".encode())
    endpoint = opened({"in_flight": 16})
    remotes = (await endpoint.list(Place("/outbound"))).remotes
    fetched: dict[str, bytes] = {}

    async def fetch(remote: Any) -> None:
        fetched[remote.name] = await endpoint.fetch(remote, 100)

    async with anyio.create_task_group() as group:
        for remote in remotes:
            group.start_soon(fetch, remote)
    assert fetched == files(outbound)
    assert server.faults.acts["session"] == 1


async def test_verbs_that_start_together_make_one_connection_and_a_cut_hurts_each_once(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    (server.home / "a.edi").write_bytes(b"ISA")
    endpoint = opened()
    remote = (await endpoint.list(Place("/", "*.edi"))).remotes[0]
    server.faults.cut.add("read")
    failures: list[Exception] = []

    async def fetch() -> None:
        try:
            await endpoint.fetch(remote, 100)
        except Unavailable as error:
            failures.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(fetch)
    assert len(failures) == 8
    server.faults.clear()
    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(fetch)
    assert (len(failures), server.faults.acts["session"]) == (8, 2)


async def test_a_cancelled_fetch_leaves_the_session_whole_and_no_file_open(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    (server.home / "a.edi").write_bytes(b"ISA")
    endpoint = opened()
    remote = (await endpoint.list(Place("/", "*.edi"))).remotes[0]
    server.faults.stall.add("read")
    with anyio.move_on_after(0.1):
        await endpoint.fetch(remote, 100)
    server.faults.clear()
    assert await endpoint.fetch(remote, 100) == b"ISA"
    assert (server.faults.acts["session"], server.faults.acts["close"]) == (1, server.faults.acts["open"])


@pytest.mark.parametrize("moment", ["read", "fstat"])
async def test_a_file_that_grows_while_it_is_read_is_not_taken(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint], moment: str
) -> None:
    there = server.home / "a.edi"
    there.write_bytes(b"ISA")
    endpoint = opened()
    remote = (await endpoint.list(Place("/", "*.edi"))).remotes[0]

    def grow() -> None:
        there.write_bytes(b"ISA and more")

    server.faults.before[moment] = grow
    with pytest.raises(Unavailable, match="still growing"):
        await endpoint.fetch(remote, 100)


async def test_a_strangers_names_are_passed_over_and_hide_nothing(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    (server.home / "a.edi").write_bytes(b"ISA")
    plain = asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, size=10, permissions=0o100644)
    evil = [b"../../x", b"/etc/passwd", b"sub/x", b"..\\x", b"nul\0x", b"\xff\xfe", b"new\nline", b""]
    server.faults.names += [asyncssh.SFTPName(name, attrs=plain) for name in evil]
    listing = await opened().list(Place("/"))
    assert [remote.name for remote in listing.remotes] == ["a.edi"]
    assert len(listing.passed_over) == len(evil) + 1
    assert all(passed.name.isprintable() for passed in listing.passed_over)


async def test_a_server_that_tells_no_type_is_read_by_its_long_names(
    server: AsyncsshServer, opened: Callable[..., SftpEndpoint]
) -> None:
    for letter in (b"-", b"d", b"l", b"?"):
        name, line = b"x" + letter + b".edi", letter + b"rw-r--r-- 1 u g 5 Jan 1 00:00 x"
        server.faults.names.append(asyncssh.SFTPName(name, line, asyncssh.SFTPAttrs(size=5)))
    listing = await opened().list(Place("/", "x*"))
    assert [remote.name for remote in listing.remotes] == ["x-.edi"]
    assert [(p.name, p.reason) for p in listing.passed_over if p.name != "inbound"] == [
        ("x?.edi", "the server does not say whether it is a file"),
        ("xd.edi", "it is a folder"),
        ("xl.edi", "it is a link"),
    ]
