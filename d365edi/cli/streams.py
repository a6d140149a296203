"""Standard output as it is: how wide, in which character set, whether it shows styles, whether anybody still reads it.

A terminal that cannot show a character gets it in ASCII, or as its code: no command ends for it. A reader that goes away
(`| head -1`) ends the command with 141, as the signal would (128 + SIGPIPE), and without a word.

Knows: streams, the environment. Does not know: what is shown.
"""

import codecs
import os
import select
import shutil
import sys
from typing import TextIO

_HANDLER = "d365edi.ascii"
_ASCII = {
    "→": "->", "←": "<-", "…": "...", "─": "-", "–": "-", "—": "-", "−": "-", "×": "x", "·": "-", "•": "*",
    "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "\N{REPLACEMENT CHARACTER}": "?", "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that a stream cannot encode: of signs their usual spelling in ASCII, of letters their code, so
    that a name is never taken for another (as \\u20ac, which in JSON is the character itself)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelled, error.object[error.start : error.end])), error.end


def _spelled(sign: str) -> str:
    return _ASCII.get(sign) or sign.encode("ascii", "backslashreplace").decode()


def adapt() -> None:
    """Let standard output and error write whatever they are given."""
    codecs.register_error(_HANDLER, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def abandon() -> None:
    """Stop writing to standard output, which nobody reads any more: what is left of it goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def deserted() -> bool:
    """Whether standard output is a pipe that nobody reads any more (poll(2), POLLERR)."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError):  # no file of the system behind it
        return False


def takes_unicode() -> bool:
    """Whether standard output takes every character."""
    return codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name.startswith("utf")


def width(stream: TextIO | None = None) -> int | None:
    """The columns of the terminal behind a stream (standard output), or those that COLUMNS says; None where it is a pipe or a
    file: a row is one line there."""
    if (stream or sys.stdout).isatty() or os.environ.get("COLUMNS", "").isdecimal():
        return shutil.get_terminal_size().columns
    return None


def styled() -> bool:
    """Whether styles are shown: on a terminal that is none of the dumb ones, unless NO_COLOR says otherwise (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
