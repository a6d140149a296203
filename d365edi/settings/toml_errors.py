"""What is wrong in a text that `tomllib` refuses: which line, what stands there, how it is written right.

The parser says what it expected; a person needs to know what they wrote. Of a line only what is wrong is shown: the rest may
be a secret.

Knows: TOML 1.0, mistakes that people make in it. Does not know: files, settings.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from .toml_locations import key_lines

KEY_VALUE = "write key = value, text in quotes"
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_QUOTES = dict.fromkeys("“”„‟«»‘’‚‛", "typographic quote")
_BLANKS = dict.fromkeys("\xa0\u2007\u202f\u2009\u200b\ufeff", "blank that is none of TOML's")


@dataclass(frozen=True, slots=True)
class TomlMistake:
    """A line (from 1), what is wrong in it, what to write."""

    line: int
    sentence: str
    remedy: str


def explain(text: str, message: str) -> TomlMistake:
    """What `tomllib.TOMLDecodeError` of a text means, by the error's message."""
    found = _PLACE.search(message)
    what = message[: found.start()] if found else message
    lines = text.split("\n")
    number = int(found[1]) if found and found[1] else text.count("\n") + 1
    column = int(found[2]) if found and found[2] else 0
    line = lines[number - 1] if number <= len(lines) else ""
    here = _Place(what, text, number, line.rstrip("\r"), max(column - 1, 0))
    for explained in _explanations(here):
        sentence, remedy = explained
        return TomlMistake(here.number, sentence, remedy)
    return TomlMistake(number, what, KEY_VALUE)


@dataclass(slots=True)
class _Place:
    """Where the parser stopped: what it says, the text, the line and its number (from 1), how far it came in it."""

    what: str
    text: str
    number: int
    line: str
    column: int

    @property
    def key(self) -> str:
        """The key whose value stands where the parser stopped: of an inline table the inner one."""
        keys = re.findall(r"""([\w.-]+|"[^"]*"|'[^']*')\s*=""", self.line[: self.column or None])
        return keys[-1] if keys else self.line.strip().split(" ")[0]

    @property
    def value(self) -> str:
        """The word behind that key's equals sign."""
        _, equals, rest = self.line.rpartition("=") if not self.column else self.line[: self.column].rpartition("=")
        words = (rest + self.line[self.column :] if self.column else rest).split("#")[0].split()
        return words[0].strip("[]{},") if equals and words else ""


def _explanations(here: _Place) -> Iterator[tuple[str, str]]:
    """What explains it, the surest first."""
    yield from _twice(here)
    yield from _line_ends(here)
    yield from _signs(here)
    yield from _other_languages(here)
    yield from _texts(here)
    yield from _inline(here)
    yield from _headers(here)
    yield from _values(here)


def _twice(here: _Place) -> Iterator[tuple[str, str]]:
    if "twice" in here.what or "mutate immutable" in here.what or "Cannot redefine" in here.what:
        header = here.line.strip().startswith("[")
        name = re.sub(r"^\[+|\]+.*$", "", here.line.strip()) if header else here.key
        first = _first(here, tuple(re.findall(r"'([^']*)'", here.what)))
        if "mutate" in here.what or "redefine" in here.what:
            shown = f"[{name}]" if header else name
            remedy = "write all of its keys in one place: in the { ... } there, or under a header"
            yield f"{shown} adds to a table that stands complete{first}", remedy
        else:
            yield f"[{name}] stands twice, first{first}", "put the keys of both under one header, or correct the name"
    elif "overwrite a value" in here.what or "Duplicate inline" in here.what:
        key = here.key if "overwrite" in here.what else here.what.rpartition(" ")[2].strip("'\"")
        yield f"{key} is set twice in one table{_earlier(here, key)}", "keep one of the two"


def _first(here: _Place, path: tuple[str, ...]) -> str:
    """Where a table was begun, by the lines above, which are right."""
    above = "\n".join(here.text.split("\n")[: here.number - 1])
    try:
        tomllib.loads(above)
    except tomllib.TOMLDecodeError:
        return ""
    line = key_lines(above).get(path)
    return f" at line {line}" if line else ""


def _earlier(here: _Place, key: str) -> str:
    """Where the key stands above in the same table."""
    lines = here.text.split("\n")
    for number in range(here.number - 1, 0, -1):
        line = lines[number - 1].strip()
        if line.startswith("["):
            break
        if line.partition("=")[0].strip() == key and "=" in line:
            return f", first at line {number}"
    return ""


def _line_ends(here: _Place) -> Iterator[tuple[str, str]]:
    if "\r" in here.text.replace("\r\n", ""):
        here.number = 1
        yield "its lines end with CR alone", "save it with line ends of Unix (LF) or Windows (CR LF)"


def _signs(here: _Place) -> Iterator[tuple[str, str]]:
    """Signs that look like those of TOML."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*', lambda each: " " * len(each.group()), here.line)
    for sign in bare:
        if sign in _QUOTES:
            yield f"{sign} is a {_QUOTES[sign]}", 'write straight ones: "'
        if sign in _BLANKS:
            yield f"it has a {_BLANKS[sign]} (U+{ord(sign):04X})", "write it anew with the space bar"
        if not sign.isprintable() and sign != "\t":
            yield f"it has the control character U+{ord(sign):04X}", "name a text file"


def _other_languages(here: _Place) -> Iterator[tuple[str, str]]:
    if "Invalid statement" in here.what and here.line.lstrip().startswith((";", "//", "--", "/*")):
        yield "a comment begins with #", f"write # in place of {here.line.strip()[0]}"
    if "Invalid statement" in here.what and here.line.lstrip().startswith(("{", "<", "-")):
        yield (
            f"a line begins with {here.line.lstrip()[0]}, as in JSON, XML or YAML",
            "write [table] above, and key = value in each line",
        )


def _texts(here: _Place) -> Iterator[tuple[str, str]]:
    if "Unescaped '\\'" in here.what or "Invalid hex" in here.what:
        yield (
            "a \\ in double quotes begins an escape",
            "write single quotes, as 'C:\\edi', or two of them: \"C:\\\\edi\"",
        )
    if "Illegal character '\\n'" in here.what or "Unterminated string" in here.what or 'Expected "\'"' in here.what:
        yield f"the text of {here.key} is not closed", 'end it on its line with the quote that it began with: "..."'


def _inline(here: _Place) -> Iterator[tuple[str, str]]:
    if "key part" in here.what or "inline table" in here.what:
        rest = here.line[here.column :].strip()
        if rest.startswith("}") and here.line[: here.column].rstrip().endswith(","):
            yield "{ ... } has a comma at its end", "take the comma away"
        elif "{" in here.line and not rest:
            yield "{ ... } goes on in the next line", "write it on one line, or as a table of its own: [...]"
    if "Unclosed array" in here.what:
        yield here.what, 'end the list with ], and separate its values by commas: ["a", "b"]'


def _headers(here: _Place) -> Iterator[tuple[str, str]]:
    if "table declaration" in here.what or (here.line.lstrip().startswith("[") and "key part" in here.what):
        name = here.line.strip().strip("[]").strip()
        yield here.what, "write [partners.acme]: one word for each level; other names in quotes" if name else KEY_VALUE


def _values(here: _Place) -> Iterator[tuple[str, str]]:
    value = here.value
    if "Expected '='" in here.what:
        name, colon, _ = here.line.partition(":")
        key = name.strip() if colon else here.line.strip().split(" ")[0]
        yield f"{key} is followed by no equals sign", f"write {key} = ..., text in quotes"
    if value.casefold() in ("true", "false", "yes", "no", "on", "off") and value not in ("true", "false"):
        word = "true" if value.casefold() in ("true", "yes", "on") else "false"
        yield f"{value} is no value", f"write {here.key} = {word}"
    if re.fullmatch(r"[+-]?0\d+", value):
        yield (
            f"the number {value} begins with 0",
            f'write {here.key} = {value.lstrip("0") or "0"}, or as text: "{value}"',
        )
    if re.match(r"\d{4}-\d", value) and not value.startswith('"'):
        yield f"{value} is no day of the calendar", "write it as 2025-01-31"
    if "Invalid value" in here.what and re.fullmatch(r"[A-Za-z0-9_./:@-]+", value) and not _secretive(here.key):
        yield f"{value} is no value", f'text is written in quotes: {here.key} = "{value}"'
    if "Invalid value" in here.what and not value:
        yield f"{here.key} has no value", f'write {here.key} = "..."'


def _secretive(key: str) -> bool:
    return re.search(r"password|passphrase|secret|token|key|hmac", key, re.IGNORECASE) is not None
