"""Documents of which nothing is created in D365: reported in one sentence, held for a person, or recorded."""

from __future__ import annotations

import pytest

from d365edi.errors import SettingsError
from tests.journeys.world import World

CHANGE = (
    "PC", "860",
    "BCH*04*SA*4500123**2*20261102*****20261103~POC*1*QD*12*6*EA*10.5**BP*ACME-4711~CTT*1~",
)  # fmt: skip
ADVICE = (
    "AG", "824",
    "BGN*00*ADV-1*20261103~OTI*TR*IV*CIV-000001~TED*007*UNKNOWN ITEM~",
)  # fmt: skip
PAYMENT = (
    "RA", "820",
    "BPR*I*1510.98*C*ACH*CTX*01*123456789*DA*1*1234567890**01*987654321*DA*2*20261120~TRN*1*PAY-77~"
    "ENT*1~RMR*IV*CIV-000001**1510.98~",
)  # fmt: skip


def file(kind: tuple[str, str, str]) -> bytes:
    """An interchange with one set of theirs."""
    group, set_id, body = kind
    count = body.count("~") + 2
    return (
        "ISA*00*          *00*          *08*6111250008     *01*123456789      *261102*1200*U*00401*000000088*0*P*>~"
        f"GS*{group}*6111250008*123456789*20261102*1200*88*X*004010~ST*{set_id}*0001~{body}SE*{count}*0001~"
        "GE*1*88~IEA*1*000000088~"
    ).encode()


def receiving(world: World, set_id: str, then: str = "") -> None:
    world.extra = f'\n[partners.acme.receive.{set_id}]\ncompany = "usmf"\n{then}\n'


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        (CHANGE, "4500123", "change of PO 4500123: changes it; lines 1; handle it by hand"),
        (ADVICE, "ADV-1", "advice ADV-1: CIV-000001: rejected (UNKNOWN ITEM); handle it by hand"),
        (PAYMENT, "PAY-77", "remittance PAY-77: 1510.98 for 1 item; handle it by hand"),
    ],
)
async def test_it_is_held_in_one_sentence_and_closed_by_release(
    kind: tuple[str, str, str], number: str, words: str, town: World
) -> None:
    receiving(town, kind[1])
    town.partner.drop("in.edi", file(kind))
    async with town.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert (document.state, document.reason) == ("held", f"{words}, then: d365edi release {number}")
        assert await app.release(number, "pat") == [f"{number} continues"]
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert document.state == "delivered"
    assert town.sales_orders() == {}
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]


async def test_it_is_recorded_and_reported_where_the_partner_is_set_so(town: World, lines: list[str]) -> None:
    receiving(town, "820", 'then = "keep"')
    town.partner.drop("in.edi", file(PAYMENT))
    async with town.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search("PAY-77"))
    assert document.state == "delivered"
    assert [line for line in lines if "remittance" in line] == ["INFO remittance PAY-77: 1510.98 for 1 item\n"]


async def test_a_sales_order_is_not_created_of_anything_but_an_order(town: World) -> None:
    receiving(town, "860", 'create = "SalesOrder"')
    with pytest.raises(SettingsError, match="860 is read as an OrderChange"):
        async with town.app():
            pass
