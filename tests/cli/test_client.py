"""The way from a verb to the daemon, and what comes back when the daemon cannot do it."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from d365edi import errors
from d365edi.cli import client
from d365edi.listener.commands import verbs_app
from d365edi.listener.peer import person
from d365edi.listener.server import Listener, serving
from d365edi.listener.sockets import bind_unix


@contextlib.asynccontextmanager
async def daemon(place: Path, answer: Any, settings: str = "") -> AsyncIterator[None]:
    """A socket with one verb, `do`, which returns or raises `answer`."""

    async def do(arguments: dict[str, Any]) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return [arguments, answer]

    with bind_unix(place) as bound:
        async with serving(Listener(verbs_app({"do": do}, settings), bound)):
            yield


async def test_arguments_go_there_and_the_answer_comes_back(tmp_path: Path) -> None:
    async with daemon(tmp_path / "d.sock", "dôné"):
        got = await asyncio.to_thread(client.ask, tmp_path / "d.sock", "do", {"what": "4500124 / é"})
    assert got == (True, [{"what": "4500124 / é"}, "dôné"])


@pytest.mark.parametrize(("ours", "said"), [("new", client.NOT_RELOADED + "\n"), ("old", "")])
async def test_settings_that_the_daemon_has_not_read_yet_are_pointed_out(
    ours: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with daemon(tmp_path / "d.sock", "done", "old"):
        got = await asyncio.to_thread(client.ask, tmp_path / "d.sock", "do", {}, ours)
    assert (got, capsys.readouterr().err) == ((True, [{}, "done"]), said)


@pytest.mark.parametrize(
    "error",
    [
        errors.D365EdiError("nothing is named so", remedy="see status"),
        errors.SettingsError("wrong", key="a.b"),
        errors.JournalError("full"),
        errors.Unavailable("no route"),
        errors.Refused("no rights"),
        errors.Disputed("somebody made it"),
    ],
)
async def test_what_the_daemon_refuses_is_raised_as_the_same_kind_with_the_same_words(
    tmp_path: Path, error: errors.D365EdiError
) -> None:
    async with daemon(tmp_path / "d.sock", error):
        with pytest.raises(errors.D365EdiError) as caught:
            await asyncio.to_thread(client.ask, tmp_path / "d.sock", "do", {})
    assert (type(caught.value), str(caught.value)) == (type(error), str(error))


async def test_a_verb_that_the_daemon_does_not_know_is_said(tmp_path: Path) -> None:
    async with daemon(tmp_path / "d.sock", ""):
        with pytest.raises(errors.D365EdiError, match="no such verb"):
            await asyncio.to_thread(client.ask, tmp_path / "d.sock", "other", {})


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200", b"HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\noh!"])
def test_a_daemon_that_breaks_off_is_said(tmp_path: Path, reply: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "d.sock"))
        listening.listen()
        listening.settimeout(5)

        async def both() -> None:
            asked = asyncio.create_task(asyncio.to_thread(client.ask, tmp_path / "d.sock", "do", {}))
            line, _ = await asyncio.to_thread(listening.accept)
            line.recv(4096)
            line.sendall(reply)
            line.close()
            await asked

        with pytest.raises(errors.D365EdiError, match="see its log"):
            asyncio.run(both())


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that waits for tenths of seconds."""
    monkeypatch.setattr(client, "SILENCE", 0.1)
    monkeypatch.setattr(client, "STATUS_PATIENCE", 0.1)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("verb", ["release", "reject", "replay", "reconcile", "ping", "check", "history"])
def test_a_daemon_that_hangs_is_said_with_what_to_do_whatever_was_asked(tmp_path: Path, verb: str) -> None:
    with bind_unix(tmp_path / "d.sock") as bound:  # as that of a stopped process: the kernel takes the connection
        bound.listen()
        with pytest.raises(client.SilentError, match=r"does not answer.*systemctl restart d365edi") as caught:
            client.ask(tmp_path / "d.sock", verb, {})
    assert "before you repeat it" in str(caught.value)


@pytest.mark.usefixtures("hurried")
async def test_a_daemon_that_works_long_and_says_how_it_is_is_waited_for(tmp_path: Path) -> None:
    async def long(_: dict[str, Any]) -> Any:
        await asyncio.sleep(0.5)
        return "done"

    async def status(_: dict[str, Any]) -> Any:
        return {}

    with bind_unix(tmp_path / "d.sock") as bound:
        async with serving(Listener(verbs_app({"replay": long, "status": status}), bound)):
            got = await asyncio.to_thread(client.ask, tmp_path / "d.sock", "replay", {})
    assert got == (True, "done")


def test_the_person_behind_sudo_is_the_actor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "kim")
    assert client.actor() == "kim"
    monkeypatch.delenv("SUDO_USER")
    assert client.actor() == getpass.getuser()


def test_without_a_daemon_the_audit_names_the_person_with_the_user_as_well() -> None:
    name, uid = pwd.getpwuid(os.getuid()).pw_name, os.getuid()
    assert client.acting("kim") == f"kim as {name} (uid {uid})"
    assert client.acting(name) == client.acting("") == f"{name} (uid {uid})"


@pytest.mark.parametrize(("uid", "claimed"), [(4_000_000_000, ""), (4_000_000_000, "root")])
def test_a_user_without_a_name_is_a_number_whatever_he_says(uid: int, claimed: str) -> None:
    assert person(uid, claimed) == "uid 4000000000"


def test_a_client_loads_no_server() -> None:
    loaded = "import sys, d365edi.cli.client; print({'uvicorn', 'starlette'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, check=True).stdout == b"set()\n"
