"""Which names in a folder are offered, which are passed over and why; and the names we make ourselves.

A server's listing is untrusted: it may contain a path (`../../x`), bytes that are not UTF-8, control characters,
links, folders, files that are still being written. Only a regular file with a plain name is offered; all else is reported
with its reason.

Knows: names, patterns and kinds. Does not know: any protocol or disk.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from d365edi.errors import Refused

TEMPORARY: tuple[str, ...] = (
    ".*", "~*", "*~", "*.part", "*.partial", "*.tmp", "*.temp", "*.filepart", "*.writing", "*.uploading",
    "*.crdownload", "*.swp",
)  # fmt: skip
"""Globs of names that say "not finished yet": ours (hidden, `.part`) and those of usual clients."""

FOLDER = "it is a folder"
_NOT_UTF8, _NAMELESS, _PATH = "its name is not UTF-8", "it has no name", "its name is a path"
_CONTROLS = "its name holds control characters"
_LINK, _IRREGULAR, _KINDLESS = "it is a link", "it is no regular file", "the server does not say whether it is a file"
_SIZELESS = "the server does not report its size"
EMPTY = "it is empty"
STAYS_EMPTY = "it is empty, and stays so"
"""A file that is begun is empty for a moment; what is empty for long waits for somebody."""
NO_ID = "the server does not report its id and its document"
"""Why a message of a mailbox cannot be fetched."""
_PLAIN, _SERVER = (
    "ask the partner for it under a plain name",
    "ask whoever runs the server why; the partner cannot help it",
)
NEVER_TAKEN: Mapping[str, str] = {
    STAYS_EMPTY: "ask the partner whether anything should be in it",
    **dict.fromkeys((_NOT_UTF8, _NAMELESS, _PATH, _CONTROLS), _PLAIN),
    **dict.fromkeys((_LINK, _IRREGULAR), "ask the partner for the file itself"),
    **dict.fromkeys((_KINDLESS, _SIZELESS, NO_ID), _SERVER),
}
"""The reasons for which something is not taken at any later look either, as it is, though somebody put it there to be taken; each
with what to do about it."""

_SAME_NAME_LIMIT = 99
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Cf too: a right-to-left mark makes a name read as another

Kind = Literal["file", "folder", "link", "other", "unknown"]


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One line of a listing as the server reports it: bytes and seconds, None where it does not say."""

    name: bytes
    kind: Kind
    size: int | None
    modified: float | None


@dataclass(frozen=True, slots=True)
class NameRules:
    """Which names are offered at one endpoint.

    `temporary`: globs (upper and lower case alike) that are passed over. `sentinel`: when set, e.g. `{name}.done`, a
    file is offered only once that one is beside it. `offer_empty`: files of 0 bytes are offered too. `paths`: a name may hold
    slashes, where nothing is ever written under it."""

    temporary: tuple[str, ...] = TEMPORARY
    sentinel: str = ""
    offer_empty: bool = False
    paths: bool = False


def printable(name: bytes) -> str:
    """A name for people: what is not printable is written as `\\xff` or `\\u202e`."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(
        c if unicodedata.category(c) not in _UNPRINTABLE else c.encode("unicode_escape").decode() for c in text
    )


def fault(name: bytes, *, paths: bool = False) -> str:
    """Why this name can never be used, in words; empty when it can. With `paths` it may hold slashes."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        return _NOT_UTF8
    if not text:
        return _NAMELESS
    if (not paths and ("/" in text or "\\" in text)) or text in {".", ".."}:
        return _PATH
    if not text.isprintable() and any(unicodedata.category(c) in _UNPRINTABLE for c in text):
        return _CONTROLS
    return ""


class NameFilter:
    """The rules for one listing, compiled once."""

    def __init__(self, pattern: str, rules: NameRules) -> None:
        self.pattern = pattern
        self.rules = rules
        self.matches = re.compile(fnmatch.translate(pattern)).match
        globs = "|".join(fnmatch.translate(glob.lower()) for glob in rules.temporary)
        self.unfinished = re.compile(globs or r"(?!)").match
        front, _, back = rules.sentinel.partition("{name}")
        self.front, self.back = front.encode(), back.encode()

    def reason(self, entry: DirectoryEntry, known: Container[bytes]) -> str:
        """Why this entry is passed over; empty when it is offered. The first reason that applies is given."""
        if reason := fault(entry.name, paths=self.rules.paths) or _not_a_file(entry.kind):
            return reason
        name = entry.name.decode()
        if self.unfinished(name.lower()):
            return "its name says that it is not finished"
        if self.rules.sentinel and self._announces(entry.name, known):
            return "it is the sentinel of another file"
        if not self.matches(name):
            return f'its name does not match "{self.pattern}"'
        return self._incomplete(entry, name, known)

    def _announces(self, name: bytes, known: Container[bytes]) -> bool:
        """Is this the sentinel of a file that is there?"""
        front, back = self.front, self.back
        if not (name.startswith(front) and name.endswith(back) and len(name) > len(front) + len(back)):
            return False
        return name[len(front) : len(name) - len(back)] in known

    def _incomplete(self, entry: DirectoryEntry, name: str, known: Container[bytes]) -> str:
        if self.rules.sentinel and (awaited := self.rules.sentinel.replace("{name}", name)).encode() not in known:
            return f'it waits for its sentinel "{awaited}"'
        if entry.size is None:
            return _SIZELESS
        return "" if entry.size or self.rules.offer_empty else EMPTY


def _not_a_file(kind: Kind) -> str:
    reasons = {"folder": FOLDER, "link": _LINK, "other": _IRREGULAR}
    return reasons.get(kind, "" if kind == "file" else _KINDLESS)


def join(folder: str, name: str) -> str:
    """The path of a name in a folder, as SFTP writes paths."""
    return f"{folder.rstrip('/')}/{name}" if folder not in {"", "."} else name


def temporary(ident: int, digest: str) -> str:
    """The hidden name under which a file is written; unique by its delivery and its bytes."""
    return f".d365edi-{ident}-{digest[:12]}.part"


def alternatives(name: str, digest: str) -> Iterator[str]:
    """The names to try where `name` may be taken: itself, with a piece of the digest, then counted as well."""
    yield name
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    for count in range(1, _SAME_NAME_LIMIT + 1):
        yield f"{stem}-{digest[:8]}{f'-{count}' if count > 1 else ''}{dot}{ending}"


def check_name(name: str, endpoint: str) -> None:
    """Refuse a file name of ours that cannot be used; `Refused` says why."""
    if reason := fault(name.encode("utf-8", "surrogateescape")):
        shown = printable(name.encode("utf-8", "surrogateescape"))
        message = f'the file name "{shown}" cannot be used on {endpoint}: {reason}'
        raise Refused(message, endpoint=endpoint, remedy="correct the file pattern of the flow")
