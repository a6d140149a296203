"""What fields a document has, found by dotted name, and of what kind each is.

Knows: the shapes of documents. Does not know: any one document, paths, tables.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Kind = Literal["text", "amount", "day", "whole", "part"]
Model = type[BaseModel]

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
    return {
        name: _field(info.annotation, many=False) for name, info in model.model_fields.items() if name not in ("kept",)
    }


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


def _field(annotation: Any, *, many: bool) -> Field:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _field(inside[0], many=many)
    if origin in (Union, types.UnionType):
        return _field(next(each for each in inside if each is not type(None)), many=many)
    if origin is tuple:
        return _field(inside[0], many=True)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Field("part", many, annotation)
    return Field(_KINDS[annotation], many)
