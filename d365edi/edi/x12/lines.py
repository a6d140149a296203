"""A walked set as lines of text, so that a column of many segments is taken out by one pattern instead of one by one.

Knows: segments under one separator. Does not know: what a column means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from d365edi.edi.findings import Position
from d365edi.edi.guide import Node


class Set:
    """A walked set: raw segments, their nodes, the separator to take them apart by, and where segment `index` stands."""

    def __init__(
        self,
        id: str,
        segments: Sequence[bytes],
        nodes: Sequence[Node | None],
        separator: bytes,
        place: Callable[[int], Position],
    ) -> None:
        self.id, self.segments, self.nodes, self.separator, self.place = id, segments, nodes, separator, place
        self._raw: dict[bytes, list[bytes]] = {}
        self._text: dict[bytes, bytes] = {}
        whole = b"\n".join([b"", *segments])
        told_apart = whole.count(b"\n") == len(segments) and None not in nodes
        self.whole = whole if told_apart else b""
        """All segments as lines, each with a line break before it; nothing where that would not tell them apart: a line
        break is data, or a segment has no place in the guide."""

    def raw(self, id: bytes) -> list[bytes]:
        """The raw segments of an id, wherever they stand."""
        found = self._raw.get(id)
        if found is None:
            found = self._raw[id] = self._find(id)
        return found

    def _find(self, id: bytes) -> list[bytes]:
        if self.whole:
            return _segments(self.separator, id)(self.whole) if b"\n" + id in self.whole else []
        text = id.decode()
        wanted = {node for node in set(self.nodes) if node is not None and node.segment.id == text}
        return [raw for raw, node in zip(self.segments, self.nodes, strict=True) if node in wanted]

    def text(self, id: bytes) -> bytes:
        """The raw segments of an id as lines, each with a line break before it."""
        found = self._text.get(id)
        if found is None:
            found = self._text[id] = b"\n".join([b"", *self.raw(id)])
        return found

    def numbers(self, id: bytes, position: int) -> list[str]:
        """What stands at an element in all segments of an id; nothing at all where one of them ends before it, or holds
        something there that has other characters than a number."""
        found = _column(self.separator, id, position)(self.text(id).decode("latin-1"))
        return found if len(found) == len(self.raw(id)) else []

    def all(self, *paths: str) -> list[tuple[int, list[bytes]]]:
        """The segments at these paths, taken apart, with their index."""
        wanted = {node for node in set(self.nodes) if node is not None and node.path in paths}
        return [
            (index, self.segments[index].split(self.separator))
            for index, node in enumerate(self.nodes)
            if node in wanted
        ]


@lru_cache(maxsize=64)
def _segments(separator: bytes, id: bytes) -> Callable[[bytes], list[bytes]]:
    """All segments of an id in a text of lines."""
    return re.compile(b"\n(" + id + b"(?=[\n" + re.escape(separator) + b"]|$)[^\n]*+)").findall


@lru_cache(maxsize=64)
def _column(separator: bytes, id: bytes, position: int) -> Callable[[str], list[str]]:
    """An element of all lines of a text, where it has no other characters than a number."""
    sep = re.escape(separator.decode("latin-1"))
    before = f"\n{id.decode()}" + f"{sep}[^\n{sep}]*+" * (position - 1)
    return re.compile(f"{before}{sep}([0-9.-]{{0,25}}+)(?![^\n{sep}])").findall
