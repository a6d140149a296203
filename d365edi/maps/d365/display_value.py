"""Accounts and dimensions as D365 displays them, taken apart: `600100-001--022` is the main account and the values of the
dimensions that the active format names, in its order. The account of a vendor, customer or bank stands alone, and in it what
separates segments is escaped by a backslash.

Knows: delimiters, formats. Does not know: how they are read, charts of accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.errors import DocumentError
from d365edi.matching import dimensions

MAIN = "MainAccount"
LEDGER = "Ledger"
"""The kind of account that is displayed with its dimensions."""


@dataclass(frozen=True, slots=True)
class DisplayFormat:
    """What separates segments, and the names of those of a ledger account and of default dimensions, in their order."""

    sign: str
    ledger: tuple[str, ...]
    default: tuple[str, ...]

    def account(self, text: str, kind: str, default: str = "") -> tuple[str, dict[str, str]]:
        """An account and its dimensions by name; `default` is the display value of dimensions beside it. DocumentError where
        there are more segments than the format names."""
        beside = self._named(default, self.default)
        if kind != LEDGER:
            return text.replace(f"\\{self.sign}", self.sign), beside
        named = self._named(text, self.ledger)
        return named.pop(MAIN, ""), {**beside, **named}

    def _named(self, text: str, names: Sequence[str]) -> dict[str, str]:
        segments = dimensions.segments(text, self.sign)
        if any(segments[len(names) :]):
            message = f'"{text}" has {len(segments)} segments, and the active format names {len(names)} of them'
            remedy = "see Financial dimension configuration for integrating applications in D365"
            raise DocumentError(message, remedy=remedy)
        return {name: value for name, value in zip(names, segments, strict=False) if value}
