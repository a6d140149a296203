"""The base of every section of the settings (frozen, known keys only, input not shown in errors), and parts that several share.

Knows: references to secrets, locations, schedules. Does not know: the sections that use them.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from .cron import Cron
from .values import Duration, EnvironmentText, Name, Span, Text, invalid

SECRET_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class SettingsSection(BaseModel):
    """A table of settings. Keys are the attributes; an unknown key is an error, and no error of pydantic shows its input."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True, populate_by_name=False
    )


def _reference(value: object) -> object:
    if not isinstance(value, Mapping | SecretRef):
        raise PydanticCustomError("literal_secret", "a secret is referred to by name, never written")
    return value


def _secret_name(value: str) -> str:
    if not SECRET_NAME.fullmatch(value):
        raise PydanticCustomError("secret_name", "not the name of a secret")
    return value


class SecretRef(SettingsSection):
    """A reference to a secret: `{ secret = "name" }`."""

    secret: Annotated[str, AfterValidator(_secret_name)]
    """The secret's name: small letters, digits and dashes."""


Secret = Annotated[SecretRef, BeforeValidator(_reference)]
"""A named secret; text in its place is refused and not shown."""


def _pattern(value: str) -> str:
    folder, _, pattern = value.rpartition("/")
    if not re.search(r"[*?\[]", pattern):
        raise invalid("does not end in a pattern", f'name the files, as "{value.rstrip("/")}/*"')
    _no_way_up(value)
    if re.search(r"[*?\[]", folder):
        raise invalid("has a pattern in a folder's name", "only the last part may have *, ? or [...]; name each folder")
    return value


def _no_way_up(value: str) -> str:
    if ".." in value.split("/"):
        raise invalid('contains ".."', "write the path from the root")
    return value


Path = Annotated[Text, AfterValidator(_no_way_up)]
"""A folder on the other side."""


class PickupSource(SettingsSection):
    """Where files are picked up."""

    endpoint: Name
    """The endpoint's name, as in [endpoints.NAME]."""
    path: Annotated[Text, AfterValidator(_pattern)]
    """The folder there and, as its last part, a pattern of file names: "/outbound/*"."""

    @property
    def folder(self) -> str:
        """The path without its pattern; "/" for the root, "" for the login folder."""
        head, slash, _ = self.path.rpartition("/")
        return head or slash

    @property
    def pattern(self) -> str:
        """The last part of the path, for names in that folder."""
        return self.path.rpartition("/")[2]


_SOME_DAY = datetime(2025, 1, 31, tzinfo=UTC)
_FILE_WORDS = ("partner", "set", "control", "number", "date", "time")


def _file_name(value: str) -> str:
    remedy = 'write it as "{set}_{control:09}.edi"; known are ' + ", ".join("{" + word + "}" for word in _FILE_WORDS)
    try:
        words = words_of(value)
    except ValueError:
        raise invalid("is not a file name's template", remedy) from None
    if unknown := sorted(words - set(_FILE_WORDS)):
        raise invalid(f'has "{{{unknown[0]}}}", which is not known', remedy)
    try:
        name = file_name(value, partner="p", set="810", control=1, number="1", at=_SOME_DAY)
    except (ValueError, LookupError):
        raise invalid("is not a file name's template", remedy) from None
    if not {"control", "number"} & words:
        stem, point, kind = value.rpartition(".")
        each = "_{control:09}".join((stem, f".{kind}")) if point and stem else f"{value}_{{control:09}}"
        raise invalid("gives every file the same name", f'write it as "{each}", or with {{number}}, the document\'s')
    if "/" in name or name.startswith(".") or not name.isprintable():
        raise invalid("leaves its folder or hides the file", remedy)
    return value


def words_of(template: str) -> frozenset[str]:
    """The placeholders of a file name's template: "set", "control" ..."""
    return frozenset(field for _, field, _, _ in Formatter().parse(template) if field is not None)


def file_name(template: str, *, partner: str, set: str, control: int, number: str, at: datetime) -> str:
    """A template's file name; in the document's number other characters than letters, digits, points, - and _ become _."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", number)
    return template.format(
        partner=partner, set=set, control=control, number=safe, date=f"{at:%Y%m%d}", time=f"{at:%H%M%S}"
    )


def _extract(value: object) -> object:
    if value == "always" or (isinstance(value, EnvironmentText) and value.isdecimal()):
        return 0 if value == "always" else int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid("is not how often a message may be fetched", 'write a number from 1, or "always"')
    return value


class Destination(SettingsSection):
    """Where files are uploaded, and under which names."""

    endpoint: Name
    """The endpoint's name, as in [endpoints.NAME]."""
    path: Path
    """The folder there."""
    file: Annotated[Text, AfterValidator(_file_name)] = "{set}_{control:09}.edi"
    """The file's name: {partner}, {set}, {control}, {number}, {date} and {time} are filled in. In a mailbox of
    Sterling the default is "{partner}_{set}_{control:09}.edi"."""
    extract: Annotated[int, BeforeValidator(_extract)] = 0
    """Of a mailbox of Sterling: how often a message may be fetched; left out: once. "always" (0): any number of times, and nobody
    can know whether it was."""
    picked_up_within: Duration | None = None
    """Of a mailbox of Sterling: the partner fetches a message within this time, or it is overdue; left out: it never is."""

    @property
    def words(self) -> frozenset[str]:
        """The placeholders of the file name: "set", "control" ..."""
        return words_of(self.file)

    @property
    def seconds_to_pick_up(self) -> float | None:
        """`picked_up_within` in seconds."""
        return None if self.picked_up_within is None else self.picked_up_within.total_seconds()

    def name(self, *, partner: str, set: str, control: int, number: str = "", at: datetime) -> str:
        """This delivery's file name. `set` is the transaction set, `control` the interchange's number, `at` local time."""
        return file_name(self.file, partner=partner, set=set, control=control, number=number, at=at)


class Schedule(SettingsSection):
    """When a flow runs: at an interval or by cron; exactly one of the two."""

    every: Duration | None = None
    """Runs at this interval."""
    cron: Cron | None = None
    """Runs by minute, hour, day, month and weekday, in the daemon's time zone: "*/10 6-20 * * mon-fri"."""
    jitter: Span = timedelta(0)
    """Adds a random delay of up to this much to each run, so that flows do not all start at once."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.every is None) == (self.cron is None):
            both = self.every is not None
            raise invalid("has both `every` and `cron`" if both else "has no schedule", 'write every = "15m" or cron')
        return self


def exactly_one(values: Mapping[str, Any], remedy: str) -> None:
    """Raise an error unless exactly one of these keys has a value."""
    given = [key for key, value in values.items() if value is not None]
    if len(given) != 1:
        none = "neither " + " nor ".join(f"`{key}`" for key in values)
        keys = " and ".join(f"`{key}`" for key in given) if given else none
        raise invalid(f"has {keys}", remedy)
