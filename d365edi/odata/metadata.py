"""The description that an OData service gives of itself (`$metadata`, CSDL XML of OData 4.0): its sets with their fields, its
enums with their members.

Knows: the XML. Does not know: HTTP, which of it anybody needs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """`sets`: entity set -> its type. `types`: entity type -> field -> the name of its type, without namespaces. `enums`: enum ->
    its members. An enum and an entity type may have one name."""

    sets: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fields(self, entity_set: str) -> Mapping[str, str] | None:
        """The fields of a set with their types, None where there is no such set (case counts)."""
        type = self.sets.get(entity_set)
        return None if type is None else self.types.get(type, {})


def read(data: bytes | bytearray) -> ServiceModel:
    """The model that the XML describes. ValueError where it is none, or declares a document type, which no service does."""
    if b"<!DOCTYPE" in data[:4096]:
        raise ValueError("it declares a document type")
    sets, types, enums = dict[str, str](), dict[str, dict[str, str]](), dict[str, tuple[str, ...]]()
    bases = dict[str, str]()
    try:
        for node in _nodes(data):
            kind, name = node.tag.rpartition("}")[2], node.get("Name", "")
            if kind == "EntitySet":
                sets[name] = _plain(node.get("EntityType", ""))
            elif kind == "EntityType":
                types[name] = {each.get("Name", ""): _plain(each.get("Type", "")) for each in _inner(node, "Property")}
                bases |= {name: _plain(base)} if (base := node.get("BaseType")) else {}
                node.clear()
            elif kind == "EnumType":
                enums[name] = tuple(each.get("Name", "") for each in _inner(node, "Member"))
                node.clear()
    except ElementTree.ParseError as error:
        raise ValueError(f"it is no XML ({error})") from None
    if not sets:
        raise ValueError("it names no entity set")
    return ServiceModel(sets, {name: _whole(name, types, bases) for name in types}, enums)


def _nodes(data: bytes | bytearray) -> Iterator[ElementTree.Element]:
    """Each element when it is complete. The XML has no document type, so it has no entities that grow."""
    parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(["end"])
    for start in range(0, len(data), _PIECE):
        parser.feed(bytes(data[start : start + _PIECE]))
        yield from _complete(parser)
    parser.close()
    yield from _complete(parser)


def _complete(parser: "ElementTree.XMLPullParser[Any]") -> Iterator[ElementTree.Element]:
    events: Iterator[Any] = parser.read_events()
    return (node for _, node in events)


def _inner(node: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in node if each.tag.rpartition("}")[2] == kind]


def _plain(name: str) -> str:
    return name.rpartition(".")[2].rstrip(")")


def _whole(name: str, types: Mapping[str, Mapping[str, str]], bases: Mapping[str, str]) -> dict[str, str]:
    """The fields of a type with those that it inherits."""
    found, seen = dict[str, str](), set[str]()
    while name in types and name not in seen:
        seen.add(name)
        found = {**types[name], **found}
        name = bases.get(name, "")
    return found
