"""Numbers as sentences for people have them.

Knows: numbers. Does not know: how a standard or D365 writes one.
"""

from decimal import Decimal


def plain(value: Decimal | None, absent: str = "nothing") -> str:
    """A number without an exponent and without zeros at its end; `absent` where there is none."""
    return absent if value is None else f"{value.normalize():f}"
