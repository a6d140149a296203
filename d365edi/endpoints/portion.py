"""What of a folder is offered now: names are looked at one by one as the listing comes, and the oldest files are kept.

A folder may hold 200,000 names. What lies beyond a portion is counted, so that nobody takes it for gone; it has its turn
when what is older was taken; files that could not be taken before have theirs after all others. Where a sentinel announces a
file all names are kept until the listing is whole.

Knows: names, ages. Does not know: any protocol or disk, who takes the files.
"""

from collections.abc import Callable, Container, Hashable
from typing import Any, Generic, TypeVar

from d365edi.endpoints.base import Listing, PassedOver, Place, Remote
from d365edi.endpoints.filenames import DirectoryEntry, NameFilter, NameRules, printable

PORTION = 5000
"""Files that one listing offers."""
NAMED = 1000
"""Names that one listing says it passed over."""

T = TypeVar("T", bound=Hashable)


class _Least(Generic[T]):
    """The `most` least of what is added, each once; the others are counted."""

    def __init__(self, most: int, key: Callable[[T], Any]) -> None:
        self._most = most
        self._key = key
        self._items: list[T] = []
        self.dropped = 0

    def add(self, item: T) -> None:
        self._items.append(item)
        if len(self._items) >= 2 * self._most:
            self._cut()

    def least(self) -> list[T]:
        self._cut()
        return self._items

    def _cut(self) -> None:
        found = sorted(dict.fromkeys(self._items), key=self._key)
        self.dropped += max(0, len(found) - self._most)
        self._items = found[: self._most]


class Portion:
    """The listing of one place, made name by name."""

    def __init__(self, place: Place, rules: NameRules) -> None:
        self._place = place
        self._filter = NameFilter(place.pattern, rules)
        self._names: dict[bytes, list[DirectoryEntry]] | None = {} if rules.sentinel else None
        most = place.most or PORTION
        self._offered: _Least[DirectoryEntry] = _Least(most, self._turn)
        self._passed: _Least[tuple[bytes, str]] = _Least(NAMED, lambda each: each)
        self._left: set[str] = set()

    def add(self, entry: DirectoryEntry) -> None:
        """Look at one name of the folder."""
        if entry.name in {b".", b".."}:
            return
        if self._names is None:
            self._sort(entry, ())
        else:
            self._names.setdefault(entry.name, []).append(entry)

    def listing(self) -> Listing:
        """What is offered and what is passed over, in the order of names. Some servers show a mailbox as a folder and list a
        name twice: both are offered, the oldest first."""
        names, self._names = self._names or {}, None
        for entries in names.values():
            for entry in entries:
                self._sort(entry, names.keys())
        offered = sorted(self._offered.least(), key=lambda entry: (entry.name, entry.modified or 0.0))
        passed = self._passed.least()
        return Listing(
            tuple(Remote(self._place.path, each.name.decode(), each.size or 0, each.modified) for each in offered),
            tuple(PassedOver(printable(name), reason) for name, reason in passed),
            beyond=self._offered.dropped,
            unnamed=self._passed.dropped,
            left=frozenset(self._left),
        )

    def _turn(self, entry: DirectoryEntry) -> tuple[bool, float, bytes]:
        """What is older comes first; what could not be taken before must not keep the others from their turn."""
        failing = self._place.failing and (entry.name.decode(), entry.size, entry.modified) in self._place.failing
        return bool(failing), entry.modified or 0.0, entry.name

    def _sort(self, entry: DirectoryEntry, names: Container[bytes]) -> None:
        if reason := self._filter.reason(entry, names):
            self._passed.add((entry.name, reason))
            return
        name = entry.name.decode()
        if (name, entry.size, entry.modified) in self._place.taken:
            self._left.add(name)
        else:
            self._offered.add(entry)
