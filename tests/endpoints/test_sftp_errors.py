"""Every exception of asyncssh becomes Unavailable or Refused, with a sentence."""

from __future__ import annotations

import inspect
import socket
import sys

import asyncssh
import pytest

from d365edi.endpoints.file_operations import NotPermitted, PathNotFound, WriteFailed
from d365edi.endpoints.sftp_errors import broken, translate
from d365edi.errors import CredentialsRejected, EndpointError, Refused, Unavailable, Unreachable


def exceptions() -> list[type[Exception]]:
    """Every exception class that any module of asyncssh defines, as far as it is loaded on this machine."""
    found: set[type[Exception]] = set()
    for module in [module for name, module in sys.modules.items() if name.startswith("asyncssh.")]:
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, Exception) and value.__module__.startswith("asyncssh"):
                found.add(value)
    return sorted(found, key=lambda kind: kind.__qualname__)


def made(kind: type[Exception]) -> Exception:
    """One of that kind, with a number or a text for each of its arguments."""
    if not any("__init__" in vars(base) for base in kind.__mro__ if base.__module__.startswith("asyncssh")):
        return kind("the words\nof the server")
    asked = inspect.signature(kind).parameters.values()
    needed = [p for p in asked if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    return kind(*(_something(str(parameter.annotation)) for parameter in needed))


def _something(annotation: str) -> object:
    if "Tuple" in annotation:
        return None
    return 3 if "int" in annotation else "the words\nof the server"


def test_there_are_as_many_kinds_as_the_library_is_known_to_have() -> None:
    assert len(exceptions()) >= 55


@pytest.mark.parametrize("kind", exceptions(), ids=lambda kind: kind.__name__)
def test_every_kind_lands_on_one_of_the_two_with_a_sentence_on_one_line(kind: type[Exception]) -> None:
    translated = translate(made(kind), "acme", 'reading "/in/a"')
    assert isinstance(translated, Unavailable) != isinstance(translated, Refused)
    assert translated.endpoint == "acme"
    assert str(translated).startswith('acme: reading "/in/a": ')
    assert "\n" not in str(translated)
    assert "unexpected" not in str(translated) or not issubclass(kind, asyncssh.Error | OSError | ValueError)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (asyncssh.PermissionDenied("no"), CredentialsRejected, "the login was refused"),
        (asyncssh.ProtocolError("Too many authentication failures"), CredentialsRejected, "the login was refused"),
        (asyncssh.KeyExchangeFailed("no"), CredentialsRejected, "no SSH algorithm in common"),
        (asyncssh.SFTPNoSuchFile("no"), PathNotFound, "there is nothing under that path"),
        (asyncssh.SFTPPermissionDenied("no"), NotPermitted, "our user may not do that there"),
        (asyncssh.SFTPOpUnsupported("no"), Refused, "their server cannot do that"),
        (asyncssh.SFTPFailure("no"), Unavailable, "their server failed"),
        (asyncssh.SFTPQuotaExceeded("no"), WriteFailed, "there is no room left"),
        (asyncssh.SFTPConnectionLost("gone"), Unreachable, "the connection was lost"),
        (asyncssh.ConnectionLost("gone"), Unreachable, "the connection was lost"),
        (asyncssh.ChannelOpenError(4, "no more"), Unreachable, "opens no SFTP session"),
        (socket.gaierror(-2, "Name or service not known"), Unreachable, "the host name is not known"),
        (ConnectionRefusedError(111, "Connection refused"), Unreachable, "nothing listens there"),
        (TimeoutError(), Unreachable, "no answer in time"),
        (BrokenPipeError(32, "Broken pipe"), Unreachable, "the connection failed"),
        (EOFError(), Unreachable, "the connection failed"),
        (KeyError("a bug"), Unavailable, "something unexpected happened"),
    ],
)
def test_the_usual_failures_have_their_sentence(error: Exception, kind: type[EndpointError], words: str) -> None:
    translated = translate(error, "acme", "reading")
    assert type(translated) is kind
    assert words in translated.message


@pytest.mark.parametrize(
    ("error", "effect", "unclear"),
    [
        (asyncssh.ConnectionLost("gone"), True, True),
        (asyncssh.ConnectionLost("gone"), False, False),
        (TimeoutError(), True, True),
        (asyncssh.SFTPFailure("no"), True, False),  # an answer: it was not done
        (asyncssh.SFTPQuotaExceeded("no"), True, False),
    ],
)
def test_only_an_act_without_an_answer_is_unclear(error: Exception, effect: bool, unclear: bool) -> None:
    translated = translate(error, "acme", "renaming", effect=effect)
    assert isinstance(translated, Unavailable)
    assert translated.unclear == unclear


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncssh.SFTPFailure("no"), WriteFailed),  # 4: all that version 3 has for a full disk
        (asyncssh.SFTPNoSpaceOnFilesystem("no"), WriteFailed),
        (asyncssh.SFTPQuotaExceeded("no"), WriteFailed),
        (asyncssh.SFTPPermissionDenied("no"), NotPermitted),
        (asyncssh.SFTPLockConflict("no"), Unavailable),
        (asyncssh.ConnectionLost("gone"), Unreachable),
    ],
)
def test_while_bytes_are_stored_a_failure_says_that_there_is_no_room(error: Exception, kind: type[Exception]) -> None:
    found = [translate(error, "acme", f'writing "/in/{name}"', writing=True) for name in "ab"]
    assert {type(each) for each in found} == {kind}
    if kind is WriteFailed:
        assert found[0].bare == found[1].bare  # the reason of the place does not name the file


def test_an_answer_leaves_the_session_whole_and_silence_does_not() -> None:
    assert [broken(error) for error in (asyncssh.SFTPFailure("no"), asyncssh.SFTPNoSuchFile("no"))] == [False, False]
    assert [broken(error) for error in (asyncssh.SFTPConnectionLost("x"), TimeoutError(), OSError())] == [True] * 3
