"""Released characters of EDIFACT as characters of their own, so that nothing behind the tokenizer knows release characters.

A release character makes the one behind it data (ISO 9735-1, clause 5.1). `hide` puts one private-use code point in the
place of both: U+E000 plus the code of the released character. What is split at separators afterwards is split right, and
a released character counts as one. `data` and `sent` turn a value back.

Knows: the release character. Does not know: what is split, segments, elements.
"""

import re

BASE = 0xE000
ANY = "\ue000-\ue0ff"
"""All hidden characters, as they stand in a class of a regular expression."""

_DATA = {BASE + code: code for code in range(256)}
_HIDDEN = re.compile(f"[{ANY}]")


def hide(text: str, release: str) -> str:
    """Text of a whole number of segments (or one element) with each released character as one code point."""
    if not release or release not in text:
        return text
    text = text.replace(release + release, hidden(release))
    if release not in text:
        return text
    return re.sub(re.escape(release) + "(.)", lambda hit: hidden(hit[1]), text, flags=re.DOTALL)


def hidden(sign: str) -> str:
    """The code point of a released character."""
    return chr(BASE + ord(sign))


def data(text: str) -> str:
    """The characters that a value stands for."""
    return text if text.isascii() else text.translate(_DATA)


def sent(text: str, release: str) -> str:
    """A value as it was sent, with its release characters."""
    return text if text.isascii() else _HIDDEN.sub(lambda hit: release + chr(ord(hit[0]) - BASE), text)


def size(text: str) -> int:
    """How many bytes a text had in the file."""
    return len(text) if text.isascii() else len(text) + len(_HIDDEN.findall(text))


def split(text: str) -> list[str]:
    """A text cut at its hidden characters: they stand at the odd places."""
    return re.split(f"([{ANY}])", text)
