"""Names are not identities: files and records of one name are told apart, and each is taken once."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path

import asyncssh
import pytest

from d365edi.journal import Tx
from tests.journal.make_named_records import INVOICE, SLIP, copy, posted, two_companies
from tests.journeys.world import World, world
from tests.servers.asyncssh_server import AsyncsshServer


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world with asyncssh's server, whose listings can be changed."""
    async with world(tmp_path) as made:
        yield made


def names_twice(here: World, older: bytes, newer: bytes) -> None:
    """The server shows a mailbox as a folder: a name twice, of which it opens the older file until that is cleared."""
    assert isinstance(here.server, AsyncsshServer)
    here.partner.drop("in.edi", older)
    faults, path = here.server.faults, here.partner.outbound / "in.edi"
    os.utime(path, (1_700_000_000, 1_700_000_000))
    attributes = asyncssh.SFTPAttrs(
        type=asyncssh.FILEXFER_TYPE_REGULAR, size=len(newer), permissions=0o100644, atime=0, mtime=1_700_000_100
    )
    faults.names.append(asyncssh.SFTPName(b"in.edi", attrs=attributes))

    def cleared() -> None:
        if faults.names and not path.exists():
            faults.names.clear()
            path.write_bytes(newer)
            os.utime(path, (1_700_000_100, 1_700_000_100))

    faults.after |= {"rename": cleared, "remove": cleared}


async def taken(here: World) -> list[tuple[str, bytes]]:
    """State and bytes of what was taken under the name, in the order in which it was."""
    async with here.app() as app:
        found = await app.journal.read(lambda tx: tx.messages.search("in.edi")[::-1])
        return [(each.state, await app.journal.read(partial(_payload, digest=each.digest))) for each in found]


def _payload(tx: Tx, digest: str) -> bytes:
    return tx.payloads.get(digest)


@pytest.mark.parametrize("after", ["move", "delete"])
async def test_two_files_of_one_name_in_one_listing_are_both_taken_oldest_first(after: str, here: World) -> None:
    if after == "delete":
        here.knobs["after"] = '"delete"'
    older, newer = here.order("4500123"), here.order("4500124", lines=[("1", "5", "10.5", "ACME-4711")])
    names_twice(here, older, newer)
    await here.once()
    assert await taken(here) == [("done", older), ("done", newer)]
    assert sorted(here.sales_orders()) == ["4500123", "4500124"]
    assert here.partner.waiting() == []
    await here.once()
    assert len(await taken(here)) == 2


async def test_the_second_file_of_a_name_is_said_to_wait_where_the_first_one_stays(here: World) -> None:
    here.knobs["after"] = '"leave"'
    older, newer = here.order("4500123"), here.order("4500124", lines=[("1", "5", "10.5", "ACME-4711")])
    names_twice(here, older, newer)
    await here.once()
    assert await taken(here) == [("done", older)]
    async with here.app() as app:
        seen = await app.journal.read(lambda tx: tx.sightings.search("in.edi"))
    waits = [each.verdict for each in seen if each.remote != "in.edi"]
    assert waits == ["another file of this name is listed before it; it is taken once that one is cleared"]


async def test_of_two_companies_that_number_alike_both_are_sent(here: World) -> None:
    here.simulator.state.companies.append("demf")
    number = await posted(here, "4500123")
    copy(here, INVOICE, number, {"dataAreaId": "demf"})
    async with two_companies(here) as app:
        await app.once()
        await app.once()
        documents = await app.journal.read(lambda tx: tx.documents.search(number))
    assert sorted((each.company, each.state) for each in documents) == [("demf", "delivered"), ("usmf", "delivered")]
    assert len(here.partner.received()) == 2


async def test_a_number_that_a_company_uses_twice_is_held_and_said_once(here: World, lines: list[str]) -> None:
    number = await posted(here, "4500123")
    await here.once()
    copy(here, INVOICE, number, {"LedgerVoucher": "V-TWICE"})
    for _ in range(3):
        await here.once()
    async with here.app() as app:
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        messages = await app.journal.read(
            lambda tx: [each for name in (number, f"{number}-usmf-{here.today()}") for each in tx.messages.search(name)]
        )
    assert f"invoice {number} was collected before" in held.reason
    assert len({message.remote for message in messages}) == len(messages) == 2
    assert len([line for line in lines if "was collected before" in line]) == 1
    assert len(here.partner.received()) == 1


async def test_a_record_that_cannot_be_told_apart_is_reported_once_and_taken_when_it_can(
    here: World, lines: list[str]
) -> None:
    number = await posted(here, "4500123")
    (header,) = here.simulator.state.rows("SalesInvoiceHeadersV4", InvoiceNumber=number)
    record = here.simulator.state.store.one("SalesInvoiceHeadersV4", InvoiceNumber=number)
    assert record is not None
    voucher = header["LedgerVoucher"]
    here.simulator.state.store.update(record, {"LedgerVoucher": ""})
    for _ in range(3):
        await here.once()
    said = [line for line in lines if "passed over" in line or "LedgerVoucher" in line]
    assert len(said) == 1
    assert said[0].startswith(f"WARNING {number} of usmf: LedgerVoucher of its key (dataAreaId, InvoiceNumber, ")
    async with here.app() as app:
        (seen,) = await app.journal.read(lambda tx: tx.sightings.search(number))
    assert "is 0 or empty; correct the record in D365" in seen.verdict
    here.simulator.state.store.update(record, {"LedgerVoucher": voucher})
    await here.once()
    assert len(here.partner.received()) == 1


SHIPPED = """
[partners.acme.send.856]
of    = "PackingSlip"
to    = { endpoint = "acme", path = "/inbound", file = "856_{number}_{control:09}.edi" }
since = 2026-01-01
every = "1s"
"""


def notices(here: World) -> list[str]:
    return sorted(name for name in here.partner.received() if name.startswith("856_"))


async def test_a_packing_slip_without_a_source_document_is_sent(here: World, lines: list[str]) -> None:
    """D365 may leave that reference 0: such a slip was passed over, or made one with others."""
    here.extra = SHIPPED
    await posted(here, "4500123", slip=True)
    record = here.simulator.state.store.one("CustPackingSlipJourBiEntities")
    assert record is not None
    here.simulator.state.store.update(record, {"SourceDocumentHeader": 0})
    await here.once()
    assert len(notices(here)) == 1
    assert not [line for line in lines if "passed over" in line]


async def test_slips_of_one_number_and_two_days_are_two_shipments_with_names_that_differ(here: World) -> None:
    here.extra = SHIPPED
    slip = await posted(here, "4500123", slip=True)
    await here.once()
    copy(here, SLIP, slip, {"SourceDocumentHeader": 7, "SourceDocumentLine": 8, "DeliveryDate": "2026-03-01"})
    for _ in range(2):
        await here.once()
    async with here.app() as app:
        found = await app.journal.read(lambda tx: tx.messages.search(f"{slip}-SO-000001"))
        again = await app.journal.read(lambda tx: tx.messages.search(f"{slip}-SO-000001-usmf-{here.today()}"))
    assert (len(found), len(again)) == (1, 1)


@pytest.mark.parametrize("payload", [True, False])
async def test_a_slip_that_the_journal_has_under_its_earlier_key_is_not_sent_again(here: World, payload: bool) -> None:
    here.extra = SHIPPED
    await posted(here, "4500123", slip=True)
    await here.once()
    (row,) = here.simulator.state.rows("CustPackingSlipJourBiEntities")
    earlier = f'{{"SourceDocumentHeader":{row["SourceDocumentHeader"]},"dataAreaId":"usmf"}}'
    with closing(sqlite3.connect(here.folder / "var" / "journal.db")) as database, database:
        changed = "remote = ?" if payload else "remote = ?, size = 0"  # as a baseline, or one whose payload is gone
        where = "flow = 'acme.send.856' AND direction = 'out' AND parent IS NULL"
        assert database.execute(f"UPDATE messages SET {changed} WHERE {where}", (earlier,)).rowcount == 1
    for _ in range(2):
        await here.once()
    assert len(notices(here)) == 1
