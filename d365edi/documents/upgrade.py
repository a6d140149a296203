"""The body of a document that an older version stored, in today's words: translated when it is read, never where it is
stored.

A body says in `version` of which version its words are; one without is of version 1, from before that was written. A step makes
of the plain values of one version those of the next.

Knows: what the words of each version were. Does not know: today's documents, the journal.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Plain = dict[str, Any]
"""The fields of a document or of a part of it, as in JSON."""
Step = Callable[[str, Plain], None]
"""Changes a body of the given kind (`Invoice`, `PurchaseOrder` ...) in place."""

VERSION = 2
"""The version of the words that are written today. Raise it with a step, in the release that changes a word."""


def upgrade(kind: str, values: Plain) -> Plain:
    """The fields of a body in today's words, without `version`. Raises ValueError for a version that is not known here."""
    version = values.pop("version", 1)
    if version not in (*STEPS, VERSION):
        raise ValueError(
            f"it is of version {version}, and this d365edi reads up to {VERSION}; install the newer one again"
        )
    for number in range(version, VERSION):
        for step in STEPS[number]:
            step(kind, values)
    return values


def items(values: Plain, name: str = "") -> Iterator[tuple[str, Plain]]:
    """The document (named "") and, at any depth, every item of a list (named by its list): what has `kept` of its own."""
    yield name, values
    for key, each in values.items():
        if isinstance(each, list):
            for item in each:
                if isinstance(item, dict):
                    yield from items(item, key)
        elif isinstance(each, dict) and key != "kept":
            inside = items(each)
            next(inside)
            yield from inside


def texts(item: Plain, way: str = "") -> Iterator[tuple[str, Plain, str]]:
    """The texts of an item but those in its lists: dotted name, the part that it is in, its name there."""
    for key, each in [*item.items()]:
        if isinstance(each, str):
            yield way + key, item, key
        elif isinstance(each, dict) and key != "kept":
            yield from texts(each, f"{way}{key}.")


def _words(kind: str, values: Plain) -> None:  # noqa: ARG001
    """Codes that were kept as they came are words now, with the code under `kept`."""
    for name, item in items(values):
        for dotted, part, key in texts(item):
            words = WORDS.get(".".join([name, *dotted.split(".")][-2:])) or WORDS.get(key)
            if words is not None and (word := words.get(part[key])) is not None:
                item.setdefault("kept", {})[dotted] = part[key]
                part[key] = word


WORDS: Mapping[str, Mapping[str, str]] = {}
"""Fields (`unit`; `charges.code`, if only in that part or list) with the codes of both standards that became words."""

STEPS: Mapping[int, Sequence[Step]] = {1: (_words,)}
"""Version = what makes of its words those of the next one."""
