"""The kinds of value that settings are made of: durations, sizes, names, paths, hosts, X12 identities.

Each is a pydantic type whose validator explains what is expected and how to write it. Integers and booleans are strict in files
(`port = "22"` is an error) and lenient for environment variables, which are always text.

Knows: single values. Does not know: sections, files, each other.
"""

import re
import stat
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from d365edi.edi.interchange import Party

folder: ContextVar[Path] = ContextVar("folder", default=Path())
"""Relative paths in settings are taken from here: the folder of the main settings file while it is loaded."""


class EnvironmentText(str):
    """Text from an environment variable, which has no type."""

    __slots__ = ()


def invalid(sentence: str, remedy: str = "", *, inside: tuple[str, ...] = ()) -> PydanticCustomError:
    """An error in one value; `sentence` follows the value ("is not ..."), `remedy` explains how to write it.

    `inside` is the key of the error within the value, where the value is a table that is checked as a whole."""
    return PydanticCustomError("invalid", "{sentence}", {"sentence": sentence, "remedy": remedy, "inside": inside})


def nearest(text: object, known: Any) -> str:
    """`did you mean "..."?` for the most similar known word, "" when none is similar."""
    words = [str(one) for one in known]
    close = [word for word in words if word.casefold() == str(text).casefold()]
    close = close or get_close_matches(str(text), words, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_DURATION_REMEDY = 'write a number and a unit, as "30s", "5m", "24h" or "400d"'


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not re.fullmatch(f"(?:{_DURATION.pattern})+", value):
        raise invalid("is not a duration", _DURATION_REMEDY)
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(value)))
    except OverflowError:
        raise invalid("is too long", _DURATION_REMEDY) from None


def _above_zero(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise invalid("must be longer than zero", _DURATION_REMEDY)
    return value


Span = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time, zero allowed: `"3s"`, `"1h30m"`, `"0s"`."""
Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_above_zero)]
"""A length of time longer than zero."""

_BYTES = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def size_in_bytes(value: object) -> int:
    """Bytes of a size as written: "8MB". An error as pydantic reports it where it is none."""
    found = re.fullmatch(r"(\d+) ?(B|kB|MB|GB|KiB|MiB|GiB)", value) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise invalid("is not a size", 'write a number and a unit, as "512kB" or "64MB"')
    return int(found[1]) * _BYTES[found[2]]


Size = Annotated[int, BeforeValidator(size_in_bytes)]
"""Bytes, written with a unit: `"64MB"` is 64,000,000, `"64MiB"` is 67,108,864."""


def _number(value: object) -> object:
    return int(value) if isinstance(value, EnvironmentText) and re.fullmatch(r"-?\d+", value) else value


def _truth(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, EnvironmentText) else value


Whole = Annotated[StrictInt, BeforeValidator(_number)]
"""A whole number; text only from the environment."""
Flag = Annotated[StrictBool, BeforeValidator(_truth)]
"""true or false; text only from the environment."""


def _text(value: str) -> str:
    if not value or value != value.strip() or not value.isprintable():
        raise invalid("is empty, or has blanks at its ends or control characters in it")
    return value


Text = Annotated[str, AfterValidator(_text)]
"""One line of text, not empty, no blanks at either end."""


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", value):
        message = "use letters, digits, - and _ (no dots: they separate the words of a flow's name)"
        raise invalid("is not a name", message)
    return value


Name = Annotated[str, AfterValidator(_name)]
"""What a user calls a partner, an endpoint or a pickup."""


def _company(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,4}", value):
        raise invalid("is not a company", 'write its dataAreaId as D365 does, as "usmf" (four characters at most)')
    return value


Company = Annotated[str, AfterValidator(_company)]
"""A legal entity's dataAreaId."""


def _set(value: str) -> str:
    if not re.fullmatch(r"\d{3}|[A-Z]{6}|([A-Z][a-z]+)+", value):
        remedy = (
            'name it as its standard does: "850" in X12, "ORDERS" in EDIFACT; or as its map of columns: "PurchaseOrder"'
        )
        raise invalid("is not a transaction set", remedy)
    return value


SetId = Annotated[str, AfterValidator(_set)]
"""A transaction set's identifier, `850` in X12, `ORDERS` in EDIFACT; for flat files their map's: `PurchaseOrder`."""


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(value) if isinstance(value, str) and value else _no_zone(value)
    except (KeyError, ValueError, OSError):  # unknown, outside of the database, a folder of it
        return _no_zone(value)


def _no_zone(value: object) -> ZoneInfo:
    known = sorted(available_timezones())
    places = [zone for zone in known if zone.casefold().endswith(f"/{str(value).casefold()}")]
    meant = nearest(value, places or known) if places or "/" in str(value) else ""
    if places and not meant:
        meant = f'did you mean "{places[0]}"?'
    raise invalid(
        "is not a time zone", meant or 'name a place of it, as "America/Chicago" or "Europe/Berlin"'
    ) from None


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
"""An IANA time zone."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])")


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise invalid("is not a host", 'write the name alone, without scheme, port or path, as "sftp.acme.example"')
    return value


def _address(value: str) -> str:
    host, colon, port = value.rpartition(":") if re.search(r":\d*$", value) else (value, "", "")
    if not _HOST.fullmatch(host) or (colon and not (port.isdigit() and 0 <= int(port) <= 65535)):
        message = "is not a host with an optional port"
        raise invalid(message, 'write it without scheme or path, as "contoso.example:443"')
    return value


def _listening(value: str) -> str:
    if not re.search(r":\d+$", value):
        raise invalid("has no port", 'write host and port, as "0.0.0.0:8443"')
    return _address(value)


Host = Annotated[str, AfterValidator(_host)]
"""A host's name or address, alone; IPv6 in brackets."""
Address = Annotated[str, AfterValidator(_address)]
"""A host with an optional port."""
Listening = Annotated[str, AfterValidator(_listening)]
"""A host and a port to listen at."""


def _https(value: str) -> str:
    scheme, slashes, rest = value.partition("://")
    if scheme != "https" or not slashes or not rest or re.search(r"[\s?#@]", rest):
        raise invalid("is not an https address", 'write it as "https://login.microsoftonline.com"')
    _address(rest.split("/", 1)[0])
    return value.rstrip("/")


Https = Annotated[str, AfterValidator(_https)]
"""An https URL without query or user; no slash at its end."""


def _absolute(value: Path) -> Path:
    return folder.get() / value.expanduser()


def _kind(value: Path) -> str:
    """What is there: "file", "folder" or "nothing"; "" where that is closed to who reads the settings: he is not who needs it."""
    try:
        mode = value.stat().st_mode
    except PermissionError:
        return ""
    except (OSError, ValueError):
        return "nothing"
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "nothing"


def _file(value: Path) -> Path:
    if _kind(value) not in ("file", ""):
        raise invalid("is not a file that exists", "correct the path, or put the file there")
    return value


def _directory(value: Path) -> Path:
    if _kind(value) not in ("folder", ""):
        raise invalid("is not a folder that exists", f"correct the path, or create it: mkdir -p {value}")
    return value


def _made(value: Path) -> Path:
    if _kind(value) == "folder":
        raise invalid("is a folder, not a file", "name the file in it")
    if _kind(value.parent) not in ("folder", ""):
        message = f"is in a folder that does not exist: {value.parent}"
        raise invalid(message, f"correct the path, or create it: mkdir -p {value.parent}")
    return value


Existing = Annotated[Path, AfterValidator(_absolute), AfterValidator(_file)]
"""A file that exists."""
Folder = Annotated[Path, AfterValidator(_absolute), AfterValidator(_directory)]
"""A folder that exists."""
Made = Annotated[Path, AfterValidator(_absolute), AfterValidator(_made)]
"""A file that may not exist yet, in a folder that exists."""
Later = Annotated[Path, AfterValidator(_absolute)]
"""A file that may not exist yet, nor its folder: the service makes it when it starts."""


def _identity(value: object) -> Party:
    if isinstance(value, Party):
        return value
    remedy = 'write qualifier and id as in ISA05 and ISA06, as "08:6111250008"'
    found = re.fullmatch(r"([0-9A-Z]{2}):(.+)", value) if isinstance(value, str) else None
    if found is None:
        raise invalid("is not qualifier:id", remedy)
    if len(found[2]) > 15:
        message = f"has an id of {len(found[2])} characters, and an interchange has room for 15 (ISA06, ISA08)"
        raise invalid(message, remedy)
    _x12_text(found[2], remedy)
    return Party(found[1], found[2])


def _x12_text(value: str, remedy: str) -> None:
    if value != value.strip(" ") or not value.isascii() or not value.isprintable():
        raise invalid("has an id with blanks at its ends or characters that X12 does not allow", remedy)


def _group_id(value: str) -> str:
    if not 2 <= len(value) <= 15:
        raise invalid(f"has {len(value)} characters, and a group's id has 2 to 15 (GS02, GS03)")
    _x12_text(value, "write the id as in GS02")
    return value


X12Id = Annotated[Party, BeforeValidator(_identity)]
"""An interchange identity, written `"qq:id"`."""
GroupId = Annotated[str, AfterValidator(_group_id)]
"""An application's code in GS02 or GS03."""


def _delimiters(value: str) -> str:
    remedy = 'write element, component and terminator, and for 005010 the repetition separator, as "*>~" or "*>~^"'
    if len(value) not in (3, 4):
        raise invalid("is not three or four delimiters", remedy)
    if len(set(value)) != len(value):
        raise invalid("has the same delimiter twice", remedy)
    for char in value:
        # Letters, digits, the blank, the point and the minus sign are data in every element (X12.5, 3.5).
        if not "\x01" <= char <= "\x7f" or char.isalnum() or char in " .-":
            raise invalid(f"has a delimiter that may occur in data: {char!a}", remedy)
    if set(value[:2] + value[3:]) & {"\r", "\n"}:
        raise invalid("has a line break that is not the terminator", remedy)
    return value


Delimiters = Annotated[str, AfterValidator(_delimiters)]
"""Element, component, terminator and (005010) repetition separator, in that order."""


def _table(value: object) -> object:
    if not isinstance(value, Mapping):
        raise invalid("must be a table")
    return value


FreeTable = Annotated[Mapping[str, Any], BeforeValidator(_table)]
"""A table that another package reads and checks: rows that override a map or a guide."""
