"""One SSH connection to one server: which host keys are trusted, how we log in, and the one SFTP channel on it.

The connection is made by the first verb, shared by all that follow, and made anew when it broke. Only the pinned host
keys are accepted; what a server offers instead is reported with all that is needed to pin it. Nothing of this machine is
used: no `~/.ssh`, no agent, no known_hosts.

Knows: asyncssh's connection. Does not know: files, verbs.
"""

import random
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
import asyncssh

from d365edi.endpoints.sftp_errors import translate
from d365edi.endpoints.sftp_keys import read_key
from d365edi.errors import CredentialsRejected, EndpointError, SecretError

_CONNECTS_PER_HOST = 4  # sshd drops at random from the tenth unfinished login on (MaxStartups 10:30:100)
_CONNECT_TRIES = 3

_CIPHERS = (
    "aes128-gcm@openssh.com",  # 30 to 40 % faster here than chacha20, which the library would put first
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
_FAMILIES: dict[str, tuple[str, ...]] = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ssh-ed448": ("ssh-ed448",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"),
}
"""Host key types in the order in which OpenSSH's own client asks for them (asyncssh would ask for RSA first), with the
signature algorithms of each."""


@dataclass(frozen=True, slots=True)
class SftpConfig:
    """Address and login. `key` is the private key's text, `host_keys` public keys or SHA256 fingerprints; times in seconds.

    `login_timeout` is for the key exchange and the login, `connect_timeout` for all until then where that is longer.
    `deadline` bounds every single step (a listing, a file's bytes, a rename); `in_flight` how many go side by side. `ciphers`,
    `kex` and `host_key_types` are asked for behind the usual ones."""

    host: str
    port: int = 22
    username: str = ""
    key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    host_keys: tuple[str, ...] = ()
    connect_timeout: float = 15.0
    login_timeout: float = 30.0
    keepalive_interval: float = 15.0
    keepalive_count: int = 3
    deadline: float = 120.0
    in_flight: int = 32
    ciphers: tuple[str, ...] = ()
    kex: tuple[str, ...] = ()
    host_key_types: tuple[str, ...] = ()


class Pins:
    """The pinned host keys: which key is trusted, and which types are worth asking for."""

    def __init__(self, lines: Sequence[str], endpoint: str, further: Sequence[str] = ()) -> None:
        self.known = (*_FAMILIES, *further)
        self.keys: list[asyncssh.SSHKey] = []
        self.fingerprints: set[str] = set()
        for line in lines:
            if line.startswith("SHA256:"):
                self.fingerprints.add(line.strip().rstrip("="))
                continue
            try:
                self.keys.append(asyncssh.import_public_key(line))
            except ValueError as error:
                message = f'{endpoint}: "{line}" under host_keys is no public key ({error})'
                remedy = "write a full public key (ssh-ed25519 AAAA...) or a fingerprint (SHA256:...)"
                raise CredentialsRejected(message, endpoint=endpoint, remedy=remedy) from error

    def trusts(self, key: asyncssh.SSHKey) -> bool:
        """Is this key pinned?"""
        return key in self.keys or key.get_fingerprint() in self.fingerprints

    def families(self, trusted: str = "") -> list[str]:
        """Key types in the order to ask for: the one trusted last, those of pinned keys, the rest (to learn the offer)."""
        pinned = {key.get_algorithm() for key in self.keys}
        return sorted(self.known, key=lambda family: (family != trusted, family not in pinned))

    def may_trust(self, families: Sequence[str]) -> bool:
        """Could a key of one of these types still be a pinned one? A fingerprint does not contain its type."""
        return bool(families) and (bool(self.fingerprints) or any(key.get_algorithm() in families for key in self.keys))


class HostKeyCheck(asyncssh.SSHClient):
    """What one connect saw: the key that was offered and when it was accepted (monotonic seconds)."""

    def __init__(self, pins: Pins) -> None:
        self.pins = pins
        self.offered: asyncssh.SSHKey | None = None
        self.trusted_at = 0.0

    def validate_host_public_key(self, _host: str, _addr: str, _port: int, key: asyncssh.SSHKey) -> bool:
        """Accept a pinned key only."""
        self.offered = key
        if self.pins.trusts(key):
            self.trusted_at = time.monotonic()
            return True
        return False


_logins: weakref.WeakValueDictionary[tuple[str, int], anyio.Semaphore] = weakref.WeakValueDictionary()


def _login_slots(host: str, port: int) -> anyio.Semaphore:
    """How many may log in to one host at once, whatever the endpoint: many partners share one network's host."""
    slots = _logins.get((host, port))
    if slots is None:
        slots = _logins[host, port] = anyio.Semaphore(_CONNECTS_PER_HOST)
    return slots


class Session:
    """The connection, made when it is first asked for and again after it broke."""

    def __init__(self, endpoint: str, config: SftpConfig) -> None:
        self.endpoint = endpoint
        self.config = config
        self.host_key_check: HostKeyCheck | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._identity: asyncssh.SSHKey | None = None
        self._family = ""  # the type of the host key that was trusted last: asked for first
        self._connecting = anyio.Lock()
        self._slots = _login_slots(config.host, config.port)

    async def client(self) -> asyncssh.SFTPClient:
        """The SFTP channel; connects when there is none that lives. Raises `CredentialsRejected`, or what asyncssh raised."""
        async with self._connecting:
            if self._client is None or self._connection is None or self._connection.is_closed():
                self._abort()
                self._connection = await self._connect()
                self._client = await self._connection.start_sftp_client()
            return self._client

    def drop(self, client: asyncssh.SFTPClient | None) -> None:
        """Drop a connection that may be broken, unless another verb has already replaced it."""
        if client is not None and client is self._client:
            self._abort()

    async def close(self) -> None:
        """Close the connection; safe to call twice."""
        connection, self._connection, self._client = self._connection, None, None
        if connection is None:
            return
        connection.close()
        with anyio.move_on_after(1, shield=True):
            await connection.wait_closed()
            return
        connection.abort()

    def public_key(self) -> str:
        """Our public key as one line, for the partner to install; empty when there is none or it was not read yet."""
        return self._identity.export_public_key().decode("ascii").strip() if self._identity else ""

    def _abort(self) -> None:
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.abort()

    async def _connect(self) -> asyncssh.SSHClientConnection:
        """Ask for the key types one after the other for as long as the key that is offered could be another pinned one."""
        pins = Pins(self.config.host_keys, self.endpoint, self.config.host_key_types)
        await self._read_identity()
        families = pins.families(self._family)
        first: asyncssh.SSHKey | None = None
        while True:
            host_key_check = self.host_key_check = HostKeyCheck(pins)
            try:
                connection = await self._try_connect(host_key_check, families, tries=1 if first else _CONNECT_TRIES)
            except asyncssh.DisconnectError as error:  # with no type left in common the server just disconnects
                first = first or host_key_check.offered
                if host_key_check.trusted_at or first is None:
                    raise
                families = _after(families, host_key_check.offered)
                if not pins.may_trust(families):
                    raise self._untrusted(first) from error
            else:
                self._family = host_key_check.offered.get_algorithm() if host_key_check.offered else ""
                return connection

    async def _try_connect(
        self, host_key_check: HostKeyCheck, families: Sequence[str], tries: int
    ) -> asyncssh.SSHClientConnection:
        """One connect; a reset before any key was shown means a busy server (MaxStartups): try again shortly."""
        attempt = 1
        while True:
            try:
                async with self._slots:
                    return await asyncssh.connect(**self._options(host_key_check, families))
            except (ConnectionResetError, asyncssh.ConnectionLost):
                if attempt >= tries or host_key_check.offered is not None:
                    raise
            await anyio.sleep(random.uniform(0.1, 0.4) * attempt)
            attempt += 1

    def _options(self, host_key_check: HostKeyCheck, families: Sequence[str]) -> dict[str, Any]:
        config = self.config
        return {
            "host": config.host,
            "port": config.port,
            "username": config.username,
            "client_keys": [self._identity] if self._identity else None,
            "password": config.password or None,
            "client_factory": lambda: host_key_check,
            "known_hosts": ([], [], []),  # None would switch the checking off
            "server_host_key_algs": [
                algorithm for family in families for algorithm in _FAMILIES.get(family, (family,))
            ],
            "encryption_algs": [*_CIPHERS, *config.ciphers],
            "kex_algs": f"+{','.join(config.kex)}" if config.kex else (),
            "config": None,
            "agent_path": None,
            "gss_host": None,
            "preferred_auth": ["publickey", "password", "keyboard-interactive"],
            "connect_timeout": max(config.connect_timeout, config.login_timeout),  # the library counts both in it
            "login_timeout": config.login_timeout,
            "keepalive_interval": config.keepalive_interval,
            "keepalive_count_max": config.keepalive_count,
        }

    async def _read_identity(self) -> None:
        """Read our key once; decrypting one is slow on purpose, so it is done in a thread."""
        if self._identity is None and self.config.key:
            key, passphrase = self.config.key, self.config.passphrase
            try:
                self._identity = await anyio.to_thread.run_sync(read_key, key, passphrase)
            except SecretError as error:
                message = f"{self.endpoint}: our SSH key cannot be used: {error.message}"
                raise CredentialsRejected(message, endpoint=self.endpoint, remedy=error.remedy) from None

    def _untrusted(self, key: asyncssh.SSHKey) -> CredentialsRejected:
        line = key.export_public_key().decode("ascii").strip()
        pinned = "none is pinned" if not self.config.host_keys else "which is not one of those pinned"
        return CredentialsRejected(
            f"{self.endpoint}: {self.config.host}:{self.config.port} offered the {key.get_algorithm()} host key "
            f"{key.get_fingerprint()}, {pinned}: {line}",
            endpoint=self.endpoint,
            remedy=f'when the partner confirms it, pin it under [endpoints.{self.endpoint}] host_keys = ["{line}"]',
        )

    def explain(self, error: Exception, doing: str, *, effect: bool = False, writing: bool = False) -> EndpointError:
        """`Unavailable` or `Refused` for an error of a verb; a refused login names our user and our public key."""
        explained = (
            error
            if isinstance(error, EndpointError)
            else translate(error, self.endpoint, doing, effect=effect, writing=writing)
        )
        if isinstance(error, asyncssh.PermissionDenied) and self._identity:
            ours = f"that the partner has installed our public key: {self.public_key()}"
            explained.remedy = f'check username "{self.config.username}", and {ours}'
        return explained


def _after(families: Sequence[str], offered: asyncssh.SSHKey | None) -> list[str]:
    """The types behind the offered one: what stands before it the server does not have, or it would have offered that."""
    algorithm = offered.get_algorithm() if offered else ""
    return list(families[families.index(algorithm) + 1 :]) if algorithm in families else []
