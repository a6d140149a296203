"""OpenSSH's own sshd on a free loopback port, started for the tests; as root or as an ordinary user."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from d365edi.endpoints.sftp import SftpConfig

_PLACES = "/usr/sbin:/usr/local/sbin:/usr/lib/ssh:/usr/libexec"

_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
PidFile none
HostKey {folder}/host_ed25519
HostKey {folder}/host_rsa
AuthorizedKeysFile {folder}/authorized_keys
AuthenticationMethods publickey
PermitRootLogin yes
UsePAM no
StrictModes no
UseDNS no
LogLevel ERROR
Subsystem sftp internal-sftp
{more}
"""


@dataclass
class OpenSsh:
    """A running sshd and all that a client needs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    host_keys: dict[str, asyncssh.SSHKey]
    client_key: asyncssh.SSHKey
    username: str = field(default_factory=getpass.getuser)

    def config(self, **changes: Any) -> SftpConfig:
        """How to reach it, with its ed25519 key pinned."""
        particulars: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": self.username,
            "key": self.client_key.export_private_key().decode(),
            "host_keys": (self.host_keys["ed25519"].export_public_key().decode(),),
            "deadline": 20.0,
        }
        return SftpConfig(**(particulars | changes))

    def children(self) -> list[int]:
        """Process ids of the sessions, from the listener's own descendants."""
        return _descendants(self.process.pid)


def program(places: str = _PLACES) -> str:
    """Where sshd is, on the path or in these places; without it the tests fail, and say which package has it."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:{places}")
    if found is None:
        pytest.fail(
            "these tests need OpenSSH's server and sshd is not here: install the package openssh-server "
            "(apt-get install openssh-server, dnf install openssh-server, apk add openssh-server)"
        )
    return found


@contextlib.contextmanager
def openssh(folder: Path, more: str = "") -> Iterator[OpenSsh]:
    """Start sshd with keys and settings made in `folder`; `more` are further lines of sshd_config."""
    sshd = program()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # root's sshd separates privileges there
    host_keys = {"ed25519": _key(folder / "host_ed25519", "ssh-ed25519"), "rsa": _key(folder / "host_rsa", "ssh-rsa")}
    client_key = asyncssh.generate_private_key("ssh-ed25519")
    (folder / "authorized_keys").write_bytes(client_key.export_public_key())
    port = free_port()
    settings = folder / "sshd_config"
    settings.write_text(_CONFIG.format(port=port, folder=folder, more=more))
    errors = (folder / "sshd.log").open("wb")
    process = subprocess.Popen([sshd, "-D", "-e", "-f", settings], stdout=errors, stderr=errors, start_new_session=True)
    try:
        _await_port(port, process, folder / "sshd.log")
        yield OpenSsh(folder, port, process, host_keys, client_key)
    finally:
        sessions = _descendants(process.pid)
        process.terminate()
        process.wait(10)
        for pid in sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        errors.close()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _key(path: Path, algorithm: str) -> asyncssh.SSHKey:
    key = asyncssh.generate_private_key(algorithm)
    path.touch(mode=0o600)
    path.write_bytes(key.export_private_key())
    return key


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    pytest.fail(f"sshd did not start: {log.read_text()}")


def _descendants(pid: int) -> list[int]:
    """Children, their children and so on, from /proc."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *_descendants(child)]
    return found
