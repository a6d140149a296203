"""Settings from environment variables: `D365EDI_LOG__LEVEL=DEBUG` is `level` under `[log]`.

Two underscores separate tables. Case does not matter, and an underscore matches any character that a variable's name cannot
have, so that every key of the files can be reached: D365EDI_PARTNERS__ACME__ITEMS__ACME_4711 is "ACME-4711". A value that
begins with [ or { is a TOML list or table.

Knows: variables' names. Does not know: what the keys mean; secrets' variables (D365EDI_SECRET_...) are not settings.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from d365edi.errors import SettingsError

from .files import Key, Locations
from .values import EnvironmentText, nearest

PREFIX = "D365EDI_"


def read(
    environ: Mapping[str, str], tree: Mapping[str, Any], sections: Iterable[str], locations: Locations
) -> tuple[dict[str, Any], list[SettingsError]]:
    """The environment's settings as a tree to merge over the files' tree (each key noted in `locations`), and the errors."""
    found: dict[str, Any] = {}
    errors: list[SettingsError] = []
    for variable in sorted(environ, key=lambda name: (name.count("__"), name)):
        if not variable.startswith(PREFIX) or variable.startswith(f"{PREFIX}SECRET_"):
            continue
        words = variable.removeprefix(PREFIX).split("__")
        if words[0].lower() not in sections or not all(words):
            if remedy := _remedy(variable, words, sections):
                errors.append(SettingsError("is not a setting", where=f"environment {variable}", remedy=remedy))
            continue
        key = _key(words, tree)
        value = _value(environ[variable])
        _put(found, key, value)
        locations.variables |= dict.fromkeys(_leaves(key, value), variable)
    return found, errors


def _remedy(variable: str, words: list[str], sections: Iterable[str]) -> str:
    """The remedy for a variable that resembles a setting and is none; "" for variables of other purposes."""
    rest = variable.removeprefix(PREFIX)
    for section in sections:
        if rest.lower().startswith(f"{section}_"):
            name = rest[len(section) :].strip("_") or "KEY"
            return f"two underscores separate a table and its key: {PREFIX}{section.upper()}__{name}"
    if len(words) == 1:
        return ""
    return nearest(words[0].lower(), sections) or "its first word must be a section: " + ", ".join(sections)


def _key(words: list[str], tree: object) -> Key:
    key = []
    for word in words:
        names = list(tree) if isinstance(tree, Mapping) else []
        name = next((name for name in names if _plain(name) == _plain(word)), word.lower())
        key.append(name)
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tuple(key)


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "_", name.lower())


def _value(text: str) -> Any:
    if text.startswith(("[", "{")):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            pass  # a pattern such as [a-z]*.edi
    return EnvironmentText(text)


def _put(found: dict[str, Any], key: Key, value: Any) -> None:
    *outer, last = key
    for name in outer:
        if not isinstance(found.get(name), dict):
            found[name] = {}
        found = found[name]
    found[last] = value


def _leaves(key: Key, value: Any) -> Iterator[Key]:
    yield key
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves((*key, name), inner)
