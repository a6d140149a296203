"""Lines whose keys are ours and taken: written already by a request that came late, or by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from d365edi.endpoints.base import Receipt
from d365edi.errors import Disputed
from d365edi.odata.plan import WritePlan
from tests.endpoints.d365_scene import Scene

KEY = {"dataAreaId": "usmf"}


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.sim.state.add("VendorsV3", **KEY, VendorAccountNumber="US101", CurrencyCode="USD")
    for place in (1, 2):
        row = {"SourceKey": place, "InvoiceId": f"V-{place}", "InvoiceAccount": "US101"}
        made.sim.state.add("VendInvoiceJourBiEntities", **KEY, **row)
    return made


PLAN = WritePlan(
    what="VendorPayment",
    company="usmf",
    header_set="VendorPaymentJournalHeaders",
    lookup={"JournalName": "VendPay", "Description": "EFT1"},
    header={"JournalName": "VendPay", "Description": "EFT1"},
    number_field="JournalBatchNumber",
    line_set="VendorPaymentJournalLines",
    link_field="JournalBatchNumber",
    lines=tuple(
        {"LineNumber": n, "AccountDisplayValue": "US101", "DebitAmount": Decimal(n), "MarkedInvoice": f"V-{n}"}
        for n in (1, 2)
    ),
    compare=("AccountDisplayValue", "DebitAmount", "MarkedInvoice"),
    label="payment EFT1",
)


async def meanwhile(scene: Scene, amounts: tuple[int, ...]) -> Receipt:
    """Deliver the plan, while lines of these amounts come between our lookup and our lines."""

    async def somebody(step: str, facts: Mapping[str, str]) -> None:
        await scene.checkpoint(step, facts)
        for place, amount in enumerate(amounts, 1) if step == "header" else ():
            row = {**PLAN.lines[place - 1], "DebitAmount": amount}
            number = facts["JournalBatchNumber"]
            scene.sim.state.add("VendorPaymentJournalLines", **KEY, JournalBatchNumber=number, **row)

    return await scene.endpoint.deliver(scene.request(PLAN), somebody)


async def test_lines_of_ours_that_came_late_are_no_refusal(scene: Scene) -> None:
    receipt = await meanwhile(scene, (1, 2))
    lines = scene.sim.state.rows("VendorPaymentJournalLines", JournalBatchNumber=receipt.id)
    assert [(line["LineNumber"], line["DebitAmount"]) for line in lines] == [(1, 1), (2, 2)]
    assert (await scene.deliver(PLAN)).id == receipt.id


@pytest.mark.parametrize("amounts", [(1,), (1, 7)])
async def test_other_lines_that_took_our_keys_are_a_question(scene: Scene, amounts: tuple[int, ...]) -> None:
    with pytest.raises(Disputed, match="D365 shows other lines"):
        await meanwhile(scene, amounts)
    assert len(scene.sim.state.rows("VendorPaymentJournalLines")) == len(amounts)
