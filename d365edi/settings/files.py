"""The files of the settings: the main one and those it includes, merged into one tree, and the location of each key.

Tables in several files are merged; a key in two files is an error that names both, because it would be chance which one
applies.

Knows: TOML files, includes, lines. Does not know: what the keys mean.
"""

import codecs
import glob
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from d365edi.errors import SettingsError

from .toml_errors import explain
from .toml_locations import key_lines

Key = tuple[str, ...]


@dataclass(slots=True)
class Locations:
    """Where each key is set: `file:line`, or the environment variable that overrides it; `digest` is that of all the files."""

    files: list[tuple[str, dict[Key, int]]] = field(default_factory=list)
    variables: dict[Key, str] = field(default_factory=dict)
    digest: str = ""

    def where(self, *key: object) -> str:
        """`file:line` of a key (list items by index), else of the nearest table around it, else the main file's first line."""
        path = tuple(str(part) for part in key)
        for length in range(len(path), 0, -1):
            if variable := self.variables.get(path[:length]):
                return f"environment {variable}"
            for name, lines in self.files:
                if path[:length] in lines:
                    return f"{name}:{lines[path[:length]]}"
            for key_set, variable in self.variables.items():
                if key_set[:length] == path[:length]:
                    return f"environment {variable}"
        return f"{self.files[0][0]}:1" if self.files else "settings"

    def order(self, where: str) -> tuple[int, int]:
        """Sorts `where` texts as a reader meets them: file after file, line after line, the environment last."""
        name, _, line = where.rpartition(":")
        names = [known for known, _ in self.files]
        return (names.index(name), int(line)) if name in names else (len(names), 0)


def read(path: Path) -> tuple[dict[str, Any], Locations, list[SettingsError]]:
    """The main file and the files it includes as one tree, the locations of all keys, and the errors found.

    SettingsError at once when the main file cannot be read."""
    locations = Locations()
    tree = _parse(path, locations)
    errors: list[SettingsError] = []
    for included in _included(path, tree, locations, errors):
        try:
            more = _parse(included, locations)
        except SettingsError as error:
            errors.append(error)
            continue
        if "include" in more:
            del more["include"]
            where = f"{included}:{locations.files[-1][1]['include',]}"
            errors.append(
                SettingsError(
                    "an included file includes no others", where=where, key="include", remedy=f"write it in {path}"
                )
            )
        _merge(tree, more, (), locations, errors)
    return tree, locations, errors


def _parse(path: Path, locations: Locations) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        locations.digest = hashlib.sha256(locations.digest.encode() + data).hexdigest()
        text = _decoded(path, data)
        tree = tomllib.loads(text)
    except FileNotFoundError:
        remedy = f"name another with --settings, or make it: d365edi init --settings {path}"
        raise SettingsError("there is no such file", where=str(path), remedy=remedy) from None
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise SettingsError(message, where=str(path), remedy="check its permissions") from None
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, text, str(error)) from None
    locations.files.append((str(path), key_lines(text)))
    return tree


def _decoded(path: Path, data: bytes) -> str:
    """The text of a file. SettingsError where it is no UTF-8, or begins with a byte order mark, which TOML does not allow."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SettingsError("the file is UTF-16 text", where=f"{path}:1", remedy="save it as UTF-8")
    if data.startswith(codecs.BOM_UTF8):
        message = "the file begins with a byte order mark (BOM, U+FEFF)"
        raise SettingsError(message, where=f"{path}:1", remedy="save it as UTF-8 without BOM")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SettingsError("the file is not UTF-8 text", where=f"{path}:{line}", remedy="save it as UTF-8") from None


def _broken(path: Path, text: str, message: str) -> SettingsError:
    found = explain(text, message)
    return SettingsError(f"this is not TOML: {found.sentence}", where=f"{path}:{found.line}", remedy=found.remedy)


def _included(path: Path, tree: Mapping[str, Any], locations: Locations, errors: list[SettingsError]) -> list[Path]:
    patterns = tree.get("include", [])
    found: dict[Path, None] = {}
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(pattern, str):
            continue
        found_here = glob.glob(str(path.parent / Path(pattern).expanduser()), recursive=True)
        matches = sorted(match for match in found_here if Path(match).is_file())
        if not matches and not glob.has_magic(pattern):
            errors.append(
                SettingsError(
                    f'"{pattern}" is not a file that exists',
                    where=locations.where("include", index),
                    key="include",
                    remedy="correct the path, or put the file there",
                )
            )
        found |= {Path(match): None for match in matches if Path(match).resolve() != path.resolve()}
    return list(found)


def _merge(
    tree: dict[str, Any], more: Mapping[str, Any], key: Key, locations: Locations, errors: list[SettingsError]
) -> None:
    for name, value in more.items():
        here = (*key, name)
        known = tree.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value, here, locations, errors)
        elif name in tree:
            again = f"{locations.files[-1][0]}:{locations.files[-1][1][here]}"
            errors.append(
                SettingsError(
                    f"is set twice: here and at {locations.where(*here)}",
                    where=again,
                    key=".".join(here),
                    remedy="keep one of the two",
                )
            )
        else:
            tree[name] = value


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees as one, the second over the first: as pydantic-settings merges sources."""
    result = dict(under)
    for key, value in over.items():
        known = result.get(key)
        result[key] = merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return result
