"""What d60af4b read, answered and wrote is read, answered and written still: not one byte differs."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

import pytest

from tests.edi.golden import compute, product, store

SHOWN = 20
"""So many differences of an input are shown."""


@cache
def kept() -> dict[str, dict[str, Any]]:
    """What is kept of each input."""
    return {row["name"]: row for row in store.rows("read.jsonl.gz")}


def shown(old: Any, new: Any) -> list[str]:
    """The first differences."""
    return list(islice(compute.differences(old, new), SHOWN))


@pytest.mark.parametrize("name", kept())
def test_an_input_is_read_and_answered_as_before(name: str) -> None:
    row = kept()[name]
    assert shown(row["made"], compute.read(product, name, store.load(name, row["digest"]))) == []
