"""A price per ten, dozen, hundred or thousand, per piece of a case: from the order to D365 and back to the bill; and the remedies
that held prices and torn items name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.journeys.world import World

WAYS = [
    ("50*EA*42*PN", "", Decimal("210.00"), ["50", "EA", "42", "PN"]),
    ("24*EA*36*PD", "", Decimal("72.00"), ["24", "EA", "36", "PD"]),
    ("500*EA*125*HP", "", Decimal("625.00"), ["500", "EA", "125", "HP"]),
    ("2000*EA*300*LM", "", Decimal("600.00"), ["2000", "EA", "300", "LM"]),
    ("5*CA*.5*PE", "PO4*12*1*EA", Decimal("30.00"), ["5", "CA", "6", "UM"]),
]
"""A line as it is ordered, its amount, and the line of the 810."""


def order(world: World, line: str, *behind: str, ids: str = "BP*ACME-4711") -> bytes:
    """An 850 of one line."""
    whole = world.order("P1", [("1", "1", "1", "ACME-4711")]).decode().split("~")
    at = next(index for index, segment in enumerate(whole) if segment.startswith("PO1"))
    whole[at : at + 2] = [f"PO1*1*{line}*{ids}", *filter(None, behind)]
    end = next(index for index, segment in enumerate(whole) if segment.startswith("CTT"))
    whole[end] = "CTT*1"
    begin = next(index for index, segment in enumerate(whole) if segment.startswith("ST*"))
    whole[end + 1] = f"SE*{end + 2 - begin}*0001"
    return "~".join(whole).encode()


@pytest.mark.parametrize(("line", "pack", "amount", "billed"), WAYS)
async def test_a_price_goes_to_d365_and_comes_back_as_it_was_ordered(
    town: World, line: str, pack: str, amount: Decimal, billed: list[str]
) -> None:
    """LM and PD were the price of one in D365; the 810 of HP was a hundred times too low."""
    town.partner.drop("PO.edi", order(town, line, pack))
    await town.once()
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference="P1")
    (made,) = town.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=header["SalesOrderNumber"])
    assert made["LineAmount"] == amount
    town.simulator.post_invoice(str(header["SalesOrderNumber"]))
    await town.once()
    (name,) = (each for each in town.partner.received() if each.startswith("810"))
    segments = [segment.split("*") for segment in town.partner.received()[name].decode().split("~")]
    assert next(each for each in segments if each[0] == "IT1")[2:6] == billed
    assert next(each for each in segments if each[0] == "TDS")[1] == f"{amount * 100:.0f}"


async def test_a_price_by_weight_is_held_until_the_setting_says_what_is_meant(town: World) -> None:
    town.partner.drop("PO.edi", order(town, "5*EA*8.4*PK"))
    async with town.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search("P1"))
        assert document.state == "held"
        assert 'add PK = "unit" under [partners.acme.codes.price_basis]' in document.reason
    town.extra += '\n[partners.acme.codes.price_basis]\nPK = "unit"\n'
    async with town.app() as app:
        await app.release("P1", "pat")
        await app.once()
    (made,) = town.sales_orders()["P1"]
    assert (made["SalesPrice"], made["SalesPriceQuantity"]) == (Decimal("8.4"), 1)


async def test_numbers_of_two_items_are_held_until_the_partner_s_table_decides(town: World) -> None:
    town.partner.drop("PO.edi", order(town, "3*EA*10.5*PE", ids="BP*ACME-4711*UP*614141000029"))
    async with town.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search("P1"))
        assert "BP ACME-4711 is D0001, UP 614141000029 is D0002" in document.reason
    town.extra += '\n[partners.acme.items]\n"ACME-4711" = "D0001"\n'
    async with town.app() as app:
        await app.release("P1", "pat")
        await app.once()
    assert [line["ItemNumber"] for line in town.sales_orders()["P1"]] == ["D0001"]
