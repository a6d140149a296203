"""The tree of settings as names: which keys a table may have, and every key there is.

Errors about keys, and the tests of the example file, use the models themselves.

Knows: pydantic models. Does not know: any section by name, values.
"""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Path = tuple[str, ...]


def keys(model: type[BaseModel]) -> dict[str, Any]:
    """A table's keys, as written, and the type of each value."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def models(annotation: Any) -> list[type[BaseModel]]:
    """The tables of known keys that a value of this kind may be: one, or several where a union lets it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return models(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [model for option in get_args(annotation) for model in models(option)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def _members(annotation: Any) -> Any | None:
    """The value type of a table with free names, None for other tables."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    return get_args(annotation)[1] if origin is Mapping else None


def inside(annotation: Any, key: str, table: object = None) -> Any | None:
    """The type at `key` of a table of this type; the `kind` in the written table selects the member of a union."""
    if (member := _members(annotation)) is not None:
        return member
    return next((keys(model)[key] for model in _chosen(annotation, table) if key in keys(model)), None)


def _chosen(annotation: Any, table: object) -> list[type[BaseModel]]:
    options = models(annotation)
    kind = table.get("kind") if isinstance(table, Mapping) else None
    return [model for model in options if kind in get_args(keys(model).get("kind", Literal[None]))] or options


def known(root: type[BaseModel], path: Path, written: object) -> list[str]:
    """The keys allowed in the table at `path`; none where any name is allowed."""
    annotation: Any = root
    for part in path:
        annotation = inside(annotation, part, written)
        written = written.get(part) if isinstance(written, Mapping) else None
    return [key for model in _chosen(annotation, written) for key in keys(model)]


def needed(root: type[BaseModel], path: Path, written: object) -> list[str]:
    """The keys that the table at `path` cannot do without."""
    annotation: Any = root
    for part in path:
        annotation = inside(annotation, part, written)
        written = written.get(part) if isinstance(written, Mapping) else None
    fields = (field for model in _chosen(annotation, written) for field in model.model_fields.items())
    return [field.alias or name for name, field in fields if field.is_required()]


def walk(annotation: Any, path: Path = ()) -> Iterator[Path]:
    """Every key of a tree, depth first; `*` is a name that the user chooses."""
    if (member := _members(annotation)) is not None:
        yield from walk(member, (*path, "*"))
    for model in models(annotation):
        for key, held in keys(model).items():
            yield (*path, key)
            yield from walk(held, (*path, key))
