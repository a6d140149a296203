"""Every key of a TOML file is found on its line, however it is written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.settings.toml_locations import key_lines

from .conftest import inline, quoted

TEXT = '''\
# [not.this]
top = 1
[a]
b.c = "x" # d = 1
"quoted key" = 'y = 1'
'lit.eral'."es\\u0063aped" = 3
[a.d]  # a table
long = """
inside = 1
quotes at the end"""""
raw = \'\'\'
[inside]
\'\'\'
list = [
  1,  # one
  { x = 1, y = { z = [ "]", '}' ] } },
]
day = 2025-01-31 07:00:00
dotted . spaced = true
[[many]]
n = 1
[many.sub]
k = 1
[[many]]
n = 2
[[many.inner]]
deep = {}
last = -1e5'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("top", 2),
        ("a", 3),
        ("a b", 4),
        ("a b c", 4),
        ("a|quoted key", 5),
        ("a|lit.eral|escaped", 6),
        ("a d", 7),
        ("a d long", 8),
        ("a d raw", 11),
        ("a d list", 14),
        ("a d list 0", 15),
        ("a d list 1", 16),
        ("a d list 1 y z", 16),
        ("a d list 1 y z 1", 16),
        ("a d day", 18),
        ("a d dotted spaced", 19),
        ("many 0 n", 21),
        ("many 0 sub k", 23),
        ("many 1", 24),
        ("many 1 n", 25),
        ("many 1 inner 0 deep", 27),
        ("many 1 inner 0 last", 28),
    ],
)
def test_a_key_is_found_on_its_line(path: str, line: int) -> None:
    key = tuple(path.split("|")) if "|" in path else tuple(path.split())
    assert key_lines(TEXT)[key] == line


def test_what_only_looks_like_a_key_is_none() -> None:
    tomllib.loads(TEXT)
    assert not {key for key in key_lines(TEXT) if {"inside", "not", "d = 1"} & set(key)}


def test_lines_that_end_with_carriage_returns_count_the_same() -> None:
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


def test_a_table_s_own_header_is_its_place_rather_than_one_below_it() -> None:
    assert key_lines("[a.b]\n[a]\n")["a",] == 2


names = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,5}", fullmatch=True), st.text(max_size=4))
scalars = st.one_of(st.integers(), st.booleans(), st.text(max_size=8), st.dates())
trees = st.recursive(
    st.dictionaries(names, scalars, max_size=4),
    lambda inner: st.dictionaries(names, st.one_of(scalars, st.lists(scalars, max_size=3), inner), max_size=4),
    max_leaves=12,
)


def written(tree: dict[str, Any], path: tuple[str, ...], style: Any) -> str:
    """The tree as TOML: tables under headers or inline as the style (a random source) has it."""
    lines, below = [], []
    for key, held in tree.items():
        if isinstance(held, dict) and style.random() < 0.5:
            header = ".".join(map(quoted, (*path, key)))
            below.append(f"[{header}]  # {{ a = 1 }}\n{written(held, (*path, key), style)}")
        else:
            lines.append(f"{quoted(key)} = {inline(held)}")
    return "\n".join([*lines, *below])


def keys(tree: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    inside = (
        tree.items()
        if isinstance(tree, dict)
        else ((str(i), v) for i, v in enumerate(tree))
        if isinstance(tree, list)
        else ()
    )
    return {path, *(key for name, held in inside for key in keys(held, (*path, name)))} - {()}


@given(trees, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=150)
def test_the_keys_found_are_those_that_tomllib_reads(tree: dict[str, Any], style: Any) -> None:
    text = written(tree, (), style)
    assert set(key_lines(text)) == keys(tomllib.loads(text))
