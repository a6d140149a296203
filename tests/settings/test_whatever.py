"""Whatever is written at whatever key, the answer is settings or sentences: never a trace, never a secret."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from d365edi.errors import SettingsError
from d365edi.settings import load

from .conftest import inline

EXAMPLE = Path(__file__).parents[2] / "settings.example.toml"
HUNTER = "hunter2-hunter2"
ODD: list[Any] = [
    7,
    -1,
    True,
    0.5,
    "",
    "x",
    "a:b",
    [],
    [7],
    ["x"],
    [[]],
    {},
    {"x": 1},
    {"kind": ["x"]},
    {"secret": 7},
    {"": {}},
]


def paths(tree: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inner: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, held in inner:
        yield from paths(held, (*path, key))


TREE = tomllib.loads(EXAMPLE.read_text())


def changed(path: tuple[str | int, ...], value: object) -> str:
    tree: Any = copy.deepcopy(TREE)
    at = tree
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return "\n".join(f"{key} = {inline(held)}" for key, held in tree.items())


def mistakes(file: Path, text: str) -> list[str]:
    """The lines reported, none where the settings are right."""
    file.write_text(text.replace("/etc/d365edi", str(file.parent)).replace("/var/lib/d365edi", str(file.parent)))
    try:
        load(file, {})
    except SettingsError as error:
        return str(error).split("\n")
    return []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "hotfolder").mkdir()
    for name in ("tls.crt", "ca.pem", "b2bi-ca.pem"):
        (tmp_path / name).touch()
    return tmp_path / "settings.toml"


@pytest.mark.parametrize("section", sorted(TREE))
def test_an_odd_value_at_any_key_is_reported_in_sentences_with_lines(file: Path, section: str) -> None:
    reported = re.compile(rf"{re.escape(str(file))}:\d+: (\[.+?\] )?\S.*")
    for number, path in enumerate(paths({section: TREE[section]})):
        for value in (ODD * 2)[number % len(ODD) :][:3]:
            lines = mistakes(file, changed(path, value))
            assert [line for line in lines if not reported.fullmatch(line)] == [], (path, value)


def test_a_secret_written_in_place_of_its_name_is_never_reported(file: Path) -> None:
    secrets = [path[:-1] for path in paths(TREE) if path[-1] == "secret" and not isinstance(at(path), dict)]
    assert len(secrets) == 9
    for path in secrets:
        for value in (
            HUNTER,
            [HUNTER],
            {"secret": f"{HUNTER} "},
            {"secret": "x", "value": HUNTER},
            {"secret": {"x": HUNTER}},
        ):
            lines = mistakes(file, changed(path, value))
            assert [HUNTER in line for line in lines] == [False], (path, value)


def at(path: tuple[str | int, ...]) -> object:
    found: Any = TREE
    for part in path:
        found = found[part]
    return found
