"""Rows in the simulator: keys, etags, finding them, and taking changes back."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.sandbox.d365.catalog import load
from d365edi.sandbox.d365.store import FIRST_RECORD, RowStore
from d365edi.sandbox.d365.tenant import Tenant


def _state(store: RowStore) -> list[tuple[int, int, dict[str, object]]]:
    return [(record.recid, record.version, record.values) for record in store.rows("UnitsOfMeasure")]


def test_an_etag_is_version_and_record_id_and_moves_with_every_update() -> None:
    store = RowStore(load())
    record = store.insert("UnitsOfMeasure", {"UnitSymbol": "ea"})
    etags = [record.etag]
    for text in ("each", "piece"):
        store.update(record, {"UnitDescription": text})
        etags.append(record.etag)
    assert base64.b64decode(etags[0].removeprefix('W/"').rstrip('"')) == f"'1,{FIRST_RECORD}'".encode()
    assert len(set(etags)) == 3


def test_a_key_is_taken_whatever_its_case() -> None:
    store = RowStore(load())
    store.insert("UnitsOfMeasure", {"UnitSymbol": "ea"})
    with pytest.raises(ValueError, match="already has"):
        store.insert("UnitsOfMeasure", {"UnitSymbol": "EA"})


def test_an_unknown_field_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="has no field Colour"):
        RowStore(load()).insert("UnitsOfMeasure", {"UnitSymbol": "ea", "Colour": "red"})


def test_a_row_is_found_by_its_new_value_after_an_update_and_not_by_the_old_one() -> None:
    store = RowStore(load())
    record = store.insert("UnitsOfMeasure", {"UnitSymbol": "ea", "UnitDescription": "each"})
    assert store.one("UnitsOfMeasure", UnitDescription="each") is record
    store.update(record, {"UnitDescription": "piece"})
    assert store.rows("UnitsOfMeasure", UnitDescription="each") == []
    assert store.rows("UnitsOfMeasure", UnitDescription="Piece", UnitSymbol="EA") == [record]


def test_the_newest_row_is_the_last_inserted_of_those_that_match_also_after_updates_and_deletions() -> None:
    store = RowStore(load())
    first, second, other = (store.insert("UnitsOfMeasure", {"UnitSymbol": symbol}) for symbol in ("ea", "pcs", "kg"))
    for record in (first, second):
        store.update(record, {"UnitDescription": "count"})
    store.update(first, {"SystemOfUnits": "Metric"})
    assert store.newest("UnitsOfMeasure", UnitDescription="COUNT") is second
    assert store.newest("UnitsOfMeasure") is other
    store.delete(second)
    assert store.newest("UnitsOfMeasure", UnitDescription="count") is first
    assert store.newest("UnitsOfMeasure", UnitDescription="weight") is None


def test_an_administrators_row_of_a_known_key_changes_that_row() -> None:
    tenant = Tenant()
    tenant.add("UnitsOfMeasure", UnitSymbol="ea", UnitDescription="each")
    tenant.add("UnitsOfMeasure", UnitSymbol="EA", UnitDescription="piece")
    assert [row["UnitDescription"] for row in tenant.rows("UnitsOfMeasure")] == ["piece"]


@pytest.mark.parametrize("equal", [{"UnitSymbol": "cs"}, {}])
def test_one_row_is_asked_for_and_none_or_several_is_a_lookup_error(equal: dict[str, str]) -> None:
    tenant = Tenant()
    for symbol in ("ea", "pcs"):
        tenant.add("UnitsOfMeasure", UnitSymbol=symbol)
    with pytest.raises(LookupError):
        tenant.one("UnitsOfMeasure", **equal)


STEPS = st.lists(st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(0, 5)), max_size=12)


def _do(store: RowStore, steps: list[tuple[str, int]]) -> None:
    for step, number in steps:
        record = store.one("UnitsOfMeasure", UnitSymbol=f"u{number}")
        if step == "insert" and record is None:
            store.insert("UnitsOfMeasure", {"UnitSymbol": f"u{number}"})
        elif step == "update" and record is not None:
            store.update(record, {"UnitDescription": f"{record.version}"})
        elif step == "delete" and record is not None:
            store.delete(record)


def _fail(store: RowStore, steps: list[tuple[str, int]]) -> None:
    with store.changeset():
        _do(store, steps)
        raise RuntimeError


@settings(deadline=None, max_examples=80)
@given(before=STEPS, failing=STEPS)
def test_a_changeset_that_fails_leaves_everything_as_it_was(
    before: list[tuple[str, int]], failing: list[tuple[str, int]]
) -> None:
    store = RowStore(load())
    _do(store, before)
    was = _state(store)
    with pytest.raises(RuntimeError):
        _fail(store, failing)
    assert _state(store) == was
    assert all(store.one("UnitsOfMeasure", UnitSymbol=values["UnitSymbol"]) for _, _, values in was)
