"""Check digits of GS1 numbers: GTIN-8, -12, -13, -14, GLN and SSCC share one rule (GS1 General Specifications, 7.9).

From the right, the digits weigh 1, 3, 1, 3 ... with the check digit first; the weighed sum is a multiple of ten.

Knows: digits. Does not know: where they stand.
"""

from collections.abc import Sequence

_ONES = {f"{n:03d}": (n // 100 + 3 * (n // 10 % 10) + n % 10) % 10 for n in range(1000)}
"""Three digits weighed 1, 3, 1: every other group of three, from the right."""
_THREES = {f"{n:03d}": (3 * (n // 100) + n // 10 % 10 + 3 * (n % 10)) % 10 for n in range(1000)}
"""Three digits weighed 3, 1, 3: the groups between."""


def valid(digits: str) -> bool:
    """Whether the last of up to 18 digits is the right check digit of the others; False for anything but digits."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return False
    d = digits.rjust(18, "0")
    total = _THREES[d[:3]] + _ONES[d[3:6]] + _THREES[d[6:9]] + _ONES[d[9:12]] + _THREES[d[12:15]] + _ONES[d[15:]]
    return total % 10 == 0


_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_TENS = bytes(range(0, 256, 10))


_ADDING = sum(256**place for place in range(7))
"""What a number of seven bytes is multiplied by for its first byte to become the sum of all."""


def all_valid(numbers: Sequence[str]) -> bool:
    """Whether all numbers are up to 14 digits with the right check digit: they are added up at once.

    All numbers make one long integer with a byte for every two digits, the first weighed 3; it is multiplied so that the
    first byte of each number holds the sum of all its seven: at most 7 * (3 * 9 + 9) = 252, so that nothing is carried.
    """
    text = "".join([number.rjust(14, "0") for number in numbers])
    if len(text) != 14 * len(numbers) or not (text.isascii() and text.isdigit()):
        return False
    digits = text.encode().translate(_VALUES)
    pairs = 3 * int.from_bytes(digits[::2], "big") + int.from_bytes(digits[1::2], "big")
    sums = (pairs * _ADDING).to_bytes(7 * len(numbers) + 7, "big")
    return not sums[7::7].translate(None, _TENS)


def digit(body: str) -> str:
    """The check digit for a number without one. ValueError where `body` is not all digits."""
    if not (body.isascii() and body.isdigit()):
        raise ValueError(f"{body!r} is no number")
    weights = (3 if place % 2 == 0 else 1 for place in range(len(body)))
    return str(-sum(int(d) * w for d, w in zip(reversed(body), weights, strict=False)) % 10)
