"""Sockets that listen, and the certificate that they show.

Knows: addresses, file modes, TLS. Does not know: HTTP, who serves on them.
"""

import contextlib
import os
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

from d365edi.errors import SettingsError


def bind_tcp(address: str, key: str = "daemon.listen") -> socket.socket:
    """A listening socket on `host:port` (`[::1]:port` for IPv6). SettingsError at `key` when the address is
    in use or not ours.

    Bound here, because uvicorn ends the process when a port is taken."""
    host, _, port = address.rpartition(":")
    opened = contextlib.ExitStack()
    try:
        if not 0 <= int(port) <= 65535:  # getaddrinfo would take 99999 for 34463
            raise ValueError(f"{port} is no port")
        with opened:
            found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, kind, protocol, _, place = found[0]
            bound = opened.enter_context(socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(place)
            bound.listen(128)
            opened.pop_all()
    except (OSError, ValueError) as error:
        remedy = "write host:port of this machine that nothing else uses, e.g. 0.0.0.0:8443"
        raise SettingsError(f"cannot listen on {address}: {error}", key=key, remedy=remedy) from error
    return bound


def bind_unix(path: Path, mode: int = 0o600, key: str = "daemon.socket") -> socket.socket:
    """A listening Unix socket of this mode at `path`, replacing one that a killed daemon left there. SettingsError at `key`.

    The caller holds the journal's lock, so nobody else can be listening there."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        bound.bind(str(path))
        path.chmod(mode)  # before listen(): until then every connection is refused
        bound.listen(16)
    except OSError as error:
        bound.close()
        remedy = "the folder must exist, and the daemon must be able to write there"
        raise SettingsError(f"cannot open the socket {path}: {error}", key=key, remedy=remedy) from error
    return bound


def try_unix(path: Path, key: str) -> None:
    """SettingsError at `key` where a socket could not be made at `path`, which is not touched."""
    folder, why = path.parent, ""
    if not folder.is_dir():
        why = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        why = f"no permission to write in {folder}"
    elif path.is_dir():
        why = "it is a folder"
    if why:
        remedy = "the folder must exist, and the daemon must be able to write there"
        raise SettingsError(f"cannot open the socket {path}: {why}", key=key, remedy=remedy)


def tls_context(certificate: Path, key: str) -> ssl.SSLContext:
    """A server's context, TLS 1.2 and up. `key` is the PEM text (a secret): it is never written to a disk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    memory = os.memfd_create("key", os.MFD_CLOEXEC)
    try:
        os.write(memory, key.encode())
        context.load_cert_chain(certificate, f"/proc/self/fd/{memory}", password=_no_password)
    except (OSError, ssl.SSLError) as error:
        message = f"certificate {certificate} and its key cannot be used: {error}"
        remedy = "give the full chain in PEM and the key that belongs to it, without a password"
        raise SettingsError(message, key="daemon.tls", remedy=remedy) from error
    finally:
        os.close(memory)
    return context


def _no_password() -> str:
    """Keep OpenSSL from asking at the terminal: an encrypted key is an error, not a prompt in a daemon."""
    return ""


class BoundSockets:
    """The bound sockets. They stay open over a reload, so that a caller meanwhile waits instead of being refused."""

    def __init__(self) -> None:
        self._bound: dict[str, socket.socket] = {}

    def tcp(self, wanted: Mapping[str, str]) -> dict[str, socket.socket]:
        """A socket for each address with its key among the settings, bound once; those of other addresses are closed.

        SettingsError where one cannot be bound; the others stay then."""
        for address, key in wanted.items():
            if address not in self._bound:
                self._bound[address] = bind_tcp(address, key)
        for address in self._bound.keys() - wanted.keys():
            self._bound.pop(address).close()
        return dict(self._bound)

    def attempt(self, wanted: Mapping[str, str]) -> None:
        """SettingsError where `tcp` could not bind one of these; what is bound stays as it is."""
        for address, key in wanted.items():
            if address not in self._bound:
                bind_tcp(address, key).close()

    def close(self) -> None:
        """Close them."""
        self.tcp({})
