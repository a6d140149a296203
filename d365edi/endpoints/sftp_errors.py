"""What goes wrong over SSH, as `Unavailable` or `Refused` and a sentence with a remedy.

One table: the first class that fits decides. What is in no row (a bug in a library, an error of its next version) is
`Unavailable`: nothing is given up because of it, and the retry budget ends it.

Knows: asyncssh's exceptions and the system's. Does not know: connections, verbs.
"""

import errno
import socket
from dataclasses import dataclass

import asyncssh

from d365edi.endpoints.file_operations import NotPermitted, PathNotFound, WriteFailed
from d365edi.errors import CredentialsRejected, EndpointError, Refused, Unavailable, Unreachable


@dataclass(frozen=True, slots=True)
class _Row:
    kinds: tuple[type[Exception], ...]
    error: type[EndpointError]
    sentence: str
    remedy: str


_LOGIN = _Row(
    (asyncssh.PermissionDenied, asyncssh.IllegalUserName), CredentialsRejected,
    "the login was refused", "check username and key or password; the partner may have to install our public key",
)  # fmt: skip
_TABLE: tuple[_Row, ...] = (
    _Row((asyncssh.HostKeyNotVerifiable,), CredentialsRejected,
         "the host key is not trusted", "pin the right key under host_keys"),
    _LOGIN,
    _Row((asyncssh.KeyExchangeFailed, asyncssh.ProtocolNotSupported, asyncssh.ServiceNotAvailable),
         CredentialsRejected,
         "no SSH algorithm in common with this server", "ask the partner which SSH algorithms their server offers"),
    _Row((asyncssh.PasswordChangeRequired,), CredentialsRejected,
         "the password has expired", "change it with the partner and store the new one"),
    _Row((asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath), PathNotFound,
         "there is nothing under that path", "check the path with the partner"),
    _Row((asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect, asyncssh.SFTPCannotDelete), NotPermitted,
         "our user may not do that there", "ask the partner for the right"),
    _Row((asyncssh.SFTPOpUnsupported,), Refused, "their server cannot do that",
         'set deliver = "direct" or "sentinel", or after = "leave", as their server allows'),
    _Row((asyncssh.SFTPFileAlreadyExists, asyncssh.SFTPInvalidFilename, asyncssh.SFTPInvalidParameter,
          asyncssh.SFTPNotADirectory, asyncssh.SFTPFileIsADirectory, asyncssh.SFTPDirNotEmpty, asyncssh.SFTPLinkLoop,
          asyncssh.SFTPUnknownPrincipal, asyncssh.SFTPOwnerInvalid, asyncssh.SFTPGroupInvalid, asyncssh.SFTPBadMessage),
         Refused, "their server refuses that path", "check the path and the file name with the partner"),
    _Row((asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded), WriteFailed,
         "there is no room left on their server", "ask the partner to make room"),
    _Row((asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.ConnectionLost,
          asyncssh.DisconnectError), Unreachable, "the connection was lost", ""),
    _Row((asyncssh.SFTPError,), Unavailable,
         "their server failed", "if it stays so, ask the partner (disk full, locked, quota)"),
    _Row((asyncssh.ChannelOpenError,), Unreachable,
         "their server opens no SFTP session", "ask the partner whether SFTP is enabled"),
    _Row((socket.gaierror,), Unreachable, "the host name is not known", "check host and DNS"),
    _Row((ConnectionRefusedError,), Unreachable, "nothing listens there", "check host and port, and their firewall"),
    _Row((TimeoutError,), Unreachable, "no answer in time", "if it stays so, check host, port and firewalls"),
    _Row((OSError, EOFError), Unreachable, "the connection failed", ""),
    _Row((asyncssh.Error,), Unreachable, "the SSH session failed", ""),
    _Row((ValueError,), CredentialsRejected,
         "the settings of this endpoint cannot be used", "check key, host_keys and username"),
)  # fmt: skip
_WRITING = _Row(
    (asyncssh.SFTPFailure,), WriteFailed, "their server cannot store what we write",
    "ask the partner whether their disk is full or our quota is used up",
)  # fmt: skip
"""Version 3 has no status for a full disk: OpenSSH answers SSH_FX_FAILURE to write and close then."""
_UNKNOWN = _Row((Exception,), Unavailable, "something unexpected happened", "if it stays so, report it")

_ANSWERS = (asyncssh.SFTPError,)
_BROKEN = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.SFTPBadMessage)


def broken(error: Exception) -> bool:
    """May the session itself be broken (so that the next verb connects anew)? An SFTP status is an answer."""
    return isinstance(error, _BROKEN) or not isinstance(error, _ANSWERS)


def translate(
    error: Exception, endpoint: str, doing: str, *, effect: bool = False, writing: bool = False
) -> EndpointError:
    """`Unavailable` or `Refused` for what a library raised while we were `doing` something on `endpoint`.

    `effect`: the operation changes something on the server; without an answer it may have happened (`unclear`).
    `writing`: bytes were written into a file that is open, or it was closed after them."""
    said = _said(error)
    if isinstance(error, asyncssh.DisconnectError) and "authentication failures" in said:  # sshd's MaxAuthTries
        row = _LOGIN
    elif writing and isinstance(error, _WRITING.kinds):
        row = _WRITING
    else:
        row = next((row for row in _TABLE if isinstance(error, row.kinds)), _UNKNOWN)
    reason = f"{row.sentence}{f' ({said})' if said else ''}"
    sentence = f"{endpoint}: {doing}: {reason}"
    if not issubclass(row.error, Unavailable):
        return row.error(sentence, endpoint=endpoint, remedy=row.remedy)
    found = row.error(sentence, endpoint=endpoint, remedy=row.remedy, unclear=effect and broken(error))
    if row.error is not Unavailable:
        found.bare = f"{endpoint}: {reason}"
    return found


def _said(error: Exception) -> str:
    """The library's or server's own words, on one line; its class where it has none."""
    if isinstance(error, OSError) and error.errno in errno.errorcode and error.strerror:
        return error.strerror
    words = str(getattr(error, "reason", "") or error).replace("\r", " ").replace("\n", " ").strip()
    return "".join(c if c.isprintable() else "?" for c in words)[:300] or type(error).__name__
