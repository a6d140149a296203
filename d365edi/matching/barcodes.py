"""Barcodes: the forms that one number is written in, and in which two are compared.

Knows: GTINs, their lengths and check digits. Does not know: items.
"""

from d365edi.edi import checkdigit

SIZES = {"UP": 12, "UI": 12, "UA": 13, "EN": 13, "UK": 14, "U2": 14}
"""How many digits a number has with its check digit, by its qualifier (data element 235; EDIFACT's 7143 has EN and UP)."""
UNCHECKED = frozenset({"UA", "UI", "U2"})
"""The qualifiers of numbers that have no check digit by definition."""
LENGTHS = (8, 12, 13, 14)
"""How many digits a GTIN may be stored with."""


def gtin(number: str) -> str:
    """A GTIN in the form that two of them are compared in: 14 digits, zeros in front."""
    return number.zfill(LENGTHS[-1])


def whole_gtins(number: str, qualifier: str | None) -> tuple[str, ...]:
    """What a barcode may be with its check digit: UA and UI have none (2-5-5, 1-5-5), and what is one digit short of what
    its qualifier has is complete only where its last digit says so."""
    size = SIZES.get(qualifier or "")
    if size is None or len(number) != size - 1 or not (number.isascii() and number.isdigit()):
        return (number,)
    made = number + checkdigit.digit(number)
    return (number, made) if checkdigit.valid(number) and qualifier not in UNCHECKED else (made,)


def variants(number: str) -> tuple[str, ...]:
    """A barcode as sent, then with every number of leading zeros that it may be stored with."""
    core = number.lstrip("0")
    if not core.isdigit():
        return (number,)
    return tuple(dict.fromkeys((number, *(core.zfill(length) for length in LENGTHS if length >= len(core)))))
