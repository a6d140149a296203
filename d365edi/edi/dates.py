"""Digits and days as both standards write them.

Knows: the calendar. Does not know: elements, envelopes, findings.
"""

from datetime import date


def digits(text: str) -> bool:
    """Whether a text is all digits; other scripts' digits are none."""
    return text.isascii() and text.isdigit()


def is_day(text: str, *sizes: int) -> bool:
    """Whether a text is a day of the calendar in so many digits: YYMMDD or CCYYMMDD."""
    if not digits(text) or len(text) not in sizes:
        return False
    year = int(text[:4]) if len(text) == 8 else 2000 + int(text[:2])
    try:
        date(year, int(text[-4:-2]), int(text[-2:]))
    except ValueError:
        return False
    return True
