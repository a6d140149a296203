"""Text from business systems to the characters that EDI has: the basic and extended sets of X12, all of them ASCII.

Accents go, typographic quotes and dashes become plain ones, a euro becomes EUR. What has no likeness becomes a blank,
never a question mark: a `?` is data. Line breaks and tabs are blanks.

Knows: characters. Does not know: elements, delimiters.
"""

import unicodedata

_ALIKE = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "Ø": "O", "ø": "o", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d",
        "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "€": "EUR", "£": "GBP", "¥": "JPY", "™": "", "®": "", "©": "",
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "'", "›": "'",
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "•": "-", "…": "...", "×": "x", "÷": "/", "·": ".",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """The text in printable ASCII, single blanks, none at the ends."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ALIKE))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(c if " " < c < "\x7f" else " " for c in bare).split(" ")).strip(" ") if bare else ""


def squeeze(text: str) -> str:
    """The text without blanks at its ends and without two in a row."""
    return " ".join(part for part in text.split(" ") if part)
