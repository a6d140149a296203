"""Where a partner's guide differs from the standard (`[partners.X.receive.850.guide]`): whether it says so in a way that has a meaning.

    optional  = ["PO1/PID"]                                lists of places
    mandatory = ["DTM"]
    max_use   = { DTM = 20 }
    elements  = { BEG13 = "AN 1/10 Their project" }
    codes     = { BEG02 = ["SA", "DS"] }                   or a table of codes with their meaning
    severity  = { unlisted = "error", "element.length" = "off" }

Knows: the shape of an overlay, the names of rules. Does not know: guides, whether a place is in one (`guides`).
"""

from collections.abc import Mapping, Set
from difflib import get_close_matches
from typing import Any, NoReturn

from d365edi.edi.findings import Level
from d365edi.edi.rules import RULES
from d365edi.errors import SettingsError

KEYS = ("optional", "mandatory", "max_use", "elements", "codes", "severity")
SEVERITIES = ("error", "warning", "note", "off")
OF_A_SET: tuple[Level, ...] = ("set", "segment", "element")
"""The levels of the rules that a guide decides about."""


def named(levels: Set[Level] | tuple[Level, ...]) -> frozenset[str]:
    """The names of the rules of these levels, with their level before them."""
    return frozenset(f"{rule.level}.{rule.rule}" for rule in RULES.values() if rule.level in levels)


def check(overlay: Mapping[str, Any]) -> None:
    """Raises SettingsError, with the key inside of the overlay, for what has no meaning."""
    for key, said in overlay.items():
        if key not in KEYS:
            _refuse(f'a guide has no "{key}"', key, f"use one of {', '.join(KEYS)}")
        if key in ("optional", "mandatory"):
            if not (isinstance(said, list | tuple) and all(isinstance(place, str) for place in said)):
                _refuse(f"{key} is no list of places", key, f'write {key} = ["PO1/PID"]')
        elif not isinstance(said, Mapping):
            _refuse(f"{key} is no table", key, f"write {key} = {{ ... }}")
        else:
            for place, value in said.items():
                _row(key, place, value)


def _row(key: str, place: str, value: Any) -> None:
    if key == "max_use" and not (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        _refuse(f"{value!r} is no number of times", place, "write DTM = 20; 0 is any number of times")
    if key == "elements" and not isinstance(value, str):
        _refuse(f"{value!r} describes no element", place, 'write BEG13 = "AN 1/10 Their project"')
    if key == "codes" and not _codes(value):
        _refuse(f"{value!r} is no list of codes", place, 'write BEG02 = ["SA", "DS"]')
    if key == "severity":
        _severity(place, value)


def _codes(value: Any) -> bool:
    rows = (
        value.items()
        if isinstance(value, Mapping)
        else ((each, "") for each in value)
        if isinstance(value, list)
        else None
    )
    return rows is not None and all(isinstance(code, str) and isinstance(meaning, str) for code, meaning in rows)


def _severity(name: str, value: Any) -> None:
    full = named(OF_A_SET)
    known = full | {each.partition(".")[2] for each in full}
    if name not in known:
        close = get_close_matches(name, known, 1, 0.5)
        other = named({"interchange", "group"})
        remedy = f'did you mean "{close[0]}"?' if close else "README, Rules, lists them"
        if name in other or name in {each.partition(".")[2] for each in other}:
            remedy = "it is one of an envelope: write it under acks.severity of the partner"
        _refuse(f'"{name}" is no rule of a set, a segment or an element', name, remedy)
    if value not in SEVERITIES:
        _refuse(f"{value!r} is no severity", name, f"use one of {', '.join(SEVERITIES)}")


def _refuse(message: str, key: str, remedy: str) -> NoReturn:
    raise SettingsError(message, key=key, remedy=remedy)
