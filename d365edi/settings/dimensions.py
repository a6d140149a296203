"""[d365] dimensions: what of the formats of display values is not read from D365.

Knows: the keys of the table. Does not know: formats, how a display value is built.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from .section import SettingsSection
from .values import Text, invalid

Sign = Literal["-", ".", "_", "|", "~", "--", "..", "__", "||", "~~"]
"""The delimiters that D365 has."""


def without_blank(name: str, inside: tuple[str, ...] = ()) -> None:
    """Refuse a dimension's name with a blank, which stands in no format."""
    if any(sign.isspace() for sign in name):
        close = "".join(name.split())
        raise invalid(f'"{name}" has a blank, as no dimension of a format has', f'write "{close}"', inside=inside)


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise invalid("names no dimension", 'write them in the order of the format, as ["Department", "CostCenter"]')
    if len({name.casefold() for name in names}) < len(names):
        raise invalid("names a dimension twice", "name each once, in the order of the format")
    for name in names:
        without_blank(name)
    return names


Names = Annotated[tuple[Text, ...], AfterValidator(_distinct)]
"""Dimensions in the order of a format."""


class Dimensions(SettingsSection):
    """Formats and delimiter of display values: each key that is left out is read from D365. "auto"
    alone: all of them; "d365" alone: D365 builds the text."""

    default: Names | None = None
    """The active format of dimensions alone."""
    ledger: Names | None = None
    """The active format of a main account and its dimensions."""
    delimiter: Sign | None = None
    """What parts the segments."""
    escape: bool = True
    """A delimiter inside a dimension value has a backslash before it; false: such a value holds."""

    built: Literal["here", "d365"] = "here"
    """Who builds the text of dimensions: we do, or D365 is asked for it each time; "d365" alone is the same."""

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if value == "auto":
            return {}
        if value == "d365":
            return {"built": "d365"}
        if not isinstance(value, Mapping | Dimensions):
            raise invalid(
                'is neither "auto" nor "d365"',
                'write "auto", or a table, as { default = ["Department", "CostCenter"] }',
            )
        return value
