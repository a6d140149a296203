"""The log: one line for each event that a business person can read, or one JSON object a line.

    2026-11-02 12:00:05.412-06:00 INFO  acme.850      received   PO-77.edi 4.1 kB sha256:9f2c1a…   run=acme:PO-77.edi:9f2c1a

Where the lines go to systemd's journal (JOURNAL_STREAM) each begins with its priority as sd-daemon(3) has it, which the journal
takes off (`journalctl -p warning`), and the day is left to the journal.

Everything passes one sink, which builds the whole text, escapes control characters (a file's name cannot forge a line) and
removes every secret that was revealed and everything that looks like one. Only constant templates reach loguru: a name with
braces in it is data. What the libraries log comes the same way, from WARNING up, as lines of the daemon: below that httpx
logs whole URLs. Libraries whose failures reach us as errors, and are reported by us, log nothing.

Knows: lines. Does not know: what happened.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import tzinfo
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus

from loguru import logger

from d365edi.masking import masked, masked_keys

if TYPE_CHECKING:
    from loguru import Message, Record

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LIBRARIES = ("httpx", "httpcore", "asyncssh", "apscheduler", "uvicorn", "asyncio", "aiosqlite", "tzlocal")
SILENT = ("azure", "msal")
"""They log each failure that they also raise; `endpoints/d365/entra.py` says it in our words."""
PRIORITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3}

_hidden: list[str] = []
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONG_ID = re.compile(r"\b([0-9a-f]{6})[0-9a-f]{26,}\b")
_SHORTEST = 4
"""Characters that a secret must have to be hidden: a line without each "x" says nothing any more, and hides nothing."""
_SHORTEST_LINE = 12


def setup(
    level: Level = "INFO",
    format: Literal["line", "json"] = "line",
    stream: IO[str] | None = None,
    zone: tzinfo | None = None,
) -> None:
    """Log events from `level` up to `stream` (stderr), in `format`, timed in `zone` (the machine's). May be called again."""
    sink = _Sink(stream, format, zone)
    logger.remove()
    logger.add(sink, level=level, format="{message}", backtrace=False, diagnose=False, catch=False)
    logging.basicConfig(handlers=[_Intercept()], level=logging.WARNING, force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def say(level: Level, flow: str, verb: str, sentence: str, /, **fields: object) -> None:
    """Log one event: whose flow, one word for what happened, and the sentence; fields follow it (`run=...`, `ms=...`)."""
    logger.bind(flow=flow, verb=verb, fields=fields).opt(depth=1).log(level, "{}", sentence)


def defect(flow: str, what: str, error: BaseException | None = None) -> None:
    """Log an unexpected error with its trace: a mistake in d365edi, not in a partner's file."""
    logger.bind(flow=flow, verb="defect", fields={}).opt(depth=1, exception=error or True).error(
        "{}", f"{what}: {type(error).__name__}: {error}" if error else what
    )


def about(**fields: object) -> AbstractContextManager[None]:
    """While inside, every line has these fields; follows tasks and threads that are started there."""
    return logger.contextualize(about=fields)


def hide(secret: str) -> None:
    """From now on no line shows this text, as it is, quoted in a URL or in JSON, nor one of its longer lines."""
    for text in (
        secret,
        *(line for line in secret.split("\n") if _SHORTEST_LINE <= len(line) < len(secret) and "-----" not in line),
    ):
        quoted = (json.dumps(text, ensure_ascii=plain)[1:-1] for plain in (True, False))
        for form in (text, _escape(text), *quoted, quote(text), quote(text, safe=""), quote_plus(text)):
            if len(form) >= _SHORTEST and form not in _hidden:
                _hidden.append(form)
    _hidden.sort(key=len, reverse=True)


def redact(text: str) -> str:
    """The text without any hidden secret and without what looks like a password, a token or a private key."""
    text = masked_keys(text)  # first: a hidden key's own first line would take away where another one begins
    for secret in _hidden:
        if secret in text:
            text = text.replace(secret, "***")
    return masked(text)


def one_line(text: str) -> str:
    """The text for a message that leaves this machine: without secrets, its control characters and line breaks escaped."""
    return _escape(redact(text))


def altered(text: str) -> bool:
    """Whether a line would show this name otherwise than it is: shortened, escaped or masked. Nobody can copy it from there."""
    return _short(redact(text)) != text


def _escape(text: str) -> str:
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def _short(text: str) -> str:
    """For reading: escaped, digests and other long ids cut to their first six digits."""
    return _LONG_ID.sub(r"\1…", _escape(text))


class _Intercept(logging.Handler):
    """Hands records of the standard library's loggers to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        frame: FrameType | None = logging.currentframe()
        depth = 0
        while frame and (depth == 0 or frame.f_code.co_filename == logging.__file__):
            frame = frame.f_back
            depth += 1
        bound = logger.bind(flow="daemon", verb="library", fields={})
        bound.opt(depth=depth, exception=record.exc_info).log(level, "{}", f"{record.name}: {record.getMessage()}")


class _Sink:
    """Builds, escapes, redacts and writes each event, in this order."""

    def __init__(self, stream: IO[str] | None, format: Literal["line", "json"], zone: tzinfo | None) -> None:
        self.stream = stream
        self.build = self._line if format == "line" else self._json
        self.zone = zone
        self.journal = _is_journal(stream or sys.stderr)

    def __call__(self, message: Message) -> None:
        stream = self.stream or sys.stderr
        text = redact(self.build(message.record))
        if self.journal:
            priority = PRIORITIES.get(message.record["level"].name, 5)
            text = "\n".join(f"<{priority}>{line}" for line in text.split("\n"))
        stream.write(f"{text}\n")
        stream.flush()

    def _line(self, record: Record) -> str:
        time = record["time"].astimezone(self.zone)
        shown = (
            f"{time:%H:%M:%S}.{time.microsecond // 1000:03}" if self.journal else time.isoformat(" ", "milliseconds")
        )
        extra = record["extra"]
        level = record["level"].name.replace("WARNING", "WARN")
        head = f"{shown} {level:<5}"
        text = f"{head} {_escape(extra.get('flow', '')):<18} {_escape(extra.get('verb', '')):<10} {_short(record['message'])}"
        fields = "  ".join(_field(name, value) for name, value in _fields(extra))
        return "\n".join([f"{text}   {fields}" if fields else text, *(f"    {line}" for line in _trace(record))])

    def _json(self, record: Record) -> str:
        extra = record["extra"]
        entry: dict[str, object] = {
            "time": record["time"].astimezone(self.zone).isoformat(timespec="milliseconds"),
            "level": record["level"].name,
            "flow": extra.get("flow", ""),
            "event": extra.get("verb", ""),
            "message": record["message"],
        }
        entry |= {name: value for name, value in _fields(extra) if name not in entry}
        if trace := list(_trace(record)):
            entry["trace"] = trace
        return _escape(json.dumps(entry, ensure_ascii=False, default=str))


def _is_journal(stream: IO[str]) -> bool:
    """Whether systemd's journal reads the stream: $JOURNAL_STREAM is the device and inode of its socket (systemd.exec(5))."""
    try:
        at = os.fstat(stream.fileno())
    except (OSError, ValueError):  # a stream of a test, or one that is closed
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{at.st_dev}:{at.st_ino}"


def _fields(extra: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield from {**extra.get("about", {}), **extra.get("fields", {})}.items()


def _field(name: str, value: object) -> str:
    return f"{value} ms" if name == "ms" else f"{name}={_short(str(value))}"


def _trace(record: Record) -> Iterator[str]:
    if (error := record["exception"]) is not None and error.value is not None:
        for block in traceback.format_exception(error.type, error.value, error.traceback):
            yield from (_escape(line) for line in block.rstrip("\n").split("\n"))
