"""What d60af4b read, answered and wrote is read, answered and written still: not one byte differs.

Documents are kept as that code wrote them into its journal. They are compared as they are read from one today, which tests
the translation of old words (`d365edi.documents.upgrade`).
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

import pytest

from tests.corpus import BESIDE
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


def inputs() -> list[Any]:
    """The names of the inputs; those of samples that do not ship are marked `shared`."""
    shipped = {f"samples/{path.name}" for folder in store.SAMPLES if folder != BESIDE for path in folder.iterdir()}
    away = {name for name in kept() if name.startswith("samples/")} - shipped
    return [pytest.param(name, marks=pytest.mark.shared if name in away else ()) for name in kept()]


@pytest.mark.parametrize("name", inputs())
def test_an_input_is_read_and_answered_as_before(name: str) -> None:
    row = kept()[name]
    before = compute.today(product, row["made"])
    assert shown(before, compute.read(product, name, store.load(name, row["digest"]))) == []


@cache
def drawn() -> dict[str, list[dict[str, Any]]]:
    """The documents that are kept, by their map."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in store.rows("written.jsonl.gz"):
        found.setdefault(row["map"], []).append(row)
    return found


@pytest.mark.parametrize("name", drawn())
def test_the_documents_of_a_map_are_written_and_read_back_as_before(name: str) -> None:
    wrong = []
    for row in drawn()[name]:
        before = compute.today(product, row["made"], name.rpartition("/")[2])
        wrong += [f"{row['number']}{each}" for each in shown(before, compute.written(product, row))]
    assert (wrong[:SHOWN], len(drawn()[name])) == ([], 100)


def test_files_of_several_documents_are_written_as_before() -> None:
    rows = [row for each in drawn().values() for row in each]
    assert shown(list(store.rows("files.jsonl.gz")), compute.files(product, rows)) == []


def test_plans_for_d365_are_made_as_before() -> None:
    rows = [row for each in drawn().values() for row in each]
    assert shown(list(store.rows("plans.jsonl.gz")), compute.plans(product, rows)) == []
