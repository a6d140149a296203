"""How a secret is entered: at the terminal without echo, from a file, from standard input; a key of several lines keeps them.

Knows: terminals, files. Does not know: vaults, which secret it is.
"""

import os
import select
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from d365edi.errors import SecretError

MOST = 64 << 10
"""Bytes of a secret at most: a certificate with its chain and key is 10 kB."""
_BEGIN, _END = "-----BEGIN ", "-----END "
_PASTED = 0.3
"""Seconds in which the rest of a pasted text is there."""
_LINE = 65536


def read_secret(name: str, file: Path | None) -> str:
    """The secret: the contents of `file`, else what is typed or pasted at the terminal, else standard input. SecretError where it
    is no text, or too long. One line end at its end is none of it, but for a key or certificate, which keeps its lines."""
    if file is not None:
        return _text(_contents(file), str(file))
    if sys.stdin.isatty():
        return _text("".join(_typed(name)).encode(errors="surrogateescape"), "the terminal")
    return _text(_standard_input(), "standard input")


def _standard_input() -> bytes:
    raw = getattr(sys.stdin, "buffer", None)
    return raw.read(MOST + 1) if raw is not None else sys.stdin.read().encode()


def _contents(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST + 1)
    except OSError as error:
        raise SecretError(
            f"{file} cannot be read: {error.strerror}", remedy="name the file with --file, or check its mode"
        ) from None


def _text(data: bytes, place: str) -> str:
    if len(data) > MOST:
        raise SecretError(f"{place} holds more than {MOST >> 10} kB, which is no secret", remedy="name the right file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        remedy = "turn it into PEM: openssl pkcs12 -in FILE -out PEM; a PFX file is named by certificate.file"
        raise SecretError(f"{place} is no text", remedy=remedy)
    text = text.replace("\r\n", "\n")
    return text if _BEGIN in text else text.removesuffix("\n")


def _typed(name: str) -> Iterator[str]:
    """The lines that are typed: one, or of a key or certificate all to its last END, and those of further ones pasted with it."""
    with _without_echo():
        line = _line(f"{name}: ")
        yield line
        while line.startswith(_BEGIN):
            while line and not line.startswith(_END):
                line = _line()
                yield line
            line = _line() if select.select([sys.stdin], [], [], _PASTED)[0] else ""
            while line and not line.strip() and select.select([sys.stdin], [], [], _PASTED)[0]:
                line = _line()
            yield line if line.startswith(_BEGIN) else ""


def _line(prompt: str = "") -> str:
    """A line from the terminal with its end; empty at the end of the input (Ctrl-D)."""
    if prompt:
        print(prompt, end="", file=sys.stderr, flush=True)
    return os.read(sys.stdin.fileno(), _LINE).decode(errors="surrogateescape").replace("\r\n", "\n")


@contextmanager
def _without_echo() -> Iterator[None]:
    """No character is shown; what is left unread in the end is dropped, for it may be the rest of a key."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    silent = [*before]
    silent[3] = before[3] & ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        print(file=sys.stderr)
