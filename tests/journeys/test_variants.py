"""Variants of a product master: each colour is ordered and named as itself, and an item that may be several is held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from d365edi.endpoints.health import Rests
from tests.journeys.test_trouble import until_done
from tests.journeys.world import World

SHIRT = "D0009"
GTINS = {"RED": "614141000050", "BLUE": "614141000067"}


@pytest.fixture
def shop(town: World) -> World:
    """The town with a shirt in two colours, each with a barcode and a number of the partner's own."""
    tenant = town.simulator.state
    key = {"dataAreaId": "usmf", "ItemNumber": SHIRT}
    tenant.add("ReleasedProductsV2", **key, SalesUnitSymbol="ea", ProductDimensionGroupName="Col")
    for color, gtin in GTINS.items():
        tenant.add(
            "ProductBarcodesV3",
            **key,
            ProductColorId=color,
            ProductQuantityUnitSymbol="ea",
            BarcodeSetupId="UPC",
            Barcode=gtin,
        )
        number = {"CustomerAccountNumber": "US-003", "CustomerProductNumber": f"SHIRT-{color}"}
        tenant.add("CustomerProductDescriptionsV2", **key, ProductColorId=color, **number)
    return town


def by(*items: str, qualifier: str = "UP") -> list[str]:
    return [f"PO1*{place}*5*EA*10*PE*{qualifier}*{item}" for place, item in enumerate(items, 1)]


def order(world: World, lines: list[str], number: str = "4500123") -> bytes:
    """An 850 whose lines have these segments."""
    made = world.order(number, [("1", "1", "1", "ACME-4711")]).decode()
    head, _, rest = made.partition("PO1*")
    tail = rest[rest.index("CTT*") :]
    body = f"{head}{'~'.join(lines)}~{tail}"
    count = body[body.index("ST*") : body.index("SE*")].count("~") + 1
    body = body.replace("CTT*1*1~", f"CTT*{len(lines)}~")
    return body.replace(body[body.index("SE*") : body.index("GE*")], f"SE*{count}*0001~").encode()


async def held(world: World) -> str:
    async with world.app() as app:
        return "; ".join(row.reason for row in await app.journal.read(lambda tx: tx.documents.in_state("held")))


def colors(world: World) -> list[tuple[str, str]]:
    rows: Iterator[dict[str, Any]] = (row for lines in world.sales_orders().values() for row in lines)
    return [(row["ItemNumber"], row["ProductColorId"]) for row in rows]


async def test_two_colours_of_an_item_are_two_lines_in_their_colours(shop: World) -> None:
    """Both became a line of the item, without a colour."""
    shop.partner.drop("PO-1.edi", order(shop, by(*GTINS.values())))
    await shop.once()
    assert colors(shop) == [(SHIRT, "RED"), (SHIRT, "BLUE")], await held(shop)
    await shop.once()
    assert colors(shop) == [(SHIRT, "RED"), (SHIRT, "BLUE")]


async def test_a_number_of_the_partner_s_own_names_the_variant_too(shop: World) -> None:
    shop.partner.drop("PO-1.edi", order(shop, by("SHIRT-RED", "SHIRT-BLUE", qualifier="BP")))
    await shop.once()
    assert colors(shop) == [(SHIRT, "RED"), (SHIRT, "BLUE")], await held(shop)


async def test_numbers_of_one_line_that_are_two_colours_hold_the_order(shop: World) -> None:
    shop.partner.drop("PO-1.edi", order(shop, [f"PO1*1*5*EA*10*PE*BP*SHIRT-BLUE*UP*{GTINS['RED']}"]))
    await shop.once()
    reason = await held(shop)
    assert f"BP SHIRT-BLUE is {SHIRT} in color BLUE, UP {GTINS['RED']} is {SHIRT} in color RED" in reason
    assert colors(shop) == []


async def test_an_item_that_has_variants_is_held_until_the_partner_s_table_names_one(shop: World) -> None:
    shop.partner.drop("PO-1.edi", order(shop, by(SHIRT, qualifier="VN")))
    await shop.once()
    reason = await held(shop)
    assert f'item "{SHIRT}" (line 1) has variants, and none of its numbers says which is meant' in reason
    assert f'write "THEIRS" = {{ item = "{SHIRT}", color = "..." }}' in reason
    shop.extra = f'[partners.acme.items]\n"{SHIRT}" = {{ item = "{SHIRT}", color = "BLUE" }}\n'
    async with shop.app() as app:
        await app.release("4500123", "pat")
        await app.once()
    assert colors(shop) == [(SHIRT, "BLUE")]


async def test_the_partner_s_own_table_without_a_variant_does_not_order_a_master(shop: World) -> None:
    shop.extra = f'[partners.acme.items]\n"SHIRT" = "{SHIRT}"\n'
    shop.partner.drop("PO-1.edi", order(shop, by("SHIRT", qualifier="BP")))
    await shop.once()
    assert "has variants" in await held(shop)


async def test_a_lost_answer_to_lines_of_two_colours_is_resumed_by_their_colours(shop: World) -> None:
    shop.waits = {"first_wait": 0.2, "rests": Rests(first=0.2)}
    shop.simulator.faults.drop(method="POST", path="/data/$batch")
    shop.partner.drop("PO-1.edi", order(shop, by(*GTINS.values())))
    async with shop.app() as app:
        await app.once()
        for line in shop.simulator.state.store.rows("SalesOrderLinesV3", ProductColorId="BLUE"):
            shop.simulator.state.store.update(line, {"ProductColorId": "RED"})
        await until_done(app)
    assert f"line 2 (CustomersLineNumber 2, ItemNumber {SHIRT}" in await held(shop)


def cases(world: World, quantity: str = "12") -> bytes:
    """An order of cases by the barcode of a piece."""
    return order(world, [f"PO1*1*{quantity}*CA*10**UP*614141000012"])


async def test_the_barcode_of_a_piece_is_not_ordered_as_a_case(town: World) -> None:
    """12 cases were ordered."""
    town.partner.drop("PO-1.edi", cases(town))
    await town.once()
    reason = await held(town)
    assert "UP 614141000012 is the barcode of D0001 in ea, and cs is ordered (unit_differs)" in reason
    assert 'set gtin_unit = "take" under [partners.acme.receive.850]' in reason
    assert town.sales_orders() == {}
    town.knobs["receive"] = 'gtin_unit = "take"'
    async with town.app() as app:
        await app.release("4500123", "pat")
        await app.once()
    assert len(town.sales_orders()["4500123"]) == 1


async def test_a_barcode_of_another_unit_may_be_a_warning(town: World, lines: list[str]) -> None:
    town.knobs["receive"] = 'gtin_unit = "warn"'
    town.partner.drop("PO-1.edi", cases(town))
    await town.once()
    await town.once()
    assert len(town.sales_orders()["4500123"]) == 1
    assert len([line for line in lines if line.startswith("WARNING") and "unit_differs" in line]) == 1
    async with town.app() as app:
        audit = await app.journal.read(lambda tx: tx.audit.query(action="warned", partner="acme", limit=10))
    assert len([row for row in audit if "unit_differs" in row.detail]) == 1


async def test_the_case_s_own_barcode_and_one_that_is_of_both_units_are_ordered(town: World) -> None:
    key = {"dataAreaId": "usmf", "ItemNumber": "D0001", "BarcodeSetupId": "UPC"}
    town.simulator.state.add("ProductBarcodesV3", **key, ProductQuantityUnitSymbol="CS", Barcode="614141000012")
    town.partner.drop("PO-1.edi", cases(town))
    await town.once()
    assert len(town.sales_orders()["4500123"]) == 1
