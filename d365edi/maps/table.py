"""Map tables: TOML with a user's rows over the shipped ones, before anything is compiled.

A row of the user's replaces the shipped row of the same key, a new key adds a row, `false` takes a row (or a whole
table) away. Each row remembers where it was written, so that a mistake found later can name the file and the line.

`like` saves writing rows twice: a map that is `like = "850"` has that map's rows under its own, and a list that is
`like = "orders.packs"` has the rows of that list, with what a user changed there.

The code tables of a language (`codes/x12.toml`) are in all its maps that have none of that name.

Maps of one's own stand in a folder (`own`), each under its name as the shipped ones are, and come before those.

Knows: the layout of tables. Does not know: guides, documents, what a path means.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from d365edi.edi.guides import Folder
from d365edi.errors import SettingsError

Language = Literal["x12", "edifact", "csv", "d365/read", "d365/write"]
Key = tuple[str, ...]
ALSO = "\n"
"""What stands between a word of the partner's and a further meaning that is written so."""
OPEN, KEPT = "*", "kept"
"""The row `"*" = "*"` of a code table: what it has no row for stays as it is; `"*" = "kept"`: so it does, and what it has one
for is kept as it was."""
Locate = Callable[[Key], str]
LIKE, NEEDS = "like", "needs"


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row: what stands left (a field, a path or a name) and right, its key path in the table, and whether a user
    wrote it."""

    name: str
    value: Any
    key: Key
    overridden: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The right side as paths: one, or a list of which a version has at least one."""
        return tuple(self.value) if isinstance(self.value, list) else (self.value,)


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows of a document, or of one list in it. `field` is the list's field in the scope around (dotted), `loop`
    its loop; `needs` are fields of which an item must have one to be written."""

    field: str = ""
    loop: tuple[str, ...] = ()
    key: Key = ()
    rows: tuple[MapRow, ...] = ()
    constants: tuple[MapRow, ...] = ()
    defaults: tuple[MapRow, ...] = ()
    computed: tuple[MapRow, ...] = ()
    unsaid: tuple[MapRow, ...] = ()
    scopes: tuple[Scope, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One map with its overrides. `tree` is the merged TOML; `digest` (hex) changes with any row. Compared by
    identity."""

    language: Language
    name: str
    document: str
    mode: str
    tree: Mapping[str, Any]
    digest: str
    overridden: frozenset[Key] = frozenset()
    locate: Locate | None = None
    source: str = ""
    """The file that an error of a row names where no user's override has it."""
    base: Key = ()
    """The key of the user's override in the settings, which an error of one of its rows names."""

    def mistake(self, key: Key, message: str, *, remedy: str = "") -> SettingsError:
        """The error about one row, with the file (and the line, where a user wrote it)."""
        where = self.source
        if self.is_overridden(key) or any(each[: len(key)] == key for each in self.overridden):
            where = self.locate(key) if self.locate else "the map's override"
            key = (*self.base, *key)
        return SettingsError(message, where=where, key=".".join(key), remedy=remedy)

    def is_overridden(self, key: Key) -> bool:
        """Whether a user wrote this row, or the table around it."""
        return any(key[:length] in self.overridden for length in range(1, len(key) + 1))

    def codes(self) -> dict[str, dict[str, str]]:
        """The code tables: for fields whose last name is the key, or the last two (`charges.code`), their word = ours. Of several
        words of ours the first is what theirs means, the others (under `WORD ALSO other`) are only written so."""
        return {name: dict(_meanings(words)) for name, words in self.tree.get("codes", {}).items()}


def _meanings(words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for word, ours in words.items():
        first, *others = [ours] if isinstance(ours, str) else ours
        yield word, first
        for other in others:
            yield f"{word}{ALSO}{other}", other


def load(
    language: Language,
    name: str,
    override: Mapping[str, Any] | None = None,
    *,
    locate: Locate | None = None,
    base: Key = (),
    own: Folder | None = None,
) -> Table:
    """A shipped map with a user's rows over it; `locate` says the `file:line` of a key path inside the override, which is at
    `base` in the settings. `own` is a folder (a `Path`) with maps that do not ship: `NAME.toml` there comes before the shipped
    map of that name.

    Raises SettingsError when there is no such map, or a row is taken away that is not there."""
    source, shipped = _shipped(language, name, own)
    overridden: set[Key] = set()
    probe = Table(language, name, "", "", {}, "", frozenset(_leaves(override or {})), locate, source, base)
    tree = _over_tree(shipped, override or {}, (), overridden, probe)
    digest = hashlib.sha256(json.dumps([language, name, tree], sort_keys=True, default=str).encode()).hexdigest()
    document, mode = str(tree.get("document", "")), str(tree.get("mode", "both"))
    return Table(language, name, document, mode, tree, digest, frozenset(overridden), locate, source, base)


@cache
def _shipped(language: str, name: str, own: Folder | None = None) -> tuple[str, dict[str, Any]]:
    """A map before any override: the file it stands in, and its tree."""
    folder = files("d365edi.maps") / language
    file, source = folder / f"{name}.toml", f"d365edi/maps/{language}/{name}.toml"
    if own is not None and (own / f"{name}.toml").is_file():
        file = own / f"{name}.toml"
        source = str(file)
    if not file.is_file():
        known = sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml"))
        numbers = [each for each in known if each.isdecimal()] if name.isdecimal() else []
        near = sorted(numbers, key=lambda each: abs(int(each) - int(name)))
        close = near[:1] or get_close_matches(name, known, 1, 0.5)
        meant = f'did you mean "{close[0]}"? ' if close else ""
        raise SettingsError(f'there is no {language} map "{name}"', remedy=f"{meant}known are {', '.join(known)}")
    tree = tomllib.loads(file.read_text(encoding="utf-8"))
    tree["codes"] = {**_usual_codes(language), **tree.get("codes", {})}
    if LIKE not in tree:
        return source, tree
    probe = Table(language, name, "", "", {}, "", source=source)  # type: ignore[arg-type]
    return source, _over_tree(_shipped(language, tree.pop(LIKE), own)[1], tree, (), set(), probe)


def of_vendor(language: Language, name: str) -> bool:
    """Whether the records of a shipped D365 table belong to a vendor of ours (`account_of`); others belong to a customer."""
    return _shipped(language, name)[1].get("account_of") == "vendor"


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two overrides as one: the rows of `above` over those of `below`. A row that is taken away (false) stays one."""
    made = _undotted(below, ())
    for name, value in _undotted(above, ()).items():
        under = made.get(name)
        made[name] = merged(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return made


@cache
def _usual_codes(language: str) -> dict[str, Any]:
    """The code tables that all maps of a language have where they have none of their own of that name."""
    file = files("d365edi.maps") / "codes" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


_SECTIONS = ("fields", "constants", "defaults", "codes")
"""Tables of rows that any map may have; one that is spelled otherwise would be taken for a list of the document."""


def meant_section(name: str) -> str:
    """The table of rows that a name is a misspelling of, "" for none: no list or part of a document is called alike."""
    close = get_close_matches(name, _SECTIONS, 1, 0.83)
    return close[0] if close and name not in _SECTIONS else ""


def _over_tree(
    below: Mapping[str, Any], above: Mapping[str, Any], at: Key, overridden: set[Key], probe: Table
) -> dict[str, Any]:
    """The rows of `above` over those of `below`."""
    merged = dict(below)
    for name, value in _undotted(above, at).items():
        key = (*at, name)
        if isinstance(value, Mapping):
            if name not in merged and (meant := meant_section(name)):
                raise probe.mistake(key, f'"{name}" is no table of a map', remedy=f'did you mean "{meant}"?')
            if name in merged and not isinstance(merged[name], Mapping):
                raise probe.mistake(key, f'"{name}" is one row in the map, not a table of rows')
            if not value and name not in merged:
                overridden.add(key)
            merged[name] = _over_tree(merged.get(name, {}), value, key, overridden, probe)
        elif value is False:
            if name not in merged:
                raise probe.mistake(key, f'there is no row "{name}" to take away', remedy=nearest(name, merged))
            del merged[name]
        elif isinstance(merged.get(name), Mapping) or at == ("codes",):
            raise probe.mistake(
                key, f'"{name}" is a table of rows in the map, not one row', remedy=_as_table(probe, key)
            )
        else:
            merged[name] = value
            overridden.add(key)
    return merged


def _as_table(probe: Table, key: Key) -> str:
    return f"write its rows under [{'.'.join((*probe.base, *key))}]"


def _undotted(rows: Mapping[str, Any], at: Key) -> dict[str, Any]:
    """Quoted dotted names of fields (`"item.gtin" = ...`) as the tables that TOML makes of unquoted ones."""
    if (at and at[-1] in _FIXED) or {"codes", "columns", "meaning", "unused", "twice"} & set(at):
        return dict(rows)
    tree: dict[str, Any] = {}
    for name, value in rows.items():
        head, _, rest = name.partition(".")
        if rest:
            tree[head] = {**tree.get(head, {}), rest: value}
        else:
            tree[head] = {**tree[head], **value} if isinstance(tree.get(head), dict) else value
    return tree


def _leaves(tree: Mapping[str, Any], at: Key = ()) -> Iterator[Key]:
    for name, value in tree.items():
        yield (*at, name)
        if isinstance(value, Mapping):
            yield from _leaves(value, (*at, name))


def nearest(word: str, known: Any) -> str:
    """The remedy for a misspelling: the nearest known word, or a few of those there are."""
    words = [str(each) for each in known]
    same = [each for each in words if each.casefold() == word.casefold()]
    close = same or get_close_matches(word, words, 1, 0.5) or get_close_matches(word.casefold(), words, 1, 0.5)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"there are {', '.join(sorted(words)[:12])}" if words else ""


_FIXED = ("constants", "defaults", "computed", "unsaid")
_SINGLE = {"Invoice": ("credits",), "ShipNotice": ("shipment_level",)}
"""Rows of maps of a document that stand in no table."""
_TABLES = ("fields", *_FIXED, "codes", "unlike", "meaning", "unused", "twice", "file", "columns")


def scope(table: Table) -> Scope:
    """The rows of a message map (X12, EDIFACT), sorted into the document and its lists. Raises SettingsError."""
    for name, value in table.tree.items():
        if not isinstance(value, Mapping) and name not in ("document", "mode", "set", *_SINGLE.get(table.document, ())):
            message = f'"{name}" stands outside of a table'
            raise table.mistake(
                (name,), message, remedy=f"rows of fields stand under [{'.'.join((*table.base, 'fields'))}]"
            )
    root = {name: value for name, value in table.tree.items() if isinstance(value, Mapping) and name not in _TABLES}
    fields = list(_rows(table, table.tree.get("fields", {}), ("fields",), ""))
    fixed: dict[str, Any] = {name: _pairs(table, table.tree, (), name) for name in _FIXED}
    return Scope("", (), (), tuple(fields), **fixed, scopes=tuple(_scopes(table, root, (), "")))


def _rows(table: Table, rows: Mapping[str, Any], at: Key, prefix: str) -> Iterator[MapRow]:
    for name, value in rows.items():
        key = (*at, name)
        if isinstance(value, Mapping):
            if "loop" not in value and LIKE not in value:
                yield from _rows(table, value, key, f"{prefix}{name}.")
        elif isinstance(value, str) or (isinstance(value, list) and value and all(isinstance(v, str) for v in value)):
            yield MapRow(prefix + name, value, key, table.is_overridden(key))
        else:
            message = f'"{name}" must name a place, as in "BEG03"'
            raise table.mistake(key, message, remedy="or false to remove the row")


def _pairs(table: Table, tree: Mapping[str, Any], at: Key, name: str) -> tuple[MapRow, ...]:
    rows = []
    for place, value in tree.get(name, {}).items():
        key = (*at, name, place)
        if not isinstance(value, str) or not value:
            raise table.mistake(key, f'the value at "{place}" must be text in quotes')
        rows.append(MapRow(place, value, key, table.is_overridden(key)))
    return tuple(rows)


def _scopes(table: Table, tree: Mapping[str, Any], at: Key, prefix: str) -> Iterator[Scope]:
    for name, value in tree.items():
        if not isinstance(value, Mapping) or name in _TABLES:
            continue
        key, field = (*at, name), prefix + name
        if "loop" in value or LIKE in value:
            yield _list(table, value, key, field)
            continue
        inner = list(_scopes(table, value, key, f"{field}."))
        if not inner and not at:
            message = f'"{name}" is no table of this map and no list with a loop'
            raise table.mistake(key, message, remedy=nearest(name, {*table.tree, *_TABLES} - {name}))
        yield from inner


def _list(table: Table, tree: Mapping[str, Any], key: Key, field: str) -> Scope:
    loop = tree.get("loop", ())
    places = tuple(loop) if isinstance(loop, list | tuple) else (loop,)
    if not (places or LIKE in tree) or not all(isinstance(place, str) for place in places):
        raise table.mistake((*key, "loop"), 'a loop is named by its segment, as in "PO1"')
    needs = tree.get(NEEDS, [])
    if not isinstance(needs, list) or not all(isinstance(each, str) for each in needs):
        raise table.mistake((*key, NEEDS), "it lists fields of an item", remedy='as in needs = ["percent"]')
    own = {name: value for name, value in tree.items() if name not in ("loop", LIKE, NEEDS, *_TABLES)}
    fixed = {name: _pairs(table, tree, key, name) for name in _FIXED}
    rows, scopes = tuple(_rows(table, own, key, "")), tuple(_scopes(table, own, key, ""))
    made = Scope(field, places, key, rows, **fixed, scopes=scopes, needs=tuple(needs))
    return made if LIKE not in tree else _over(made, _alike(table, tree[LIKE], key, field))


def _alike(table: Table, name: Any, key: Key, field: str) -> Scope:
    """The list that another one is like, by its dotted name."""
    way = tuple(str(name).split("."))
    tree: Any = table.tree
    for step in way:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    if not isinstance(tree, Mapping) or key[: len(way)] == way:
        message = f'"{name}" is no other list of this map'
        raise table.mistake((*key, LIKE), message, remedy='as in like = "orders.packs"')
    return _list(table, tree, way, field)


def _over(above: Scope, below: Scope) -> Scope:
    """The rows of one list over those of the list that it is like."""

    def rows(own: tuple[MapRow, ...], others: tuple[MapRow, ...]) -> tuple[MapRow, ...]:
        named = {row.name for row in own}
        return (*(row for row in others if row.name not in named), *own)

    lists = {scope.field for scope in above.scopes}
    merged: dict[str, Any] = {name: rows(getattr(above, name), getattr(below, name)) for name in ("rows", *_FIXED)}
    scopes = (*(scope for scope in below.scopes if scope.field not in lists), *above.scopes)
    needs = above.needs or below.needs
    return Scope(above.field, above.loop or below.loop, above.key, **merged, scopes=scopes, needs=needs)
