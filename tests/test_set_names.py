"""Where sets of D365 are named: in tables, catalogs and the checks of `ping`, so that another version of a set is a setting; and
that every table is walked by a journey."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from d365edi.sandbox.d365.catalog import load

HERE = Path(__file__).parent
CODE = HERE.parent / "d365edi"
ROOMS = ("flows", "odata", "endpoints")
ALLOWED = {CODE / "endpoints" / "d365" / "checks.py"}
"""What `ping` asks before any table counts."""
TABLES = sorted((CODE / "maps" / "d365").glob("*/*.toml"))


def named(text: str, sets: frozenset[str]) -> set[str]:
    """The sets that a text names, as words."""
    return set(re.findall(r"\w+", text)) & sets


def catalogs() -> frozenset[str]:
    entities = json.loads((CODE / "endpoints" / "d365" / "entities.json").read_text())
    return frozenset({*entities["sets"], *load().sets})


def test_no_set_is_named_in_code_that_serves_every_table() -> None:
    sets = catalogs()
    files = [file for room in ROOMS for file in (CODE / room).rglob("*.py") if file not in ALLOWED]
    assert {f"{file.relative_to(CODE)}: {each}" for file in files for each in named(file.read_text(), sets)} == set()


def test_a_set_would_be_seen() -> None:
    sets = catalogs()
    assert named('Query("SalesOrderHeadersV4")', sets) == {"SalesOrderHeadersV4"}
    assert {named((CODE / "endpoints" / "d365" / "checks.py").read_text(), sets) != set()} == {True}


def test_nothing_is_changed_in_d365_once_it_is_there() -> None:
    files = [(file, '"PATCH"') for file in (CODE / "endpoints").rglob("*.py")]
    files += [(file, '"PUT"') for file in (CODE / "endpoints" / "d365").rglob("*.py")]
    assert [file for file, verb in files if verb in file.read_text()] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_each_table_is_walked_by_a_journey(table: Path) -> None:
    key = "of" if table.parent.name == "read" else "create"
    walked = re.compile(rf'\b{key}\b\s*=\s*"{table.stem}"|"{table.stem}"')
    assert any(walked.search(file.read_text()) for file in (HERE / "journeys").glob("*.py"))
