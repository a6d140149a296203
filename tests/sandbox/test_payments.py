"""Payment journals in the simulated tenant: accounts as they are displayed, marks, posting, and what is refused."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest

from d365edi.sandbox.d365 import Simulator, payments
from d365edi.sandbox.d365.tenant import Tenant

from .conftest import CROSS, sentence

HEADERS, LINES = "/data/VendorPaymentJournalHeaders", "/data/VendorPaymentJournalLines"
KEY = {"dataAreaId": "usmf"}
LINE = {**KEY, "AccountDisplayValue": "US\\-101", "DebitAmount": 10, "MarkedInvoice": "V-1"}


@pytest.fixture(autouse=True)
def tenant(simulator: Simulator) -> Tenant:
    tenant = simulator.state
    tenant.add("VendorsV3", **KEY, VendorAccountNumber="US-101", CurrencyCode="USD")
    for place, number in enumerate(("V-1", "V-2"), 1):
        tenant.add("VendInvoiceJourBiEntities", **KEY, SourceKey=place, InvoiceId=number, InvoiceAccount="US-101")
    return tenant


async def journal(caller: httpx.AsyncClient, **fields: Any) -> str:
    answer = await caller.post(HEADERS, params=CROSS, json={**KEY, "JournalName": "VendPay", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["JournalBatchNumber"])


async def line(caller: httpx.AsyncClient, number: str, place: int = 1, **fields: Any) -> httpx.Response:
    body = {**LINE, "JournalBatchNumber": number, "LineNumber": place, **fields}
    return await caller.post(LINES, params=CROSS, json=body)


async def test_a_line_takes_the_vendors_currency_and_marks_an_invoice(caller: httpx.AsyncClient) -> None:
    made = await line(caller, await journal(caller))
    assert made.status_code == 201
    said = made.json()
    fields = ("JournalBatchNumber", "AccountType", "CurrencyCode", "MarkedInvoiceCompany")
    assert [said[name] for name in fields] == ["00001", "Vend", "USD", "usmf"]


REFUSED = [
    ({"AccountDisplayValue": "US-101"}, "The value US-101 has 2 segments, and an account has 1."),
    ({"AccountDisplayValue": "US\\-999"}, "Account number for transaction type Vend does not exist: US-999."),
    ({"MarkedInvoice": "V-9"}, "Invoice V-9 of account US-101 does not exist or is settled."),
    ({"JournalBatchNumber": "99999"}, "The value '99999' in field 'Journal batch number'"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED)
async def test_a_line_that_fits_nothing_is_refused(
    caller: httpx.AsyncClient, change: dict[str, Any], said: str
) -> None:
    answer = await line(caller, await journal(caller), **change)
    assert answer.status_code == 400
    assert said in sentence(answer)


@pytest.mark.parametrize(("sign", "display"), [("Tilde", "US-101"), ("DoubleHyphen", "US-101"), ("Hyphen", "US\\-101")])
async def test_display_values_are_parted_by_the_delimiter_of_the_tenant(
    caller: httpx.AsyncClient, tenant: Tenant, sign: str, display: str
) -> None:
    tenant.add("DimensionParameters", Key=0, DimensionSegmentDelimiter=sign)
    assert (await line(caller, await journal(caller), AccountDisplayValue=display)).status_code == 201


@pytest.mark.parametrize("same", [True, False])
async def test_an_invoice_is_marked_once_and_its_journal_is_named(caller: httpx.AsyncClient, same: bool) -> None:
    first = await journal(caller)
    await line(caller, first)
    answer = await line(caller, first if same else await journal(caller), 2)
    wanted = f"This transaction has been marked for settlement by VendPay {first} in company usmf."
    assert (answer.status_code, wanted in sentence(answer)) == (400, True)


async def test_a_posted_journal_is_read_only_and_its_invoices_are_settled(
    caller: httpx.AsyncClient, tenant: Tenant
) -> None:
    number = await journal(caller)
    await line(caller, number)
    payments.VENDOR.post(tenant, number)
    assert f"Journal {number} is posted." in sentence(await line(caller, number, 2, MarkedInvoice="V-2"))
    gone = await caller.delete(f"{HEADERS}(dataAreaId='usmf',JournalBatchNumber='{number}')", params=CROSS)
    assert f"Journal {number} is posted." in sentence(gone)
    assert "does not exist or is settled" in sentence(await line(caller, await journal(caller)))


async def test_a_deleted_journal_takes_its_lines_and_marks_with_it(caller: httpx.AsyncClient) -> None:
    number = await journal(caller)
    await line(caller, number)
    await caller.delete(f"{HEADERS}(dataAreaId='usmf',JournalBatchNumber='{number}')", params=CROSS)
    assert (await line(caller, await journal(caller))).status_code == 201


async def test_a_journal_s_name_is_one_that_is_set_up_and_a_place_is_taken_once(caller: httpx.AsyncClient) -> None:
    answer = await caller.post(HEADERS, params=CROSS, json={**KEY, "JournalName": "Nowhere"})
    assert "The value 'Nowhere' in field 'Name'" in sentence(answer)
    number = await journal(caller)
    await line(caller, number)
    assert "The record already exists." in sentence(await line(caller, number, 1, MarkedInvoice="V-2"))


async def test_lines_of_two_journals_of_one_name_collide_when_they_are_written_at_once(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    first, second = [await journal(caller) for _ in range(2)]
    simulator.faults.silence(0.05, method="POST", path=LINES)
    answers: dict[str, httpx.Response] = {}

    async def write(number: str, invoice: str) -> None:
        answers[number] = await line(caller, number, MarkedInvoice=invoice)

    async with anyio.create_task_group() as group:
        group.start_soon(write, first, "V-1")
        group.start_soon(write, second, "V-2")
    assert sorted(answer.status_code for answer in answers.values()) == [201, 400]
    (refused,) = [answer for answer in answers.values() if answer.status_code == 400]
    assert "An update conflict occurred" in sentence(refused)
    assert (await line(caller, second, 2, MarkedInvoice="V-2")).status_code == 201
