"""What tables name of D365: sets, fields and members of enums, each with the place that names it; and what a tenant lacks of it.

Knows: the layout of reading and writing tables and of `lookups.toml`. Does not know: any entity or field name, partners.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from d365edi.maps.d365.schema import Section, charges, header, joins, lines
from d365edi.maps.table import Table, nearest
from d365edi.odata.metadata import ServiceModel

_LISTS = ("key", "name", "needs", "compare", "apart", "orderby", "moments", "whole", "optional_key")
_SINGLE = ("number", "account", "since", "dated", "quantity")
_NO_FIELDS = frozenset(
    {"set", "noun", "said_by", "stocked", "ended", "default", "ledger", "dropship", "consumer", "receivers", "order"}
)
"""Keys of a lookup whose texts are no fields."""
_MEMBERS = {"stocked": "type", "ended": "status", "default": "type", "ledger": "type"}
"""Those of them that are members, each with the key of the field that has them."""


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field ("": the set alone) with the members of its enum that are written or compared (`sure`), or that are if it is one.
    `optional`: it may as well be missing."""

    set: str
    field: str
    place: str
    members: tuple[str, ...] = ()
    sure: bool = False
    optional: bool = False


def of_table(table: Table, place: str) -> Iterator[NamedField]:
    """What a reading or a writing table names; `place` is the flow's table in the settings."""
    own = table.tree.get("lines", {}).get("set")
    sections = [header(table), *([lines(table)] if own else [])]
    sections += charges(table).values() if table.mode == "write" else joins(table)
    for section in sections:
        at = f"[{place}], {section.name} of {table.name}"
        yield from _of_section(section, at, optional=bool(section.tree.get("optional")))
    for name, tree in table.tree.items():
        if name not in ("header", "lines", "joins", "charges") and isinstance(tree, Mapping):
            yield from _of_lookup(tree, f"[{place}], {name} of {table.name}", {})


def _of_section(section: Section, place: str, *, optional: bool) -> Iterator[NamedField]:
    tree = section.tree
    yield NamedField(section.set, "", place, optional=optional)
    names = [name for key in _LISTS for name in tree.get(key, ())]
    names += [tree[key] for key in _SINGLE if isinstance(tree.get(key), str)]
    names += [*(theirs for theirs, _ in section.on), *tree.get("link", {}), *tree.get("prefer", {})]
    names += [name for names in tree.get("either", ()) for name in names] if section.name == "header" else []
    names += [row.name for row in section.rows if row.constant is None]
    for name in dict.fromkeys(names):
        yield NamedField(section.set, name, place, optional=optional)
    for row in section.rows:
        if row.constant is not None:
            yield NamedField(section.set, row.name, place, (str(row.constant),), optional=optional)
    for name, members in tree.get("open", {}).items():
        yield NamedField(section.set, name, place, tuple(members), optional=optional)
    for name, row in tree.get("only", {}).items():
        yield NamedField(section.set, name, place, tuple(map(str, row["is"])), "enum" in row, optional)


def of_lookups(tables: Mapping[str, Any]) -> Iterator[NamedField]:
    """What the lookups name (`lookups.toml`)."""
    variants = tables.get("items", {}).get("variant", {})
    yield from _of_lookup(tables, "lookups", variants)


def _of_lookup(tree: Mapping[str, Any], place: str, variants: Mapping[str, str]) -> Iterator[NamedField]:
    entity_set = tree.get("set")
    if isinstance(entity_set, str) and entity_set:
        yield NamedField(entity_set, "", place)
        for key, value in tree.items():
            texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
            if key not in _NO_FIELDS:
                yield from (NamedField(entity_set, name, place) for name in texts)
            elif key in _MEMBERS and _MEMBERS[key] in tree:
                yield NamedField(entity_set, tree[_MEMBERS[key]], place, tuple(texts), sure=True)
        if tree.get("variants"):
            yield from (NamedField(entity_set, name, place) for name in variants.values())
        for name, value in tree.get("preferred", {}).items() if isinstance(tree.get("preferred"), Mapping) else ():
            yield NamedField(entity_set, name, place, (value,))
        if isinstance(held := tree.get("held_by"), Mapping):
            members = dict.fromkeys(each for kind in held.values() for each in kind)
            yield NamedField(entity_set, tree["hold"], place, tuple(members), sure=True)
    for name, inner in tree.items():
        if isinstance(inner, Mapping):
            yield from _of_lookup(inner, f"{place}.{name}", variants)


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a tenant lacks, as a sentence; `optional`: nothing fails for it."""

    sentence: str
    optional: bool = False


def lacking(named: Iterable[NamedField], model: ServiceModel) -> list[Lack]:
    """What a tenant has not of what tables name: each once, with the place that names it first."""
    found: dict[tuple[str, str, str], Lack] = {}
    for each in sorted(named, key=lambda one: one.optional):
        for key, sentence in _lacks(each, model):
            found.setdefault(key, Lack(f"{sentence} ({each.place})", each.optional))
    return list(found.values())


def _lacks(each: NamedField, model: ServiceModel) -> Iterator[tuple[tuple[str, str, str], str]]:
    fields = model.fields(each.set)
    if fields is None:
        yield (each.set, "", ""), f"the tenant has no entity set {each.set}{_like(each.set, model.sets)}"
        return
    if not each.field:
        return
    if each.field not in fields:
        yield (each.set, each.field, ""), f"{each.set} has no field {each.field}{_like(each.field, fields)}"
        return
    kind = fields[each.field]
    members = model.enums.get(kind)
    if members is None:
        if each.sure and each.members:
            yield (each.set, each.field, "*"), f"{each.field} of {each.set} is no enum, but {kind}"
        return
    for member in each.members:
        if member not in members:
            sentence = f"{kind} ({each.field} of {each.set}) has no member {member}{_like(member, members)}"
            yield (each.set, each.field, member), sentence


def _like(name: str, known: Iterable[str]) -> str:
    said = nearest(name, list(known))
    return f"; {said}" if said else ""
