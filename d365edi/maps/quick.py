"""Functions written for one place of a map when it is first used, as they would be written by hand:

    def fill(item, echo):
        texts = blank.copy()
        told = getattr(item, 'kept', None) or nothing
        earlier = getattr(echo, 'kept', None) or nothing
        if (value := item.number) is not None:
            texts[1] = value if 1 <= len(value) <= 20 else say3(value)
        if (value := item.item.gtin) is not None:
            code = told.get('item.gtin')
            texts += code if code in codes4 else qualifier(pair4, value), value if 1 <= len(value) <= 48 else say6(value)
        return texts

A loop over the rows would ask of each row again, for each item, what the map has said once; without it a segment is
filled in half the time. Only names of fields that the document has and numbers get into what is written here; all else is
handed in.

Knows: rows, items. Does not know: segments, the order of the guide, what is to be done where a value does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from d365edi.maps.mapping_tree import Pair, Rule
from d365edi.maps.spelling import Words
from d365edi.maps.vocabulary import qualifier, sayer

Fill = Callable[[Any, Any], list[str]]
"""The texts of one segment for an item and what of an order it answers. Raises ValueError where a value does not fit."""
Found = list[tuple[Any, Any]]

_TOLD = {"item": "told", "echo": "earlier"}
"""What is called what a partner spelled in each."""


class Put(NamedTuple):
    """A text's place with its row, and the row of the order that is asked first; `only`: what it lacks is not said."""

    at: int
    row: Rule | None
    first: Rule | None = None
    only: bool = False


class Ask(NamedTuple):
    """What `find_of` gives for some fields: `what`, where one of them is not `empty`; without fields always. `echoes`:
    also where there is an order."""

    what: object
    names: Sequence[str]
    empty: Sequence[object]
    echoes: bool


def fill_of(blank: list[str], puts: Iterable[Put], pairs: Sequence[Pair], room: tuple[int, int]) -> Fill:
    """Fills a copy of `blank`: each text at its place, pairs from the first place of `room` and not at its last. Pairs that
    echo an order are the order's."""
    names: dict[str, Any] = {"blank": blank, "nothing": {}, "qualifier": qualifier}
    lines = list[str]()
    for put in puts:
        if put.first is not None:
            lines += _put("if", "echo", put.at, put.first, names)
        if put.row is not None and not (put.only and put.first is not None):
            lines += _put("elif" if put.first is not None else "if", "item", put.at, put.row, names)
    lines += _pairs(pairs, len(blank), *room, names)
    used = [(of, told) for of, told in _TOLD.items() if any(f"{told}." in line for line in lines)]
    head = ["texts = blank.copy()", *(f"{told} = getattr({of}, 'kept', None) or nothing" for of, told in used)]
    fill: Fill = _written([*head, *lines, "return texts"], names)
    return fill


def _put(check: str, of: str, at: int, rule: Rule, names: dict[str, Any]) -> list[str]:
    name = _safe(rule.name)
    said = _said("value", rule, names)
    if rule.words is not None:
        say = f"say{len(names)}"
        names[say], earlier = sayer(rule), f"earlier.get('{name}')" if of == "item" else "None"
        said = f"{say}(value, {_TOLD[of]}.get('{name}'), {earlier})"
    return [f"{check} (value := {of}.{name}) is not None:", f"    texts[{at}] = {said}"]


def _said(value: str, row: Rule | Pair, names: dict[str, Any]) -> str:
    """How a value is spelled; text that fits as it stands is not looked at twice."""
    say = f"say{len(names)}"
    names[say] = format = row.format
    if isinstance(format, Words):
        return f"{value} if {format.least} <= len({value}) <= {format.most} else {say}({value})"
    return f"{say}({value})"


def _pairs(pairs: Sequence[Pair], width: int, start: int, end: int, names: dict[str, Any]) -> list[str]:
    """Pairs grow at the end of the texts, or are put where there is room for all of them."""
    put, reached = ("texts += {}", "len(texts)") if width == start else ("texts[at : at + 2] = {}; at += 2", "at")
    lines = [f"at = {start}"]
    for pair in pairs:
        codes, row = f"codes{len(names)}", f"pair{len(names)}"
        names |= {codes: pair.qualifiers, row: pair}
        of, name = "echo" if pair.echo else "item", _safe(pair.name)
        if pair.parts is None:
            both = f"code if code in {codes} else qualifier({row}, value), {_said('value', pair, names)}"
            lines += [f"if (value := {of}.{name}) is not None:", f"    code = {_TOLD[of]}.get('{name}')"]
            lines += [f"    {put.format(both)}"]
        else:
            first, second = map(_safe, pair.parts)
            lines += [
                f"for each in {of}.{name}:",
                "    " + put.format(f"each.{first}, {_said(f'each.{second}', pair, names)}"),
            ]
    return [*lines, f"if {reached} > {end}:", "    raise ValueError('no room')"] if pairs else []


def find_of(asks: Iterable[Ask]) -> Callable[[Any, Any], Found]:
    """Finds what there is to be written of an item: `what` of each ask with the value of its field, or its values."""
    names: dict[str, Any] = {}
    lines = ["found = []"]
    for number, ask in enumerate(asks):
        values = [f"item.{_safe(name)}" for name in ask.names]
        names[f"what{number}"] = ask.what
        names[f"empty{number}"] = ask.empty[0] if len(values) == 1 else tuple(ask.empty)
        asked = f"{values[0]}) is not" if len(values) == 1 else f"({', '.join(values)})) !="
        also = " or echo is not None" if ask.echoes else ""
        if values:
            lines += [f"if (value := {asked} empty{number}{also}:", f"    found.append((what{number}, value))"]
        else:
            lines += [f"found.append((what{number}, None))"]
    find: Callable[[Any, Any], Found] = _written([*lines, "return found"], names)
    return find


def _safe(name: str) -> str:
    assert all(step.isidentifier() for step in name.split("."))
    return name


def _written(lines: Sequence[str], names: dict[str, Any]) -> Any:
    source = "\n    ".join(["def written(item, echo):", *lines])
    exec(source, names)  # noqa: S102 - of fields of documents and numbers, nothing that came from outside
    return names["written"]
