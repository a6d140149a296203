"""The service characters of one interchange: what separates, what ends, what escapes.

Knows: X12 and EDIFACT service characters (X12.5; ISO 9735 UNA). Does not know: how they were found.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

Standard = Literal["X12", "EDIFACT", "FLAT"]


class RawSigns(NamedTuple):
    """The service characters as bytes, for what still looks at the bytes of a file."""

    element: bytes
    component: bytes
    terminator: bytes
    repetition: bytes
    release: bytes
    decimal: bytes
    suffix: bytes


@dataclass(frozen=True, slots=True)
class Syntax:
    """One character each (of Latin-1), empty where there is none. `suffix` is written after each terminator: "", "\\n"
    or "\\r\\n".

    `encoding` is Python's name of the character set that the interchange announces (EDIFACT: UNB, 0001)."""

    standard: Standard = "X12"
    element: str = "*"
    component: str = ">"
    terminator: str = "~"
    repetition: str = ""
    release: str = ""
    decimal: str = "."
    suffix: str = ""
    encoding: str = "latin-1"

    @property
    def raw(self) -> RawSigns:
        """The same as bytes."""
        return _raw(self)


@lru_cache(maxsize=256)
def _raw(syntax: Syntax) -> RawSigns:
    return RawSigns(*(getattr(syntax, name).encode("latin-1") for name in RawSigns._fields))


def standard_of(set_id: str) -> Standard:
    """X12 names its sets by digits (850), EDIFACT by capitals (ORDERS); flat files have none, their maps have other names."""
    return "X12" if set_id.isdigit() else "EDIFACT" if set_id.isupper() else "FLAT"
