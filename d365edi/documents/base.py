"""What every document is: frozen, typed, exact, and the same after a round trip through JSON.

Empty is None or (), never "". Amounts are Decimal and keep their digits; days are dates without a time or a zone.
A document's JSON begins with the version of its words; what an older version wrote is read in today's words (see `upgrade`).

`kept` holds, beside the values, how a partner spelled them: the qualifier that a value stood behind (`{"ship_from":
"037"}`) or the partner's own word for it (`{"unit": "CT"}`), so that an answer can say it in the same way.

Knows: the shape of a value. Does not know: any standard, any map.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self, dataclass_transform

import msgspec

from d365edi.documents.upgrade import VERSION, upgrade

Text = Annotated[str, msgspec.Meta(min_length=1)]
"""Text that is not empty; what is empty is None."""
Amount = Decimal
"""An exact number: money, a price, a quantity, a percentage. Never made of a float."""
Day = date
"""A calendar day, without a time zone."""


class _Named(msgspec.StructMeta):
    """Every field of every part is given by name; msgspec's own option has to be set class by class."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> type:
        return super().__new__(mcls, name, bases, namespace, **{"kw_only": True, **config})


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Value(
    msgspec.Struct,
    metaclass=_Named,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    gc=False,
):
    """A part of a document. Compared by value; cannot be changed, only copied with changes (`replace`)."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The value that these fields make, parts as mappings, lists as sequences.

        Raises msgspec's ValidationError where a field is unknown, missing or of another type; text is never taken for a
        number or a day."""
        return msgspec.convert(values, cls, builtin_types=(Decimal, date))

    def alike(self, others: Sequence[Self]) -> Self:
        """The same with nothing in each field in which another one says something else."""
        differ = {
            each.name: each.default
            for each in msgspec.structs.fields(self)
            if any(getattr(other, each.name) != getattr(self, each.name) for other in others)
        }
        return self.replace(**differ)

    def replace(self, **changes: Any) -> Self:
        """The same with other values in some fields; these are taken as they are."""
        return msgspec.structs.replace(self, **changes)


class SpelledPart(Value):
    """A part whose fields may have been spelled by a partner: a document, or one item of a list in it."""

    kept: dict[str, str] | None = None

    def spelling(self, field: str) -> str | None:
        """The partner's own qualifier or word for a field (dotted inside this part), None where nothing was kept."""
        return self.kept.get(field) if self.kept else None


class Document(SpelledPart):
    """A whole business document."""

    def to_json(self) -> str:
        """Compact JSON without what is empty, its version first; numbers as text with every digit."""
        return _HEAD + msgspec.json.encode(self).decode()[1:]

    def plain(self) -> dict[str, Any]:
        """The fields as in JSON, without the version: what a person is shown."""
        values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return values

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The document that `to_json` wrote, in this version or an older one. Raises msgspec's MsgspecError for anything
        else."""
        text = text.decode() if isinstance(text, bytes) else text
        if text.startswith(_HEAD):
            return msgspec.json.decode("{" + text.removeprefix(_HEAD), type=cls)
        values = _PLAIN.decode(text)
        try:
            return msgspec.convert(upgrade(cls.__name__, values), cls)
        except ValueError as error:
            raise msgspec.ValidationError(str(error)) from error

    @classmethod
    def if_readable(cls, text: str | bytes) -> Self | None:
        """The document as `from_json` has it; None for anything that is none."""
        try:
            return cls.from_json(text)
        except msgspec.MsgspecError:
            return None


_HEAD = f'{{"version":{VERSION},'
_PLAIN = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
