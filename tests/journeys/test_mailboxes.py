"""A trading day in mailboxes, whole: what is ordered, shipped, billed and paid, both ways, in each language and layout."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from d365edi.app import App
from d365edi.cli import main
from d365edi.journal import Tx
from d365edi.sandbox.d365 import purchasing
from tests.journeys.mailbox_trade import FREIGHT, STORE, SUPPLIER, VENDORS, X12_IDS, Layout, Trade, trade
from tests.journeys.test_payments import journals
from tests.journeys.test_purchasing import order, pending

SOLD, BOUGHT = ("4500123", "4500124"), ("V-1", "V-2")
TOTAL = "425.97"
"""12 at 10.50 and 3 at 99.99: each order, each invoice."""


@pytest.mark.parametrize(
    ("standard", "layout"),
    [("x12", "own"), ("edifact", "own"), ("x12", "bare"), ("edifact", "bare"), ("x12", "shared")],
)
async def test_a_day_of_trade_goes_through_mailboxes_once(standard: str, layout: Layout, tmp_path: Path) -> None:
    async with trade(tmp_path, standard, layout) as here, here.app() as app:
        bought = buys(here)
        for number in SOLD:  # one name, in one second
            here.partners[STORE].drop("order.edi", here.ordered(number))
        here.route()
        await app.once()
        assert list(here.sales_orders()) == list(SOLD)
        here.answer()
        invoices = sells(here)
        await app.once()
        here.answer()
        here.partners[STORE].drop("pay.edi", here.paid(STORE, "EFT1", dict.fromkeys(invoices, TOTAL)))
        here.partners[FREIGHT].drop("pay.edi", here.paid(FREIGHT, "EFT2", dict.fromkeys(BOUGHT, TOTAL)))
        here.route()
        await app.once()
        here.answer()
        await app.once()
        paid(here, invoices)
        received(here, bought)
        await all_is_done(here, app)


def buys(here: Trade) -> str:
    """We order from the supplier, and two invoices of the other vendor are posted; the number of the confirmed order."""
    tenant = here.simulator.state
    number = order(here, vendor=VENDORS[SUPPLIER])
    purchasing.confirm(tenant, number)
    for invoice in BOUGHT:
        reference = pending(here, order(here, vendor=VENDORS[FREIGHT]), invoice, vendor=VENDORS[FREIGHT])
        purchasing.post_invoice(tenant, reference)
    return number


def sells(here: Trade) -> list[str]:
    """What the store ordered is shipped and invoiced; the numbers of the invoices."""
    numbers = [str(header["SalesOrderNumber"]) for header in here.simulator.state.rows("SalesOrderHeadersV4")]
    for number in numbers:
        here.simulator.post_packing_slip(number)
    return [here.simulator.post_invoice(number) for number in numbers]


def paid(here: Trade, invoices: list[str]) -> None:
    """Each remittance is a payment journal, with a line for each invoice."""
    for create, name, marked in (("CustomerPayment", "EFT1", invoices), ("VendorPayment", "EFT2", list(BOUGHT))):
        ((found, lines),) = journals(here, create).items()
        assert (found, [line["MarkedInvoice"] for line in lines]) == (name, marked)


def received(here: Trade, bought: str) -> None:
    """What each partner fetched is what it should get, and the store finds its own orders in its invoices."""
    files = {name: list(partner.received().values()) for name, partner in here.partners.items()}
    assert {name: len(found) for name, found in files.items()} == {STORE: 4, SUPPLIER: 1, FREIGHT: 2}
    assert bought.encode() in files[SUPPLIER][0]
    assert all(invoice.encode() in data for invoice, data in zip(BOUGHT, files[FREIGHT], strict=True))
    store = here.partners[STORE]
    assert [(each.order, str(each.total), each.complaints) for each in store.verdicts] == [
        (number, TOTAL, ()) for number in SOLD
    ]
    answered = {name: here.answered(name) for name in here.partners}
    accepted = "A" if here.standard == "x12" else "7"
    times = {STORE: 3, FREIGHT: 1} if here.layout != "bare" else {}
    assert answered == {name: [accepted] * times.get(name, 0) for name in here.partners}


async def all_is_done(here: Trade, app: App) -> None:
    """Each document left once, was picked up and acknowledged; no message is left in our mailboxes, no document unused."""
    found = await app.journal.read(lambda tx: tx.deliveries.in_state("delivered"))
    sent = [each for each in found if each.endpoint == "sbi"]
    bare = here.layout == "bare"
    expected = Counter(
        {
            (STORE, here.set("notice")): 2,
            (STORE, here.set("invoice")): 2,
            (SUPPLIER, here.set("order")): 1,
            (FREIGHT, here.set("invoice")): 2,
        }
    )
    if not bare:
        expected |= Counter({(STORE, here.set("answer")): 3, (FREIGHT, here.set("answer")): 1})
    assert Counter((each.partner, each.kind) for each in sent) == expected
    assert {each.picked_up for each in sent} == {"fetched"}
    assert {each.ack for each in sent if each.kind != here.set("answer")} == {"none" if bare else "accepted"}
    placed = here.sterling.ledger.messages(by=here.sterling.USERNAME)
    assert Counter(each.name for each in sent) == Counter(each.name for each in placed)
    assert here.sterling.ledger.unused(by=here.sterling.USERNAME) == []
    came = {path: here.sterling.ledger.messages(path=path) for path in {here.path(name, "from") for name in X12_IDS}}
    taken = await app.journal.read(_taken)
    assert taken == sorted((str(each.id), "done") for messages in came.values() for each in messages)
    assert [each for messages in came.values() for each in messages if not each.gone] == []
    assert await app.journal.read(lambda tx: [*tx.documents.in_state("held"), tx.audit.verify()]) == [None]


def _taken(tx: Tx) -> list[tuple[str, str]]:
    """Id and state of every message that came from a mailbox."""
    sql = "SELECT remote, state FROM messages WHERE direction = 'in' AND endpoint = 'sbi' ORDER BY remote"
    return tx.unit.connection.execute(sql).fetchall()


async def test_what_lay_there_is_left_alone_and_two_of_one_name_and_second_become_two_orders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with trade(tmp_path) as here:
        here.since, state, path = "now", here.sterling.state, here.path(STORE, "from")
        old = here.ordered("4500100")
        for _ in range(200):
            state.put(path, "order.edi", old)
        async with here.app() as app:
            await app.once()
            assert here.sales_orders() == {}
            for number in SOLD:
                state.put(path, "order.edi", here.ordered(number), created=1_790_000_000.0)
            await app.once()
        assert list(here.sales_orders()) == list(SOLD)
        assert len(state.mailbox(path).messages) == 200
        row = (await said(here, capsys, "status")).partition("sbi:/store/from/* ")[2].split()
        assert row[2:5] == ["2", "200", "200"]  # offered, passed over, and of these from before the first poll
        why = await said(here, capsys, "why", "order.edi")
    assert 'since = "all" in [partners.store.pickup.edi] fetches it' in why


async def said(here: Trade, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints, in one line."""
    capsys.readouterr()
    await run_sync(lambda: main([*words, "--settings", str(here.settings_file)]))
    return " ".join(capsys.readouterr().out.split())
