"""What fields a document has, found by dotted name, and of what kind each is.

Knows: the shapes of documents. Does not know: any one document, paths, tables.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from d365edi.documents import Value

Kind = Literal["text", "amount", "day", "whole", "part"]
Model = type[Value]

_KINDS: dict[type, Kind] = {str: "text", Decimal: "amount", date: "day", int: "whole"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its kind, whether it holds many, and the model of a part."""

    kind: Kind
    many: bool = False
    model: Model | None = None


@cache
def fields(model: Model) -> dict[str, Field]:
    """The fields of a model by name; `kept` is no field of the business."""
    return {each.name: _field(each.type, many=False) for each in msgspec.structs.fields(model) if each.name != "kept"}


@cache
def required(model: Model) -> tuple[str, ...]:
    """The fields that a model cannot do without."""
    return tuple(each.name for each in msgspec.structs.fields(model) if each.required)


@cache
def find(model: Model, name: str) -> Field | None:
    """The field of a dotted name; None when there is none (also for a way that leads through a list)."""
    *way, last = name.split(".")
    for step in way:
        field = fields(model).get(step)
        if field is None or field.model is None or field.many:
            return None
        model = field.model
    return fields(model).get(last)


def names(model: Model, prefix: str = "") -> Iterator[str]:
    """Every dotted name that `find` knows, lists by their own name only."""
    for name, field in fields(model).items():
        if field.model is None or field.many:
            yield prefix + name
        else:
            yield from names(field.model, f"{prefix}{name}.")


def absent(model: Model, values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted name of every field that must be there and is not, parts and items of lists included."""
    yield from (prefix + name for name in required(model) if name not in values)
    for name, field in fields(model).items():
        if field.model is not None and name in values:
            for each in values[name] if field.many else (values[name],):
                yield from absent(field.model, each, f"{prefix}{name}.")


def _field(annotation: Any, *, many: bool) -> Field:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _field(inside[0], many=many)
    if origin in (Union, types.UnionType):
        return _field(next(each for each in inside if each is not type(None)), many=many)
    if origin is tuple:
        return _field(inside[0], many=True)
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return Field("part", many, annotation)
    return Field(_KINDS[annotation], many)
