"""Each record, direction and language as a golden pair: what is given, and what must come of it to the letter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from d365edi.maps.table import load
from tests.golden.pairs import FOLDER, PAIRS, Pair
from tests.golden.stage import play


@pytest.mark.parametrize("pair", PAIRS, ids=str)
async def test_a_pair(pair: Pair, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    came = await play(pair, tmp_path)
    if request.config.getoption("--rewrite"):
        pair.right.write_bytes(came)
    golden = pair.right.read_bytes()
    assert came.decode().splitlines() == golden.decode().splitlines()
    assert came == golden


def test_each_row_has_a_pair_and_each_file_belongs_to_one() -> None:
    assert {pair.row for pair in PAIRS} == set(range(1, 20))
    used = {file for pair in PAIRS for file in (pair.left, pair.right, pair.order)}
    kept = {file for file in FOLDER.rglob("*") if file.suffix in (".edi", ".csv", ".calls", ".json")}
    assert {file.name for file in kept - used} == {"d365.json"}


@pytest.mark.parametrize("pair", [*{pair.word: pair for pair in PAIRS if pair.direction == "out"}.values()], ids=str)
def test_rows_fill_each_field_that_their_table_reads(pair: Pair) -> None:
    """Else a field could be lost without a pair that notices it. An order in D365 comes with the order."""
    tree = load("d365/read", pair.word).tree
    known = {**_rows(FOLDER / "d365.json"), **_rows(pair.left)}
    sections = (tree["header"], tree.get("lines", {}), *tree.get("joins", {}).values())
    read = {(each["set"], field) for each in sections if not each.get("off") for field in each.get("fields", ())}
    filled = {(set, field) for set, rows in known.items() for row in rows for field, value in row.items() if value}
    with_the_order = {"SalesOrderHeadersV4", "SalesOrderLinesV3"} if pair.order.exists() else set()
    assert {each for each in read - filled if each[1] != "dataAreaId" and each[0] not in with_the_order} == set()


def _rows(file: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(file.read_text())
    return found
