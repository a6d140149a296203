"""The line of each key of a TOML file, so that an error can be reported with its line.

`tomllib` parses a file without locations; this walks the same text once more and notes the line of every key: in table
headers, dotted keys, inline tables and lists (whose items are keyed "0", "1", ...). It runs only over text that `tomllib` has
accepted, so it checks nothing.

Knows: TOML 1.0's grammar. Does not know: files, settings.
"""

import re
import tomllib
from bisect import bisect_right

Path = tuple[str, ...]

_SKIP = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
# The closing quotes of a long string may be preceded by up to two of its own kind (TOML 1.0, String).
_STRINGS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (r'"""(?:[^\\]|\\.)*?"""(?!")', r"'''.*?'''(?!')", r'"(?:[^"\\]|\\.)*"', r"'[^']*'")
)


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key and table of a TOML text that `tomllib` accepts, by the key's full path."""
    return _KeyWalk(text.replace("\r\n", "\n")).run()


class _KeyWalk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [index for index, char in enumerate(text) if char == "\n"]
        self.implied: dict[Path, int] = {}
        self.named: dict[Path, int] = {}
        self.items: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip() < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.implied | self.named

    def _skip(self) -> int:
        found = _SKIP.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return self.at

    def _note(self, path: Path, start: int) -> None:
        line = bisect_right(self.breaks, start - 1) + 1
        self.named.setdefault(path, line)
        for end in range(1, len(path)):
            self.implied.setdefault(path[:end], line)

    def _header(self) -> Path:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        *outer, last = self._key()
        self.at += 2 if many else 1
        path: Path = ()
        for part in outer:
            path = self._latest((*path, part))
        path = (*path, last)
        if many:
            self.items[path] = self.items.get(path, -1) + 1
        path = self._latest(path)
        self._note(path, start)
        return path

    def _latest(self, path: Path) -> Path:
        """A header under an array of tables goes on in its latest item (TOML 1.0, Array of Tables)."""
        return (*path, str(self.items[path])) if path in self.items else path

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip()
            if self.text[self.at] in "\"'":
                parts.append(tomllib.loads(f"key = {self._string()}")["key"])
            else:
                found = _BARE.match(self.text, self.at)
                assert found is not None
                parts.append(found.group())
                self.at = found.end()
            self._skip()
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def _pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self._key())
        self.at += 1  # the equals sign
        self._note(path, start)
        self._value(path)

    def _string(self) -> str:
        for pattern in _STRINGS:
            if found := pattern.match(self.text, self.at):
                self.at = found.end()
                return found.group()
        raise AssertionError("tomllib accepted a string that does not end")

    def _value(self, path: Path) -> None:
        self._skip()
        char = self.text[self.at]
        if char in "\"'":
            self._string()
        elif char == "[":
            self._list(path)
        elif char == "{":
            self._table(path)
        else:
            found = _SCALAR.match(self.text, self.at)
            assert found is not None
            self.at = found.end()

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.text[self._skip()] != "]":
            self._note((*path, str(index)), self.at)
            self._value((*path, str(index)))
            index += 1
            if self.text[self._skip()] == ",":
                self.at += 1
        self.at += 1

    def _table(self, path: Path) -> None:
        self.at += 1
        while self.text[self._skip()] != "}":
            self._pair(path)
            if self.text[self._skip()] == ",":
                self.at += 1
        self.at += 1
