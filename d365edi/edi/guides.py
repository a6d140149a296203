"""Loads the shipped tables of a transaction set in a version as a guide, with a partner's overlay over them.

The tables are data beside the reader of each standard (`x12/guides/*.toml`, `edifact/guides/*.toml`). One tree serves
all versions of a set; lengths and marked segments differ. A version that is not on the shelf (004010VICS, 003050,
007010) gets the nearest one below it.

An overlay says how a partner's guide differs, and what a breach of a rule is worth there:

    optional  = ["PO1/PID"]                          # paths of segments or loops that need not be there
    mandatory = ["REF"]                              # that must
    max_use   = { DTM = 20 }
    elements  = { N104 = "AN 2/20", BEG13 = "AN 1/10 Their project" }
    codes     = { BEG02 = ["SA", "DS"] }             # the whole list at a place (NAD02-3: a component); any other is an error
    severity  = { unlisted = "error", padding = "off" }

Sets of one's own stand in a folder (`own`) as tables of the same names and notation: `sets.toml`, and, where they need
more than the shelf has, `segments.toml`, `elements.toml` and `codes.toml`. Their rows replace the shipped ones.

Knows: the shelf, versions, overlays. Does not know: files that are read, partners by name.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol

from d365edi.edi import guide_notation
from d365edi.edi import overlay as overlaid
from d365edi.edi.guide import Element, Guide, Node, Segment
from d365edi.edi.guide_notation import Era
from d365edi.edi.syntax import Standard
from d365edi.errors import SettingsError


class Folder(Traversable, Protocol):
    """A folder of tables that is known again: a `Path`."""

    def __hash__(self) -> int: ...


VERSIONS: Mapping[Standard, tuple[str, ...]] = {
    "X12": (
        "003040", "004010", "004020", "004030", "004040", "004050", "004060", "005010", "005030", "005050", "006010",
        "006020",
    ),
    "EDIFACT": ("D96A", "D01B"),
}  # fmt: skip
"""The versions on the shelf, oldest first: those whose tables differ from the ones before."""

FORMS: Mapping[Standard, tuple[str, ...]] = {
    "X12": ("004010", "004030", "005010", "006020"),
    "EDIFACT": VERSIONS["EDIFACT"],
}
"""Versions that have, between them, every place that any version has; the others differ from these in lengths and in
what is mandatory. Rows of a map are held against these at start, and the tables of the others are made when a message
in them is met."""

_ERAS = {
    **{version: Era(version < "005010", version > "004010", version) for version in VERSIONS["X12"]},
    "D96A": Era(True, False), "D01B": Era(False, True),
}  # fmt: skip
_TOLERANT = {"003040": {"length": "warning", "extra": "warning", "date-width": "warning", "relational": "warning"}}
"""Tables before 004010 are 004010's: what grew or shrank since is worth a warning there, not a rejection."""


def tables(standard: Standard, version: str) -> str:
    """The version on the shelf that serves `version`: itself, else the nearest below, else the oldest; "" when nothing
    can be made of it."""
    shelf = VERSIONS[standard]
    if standard == "EDIFACT":
        return _directory(version)
    match = re.match(r"\d{5,6}", version)
    if match is None or not shelf:
        return ""
    wanted = match[0] if len(match[0]) == 6 else match[0] + "0"
    return max((known for known in shelf if known <= wanted), default=shelf[0])


def _directory(version: str) -> str:
    """The EDIFACT directory that serves `D:96A:UN:EAN008`; the syntax's own messages (`D:3:UN`, `4:1:UN`) are in all of
    them, and what is no directory of the years (`2:912`) is older than any."""
    shelf = VERSIONS["EDIFACT"]
    match = re.match(r"[A-Z]?[:.]? *(\d\d[A-Z])", version)
    if match is None:
        return shelf[0] if re.search(r"\d", version) else ""
    return max((known for known in shelf if _age(known) <= _age("D" + match[1])), key=_age, default=shelf[0])


def _age(version: str) -> str:
    """A version as text that sorts by age: directories have two digits of the year (D96A, D01B)."""
    return ("19" if version[1] == "9" else "20") + version[1:] if version[0] == "D" else version


def sets(standard: Standard) -> Mapping[str, str]:
    """The transaction sets on the shelf with their names."""
    return {id: table["name"] for id, table in _sets(standard).items()}


def group_of(standard: Standard, set: str) -> str:
    """The functional group id that a transaction set travels in (850: PO), "" when the set is unknown."""
    table = _sets(standard).get(set)
    return table["group"] if table else ""


def versions(standard: Standard, set: str) -> tuple[str, ...]:
    """The versions on the shelf that have a set; none for an unknown one."""
    table = _sets(standard).get(set)
    first = table.get("from", "") if table else "~"
    return tuple(version for version in VERSIONS[standard] if _age(version) >= first)


def load(
    standard: Standard, set: str, version: str, overlay: Mapping[str, Any] | None = None, own: Folder | None = None
) -> Guide | None:
    """The guide of a set; None when the set is unknown, or not in that version. Cached. `own` is a folder (a `Path`)
    with sets that are not on the shelf. SettingsError for a wrong overlay and for a wrong table of that folder."""
    said = json.dumps(overlay, sort_keys=True) if overlay else ""
    try:
        return _load(standard, set, tables(standard, version), said, own)
    except (KeyError, ValueError) as error:
        if own is None or isinstance(error, SettingsError):
            raise
        raise _wrong(own, set, error) from error


def _wrong(own: Folder, set: str, error: Exception) -> SettingsError:
    what = f"{error} is in no table" if isinstance(error, KeyError) else str(error)
    remedy = "compare sets.toml, segments.toml and elements.toml there with those that ship"
    return SettingsError(f"the guide of {set} cannot be made: {what}", where=str(own), remedy=remedy)


@lru_cache(maxsize=256)
def _load(standard: Standard, set: str, version: str, overlay: str, own: Folder | None) -> Guide | None:
    table = _sets(standard, own).get(set)
    if table is None or not version or _age(version) < table.get("from", ""):
        return None
    wanted = json.loads(overlay) if overlay else {}
    segments = _overlaid(_segments(standard, version, own), wanted)
    root, nodes = guide_notation.tree(table["tree"], segments.__getitem__, _ERAS[version])
    _restrict(nodes, wanted)
    used = {node.id: node.segment for node in nodes[1:]}
    severity = {**_TOLERANT.get(version, {}), **wanted.get("severity", {})}
    return Guide(standard, set, version, table["name"], table["group"], root, nodes, used, severity)


def segments(standard: Standard, version: str) -> Mapping[str, Segment]:
    """The whole segment dictionary of a version, whatever set uses them."""
    return _segments(standard, tables(standard, version) or VERSIONS[standard][-1])


def codes(number: str, standard: Standard = "X12") -> Mapping[str, str]:
    """The codes of a data element whose meaning is known, with it."""
    table: Mapping[str, str] = _table(standard, "codes").get(number, {})
    return table


@lru_cache
def free_text(standard: Standard) -> frozenset[str]:
    """The numbers of elements for people to read: what they say may be altered to fit a character set."""
    return frozenset(_table(standard, "elements")["text"])


# -- the shelf --------------------------------------------------------------------------------------------------------
@lru_cache
def _table(standard: Standard, name: str, own: Folder | None = None) -> dict[str, Any]:
    text = files(f"d365edi.edi.{standard.lower()}").joinpath("guides").joinpath(f"{name}.toml").read_bytes()
    shelf = tomllib.loads(text.decode())
    more = own.joinpath(f"{name}.toml") if own is not None else None
    return shelf if more is None or not more.is_file() else _laid(shelf, tomllib.loads(more.read_bytes().decode()))


def _laid(shelf: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of `more` over those of the shelf: tables row by row, lists at the end of lists."""
    merged = dict(shelf)
    for name, rows in more.items():
        if isinstance(rows, dict):
            merged[name] = {**merged.get(name, {}), **rows}
        else:
            merged[name] = [*merged.get(name, []), *rows]
    return merged


@lru_cache
def _sets(standard: Standard, own: Folder | None = None) -> dict[str, Any]:
    return _table(standard, "sets", own)


@lru_cache
def _elements(standard: Standard, version: str, own: Folder | None = None) -> dict[str, Element]:
    table, lists = _table(standard, "elements", own), _lists(standard, own)
    found = {number: guide_notation.element(number, text) for number, text in table["elements"].items()}
    for first, changes in table.get("since", {}).items():
        if _age(version) >= _age(first):
            found |= {number: guide_notation.element(number, text, found[number]) for number, text in changes.items()}
    for first, changes in table.get("before", {}).items():
        if _age(version) < _age(first):
            found |= {number: guide_notation.element(number, text, found[number]) for number, text in changes.items()}
    complete = _table(standard, "codes", own)["complete"]
    for number in lists.keys() & found.keys():
        found[number] = replace(found[number], codes=lists[number], closed=number in complete)
    return found


def _lists(standard: Standard, own: Folder | None = None) -> dict[str, dict[str, str]]:
    """The codes of each data element that has a list: those with a meaning first, then those that the standard has too."""
    table = _table(standard, "codes", own)
    known = {number: dict.fromkeys(guide_notation.codes(text), "") for number, text in table["known"].items()}
    named = {number: rows for number, rows in table.items() if number not in ("complete", "known")}
    return {number: {**rows, **known.get(number, {}), **rows} for number, rows in named.items()}


@lru_cache
def _segments(standard: Standard, version: str, own: Folder | None = None) -> dict[str, Segment]:
    table, era = _table(standard, "segments", own), _ERAS[version]
    elements = dict(_elements(standard, version, own))
    for number, text in table["composites"].items():
        whole = guide_notation.segment(number, text, elements.__getitem__, era)
        elements[number] = Element(0, number, whole.name, "", 0, 0, components=whole.elements)
    return {
        id: replace(
            guide_notation.segment(id, text, elements.__getitem__, era),
            qualifier=table["qualifier"].get(id, 1),
            pairs=table["pairs"].get(id, 0),
            levels=tuple(table.get("levels", {}).get(id, ())),
        )
        for id, text in table["segments"].items()
    }


# -- overlays ---------------------------------------------------------------------------------------------------------

_PLACE = re.compile(r"([A-Z][A-Z0-9]{1,2})(\d\d)(?:-(\d{1,2}))?")


def _overlaid(shelf: Mapping[str, Segment], overlay: Mapping[str, Any]) -> dict[str, Segment]:
    overlaid.check(overlay)
    segments = dict(shelf)
    for place, text in overlay.get("elements", {}).items():
        _put(segments, place, lambda old, text=text: _reworded(old, text))
    for place, listed in overlay.get("codes", {}).items():
        wanted = dict(listed) if isinstance(listed, dict) else dict.fromkeys(listed, "")
        _put(segments, place, lambda old, wanted=wanted: replace(old, codes=wanted, closed=True))
    return segments


def _reworded(old: Element, text: str) -> Element:
    new = guide_notation.element(old.number, text, old if old.type else None)
    return replace(old, name=new.name, type=new.type, min=new.min, max=new.max)


def _put(segments: dict[str, Segment], place: str, change: Any) -> None:
    match = _PLACE.fullmatch(place)
    segment = segments.get(match[1]) if match else None
    if match is None or segment is None:
        raise SettingsError(f'"{place}" is no place in a segment', key=place, remedy="write it as BEG02")
    elements, position = list(segment.elements), int(match[2])
    while len(elements) < position:
        elements.append(Element(len(elements) + 1, "", "", "AN", 1, 99))
    try:
        elements[position - 1] = _changed(elements[position - 1], int(match[3] or 0), change)
    except ValueError as error:
        raise SettingsError(str(error), key=place) from error
    segments[match[1]] = replace(segment, elements=tuple(elements))


def _changed(whole: Element, component: int, change: Any) -> Element:
    if not component:
        changed: Element = change(whole)
        return changed
    parts = list(whole.components)
    if component > len(parts):
        raise ValueError(f"there are {len(parts)} components at this place")
    parts[component - 1] = change(parts[component - 1])
    return replace(whole, components=tuple(parts))


def _restrict(nodes: list[Node], overlay: Mapping[str, Any]) -> None:
    paths = {node.path: node for node in reversed(nodes[1:])}

    def at(path: str) -> Node:
        if path not in paths:
            raise SettingsError(f'the guide has no "{path}"', key=path, remedy="write loops and segment as PO1/N1/N3")
        return paths[path]

    for path in overlay.get("optional", ()):
        at(path).mandatory = False
    for path in overlay.get("mandatory", ()):
        at(path).mandatory = True
    for path, most in overlay.get("max_use", {}).items():
        at(path).max_use = int(most)
