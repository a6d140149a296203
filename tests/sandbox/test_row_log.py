"""A tenant whose rows are kept in a file goes on where it was, however it was ended."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from d365edi.sandbox.d365 import Simulator
from tests.sandbox.conftest import HOST, create_line, create_order, token

CUSTOMER = {"CustomerAccount": "US-001", "SalesCurrencyCode": "USD"}


def begun(path: Path) -> Simulator:
    """A tenant that is kept in this file, with a customer and an item where it is a new one."""
    made = Simulator()
    if not made.keep(path):
        made.state.add("CustomersV3", dataAreaId="usmf", **CUSTOMER)
        item = {
            "ItemNumber": "NB-100",
            "ProductNumber": "NB-100",
            "SalesUnitSymbol": "ea",
            "SalesPrice": Decimal("7.25"),
        }
        made.state.add("ReleasedProductsV2", dataAreaId="usmf", **item)
    return made


def held(simulator: Simulator) -> dict[str, list[Any]]:
    """All that it holds."""
    tables = simulator.state.store.tables
    rows = {name: [(r.recid, r.etag, r.values) for r in table.rows.values()] for name, table in tables.items()}
    return rows | {"numbers": sorted(simulator.state.numbers.items())}


async def ordered(simulator: Simulator) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=simulator.app), base_url=HOST) as caller:
        caller.headers["Authorization"] = f"Bearer {await token(caller)}"
        number = await create_order(caller)
        await create_line(caller, number, OrderedSalesQuantity=3)
    return number


async def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    first = begun(tmp_path / "rows")
    number = await ordered(first)  # and no close: the process is gone
    second = begun(tmp_path / "rows")
    assert held(second) == held(first)
    assert second.state.one("ReleasedProductsV2", ItemNumber="NB-100")["SalesPrice"] == Decimal("7.25")
    assert second.post_invoice(number) == "CIV-000001"
    second.close()
    third = begun(tmp_path / "rows")
    assert held(third) == held(second)
    assert await ordered(third) != number


async def test_a_change_that_was_cut_short_was_never_made(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    first = begun(path)
    await ordered(first)
    before = held(first)
    whole = path.read_bytes()
    first.post_invoice(first.state.rows("SalesOrderHeadersV4")[0]["SalesOrderNumber"])
    first.flush()
    path.write_bytes(path.read_bytes()[:-20])
    assert len(path.read_bytes()) > len(whole)
    assert held(begun(path)) == before


async def test_rows_that_went_stay_away_and_their_ids_are_not_given_again(tmp_path: Path) -> None:
    first = begun(tmp_path / "rows")
    added = first.state.add("UnitsOfMeasure", UnitSymbol="ea")
    first.state.store.delete(added)
    first.flush()
    second = begun(tmp_path / "rows")
    assert second.state.rows("UnitsOfMeasure") == []
    assert second.state.add("UnitsOfMeasure", UnitSymbol="ea").recid > added.recid


@pytest.mark.parametrize("fails", [False, True])
def test_a_changeset_that_failed_leaves_nothing(fails: bool, tmp_path: Path) -> None:
    first = begun(tmp_path / "rows")
    with pytest.raises(LookupError) if fails else nullcontext(), first.state.store.changeset():
        first.state.add("UnitsOfMeasure", UnitSymbol="ea")
        first.state.one("UnitsOfMeasure", UnitSymbol="kg" if fails else "ea")
    first.flush()
    assert len(begun(tmp_path / "rows").state.rows("UnitsOfMeasure")) == (not fails)
