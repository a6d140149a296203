"""The service characters of one interchange: what separates, what ends, what escapes.

Knows: X12 and EDIFACT service characters (X12.5; ISO 9735 UNA). Does not know: how they were found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Standard = Literal["X12", "EDIFACT", "FLAT"]


@dataclass(frozen=True, slots=True)
class Syntax:
    """One byte each, empty where there is none. `suffix` is written after each terminator: b"", b"\\n" or b"\\r\\n".

    `encoding` is Python's name of the character set that the interchange announces (EDIFACT: UNB, 0001).
    """

    standard: Standard = "X12"
    element: bytes = b"*"
    component: bytes = b">"
    terminator: bytes = b"~"
    repetition: bytes = b""
    release: bytes = b""
    decimal: bytes = b"."
    suffix: bytes = b""
    encoding: str = "latin-1"


def standard_of(set_id: str) -> Standard:
    """X12 names its sets by digits (850), EDIFACT by capitals (ORDERS); flat files have none, their maps bear other names."""
    return "X12" if set_id.isdigit() else "EDIFACT" if set_id.isupper() else "FLAT"
