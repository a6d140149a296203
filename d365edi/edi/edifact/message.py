"""A read message as the checks of its own figures see it: segments taken apart when asked for.

Knows: raw segments and where they stand. Does not know: what any figure means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from d365edi.edi.edifact import segment as split
from d365edi.edi.findings import Finding, Position, Severity
from d365edi.edi.syntax import Syntax


@dataclass(slots=True)
class Message:
    """A read message: its raw segments, their service characters, and where segment `index` stands."""

    id: str
    segments: Sequence[bytes]
    syntax: Syntax
    place: Callable[[int], Position]
    lines: bytes
    """The segments as lines, each with a line break before it, which no segment has inside."""
    rows: Callable[[bytes], Sequence[bytes]]
    """The segments that begin with three bytes."""
    forms: Callable[[bytes], Sequence[bytes]]
    """The same with noughts for digits."""

    def all(self, *ids: str) -> Iterator[tuple[int, str, list[list[str]]]]:
        """The segments of these ids, taken apart, with their index and id."""
        wanted = {id.encode() for id in ids}
        for index, raw in enumerate(self.segments):
            if raw[:3] in wanted:
                parts = [[part.decode("latin-1") for part in element] for element in split.apart(raw, self.syntax)]
                yield index, raw[:3].decode(), parts

    def warn(
        self, at: int, element: int, component: int, code: str, rule: str, message: str, value: str,
        severity: Severity = "warning",
    ) -> Finding:  # fmt: skip
        """A finding at a component of segment `at`."""
        where = replace(self.place(at), element=element, component=component)
        return Finding(
            "element", severity, code, message, where, value[:40], "compare it with the partner's own figures", rule
        )


def number(text: str) -> Decimal | None:
    """The number of a component, whichever decimal mark it has; None where it is none."""
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 40 else None


def part(parts: list[list[str]], element: int, component: int = 1) -> str:
    """A component of a segment taken apart; "" where there is none."""
    if element >= len(parts) or component > len(parts[element]):
        return ""
    return parts[element][component - 1]
