"""The values of a set as people and maps take them: real characters in place of bytes, blanks on their right removed.

X12 says nothing of a character set: a segment is UTF-8 where it can be, else Latin-1, which cannot fail; partners send
both. EDIFACT announces one (UNB, 0001), and senders write UTF-8 whatever they announce: a component is UTF-8 where it can
only be that, else the announced set, else Latin-1.

Knows: read sets. Does not know: guides, maps.
"""

from d365edi.edi import release
from d365edi.edi.interchange import SetReport
from d365edi.edi.syntax import Syntax

BLANKS = " " + release.hide("? ", "?")
"""A blank, and a released one."""


def values(report: SetReport) -> list[list[str]]:
    """The rows of a set; the very ones it has where it is plain. Composites stay joined (see `components`), released
    characters in them hidden."""
    if report.plain:
        return report.rows
    syntax = report.syntax
    if syntax.standard == "EDIFACT":
        pairs = zip(report.segments, report.rows, strict=True)
        return [row if _plain(text, syntax) else [_element(each, syntax) for each in row] for text, row in pairs]
    return [[value.rstrip(" ") for value in _segment(text, syntax)] for text in report.segments]


def _segment(text: str, syntax: Syntax) -> list[str]:
    """A segment of X12: all of it is UTF-8, or none of it."""
    if syntax.element < "\x80":
        return decoded(text, "latin-1").split(syntax.element)
    return [decoded(value, "latin-1") for value in text.split(syntax.element)]


def _plain(text: str, syntax: Syntax) -> bool:
    """Whether the values of a segment are as they stand."""
    if not text.isascii() or text[-1:] == " ":
        return False
    return f" {syntax.element}" not in text and f" {syntax.component}" not in text


def _element(value: str, syntax: Syntax) -> str:
    """An element of EDIFACT: each component is UTF-8 or not by itself. Hidden stay only component separators that are data."""
    parts = [decoded(part, syntax.encoding).rstrip(BLANKS) for part in value.split(syntax.component)]
    sign = release.hidden(syntax.component)
    return syntax.component.join([sign.join(map(release.data, part.split(sign))) for part in parts])


def components(value: str, syntax: Syntax) -> list[str]:
    """The components of an element, released characters as themselves."""
    return [release.data(part) for part in value.split(syntax.component)]


def decoded(text: str, encoding: str) -> str:
    """The characters of a text of single bytes; hidden characters stay hidden."""
    if text.isascii():
        return text
    if any("\ue000" <= sign <= "\ue0ff" for sign in text):
        return "".join(part if at % 2 else _characters(part, encoding) for at, part in enumerate(release.split(text)))
    return _characters(text, encoding)


def _characters(text: str, encoding: str) -> str:
    raw = text.encode("latin-1")
    for name in ("utf-8", encoding):
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    return text
