"""Check digits of GS1 numbers: GTIN-8, -12, -13, -14, GLN and SSCC share one rule (GS1 General Specifications, 7.9).

From the right, the digits weigh 1, 3, 1, 3 ... with the check digit first; the weighed sum is a multiple of ten.

Knows: digits. Does not know: where they stand.
"""

from __future__ import annotations

from collections.abc import Sequence

_ONES = {b"%03d" % n: (n // 100 + 3 * (n // 10 % 10) + n % 10) % 10 for n in range(1000)}
"""Three digits weighed 1, 3, 1: every other group of three, from the right."""
_THREES = {b"%03d" % n: (3 * (n // 100) + n // 10 % 10 + 3 * (n % 10)) % 10 for n in range(1000)}
"""Three digits weighed 3, 1, 3: the groups between."""


def valid(digits: bytes) -> bool:
    """Whether the last of up to 18 digits is the right check digit of the others; False for anything but digits."""
    if not digits.isdigit() or len(digits) > 18:
        return False
    d = digits.rjust(18, b"0")
    total = _THREES[d[:3]] + _ONES[d[3:6]] + _THREES[d[6:9]] + _ONES[d[9:12]] + _THREES[d[12:15]] + _ONES[d[15:]]
    return total % 10 == 0


_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_TENS = bytes(0 if n % 10 == 0 else 1 for n in range(256))


def all_valid(numbers: Sequence[bytes]) -> bool:
    """Whether all numbers, digits of one length up to 14, have the right check digit: their columns are added up at once.

    The columns of digits are taken as long integers with a byte for each number; a sum is at most 9 * (3 * 7 + 7) = 252.
    """
    size, text = len(numbers[0]), b"".join(numbers).translate(_VALUES)
    ones = sum(int.from_bytes(text[at::size], "big") for at in range(size - 1, -1, -2))
    threes = sum(int.from_bytes(text[at::size], "big") for at in range(size - 2, -1, -2))
    sums = (ones + 3 * threes).to_bytes(len(numbers), "big")
    return not any(sums.translate(_TENS))


def digit(body: str) -> str:
    """The check digit for a number without one. ValueError where `body` is not all digits."""
    if not (body.isascii() and body.isdigit()):
        raise ValueError(f"{body!r} is no number")
    weights = (3 if place % 2 == 0 else 1 for place in range(len(body)))
    return str(-sum(int(d) * w for d, w in zip(reversed(body), weights, strict=False)) % 10)
